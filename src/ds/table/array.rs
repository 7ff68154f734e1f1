//! The buckets of a table, numbered from 0: an array that grows and shrinks at its end without moving.
//!
//! The buckets lie in chunks of 2 MB. Only the first chunk, while it is the only one, is reallocated as it
//! grows, so that a small table is small. Chunks come zeroed from the allocator, which for fresh pages costs
//! nothing until they are used, and a zeroed bucket is an empty one.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use super::bucket::Bucket;

const CHUNK_BITS: u32 = 15;
/// Buckets in a chunk.
pub(super) const CHUNK: usize = 1 << CHUNK_BITS;

/// Invariants: `chunks` cover at least `len` buckets; those from `len` on have no entries; an only chunk has
/// `first_capacity` buckets, a power of two up to `CHUNK`, and several chunks have `CHUNK` each.
pub(super) struct Buckets<E> {
    chunks: Vec<NonNull<Bucket<E>>>,
    len: usize,
    first_capacity: usize,
}

impl<E> Buckets<E> {
    pub(super) const fn new() -> Buckets<E> {
        Buckets { chunks: Vec::new(), len: 0, first_capacity: 0 }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The bucket numbered `index`, which is below `len`.
    #[inline]
    pub(super) fn get(&self, index: usize) -> NonNull<Bucket<E>> {
        debug_assert!(index < self.len, "bucket {index} of {}", self.len);
        // SAFETY: the chunks cover all buckets below `len`, and callers only ask for those.
        unsafe { self.chunks.get_unchecked(index >> CHUNK_BITS).add(index & (CHUNK - 1)) }
    }

    /// Adds an empty bucket at the end.
    pub(super) fn push(&mut self) {
        self.reserve(self.len + 1);
        self.len += 1;
    }

    /// Removes the bucket at the end, which must be empty.
    pub(super) fn pop(&mut self) {
        self.len -= 1;
        if self.chunks.len() > 1 {
            if self.len <= (self.chunks.len() - 1) << CHUNK_BITS {
                let chunk = self.chunks.pop().expect("more than one");
                // SAFETY: all its buckets are past `len`: nothing refers to them.
                unsafe { free_chunk(chunk, CHUNK) }
            }
        } else if self.len <= self.first_capacity / 4 && self.len > 0 {
            self.resize_first(self.first_capacity / 2);
        }
    }

    /// Adds empty buckets up to `len`.
    pub(super) fn extend_to(&mut self, len: usize) {
        self.reserve(len);
        self.len = self.len.max(len);
    }

    /// Bytes held by the chunks.
    pub(super) fn allocated(&self) -> usize {
        let buckets =
            if self.chunks.len() > 1 { self.chunks.len() << CHUNK_BITS } else { self.first_capacity };
        buckets * size_of::<Bucket<E>>()
    }

    fn reserve(&mut self, len: usize) {
        if len > self.first_capacity && self.first_capacity < CHUNK {
            self.resize_first(len.next_power_of_two().min(CHUNK));
        }
        while self.chunks.len() << CHUNK_BITS < len && self.first_capacity == CHUNK {
            self.chunks.push(new_chunk(CHUNK));
        }
    }

    fn resize_first(&mut self, capacity: usize) {
        let new = new_chunk::<E>(capacity);
        match self.chunks.first_mut() {
            None => self.chunks.push(new),
            Some(first) => {
                // SAFETY: both chunks have room for `len` buckets, and the old one is not used afterwards.
                // Buckets may be moved as bytes: nothing points at a head.
                unsafe {
                    first.copy_to_nonoverlapping(new, self.len);
                    free_chunk(*first, self.first_capacity);
                }
                *first = new;
            }
        }
        self.first_capacity = capacity;
    }
}

impl<E> Drop for Buckets<E> {
    /// Frees the chunks; entries and chains are the table's to drop first.
    fn drop(&mut self) {
        let capacity = if self.chunks.len() > 1 { CHUNK } else { self.first_capacity };
        for chunk in self.chunks.drain(..) {
            // SAFETY: it was made with this capacity.
            unsafe { free_chunk(chunk, capacity) }
        }
    }
}

/// A full chunk is as large as a huge page, and lies like one: buckets are hit at random, and with small pages each hit
/// would also miss the TLB. The allocator grows by huge pages that are there already (`sys::heap_growth`); to ask for them
/// here would have the first touch of each wait until it is cleared.
fn chunk_layout<E>(buckets: usize) -> Layout {
    let layout = Layout::array::<Bucket<E>>(buckets).expect("a chunk is 2 MB at most");
    if buckets == CHUNK { layout.align_to(layout.size()).expect("2 MB are a power of two") } else { layout }
}

fn new_chunk<E>(buckets: usize) -> NonNull<Bucket<E>> {
    let layout = chunk_layout::<E>(buckets);
    // SAFETY: a chunk has at least one bucket, so the layout is not empty.
    let memory = unsafe { alloc_zeroed(layout) };
    let Some(chunk) = NonNull::new(memory.cast::<Bucket<E>>()) else { handle_alloc_error(layout) };
    chunk
}

/// # Safety
/// `chunk` is from `new_chunk(buckets)`, and is not used again.
unsafe fn free_chunk<E>(chunk: NonNull<Bucket<E>>, buckets: usize) {
    // SAFETY: as the caller says.
    unsafe { dealloc(chunk.as_ptr().cast(), chunk_layout::<E>(buckets)) }
}
