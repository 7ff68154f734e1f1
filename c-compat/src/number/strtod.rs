//! The texts that C's `strtod` and `strtold` accept, taken apart.
//!
//! ```text
//! [+-] digits [. digits] [e [+-] digits]            at least one digit before the e; 5. and .5 are fine
//! [+-] 0x hex [. hex] [p [+-] digits]               at least one hex digit before the p; p counts powers of two
//! [+-] inf | infinity                               letters of either case
//! ```
//!
//! NaN is left out, since every caller in Redis refuses it, and so are leading spaces and anything that `strtod` would leave
//! unread, for the same reason.

/// Exponents are kept within this distance of zero: farther out every format overflows or underflows, and no text short
/// of half a billion digits could bring the number back.
const EXPONENT_MAX: i64 = 1 << 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scanned<'t> {
    pub negative: bool,
    pub number: Number<'t>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number<'t> {
    Infinity,
    Decimal(Digits<'t>),
    Hex(Digits<'t>),
}

/// Digits before and after the point, and the exponent of ten or of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digits<'t> {
    pub whole: &'t [u8],
    pub fraction: &'t [u8],
    pub exponent: i64,
}

impl<'t> Digits<'t> {
    /// All digits in their order.
    pub fn all(&self) -> impl Iterator<Item = u8> + 't {
        self.whole.iter().chain(self.fraction).copied()
    }

    pub fn is_zero(&self) -> bool {
        self.all().all(|digit| digit == b'0')
    }
}

pub(super) fn scan(text: &[u8]) -> Option<Scanned<'_>> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let number = match text {
        [b'i' | b'I', ..] => {
            let whole = text.eq_ignore_ascii_case(b"inf") || text.eq_ignore_ascii_case(b"infinity");
            whole.then_some(Number::Infinity)?
        }
        [b'0', b'x' | b'X', rest @ ..] => Number::Hex(digits(rest, u8::is_ascii_hexdigit, b'p')?),
        _ => Number::Decimal(digits(text, u8::is_ascii_digit, b'e')?),
    };
    Some(Scanned { negative, number })
}

fn digits(text: &[u8], is_digit: fn(&u8) -> bool, exponent_mark: u8) -> Option<Digits<'_>> {
    let (whole, rest) = split_digits(text, is_digit);
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => split_digits(rest, is_digit),
        rest => (&[][..], rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let exponent = match rest {
        [] => 0,
        [mark, rest @ ..] if mark.to_ascii_lowercase() == exponent_mark => exponent(rest)?,
        _ => return None,
    };
    Some(Digits { whole, fraction, exponent })
}

fn exponent(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        rest => (1, rest),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = (value * 10 + i64::from(digit - b'0')).min(EXPONENT_MAX);
    }
    Some(sign * value)
}

fn split_digits(text: &[u8], is_digit: fn(&u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| is_digit(byte)).count())
}
