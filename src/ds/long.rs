//! A long string in a block of its own, and shares of it: a reply keeps its bytes without a copy, whatever becomes of
//! the key meanwhile.
//!
//! ```text
//! | length 8 | shares 20 bits, capacity 44 bits | bytes |
//! ```
//!
//! The owner is mostly an entry, which changes the string in place only while nobody shares it, and lets go of it otherwise. Who
//! lets go last frees the block; that may be another thread than the one that shares, where entries are freed in the
//! background.
//!
//! A string that comes over the network in pieces is a [`Draft`] until it is whole: a vector with room for the head, which
//! then is the block.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::size::class;
use crate::sys::give_back::GiveBack;

/// The block of a long string, as its owner has it.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Long(*mut u8);

const HEAD: usize = 2 * size_of::<usize>();
/// Room made ahead for a string that grows is as much as it needs, but no more than this.
const AHEAD_MAX: usize = 1 << 20;

/// So many bits are 16 TB, and leave a million shares.
const CAPACITY_BITS: u32 = 44;
const CAPACITY_MASK: u64 = (1 << CAPACITY_BITS) - 1;
const SHARE: u64 = 1 << CAPACITY_BITS;
const SHARES_MAX: u64 = u64::MAX >> CAPACITY_BITS;

const _: () = assert!(usize::BITS == 64, "capacities have bits to spare");

/// The layout of a block: a vector's, so that one can become a block. That blocks are aligned to 8 all the same is the
/// allocator's doing, whichever it is (`sys/alloc.rs`).
fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 1).expect("memory is smaller than isize::MAX")
}

/// Whoever calls an `unsafe` function vouches for a live block, of which this is the owner's one handle.
impl Long {
    /// A copy of a string.
    pub fn of(s: &[u8]) -> Long {
        Long::with_room(s, s.len())
    }

    /// A copy of a string, and room behind it up to `capacity` bytes.
    fn with_room(s: &[u8], capacity: usize) -> Long {
        let long = Long::allocate(s.len(), capacity);
        // SAFETY: the block has room for the string.
        unsafe { long.start().copy_from_nonoverlapping(s.as_ptr(), s.len()) };
        long
    }

    /// Room for a string of this length and no more; its bytes are yet to be written.
    pub fn unwritten(len: usize) -> Long {
        Long::allocate(len, len)
    }

    fn allocate(len: usize, capacity: usize) -> Long {
        let size = class(HEAD + capacity);
        // SAFETY: the head alone is not empty.
        let block = unsafe { alloc(layout(size)) };
        if block.is_null() {
            handle_alloc_error(layout(size));
        }
        let long = Long(block);
        debug_assert!(block.cast::<AtomicU64>().is_aligned());
        // SAFETY: the block has room for the head.
        unsafe {
            long.set_len(len);
            long.set_capacity(size - HEAD);
        }
        long
    }

    /// Its first byte.
    pub fn start(self) -> *mut u8 {
        self.0.wrapping_add(HEAD)
    }

    unsafe fn len(self) -> usize {
        // SAFETY: the length comes first, and blocks are aligned to 8.
        unsafe { self.0.cast::<usize>().read() }
    }

    unsafe fn set_len(self, len: usize) {
        // SAFETY: as in `len`.
        unsafe { self.0.cast::<usize>().write(len) }
    }

    unsafe fn shares_and_capacity<'a>(self) -> &'a AtomicU64 {
        // SAFETY: the word comes second, and is only used as an atomic one while there is a share.
        unsafe { AtomicU64::from_ptr(self.0.cast::<u64>().add(1)) }
    }

    unsafe fn capacity(self) -> usize {
        // SAFETY: as the caller says.
        (unsafe { self.shares_and_capacity() }.load(Ordering::Relaxed) & CAPACITY_MASK) as usize
    }

    /// Of a block that nobody shares.
    unsafe fn set_capacity(self, capacity: usize) {
        debug_assert!(capacity as u64 <= CAPACITY_MASK, "memory is smaller");
        // SAFETY: as the caller says.
        unsafe { self.shares_and_capacity() }.store(capacity as u64, Ordering::Relaxed);
    }

