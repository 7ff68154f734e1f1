//! I/O threads and CPU affinity.

use super::{Flags, Row};

pub(super) static ROWS: &[Row] = &[
    Row::new("io-threads", int!(io_threads, 1, 1, 128)).flags(Flags::DEBUG.union(Flags::IMMUTABLE)),
    Row::new("io-threads-do-reads", flag!(io_threads_do_reads, false))
        .flags(Flags::DEBUG.union(Flags::IMMUTABLE)),
    Row::new("server_cpulist", text!(server_cpulist)).flags(Flags::IMMUTABLE),
    Row::new("bio_cpulist", text!(bio_cpulist)).flags(Flags::IMMUTABLE),
    Row::new("aof_rewrite_cpulist", text!(aof_rewrite_cpulist)).flags(Flags::IMMUTABLE),
    Row::new("bgsave_cpulist", text!(bgsave_cpulist)).flags(Flags::IMMUTABLE),
];
