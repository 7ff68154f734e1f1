//! INFO persistence: saving, loading, and the append only file.

use super::Info;
use crate::server::Server;

pub(super) fn write(info: &mut Info, server: &Server) {
    let now_s = server.clock.now_s();
    let loading_beside = server.async_loading();
    let save = server.persist.snapshots.info(now_s);
    let load = server.load_info();
    let (keys_loaded, keys_expired) = match &load {
        Some(load) => (load.keys_loaded, load.keys_expired),
        None => (server.persist.last_load_keys_loaded, server.persist.last_load_keys_expired),
    };
    info.heading("Persistence");
    info.flag("loading", server.loading && !loading_beside);
    info.flag("async_loading", loading_beside);
    info.field("current_cow_peak", save.child.cow_peak);
    info.field("current_cow_size", save.child.cow_size);
    info.field("current_cow_size_age", save.child.cow_age_s());
    info.field("current_fork_perc", format_args!("{:.2}", save.child.percent()));
    info.field("current_save_keys_processed", save.child.keys_processed);
    info.field("current_save_keys_total", save.child.keys_total);
    info.field("rdb_changes_since_last_save", server.dirty);
    info.flag("rdb_bgsave_in_progress", save.in_progress);
    info.field("rdb_last_save_time", save.last_save_s);
    info.field("rdb_last_bgsave_status", if save.last_ok { "ok" } else { "err" });
    info.field("rdb_last_bgsave_time_sec", save.last_duration_s);
    info.field("rdb_current_bgsave_time_sec", save.current_duration_s);
    info.field("rdb_saves", save.saves);
    info.field("rdb_last_cow_size", save.last_cow_size);
    info.field("rdb_last_load_keys_expired", keys_expired);
    info.field("rdb_last_load_keys_loaded", keys_loaded);
    info.none(&["aof_enabled", "aof_rewrite_in_progress", "aof_rewrite_scheduled"]);
    info.field("aof_last_rewrite_time_sec", -1);
    info.field("aof_current_rewrite_time_sec", -1);
    info.field("aof_last_bgrewrite_status", "ok");
    info.none(&["aof_rewrites", "aof_rewrites_consecutive_failures"]);
    info.field("aof_last_write_status", "ok");
    info.none(&["aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size"]);
    if let Some(load) = load {
        info.field("loading_start_time", load.start_time_s);
        info.field("loading_total_bytes", load.total_bytes);
        info.field("loading_rdb_used_mem", load.rdb_used_mem);
        info.field("loading_loaded_bytes", load.loaded_bytes);
        info.field("loading_loaded_perc", format_args!("{:.2}", load.percent));
        info.field("loading_eta_seconds", load.eta_s);
    }
}
