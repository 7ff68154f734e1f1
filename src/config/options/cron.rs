//! Background work of every turn.

use super::{Flags, HZ_MAX, HZ_MIN, INT_MAX, Row, check};

pub(super) static ROWS: &[Row] = &[
    Row::new("hz", int!(hz, 10, 0, INT_MAX, clamp HZ_MIN, HZ_MAX)),
    Row::new("dynamic-hz", flag!(dynamic_hz, true)),
    Row::new("activerehashing", flag!(activerehashing, true)),
    Row::new("activedefrag", flag!(activedefrag, false, check::activedefrag)).flags(Flags::DEBUG),
    Row::new("active-defrag-ignore-bytes", memory!(active_defrag_ignore_bytes, 104857600, 1, i64::MAX)),
    Row::new("active-defrag-threshold-lower", int!(active_defrag_threshold_lower, 10, 0, 1000)),
    Row::new("active-defrag-threshold-upper", int!(active_defrag_threshold_upper, 100, 0, 1000)),
    Row::new("active-defrag-cycle-min", int!(active_defrag_cycle_min, 1, 1, 99)),
    Row::new("active-defrag-cycle-max", int!(active_defrag_cycle_max, 25, 1, 99)),
    Row::new("active-defrag-max-scan-fields", int!(active_defrag_max_scan_fields, 1000, 1, i64::MAX)),
];
