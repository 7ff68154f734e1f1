//! A member with its score, in one block:
//!
//! ```text
//! | score 8 | length 1..9 | member |
//! ```
//!
//! [`Member`] owns the block and lies in the table by member; its spare pointer bits hold what the table keeps there.
//! [`MemberRef`] is the bare pointer, which lies in the order by score.

use std::ptr::NonNull;

use super::tree::Ranked;
use crate::ds::prefixed::{len_size, read_len, write_len};
use crate::ds::size;
use crate::ds::table::Element;
use crate::ds::tagged::Tagged;

const SCORE: usize = size_of::<f64>();

/// Owns a block.
pub(super) struct Member(Tagged);

// SAFETY: a member owns its block, and shares it with nothing outside its sorted set.
unsafe impl Send for Member {}

// SAFETY: a pointer is 8 bytes, aligned so, and nothing points at the member itself.
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
        self.0.block()
    }
}

impl Member {
    pub fn new(score: f64, member: &[u8]) -> Member {
        let prefix = len_size(member.len());
        let block = size::allocate(SCORE + prefix + member.len());
        // SAFETY: the block has room for all three, one behind the other, and is aligned to 8.
        unsafe {
            block.cast::<f64>().write(score);
            write_len(block.add(SCORE), member.len());
            std::ptr::copy_nonoverlapping(member.as_ptr(), block.add(SCORE + prefix), member.len());
        }
        Member(Tagged::new(block, 0))
    }

    /// The block, for the order by score. It is good for as long as this member lives.
    #[inline]
    pub fn block(&self) -> MemberRef {
        // SAFETY: a block's address is not 0.
        MemberRef(unsafe { NonNull::new_unchecked(self.0.block()) })
    }

    #[inline]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the block is this member's, which is borrowed.
        unsafe { self.block().bytes() }
    }

    #[inline]
    pub fn score(&self) -> f64 {
        self.block().score()
    }

    /// Bytes that its block takes.
    pub fn memory(&self) -> usize {
        let len = self.bytes().len();
        size::class(SCORE + len_size(len) + len)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let len = self.bytes().len();
        // SAFETY: it was allocated with this length, which never changes.
        unsafe { size::free(self.block().0.as_ptr(), SCORE + len_size(len) + len) }
    }
}

/// Points at a block that a [`Member`] owns. Invariant: whoever keeps one keeps that member too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct MemberRef(NonNull<u8>);

// SAFETY: it goes where the member that owns the block goes.
unsafe impl Send for MemberRef {}

impl MemberRef {
    /// # Safety
    /// The member lives for `'a`.
    #[inline]
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        // SAFETY: as drawn above; the caller says that it is there.
        unsafe {
            let at = self.0.as_ptr().add(SCORE);
            let (len, prefix) = read_len(at);
            std::slice::from_raw_parts(at.add(prefix), len)
        }
    }

    #[inline]
    pub fn set_score(self, score: f64) {
        // SAFETY: by the invariant the block is there, and scores are not lent out.
        unsafe { self.0.as_ptr().cast::<f64>().write(score) }
    }

    #[inline]
    pub fn address(self) -> *const u8 {
        self.0.as_ptr()
    }
}

impl Ranked for MemberRef {
    #[inline]
    fn score(self) -> f64 {
        // SAFETY: by the invariant the block is there.
        unsafe { self.0.as_ptr().cast::<f64>().read() }
    }
}
