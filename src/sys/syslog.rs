//! The system log.

use crate::util::log::Level;
use std::ffi::CString;
use std::fmt::Arguments;
use std::sync::OnceLock;

static IDENT: OnceLock<CString> = OnceLock::new();

/// Opens the system log under `ident` with a facility such as `local0`.
pub fn open(ident: &str, facility: &str) {
    let facility = match facility.to_ascii_lowercase().as_str() {
        "user" => libc::LOG_USER,
        "local1" => libc::LOG_LOCAL1,
        "local2" => libc::LOG_LOCAL2,
        "local3" => libc::LOG_LOCAL3,
        "local4" => libc::LOG_LOCAL4,
        "local5" => libc::LOG_LOCAL5,
        "local6" => libc::LOG_LOCAL6,
        "local7" => libc::LOG_LOCAL7,
        _ => libc::LOG_LOCAL0,
    };
    let ident = IDENT.get_or_init(|| CString::new(ident.replace('\0', "")).unwrap_or_default());
    // SAFETY: openlog keeps the pointer; it is to a static that never changes.
    unsafe { libc::openlog(ident.as_ptr(), libc::LOG_PID | libc::LOG_NDELAY | libc::LOG_NOWAIT, facility) };
}

/// Writes a line.
pub fn write(level: Level, text: Arguments<'_>) {
    let priority = match level {
        Level::Debug => libc::LOG_DEBUG,
        Level::Verbose => libc::LOG_INFO,
        Level::Notice => libc::LOG_NOTICE,
        Level::Warning => libc::LOG_WARNING,
    };
    let line = CString::new(text.to_string().replace('\0', "")).unwrap_or_default();
    // SAFETY: the format is a constant with one %s, and the argument is a C string alive during the call.
    unsafe { libc::syslog(priority, c"%s".as_ptr(), line.as_ptr()) };
}
