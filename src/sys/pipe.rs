//! Pipes between the server and a forked child; and what is said to a descriptor of which only the number is known.

use std::io::{self, IoSlice, PipeReader, PipeWriter};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

/// A pipe whose reading end does not block, for a reader that lives in the event loop.
///
/// # Errors
/// As `pipe(2)`: no descriptors left.
pub fn nonblocking_reader() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    set_nonblocking(reader.as_fd())?;
    Ok((reader, writer))
}

/// Makes reads and writes on a descriptor return instead of waiting.
///
/// # Errors
/// As `fcntl(2)`.
pub fn set_nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: F_GETFL and F_SETFL take a number; the descriptor is borrowed, so open.
    let done = unsafe {
        let flags = libc::fcntl(fd.as_raw_fd(), libc::F_GETFL);
        flags != -1 && libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK) != -1
    };
    if done { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether nobody holds the other end any more: nobody is left to write to a reading end, nobody to read what a
/// writing end sends.
#[must_use]
pub fn other_end_closed(fd: BorrowedFd<'_>) -> bool {
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: 0, revents: 0 };
    // SAFETY: one pollfd, alive during the call; a timeout of 0 does not wait.
    let ready = unsafe { libc::poll(&mut poll, 1, 0) };
    ready > 0 && poll.revents & (libc::POLLERR | libc::POLLHUP) != 0
}

/// Writes what a descriptor takes of several slices.
///
/// # Errors
/// As `writev(2)`.
pub fn write_vectored(fd: RawFd, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let count = slices.len().min(libc::UIO_MAXIOV as usize) as libc::c_int;
    // SAFETY: an IoSlice is an iovec, and the slices live during the call, which only reads them.
    let written = unsafe { libc::writev(fd, slices.as_ptr().cast(), count) };
    usize::try_from(written).map_err(|_| io::Error::last_os_error())
}

/// Reads into the room that a vector has behind what it holds, at most so many bytes; returns how many.
///
/// # Errors
/// As `read(2)`.
pub fn read_behind(fd: BorrowedFd<'_>, bytes: &mut Vec<u8>, max: usize) -> io::Result<usize> {
    let room = bytes.spare_capacity_mut();
    let max = max.min(room.len());
    // SAFETY: so much room is there, and is written to only.
    let read = unsafe { libc::read(fd.as_raw_fd(), room.as_mut_ptr().cast(), max) };
    let read = usize::try_from(read).map_err(|_| io::Error::last_os_error())?;
    // SAFETY: read has written so many bytes behind the old length.
    unsafe { bytes.set_len(bytes.len() + read) };
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn what_is_read_comes_behind_what_is_there_and_no_more_than_there_is_room_for() {
        let (reader, mut writer) = nonblocking_reader().expect("pipe");
        writer.write_all(b"0123456789").expect("room");
        let mut bytes = Vec::with_capacity(6);
        bytes.extend_from_slice(b"ab");
        assert_eq!(read_behind(reader.as_fd(), &mut bytes, 3).expect("there"), 3);
        assert_eq!(bytes, b"ab012");
        let room = bytes.capacity() - bytes.len();
        assert_eq!(read_behind(reader.as_fd(), &mut bytes, 100).expect("there"), room.min(7));
        bytes.reserve(100);
        while let Ok(1..) = read_behind(reader.as_fd(), &mut bytes, 100) {}
        assert_eq!(bytes, b"ab0123456789");
    }

    #[test]
    fn slices_are_written_until_the_pipe_is_full_and_an_error_is_told() {
        let (mut reader, writer) = nonblocking_reader().expect("pipe");
        set_nonblocking(writer.as_fd()).expect("open");
        let big = vec![b'x'; 1 << 20];
        let slices = [IoSlice::new(b"head"), IoSlice::new(&big)];
        let written = write_vectored(writer.as_raw_fd(), &slices).expect("room");
        assert!(written > 4 && written < big.len());
        let mut read = vec![0; written];
        reader.read_exact(&mut read).expect("written");
        assert!(read.starts_with(b"headxxx"));
        assert!(write_vectored(-1, &slices).is_err());
    }

    #[test]
    fn an_empty_pipe_returns_at_once_and_a_dropped_end_is_seen() {
        let (mut reader, writer) = nonblocking_reader().expect("pipe");
        assert_eq!(reader.read(&mut [0]).expect_err("nothing there").kind(), io::ErrorKind::WouldBlock);
        assert!(!other_end_closed(writer.as_fd()));
        drop(reader);
        assert!(other_end_closed(writer.as_fd()));
    }
}
