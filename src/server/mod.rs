//! The server: owns every subsystem by value, acts on what commands did, and names no command.
//!
//! ```text
//! run::process -> exec::admit -> exec::call -> handler -> Effects
//!                                                           |
//!                              server::apply  <-------------+   counts, propagates, wakes
//!                                  |
//!             replication backlog -+- replicas read it before the loop sleeps
//! ```

pub mod acl;
pub mod active_expire;
pub mod apply;
pub mod blocked;
pub mod client_eviction;
pub mod clients;
pub mod command;
pub mod cron;
pub mod evict;
pub mod latency;
pub mod lazyfree;
pub mod listeners;
pub mod memory;
pub mod monitor;
pub mod names;
pub mod own_expires;
pub mod pause;
pub mod persistence;
pub mod pubsub;
pub mod reconfigure;
pub mod replication;
pub mod shutdown;
pub mod slowlog;
pub mod stats;
pub mod tls;
pub mod tracking;
pub mod transaction;
pub mod watch;

use crate::acl::Acl;
use crate::client::{Client, ClientId, Clients};
use crate::config::Config;
use crate::keyspace::entry::Entry;
use crate::keyspace::{ExpiryMode, Flushed, Keyspace};
use crate::net::kept::Kept;
use crate::net::tls::context::Context;
use crate::protocol::Reply;
use crate::util::clock::Clock;
use crate::util::rng::{self, Rng};
use active_expire::ActiveExpiry;
use blocked::Waiting;
use client_eviction::ClientEviction;
use command::Registry;
use evict::Eviction;
use latency::Latency;
use lazyfree::Lazyfree;
use listeners::Listeners;
use pause::Pause;
use persistence::Persistence;
use pubsub::Pubsub;
use replication::ReplicationState;
use slowlog::Slowlog;
use stats::Stats;
use tracking::Tracking;
use transaction::Executing;
use watch::Watches;

/// Size of the buffer that all sockets are read into, bytes: what one client may send in one turn.
pub const READ_BUFFER: usize = 64 * 1024;

