//! Sorted sets.

use super::{Collection, Encoding, collection};

/// At which sizes the encoding changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// zset-max-listpack-entries
    pub max_listpack_entries: usize,
    /// zset-max-listpack-value
    pub max_listpack_value: usize,
}

/// A sorted set.
#[derive(Clone, Debug, Default)]
pub struct SortedSet(Box<Vec<(f64, Box<[u8]>)>>);

impl Collection for SortedSet {
    collection!(SortedSet);

    fn new() -> Self {
        SortedSet::default()
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn encoding(&self) -> Encoding {
        Encoding::Skiplist
    }

    fn free_effort(&self) -> usize {
        self.0.len()
    }
}
