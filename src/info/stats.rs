//! INFO stats: what happened since the start, or since CONFIG RESETSTAT.

use super::Info;
use crate::server::Server;

pub(super) fn write(info: &mut Info, server: &Server) {
    let s = &server.stats;
    let keys = &server.keyspace.stats;
    let kilobytes = |per_second: u64| format!("{:.2}", per_second as f64 / 1024.0);
    info.heading("Stats");
    info.field("total_connections_received", s.connections_received);
    info.field("total_commands_processed", s.commands_processed);
    info.field("instantaneous_ops_per_sec", s.ops.per_second());
    info.field("total_net_input_bytes", s.net_input_bytes + s.net_repl_input_bytes);
    info.field("total_net_output_bytes", s.net_output_bytes + s.net_repl_output_bytes);
    info.field("total_net_repl_input_bytes", s.net_repl_input_bytes);
    info.field("total_net_repl_output_bytes", s.net_repl_output_bytes);
    info.field("instantaneous_input_kbps", kilobytes(s.input.per_second()));
    info.field("instantaneous_output_kbps", kilobytes(s.output.per_second()));
    info.field("instantaneous_input_repl_kbps", kilobytes(s.repl_input.per_second()));
    info.field("instantaneous_output_repl_kbps", kilobytes(s.repl_output.per_second()));
    info.field("rejected_connections", s.rejected_connections);
    info.field("sync_full", s.sync_full);
    info.field("sync_partial_ok", s.sync_partial_ok);
    info.field("sync_partial_err", s.sync_partial_err);
    info.field("expired_keys", keys.expired_keys);
    // Redis 7.0 has no fields that expire, nor this line.
    if keys.expired_fields > 0 {
        info.field("expired_subkeys", keys.expired_fields);
    }
    // A replica's expired keys are its primary's to delete.
    let stale = if server.is_replica() { 0.0 } else { server.keyspace.due_percent(server.clock.now_ms()) };
    info.field("expired_stale_perc", format!("{stale:.2}"));
    info.field("expired_time_cap_reached_count", keys.expired_time_cap_reached);
    info.field("expire_cycle_cpu_milliseconds", s.expire_cycle_us / 1000);
    info.field("evicted_keys", server.eviction.evicted_keys);
    info.field("evicted_clients", server.client_eviction.evicted);
    let (total, current) = server.eviction.exceeded_ms(server.clock.monotonic_us());
    info.field("total_eviction_exceeded_time", total);
    info.field("current_eviction_exceeded_time", current);
    info.field("keyspace_hits", keys.hits);
    info.field("keyspace_misses", keys.misses);
    info.field("pubsub_channels", server.pubsub.channels.len());
    info.field("pubsub_patterns", server.pubsub.patterns.len());
    info.field("pubsubshard_channels", server.pubsub.shard_channels.len());
    info.field("latest_fork_usec", s.latest_fork_usec);
    info.field("total_forks", s.total_forks);
    info.field("migrate_cached_sockets", server.migrate_links.len());
    info.field("slave_expires_tracked_keys", server.own_expires.len());
    info.none(&["active_defrag_hits", "active_defrag_misses"]);
    info.none(&["active_defrag_key_hits", "active_defrag_key_misses"]);
    info.none(&["total_active_defrag_time", "current_active_defrag_time"]);
    info.field("tracking_total_keys", server.tracking.keys());
    info.field("tracking_total_items", server.tracking.items());
    info.field("tracking_total_prefixes", server.tracking.prefixes());
    info.field("unexpected_error_replies", s.unexpected_error_replies);
    info.field("total_error_replies", s.total_error_replies);
    info.field("dump_payload_sanitizations", s.dump_payload_sanitizations);
    info.field("total_reads_processed", s.reads_processed);
    info.field("total_writes_processed", s.writes_processed);
    info.none(&["io_threaded_reads_processed", "io_threaded_writes_processed"]);
    info.none(&["reply_buffer_shrinks", "reply_buffer_expands"]);
}
