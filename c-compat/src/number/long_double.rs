//! `long double` as x86 has it, for INCRBYFLOAT: read as `strtold` reads it, added as the x87 adds, written as Redis writes
//! it for people. Clients see every digit, so results have to be those of the 80-bit format, not of a double.
//!
//! A number is a sign and `mantissa * 2^exponent` with a mantissa of 64 bits, its top bit set unless the exponent is the
//! least one there is (-16445). All rounding is to the nearest, to even on a tie. NaN does not come up: no text gives it
//! and a sum that would be it is refused.

use super::big::Big;
use super::binary::{self, EXTENDED, Rounded};
use super::strtod::{Digits, Number, scan};
use std::cmp::Ordering;

/// Longer texts are refused unseen (in C this is the size of a buffer less the zero that ends it).
const TEXT_MAX: usize = 5 * 1024 - 1;

/// What Redis prints after the point before it drops zeros.
const FRACTION_DIGITS: u32 = 17;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongDouble {
    negative: bool,
    magnitude: Magnitude,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Magnitude {
    Finite(Rounded),
    Infinite,
}

impl From<i64> for LongDouble {
    fn from(value: i64) -> Self {
        let magnitude = binary::round(&EXTENDED, u128::from(value.unsigned_abs()), 0, false);
        Self::finite(value < 0, magnitude.expect("64 bits are far from the greatest exponent"))
    }
}

impl LongDouble {
    /// The number that `text` as a whole stands for. Refused are leading spaces, NaN, numbers that overflow to infinity
    /// or underflow to zero, and texts of 5120 bytes or more; "inf" itself is a number here.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() > TEXT_MAX {
            return None;
        }
        let scanned = scan(text)?;
        let (rounded, digits) = match scanned.number {
            Number::Infinity => {
                return Some(Self { negative: scanned.negative, magnitude: Magnitude::Infinite });
            }
            Number::Decimal(digits) => (from_decimal(&digits)?, digits),
            Number::Hex(digits) => (binary::from_hex(&EXTENDED, &digits)?, digits),
        };
        if rounded.mantissa == 0 && !digits.is_zero() {
            return None;
        }
        Some(Self::finite(scanned.negative, rounded))
    }

    pub fn is_finite(self) -> bool {
        matches!(self.magnitude, Magnitude::Finite(_))
    }

    /// The sum, unless it is infinite or no number at all.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let (Magnitude::Finite(a), Magnitude::Finite(b)) = (self.magnitude, other.magnitude) else {
            return None;
        };
        let (large, small, negative) = match (a.exponent, a.mantissa).cmp(&(b.exponent, b.mantissa)) {
            Ordering::Less => (b, a, other.negative),
            _ => (a, b, self.negative),
        };
        // Both on one scale, with room for a carry above and 63 bits below. What the smaller one loses below those is
        // known only as "more": the sum with a little added, or the difference with less than one taken off.
        let down = (large.exponent - small.exponent).min(127) as u32;
        let high = u128::from(large.mantissa) << 63;
        let low_whole = u128::from(small.mantissa) << 63;
        let low = low_whole >> down;
        let more = low << down != low_whole;
        let sum = if self.negative == other.negative { high + low } else { high - low - u128::from(more) };
        let rounded = binary::round(&EXTENDED, sum, large.exponent - 63, more)?;
        // A difference of nothing is +0, unless both were -0.
        let negative = if rounded.mantissa == 0 { self.negative && other.negative } else { negative };
        Some(Self::finite(negative, rounded))
    }

    /// Appends the number in decimal without an exponent, rounded to 17 digits after the point, without zeros at its end,
    /// and without the sign if only zero is left.
    pub fn append(self, out: &mut Vec<u8>) {
        let rounded = match self.magnitude {
            Magnitude::Finite(rounded) => rounded,
            Magnitude::Infinite => {
                out.extend_from_slice(if self.negative { b"-inf" } else { b"inf" });
                return;
            }
        };
        let start = out.len();
        if self.negative {
            out.push(b'-');
        }
        append_magnitude(out, rounded);
        if out[start..] == *b"-0" {
            out.remove(start);
        }
    }

    fn finite(negative: bool, rounded: Rounded) -> Self {
        Self { negative, magnitude: Magnitude::Finite(rounded) }
    }
}

