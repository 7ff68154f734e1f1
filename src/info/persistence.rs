//! INFO persistence: saving, loading, and the append only file.

use super::Info;
use crate::server::Server;

pub(super) fn write(info: &mut Info, server: &Server) {
    let loading_beside = server.async_loading();
    info.heading("Persistence");
    info.flag("loading", server.loading && !loading_beside);
    info.flag("async_loading", loading_beside);
    info.none(&["current_cow_peak", "current_cow_size", "current_cow_size_age"]);
    info.field("current_fork_perc", "0.00");
    info.none(&["current_save_keys_processed", "current_save_keys_total"]);
    info.field("rdb_changes_since_last_save", server.dirty);
    info.none(&["rdb_bgsave_in_progress"]);
    info.field("rdb_last_save_time", server.clock.started_us() / 1_000_000);
    info.field("rdb_last_bgsave_status", "ok");
    info.field("rdb_last_bgsave_time_sec", -1);
    info.field("rdb_current_bgsave_time_sec", -1);
    info.none(&["rdb_saves", "rdb_last_cow_size"]);
    info.none(&["rdb_last_load_keys_expired", "rdb_last_load_keys_loaded"]);
    info.none(&["aof_enabled", "aof_rewrite_in_progress", "aof_rewrite_scheduled"]);
    info.field("aof_last_rewrite_time_sec", -1);
    info.field("aof_current_rewrite_time_sec", -1);
    info.field("aof_last_bgrewrite_status", "ok");
    info.none(&["aof_rewrites", "aof_rewrites_consecutive_failures"]);
    info.field("aof_last_write_status", "ok");
    info.none(&["aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size"]);
}
