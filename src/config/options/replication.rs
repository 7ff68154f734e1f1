//! Both sides of replication.

use super::{Flags, INT_MAX, Row, special};
use crate::config::values::{DisklessLoad, PropagationError};

pub(super) static ROWS: &[Row] = &[
    Row::new("replicaof", special!(special::REPLICAOF))
        .alias("slaveof")
        .flags(Flags::IMMUTABLE.union(Flags::MULTI_ARG)),
    Row::new("masterauth", binary!(masterauth)).flags(Flags::SENSITIVE),
    Row::new("masteruser", text!(masteruser)).flags(Flags::SENSITIVE),
    Row::new("replica-serve-stale-data", flag!(replica_serve_stale_data, true))
        .alias("slave-serve-stale-data"),
    Row::new("replica-read-only", flag!(replica_read_only, true))
        .alias("slave-read-only")
        .flags(Flags::DEBUG),
    Row::new("repl-diskless-sync", flag!(repl_diskless_sync, true)).flags(Flags::DEBUG),
    Row::new("repl-diskless-sync-delay", int!(repl_diskless_sync_delay, 5, 0, INT_MAX)),
    Row::new("repl-diskless-sync-max-replicas", int!(repl_diskless_sync_max_replicas, 0, 0, INT_MAX)),
    Row::new("repl-diskless-load", choice!(repl_diskless_load, DisklessLoad::Disabled))
        .flags(Flags::DEBUG.union(Flags::DENY_LOADING)),
    Row::new("repl-ping-replica-period", int!(repl_ping_replica_period, 10, 1, INT_MAX))
        .alias("repl-ping-slave-period"),
    Row::new("repl-timeout", int!(repl_timeout, 60, 1, INT_MAX)),
    Row::new("repl-disable-tcp-nodelay", flag!(repl_disable_tcp_nodelay, false)),
    Row::new("repl-backlog-size", memory!(repl_backlog_size, 1048576, 1, i64::MAX)),
    Row::new("repl-backlog-ttl", int!(repl_backlog_ttl, 3600, 0, i64::MAX)),
    Row::new("replica-priority", int!(replica_priority, 100, 0, INT_MAX)).alias("slave-priority"),
    Row::new("replica-announced", flag!(replica_announced, true)),
    Row::new("min-replicas-to-write", int!(min_replicas_to_write, 0, 0, INT_MAX))
        .alias("min-slaves-to-write"),
    Row::new("min-replicas-max-lag", int!(min_replicas_max_lag, 10, 0, INT_MAX)).alias("min-slaves-max-lag"),
    Row::new("replica-announce-ip", text!(replica_announce_ip)).alias("slave-announce-ip"),
    Row::new("replica-announce-port", int!(replica_announce_port, 0, 0, 65535)).alias("slave-announce-port"),
    Row::new("replica-ignore-maxmemory", flag!(replica_ignore_maxmemory, true))
        .alias("slave-ignore-maxmemory"),
    Row::new("replica-lazy-flush", flag!(replica_lazy_flush, false)).alias("slave-lazy-flush"),
    Row::new("replica-ignore-disk-write-errors", flag!(replica_ignore_disk_write_errors, false)),
    Row::new("propagation-error-behavior", choice!(propagation_error_behavior, PropagationError::Ignore)),
];
