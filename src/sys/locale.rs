//! The order of texts in the locale of the process: SORT ALPHA answers in it.

use std::ffi::{CStr, CString};
use std::sync::OnceLock;

/// Whether texts are in the order of their bytes.
static BYTE_ORDER: OnceLock<bool> = OnceLock::new();

/// Takes the locale for comparing texts from the environment, once, before there are other threads.
pub fn use_collation_of_environment() {
    BYTE_ORDER.get_or_init(|| {
        // SAFETY: an empty C string; no other thread runs that could read the locale meanwhile. The answer is a C string
        // that lives until the next call, or null when there is no such locale, and then all stays as it is: "C".
        unsafe {
            let name = libc::setlocale(libc::LC_COLLATE, c"".as_ptr());
            name.is_null() || matches!(CStr::from_ptr(name).to_bytes(), b"C" | b"POSIX")
        }
    });
}

/// Whether texts are in the order of their bytes, as they are in the locale "C".
#[must_use]
pub fn is_byte_order() -> bool {
    *BYTE_ORDER.get().unwrap_or(&true)
}

/// Bytes that are in the order in which the texts are in the locale; a text ends at its first zero byte.
#[must_use]
pub fn collation_key(text: &[u8]) -> Vec<u8> {
    let text = &text[..text.iter().position(|byte| *byte == 0).unwrap_or(text.len())];
    if is_byte_order() {
        return text.to_vec();
    }
    let text = CString::new(text).expect("no zero byte is left");
    let mut key = vec![0u8; 4 * text.count_bytes() + 1];
    loop {
        // SAFETY: both are alive during the call, which writes at most as many bytes as the key is long.
        let len = unsafe { libc::strxfrm(key.as_mut_ptr().cast(), text.as_ptr(), key.len()) };
        if len < key.len() {
            key.truncate(len);
            return key;
        }
        key.resize(len + 1, 0);
    }
}
