//! Entries made ready to be appended together.

use super::entry::{Encoded, Entry};
use smallvec::SmallVec;

/// So many bytes need no allocation.
const ON_STACK: usize = 512;

/// A number takes ten bytes at most, an empty string and its like fewer.
const ENCODED_INT_MAX: usize = 16;

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
        let value = Encoded::new(value.into());
        let [head, data, back] = value.parts();
        self.len += 1;
        if data.is_empty() {
            // Most are numbers: they are copied at once.
            let mut whole = [0; ENCODED_INT_MAX];
            let len = head.len() + back.len();
            whole[..head.len()].copy_from_slice(head);
            whole[head.len()..len].copy_from_slice(back);
            return self.bytes.extend_from_slice(&whole[..len]);
        }
        self.bytes.reserve(head.len() + data.len() + back.len());
        for part in [head, data, back] {
            self.bytes.extend_from_slice(part);
        }
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
