//! INFO memory: what the allocator, the process and the machine say, and what of it is the data.

use super::Info;
use super::human::{bytes, ratio};
use crate::client::ClientClass;
use crate::config::Choice;
use crate::config::cli::allocator;
use crate::server::Server;
use crate::server::clients::memory_of;
use crate::sys::memory;

/// What the table costs for a key beside the entry itself, at its usual fill.
const TABLE_BYTES: usize = 15;
/// What the expiry index costs for a key.
const EXPIRY_BYTES: usize = 24;

pub(super) fn write(info: &mut Info, server: &Server) {
    let used = memory::allocated();
    let (active, resident) = memory::allocator_pages();
    let rss = memory::resident();
    let peak = used.max(server.stats.peak_memory);
    let clients: usize =
        server.clients.iter().filter(|c| c.class() != ClientClass::Replica).map(memory_of).sum();
    let backlog = server.backlog_memory();
    let startup = server.startup_memory;
    let overhead = startup + clients + backlog + tables(server);
    let dataset = used.saturating_sub(overhead);
    let since_start = used.saturating_sub(startup).max(1);
    let dataset_share = (ratio(dataset, since_start) * 100.0).min(100.0);
    let machine = memory::machine_total();
    let maxmemory = server.config.maxmemory;

    info.heading("Memory");
    with_human(info, "used_memory", used);
    with_human(info, "used_memory_rss", rss);
    with_human(info, "used_memory_peak", peak);
    info.field("used_memory_peak_perc", format_args!("{:.2}%", ratio(used, peak) * 100.0));
    info.field("used_memory_overhead", overhead);
    info.field("used_memory_startup", startup);
    info.field("used_memory_dataset", dataset);
    info.field("used_memory_dataset_perc", format_args!("{dataset_share:.2}%"));
    info.field("allocator_allocated", used);
    info.field("allocator_active", active);
    info.field("allocator_resident", resident);
    with_human(info, "total_system_memory", machine);
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
    compared(info, "allocator_frag", active, used);
    compared(info, "allocator_rss", resident, active);
    compared(info, "rss_overhead", rss, resident);
    compared(info, "mem_fragmentation", rss, used);
    info.field("mem_not_counted_for_evict", 0);
    info.field("mem_replication_backlog", backlog);
    info.field("mem_total_replication_buffers", backlog);
    // A replica is a cursor into the backlog: what it has not read yet is the backlog's memory.
    info.field("mem_clients_slaves", 0);
    info.field("mem_clients_normal", clients);
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

/// What the databases' tables cost beside the entries.
fn tables(server: &Server) -> usize {
    let ks = &server.keyspace;
    (0..ks.db_count()).map(|db| ks.len(db) * TABLE_BYTES + ks.expires_len(db) * EXPIRY_BYTES).sum()
}
