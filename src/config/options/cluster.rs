//! Redis Cluster.

use super::{Flags, INT_MAX, Row};
use crate::config::values::EndpointType;

pub(super) static ROWS: &[Row] = &[
    Row::new("cluster-enabled", flag!(cluster_enabled, false)).flags(Flags::IMMUTABLE),
    Row::new("cluster-config-file", text!(cluster_config_file, "nodes.conf")).flags(Flags::IMMUTABLE),
    Row::new("cluster-node-timeout", int!(cluster_node_timeout, 15000, 0, i64::MAX)),
    Row::new("cluster-port", int!(cluster_port, 0, 0, 65535)).flags(Flags::IMMUTABLE),
    Row::new("cluster-replica-validity-factor", int!(cluster_replica_validity_factor, 10, 0, INT_MAX))
        .alias("cluster-slave-validity-factor"),
    Row::new("cluster-migration-barrier", int!(cluster_migration_barrier, 1, 0, INT_MAX)),
    Row::new("cluster-allow-replica-migration", flag!(cluster_allow_replica_migration, true)),
    Row::new("cluster-require-full-coverage", flag!(cluster_require_full_coverage, true)),
    Row::new("cluster-replica-no-failover", flag!(cluster_replica_no_failover, false))
        .alias("cluster-slave-no-failover"),
    Row::new("cluster-allow-reads-when-down", flag!(cluster_allow_reads_when_down, false)),
    Row::new("cluster-allow-pubsubshard-when-down", flag!(cluster_allow_pubsubshard_when_down, true)),
    Row::new("cluster-link-sendbuf-limit", memory!(cluster_link_sendbuf_limit, 0, 0, u64::MAX)),
    Row::new("cluster-announce-ip", text!(cluster_announce_ip)),
    Row::new("cluster-announce-port", int!(cluster_announce_port, 0, 0, 65535)),
    Row::new("cluster-announce-tls-port", int!(cluster_announce_tls_port, 0, 0, 65535)),
    Row::new("cluster-announce-bus-port", int!(cluster_announce_bus_port, 0, 0, 65535)),
    Row::new("cluster-announce-hostname", text!(cluster_announce_hostname, check::hostname)),
    Row::new("cluster-preferred-endpoint-type", choice!(cluster_preferred_endpoint_type, EndpointType::Ip)),
];
