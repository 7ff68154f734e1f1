//! The bytes of a string too long to lie in its entry; `entry.rs` draws them.

use std::alloc::{handle_alloc_error, realloc};

use crate::ds::size::{allocate, class, free, layout};
use crate::sys::give_back::GiveBack;

/// The block of a long string: its length, its capacity, its bytes.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Heap(*mut u8);

const HEAP_HEAD: usize = 2 * size_of::<usize>();
/// Room made ahead for a string that grows is as much as it needs, but no more than this.
const HEAP_AHEAD_MAX: usize = 1 << 20;

/// As the functions of a block: the caller of an `unsafe` one vouches for a live heap block that it alone
/// uses.
impl Heap {
    pub(super) fn of(s: &[u8]) -> Heap {
        let size = class(HEAP_HEAD + s.len());
        let heap = Heap(allocate(size));
        // SAFETY: the block has room for head and string.
        unsafe {
            heap.set_len(s.len());
            heap.set_capacity(size - HEAP_HEAD);
            heap.start().copy_from_nonoverlapping(s.as_ptr(), s.len());
        }
        heap
    }

    /// Room for a string of this length and no more; its bytes are yet to be written.
    pub(super) fn unwritten(len: usize) -> Heap {
        let size = class(HEAP_HEAD + len);
        let heap = Heap(allocate(size));
        // SAFETY: the block has room for the head.
        unsafe {
            heap.set_len(len);
            heap.set_capacity(size - HEAP_HEAD);
        }
        heap
    }

    pub(super) fn start(self) -> *mut u8 {
        self.0.wrapping_add(HEAP_HEAD)
    }

    pub(super) unsafe fn len(self) -> usize {
        // SAFETY: the length comes first, and blocks are aligned to 8.
        unsafe { self.0.cast::<usize>().read() }
    }

    unsafe fn set_len(self, len: usize) {
        // SAFETY: as in `len`.
        unsafe { self.0.cast::<usize>().write(len) }
    }

    unsafe fn capacity(self) -> usize {
        // SAFETY: the capacity comes second.
        unsafe { self.0.cast::<usize>().add(1).read() }
    }

    unsafe fn set_capacity(self, capacity: usize) {
        // SAFETY: as in `capacity`.
        unsafe { self.0.cast::<usize>().add(1).write(capacity) }
    }

    pub(super) unsafe fn bytes<'a>(self) -> &'a [u8] {
        // SAFETY: so many bytes have been written.
        unsafe { std::slice::from_raw_parts(self.start(), self.len()) }
    }

    pub(super) unsafe fn free(self) {
        // SAFETY: head and capacity are the whole of the block.
        unsafe { free(self.0, HEAP_HEAD + self.capacity()) }
    }

    /// Bytes that the block takes.
    pub(super) unsafe fn memory(self) -> usize {
        // SAFETY: as the caller says.
        class(HEAP_HEAD + unsafe { self.capacity() })
    }

    pub(super) unsafe fn give_back(self, pages: &mut GiveBack) {
        // SAFETY: as the caller says.
        unsafe { pages.block(self.0, self.memory()) }
    }

    /// Makes the string longer; the new bytes are yet to be written.
    pub(super) unsafe fn grow(&mut self, len: usize) {
        // SAFETY: the block is reallocated with the layout it has, and so are its bytes up to the old length.
        unsafe {
            let old = self.capacity();
            if len > old {
                let size = class(HEAP_HEAD + len + len.min(HEAP_AHEAD_MAX));
                let grown = realloc(self.0, layout(HEAP_HEAD + old), size);
                if grown.is_null() {
                    handle_alloc_error(layout(size));
                }
                self.0 = grown;
                self.set_capacity(size - HEAP_HEAD);
            }
            self.set_len(len);
        }
    }

    /// Puts another string in the block, unless it does not fit or would leave more than half of it unused.
    pub(super) unsafe fn overwrite(self, s: &[u8]) -> bool {
        // SAFETY: the bytes fit; `s` lies elsewhere.
        unsafe {
            let fits = (self.capacity() / 2..=self.capacity()).contains(&s.len());
            if fits {
                self.start().copy_from_nonoverlapping(s.as_ptr(), s.len());
                self.set_len(s.len());
            }
            fits
        }
    }
}
