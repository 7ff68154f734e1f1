//! Hashes.

use super::{Collection, Encoding, collection};

/// At which sizes the encoding changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// hash-max-listpack-entries
    pub max_listpack_entries: usize,
    /// hash-max-listpack-value
    pub max_listpack_value: usize,
}

/// A hashe.
#[derive(Clone, Debug, Default)]
pub struct Hash(Box<std::collections::BTreeMap<Box<[u8]>, Box<[u8]>>>);

impl Collection for Hash {
    collection!(Hash);

    fn new() -> Self {
        Hash::default()
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn encoding(&self) -> Encoding {
        Encoding::Hashtable
    }

    fn free_effort(&self) -> usize {
        self.0.len()
    }
}
