//! System errors as C programs print them.

use std::io;

/// What `strerror` says: the standard library's text without its "(os error N)", which Redis's log lines do not have.
#[must_use]
pub fn strerror(error: &io::Error) -> String {
    let text = error.to_string();
    match (error.raw_os_error(), text.rfind(" (os error ")) {
        (Some(_), Some(end)) => text[..end].to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_left_out() {
        assert_eq!(strerror(&io::Error::from_raw_os_error(libc::ENOSPC)), "No space left on device");
        assert_eq!(strerror(&io::Error::other("a reason of our own")), "a reason of our own");
    }
}