fn append_magnitude(out: &mut Vec<u8>, Rounded { mantissa, exponent }: Rounded) {
    if exponent >= 0 {
        append_integer(out, mantissa, exponent as u32);
        return;
    }
    let below_point = exponent.unsigned_abs() as u32;
    let (mut whole, fraction) = match below_point {
        64.. => (0, u128::from(mantissa)),
        _ => (mantissa >> below_point, u128::from(mantissa & ((1 << below_point) - 1))),
    };
    let scale = 10u128.pow(FRACTION_DIGITS);
    let mut fraction = binary::shift_right(fraction * scale, u64::from(below_point), false);
    if fraction == scale {
        fraction = 0;
        whole += 1;
    }
    out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    if fraction != 0 {
        let mut digits = *b".00000000000000000";
        for digit in digits[1..].iter_mut().rev() {
            *digit += (fraction % 10) as u8;
            fraction /= 10;
        }
        let zeros = digits.iter().rev().take_while(|&&digit| digit == b'0').count();
        out.extend_from_slice(&digits[..digits.len() - zeros]);
    }
}

/// `mantissa * 2^exponent` in decimal: at most 4933 digits.
fn append_integer(out: &mut Vec<u8>, mantissa: u64, mut exponent: u32) {
    /// A limb holds 18 digits and a step multiplies by up to 2^64, so a limb's product with the carry fits in 128 bits.
    const LIMB: u128 = 10u128.pow(18);
    let mut limbs = vec![mantissa % LIMB as u64, mantissa / LIMB as u64];
    while exponent > 0 {
        let step = exponent.min(64);
        exponent -= step;
        let mut carry = 0u128;
        for limb in &mut limbs {
            let product = (u128::from(*limb) << step) + carry;
            *limb = (product % LIMB) as u64;
            carry = product / LIMB;
        }
        while carry > 0 {
            limbs.push((carry % LIMB) as u64);
            carry /= LIMB;
        }
    }
    while limbs.len() > 1 && limbs.last() == Some(&0) {
        limbs.pop();
    }
    let mut buffer = itoa::Buffer::new();
    for (i, &limb) in limbs.iter().rev().enumerate() {
        let digits = buffer.format(limb).as_bytes();
        if i > 0 {
            out.resize(out.len() + 18 - digits.len(), b'0');
        }
        out.extend_from_slice(digits);
    }
}

/// The number that digits in base 10 stand for.
fn from_decimal(digits: &Digits) -> Option<Rounded> {
    let exponent = digits.exponent - digits.fraction.len() as i64;
    let zeros = digits.all().take_while(|&digit| digit == b'0').count();
    let count = digits.whole.len() + digits.fraction.len() - zeros;
    if count == 0 {
        return binary::round(&EXTENDED, 0, 0, false);
    }
    // The value lies between 10^(place - 1) and 10^place.
    let place = exponent + count as i64;
    if place > 4933 {
        return None;
    }
    if place < -4951 {
        return Some(Rounded { mantissa: 0, exponent: EXTENDED.exponent_min });
    }
    let significant = digits.all().skip(zeros);
    if count <= 19 && exponent.unsigned_abs() <= FIVES_IN_64_BITS as u64 {
        let number = significant.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
        return from_short_decimal(number, exponent);
    }
    from_long_decimal(significant, exponent)
}

/// 5^27 is the greatest power of five of 64 bits.
const FIVES_IN_64_BITS: u32 = 27;

/// `number * 10^exponent` where both the number and the power of five in it fit in 64 bits: one exact product or one
/// division with its remainder.
fn from_short_decimal(number: u64, exponent: i64) -> Option<Rounded> {
    let fives = 5u128.pow(exponent.unsigned_abs() as u32);
    if exponent >= 0 {
        return binary::round(&EXTENDED, u128::from(number) * fives, exponent, false);
    }
    // The dividend fills 128 bits and the divisor at most 63, so the quotient has at least the 65 that rounding needs.
    let up = number.leading_zeros() + 64;
    let dividend = u128::from(number) << up;
    binary::round(&EXTENDED, dividend / fives, exponent - i64::from(up), !dividend.is_multiple_of(fives))
}

/// The same for any number of digits.
fn from_long_decimal(digits: impl Iterator<Item = u8>, exponent: i64) -> Option<Rounded> {
    let mut number = Big::from_digits(digits);
    if exponent >= 0 {
        number.multiply_by_fives(exponent as u32);
        let down = number.bits().saturating_sub(128);
        let (mantissa, more) = number.shifted_right(down);
        return binary::round(&EXTENDED, mantissa, exponent + i64::from(down), more);
    }
    let mut fives = Big::from(1);
    fives.multiply_by_fives(exponent.unsigned_abs() as u32);
    let (quotient, down, more) = number.divide(&fives);
    binary::round(&EXTENDED, quotient, exponent + down, more)
}
