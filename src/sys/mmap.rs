//! A ring of memory whose every window is one contiguous slice.
//!
//! The same pages of one memory file are mapped twice, back to back, so that a window that runs over the end of
//! the ring simply goes on into the second mapping:
//!
//! ```text
//!   file      [ p0 p1 p2 p3 ]
//!   addresses [ p0 p1 p2 p3 ][ p0 p1 p2 p3 ]
//!                      ^^^^^^^^^^^^   one slice: p2 p3 p0 p1
//! ```
//!
//! The pages are shared, never copied on write, and `MADV_DONTFORK` keeps them out of every child: a snapshot child
//! pays neither page tables nor copies for them. They are allocated by the kernel when first touched, so that a ring
//! that is never filled costs only what was written.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::{self, NonNull};

/// The doubly mapped ring. `capacity` is a multiple of the page size.
pub struct RingMap {
    base: NonNull<u8>,
    capacity: usize,
}

// SAFETY: the mapping is owned by this value alone (the file descriptor is closed, the address is not handed out but
// through borrows of `self`), so it may move to another thread like a Vec.
unsafe impl Send for RingMap {}

impl RingMap {
    /// A ring of at least `size` bytes, rounded up to whole pages, all zero.
    pub fn new(size: usize) -> io::Result<RingMap> {
        let capacity = round_to_pages(size).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let double = capacity.checked_mul(2).filter(|&n| isize::try_from(n).is_ok());
        let double = double.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let file = memory_file(capacity)?;
        // Reserves the addresses of both halves, so that the two fixed mappings below replace only our own.
        // SAFETY: an anonymous mapping at an address of the kernel's choice touches nothing that exists.
        let reserved = unsafe {
            libc::mmap(
                ptr::null_mut(),
                double,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if reserved == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // From here on Drop unmaps the whole reservation, whatever of it was replaced.
        let ring = RingMap { base: NonNull::new(reserved.cast()).expect("mmap gave an address"), capacity };
        for half in 0..2 {
            // SAFETY: the target lies inside the reservation made above, which `ring` owns and nothing uses yet.
            let mapped = unsafe {
                libc::mmap(
                    ring.base.as_ptr().add(half * capacity).cast(),
                    capacity,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_SHARED | libc::MAP_FIXED,
                    file.as_raw_fd(),
                    0,
                )
            };
            if mapped == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
        }
        // SAFETY: the range is the reservation that `ring` owns. A kernel that refuses costs a child some page tables
        // and nothing else, so the answer is not looked at.
        unsafe { libc::madvise(reserved, double, libc::MADV_DONTFORK) };
        Ok(ring)
    }

    /// Bytes the ring holds: the asked size in whole pages.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The `len` bytes from place `at` on, going round the end.
    pub fn slice(&self, at: usize, len: usize) -> &[u8] {
        assert!(at < self.capacity && len <= self.capacity, "a window lies inside the ring");
        // SAFETY: at < capacity and len <= capacity, so at + len stays inside the 2 * capacity mapped bytes, which
        // are initialised (zero pages) and live as long as `self`; `&self` keeps `write` away meanwhile.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr().add(at), len) }
    }

    /// Copies `bytes` to place `at` on, going round the end.
    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        assert!(at < self.capacity && bytes.len() <= self.capacity, "a window lies inside the ring");
        // SAFETY: the target is inside the mapping as in `slice`; `&mut self` means that no slice of the ring is
        // borrowed, so source and target cannot overlap.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.base.as_ptr().add(at), bytes.len()) }
    }
}

impl Drop for RingMap {
    fn drop(&mut self) {
        // SAFETY: base and 2 * capacity are exactly the reservation made in `new`, and nothing borrows it any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), 2 * self.capacity) };
    }
}

/// `size` rounded up to whole pages, at least one; None when it does not fit an address.
pub fn round_to_pages(size: usize) -> Option<usize> {
    // SAFETY: sysconf only reads a constant of the system.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    size.max(1).checked_next_multiple_of(page)
}

/// An unnamed file in memory of `size` bytes.
fn memory_file(size: usize) -> io::Result<OwnedFd> {
    // SAFETY: the name is a NUL-terminated constant.
    let fd = unsafe { libc::memfd_create(c"repl-backlog".as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: fd was just made and is owned by nobody else.
    let file = unsafe { OwnedFd::from_raw_fd(fd) };
    let len = libc::off_t::try_from(size).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // SAFETY: a call on a descriptor that we own.
    if unsafe { libc::ftruncate(file.as_raw_fd(), len) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_over_the_end_is_one_slice() {
        let mut ring = RingMap::new(1).unwrap();
        let n = ring.capacity();
        ring.write(n - 3, b"abcdef");
        assert_eq!(ring.slice(n - 3, 6), b"abcdef");
        assert_eq!(ring.slice(0, 3), b"def");
        assert_eq!(ring.slice(n - 1, 1), b"c");
    }

    #[test]
    fn the_whole_ring_can_be_written_and_read_from_any_place() {
        let mut ring = RingMap::new(5000).unwrap();
        let n = ring.capacity();
        assert!(n >= 5000);
        let bytes: Vec<u8> = (0..n).map(|i| (i % 251) as u8).collect();
        for at in [0, 1, n / 2, n - 1] {
            ring.write(at, &bytes);
            assert_eq!(ring.slice(at, n), &bytes[..]);
        }
    }

    #[test]
    fn a_size_that_no_address_space_holds_is_an_error() {
        assert!(RingMap::new(usize::MAX).is_err());
        assert!(RingMap::new(usize::MAX / 2).is_err());
    }

    #[test]
    fn a_forked_child_does_not_have_the_ring() {
        // The kernel lists the flag `dc` (do not copy on fork) for a mapping that a child does not inherit.
        let ring = RingMap::new(1 << 20).unwrap();
        let start = format!("{:x}-", ring.base.as_ptr() as usize);
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let ours = maps.split_once(&start).expect("the ring is mapped").1;
        let flags = ours.lines().find(|l| l.starts_with("VmFlags:")).unwrap();
        assert!(flags.split_whitespace().any(|f| f == "dc"), "{flags}");
    }
}
