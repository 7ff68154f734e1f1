//! Entries made ready to be appended together.

use super::entry::{Encoded, Entry};
use smallvec::SmallVec;

/// So many bytes need no allocation.
const ON_STACK: usize = 512;

/// Entries in the form that they have in a listpack.
#[derive(Default)]
pub struct Batch {
    bytes: SmallVec<[u8; ON_STACK]>,
    len: usize,
}

impl Batch {
    pub fn new() -> Self {
        Self::default()
    }

    #[inline]
    pub fn push<'v>(&mut self, value: impl Into<Entry<'v>>) {
        for part in Encoded::new(value.into()).parts() {
            self.bytes.extend_from_slice(part);
        }
        self.len += 1;
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
