//! Memory figures: of the allocator, of this process, of the machine.
//!
//! The bytes in use are asked for before every write when there is a limit to them. The allocator's own sum is exact
//! and takes it some 15 microseconds to make: [`allocated`]. Between two such sums [`allocated_now`] follows what the
//! calling thread allocates and frees, which jemalloc counts for each thread: two loads. What other threads free
//! meanwhile is seen with the next sum.

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::hint::black_box;
use std::{io, ptr};
use tikv_jemalloc_ctl::{epoch, stats};
use tikv_jemalloc_sys::{mallctl, malloc_stats_print};

/// The bytes a thread has allocated and freed since its start, which jemalloc counts up where the pointers point.
#[derive(Clone, Copy)]
struct ThreadCounts {
    allocated: *const u64,
    freed: *const u64,
    /// What is to be added for all that other threads did, as of the last exact sum.
    others: i64,
}

thread_local! {
    static COUNTS: Cell<Option<ThreadCounts>> = const { Cell::new(None) };
}

impl ThreadCounts {
    #[inline]
    fn of_this_thread() -> ThreadCounts {
        COUNTS.get().unwrap_or_else(ThreadCounts::find)
    }

    #[cold]
    fn find() -> ThreadCounts {
        const ZERO: &u64 = &0;
        let counter = |name: &CStr| {
            let mut at: *const u64 = ZERO;
            let mut len = size_of::<*const u64>();
            // SAFETY: the name ends with a NUL; these controls give a pointer, for which there is room. An allocator
            // without them leaves the one to 0.
            unsafe { mallctl(name.as_ptr(), (&raw mut at).cast(), &mut len, ptr::null_mut(), 0) };
            at
        };
        let counts = ThreadCounts {
            allocated: counter(c"thread.allocatedp"),
            freed: counter(c"thread.deallocatedp"),
            others: 0,
        };
        COUNTS.set(Some(counts));
        counts
    }

    /// What the thread has allocated and not freed; below 0 when it freed what others allocated.
    #[inline]
    fn net(self) -> i64 {
        // SAFETY: the counters live as long as their thread, which is this one, and nobody else writes to them.
        unsafe { self.allocated.read().wrapping_sub(self.freed.read()) as i64 }
    }
}

/// Lets go of the whole pages of a buffer, up to its capacity; its bytes there become zeros. In a forked child that
/// never reads them they are then the parent's alone, which writes to them without a copy.
pub fn let_go(buffer: &mut Vec<u8>) {
    let page_size = page_size();
    let before = buffer.as_ptr().align_offset(page_size);
    let len = buffer.capacity().saturating_sub(before) / page_size * page_size;
    if len > 0 {
        // SAFETY: the pages lie in the buffer's memory, which is ours alone and for which any bytes are as good as
        // others. An error leaves them.
        unsafe { libc::madvise(buffer.as_mut_ptr().add(before).cast(), len, libc::MADV_DONTNEED) };
    }
}

/// Bytes the program has allocated and not freed, as the allocator sums them up now.
#[must_use]
pub fn allocated() -> usize {
    // The allocator's figures are a snapshot taken when the epoch is moved on.
    if epoch::advance().is_err() {
        return 0;
    }
    // What a thread keeps at hand for its next allocations counts as allocated there, and is free.
    let sum = stats::allocated::read().unwrap_or(0).saturating_sub(kept_at_hand());
    let counts = ThreadCounts::of_this_thread();
    COUNTS.set(Some(ThreadCounts { others: sum as i64 - counts.net(), ..counts }));
    sum
}

/// As [`allocated`] without the sum: exact in what this thread did since it last called that.
#[inline]
#[must_use]
pub fn allocated_now() -> usize {
    let counts = ThreadCounts::of_this_thread();
    usize::try_from(counts.net() + counts.others).unwrap_or(0)
}

/// Free blocks in the threads' caches, bytes, as of the last epoch.
fn kept_at_hand() -> usize {
    // 4096 stands for all arenas.
    const NAME: &CStr = c"stats.arenas.4096.tcache_bytes";
    let (mut bytes, mut len) = (0usize, size_of::<usize>());
    // SAFETY: the name ends with a NUL; the control is a size, for which there is room.
    let error = unsafe { mallctl(NAME.as_ptr(), (&raw mut bytes).cast(), &mut len, ptr::null_mut(), 0) };
    if error == 0 { bytes } else { 0 }
}

/// Bytes that the allocator's own figures call allocated, as of the last call of [`allocated`].
#[must_use]
pub fn allocator_allocated() -> usize {
    stats::allocated::read().unwrap_or(0)
}

