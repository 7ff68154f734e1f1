//! What is freed in the background.

use super::{Flags, Row};

pub(super) static ROWS: &[Row] = &[
    Row::new("lazyfree-lazy-eviction", flag!(lazyfree_lazy_eviction, false)).flags(Flags::DEBUG),
    Row::new("lazyfree-lazy-expire", flag!(lazyfree_lazy_expire, false)).flags(Flags::DEBUG),
    Row::new("lazyfree-lazy-server-del", flag!(lazyfree_lazy_server_del, false)).flags(Flags::DEBUG),
    Row::new("lazyfree-lazy-user-del", flag!(lazyfree_lazy_user_del, false)).flags(Flags::DEBUG),
    Row::new("lazyfree-lazy-user-flush", flag!(lazyfree_lazy_user_flush, false)).flags(Flags::DEBUG),
];
