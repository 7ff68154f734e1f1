//! The append only file.

use super::{Flags, INT_MAX, Row, check};
use crate::config::values::AppendFsync;

pub(super) static ROWS: &[Row] = &[
    Row::new("appendonly", flag!(appendonly, false)).flags(Flags::DENY_LOADING),
    Row::new("appendfilename", text!(appendfilename, "appendonly.aof", check::appendfilename))
        .flags(Flags::IMMUTABLE),
    Row::new("appenddirname", text!(appenddirname, "appendonlydir", check::appenddirname))
        .flags(Flags::IMMUTABLE),
    Row::new("appendfsync", choice!(appendfsync, AppendFsync::Everysec)),
    Row::new("no-appendfsync-on-rewrite", flag!(no_appendfsync_on_rewrite, false)),
    Row::new("auto-aof-rewrite-percentage", int!(auto_aof_rewrite_percentage, 100, 0, INT_MAX)),
    Row::new("auto-aof-rewrite-min-size", memory!(auto_aof_rewrite_min_size, 67108864, 0, i64::MAX)),
    Row::new("aof-load-truncated", flag!(aof_load_truncated, true)),
    Row::new("aof-use-rdb-preamble", flag!(aof_use_rdb_preamble, true)),
    Row::new("aof-timestamp-enabled", flag!(aof_timestamp_enabled, false)),
    Row::new("aof-rewrite-incremental-fsync", flag!(aof_rewrite_incremental_fsync, true)),
    Row::new("aof-disable-auto-gc", flag!(aof_disable_auto_gc, false)),
];
