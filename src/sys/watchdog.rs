//! The software watchdog: a timer that is wound up at every beat of the server's heart. If it runs out, the server has been
//! at one thing for too long, and the log is told at what: the stack of the thread, as addresses that `addr2line` reads.
//!
//! The signal comes in the middle of anything, so its handler does only what is async-signal-safe: it opens the log,
//! writes, and walks the stack by glibc's means, which look up no symbols beyond the exported ones and, once they have
//! been used for the first time, take no memory.

use super::signal::{close_log, open_log};
use std::ffi::c_void;
use std::ptr;

/// Calls of the stack that are shown at most.
const FRAMES: usize = 100;

/// Winds the timer up: it runs out so many milliseconds from now, if not wound up again.
pub fn wind_up(period_ms: u32) {
    let value =
        libc::timeval { tv_sec: (period_ms / 1000).into(), tv_usec: (period_ms % 1000 * 1000).into() };
    let once = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let timer = libc::itimerval { it_interval: once, it_value: value };
    // SAFETY: `timer` is valid, and nobody wants to know what the timer was set to.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, ptr::null_mut()) };
}

/// Has the timer's end told in the log from now on, and winds it up for the first time.
pub fn start(period_ms: u32) {
    let mut frame = [ptr::null_mut(); 1];
    // SAFETY: the buffer is as long as said. What the first walk loads and allocates, those in the handler find done.
    unsafe { libc::backtrace(frame.as_mut_ptr(), 1) };
    let handler = on_alarm as extern "C" fn(_, _, _) as libc::sighandler_t;
    handle(handler, libc::SA_SIGINFO | libc::SA_RESTART);
    wind_up(period_ms);
}

/// Stops the timer; a signal that is on its way is not heeded any more.
pub fn stop() {
    wind_up(0);
    handle(libc::SIG_IGN, 0);
}

fn handle(handler: libc::sighandler_t, flags: libc::c_int) {
    // SAFETY: `action` is fully initialised (zero is a value for each field); the handler is SIG_IGN or `on_alarm`.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = flags;
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(libc::SIGALRM, &action, ptr::null_mut());
    }
}

extern "C" fn on_alarm(_: libc::c_int, _: *mut libc::siginfo_t, _: *mut c_void) {
    // SAFETY: the location of errno is this thread's, and what was interrupted finds it as it was.
    let errno = unsafe { *libc::__errno_location() };
    let log = open_log();
    say(log, "\n--- WATCHDOG TIMER EXPIRED ---");
    write(log, b"\n------ STACK TRACE ------\n\nBacktrace:\n");
    let mut frames = [ptr::null_mut(); FRAMES];
    // SAFETY: the buffer is as long as said; the walk has been made before (`start`), so it allocates nothing.
    unsafe {
        let count = libc::backtrace(frames.as_mut_ptr(), FRAMES as libc::c_int);
        libc::backtrace_symbols_fd(frames.as_ptr(), count, log);
    }
    say(log, "--------\n");
    close_log(log);
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

/// A line of the log as a handler can write it: the process, and the time as a number.
fn say(log: libc::c_int, text: &str) {
    let mut digits = itoa::Buffer::new();
    write(log, digits.format(std::process::id()).as_bytes());
    write(log, b":signal-handler (");
    // SAFETY: with no place to store it too, time only returns it.
    let now = unsafe { libc::time(ptr::null_mut()) };
    write(log, digits.format(now).as_bytes());
    write(log, b") ");
    write(log, text.as_bytes());
    write(log, b"\n");
}

fn write(log: libc::c_int, bytes: &[u8]) {
    // SAFETY: the bytes are valid for as long as said; a log that cannot be written has nowhere to complain.
    unsafe { libc::write(log, bytes.as_ptr().cast(), bytes.len()) };
}
