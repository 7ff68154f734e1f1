//! Forking, and what a forked child needs to live apart from its parent: its own signal handling, no inherited
//! descriptors but the ones it asked for, an exit that runs none of the parent's cleanup.

use super::give_back::GiveBack;
use std::ffi::{CStr, CString, c_char};
use std::io;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicPtr, Ordering::SeqCst};

/// Which side of the fork returned.
#[derive(Debug)]
pub enum Forked {
    /// In the parent: the child's pid.
    Parent(i32),
    /// In the child, which may give memory back that only the parent goes on using.
    Child(GiveBack),
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It called `_exit` with this code.
    Code(i32),
    /// This signal killed it.
    Signal(i32),
}

/// The exit code of a child that was asked to stop by SIGUSR1: not a failure.
pub const STOPPED_ON_REQUEST: i32 = 255;

/// Forks this process.
///
/// The child has only the calling thread. Nothing it does later may wait for a lock that another thread can hold at
/// this moment; the allocator's own locks are taken over a fork by its `pthread_atfork` handlers.
///
/// # Errors
/// As `fork(2)`: no memory, too many processes.
pub fn fork() -> io::Result<Forked> {
    // SAFETY: the server runs commands on one thread, the one that forks; helper threads own what they work on and
    // hold no lock the child takes (the rule of `util::bg`), so the child may go on to run ordinary code.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Forked::Child(GiveBack::new())),
        pid => Ok(Forked::Parent(pid)),
    }
}

/// Leaves at once: no destructors, no exit handlers, no flushing of what the parent had buffered.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: _exit has no preconditions and does not return.
    unsafe { libc::_exit(code) }
}

/// Gives a child its own signal handling: SIGUSR1 ends it with [`STOPPED_ON_REQUEST`], SIGTERM and SIGINT are the
/// parent's to act on (both reach the whole group from a terminal or a service manager, and the parent then stops
/// its child by SIGUSR1), and a pipe with no reader is an error of `write`.
pub fn reset_child_signals() {
    extern "C" fn stop(_: libc::c_int) {
        remove_unfinished();
        // SAFETY: _exit is async-signal-safe.
        unsafe { libc::_exit(STOPPED_ON_REQUEST) }
    }
    set_handler(libc::SIGUSR1, stop as extern "C" fn(libc::c_int) as libc::sighandler_t);
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGPIPE, libc::SIGHUP] {
        set_handler(signal, libc::SIG_IGN);
    }
    // The parent may read its signals from a descriptor and so keep them blocked: the child must not inherit that.
    // SAFETY: the set is initialised by sigemptyset before use, and both calls only read or write it.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
    }
}

/// The file that a process which is stopped does not leave behind.
static REMOVE_ON_STOP: AtomicPtr<c_char> = AtomicPtr::new(std::ptr::null_mut());

/// From now on a signal that stops this process at once removes this file before: SIGUSR1 in a child, and the second
/// SIGINT or SIGTERM in the server. The path is kept for the process's whole life.
pub fn remove_on_stop(path: &Path) {
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else { return };
    let known = REMOVE_ON_STOP.load(SeqCst);
    // SAFETY: what is there came from a CString and is never freed.
    if known.is_null() || unsafe { CStr::from_ptr(known) } != path.as_c_str() {
        REMOVE_ON_STOP.store(path.into_raw(), SeqCst);
    }
}

/// Removes the file that a stopped process does not leave behind. May be called in a signal's handler.
pub(super) fn remove_unfinished() {
    let path = REMOVE_ON_STOP.load(SeqCst);
    if !path.is_null() {
        // SAFETY: unlink is async-signal-safe; the path is a C string that is never freed.
        unsafe { libc::unlink(path) };
    }
}

/// Has the kernel stop this child by SIGUSR1 when its parent ends, however it ends. `parent` is the parent's pid.
pub fn stop_with_parent(parent: u32) {
    // SAFETY: prctl takes numbers here, getppid nothing.
    let still_there = unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGUSR1 as libc::c_ulong);
        libc::getppid() as u32 == parent
    };
    if !still_there {
        // It ended before the kernel had been asked.
        exit_now(STOPPED_ON_REQUEST);
    }
}

fn set_handler(signal: libc::c_int, handler: libc::sighandler_t) {
    // SAFETY: `action` is fully initialised (zero is a value for each field), the handler is SIG_IGN or a function
    // that only calls _exit.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(signal, &action, std::ptr::null_mut());
    }
}

