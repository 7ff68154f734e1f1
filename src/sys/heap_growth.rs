//! What the heap grows by: stretches of memory that were made ready before they are needed.
//!
//! The first touch of a page is a page fault, in which the kernel clears the page; for a huge page that is a quarter of a
//! millisecond, and several where the memory is new to a virtual machine. Collapsing small pages later copies them, and
//! holds the lock on the address space meanwhile. So neither is done by who uses the memory, nor while it is used: a
//! thread (`huge_pages`) touches stretches ahead, and the allocator of the main thread's arena is given those, by way of
//! the hook that jemalloc calls when it needs address space. Where none is ready the heap grows by a stretch as it
//! is, of small pages; these cost what they always did.
//!
//! Stretches are cut from segments of reserved address space, which are never returned: jemalloc keeps address space. No
//! huge page comes into a segment but by what is done here: all else is advised against (`MADV_NOHUGEPAGE`), so that the
//! kernel does not fill up again what was given back.
//!
//! Hook and thread share atomic numbers only, since a lock's holder may lose its core: a slot is emptied with one swap,
//! and what was in it belongs to who got it.

use std::ffi::{CStr, c_uint, c_void};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::AcqRel, Ordering::Acquire, Ordering::Release};
use std::time::Duration;

use tikv_jemalloc_sys::{extent_hooks_t, mallctl};

use super::memory::page_size;

/// Two huge pages: what the allocator asks for to place a block of 2 MB that lies at a multiple of that.
const STRETCH: usize = 4 << 20;
const SEGMENT: usize = 1 << 30;
const SEGMENTS_MAX: usize = 1024;
/// Stretches held ready at most; and one for so many that the heap has grown by.
const READY_MAX: usize = 8;
const TAKEN_FOR_EACH: u32 = 4;
/// In a slot, beside the address: the stretch has no pages.
const BARE: usize = 1;

/// The stretches held; 0 is none.
static SLOTS: [AtomicUsize; READY_MAX] = [const { AtomicUsize::new(0) }; READY_MAX];
/// Where the next stretch is cut; a multiple of a segment's size is the end of one.
static NEXT: AtomicUsize = AtomicUsize::new(0);
static SEGMENTS: [AtomicUsize; SEGMENTS_MAX] = [const { AtomicUsize::new(0) }; SEGMENTS_MAX];
/// How often the heap has grown by one.
static TAKEN: AtomicU32 = AtomicU32::new(0);
/// What the thread sleeps on: it counts what there is to wake up for.
static EVENTS: AtomicU32 = AtomicU32::new(0);

struct Hooks {
    ours: extent_hooks_t,
    theirs: *mut extent_hooks_t,
}

// SAFETY: the tables of functions are not written to once they are there.
unsafe impl Send for Hooks {}
// SAFETY: as above.
unsafe impl Sync for Hooks {}

static HOOKS: OnceLock<Hooks> = OnceLock::new();

/// Has the arena of this thread grow by stretches from now on. Without that all stays as it was: the allocator may
/// have no such controls.
pub(super) fn install() {
    // Where the system counts address space as memory, none is reserved.
    let counted =
        std::fs::read_to_string("/proc/sys/vm/overcommit_memory").is_ok_and(|mode| mode.trim() == "2");
    if counted || HOOKS.get().is_some() {
        return;
    }
    let Some(arena) = control::<c_uint>(c"thread.arena", None) else { return };
    let name = |what: &str| std::ffi::CString::new(format!("arena.{arena}.{what}")).expect("no NUL in it");
    let (hooks, limit) = (name("extent_hooks"), name("retain_grow_limit"));
    let Some(theirs) = control::<*mut extent_hooks_t>(&hooks, None) else { return };
    // SAFETY: the allocator's own table, which stays.
    let ours = extent_hooks_t { alloc: Some(grow), ..unsafe { ptr::read(theirs) } };
    let table = HOOKS.get_or_init(|| Hooks { ours, theirs });
    control(&hooks, Some((&raw const table.ours).cast_mut()));
    control(&limit, Some(STRETCH));
}

