//! Memory figures: of the allocator, of this process, of the machine.

use std::ffi::CStr;
use std::{io, ptr};
use tikv_jemalloc_ctl::{epoch, stats};
use tikv_jemalloc_sys::mallctl;

/// Bytes the program has allocated, as the allocator counts them now.
#[must_use]
pub fn allocated() -> usize {
    // The allocator's figures are a snapshot taken when the epoch is moved on.
    if epoch::advance().is_err() {
        return 0;
    }
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
    tikv_jemalloc_ctl::background_thread::write(on)
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
    fn figures_are_of_this_process() {
        let big = vec![1u8; 8 << 20];
        assert!(allocated() > big.len());
        assert!(resident() > big.len());
        assert!(private_dirty() > big.len());
        assert!(machine_total() > resident());
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
