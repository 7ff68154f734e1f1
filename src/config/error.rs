//! Why a start or a CONFIG command is refused, in Redis's words.

use std::io;
/// What the operating system says of an error, as C's strerror words it.
pub(super) fn os_reason(error: &io::Error) -> String {
    let text = error.to_string();
    match error.raw_os_error() {
        Some(code) => text.strip_suffix(&format!(" (os error {code})")).unwrap_or(&text).to_string(),
        None => text,
    }
}
