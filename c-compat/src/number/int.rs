//! Integers as text.
//!
//! [`parse`] is strict: it accepts a text only if formatting the number gives that very text back. So a string value that
//! parses may be held as an integer, and an argument such as `+1`, ` 1`, `01` or `-0` is not an integer at all.

/// The longest text of an `i64` ("-9223372036854775808") and of a `u64` has this many bytes.
pub const TEXT_MAX: usize = 20;

/// The number that `text` is the one right way to write, if it is one and fits.
#[inline]
pub fn parse(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let magnitude = parse_u64(digits)?;
    match (negative, magnitude) {
        (false, _) => i64::try_from(magnitude).ok(),
        (true, 0) => None,
        (true, _) => 0i64.checked_sub_unsigned(magnitude),
    }
}

/// The same for unsigned numbers.
#[inline]
pub fn parse_u64(text: &[u8]) -> Option<u64> {
    match text {
        [b'0'] => return Some(0),
        [b'1'..=b'9', ..] if text.len() <= TEXT_MAX => {}
        _ => return None,
    }
    let mut value = 0u64;
    // Nineteen digits cannot overflow; only the twentieth needs the check.
    let (sure, last) = text.split_at(text.len().min(TEXT_MAX - 1));
    for &byte in sure {
        value = value * 10 + u64::from(digit(byte)?);
    }
    match last {
        [] => Some(value),
        [byte, ..] => value.checked_mul(10)?.checked_add(u64::from(digit(*byte)?)),
    }
}

#[inline]
fn digit(byte: u8) -> Option<u8> {
    let value = byte.wrapping_sub(b'0');
    (value < 10).then_some(value)
}

/// A SCAN cursor, which Redis reads with `strtoul`: a sign and leading zeros are accepted (a minus negates modulo 2^64),
/// an empty text is 0, and what follows a zero byte is not looked at.
pub fn parse_cursor(text: &[u8]) -> Option<u64> {
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    if text.is_empty() {
        return Some(0);
    }
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0u64;
    for &byte in digits {
        value = value.checked_mul(10)?.checked_add(u64::from(digit(byte)?))?;
    }
    Some(if negative { value.wrapping_neg() } else { value })
}

/// Appends the text of `value`.
#[inline]
pub fn append(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// How many bytes the text of `value` has.
pub fn text_len(value: i64) -> usize {
    let digits = value.unsigned_abs().checked_ilog10().map_or(1, |log| log as usize + 1);
    digits + usize::from(value < 0)
}
