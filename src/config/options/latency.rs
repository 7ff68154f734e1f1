//! The latency monitor and the per-command histograms.

use super::{Flags, Row, special};

pub(super) static ROWS: &[Row] = &[
    Row::new("latency-monitor-threshold", int!(latency_monitor_threshold, 0, 0, i64::MAX)),
    Row::new("latency-tracking", flag!(latency_tracking, true)),
    Row::new("latency-tracking-info-percentiles", special!(special::PERCENTILES)).flags(Flags::MULTI_ARG),
];
