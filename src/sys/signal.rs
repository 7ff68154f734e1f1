//! Signals, kept as flags that the loop looks at: nothing else is safe in a handler.

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use std::ffi::{CString, c_char};
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering::Relaxed};

static SHUTDOWN_ASKED: AtomicU32 = AtomicU32::new(0);
static LAST_SIGNAL: AtomicI32 = AtomicI32::new(0);
/// The log as a C string, for a handler's last words; null is standard output.
static LOG_FILE: AtomicPtr<c_char> = AtomicPtr::new(std::ptr::null_mut());

extern "C" fn on_shutdown(signal: libc::c_int) {
    // Whoever asks twice does not want to wait for a save: the second time the process ends at once.
    let before = SHUTDOWN_ASKED.fetch_add(1, Relaxed);
    LAST_SIGNAL.store(signal, Relaxed);
    if before > 0 {
        const LAST_WORDS: &[u8] = b"You insist... exiting now.\n";
        super::fork::remove_unfinished();
        let out = open_log();
        // SAFETY: write and _exit are async-signal-safe; the buffer is static.
        unsafe {
            libc::write(out, LAST_WORDS.as_ptr().cast(), LAST_WORDS.len());
            libc::_exit(1);
        }
    }
}

/// The log's file, as a signal's handler can open it; none can be written to if that fails.
pub(super) fn open_log() -> libc::c_int {
    let log = LOG_FILE.load(Relaxed);
    if log.is_null() {
        return libc::STDOUT_FILENO;
    }
    // SAFETY: open is async-signal-safe; the path is never freed.
    unsafe { libc::open(log, libc::O_APPEND | libc::O_CREAT | libc::O_WRONLY | libc::O_CLOEXEC, 0o644) }
}

/// The end of what [`open_log`] began.
pub(super) fn close_log(file: libc::c_int) {
    if file != libc::STDOUT_FILENO {
        // SAFETY: close is async-signal-safe, and nobody else has this file.
        unsafe { libc::close(file) };
    }
}

/// Takes over SIGTERM and SIGINT, and ignores SIGHUP and SIGPIPE. `log_file`: where the log goes, empty for standard
/// output; to be called once.
pub fn install(log_file: &str) {
    if let Ok(path) = CString::new(log_file)
        && !log_file.is_empty()
    {
        LOG_FILE.store(path.into_raw(), Relaxed);
    }
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    let stop = SigAction::new(SigHandler::Handler(on_shutdown), SaFlags::empty(), SigSet::empty());
    for (signal, action) in [
        (Signal::SIGHUP, &ignore),
        (Signal::SIGPIPE, &ignore),
        (Signal::SIGTERM, &stop),
        (Signal::SIGINT, &stop),
    ] {
        // SAFETY: the handlers do only what is async-signal-safe.
        unsafe { sigaction(signal, action) }.expect("these signals can be handled");
    }
}

/// Leaves signals to the other threads: the loop's has to be woken by them.
pub(super) fn block_in_this_thread() {
    // Cannot fail with a set that is valid.
    let _ = SigSet::all().thread_block();
}

/// The signal that asked to shut down, if one did.
#[must_use]
pub fn shutdown_asked() -> Option<i32> {
    (SHUTDOWN_ASKED.load(Relaxed) > 0).then(|| LAST_SIGNAL.load(Relaxed))
}

/// Forgets the request: the shutdown could not be done.
pub fn clear_shutdown() {
    SHUTDOWN_ASKED.store(0, Relaxed);
}

/// Ends the process as a wrong memory access does.
pub fn crash() {
    // Not delivered only when it is ignored or blocked, and then there is nothing to do.
    let _ = nix::sys::signal::raise(Signal::SIGSEGV);
}
