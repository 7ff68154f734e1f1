//! A snapshot child's memory, given back as it has been written out.
//!
//! What the parent writes to while a child lives is copied, as long as the child has the page too. So the child lets go of
//! every page of which it has written all: then the parent has it alone, and writes to it without a copy. A page holds
//! several blocks, and they are written in no order; so the bytes done with are counted for each page, and a page is given
//! back when they are all of it. Pages with a free block among the others stay.
//!
//! Small blocks are not worth counting: where many share a page, the last of them comes at the end of the walk.

use std::ptr;
use std::{fs, io};

use super::memory::page_size;

/// Blocks below this are not counted: a page of them would be given back in the last tenth of the walk.
const BLOCK_MIN: usize = 512;
/// Mappings this far below the uppermost one are not the heap: the program's own data lies there.
const SPAN_MAX: usize = 1 << 41;

/// The counts of a child's pages. [`super::fork::fork`] makes it, in the child alone.
#[derive(Debug)]
pub struct GiveBack {
    counts: Option<Counts>,
    /// Whether they have been asked for: a child that writes only small blocks needs none.
    begun: bool,
}

/// Invariant: `counts` is a mapping of two bytes for each of the `pages` pages from address `first` on.
#[derive(Debug)]
struct Counts {
    first: usize,
    pages: usize,
    page_size: usize,
    counts: *mut u16,
}

impl GiveBack {
    pub(super) fn new() -> GiveBack {
        GiveBack { counts: None, begun: false }
    }

    /// As if in a child.
    #[cfg(test)]
    pub fn for_test() -> GiveBack {
        GiveBack::new()
    }

    /// Says that the process has no more use for a block.
    ///
    /// # Safety
    /// The block is an allocator's, whole, and is neither read nor written nor freed by this process from now on. It
    /// is said once.
    #[inline]
    pub unsafe fn block(&mut self, at: *const u8, len: usize) {
        if len >= BLOCK_MIN {
            self.count(at.addr(), len);
        }
    }

    fn count(&mut self, at: usize, len: usize) {
        if !self.begun {
            self.begun = true;
            self.counts = Counts::new().ok();
        }
        if let Some(counts) = &mut self.counts {
            counts.count(at, at + len);
        }
    }
}

impl Counts {
    fn new() -> io::Result<Counts> {
        let maps = fs::read_to_string("/proc/self/maps")?;
        let mappings = || maps.lines().filter_map(heap_mapping);
        let end = mappings().map(|(_, end)| end).max().unwrap_or(0);
        let first =
            mappings().map(|(start, _)| start).filter(|start| end - start <= SPAN_MAX).min().unwrap_or(end);
        let page_size = page_size();
        let pages = (end - first) / page_size;
        // A count has room for a page of 32 KB.
        if pages == 0 || page_size > 1 << 15 {
            return Err(io::ErrorKind::Unsupported.into());
        }
        // SAFETY: a new mapping. The kernel gives it pages as they are written to.
        let counts = unsafe {
            let (rights, flags) =
                (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
            libc::mmap(ptr::null_mut(), pages * size_of::<u16>(), rights, flags | libc::MAP_NORESERVE, -1, 0)
        };
        if counts == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Counts { first, pages, page_size, counts: counts.cast() })
    }

    /// Counts the bytes from `at` to `end` as done with.
    fn count(&mut self, at: usize, end: usize) {
        if at < self.first || end > self.first + self.pages * self.page_size {
            return;
        }
        let whole = at.next_multiple_of(self.page_size)..end / self.page_size * self.page_size;
        if whole.start > whole.end {
            // Within one page.
            return self.count_in_page(at, end);
        }
        if at < whole.start {
            self.count_in_page(at, whole.start);
        }
        if whole.end < end {
            self.count_in_page(whole.end, end);
        }
        give_back(whole.start, whole.len());
    }

    fn count_in_page(&mut self, at: usize, end: usize) {
        let page = (at - self.first) / self.page_size;
        // SAFETY: `count` has seen to it that the page is one of those counted.
        let count = unsafe { &mut *self.counts.add(page) };
        *count = count.saturating_add((end - at) as u16);
        if usize::from(*count) == self.page_size {
            give_back(self.first + page * self.page_size, self.page_size);
        }
    }
}

/// Lets go of whole pages.
fn give_back(at: usize, len: usize) {
    if len > 0 {
        // SAFETY: `GiveBack::block` was promised that nothing on these pages is used any more. An error leaves them.
        unsafe { libc::madvise(ptr::without_provenance_mut(at), len, libc::MADV_DONTNEED) };
    }
}

