//! The program's allocator: jemalloc, whose own figures are what INFO memory shows.
//!
//! jemalloc is built with size classes 8 bytes apart (`.cargo/config.toml`), so that a block of 40 bytes takes 40. Such a
//! block is aligned to 8 bytes, not to 16 as is usual: what asks for more has to say so, also when it frees. That is why
//! this is not the `GlobalAlloc` of the tikv-jemallocator crate, which takes 16 for granted.
//!
//! A build with `--cfg system_allocator` uses the system's allocator instead, which AddressSanitizer and valgrind put
//! their own in place of (`tests/sanitize`). INFO memory then knows of nothing.

use std::alloc::{GlobalAlloc, Layout};
use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tikv_jemalloc_sys::{MALLOCX_ALIGN, MALLOCX_ZERO, calloc, malloc, mallocx, rallocx, realloc, sdallocx};

/// What every block is aligned to, whatever its size.
const ALIGN_MIN: usize = 8;
/// Blocks whose size is a multiple of 16 are aligned to that, since such sizes are their own class up to 64 and every
/// class above is a multiple of 16.
const ALIGN_OF_EVEN: usize = 16;

/// jemalloc as Rust's global allocator.
#[derive(Debug, Clone, Copy)]
pub struct Jemalloc;

/// The flags of a block of this layout. 0, the quick path, is what nearly all are: the compiler knows the alignment
/// where it inlines this.
#[inline]
fn flags(size: usize, align: usize) -> i32 {
    let as_is = align <= ALIGN_MIN || (align == ALIGN_OF_EVEN && size.is_multiple_of(ALIGN_OF_EVEN));
    if as_is { 0 } else { MALLOCX_ALIGN(align) }
}

/// The size of the last block that could not be had, or 0.
static REFUSED: AtomicUsize = AtomicUsize::new(0);

/// How many bytes the allocation was of that failed last, if one has: what an abort is most likely about.
#[must_use]
pub fn last_refused() -> Option<usize> {
    Some(REFUSED.load(Relaxed)).filter(|size| *size != 0)
}

/// The block as it is, noting that there is none.
#[inline]
fn noted(block: *mut c_void, size: usize) -> *mut u8 {
    #[cold]
    fn note(size: usize) {
        REFUSED.store(size, Relaxed);
    }
    if block.is_null() {
        note(size);
    }
    block.cast()
}

