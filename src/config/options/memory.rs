//! How much memory the data may take, and what goes when it is full.

use super::{Flags, INT_MAX, Row, special};
use crate::config::values::{MaxmemoryPolicy, OomScoreAdj};

pub(super) static ROWS: &[Row] = &[
    Row::new("maxmemory", memory!(maxmemory, 0, 0, u64::MAX)),
    Row::new("maxmemory-policy", choice!(maxmemory_policy, MaxmemoryPolicy::NoEviction)),
    Row::new("maxmemory-samples", int!(maxmemory_samples, 5, 1, INT_MAX)),
    Row::new("maxmemory-eviction-tenacity", int!(maxmemory_eviction_tenacity, 10, 0, 100)),
    Row::new("active-expire-effort", int!(active_expire_effort, 1, 1, 10)),
    Row::new("lfu-log-factor", int!(lfu_log_factor, 10, 0, INT_MAX)),
    Row::new("lfu-decay-time", int!(lfu_decay_time, 1, 0, INT_MAX)),
    Row::new("oom-score-adj", choice!(oom_score_adj, OomScoreAdj::No)),
    Row::new("oom-score-adj-values", special!(special::OOM_VALUES)).flags(Flags::MULTI_ARG),
    Row::new("disable-thp", flag!(disable_thp, true)).flags(Flags::IMMUTABLE),
    Row::new("jemalloc-bg-thread", flag!(jemalloc_bg_thread, true)),
];
