//! The settings themselves: one plain field for every option.
//!
//! A field is named as its option is, with `_` for `-`, so `repl-timeout` is `config.repl_timeout`; where an option has
//! two names the newer one counts. Values are checked when they are written (see `options/`), so readers need no checks
//! of their own and pay for a field load only.

use super::values::*;

/// Declares the struct, and a value of it with nothing filled in for the rows' defaults to be written over.
macro_rules! settings {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        pub struct $name { $($(#[$doc])* pub $field: $type,)* }

        impl $name {
            pub(super) fn blank() -> $name {
                $name { $($field: Default::default(),)* }
            }
        }
    };
}

settings! {
    /// Every option of the server, with its present value. `Config::default()` holds the defaults of Redis 7.0.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Config {
        // network: The TCP and Unix sockets that clients reach the server by.
        /// Addresses to listen on, as written (`-` in front: may be missing).
        pub bind: Vec<Text>,
        /// Local address of outgoing connections (to a primary).
        pub bind_source_addr: Text,
        /// TCP port; 0: no TCP.
        pub port: u16,
        /// Length of the kernel's queue of connections not yet accepted.
        pub tcp_backlog: u32,
        /// Seconds between TCP keepalive probes of clients; 0: none.
        pub tcp_keepalive: u32,
        /// Seconds after which an idle client is closed; 0: never.
        pub timeout: u32,
        /// Path of the Unix socket; empty: none.
        pub unixsocket: Text,
        /// Mode of the Unix socket; 0: what umask leaves.
        pub unixsocketperm: u32,
        /// Only loopback clients while the default user has no password.
        pub protected_mode: bool,
        /// SO_MARK of every socket; 0: none.
        pub socket_mark_id: u32,

        // general: How the process runs and what it says about itself.
        /// Run in the background.
        pub daemonize: bool,
        /// Which init system is told that the server is ready.
        pub supervised: Supervised,
        /// Path of the pid file; empty: none, or the usual place when daemonized.
        pub pidfile: Text,
        /// Lines below this level are not logged.
        pub loglevel: LogLevel,
        /// Path of the log; empty: standard output.
        pub logfile: Text,
        /// Log to syslog too.
        pub syslog_enabled: bool,
        /// Name of the server in syslog.
        pub syslog_ident: Text,
        /// Facility of syslog lines.
        pub syslog_facility: SyslogFacility,
        /// Number of databases.
        pub databases: u32,
        /// Print the logo even where the log is not a terminal.
        pub always_show_logo: bool,
        /// Show proc-title-template in ps.
        pub set_proc_title: bool,
        /// What ps shows.
        pub proc_title_template: Text,
        /// Names of start-up warnings that do not stop the server.
        pub ignore_warnings: Text,
        /// Write a report to the log on a crash.
        pub crash_log_enabled: bool,
        /// Test the memory on a crash.
        pub crash_memcheck_enabled: bool,
        /// Exit instead of abort on a panic.
        pub use_exit_on_panic: bool,
        /// Milliseconds a command may take before the watchdog logs a trace; 0: off.
        pub watchdog_period: u32,
        /// Who may CONFIG SET protected options.
        pub enable_protected_configs: Protected,
        /// Who may call DEBUG.
        pub enable_debug_command: Protected,
        /// Who may call MODULE.
        pub enable_module_command: Protected,
        /// Seconds SHUTDOWN waits for replicas that lag.
        pub shutdown_timeout: u32,
        /// SHUTDOWN's arguments when SIGINT comes.
        pub shutdown_on_sigint: ShutdownFlags,
        /// SHUTDOWN's arguments when SIGTERM comes.
        pub shutdown_on_sigterm: ShutdownFlags,

        // snapshotting: RDB files: when they are written, where and how.
        /// Save points: a snapshot after so many seconds with so many changes.
        pub save: Vec<SavePoint>,
        /// Refuse writes while the last snapshot failed.
        pub stop_writes_on_bgsave_error: bool,
        /// Compress strings with LZF.
        pub rdbcompression: bool,
        /// End files with a CRC64, and check it.
        pub rdbchecksum: bool,
        /// Which payloads are checked in depth when loaded.
        pub sanitize_dump_payload: SanitizePayload,
        /// Name of the snapshot file in dir.
        pub dbfilename: Text,
        /// Delete files made for a full sync where no persistence is on.
        pub rdb_del_sync_files: bool,
        /// The working directory, absolute.
        pub dir: Text,
        /// fsync a snapshot every few megabytes as it is written.
        pub rdb_save_incremental_fsync: bool,
        /// Microseconds to sleep after each key saved; -N: 1 µs with probability 1/N.
        pub rdb_key_save_delay: i32,
        /// Microseconds to sleep after each key loaded; -N: 1 µs with probability 1/N.
        pub key_load_delay: i32,
        /// Bytes loaded between two looks at the event loop.
        pub loading_process_events_interval_bytes: u64,

        // replication: Both sides of replication.
        /// The primary that is followed; REPLICAOF writes it here.
        pub replicaof: Option<Primary>,
        /// Password for the primary.
        pub masterauth: Text,
        /// User for the primary.
        pub masteruser: Text,
        /// Answer from old data while the link is down.
        pub replica_serve_stale_data: bool,
        /// Refuse writes of clients on a replica.
        pub replica_read_only: bool,
        /// Full syncs go to the sockets without a file.
        pub repl_diskless_sync: bool,
        /// Seconds to wait for more replicas before a diskless sync.
        pub repl_diskless_sync_delay: u32,
        /// Waiting replicas that start a diskless sync at once; 0: no limit.
        pub repl_diskless_sync_max_replicas: u32,
        /// Load a full sync straight from the socket.
        pub repl_diskless_load: DisklessLoad,
        /// Seconds between PINGs to replicas.
        pub repl_ping_replica_period: u32,
        /// Seconds of silence after which the link counts as dead.
        pub repl_timeout: u32,
        /// Let the kernel collect the stream into fewer packets.
        pub repl_disable_tcp_nodelay: bool,
        /// Bytes of the backlog.
        pub repl_backlog_size: u64,
        /// Seconds without replicas after which the backlog is freed; 0: never.
        pub repl_backlog_ttl: i64,
        /// Rank for Sentinel's choice; 0: never promote.
        pub replica_priority: u32,
        /// Let Sentinel report this replica to clients.
        pub replica_announced: bool,
        /// Refuse writes with fewer good replicas than this.
        pub min_replicas_to_write: u32,
        /// Seconds since the last ACK within which a replica is good.
        pub min_replicas_max_lag: u32,
        /// Address a replica tells its primary.
        pub replica_announce_ip: Text,
        /// Port a replica tells its primary; 0: its own.
        pub replica_announce_port: u16,
        /// Do not evict on a replica.
        pub replica_ignore_maxmemory: bool,
        /// Free the old data of a full sync in the background.
        pub replica_lazy_flush: bool,
        /// Go on applying the stream when the disk fails.
        pub replica_ignore_disk_write_errors: bool,
        /// What to do when a command of the stream fails.
        pub propagation_error_behavior: PropagationError,

        // security: Passwords, users and ACLs.
        /// Password of the default user; empty: none.
        pub requirepass: Text,
        /// File that holds the users.
        pub aclfile: Text,
        /// Entries of ACL LOG.
        pub acllog_max_len: u64,
        /// Channels a new user may use.
        pub acl_pubsub_default: PubsubDefault,

        // clients: Limits of client connections and their buffers.
        /// Clients at once.
        pub maxclients: u32,
        /// Memory of all clients together above which some are closed; 0: no limit.
        pub maxmemory_clients: SizeOrPercent,
        /// Bytes a client may have sent without completing a command.
        pub client_query_buffer_limit: usize,
        /// Bytes of replies a client may leave unread, by class.
        pub client_output_buffer_limit: OutputBufferLimits,
        /// Bytes of one argument.
        pub proto_max_bulk_len: usize,
        /// Keys remembered for client-side caching.
        pub tracking_table_max_keys: u64,

        // memory: How much memory the data may take, and what goes when it is full.
        /// Bytes; 0: no limit.
        pub maxmemory: u64,
        /// Which keys are evicted.
        pub maxmemory_policy: MaxmemoryPolicy,
        /// Keys looked at for each eviction.
        pub maxmemory_samples: u32,
        /// How long a turn may spend on evicting.
        pub maxmemory_eviction_tenacity: u32,
        /// How much time the active expiry takes.
        pub active_expire_effort: u32,
        /// How slowly LFU counters grow.
        pub lfu_log_factor: u32,
        /// Minutes in which an LFU counter loses one.
        pub lfu_decay_time: u32,
        /// Tell the kernel which process to kill first.
        pub oom_score_adj: OomScoreAdj,
        /// Scores of a primary, a replica and a background child.
        pub oom_score_adj_values: [i32; 3],
        /// Switch transparent huge pages off for this process.
        pub disable_thp: bool,
        /// Let jemalloc purge in a thread of its own.
        pub jemalloc_bg_thread: bool,

        // lazyfree: What is freed in the background.
        /// Evicted keys.
        pub lazyfree_lazy_eviction: bool,
        /// Expired keys.
        pub lazyfree_lazy_expire: bool,
        /// Values that a command overwrites.
        pub lazyfree_lazy_server_del: bool,
        /// Make DEL behave as UNLINK.
        pub lazyfree_lazy_user_del: bool,
        /// Make FLUSHALL and FLUSHDB asynchronous by default.
        pub lazyfree_lazy_user_flush: bool,

        // threads: I/O threads and CPU affinity.
        /// Threads that write replies.
        pub io_threads: u32,
        /// I/O threads read and parse too.
        pub io_threads_do_reads: bool,
        /// CPUs of the main thread.
        pub server_cpulist: Text,
        /// CPUs of the background threads.
        pub bio_cpulist: Text,
        /// CPUs of the AOF rewriting child.
        pub aof_rewrite_cpulist: Text,
        /// CPUs of the snapshot child.
        pub bgsave_cpulist: Text,

        // append_only: The append only file.
        /// Log every write.
        pub appendonly: bool,
        /// Stem of the file names.
        pub appendfilename: Text,
        /// Folder of the files in dir.
        pub appenddirname: Text,
        /// When the file is synced.
        pub appendfsync: AppendFsync,
        /// No sync while a child writes.
        pub no_appendfsync_on_rewrite: bool,
        /// Growth in percent that starts a rewrite; 0: never.
        pub auto_aof_rewrite_percentage: u32,
        /// Bytes below which no rewrite starts by itself.
        pub auto_aof_rewrite_min_size: u64,
        /// Load a file whose last command is cut.
        pub aof_load_truncated: bool,
        /// Rewrite into an RDB base file.
        pub aof_use_rdb_preamble: bool,
        /// Write time annotations.
        pub aof_timestamp_enabled: bool,
        /// fsync a rewrite every few megabytes as it is written.
        pub aof_rewrite_incremental_fsync: bool,
        /// Keep files that the manifest no longer needs.
        pub aof_disable_auto_gc: bool,

        // cluster: Redis Cluster.
        /// Be a node of a cluster.
        pub cluster_enabled: bool,
        /// File of the node's own state.
        pub cluster_config_file: Text,
        /// Milliseconds after which a silent node is failing.
        pub cluster_node_timeout: i64,
        /// Port of the bus; 0: port + 10000.
        pub cluster_port: u16,
        /// How old a replica's data may be for a failover.
        pub cluster_replica_validity_factor: u32,
        /// Replicas a primary keeps when others migrate.
        pub cluster_migration_barrier: u32,
        /// Replicas move to primaries without any.
        pub cluster_allow_replica_migration: bool,
        /// Serve only while every slot is served.
        pub cluster_require_full_coverage: bool,
        /// Never fail over by itself.
        pub cluster_replica_no_failover: bool,
        /// Serve reads while the cluster is down.
        pub cluster_allow_reads_when_down: bool,
        /// Serve shard channels while the cluster is down.
        pub cluster_allow_pubsubshard_when_down: bool,
        /// Bytes that may wait on a bus link; 0: no limit.
        pub cluster_link_sendbuf_limit: u64,
        /// Address told to other nodes.
        pub cluster_announce_ip: Text,
        /// Port told to other nodes.
        pub cluster_announce_port: u16,
        /// TLS port told to other nodes.
        pub cluster_announce_tls_port: u16,
        /// Bus port told to other nodes.
        pub cluster_announce_bus_port: u16,
        /// Host name told to clients.
        pub cluster_announce_hostname: Text,
        /// What redirects and CLUSTER SLOTS name.
        pub cluster_preferred_endpoint_type: EndpointType,

        // slowlog: The slow log, and scripts and functions that run long.
        /// Microseconds from which a command is logged; -1: none.
        pub slowlog_log_slower_than: i64,
        /// Entries of SLOWLOG.
        pub slowlog_max_len: u64,
        /// Milliseconds a script runs before others are told BUSY.
        pub busy_reply_threshold: i64,
        /// Scripts may use print and other old names.
        pub lua_enable_deprecated_api: bool,

        // latency: The latency monitor and the per-command histograms.
        /// Milliseconds from which an event is a spike; 0: off.
        pub latency_monitor_threshold: i64,
        /// Keep a histogram for each command.
        pub latency_tracking: bool,
        /// Percentiles that INFO latencystats shows.
        pub latency_tracking_info_percentiles: Vec<f64>,

        // notify: Keyspace notifications.
        /// Which events are published, on which channels.
        pub notify_keyspace_events: NotifyFlags,

        // encodings: Thresholds of the compact encodings.
        /// Fields of a compact hash.
        pub hash_max_listpack_entries: usize,
        /// Bytes of a field or value of a compact hash.
        pub hash_max_listpack_value: usize,
        /// Entries of a list node, or -1 to -5: 4 to 64 kb.
        pub list_max_listpack_size: i32,
        /// Nodes at each end that stay uncompressed; 0: no compression.
        pub list_compress_depth: u32,
        /// Members of a set of integers kept as an intset.
        pub set_max_intset_entries: usize,
        /// Members of a compact set that are not all integers.
        pub set_max_listpack_entries: usize,
        /// Bytes of a member of a compact set.
        pub set_max_listpack_value: usize,
        /// Members of a compact sorted set.
        pub zset_max_listpack_entries: usize,
        /// Bytes of a member of a compact sorted set.
        pub zset_max_listpack_value: usize,
        /// Bytes of a sparse HyperLogLog.
        pub hll_sparse_max_bytes: usize,
        /// Bytes of a stream node.
        pub stream_node_max_bytes: usize,
        /// Entries of a stream node.
        pub stream_node_max_entries: u64,

        // cron: Background work of every turn.
        /// How often background work runs a second, 1 to 500.
        pub hz: u32,
        /// Raise hz with the number of clients.
        pub dynamic_hz: bool,
        /// Spend idle time on rehashing.
        pub activerehashing: bool,
        /// Defragment memory while serving.
        pub activedefrag: bool,
        /// Waste in bytes below which nothing is done.
        pub active_defrag_ignore_bytes: u64,
        /// Waste in percent below which nothing is done.
        pub active_defrag_threshold_lower: u32,
        /// Waste in percent from which full effort is made.
        pub active_defrag_threshold_upper: u32,
        /// CPU percent at the lower threshold.
        pub active_defrag_cycle_min: u32,
        /// CPU percent at the upper threshold.
        pub active_defrag_cycle_max: u32,
        /// Fields of a collection handled in one step.
        pub active_defrag_max_scan_fields: u64,

        // tls: TLS.
        /// TLS port; 0: no TLS.
        pub tls_port: u16,
        /// Sessions cached.
        pub tls_session_cache_size: u32,
        /// Seconds a session stays cached.
        pub tls_session_cache_timeout: u32,
        /// Cache sessions.
        pub tls_session_caching: bool,
        /// TLS on the cluster bus.
        pub tls_cluster: bool,
        /// TLS to the primary.
        pub tls_replication: bool,
        /// Whether clients must show a certificate.
        pub tls_auth_clients: TlsAuthClients,
        /// The server's order of ciphers counts.
        pub tls_prefer_server_ciphers: bool,
        /// Certificate.
        pub tls_cert_file: Text,
        /// Its private key.
        pub tls_key_file: Text,
        /// Passphrase of the key.
        pub tls_key_file_pass: Text,
        /// Certificate for outgoing connections.
        pub tls_client_cert_file: Text,
        /// Its private key.
        pub tls_client_key_file: Text,
        /// Passphrase of that key.
        pub tls_client_key_file_pass: Text,
        /// Diffie-Hellman parameters.
        pub tls_dh_params_file: Text,
        /// CA bundle.
        pub tls_ca_cert_file: Text,
        /// Folder of CA certificates.
        pub tls_ca_cert_dir: Text,
        /// Protocol versions.
        pub tls_protocols: Text,
        /// Ciphers up to TLS 1.2.
        pub tls_ciphers: Text,
        /// Cipher suites of TLS 1.3.
        pub tls_ciphersuites: Text,

        // Not options: what else a start has told us.
        /// The file that CONFIG REWRITE writes, absolute; None when the server was started without one.
        pub config_file: Option<Text>,
        /// `rename-command OLD NEW`, in order; an empty new name removes the command.
        pub rename_commands: Vec<(Text, Text)>,
        /// `user NAME RULE...`, in order, each as its words from NAME on.
        pub users: Vec<Vec<Text>>,
    }
}
