//! The slow log, and scripts and functions that run long.

use super::{Flags, Row};

pub(super) static ROWS: &[Row] = &[
    Row::new("slowlog-log-slower-than", int!(slowlog_log_slower_than, 10000, -1, i64::MAX)),
    Row::new("slowlog-max-len", int!(slowlog_max_len, 128, 0, i64::MAX)),
    Row::new("busy-reply-threshold", int!(busy_reply_threshold, 5000, 0, i64::MAX)).alias("lua-time-limit"),
    Row::new("lua-enable-deprecated-api", flag!(lua_enable_deprecated_api, false))
        .flags(Flags::IMMUTABLE.union(Flags::HIDDEN)),
];
