//! Pipes between the server and a forked child.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn an_empty_pipe_returns_at_once_and_a_dropped_end_is_seen() {
        let (mut reader, writer) = nonblocking_reader().expect("pipe");
        assert_eq!(reader.read(&mut [0]).expect_err("nothing there").kind(), io::ErrorKind::WouldBlock);
        assert!(!other_end_closed(writer.as_fd()));
        drop(reader);
        assert!(other_end_closed(writer.as_fd()));
    }
}
