//! Entries made ready to be appended together.

use super::END;
use super::entry::{Encoded, Entry, STRING_6_MAX, encode_int, encode_short};
use crate::number::int;

/// So many bytes need no allocation.
const ON_STACK: usize = 512;

/// Entries in the form that they have in a listpack.
///
/// ```text
/// near | entry | entry | ...     | unused |       as long as all of it fits: `used` bytes
/// far  | entry | entry | ...                      all of it, once that was too much: then `near` counts as full
/// ```
pub struct Batch {
    near: [u8; ON_STACK],
    used: usize,
    far: Vec<u8>,
    len: usize,
}

impl Default for Batch {
    #[inline]
    fn default() -> Self {
        Batch { near: [0; ON_STACK], used: 0, far: Vec::new(), len: 0 }
    }
}

impl Batch {
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }

    #[inline]
    pub fn push<'v>(&mut self, value: impl Into<Entry<'v>>) {
        self.len += 1;
        let number = match value.into() {
            Entry::Int(number) => number,
            Entry::Str(bytes) => match int::parse(bytes) {
                Some(number) => number,
                None => return self.push_string(bytes),
            },
        };
        let (whole, len) = encode_int(number);
        // Numbers are copied with what may come behind them, which is faster than their very bytes.
        match self.near[self.used..].first_chunk_mut() {
            Some(room) => {
                *room = whole;
                self.used += len;
            }
            None => self.push_far(Entry::Int(number)),
        }
    }

    #[inline]
    fn push_string(&mut self, bytes: &[u8]) {
        let size = bytes.len() + 2;
        match self.near.get_mut(self.used..self.used + size) {
            Some(room) if bytes.len() <= STRING_6_MAX => {
                encode_short(room, bytes);
                self.used += size;
            }
            _ => self.push_far(Entry::Str(bytes)),
        }
    }

    #[cold]
    fn push_far(&mut self, value: Entry<'_>) {
        if self.far.is_empty() {
            self.far.extend_from_slice(&self.near[..self.used]);
            self.used = ON_STACK;
        }
        for part in Encoded::new(value).parts() {
            self.far.extend_from_slice(part);
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entries, and the byte that ends a listpack. Nothing can be pushed any more.
    #[inline]
    pub(super) fn finish(&mut self) -> &[u8] {
        if self.far.is_empty() && self.used < ON_STACK {
            self.near[self.used] = END;
            return &self.near[..=self.used];
        }
        if self.far.is_empty() {
            self.far.extend_from_slice(&self.near);
        }
        self.far.push(END);
        &self.far
    }
}