impl Drop for Counts {
    fn drop(&mut self) {
        // SAFETY: the mapping that `new` made.
        unsafe { libc::munmap(self.counts.cast(), self.pages * size_of::<u16>()) };
    }
}

/// The bounds of a mapping that a line of `/proc/self/maps` is about, if the allocator can have made it: anonymous,
/// private, writable.
pub(super) fn heap_mapping(line: &str) -> Option<(usize, usize)> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let (rights, _offset, _device, inode, name) =
        (words.next()?, words.next()?, words.next()?, words.next()?, words.next());
    let address = |text| usize::from_str_radix(text, 16).ok();
    (rights == "rw-p" && inode == "0" && name.is_none()).then_some((address(start)?, address(end)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::rng::Rng;

    fn resident(at: usize, pages: usize) -> Vec<bool> {
        let mut seen = vec![0; pages];
        // SAFETY: the range is the test's own, and `seen` has a byte for each page.
        let error =
            unsafe { libc::mincore(ptr::without_provenance_mut(at), pages * page_size(), seen.as_mut_ptr()) };
        assert_eq!(error, 0);
        seen.iter().map(|page| page & 1 == 1).collect()
    }

    /// A mapping of so many pages, all written to.
    fn pages(count: usize) -> usize {
        let len = count * page_size();
        // SAFETY: a new mapping, which is filled.
        unsafe {
            let rights = libc::PROT_READ | libc::PROT_WRITE;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let at = libc::mmap(ptr::null_mut(), len, rights, flags, -1, 0);
            assert!(at != libc::MAP_FAILED);
            libc::madvise(at, len, libc::MADV_NOHUGEPAGE);
            at.cast::<u8>().write_bytes(1, len);
            at.addr()
        }
    }

    #[test]
    fn a_page_goes_when_the_last_of_its_blocks_is_done_with() {
        const PAGES: usize = 40;
        let page = page_size();
        for (seed, block) in [640, 1024, 2048, 2560, page, 5 * page / 2, 8 * page].into_iter().enumerate() {
            let start = pages(PAGES);
            let mut blocks: Vec<usize> = (0..PAGES * page / block).map(|n| start + n * block).collect();
            let mut rng = Rng::seeded(seed as u64);
            for i in (1..blocks.len()).rev() {
                blocks.swap(i, rng.below(i as u64 + 1) as usize);
            }
            let mut pages = GiveBack::new();
            let mut left: Vec<usize> = vec![page; PAGES];
            // Those at the end of the mapping have nothing in their remaining bytes, and stay.
            for at in blocks {
                // SAFETY: the test does not look at the memory any more.
                unsafe { pages.block(ptr::without_provenance(at), block) };
                for byte in (at..at + block).step_by(128) {
                    left[(byte - start) / page] -= 128;
                }
                let expected: Vec<bool> = left.iter().map(|bytes| *bytes > 0).collect();
                assert_eq!(resident(start, PAGES), expected, "blocks of {block}");
            }
        }
    }

    #[test]
    fn what_is_small_or_elsewhere_is_let_be() {
        let start = pages(1);
        let mut pages = GiveBack::new();
        for at in (start..start + page_size()).step_by(64) {
            // SAFETY: the test does not look at the memory any more.
            unsafe { pages.block(ptr::without_provenance(at), 64) };
        }
        assert!(!pages.begun && resident(start, 1)[0]);
        // SAFETY: no address of this process is as low, or as high.
        unsafe {
            pages.block(ptr::without_provenance(512), 2 * page_size());
            pages.block(ptr::without_provenance(usize::MAX / 2), 2 * page_size());
        }
    }

    #[test]
    fn only_anonymous_private_memory_is_taken_for_the_heap() {
        let heap = "7f0000000000-7f0000400000 rw-p 00000000 00:00 0 ";
        assert_eq!(heap_mapping(heap), Some((0x7f00_0000_0000, 0x7f00_0040_0000)));
        for other in [
            "7f0000000000-7f0000400000 rw-s 00000000 00:00 0 ",
            "7f0000000000-7f0000400000 r--p 00000000 00:00 0 ",
            "7f0000000000-7f0000400000 rw-p 00000000 08:01 1234   /lib/libc.so.6",
            "7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0      [stack]",
            "",
            "nonsense",
        ] {
            assert_eq!(heap_mapping(other), None, "{other}");
        }
    }
}