/// Everything that the server is.
pub struct Server {
    /// Options.
    pub config: Config,
    /// All commands.
    pub registry: Registry,
    /// Who may do what.
    pub acl: Acl,
    /// All databases.
    pub keyspace: Keyspace,
    /// All clients.
    pub clients: Clients,
    /// The moment.
    pub clock: Clock,
    /// Random choices.
    pub rng: Rng,
    /// Counters.
    pub stats: Stats,
    /// SLOWLOG.
    pub slowlog: Slowlog,
    /// The latency monitor.
    pub latency: Latency,
    /// Clients that MONITOR.
    pub monitors: Vec<ClientId>,
    /// Memory that is given back in the background.
    pub lazyfree: Lazyfree,
    /// maxmemory.
    pub eviction: Eviction,
    /// maxmemory-clients.
    pub client_eviction: ClientEviction,
    /// CLIENT PAUSE.
    pub pause: Pause,
    /// What MIGRATE has connected to of late.
    pub migrate_links: Kept,
    /// Where sockets are registered.
    pub poll: mio::Registry,
    /// Listening sockets.
    pub listeners: Listeners,
    /// What TLS sessions are made with; none while nothing asks for TLS.
    pub tls: Option<Context>,
    /// Clients with replies to send before the loop sleeps.
    pub pending_writes: Vec<ClientId>,
    /// Clients that have more to read or to run than a turn allowed: the next poll does not sleep.
    pub pending_reads: Vec<ClientId>,
    /// Clients to close at the end of the turn.
    pub closing: Vec<ClientId>,
    /// Clients that wait for something else than keys, in the order in which they began to.
    pub blocked: Vec<ClientId>,
    /// Clients that wait for keys.
    pub waiting: Waiting,
    /// Clients that watch keys.
    pub watches: Watches,
    /// Clients that track what they have cached.
    pub tracking: Tracking,
    /// The transaction that is being executed.
    pub executing: Executing,
    /// Who listens to which channels.
    pub pubsub: Pubsub,
    /// Changes since the last successful save.
    pub dirty: u64,
    /// Keys with an expiry that were written here while we follow a primary.
    pub own_expires: own_expires::OwnExpires,
    /// Active expiry.
    pub expiry: ActiveExpiry,
    /// Saving, and loading from disk.
    pub persist: Persistence,
    /// Replication, both sides.
    pub repl: ReplicationState,
    /// A dataset is being loaded: most commands answer -LOADING.
    pub loading: bool,
    /// A fork's child lives: nothing dirties pages that need not be.
    pub child_alive: bool,
    /// Nothing about the server could have a command of a plain client refused or put off: see [`Server::look_around`].
    pub calm: bool,
    /// Calm, and nobody looks on: no monitors, no events, no latency to be watched over. See `exec::quick`.
    pub quiet: bool,
    /// The client whose request is being processed, and of whom everything that happens is the doing: what a crash report shows first.
    pub running: Option<ClientId>,
    /// How we were called: what `{title}` of proc-title-template stands for.
    pub program: Vec<u8>,
    /// Our OOM score before we changed it.
    pub oom_score_base: i32,
    /// We changed it.
    pub oom_score_written: bool,
    /// Positions of the running command's arguments that nobody is to read in SLOWLOG or MONITOR: passwords.
    pub redacted: Vec<usize>,
    /// Names this run of the server.
    pub run_id: String,
    /// Absolute path of our own program.
    pub executable: String,
    /// DEBUG PAUSE-CRON.
    pub cron_paused: bool,
    /// DEBUG REPLYBUFFER RESIZING 0.
    pub keeps_idle_buffers: bool,
    /// Cron runs so far.
    pub cron_loops: u64,
    /// Where the clients' cron goes on.
    pub clients_cron_slot: usize,
    /// Largest input and output buffers seen of late, bytes.
    pub recent_buffers: (usize, usize),
    /// Memory in use once started, with no data, bytes.
    pub startup_memory: usize,
    /// Whether the server is on its way out.
    pub shutdown: shutdown::Shutdown,
    /// When the log last told of HTTP sent to us.
    pub attack_logged_ms: Option<u64>,
    /// systemd started us and waits to hear that we are ready.
    pub under_systemd: bool,
    /// Puts the heap into huge pages.
    pub huge_pages: crate::sys::huge_pages::HugePages,
    /// The loop ends with this exit code at the end of the turn.
    pub exit: Option<i32>,
    /// The buffer that sockets are read into.
    pub read_buffer: Vec<u8>,
}

impl Server {
    /// A server that listens nowhere yet.
    #[must_use]
    pub fn new(config: Config, registry: Registry, poll: mio::Registry) -> Self {
        let commands = registry.len();
        let acl = acl::starting(&config, &registry);
        let mut keyspace = Keyspace::new(config.databases as usize);
        keyspace.freq = reconfigure::freq_policy(&config);
        keyspace.limits = reconfigure::value_limits(&config);
        keyspace.lazy = reconfigure::lazy_policy(&config);
        let clock = Clock::new();
        let repl = ReplicationState::new(&config, clock.monotonic_ms());
        let client_eviction = ClientEviction::new(&config);
        Server {
            config,
            registry,
            acl,
            keyspace,
            clients: Clients::default(),
            clock,
            rng: Rng::from_system(),
            stats: Stats::new(commands),
            slowlog: Slowlog::default(),
            latency: Latency::default(),
            monitors: Vec::new(),
            lazyfree: Lazyfree::default(),
            eviction: Eviction::default(),
            client_eviction,
            pause: Pause::default(),
            migrate_links: Kept::default(),
            poll,
            listeners: Listeners::default(),
            tls: None,
            pending_writes: Vec::new(),
            pending_reads: Vec::new(),
            closing: Vec::new(),
            blocked: Vec::new(),
            waiting: Waiting::default(),
            watches: Watches::default(),
            tracking: Tracking::default(),
            executing: Executing::default(),
            pubsub: Pubsub::default(),
            dirty: 0,
            own_expires: own_expires::OwnExpires::default(),
            expiry: ActiveExpiry::default(),
            persist: Persistence::new(crate::util::clock::wall_us() / 1_000_000),
            repl,
            loading: false,
            child_alive: false,
            calm: false,
            quiet: false,
            running: None,
            program: Vec::new(),
            oom_score_base: crate::sys::process::oom_score_adj(),
            oom_score_written: false,
            redacted: Vec::new(),
            run_id: String::from_utf8_lossy(&rng::hex_id()).into_owned(),
            executable: std::env::current_exe().map_or_else(|_| String::new(), |p| p.display().to_string()),
            cron_paused: false,
            keeps_idle_buffers: false,
            cron_loops: 0,
            clients_cron_slot: 0,
            recent_buffers: (0, 0),
            startup_memory: 0,
            shutdown: shutdown::Shutdown::Running,
            attack_logged_ms: None,
            under_systemd: false,
            huge_pages: Default::default(),
            exit: None,
            read_buffer: vec![0; READ_BUFFER],
        }
    }

