//! RDB files: when they are written, where and how.

use super::{Flags, INT_MAX, INT_MIN, Row, check, special};
use crate::config::values::SanitizePayload;

pub(super) static ROWS: &[Row] = &[
    Row::new("save", special!(special::SAVE)).flags(Flags::MULTI_ARG),
    Row::new("stop-writes-on-bgsave-error", flag!(stop_writes_on_bgsave_error, true)),
    Row::new("rdbcompression", flag!(rdbcompression, true)),
    Row::new("rdbchecksum", flag!(rdbchecksum, true)).flags(Flags::IMMUTABLE),
    Row::new("sanitize-dump-payload", choice!(sanitize_dump_payload, SanitizePayload::No))
        .flags(Flags::DEBUG),
    Row::new("dbfilename", text!(dbfilename, "dump.rdb", check::dbfilename)).flags(Flags::PROTECTED),
    Row::new("rdb-del-sync-files", flag!(rdb_del_sync_files, false)),
    Row::new("dir", special!(special::DIR)).flags(Flags::PROTECTED.union(Flags::DENY_LOADING)),
    Row::new("rdb-save-incremental-fsync", flag!(rdb_save_incremental_fsync, true)),
    Row::new("rdb-key-save-delay", int!(rdb_key_save_delay, 0, INT_MIN, INT_MAX)).flags(Flags::HIDDEN),
    Row::new("key-load-delay", int!(key_load_delay, 0, INT_MIN, INT_MAX)).flags(Flags::HIDDEN),
    Row::new(
        "loading-process-events-interval-bytes",
        int!(loading_process_events_interval_bytes, 2097152, 1024, INT_MAX),
    )
    .flags(Flags::HIDDEN),
];
