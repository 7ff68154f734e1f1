//! An owned block of bytes behind one pointer: its header says how long it is, so that the handle need not.
//!
//! ```text
//! handle (8 bytes) -> | header | body ...                | unused, up to the size class |
//!                     |<----- as long as the header says ---->|
//! ```
//!
//! The block that is asked of the allocator is the size class of that length, and a class is what the allocator would
//! have given anyway. So nothing is wasted, appending reallocates only when a class is full (a fifth to a quarter longer
//! each time), and the layout to free with is known from the bytes alone.
//!
//! All unsafe code of this crate stands here. What keeps it sound is that the header is written by [`Block::splice`] and
//! the constructors only, which see to it that the length it says is the length there is; the users of a block write
//! nothing but its body.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, handle_alloc_error, realloc};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

/// Sizes up to `8 * QUANTUM` are multiples of it, larger ones are four to each doubling: jemalloc's classes.
/// `.cargo/config.toml` has it built so; its own choice would be 16, which costs a small block 4 bytes more on average. A
/// build that does not see that file works, and wastes them: a test of the server's allocator tells.
const QUANTUM: usize = 8;

/// The size of the allocator's block that holds `len` bytes.
#[inline]
pub fn class(len: usize) -> usize {
    if len <= 8 * QUANTUM {
        return len.max(1).next_multiple_of(QUANTUM);
    }
    let step = 1usize << ((len - 1).ilog2() - 2);
    (len + step - 1) & !(step - 1)
}

/// The front of a block.
///
/// # Safety
/// `write` fills `SIZE` bytes, from which `read` gives a header with the same `total`; `total` is at least `SIZE` and
/// always the same for the same header.
pub(crate) unsafe trait Header: Copy {
    const SIZE: usize;

    /// # Safety
    /// `SIZE` bytes can be read at `from`.
    unsafe fn read(from: *const u8) -> Self;

    /// # Safety
    /// `SIZE` bytes can be written at `to`.
    unsafe fn write(self, to: *mut u8);

    /// The length of header and body.
    fn total(self) -> usize;
}

/// Of a listpack: its length, then how many entries it has.
#[derive(Clone, Copy)]
pub(crate) struct ListpackHeader {
    pub(crate) total: u32,
    pub(crate) count: u16,
}

// SAFETY: both numbers are written and read back at the same six bytes, and `total` takes care of its minimum.
unsafe impl Header for ListpackHeader {
    const SIZE: usize = 6;

    #[inline(always)]
    unsafe fn read(from: *const u8) -> Self {
        // SAFETY: the caller vouches for six bytes; they need no alignment.
        unsafe {
            let total = from.cast::<u32>().read_unaligned();
            let count = from.add(4).cast::<u16>().read_unaligned();
            Self { total: u32::from_le(total), count: u16::from_le(count) }
        }
    }

    #[inline(always)]
    unsafe fn write(self, to: *mut u8) {
        // SAFETY: the caller vouches for six bytes; they need no alignment.
        unsafe {
            to.cast::<u32>().write_unaligned(self.total.to_le());
            to.add(4).cast::<u16>().write_unaligned(self.count.to_le());
        }
    }

    #[inline(always)]
    fn total(self) -> usize {
        (self.total as usize).max(Self::SIZE)
    }
}

/// Of an intset: the bytes a number takes, then how many numbers there are.
#[derive(Clone, Copy)]
pub(crate) struct IntsetHeader {
    pub(crate) width: u32,
    pub(crate) len: u32,
}

// SAFETY: both numbers are written and read back at the same eight bytes; the sum begins at `SIZE` and cannot overflow,
// a usize having 64 bits.
unsafe impl Header for IntsetHeader {
    const SIZE: usize = 8;

    #[inline(always)]
    unsafe fn read(from: *const u8) -> Self {
        // SAFETY: the caller vouches for eight bytes; they need no alignment.
        unsafe {
            let width = from.cast::<u32>().read_unaligned();
            let len = from.add(4).cast::<u32>().read_unaligned();
            Self { width: u32::from_le(width), len: u32::from_le(len) }
        }
    }

    #[inline(always)]
    unsafe fn write(self, to: *mut u8) {
        // SAFETY: the caller vouches for eight bytes; they need no alignment.
        unsafe {
            to.cast::<u32>().write_unaligned(self.width.to_le());
            to.add(4).cast::<u32>().write_unaligned(self.len.to_le());
        }
    }

    #[inline(always)]
    fn total(self) -> usize {
        Self::SIZE + self.len as usize * self.width as usize
    }
}

const _: () = assert!(size_of::<usize>() == 8);

/// Invariant: `start` is a block of `class(total)` bytes from the global allocator, `total` being what its header says,
/// and its first `total` bytes are initialised.
pub(crate) struct Block<H: Header> {
    start: NonNull<u8>,
    header: PhantomData<H>,
}

