//! INFO memory: what the allocator, the process and the machine say, and what of it is the data.

use super::Info;
use super::human::{bytes, ratio};
use crate::config::Choice;
use crate::config::cli::allocator;
use crate::server::Server;
use crate::server::memory::Figures;
use crate::sys::memory;

pub(super) fn write(info: &mut Info, server: &Server, f: &Figures) {
    let maxmemory = server.config.maxmemory;

    info.heading("Memory");
    with_human(info, "used_memory", f.used);
    with_human(info, "used_memory_rss", f.rss);
    with_human(info, "used_memory_peak", f.peak);
    info.field("used_memory_peak_perc", format_args!("{:.2}%", ratio(f.used, f.peak) * 100.0));
    info.field("used_memory_overhead", f.overhead());
    info.field("used_memory_startup", f.startup);
    info.field("used_memory_dataset", f.dataset());
    info.field("used_memory_dataset_perc", format_args!("{:.2}%", f.dataset_percent()));
    info.field("allocator_allocated", f.allocated);
    info.field("allocator_active", f.active);
    info.field("allocator_resident", f.resident);
    with_human(info, "total_system_memory", memory::machine_total());
    info.none(&["used_memory_lua", "used_memory_vm_eval"]);
    info.field("used_memory_lua_human", bytes(0));
    info.none(&["used_memory_scripts_eval", "number_of_cached_scripts", "number_of_functions"]);
    info.none(&["number_of_libraries", "used_memory_vm_functions"]);
    with_human(info, "used_memory_vm_total", 0);
    info.none(&["used_memory_functions"]);
    with_human(info, "used_memory_scripts", 0);
    info.field("maxmemory", maxmemory);
    info.field("maxmemory_human", bytes(maxmemory));
    info.field("maxmemory_policy", server.config.maxmemory_policy.name());
    compared(info, "allocator_frag", f.active, f.allocated);
    compared(info, "allocator_rss", f.resident, f.active);
    compared(info, "rss_overhead", f.rss, f.resident);
    compared(info, "mem_fragmentation", f.rss, f.used);
    info.field("mem_not_counted_for_evict", f.not_counted);
    info.field("mem_replication_backlog", f.backlog);
    info.field("mem_total_replication_buffers", f.backlog + f.replicas);
    // A replica is a cursor into the backlog: what it has not read yet is what the backlog holds beyond its size.
    info.field("mem_clients_slaves", f.replicas);
    info.field("mem_clients_normal", f.clients);
    info.none(&["mem_cluster_links", "mem_aof_buffer"]);
    info.field("mem_allocator", allocator());
    info.none(&["active_defrag_running"]);
    info.field("lazyfree_pending_objects", server.lazyfree.pending());
    info.field("lazyfreed_objects", server.lazyfree.freed());
}

fn with_human(info: &mut Info, name: &str, n: usize) {
    info.field(name, n);
    info.field(&format!("{name}_human"), bytes(n as u64));
}

/// Two figures compared, as `NAME_ratio` and `NAME_bytes`.
fn compared(info: &mut Info, name: &str, n: usize, of: usize) {
    info.field(&format!("{name}_ratio"), format_args!("{:.2}", ratio(n, of)));
    info.field(&format!("{name}_bytes"), n as i64 - of as i64);
}