/// Reads a control of the allocator's, or sets it; gives what it was.
fn control<T: Copy>(name: &CStr, mut new: Option<T>) -> Option<T> {
    let (mut old, mut len) = (std::mem::MaybeUninit::<T>::uninit(), size_of::<T>());
    let (new, new_len) =
        new.as_mut().map_or((ptr::null_mut(), 0), |new| (ptr::from_mut(new), size_of::<T>()));
    // SAFETY: the name ends with a NUL; there is room for the value, and the allocator checks that its size is right.
    unsafe {
        let error = mallctl(name.as_ptr(), old.as_mut_ptr().cast(), &mut len, new.cast(), new_len);
        (error == 0 && len == size_of::<T>()).then(|| old.assume_init())
    }
}

/// The allocator's hook. It must not allocate.
unsafe extern "C" fn grow(
    hooks: *mut extent_hooks_t,
    wanted: *mut c_void,
    size: usize,
    alignment: usize,
    zero: *mut bool,
    commit: *mut bool,
    arena: c_uint,
) -> *mut c_void {
    if wanted.is_null()
        && size == STRETCH
        && alignment <= STRETCH
        && let Some(at) = take()
    {
        // SAFETY: the allocator's own variables.
        unsafe { (*zero, *commit) = (true, true) };
        return ptr::with_exposed_provenance_mut(at);
    }
    let theirs = HOOKS.get().expect("they are set where this is made known").theirs;
    // SAFETY: the allocator's own function, called as it calls it.
    unsafe {
        match (*theirs).alloc {
            Some(alloc) => alloc(hooks, wanted, size, alignment, zero, commit, arena),
            None => ptr::null_mut(),
        }
    }
}

/// A stretch that is ready, or else one as it is.
fn take() -> Option<usize> {
    let slots = || SLOTS.iter().map(|slot| (slot, slot.load(Acquire)));
    let held = slots().filter(|(_, held)| *held != 0).min_by_key(|(_, held)| (held & BARE, *held));
    let held = held.map_or(0, |(slot, _)| slot.swap(0, AcqRel));
    let at = if held == 0 { cut()? } else { held & !BARE };
    TAKEN.fetch_add(1, AcqRel);
    wake();
    Some(at)
}

/// A new stretch.
fn cut() -> Option<usize> {
    let mut next = NEXT.load(Acquire);
    loop {
        let fresh = next.is_multiple_of(SEGMENT);
        let at = if fresh { reserve()? } else { next };
        match NEXT.compare_exchange(next, at + STRETCH, AcqRel, Acquire) {
            Ok(_) => {
                if fresh {
                    let unused = |slot: &&AtomicUsize| slot.compare_exchange(0, at, AcqRel, Acquire).is_ok();
                    SEGMENTS.iter().find(unused);
                }
                return Some(at);
            }
            Err(now) => {
                if fresh {
                    // SAFETY: the segment that was just made, which nobody knows.
                    unsafe { libc::munmap(ptr::with_exposed_provenance_mut(at), SEGMENT) };
                }
                next = now;
            }
        }
    }
}

/// Address space for a segment, at a multiple of its size.
fn reserve() -> Option<usize> {
    if SEGMENTS[SEGMENTS_MAX - 1].load(Acquire) != 0 {
        return None;
    }
    let rights = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping, of which the part that is not needed is let go of.
    unsafe {
        let made = libc::mmap(ptr::null_mut(), 2 * SEGMENT, rights, flags, -1, 0);
        if made == libc::MAP_FAILED {
            return None;
        }
        let start = made.expose_provenance();
        let at = start.next_multiple_of(SEGMENT);
        if at > start {
            libc::munmap(made, at - start);
        }
        libc::munmap(ptr::with_exposed_provenance_mut(at + SEGMENT), start + SEGMENT - at);
        libc::madvise(ptr::with_exposed_provenance_mut(at), SEGMENT, libc::MADV_NOHUGEPAGE);
        Some(at)
    }
}

/// Whether an address is in a segment.
pub(super) fn is_ours(at: usize) -> bool {
    let start = at / SEGMENT * SEGMENT;
    SEGMENTS.iter().map(|slot| slot.load(Acquire)).take_while(|slot| *slot != 0).any(|slot| slot == start)
}