    unsafe fn is_shared(self) -> bool {
        // What those that shared it have read happened before it is written to.
        // SAFETY: as the caller says.
        unsafe { self.shares_and_capacity() }.load(Ordering::Acquire) >= SHARE
    }

    /// # Safety
    /// As above; the string is neither changed nor let go while it is borrowed.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        // SAFETY: so many bytes have been written.
        unsafe { std::slice::from_raw_parts(self.start(), self.len()) }
    }

    /// Lets go of the string: it is freed, unless it is shared.
    ///
    /// # Safety
    /// As above; the handle is not used again.
    pub unsafe fn free(self) {
        // SAFETY: head and capacity are the whole of the block, of which nobody knows any more.
        unsafe {
            if !self.is_shared() || self.shares_and_capacity().fetch_sub(SHARE, Ordering::Release) < SHARE {
                fence(Ordering::Acquire);
                dealloc(self.0, layout(HEAD + self.capacity()));
            }
        }
    }

    /// Bytes that the block takes.
    ///
    /// # Safety
    /// As above.
    pub unsafe fn memory(self) -> usize {
        // SAFETY: as the caller says.
        class(HEAD + unsafe { self.capacity() })
    }

    /// Gives the block's memory back to a snapshot's parent.
    ///
    /// # Safety
    /// As above; this process has no more use for it.
    pub unsafe fn give_back(self, pages: &mut GiveBack) {
        // SAFETY: as the caller says.
        unsafe { pages.block(self.0, self.memory()) }
    }

    /// Sees to it that the string can be changed: one that is shared is copied, with room for `more` bytes.
    ///
    /// # Safety
    /// As above.
    pub unsafe fn make_own(&mut self, more: usize) {
        // SAFETY: as the caller says; the owner lets go of the one that it had.
        unsafe {
            if self.is_shared() {
                let own = Long::with_room(self.bytes(), self.len() + more);
                self.free();
                *self = own;
            }
        }
    }

    /// Makes the string longer; the new bytes are yet to be written.
    ///
    /// # Safety
    /// As above; `len` is no less than the length.
    pub unsafe fn grow(&mut self, len: usize) {
        // SAFETY: the block is reallocated with the layout it has, and so are its bytes up to the old length.
        unsafe {
            let ahead = len.min(AHEAD_MAX);
            self.make_own(len - self.len() + ahead);
            let old = self.capacity();
            if len > old {
                let size = class(HEAD + len + ahead);
                let grown = realloc(self.0, layout(HEAD + old), size);
                if grown.is_null() {
                    handle_alloc_error(layout(size));
                }
                self.0 = grown;
                self.set_capacity(size - HEAD);
            }
            self.set_len(len);
        }
    }

    /// Puts another string in the block, unless it is shared, or the string does not fit or would leave more than half of
    /// it unused.
    ///
    /// # Safety
    /// As above; `s` lies elsewhere.
    pub unsafe fn overwrite(self, s: &[u8]) -> bool {
        // SAFETY: the bytes fit.
        unsafe {
            let fits = (self.capacity() / 2..=self.capacity()).contains(&s.len()) && !self.is_shared();
            if fits {
                self.start().copy_from_nonoverlapping(s.as_ptr(), s.len());
                self.set_len(s.len());
            }
            fits
        }
    }
}

/// A long string that is borrowed from its owner, and can be shared.
#[derive(Clone, Copy)]
pub struct LongRef<'a>(Long, PhantomData<&'a [u8]>);

impl<'a> LongRef<'a> {
    /// # Safety
    /// The string is live, and neither changed nor let go while it is borrowed.
    pub unsafe fn new(long: Long) -> LongRef<'a> {
        LongRef(long, PhantomData)
    }

    /// Its bytes.
    pub fn bytes(self) -> &'a [u8] {
        // SAFETY: as `new` was promised.
        unsafe { self.0.bytes() }
    }

    /// A share of it.
    pub fn share(self) -> Shared {
        // SAFETY: as `new` was promised.
        let word = unsafe { self.0.shares_and_capacity() };
        // Shares are made on one thread, so that nobody else adds one meanwhile.
        if word.load(Ordering::Relaxed) >> CAPACITY_BITS == SHARES_MAX {
            return Shared::of(&[self.bytes()]);
        }
        word.fetch_add(SHARE, Ordering::Relaxed);
        Shared(self.0, PhantomData)
    }
}