// SAFETY: jemalloc's blocks are as large as asked for, and aligned as `flags` says. Layouts are never empty, as the
// trait has it, so that no size is 0, which `mallocx` and `rallocx` do not allow.
unsafe impl GlobalAlloc for Jemalloc {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see above; so in all that follows.
        unsafe {
            let block = match flags(layout.size(), layout.align()) {
                0 => malloc(layout.size()),
                flags => mallocx(layout.size(), flags),
            };
            noted(block, layout.size())
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see above.
        unsafe {
            let block = match flags(layout.size(), layout.align()) {
                0 => calloc(1, layout.size()),
                flags => mallocx(layout.size(), flags | MALLOCX_ZERO),
            };
            noted(block, layout.size())
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block was allocated with this layout, and so with these flags.
        unsafe { sdallocx(block.cast(), layout.size(), flags(layout.size(), layout.align())) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: see above. The new block is what its own flags make it, wherever the old one was.
        unsafe {
            let block = match flags(new_size, layout.align()) {
                0 => realloc(block.cast(), new_size),
                flags => rallocx(block.cast(), new_size, flags),
            };
            noted(block, new_size)
        }
    }
}

/// The size of a block, which is at least what was asked for.
///
/// # Safety
/// The block is from the global allocator and has not been freed.
#[must_use]
pub unsafe fn usable_size(block: *const u8) -> usize {
    // SAFETY: as the caller says.
    #[cfg(system_allocator)]
    return unsafe { libc::malloc_usable_size(block.cast_mut().cast()) };
    // SAFETY: as the caller says.
    #[cfg(not(system_allocator))]
    unsafe {
        tikv_jemalloc_sys::malloc_usable_size(block.cast())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::alloc::{alloc, alloc_zeroed, dealloc, realloc};
    use std::hint::black_box;
    use std::slice::{from_raw_parts, from_raw_parts_mut};

    /// Small sizes one by one, and those around the borders of greater classes.
    fn sizes() -> impl Iterator<Item = usize> + Clone {
        (1..300).chain((9..20).flat_map(|bits| [(1 << bits) - 1, 1 << bits, (1 << bits) + 8]))
    }

    fn alignments() -> impl Iterator<Item = usize> {
        (0..=12).map(|bits| 1 << bits)
    }

    fn fill(block: *mut u8, len: usize, byte: u8) {
        // SAFETY: the tests' blocks are `len` bytes long.
        unsafe { from_raw_parts_mut(block, len) }.fill(byte);
    }

    fn is_filled(block: *mut u8, len: usize, byte: u8) -> bool {
        // SAFETY: the tests' blocks are `len` bytes long and written to.
        unsafe { from_raw_parts(block, len) }.iter().all(|b| *b == byte)
    }

    #[test]
    fn blocks_of_every_alignment_are_aligned_and_their_own() {
        for align in alignments() {
            let mut held = Vec::new();
            for (n, size) in sizes().enumerate() {
                let layout = Layout::from_size_align(size, align).expect("a valid layout");
                // Two of each size: a class's blocks lie one behind the other.
                for zeroed in [false, true] {
                    // SAFETY: no size is 0.
                    let block = unsafe { if zeroed { alloc_zeroed(layout) } else { alloc(layout) } };
                    assert!(
                        !block.is_null() && block.addr().is_multiple_of(align),
                        "{layout:?} at {block:?}"
                    );
                    assert!(!zeroed || is_filled(block, size, 0), "{layout:?}");
                    // SAFETY: the block is live.
                    assert!(unsafe { usable_size(block) } >= size);
                    fill(block, size, n as u8);
                    held.push((block, layout, n as u8));
                }
            }
            for (block, layout, byte) in held {
                assert!(is_filled(block, layout.size(), byte), "{layout:?} was written to");
                // SAFETY: the block was made with this layout.
                unsafe { dealloc(block, layout) };
            }
        }
    }

    #[test]
    fn a_block_that_changes_its_size_keeps_alignment_and_content() {
        for align in alignments() {
            for old in sizes().step_by(7) {
                for new in sizes().step_by(11) {
                    let layout = Layout::from_size_align(old, align).expect("a valid layout");
                    // SAFETY: no size is 0; the block is freed with the layout that it has by then.
                    unsafe {
                        let block = alloc(layout);
                        fill(block, old, 0xa5);
                        let block = realloc(block, layout, new);
                        assert!(block.addr().is_multiple_of(align), "{layout:?} to {new} at {block:?}");
                        assert!(is_filled(block, old.min(new), 0xa5), "{layout:?} to {new}");
                        dealloc(block, Layout::from_size_align_unchecked(new, align));
                    }
                }
            }
        }
    }

    #[test]
    fn memory_that_cannot_be_had_is_refused() {
        // Unseen by the compiler, which may leave out an allocation whose block is not used.
        let huge = black_box(1 << 56);
        for align in [8, 16, 64] {
            let layout = Layout::from_size_align(huge, align).expect("a valid layout");
            let small = Layout::from_size_align(64, align).expect("a valid layout");
            // SAFETY: no size is 0; the small block is freed, and the great ones are not had.
            unsafe {
                assert!(black_box(alloc(layout)).is_null() && black_box(alloc_zeroed(layout)).is_null());
                let block = alloc(small);
                assert!(black_box(realloc(block, small, huge)).is_null());
                dealloc(block, small);
                assert_eq!(last_refused(), Some(huge));
            }
        }
    }

    /// A sized free with a wrong class would put the block in another class's cache.
    #[test]
    fn the_size_that_a_free_names_is_that_of_the_block() {
        for align in alignments() {
            for size in sizes() {
                let layout = Layout::from_size_align(size, align).expect("a valid layout");
                let flags = flags(size, align);
                // SAFETY: no size is 0, and the block is freed as it was made.
                unsafe {
                    let block = alloc(layout);
                    assert_eq!(usable_size(block), tikv_jemalloc_sys::nallocx(size, flags), "{layout:?}");
                    dealloc(block, layout);
                }
            }
        }
    }
}
