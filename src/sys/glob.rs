//! Path patterns, as the shell has them.

use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

/// The paths that match `pattern`, sorted. None match when the pattern is malformed or a folder cannot be read.
#[must_use]
pub fn glob(pattern: &[u8]) -> Vec<PathBuf> {
    let Ok(pattern) = CString::new(pattern) else { return Vec::new() };
    // SAFETY: glob_t is a plain C struct for which zero bytes are a valid value; glob fills it in.
    let mut found: libc::glob_t = unsafe { std::mem::zeroed() };
    // SAFETY: `pattern` is a C string and `found` a glob_t, both alive during the call; no callback is given.
    let result = unsafe { libc::glob(pattern.as_ptr(), 0, None, &raw mut found) };
    let paths = if result == 0 {
        (0..found.gl_pathc)
            .map(|i| {
                // SAFETY: after success gl_pathv holds gl_pathc pointers to C strings, which live until globfree.
                let path = unsafe { CStr::from_ptr(*found.gl_pathv.add(i)) };
                PathBuf::from(OsStr::from_bytes(path.to_bytes()))
            })
            .collect()
    } else {
        Vec::new()
    };
    // SAFETY: `found` was filled in by glob, or is zero, which globfree takes as empty.
    unsafe { libc::globfree(&raw mut found) };
    paths
}
