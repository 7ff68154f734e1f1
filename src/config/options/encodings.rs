//! Thresholds of the compact encodings.

use super::{Flags, INT_MAX, INT_MIN, Row};

pub(super) static ROWS: &[Row] = &[
    Row::new("hash-max-listpack-entries", int!(hash_max_listpack_entries, 512, 0, i64::MAX))
        .alias("hash-max-ziplist-entries"),
    Row::new("hash-max-listpack-value", memory!(hash_max_listpack_value, 64, 0, i64::MAX))
        .alias("hash-max-ziplist-value"),
    Row::new("list-max-listpack-size", int!(list_max_listpack_size, -2, INT_MIN, INT_MAX))
        .alias("list-max-ziplist-size"),
    Row::new("list-compress-depth", int!(list_compress_depth, 0, 0, INT_MAX)).flags(Flags::DEBUG),
    Row::new("set-max-intset-entries", int!(set_max_intset_entries, 512, 0, i64::MAX)),
    Row::new("set-max-listpack-entries", int!(set_max_listpack_entries, 128, 0, i64::MAX)),
    Row::new("set-max-listpack-value", memory!(set_max_listpack_value, 64, 0, i64::MAX)),
    Row::new("zset-max-listpack-entries", int!(zset_max_listpack_entries, 128, 0, i64::MAX))
        .alias("zset-max-ziplist-entries"),
    Row::new("zset-max-listpack-value", memory!(zset_max_listpack_value, 64, 0, i64::MAX))
        .alias("zset-max-ziplist-value"),
    Row::new("hll-sparse-max-bytes", memory!(hll_sparse_max_bytes, 3000, 0, i64::MAX)),
    Row::new("stream-node-max-bytes", memory!(stream_node_max_bytes, 4096, 0, i64::MAX)),
    Row::new("stream-node-max-entries", int!(stream_node_max_entries, 100, 0, i64::MAX)),
];
