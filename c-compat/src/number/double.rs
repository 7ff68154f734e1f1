//! Doubles as text: read as `strtod` reads them, written as `printf("%.17g")` writes them.

use super::binary::{self, DOUBLE};
use super::strtod::{Number, Scanned, scan};
use std::fmt::{self, Write};

/// The number that `text` as a whole stands for. Refused are leading spaces, NaN, and numbers that overflow to infinity or
/// underflow to zero; "inf" itself is a number here.
pub fn parse(text: &[u8]) -> Option<f64> {
    let scanned = scan(text)?;
    let magnitude = magnitude(text, &scanned)?;
    let out_of_range = match scanned.number {
        Number::Infinity => false,
        Number::Decimal(digits) | Number::Hex(digits) => {
            magnitude.is_infinite() || magnitude == 0.0 && !digits.is_zero()
        }
    };
    (!out_of_range).then_some(if scanned.negative { -magnitude } else { magnitude })
}

/// The number that C's `strtod` makes of `text`, if it reads all of it and that is not NaN: leading spaces are passed over,
/// no text at all is 0, as is what underflows, and what overflows is infinite. The ends of score ranges are read so.
pub fn parse_lenient(text: &[u8]) -> Option<f64> {
    if text.is_empty() {
        return Some(0.0);
    }
    let spaces = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    let text = &text[spaces..];
    let scanned = scan(text)?;
    let magnitude = magnitude(text, &scanned)?;
    Some(if scanned.negative { -magnitude } else { magnitude })
}

/// The number without its sign; infinite or 0 if it is too large or too small.
fn magnitude(text: &[u8], scanned: &Scanned<'_>) -> Option<f64> {
    Some(match scanned.number {
        Number::Infinity => f64::INFINITY,
        Number::Decimal(_) => {
            // The standard library rounds correctly and accepts all that the scanner does.
            let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
            value.abs()
        }
        Number::Hex(digits) => binary::from_hex(&DOUBLE, &digits).map_or(f64::INFINITY, from_rounded),
    })
}

fn from_rounded(rounded: binary::Rounded) -> f64 {
    const FRACTION_BITS: u32 = DOUBLE.precision - 1;
    let implicit = 1 << FRACTION_BITS;
    if rounded.mantissa < implicit {
        return f64::from_bits(rounded.mantissa);
    }
    let biased = (rounded.exponent - DOUBLE.exponent_min + 1) as u64;
    f64::from_bits(biased << FRACTION_BITS | (rounded.mantissa - implicit))
}

/// Appends what C's "%.17g" prints: 17 significant digits, exact halves to even, with an exponent when it is under -4 or
/// over 16, and no zeros at the end of a fraction.
pub fn append(out: &mut Vec<u8>, value: f64) {
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let value = value.abs();
    if value.is_nan() {
        out.extend_from_slice(b"nan");
    } else if value.is_infinite() {
        out.extend_from_slice(b"inf");
    } else if value < 1e17 && value.fract() == 0.0 {
        out.extend_from_slice(itoa::Buffer::new().format(value as u64).as_bytes());
    } else {
        append_fraction(out, value);
    }
}

const DIGITS: usize = 17;

/// Room for the longest scientific form, "d.dddddddddddddddde-ddd".
struct Text {
    bytes: [u8; 32],
    len: usize,
}

impl Write for Text {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..self.len + piece.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(piece.as_bytes());
        self.len += piece.len();
        Ok(())
    }
}

fn append_fraction(out: &mut Vec<u8>, value: f64) {
    let mut text = Text { bytes: [0; 32], len: 0 };
    write!(text, "{:.*e}", DIGITS - 1, value).expect("the buffer holds the longest form");
    let text = &text.bytes[..text.len];

    let mark = DIGITS + 1;
    let exponent = exponent_of(&text[mark + 1..]);
    let mut digits = [0; DIGITS];
    digits[0] = text[0];
    digits[1..].copy_from_slice(&text[2..mark]);
    let significant = DIGITS - digits.iter().rev().take_while(|&&digit| digit == b'0').count();

    if !(-4..DIGITS as i32).contains(&exponent) {
        append_pointed(out, &digits[..significant], 1);
        out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
        if exponent.abs() < 10 {
            out.push(b'0');
        }
        out.extend_from_slice(itoa::Buffer::new().format(exponent.abs()).as_bytes());
    } else if exponent < 0 {
        let zeros = exponent.unsigned_abs() as usize - 1;
        out.extend_from_slice(&b"0.000"[..2 + zeros]);
        out.extend_from_slice(&digits[..significant]);
    } else {
        append_pointed(out, &digits[..significant.max(exponent as usize + 1)], exponent as usize + 1);
    }
}

/// Digits with a point after the first `whole`, if any come after it.
fn append_pointed(out: &mut Vec<u8>, digits: &[u8], whole: usize) {
    let (whole, fraction) = digits.split_at(whole);
    out.extend_from_slice(whole);
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction);
    }
}

fn exponent_of(text: &[u8]) -> i32 {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let value = digits.iter().fold(0, |value, digit| value * 10 + i32::from(digit - b'0'));
    if negative { -value } else { value }
}
