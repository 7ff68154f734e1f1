//! Sets.

use super::{Collection, Encoding, collection};

/// At which sizes the encoding changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// set-max-intset-entries
    pub max_intset_entries: usize,
    /// set-max-listpack-entries
    pub max_listpack_entries: usize,
    /// set-max-listpack-value
    pub max_listpack_value: usize,
}

/// A set.
#[derive(Clone, Debug, Default)]
pub struct Set(Box<std::collections::BTreeSet<Box<[u8]>>>);

impl Collection for Set {
    collection!(Set);

    fn new() -> Self {
        Set::default()
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