/// How often the heap has grown, to see whether it does.
pub(super) fn taken() -> u32 {
    TAKEN.load(Acquire)
}

/// Makes one stretch ready, if fewer are than the heap's size calls for.
pub(super) fn prepare() -> bool {
    let wanted = (taken() / TAKEN_FOR_EACH).min(READY_MAX as u32) as usize;
    let Some(slot) = SLOTS[..wanted]
        .iter()
        .find(|slot| matches!(slot.load(Acquire), held if held == 0 || held & BARE != 0))
    else {
        return false;
    };
    let held = slot.swap(0, AcqRel);
    let Some(at) = (if held == 0 { cut() } else { Some(held & !BARE) }) else { return false };
    advise(at, STRETCH, libc::MADV_HUGEPAGE);
    for page in (at..at + STRETCH).step_by(page_size()) {
        // SAFETY: the stretch is this thread's alone: it has been cut, or taken out of its slot.
        unsafe { ptr::with_exposed_provenance_mut::<u8>(page).write_volatile(0) };
    }
    advise(at, STRETCH, libc::MADV_NOHUGEPAGE);
    if slot.compare_exchange(0, at, AcqRel, Acquire).is_err() {
        // Another thread was just started, or is about to stop.
        advise(at, STRETCH, libc::MADV_DONTNEED);
    }
    true
}

/// Gives back the pages of the stretches that are ready.
pub(super) fn give_back() {
    for slot in &SLOTS {
        let held = slot.swap(0, AcqRel);
        if held != 0 {
            advise(held & !BARE, STRETCH, libc::MADV_DONTNEED);
            slot.store(held | BARE, Release);
        }
    }
}

fn advise(at: usize, len: usize, advice: i32) {
    // SAFETY: a stretch that is the caller's alone. What fails costs speed only.
    unsafe { libc::madvise(ptr::with_exposed_provenance_mut(at), len, advice) };
}

/// What to give to [`sleep`]: to be read before looking for work.
pub(super) fn events() -> u32 {
    EVENTS.load(Acquire)
}

/// Sleeps until the heap has grown since `events` was read, or [`wake`] was called, or the time is over.
pub(super) fn sleep(events: u32, time: Duration) {
    let time = libc::timespec { tv_sec: time.as_secs() as libc::time_t, tv_nsec: time.subsec_nanos().into() };
    let op = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the number is static, and the time lives through the call.
    unsafe { libc::syscall(libc::SYS_futex, EVENTS.as_ptr(), op, events, &raw const time) };
}

pub(super) fn wake() {
    EVENTS.fetch_add(1, AcqRel);
    let op = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the number is static.
    unsafe { libc::syscall(libc::SYS_futex, EVENTS.as_ptr(), op, i32::MAX) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_cut_one_behind_the_other_and_are_all_different() {
        let mut taken: Vec<usize> =
            (0..2 * SEGMENT / STRETCH).map(|_| take().expect("address space")).collect();
        assert!(taken.iter().all(|at| at.is_multiple_of(STRETCH) && is_ours(*at)));
        while prepare() {}
        give_back();
        while prepare() {}
        taken.extend((0..2 * READY_MAX).map(|_| take().expect("address space")));
        let count = taken.len();
        taken.sort_unstable();
        taken.dedup();
        assert_eq!(taken.len(), count);
        for at in taken {
            // SAFETY: nobody else has the stretch.
            unsafe {
                let bytes =
                    std::slice::from_raw_parts_mut(ptr::with_exposed_provenance_mut::<u8>(at), STRETCH);
                assert!(bytes.iter().step_by(512).all(|byte| *byte == 0));
            }
            advise(at, STRETCH, libc::MADV_DONTNEED);
        }
    }

    #[test]
    fn blocks_of_an_arena_that_grows_by_them_keep_their_content() {
        install();
        install();
        let blocks: Vec<Vec<u8>> = (0..400).map(|n| vec![n as u8; 1 << 19]).collect();
        assert!(blocks.iter().enumerate().all(|(n, block)| block.iter().all(|byte| *byte == n as u8)));
    }

    #[test]
    fn who_sleeps_is_woken() {
        let seen = events();
        wake();
        sleep(seen, Duration::from_secs(1000));
    }
}
