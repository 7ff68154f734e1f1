//! Huge pages for the heap: a thread that sees to it that memory in use lies in pages of 2 MB.
//!
//! A fork copies the page tables, so its time is the number of pages; and random reads of many small pages miss the TLB.
//! The heap grows by stretches that this thread has made ready (`heap_growth`). What is in small pages all the same, since
//! the heap grew faster or by a great block, or because a snapshot's child and writes made them of a huge one, is mended
//! later: collapsed (`MADV_COLLAPSE`, Linux 6.1), where a stretch is in memory nearly whole.
//!
//! The kernel locks the address space while it copies a stretch, and who then has a page fault waits. So that is done in
//! quiet times: not while a child lives, whose pages would be copied, nor while the process grows or shrinks, and with
//! pauses. Collapsing changes no content, so the thread needs to know nothing of who uses the memory, nor whether a
//! mapping it has read of is still there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{fs, io};

use super::give_back::heap_mapping;
use super::heap_growth;
use super::memory::page_size;

/// Of sixteen pages of a stretch so many must be in memory. The others are what collapsing adds.
const FILLED_OF_16: usize = 15;
/// How often the thread looks whether the process is at rest; and the longest time between two passes, which doubles
/// while they find nothing.
const INTERVAL: Duration = Duration::from_secs(1);
const INTERVAL_MAX: Duration = Duration::from_secs(32);
/// At rest is who has got or given back less than so many bytes in an interval.
const REST_BYTES: usize = 4 << 20;
/// After a stretch was copied the thread sleeps this many times as long as that took, so that the server does not wait for
/// one copy after the other.
const PAUSE_TIMES: u32 = 8;
/// After so long without growth, what was made ready is given back.
const GROWN_LATELY: Duration = Duration::from_secs(10);
/// A call that took less copied nothing: the stretch was a huge page already.
const COPY_MIN: Duration = Duration::from_micros(30);

/// Of linux/mman.h; not every C library has it.
const MADV_COLLAPSE: i32 = 25;
/// So many refusals and never a success: this kernel cannot.
const REFUSALS_MAX: usize = 64;

const RUN: u8 = 0;
const PAUSE: u8 = 1;
const STOP: u8 = 2;
/// To go on after a pause.
const RESUME: u8 = 3;

/// The thread, if it runs, seen from its owner. It stops when this is dropped.
#[derive(Debug, Default)]
pub struct HugePages {
    state: Option<Arc<AtomicU8>>,
}

impl HugePages {
    /// Starts the thread, unless the system gives no huge pages; or stops it.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn set(&mut self, on: bool) -> io::Result<()> {
        if !on {
            self.tell(STOP);
            self.state = None;
        } else if let Some(size) = huge_page_size()
            && self.state.is_none()
        {
            heap_growth::install();
            let state = Arc::new(AtomicU8::new(RUN));
            let seen = Arc::clone(&state);
            std::thread::Builder::new().name("huge_pages".into()).spawn(move || run(size, &seen))?;
            self.state = Some(state);
        }
        Ok(())
    }

    /// Has the thread stand still, or go on. To be paused before a fork, so that it does not hold that up, until the
    /// child has ended.
    pub fn pause(&self, on: bool) {
        self.tell(if on { PAUSE } else { RESUME });
    }

    fn tell(&self, what: u8) {
        if let Some(state) = &self.state {
            state.store(what, Relaxed);
            if what != PAUSE {
                heap_growth::wake();
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
    let (mut taken, mut grown) = (heap_growth::taken(), Instant::now());
    let mut ready = false;
    let mut mending = Mending::new();
    loop {
        let events = heap_growth::events();
        match state.load(Relaxed) {
            STOP => {
                heap_growth::give_back();
                return;
            }
            PAUSE => {}
            RESUME => {
                // What was told in the meantime is not overwritten.
                let _ = state.compare_exchange(RESUME, RUN, Relaxed, Relaxed);
                mending.all_is_new();
            }
            _ => mending.go_on(size, state),
        }
        if taken != heap_growth::taken() {
            (taken, grown) = (heap_growth::taken(), Instant::now());
        }
        if grown.elapsed() < GROWN_LATELY {
            let made = heap_growth::prepare();
            ready |= made;
            if made {
                continue;
            }
        } else if std::mem::take(&mut ready) {
            heap_growth::give_back();
        }
        heap_growth::sleep(events, INTERVAL);
    }
}

/// When the heap is mended next.
struct Mending {
    looked: Instant,
    resident: usize,
    due: Instant,
    interval: Duration,
    total: Passed,
}

impl Mending {
    fn new() -> Mending {
        let now = Instant::now();
        Mending { looked: now, resident: 0, due: now, interval: INTERVAL, total: Passed::default() }
    }

    /// Much may have come into small pages.
    fn all_is_new(&mut self) {
        (self.interval, self.looked) = (INTERVAL, Instant::now());
        self.due = self.looked;
    }

    /// Does a pass if it is time and the process is at rest.
    fn go_on(&mut self, size: usize, state: &AtomicU8) {
        let impossible = self.total.collapsed == 0 && self.total.refused >= REFUSALS_MAX;
        if impossible || self.looked.elapsed() < INTERVAL {
            return;
        }
        let resident = resident_bytes();
        let rests = resident.abs_diff(self.resident) < REST_BYTES;
        (self.looked, self.resident) = (Instant::now(), resident);
        if !rests {
            self.interval = INTERVAL;
            self.due = self.looked;
        } else if self.looked >= self.due {
            let grown = heap_growth::taken();
            let passed = pass(size, &|| state.load(Relaxed) == RUN && heap_growth::taken() == grown);
            self.interval =
                if passed.collapsed > 0 { INTERVAL } else { (self.interval * 2).min(INTERVAL_MAX) };
            self.total.collapsed += passed.collapsed;
            self.total.refused += passed.refused;
            (self.looked, self.resident) = (Instant::now(), resident_bytes());
            self.due = self.looked + self.interval;
        }
    }
}

/// What of this process is in memory, as the kernel counts roughly and at once.
fn resident_bytes() -> usize {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * page_size()
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
    // SAFETY: the advices change no content, whatever lies there.
    let advise = |advice| unsafe { libc::madvise(std::ptr::without_provenance_mut(at), size, advice) == 0 };
    // Where the heap grows by stretches, huge pages are advised against else.
    let ours = heap_growth::is_ours(at);
    if ours {
        advise(libc::MADV_HUGEPAGE);
    }
    let before = Instant::now();
    let done = advise(MADV_COLLAPSE);
    let error = io::Error::last_os_error();
    let time = before.elapsed();
    if ours {
        advise(libc::MADV_NOHUGEPAGE);
    }
    match done {
        true if time < COPY_MIN => passed.already += 1,
        true => {
            passed.collapsed += 1;
            std::thread::sleep(time * PAUSE_TIMES);
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
            assert_eq!(pages.state.is_some(), on && huge_page_size().is_some());
            pages.pause(true);
            pages.pause(false);
        }
    }
}