// SAFETY: a block owns its memory, and nothing in it is written through a shared reference.
unsafe impl<H: Header> Send for Block<H> {}
// SAFETY: as above.
unsafe impl<H: Header> Sync for Block<H> {}

impl<H: Header> Block<H> {
    /// A block of the length that `header` says, whose body is all zeros.
    pub(crate) fn zeroed(header: H) -> Self {
        let layout = layout(header.total());
        // SAFETY: a class is never 0.
        let start = unsafe { alloc_zeroed(layout) };
        let start = NonNull::new(start).unwrap_or_else(|| handle_alloc_error(layout));
        // SAFETY: the block has room for `total` bytes, and so for the header.
        unsafe { header.write(start.as_ptr()) };
        Self { start, header: PhantomData }
    }

    /// A block with this body, which must have the length that `header` leaves for it.
    pub(crate) fn new(header: H, body: &[u8]) -> Self {
        let total = header.total();
        assert_eq!(total - H::SIZE, body.len(), "a header says how long its body is");
        let layout = layout(total);
        // SAFETY: a class is never 0.
        let start = unsafe { alloc(layout) };
        let start = NonNull::new(start).unwrap_or_else(|| handle_alloc_error(layout));
        // SAFETY: the block has room for `total` bytes, the header's and the body's; it is new, so it overlaps nothing.
        unsafe {
            header.write(start.as_ptr());
            ptr::copy_nonoverlapping(body.as_ptr(), start.as_ptr().add(H::SIZE), body.len());
        }
        Self { start, header: PhantomData }
    }

    #[inline(always)]
    pub(crate) fn header(&self) -> H {
        // SAFETY: a block is never shorter than its header.
        unsafe { H::read(self.start.as_ptr()) }
    }

    #[inline(always)]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        // SAFETY: `total` bytes are initialised, and are not written while `self` is borrowed.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.header().total()) }
    }

    #[inline(always)]
    pub(crate) fn body_mut(&mut self) -> &mut [u8] {
        let len = self.header().total() - H::SIZE;
        // SAFETY: `total` bytes are initialised, `self` is borrowed exclusively, and the header is not part of it.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().add(H::SIZE), len) }
    }

    /// What the block takes of the allocator.
    pub(crate) fn allocated(&self) -> usize {
        class(self.header().total())
    }

    /// Puts `parts` where `removed` bytes stand at `at`, moving what follows once, and sets the header, which must say
    /// the length that comes of it.
    #[inline]
    pub(crate) fn splice(&mut self, header: H, at: usize, removed: usize, parts: &[&[u8]]) {
        let old = self.header().total();
        assert!(H::SIZE <= at && at <= old && removed <= old - at, "the place is inside the body");
        let inserted: usize = parts.iter().map(|part| part.len()).sum();
        let new = old - removed + inserted;
        assert_eq!(header.total(), new, "a header says how long its block is");
        if new > old {
            self.reallocate(old, new);
        }
        // SAFETY: the block has room for the longer of `old` and `new`. `at + removed + tail` is `old` and
        // `at + inserted + tail` is `new`, so what is moved, and the parts before it, stay inside; the parts are
        // borrowed, so they are not of this block, which is borrowed exclusively. After this `new` bytes are
        // initialised, and the header says so.
        unsafe {
            let start = self.start.as_ptr();
            if inserted != removed && at + removed < old {
                ptr::copy(start.add(at + removed), start.add(at + inserted), old - at - removed);
            }
            let mut to = start.add(at);
            for part in parts {
                ptr::copy_nonoverlapping(part.as_ptr(), to, part.len());
                to = to.add(part.len());
            }
            header.write(start);
        }
        if new < old {
            self.reallocate(old, new);
        }
    }

    /// Makes the block fit for `new` bytes. The caller has the header say `new` before anything else is done with it.
    #[inline]
    fn reallocate(&mut self, old: usize, new: usize) {
        let (from, to) = (layout(old), layout(new));
        if from == to {
            return;
        }
        // SAFETY: the block was allocated with `from`, the class of its length; a class is not 0, and `layout` has seen
        // that it is no larger than a block may be.
        let start = unsafe { realloc(self.start.as_ptr(), from, to.size()) };
        self.start = NonNull::new(start).unwrap_or_else(|| handle_alloc_error(to));
    }
}

#[inline(always)]
fn layout(len: usize) -> Layout {
    Layout::from_size_align(class(len), 1).expect("no block is that long")
}

impl<H: Header> Clone for Block<H> {
    fn clone(&self) -> Self {
        Self::new(self.header(), &self.as_bytes()[H::SIZE..])
    }
}

impl<H: Header> Drop for Block<H> {
    fn drop(&mut self) {
        let layout = layout(self.header().total());
        // SAFETY: the block was allocated with the class of its length, and is not used again.
        unsafe { dealloc(self.start.as_ptr(), layout) };
    }
}
