//! The server's log, in Redis's line format, which tools parse:
//!
//! ```text
//! 1234:M 22 Nov 2026 14:05:09.123 * Ready to accept connections
//! pid role date and local time    level (. debug, - verbose, * notice, # warning)
//! ```
//!
//! A line is formatted in full and written by one `write`, so lines of a forked child never mix into the parent's.
//! The file is opened for each line: it may be rotated away without telling the server. No lock is held: a child
//! forked at any moment can log.

use std::fmt::Arguments;
use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};

/// How much a line matters. The order is Redis's: a configured level shows itself and those after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum Level {
    /// For development.
    Debug = 0,
    /// Rarely useful detail.
    Verbose = 1,
    /// What happened in production.
    #[default]
    Notice = 2,
    /// Only what matters.
    Warning = 3,
}

/// The letter behind the pid: who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// A primary.
    Primary = b'M',
    /// A replica.
    Replica = b'S',
    /// A forked child; or a server that is not yet one.
    Child = b'C',
    /// A sentinel.
    Sentinel = b'X',
}

static LEVEL: AtomicU8 = AtomicU8::new(Level::Notice as u8);
static ROLE: AtomicU8 = AtomicU8::new(Role::Child as u8);
static SYSLOG: AtomicBool = AtomicBool::new(false);
static FILE: OnceLock<std::path::PathBuf> = OnceLock::new();

/// Shows lines of this level and above.
pub fn set_level(level: Level) {
    LEVEL.store(level as u8, Relaxed);
}

/// Sets the letter of the lines to come.
pub fn set_role(role: Role) {
    ROLE.store(role as u8, Relaxed);
}

/// Sends the log to a file instead of standard output. The first call counts.
pub fn set_file(path: &str) {
    if !path.is_empty() {
        let _ = FILE.set(path.into());
    }
}

/// Whether the log goes to standard output.
#[must_use]
pub fn to_stdout() -> bool {
    FILE.get().is_none()
}

/// Sends each line to syslog too; `crate::sys::syslog::open` must have been called.
pub fn enable_syslog() {
    SYSLOG.store(true, Relaxed);
}

/// Whether a line of this level would be shown.
#[must_use]
pub fn shows(level: Level) -> bool {
    level as u8 >= LEVEL.load(Relaxed)
}

/// Writes one line if its level is shown.
pub fn write(level: Level, text: Arguments<'_>) {
    if shows(level) {
        write_line(level, text);
    }
}

fn write_line(level: Level, text: Arguments<'_>) {
    use crate::sys;
    let mark = match level {
        Level::Debug => '.',
        Level::Verbose => '-',
        Level::Notice => '*',
        Level::Warning => '#',
    };
    let mut line = Vec::with_capacity(160);
    let _ = write!(line, "{}:{} ", std::process::id(), ROLE.load(Relaxed) as char);
    sys::time::write_log_stamp(&mut line);
    let _ = writeln!(line, " {mark} {text}");
    append_raw(&line);
    if SYSLOG.load(Relaxed) {
        sys::syslog::write(level, text);
    }
}

/// Appends bytes to the log as they are: the logo, crash reports.
pub fn append_raw(bytes: &[u8]) {
    // A log that cannot be written has nowhere to complain: the server goes on without it.
    match FILE.get() {
        Some(path) => {
            if let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(path) {
                let _ = file.write_all(bytes);
            }
        }
        // Captured by the test harness, which shows it when the test fails.
        None if cfg!(test) => print!("{}", String::from_utf8_lossy(bytes)),
        None => {
            let mut out = std::io::stdout().lock();
            let _ = out.write_all(bytes);
            let _ = out.flush();
        }
    }
}

/// Logs at a level; the arguments are not even made where the line would not be shown.
#[macro_export]
macro_rules! log_at {
    ($level:ident, $($text:tt)*) => {
        if $crate::util::log::shows($crate::util::log::Level::$level) {
            $crate::util::log::write($crate::util::log::Level::$level, format_args!($($text)*));
        }
    };
}
/// Logs at level debug.
#[macro_export]
macro_rules! log_debug { ($($text:tt)*) => { $crate::log_at!(Debug, $($text)*) }; }
/// Logs at level verbose.
#[macro_export]
macro_rules! log_verbose { ($($text:tt)*) => { $crate::log_at!(Verbose, $($text)*) }; }
/// Logs at level notice.
#[macro_export]
macro_rules! log_notice { ($($text:tt)*) => { $crate::log_at!(Notice, $($text)*) }; }
/// Logs at level warning.
#[macro_export]
macro_rules! log_warning { ($($text:tt)*) => { $crate::log_at!(Warning, $($text)*) }; }