/// Bytes of the allocator's pages that hold allocations, and of all its pages that are in memory, as of the last call
/// of [`allocated`].
#[must_use]
pub fn allocator_pages() -> (usize, usize) {
    (stats::active::read().unwrap_or(0), stats::resident::read().unwrap_or(0))
}

/// Has the allocator give back pages in a thread of its own, so that an idle server's go back too, or stops that.
/// Forked children are without it.
///
/// # Errors
/// The allocator has no thread to give.
pub fn purge_in_background(on: bool) -> Result<(), tikv_jemalloc_ctl::Error> {
    if cfg!(system_allocator) {
        // The allocator has no blocks of ours: none of what follows would be about them.
        return Ok(());
    }
    tikv_jemalloc_ctl::background_thread::write(on)?;
    // Where it cannot be had they go back at once, which only costs time.
    let _ = keep_pages_of_huge_blocks(on);
    Ok(())
}

/// Blocks of 8 MB and more have an arena of their own, whose pages go back as a block is freed. With `on` they do so in
/// time, as those of others: a huge value that takes the place of another is spared the page faults, which are two thirds
/// of what it takes.
fn keep_pages_of_huge_blocks(on: bool) -> io::Result<()> {
    let mut decay_ms = if on { allocator_control(c"arenas.dirty_decay_ms")? as isize } else { 0 };
    let mut threshold = if on { isize::MAX as usize } else { HUGE_BLOCK };
    let huge = black_box(Vec::<u8>::with_capacity(HUGE_BLOCK));
    let (mut block, mut arena, mut len) = (huge.as_ptr(), 0 as c_uint, size_of::<c_uint>());
    let set = |name: &str, value: *mut c_void, size: usize| {
        let name = CString::new(name).expect("no NUL in it");
        // SAFETY: the name ends with a NUL, and a value of this size is read, for which the allocator checks that it is right.
        check(unsafe { mallctl(name.as_ptr(), ptr::null_mut(), ptr::null_mut(), value, size) })
    };
    // SAFETY: the control takes a pointer, which is only looked up, and gives an arena's number, for which there is room.
    check(unsafe {
        let old = (&raw mut arena).cast();
        mallctl(c"arenas.lookup".as_ptr(), old, &mut len, (&raw mut block).cast(), size_of::<*const u8>())
    })?;
    if arena == 0 {
        // It is no arena of their own.
        return Ok(());
    }
    set(&format!("arena.{arena}.oversize_threshold"), (&raw mut threshold).cast(), size_of::<usize>())?;
    set(&format!("arena.{arena}.dirty_decay_ms"), (&raw mut decay_ms).cast(), size_of::<isize>())
}

/// From this size on blocks are in that arena.
const HUGE_BLOCK: usize = 8 << 20;

fn check(error: c_int) -> io::Result<()> {
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}

/// The value of one of the allocator's controls (`mallctl`) that is a number or a truth value.
///
/// # Errors
/// There is no such control, or it is something else.
pub fn allocator_control(name: &CStr) -> io::Result<i64> {
    let mut size = size_of::<i64>();
    loop {
        let (mut value, mut len) = (0i64, size);
        let old: *mut i64 = &mut value;
        // SAFETY: the name ends with a NUL; at most `len` bytes are written to `value`, of which any are a number.
        let error = unsafe { mallctl(name.as_ptr(), old.cast(), &mut len, ptr::null_mut(), 0) };
        match error {
            0 => return Ok(value),
            // The control is of another size.
            libc::EINVAL if size > 1 => size /= 2,
            _ => return Err(io::Error::from_raw_os_error(error)),
        }
    }
}

