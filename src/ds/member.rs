//! A member of a large set: a string in a block of its own, which a table points at.
//!
//! ```text
//!  | length 1..9 | bytes |
//! ```

use super::prefixed::{len_size, read_len, write_len};
use super::size::{allocate, class, free};
use super::table::Element;
use super::tagged::Tagged;

/// Invariant: it points at a block that this member alone owns.
#[repr(transparent)]
pub struct Member(Tagged);

// SAFETY: the block has no other owner and nothing in it is tied to a thread.
unsafe impl Send for Member {}

// SAFETY: a member is a pointer, and no part of its block points back at it.
unsafe impl Element for Member {
    #[inline]
    fn stash(&self) -> u16 {
        self.0.stash()
    }

    #[inline]
    fn set_stash(&mut self, bits: u16) {
        self.0.set_stash(bits);
    }

    #[inline]
    fn address(&self) -> *const u8 {
        self.block()
    }
}

impl Member {
    pub fn new(bytes: &[u8]) -> Member {
        let prefix = len_size(bytes.len());
        let block = allocate(prefix + bytes.len());
        // SAFETY: the block has room for both.
        unsafe {
            write_len(block, bytes.len());
            block.add(prefix).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        Member(Tagged::new(block, 0))
    }

    #[inline]
    fn block(&self) -> *mut u8 {
        self.0.block()
    }

    #[inline]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the block holds a length and so many bytes, and stays as it is while the member is borrowed.
        unsafe {
            let (len, prefix) = read_len(self.block());
            std::slice::from_raw_parts(self.block().add(prefix), len)
        }
    }
}

impl Member {
    /// Bytes that its block takes.
    pub fn memory(&self) -> usize {
        let len = self.bytes().len();
        class(len_size(len) + len)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let len = self.bytes().len();
        // SAFETY: the block was allocated with this size, and its owner is going.
        unsafe { free(self.block(), len_size(len) + len) }
    }
}
