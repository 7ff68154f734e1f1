//! redis-check-rdb.
