//! Limits of client connections and their buffers.

use super::{Flags, Row, UINT_MAX, special};
use crate::config::values::SizeOrPercent;

pub(super) static ROWS: &[Row] = &[
    Row::new("maxclients", int!(maxclients, 10000, 1, UINT_MAX)),
    Row::new(
        "maxmemory-clients",
        memory_or_percent!(maxmemory_clients, SizeOrPercent::Size(0), -100, i64::MAX),
    ),
    Row::new("client-query-buffer-limit", memory!(client_query_buffer_limit, 1073741824, 1048576, i64::MAX))
        .flags(Flags::DEBUG),
    Row::new("client-output-buffer-limit", special!(special::OUTPUT_BUFFER_LIMIT)).flags(Flags::MULTI_ARG),
    Row::new("proto-max-bulk-len", memory!(proto_max_bulk_len, 536870912, 1048576, i64::MAX))
        .flags(Flags::DEBUG),
    Row::new("tracking-table-max-keys", int!(tracking_table_max_keys, 1000000, 0, i64::MAX)),
];
