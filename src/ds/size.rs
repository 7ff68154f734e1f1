//! The allocator's size classes.
//!
//! jemalloc gives out blocks of certain sizes only: multiples of its quantum up to eight quanta, then four
//! sizes to each doubling. What asks for a whole class wastes nothing, and knows the size it was given from
//! what it holds.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};

pub use c_compat::block::class;

/// The layout of a block of a class.
pub fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).expect("memory is smaller than isize::MAX")
}

/// A block for `len` bytes, not yet written.
pub fn allocate(len: usize) -> *mut u8 {
    let layout = layout(class(len));
    // SAFETY: no class is empty.
    let block = unsafe { alloc(layout) };
    if block.is_null() {
        handle_alloc_error(layout);
    }
    block
}

/// # Safety
/// `block` is from `allocate(len)`, or with a length of the same class, and is not used again.
pub unsafe fn free(block: *mut u8, len: usize) {
    // SAFETY: as the caller says.
    unsafe { dealloc(block, layout(class(len))) }
}

// Of classes the system's allocator knows nothing.
#[cfg(all(test, not(system_allocator)))]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_what_the_allocator_gives_and_is_its_own_class() {
        for len in (1..5000).chain((13..26).flat_map(|bits| [(1 << bits) - 1, 1 << bits, (1 << bits) + 1])) {
            let class = class(len);
            assert!(class >= len && super::class(class) == class, "{len} -> {class}");
            let layout = Layout::from_size_align(class, 8).expect("a valid layout");
            // SAFETY: the layout is not empty, and the block is freed with it.
            let usable = unsafe {
                let block = alloc(layout);
                let usable = crate::sys::alloc::usable_size(block);
                dealloc(block, layout);
                usable
            };
            assert_eq!(usable, class, "for {len}");
        }
    }
}