impl std::fmt::Debug for LongRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.bytes().fmt(f)
    }
}

/// A share of a long string: its bytes stay as they are for as long as it lives. It stays with its thread.
pub struct Shared(Long, PhantomData<*const u8>);

impl Shared {
    /// A string of these parts, which only this share and its clones keep.
    pub fn of(parts: &[&[u8]]) -> Shared {
        let long = Long::unwritten(parts.iter().map(|part| part.len()).sum());
        let mut at = long.start();
        for part in parts {
            // SAFETY: there is room for all parts.
            unsafe {
                at.copy_from_nonoverlapping(part.as_ptr(), part.len());
                at = at.add(part.len());
            }
        }
        Shared(long, PhantomData)
    }

    /// Another handle of the string: that of an owner.
    pub fn owned(&self) -> Long {
        ManuallyDrop::new(self.clone()).0
    }

    /// Bytes that the block takes.
    pub fn memory(&self) -> usize {
        // SAFETY: the block lives for as long as it is shared.
        unsafe { self.0.memory() }
    }
}

impl Clone for Shared {
    fn clone(&self) -> Shared {
        LongRef(self.0, PhantomData).share()
    }
}

impl Deref for Shared {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the block lives for as long as it is shared, and nobody changes it.
        unsafe { self.0.bytes() }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shared({} bytes)", self.len())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: a share is one of those that keep the block alive.
        unsafe { self.0.free() }
    }
}

/// A long string that is not whole yet: a vector whose bytes stay where they are when it becomes the block.
#[derive(Debug)]
pub struct Draft(Vec<u8>);

impl Draft {
    /// Room for a string of this length; what the allocator gives beyond that is room too.
    pub fn with_room(len: usize) -> Draft {
        let mut block = Vec::with_capacity(class(HEAD + len));
        block.resize(HEAD, 0);
        Draft(block)
    }

    /// The string so far.
    pub fn bytes(&self) -> &[u8] {
        &self.0[HEAD..]
    }

    /// How long it is so far.
    pub fn len(&self) -> usize {
        self.0.len() - HEAD
    }

    /// Whether nothing of it has come.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// For so many bytes more there is room.
    pub fn room(&self) -> usize {
        self.0.capacity() - self.0.len()
    }

    /// Bytes that it takes.
    pub fn memory(&self) -> usize {
        self.0.capacity()
    }

    /// The vector, which ends with the string so far: bytes are to be added to it, as many as there is room for.
    pub fn block_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// Gives the room back that nothing has come for.
    pub fn shrink(&mut self) {
        self.0.shrink_to(class(self.0.len()));
    }

