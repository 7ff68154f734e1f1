//! Lists.

use super::{Collection, Encoding, collection};

/// At which sizes the encoding changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// list-max-listpack-size
    pub max_listpack_size: i32,
    /// list-compress-depth
    pub compress_depth: u32,
}

/// A list.
#[derive(Clone, Debug, Default)]
pub struct List(Box<std::collections::VecDeque<Box<[u8]>>>);

impl Collection for List {
    collection!(List);

    fn new() -> Self {
        List::default()
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn encoding(&self) -> Encoding {
        Encoding::Quicklist
    }

    fn free_effort(&self) -> usize {
        self.0.len()
    }
}