/// Closes every descriptor above 2 but those in `keep`.
///
/// A child that kept its parent's sockets would hold listening ports bound after the parent is gone, and would keep
/// closed client connections half alive. For the child only: whatever Rust object still owns one of these
/// descriptors must never be used or dropped there, which holds since a child leaves by [`exit_now`].
pub fn close_descriptors_except(keep: &mut [RawFd]) {
    // SAFETY: closelog has no preconditions. The C library's log socket is among those to be closed; told so, it
    // opens a new one at need instead of writing into whatever gets its number next.
    unsafe { libc::closelog() };
    keep.sort_unstable();
    let mut first = 3;
    for &mut fd in keep {
        if fd > first {
            close_range(first, fd - 1);
        }
        first = first.max(fd + 1);
    }
    close_range(first, RawFd::MAX);
}

fn close_range(first: RawFd, last: RawFd) {
    // SAFETY: close_range takes two numbers and flags, no memory. That nothing goes on using the descriptors is the
    // contract of `close_descriptors_except`.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first as u32, last as u32, 0u32) } == 0;
    if done {
        return;
    }
    // Kernels before 5.9.
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else { return };
    let numbers: Vec<RawFd> =
        open.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    for fd in numbers.into_iter().filter(|fd| (first..=last).contains(fd)) {
        // SAFETY: as above.
        unsafe { libc::close(fd) };
    }
}

/// Asks without waiting whether the child has ended.
///
/// # Errors
/// ECHILD when there is no such child.
pub fn try_wait(pid: i32) -> io::Result<Option<Exit>> {
    wait_for(pid, libc::WNOHANG)
}

/// Waits until the child has ended.
///
/// # Errors
/// ECHILD when there is no such child.
pub fn wait(pid: i32) -> io::Result<Exit> {
    loop {
        if let Some(exit) = wait_for(pid, 0)? {
            return Ok(exit);
        }
    }
}

fn wait_for(pid: i32, flags: i32) -> io::Result<Option<Exit>> {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    match unsafe { libc::waitpid(pid, &mut status, flags) } {
        0 => Ok(None),
        -1 => match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            error => Err(error),
        },
        _ if libc::WIFSIGNALED(status) => Ok(Some(Exit::Signal(libc::WTERMSIG(status)))),
        _ if libc::WIFEXITED(status) => Ok(Some(Exit::Code(libc::WEXITSTATUS(status)))),
        _ => Ok(None),
    }
}

/// Sends a signal to one process.
///
/// # Errors
/// As `kill(2)`: the process is gone.
pub fn kill(pid: i32, signal: i32) -> io::Result<()> {
    assert!(pid > 0, "kill of a process group or of everything");
    // SAFETY: kill takes two numbers.
    if unsafe { libc::kill(pid, signal) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;

    #[test]
    fn a_child_ends_with_its_code_and_a_killed_one_with_its_signal() {
        match fork().expect("fork") {
            Forked::Child(_) => exit_now(7),
            Forked::Parent(pid) => assert_eq!(wait(pid).expect("wait"), Exit::Code(7)),
        }
        let (reader, writer) = std::io::pipe().expect("pipe");
        match fork().expect("fork") {
            Forked::Child(_) => {
                drop(writer);
                let _ = (&reader).read(&mut [0]);
                exit_now(0)
            }
            Forked::Parent(pid) => {
                assert_eq!(try_wait(pid).expect("still running"), None);
                kill(pid, libc::SIGKILL).expect("kill");
                assert_eq!(wait(pid).expect("wait"), Exit::Signal(libc::SIGKILL));
            }
        }
    }

    #[test]
    fn a_child_stopped_by_sigusr1_says_so_by_its_exit_code() {
        let (ready_reader, ready_writer) = std::io::pipe().expect("pipe");
        let (hold_reader, _hold_writer) = std::io::pipe().expect("pipe");
        match fork().expect("fork") {
            Forked::Child(_) => {
                reset_child_signals();
                let _ = (&ready_writer).write(&[1]);
                let _ = (&hold_reader).read(&mut [0]);
                exit_now(0)
            }
            Forked::Parent(pid) => {
                (&ready_reader).read_exact(&mut [0]).expect("the child is ready");
                kill(pid, libc::SIGTERM).expect("a signal the child ignores");
                kill(pid, libc::SIGUSR1).expect("kill");
                assert_eq!(wait(pid).expect("wait"), Exit::Code(STOPPED_ON_REQUEST));
            }
        }
    }

    #[test]
    fn closing_keeps_what_was_asked_for() {
        let (closed_reader, _closed_writer) = std::io::pipe().expect("pipe");
        let (_kept_reader, kept_writer) = std::io::pipe().expect("pipe");
        match fork().expect("fork") {
            Forked::Child(_) => {
                close_descriptors_except(&mut [kept_writer.as_raw_fd()]);
                let open = |fd: RawFd| std::path::Path::new(&format!("/proc/self/fd/{fd}")).exists();
                let right = open(kept_writer.as_raw_fd()) && open(2) && !open(closed_reader.as_raw_fd());
                exit_now(i32::from(!right))
            }
            Forked::Parent(pid) => assert_eq!(wait(pid).expect("wait"), Exit::Code(0)),
        }
    }
}