    /// Whether we follow a primary.
    #[must_use]
    pub fn is_replica(&self) -> bool {
        self.config.replicaof.is_some()
    }

    /// What lookups do with expired keys, for a client's command.
    #[inline]
    #[must_use]
    pub fn expiry_mode(&self, must_obey: bool) -> ExpiryMode {
        if must_obey || self.loading {
            ExpiryMode::Ignore
        } else if self.is_replica() || self.pause.holds_writes() {
            ExpiryMode::Hide
        } else {
            ExpiryMode::Delete
        }
    }

    /// Finds out whether commands need to be looked at one by one. What decides on it changes between clients' pipelines,
    /// and by commands that see the whole server: it is asked before the one and after the other.
    pub fn look_around(&mut self) {
        let config = &self.config;
        self.calm = config.maxmemory == 0
            && config.replicaof.is_none()
            && config.min_replicas_to_write == 0
            && !self.loading
            && !self.tracking.is_active()
            && !self.refuses_writes_for_disk()
            && self.pause.holds().is_none();
        self.quiet = self.calm
            && self.monitors.is_empty()
            && self.config.latency_monitor_threshold == 0
            && self.keyspace.effects.notify.is_empty();
    }

    /// Sets the keyspace's context for what follows.
    #[inline]
    pub fn begin_command(&mut self, must_obey: bool) {
        let mode = self.expiry_mode(must_obey);
        self.keyspace.begin(self.clock.now_ms(), mode, !self.child_alive);
        self.keyspace.effects.unheard = !self.stream_wanted();
    }

    /// The output of a client whose command is running.
    ///
    /// # Panics
    /// When the client is gone: it lives as long as its command runs.
    pub fn reply(&mut self, id: ClientId) -> &mut Reply {
        &mut self.client_mut(id).reply
    }

    /// The client whose command is running.
    ///
    /// # Panics
    /// When it is gone: it lives as long as its command runs.
    pub fn client_mut(&mut self, id: ClientId) -> &mut Client {
        self.clients.get_mut(id).expect("a client lives while its command runs")
    }

    /// Keeps arguments of the running command out of SLOWLOG and MONITOR.
    pub fn redact(&mut self, args: std::ops::Range<usize>) {
        self.redacted.extend(args);
    }

    /// Sets back to 0 what INFO counts.
    pub fn reset_stats(&mut self) {
        self.stats.reset();
        self.keyspace.stats = crate::keyspace::Stats::default();
        self.lazyfree.reset();
        self.eviction.reset_stats();
        self.client_eviction.evicted = 0;
        self.persist.snapshots.reset_stats();
    }

    /// Gives back the memory of an entry that was taken out of the keyspace: in the background if that takes long.
    pub fn discard(&mut self, entry: Entry, lazy: bool) {
        if crate::keyspace::discard::takes_long(&entry, lazy) {
            self.lazyfree.dispose(1, entry);
        }
    }

    /// Gives back the memory of what commands and expiry took out, as far as it takes long, in the background.
    #[inline]
    pub fn free_discarded(&mut self) {
        while let Some(entry) = self.keyspace.discarded.pop() {
            self.lazyfree.dispose(1, entry);
        }
    }

    /// Gives back the memory of a flush, in the background if wanted.
    pub fn dispose(&mut self, flushed: Flushed, in_background: bool) {
        if in_background && !flushed.is_empty() {
            self.lazyfree.dispose(flushed.len(), flushed);
        }
    }
}