/// Has the allocator take back what it keeps at hand for this thread.
///
/// # Errors
/// It keeps nothing.
pub fn flush_thread_cache() -> io::Result<()> {
    let (none, no_len) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: this control takes no value and gives none.
    match unsafe { mallctl(c"thread.tcache.flush".as_ptr(), none, no_len, none, 0) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Has the allocator give all pages that hold nothing back to the system.
///
/// # Errors
/// It cannot.
pub fn purge() -> io::Result<()> {
    // The cache of this thread holds blocks that keep pages from being empty.
    let _ = flush_thread_cache();
    let (none, no_len) = (ptr::null_mut(), ptr::null_mut());
    // 4096 stands for all arenas.
    // SAFETY: this control takes no value and gives none.
    match unsafe { mallctl(c"arena.4096.purge".as_ptr(), none, no_len, none, 0) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// The allocator's report on itself.
#[must_use]
pub fn allocator_report() -> Vec<u8> {
    unsafe extern "C" fn add(report: *mut c_void, text: *const c_char) {
        // SAFETY: jemalloc calls this with what it was given, the report below, and a text that ends with a NUL.
        unsafe { (*report.cast::<Vec<u8>>()).extend_from_slice(CStr::from_ptr(text).to_bytes()) }
    }
    let mut report: Vec<u8> = Vec::new();
    // SAFETY: `add` gets the report, which lives until this returns.
    unsafe { malloc_stats_print(Some(add), (&raw mut report).cast(), ptr::null()) };
    report
}

/// Bytes of this process's private pages that were written to. In a forked child these are the pages copied since
/// the fork, by either side: what copy-on-write costs.
#[must_use]
pub fn private_dirty() -> usize {
    // The roll-up is one short record made by the kernel; without it (before 4.14) the same field is summed over
    // all mappings.
    let text = std::fs::read("/proc/self/smaps_rollup").or_else(|_| std::fs::read("/proc/self/smaps"));
    text.map_or(0, |text| sum_kb_field(&text, b"Private_Dirty:") * 1024)
}

/// Bytes of this process that are in memory now.
#[must_use]
pub fn resident() -> usize {
    let Ok(text) = std::fs::read("/proc/self/statm") else { return 0 };
    let pages = text.split(|&b| b == b' ').nth(1).map_or(0, leading_number);
    pages * page_size()
}

/// Bytes of memory in this machine.
#[must_use]
pub fn machine_total() -> usize {
    // SAFETY: sysconf takes a number.
    let pages = unsafe { libc::sysconf(libc::_SC_PHYS_PAGES) };
    usize::try_from(pages).unwrap_or(0) * page_size()
}

/// Bytes in a page.
#[must_use]
pub fn page_size() -> usize {
    // SAFETY: sysconf takes a number.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

fn sum_kb_field(text: &[u8], field: &[u8]) -> usize {
    text.split(|&b| b == b'\n').filter_map(|line| line.strip_prefix(field)).map(leading_number).sum()
}

fn leading_number(text: &[u8]) -> usize {
    let digits = text.trim_ascii_start();
    digits.iter().take_while(|b| b.is_ascii_digit()).fold(0, |n, b| n * 10 + usize::from(b - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_pages_are_let_go_and_the_bytes_around_them_stay() {
        let page = page_size();
        let mut buffer = Vec::with_capacity(4 * page + 100);
        buffer.resize(3 * page, 1u8);
        let before = buffer.as_ptr().align_offset(page);
        let_go(&mut buffer);
        assert!(buffer[..before].iter().all(|b| *b == 1));
        assert!(buffer[before..].iter().all(|b| *b == 0));
        let mut small = vec![1u8; 100];
        let_go(&mut small);
        assert_eq!(small, [1u8; 100]);
        let_go(&mut Vec::new());
    }

    #[test]
    fn figures_are_of_this_process() {
        let big = vec![1u8; 8 << 20];
        assert!(allocated() > big.len());
        assert!(resident() > big.len());
        assert!(private_dirty() > big.len());
        assert!(machine_total() > resident());
    }

    #[test]
    fn what_this_thread_does_is_known_without_a_sum_and_what_others_do_with_the_next() {
        // Other tests allocate on threads of their own at the same time: each step is larger than all of those.
        const STEP: usize = 256 << 20;
        let near = |n: usize, of: usize| n.abs_diff(of) < STEP / 2;
        let before = allocated();
        assert!(near(allocated_now(), before));
        let big = vec![1u8; STEP];
        assert!(near(allocated_now(), before + STEP), "{} {before}", allocated_now());
        assert!(near(allocated(), before + STEP));
        std::thread::spawn(move || drop(big)).join().unwrap();
        assert!(near(allocated_now(), before + STEP), "nobody has asked the allocator");
        assert!(near(allocated(), before));
        assert!(near(allocated_now(), before));
    }

    #[test]
    fn the_allocator_reports_on_itself_and_gives_pages_back() {
        purge().unwrap();
        let report = String::from_utf8(allocator_report()).unwrap();
        assert!(report.contains("jemalloc statistics"), "{report}");
    }

    #[test]
    fn controls_of_each_size_are_read_and_unknown_ones_are_errors() {
        assert!(allocator_control(c"arenas.page").unwrap() >= 4096);
        assert!(allocator_control(c"arenas.narenas").unwrap() >= 1);
        assert!(matches!(allocator_control(c"config.stats"), Ok(0 | 1)));
        let unknown = allocator_control(c"no.such.control").unwrap_err();
        assert_eq!(unknown.raw_os_error(), Some(libc::ENOENT));
        assert!(allocator_control(c"thread.tcache.flush").is_err());
    }

    #[test]
    fn a_field_is_summed_over_mappings() {
        let text = b"Rss:  4 kB\nPrivate_Dirty:        12 kB\nPrivate_Clean: 1 kB\nPrivate_Dirty:     8 kB\n";
        assert_eq!(sum_kb_field(text, b"Private_Dirty:"), 20);
    }
}
