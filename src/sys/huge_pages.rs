//! Huge pages for the heap: a thread that asks the kernel to put memory that is in use into pages of 2 MB.
//!
//! A fork copies the page tables, so its time is the number of pages; and random reads of many small pages miss the TLB.
//! Asking for huge pages beforehand (`MADV_HUGEPAGE`, jemalloc's `thp:always`) has two faults here. The kernel goes on
//! filling up such mappings: memory that the allocator gave back comes back, zeros. And whatever is written to while a
//! snapshot's child lives falls apart into small pages, for good. So the heap's mappings are left as they are, and this
//! thread collapses (`MADV_COLLAPSE`, Linux 6.1) those stretches of them that are in memory nearly whole: soon after
//! they were filled, and again after a child has ended. It stands still while one lives: what is moved then is copied.
//!
//! Collapsing changes no content, so the thread needs to know nothing of who uses the memory, nor whether a mapping it
//! has read of is still there. What uses the stretch waits while it is copied, a fraction of a millisecond.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::thread::Thread;
use std::time::{Duration, Instant};
use std::{fs, io};

use super::give_back::heap_mapping;
use super::memory::page_size;

/// Of sixteen pages of a stretch so many must be in memory. The others are what collapsing adds.
const FILLED_OF_16: usize = 15;
/// The time between two passes, if the first found something to do; it doubles while they find nothing.
const INTERVAL: Duration = Duration::from_secs(1);
const INTERVAL_MAX: Duration = Duration::from_secs(8);
/// After a stretch was copied the thread sleeps this many times as long as that took, so that the server does not wait for
/// one copy after the other.
const REST: u32 = 1;
/// A call that took less copied nothing: the stretch was a huge page already.
const COPY_MIN: Duration = Duration::from_micros(30);

/// Of linux/mman.h; not every C library has it.
const MADV_COLLAPSE: i32 = 25;
/// So many refusals and never a success: this kernel cannot.
const REFUSALS_MAX: usize = 64;

const RUN: u8 = 0;
const PAUSE: u8 = 1;
const STOP: u8 = 2;

/// The thread, if it runs, seen from its owner. It stops when this is dropped.
#[derive(Debug, Default)]
pub struct HugePages {
    thread: Option<(Thread, Arc<AtomicU8>)>,
}

impl HugePages {
    /// Starts the thread, unless the system gives no huge pages; or stops it.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn set(&mut self, on: bool) -> io::Result<()> {
        if !on {
            self.tell(STOP);
            self.thread = None;
        } else if let Some(size) = huge_page_size()
            && self.thread.is_none()
        {
            let state = Arc::new(AtomicU8::new(RUN));
            let seen = Arc::clone(&state);
            let thread =
                std::thread::Builder::new().name("huge_pages".into()).spawn(move || run(size, &seen))?;
            self.thread = Some((thread.thread().clone(), state));
        }
        Ok(())
    }

    /// Has the thread stand still, or go on. To be paused before a fork, so that it does not hold that up, until the
    /// child has ended.
    pub fn pause(&self, on: bool) {
        self.tell(if on { PAUSE } else { RUN });
    }

    fn tell(&self, what: u8) {
        if let Some((thread, state)) = &self.thread {
            state.store(what, Relaxed);
            if what != PAUSE {
                thread.unpark();
            }
        }
    }
}

impl Drop for HugePages {
    fn drop(&mut self) {
        self.tell(STOP);
    }
}

/// Bytes in a huge page, if this system gives them to those who ask.
fn huge_page_size() -> Option<usize> {
    let folder = "/sys/kernel/mm/transparent_hugepage";
    let enabled = fs::read_to_string(format!("{folder}/enabled")).ok()?;
    let size = fs::read_to_string(format!("{folder}/hpage_pmd_size")).ok()?.trim().parse().ok()?;
    (!enabled.contains("[never]") && size > page_size()).then_some(size)
}

fn run(size: usize, state: &AtomicU8) {
    super::signal::block_in_this_thread();
    let mut interval = INTERVAL;
    let mut total = Passed::default();
    loop {
        std::thread::park_timeout(interval);
        match state.load(Relaxed) {
            STOP => return,
            PAUSE => continue,
            _ => {}
        }
        let passed = pass(size, &|| state.load(Relaxed) == RUN);
        interval = if passed.collapsed > 0 { INTERVAL } else { (interval * 2).min(INTERVAL_MAX) };
        total.collapsed += passed.collapsed;
        total.refused += passed.refused;
        if total.collapsed == 0 && total.refused >= REFUSALS_MAX {
            return;
        }
    }
}

/// What came of a pass.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Passed {
    /// Stretches that were made huge pages, and those that were ones.
    collapsed: usize,
    already: usize,
    /// Stretches for which the kernel does not know the advice, or not for them.
    refused: usize,
}

/// Goes over all of the heap once.
fn pass(size: usize, go_on: &dyn Fn() -> bool) -> Passed {
    let mut passed = Passed::default();
    // Without /proc there is nothing to do.
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mut resident = vec![0; size / page_size()];
    for (start, end) in maps.lines().filter_map(heap_mapping) {
        let mut at = start.next_multiple_of(size);
        while at + size <= end {
            if !go_on() {
                return passed;
            }
            if is_filled(at, size, &mut resident) {
                collapse(at, size, &mut passed);
            }
            at += size;
        }
    }
    passed
}

/// Whether nearly all pages of a stretch are in memory.
fn is_filled(at: usize, size: usize, resident: &mut [u8]) -> bool {
    // SAFETY: mincore writes a byte for each page of the range, and `resident` has as many; of the range it needs
    // nothing.
    let error = unsafe { libc::mincore(std::ptr::without_provenance_mut(at), size, resident.as_mut_ptr()) };
    error == 0 && resident.iter().filter(|page| **page & 1 == 1).count() >= resident.len() / 16 * FILLED_OF_16
}

/// Makes a stretch one huge page.
fn collapse(at: usize, size: usize, passed: &mut Passed) {
    let before = Instant::now();
    // SAFETY: the advice changes no content, whatever lies there.
    let done = unsafe { libc::madvise(std::ptr::without_provenance_mut(at), size, MADV_COLLAPSE) } == 0;
    let error = io::Error::last_os_error();
    let time = before.elapsed();
    match done {
        true if time < COPY_MIN => passed.already += 1,
        true => {
            passed.collapsed += 1;
            std::thread::sleep(time * REST);
        }
        // Any other error is about this stretch, now: there is no huge page free, or something holds a page.
        false => passed.refused += usize::from(error.raw_os_error() == Some(libc::EINVAL)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_in_use_is_collapsed_and_keeps_its_content() {
        let Some(size) = huge_page_size() else { return };
        let mut bytes: Vec<u32> = (0..4 << 20).collect();
        assert_eq!(pass(size, &|| false), Passed::default(), "a pass that is told to stop does");
        let passed = pass(size, &|| true);
        assert!(passed.collapsed + passed.already + passed.refused > 0, "{passed:?}");
        bytes.push(0);
        assert!(bytes.iter().zip(0..4 << 20).all(|(a, b)| *a == b));
    }

    #[test]
    fn the_thread_is_started_paused_and_stopped() {
        let mut pages = HugePages::default();
        pages.pause(true);
        for on in [true, true, false, false, true] {
            pages.set(on).expect("a thread");
            assert_eq!(pages.thread.is_some(), on && huge_page_size().is_some());
            pages.pause(true);
            pages.pause(false);
        }
    }
}
