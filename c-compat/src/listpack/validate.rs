//! Whether bytes from outside are a listpack.

use super::entry::checked_after;
use super::{COUNT_UNKNOWN, END, HEADER};
use crate::block::ListpackHeader;

/// Bytes that are no listpack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("invalid listpack")
    }
}

impl std::error::Error for Invalid {}

/// Looks at everything: the header, the end, that every entry lies inside and says its length at both its ends, and that
/// they are as many as the header says.
pub fn validate(bytes: &[u8]) -> Result<(), Invalid> {
    validated(bytes, |_, _| true).map(drop)
}

/// Looks at the header and the end byte only.
pub fn validate_shallow(bytes: &[u8]) -> Result<(), Invalid> {
    framed(bytes).map(drop)
}

/// The header and the body, as far as [`validate_shallow`] looks.
fn framed(bytes: &[u8]) -> Result<(ListpackHeader, &[u8]), Invalid> {
    let (header, body) = bytes.split_first_chunk::<HEADER>().ok_or(Invalid)?;
    let [a, b, c, d, e, f] = *header;
    let header =
        ListpackHeader { total: u32::from_le_bytes([a, b, c, d]), count: u16::from_le_bytes([e, f]) };
    if header.total as usize == bytes.len() && body.last() == Some(&END) {
        Ok((header, body))
    } else {
        Err(Invalid)
    }
}

/// [`validate`], giving the parts, where `each` must agree to the place of every entry and the header's count.
#[inline(always)]
pub(super) fn validated(
    bytes: &[u8],
    mut each: impl FnMut(usize, u16) -> bool,
) -> Result<(ListpackHeader, &[u8]), Invalid> {
    let (header, body) = framed(bytes)?;
    let end = bytes.len() - 1;
    let (mut at, mut len) = (HEADER, 0usize);
    while at < end {
        let next = checked_after(&bytes[..end], at).ok_or(Invalid)?;
        if !each(at, header.count) {
            return Err(Invalid);
        }
        at = next;
        len += 1;
    }
    if header.count == COUNT_UNKNOWN || usize::from(header.count) == len {
        Ok((header, body))
    } else {
        Err(Invalid)
    }
}
