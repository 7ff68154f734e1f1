//! Rounding to the binary formats: a number known exactly becomes the nearest one that the format has, to even on a tie.

use super::strtod::Digits;

/// A binary floating-point format, its numbers taken as integer times a power of two.
pub(super) struct Format {
    /// Bits of the integer.
    pub precision: u32,
    /// The least exponent, that of the subnormal numbers.
    pub exponent_min: i64,
    /// The greatest exponent.
    pub exponent_max: i64,
}

/// IEEE double.
pub(super) const DOUBLE: Format = Format { precision: 53, exponent_min: -1074, exponent_max: 971 };
/// The x87's extended format, which `long double` is on x86.
pub(super) const EXTENDED: Format = Format { precision: 64, exponent_min: -16445, exponent_max: 16320 };

/// A number of a format: `mantissa * 2^exponent`. Below `1 << (precision - 1)` the exponent is the format's least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rounded {
    pub mantissa: u64,
    pub exponent: i64,
}

/// Rounds `mantissa * 2^exponent`, to which less than one in the mantissa's last place is to be added if `more`. `None` is
/// a number beyond the format's greatest. With `more` the mantissa has at least one bit over the precision, as all callers'
/// have: what is only known as "more" then stands below the bit that is rounded by.
pub(super) fn round(format: &Format, mantissa: u128, exponent: i64, more: bool) -> Option<Rounded> {
    if mantissa == 0 {
        return Some(Rounded { mantissa: 0, exponent: format.exponent_min });
    }
    let bits = u128::BITS - mantissa.leading_zeros();
    // How far the mantissa has to move to the right.
    let shift = (i64::from(bits) - i64::from(format.precision)).max(format.exponent_min - exponent);
    let mut exponent = exponent + shift;
    let mut kept = if shift > 0 {
        shift_right(mantissa, shift.unsigned_abs(), more)
    } else {
        debug_assert!(!more, "the mantissa is too short for a remainder");
        mantissa << -shift
    };
    if kept >> format.precision != 0 {
        kept >>= 1;
        exponent += 1;
    }
    let mantissa = u64::try_from(kept).expect("the precision is at most 64 bits");
    (exponent <= format.exponent_max).then_some(Rounded { mantissa, exponent })
}

/// `value / 2^shift` for a shift of at least one, to the nearest integer, to even on a tie; `more` as in [`round`].
pub(super) fn shift_right(value: u128, shift: u64, more: bool) -> u128 {
    match shift {
        0 => value,
        1..128 => {
            let cut = value & ((1 << shift) - 1);
            let half = 1 << (shift - 1);
            let kept = value >> shift;
            kept + u128::from(cut > half || cut == half && (more || kept & 1 == 1))
        }
        128 => u128::from(value > 1 << 127 || value == 1 << 127 && more),
        _ => 0,
    }
}

/// The number that digits in base 16 stand for.
pub(super) fn from_hex(format: &Format, digits: &Digits) -> Option<Rounded> {
    let mut mantissa = 0u128;
    let mut more = false;
    // Digits that did not fit any more: each one is four powers of two.
    let mut left_out = 0;
    for digit in digits.all() {
        let value = (digit as char).to_digit(16).expect("scanned as a hex digit");
        if mantissa >> 120 == 0 {
            mantissa = mantissa << 4 | u128::from(value);
        } else {
            more |= value != 0;
            left_out += 4;
        }
    }
    let exponent = digits.exponent - 4 * digits.fraction.len() as i64 + left_out;
    round(format, mantissa, exponent, more)
}
