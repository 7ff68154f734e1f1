//! Reading from and writing to a connected socket, and the table that its descriptor is looked up in.
//!
//! The C library's `recv` and `send` are points where a thread can be cancelled, which a process of several threads pays
//! for each time; the system calls themselves are not. Likewise the kernel counts who uses a file for the time of a call,
//! unless the table of descriptors belongs to one thread. Together that is a twentieth of what a small request takes.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

/// Reads from a stream socket; 0 is its end.
///
/// # Errors
/// As `recv(2)`.
#[inline]
pub fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    let (from, from_len) = (ptr::null_mut::<libc::sockaddr>(), ptr::null_mut::<libc::socklen_t>());
    // SAFETY: the kernel writes at most the buffer's length to it; the sender's address is not asked for.
    let read = unsafe {
        libc::syscall(
            libc::SYS_recvfrom,
            socket.as_raw_fd(),
            buffer.as_mut_ptr(),
            buffer.len(),
            0,
            from,
            from_len,
        )
    };
    usize::try_from(read).map_err(|_| io::Error::last_os_error())
}

/// Writes what a stream socket takes.
///
/// # Errors
/// As `send(2)`; one that the other side has closed gives an error and no signal.
#[inline]
pub fn send(socket: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    let (to, to_len) = (ptr::null::<libc::sockaddr>(), 0usize);
    // SAFETY: the kernel only reads the bytes; a connected socket needs no address.
    let written = unsafe {
        libc::syscall(
            libc::SYS_sendto,
            socket.as_raw_fd(),
            bytes.as_ptr(),
            bytes.len(),
            libc::MSG_NOSIGNAL,
            to,
            to_len,
        )
    };
    usize::try_from(written).map_err(|_| io::Error::last_os_error())
}

/// Gives the calling thread a table of descriptors of its own, a copy of the one that it shares with the threads started
/// so far. They keep open what is open now: to be called before there is any socket. A kernel without this call leaves
/// all as it is.
pub fn own_descriptors() {
    let none = libc::c_uint::MAX;
    // SAFETY: the range of descriptors to be closed is empty.
    unsafe { libc::syscall(libc::SYS_close_range, none, none, libc::CLOSE_RANGE_UNSHARE) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::{AsFd, FromRawFd, OwnedFd};
    use std::os::unix::net::UnixStream;

    #[test]
    fn what_is_sent_is_received_and_the_end_is_told() {
        let (a, b) = UnixStream::pair().expect("sockets");
        assert_eq!(send(a.as_fd(), b"0123456789").expect("room"), 10);
        let mut buffer = [0; 6];
        assert_eq!(receive(b.as_fd(), &mut buffer).expect("there"), 6);
        assert_eq!(&buffer, b"012345");
        assert_eq!(receive(b.as_fd(), &mut buffer).expect("there"), 4);
        assert_eq!(&buffer[..4], b"6789");
        b.set_nonblocking(true).expect("a flag");
        let nothing = receive(b.as_fd(), &mut buffer).expect_err("nothing is there");
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        drop(a);
        assert_eq!(receive(b.as_fd(), &mut buffer).expect("the end"), 0);
        let closed = send(b.as_fd(), b"x").expect_err("nobody is there");
        assert_eq!(closed.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn what_a_thread_with_descriptors_of_its_own_closes_stays_open_for_others() {
        let (a, b) = UnixStream::pair().expect("sockets");
        let number = a.as_raw_fd();
        std::thread::spawn(move || {
            own_descriptors();
            // SAFETY: this thread's copy is nobody else's.
            drop(unsafe { OwnedFd::from_raw_fd(number) });
        })
        .join()
        .expect("it ends");
        assert_eq!(send(a.as_fd(), b"still open").expect("room"), 10);
        let mut buffer = [0; 16];
        assert_eq!(receive(b.as_fd(), &mut buffer).expect("there"), 10);
    }
}
