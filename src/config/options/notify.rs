//! Keyspace notifications.

use super::{Row, special};

pub(super) static ROWS: &[Row] = &[Row::new("notify-keyspace-events", special!(special::NOTIFY))];