    /// The first `len` bytes are the whole of the string, which only the share that is returned keeps.
    pub fn finish(mut self, len: usize) -> Shared {
        assert!(len <= self.len(), "a string has come as a whole");
        self.0.truncate(HEAD + len);
        let size = class(HEAD + len);
        self.0.shrink_to(size);
        // A block is freed by its class.
        assert!(self.0.capacity() == size, "a vector has the room that was asked for");
        let long = Long(ManuallyDrop::new(self.0).as_mut_ptr());
        assert!(long.0.cast::<AtomicU64>().is_aligned(), "the allocator aligns to 8 what is so large");
        // SAFETY: the block is nobody's but this one's, and begins with room for the head.
        unsafe {
            long.set_len(len);
            long.set_capacity(size - HEAD);
        }
        Shared(long, PhantomData)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(long: Long) -> Shared {
        // SAFETY: the tests keep to the rules of an owner.
        unsafe { LongRef::new(long) }.share()
    }

    #[test]
    fn a_share_keeps_its_bytes_whatever_the_owner_does() {
        // SAFETY: one owner, which uses no handle that it has let go.
        unsafe {
            let mut long = Long::of(&[1; 2000]);
            let first = shared(long);
            assert!(!long.overwrite(&[2; 2000]), "it is shared");
            long.grow(3000);
            long.start().write_bytes(3, 3000);
            assert_eq!(*first, [1; 2000]);
            let (second, third) = (shared(long), shared(long));
            long.make_own(0);
            long.start().write_bytes(4, 3000);
            assert!(*second == [3; 3000] && *third == [3; 3000]);
            drop(second);
            assert!(*third == [3; 3000]);
            drop(third);
            let fourth = shared(long);
            long.free();
            assert!(*fourth == [4; 3000]);
        }
    }

    #[test]
    fn a_string_that_is_shared_no_more_is_changed_in_place() {
        // SAFETY: as above.
        unsafe {
            let mut long = Long::of(&[1; 2000]);
            drop(shared(long));
            let at = long.start();
            long.make_own(0);
            assert!(long.overwrite(&[2; 1900]) && long.start() == at && *long.bytes() == [2; 1900]);
            long.free();
        }
    }

    #[test]
    fn the_last_to_let_go_frees_it_on_whatever_thread() {
        for n in 0..200 {
            let long = Long::of(&vec![n as u8; 5000]);
            let share = shared(long);
            let address = long.0.addr();
            let freeing = std::thread::spawn(move || {
                // SAFETY: the owner's one handle came here.
                unsafe { Long(std::ptr::with_exposed_provenance_mut(address)).free() }
            });
            long.0.expose_provenance();
            assert!(share.iter().all(|b| *b == n as u8));
            drop(share);
            freeing.join().expect("it ends");
        }
    }

    #[test]
    fn beyond_as_many_shares_as_can_be_counted_there_are_copies() {
        let long = Long::of(&[7; 1500]);
        let shares: Vec<Shared> = (0..SHARES_MAX).map(|_| shared(long)).collect();
        let copy = shared(long);
        assert!(*copy == *shares[0] && copy.as_ptr() != shares[0].as_ptr());
        // SAFETY: as above.
        unsafe {
            drop(shares);
            assert!(!long.is_shared() && long.capacity() >= 1500);
            long.free();
        }
        assert_eq!(*copy.clone(), [7; 1500]);
    }

    #[test]
    fn one_that_nobody_owns_lives_as_long_as_its_clones() {
        let first = Shared::of(&[b"ab", b"", b"c"]);
        let second = first.clone();
        drop(first);
        assert_eq!(&*second, b"abc");
        assert!(Shared::of(&[]).is_empty());
    }

    #[test]
    fn a_draft_becomes_a_string_where_it_lies_and_an_owner_takes_it_over() {
        for (room, came, len) in
            [(5000, 5000, 4998), (0, 0, 0), (70_000, 70_000, 70_000), (70_000, 40_100, 40_000)]
        {
            let mut draft = Draft::with_room(room);
            assert!(draft.is_empty() && draft.room() >= room && draft.memory() >= draft.room() + HEAD);
            draft.block_mut().extend((0..came).map(|i| i as u8));
            let bytes = draft.bytes()[..len].to_vec();
            let share = draft.finish(len);
            assert!(*share == bytes && share.memory() == class(HEAD + len));
            let mut owner = share.owned();
            // SAFETY: one owner, which uses no handle that it has let go.
            unsafe {
                assert!(owner.start().cast_const() == share.as_ptr() && owner.is_shared());
                drop(share);
                assert!(!owner.is_shared() && *owner.bytes() == bytes);
                owner.grow(len + 1);
                assert_eq!(owner.bytes()[..len], bytes);
                owner.free();
            }
        }
    }

    #[test]
    fn a_draft_gives_back_the_room_that_nothing_came_for() {
        let mut draft = Draft::with_room(1 << 20);
        draft.block_mut().extend_from_slice(&[7; 100]);
        draft.shrink();
        assert!(draft.memory() == class(HEAD + 100) && *draft.bytes() == [7; 100]);
    }
}
