//! Numeric values: plain integers, sizes with a unit (`64mb`), shares (`5%`) and octal modes.
//!
//! The rules for what is a number are those of the C functions behind Redis's own parser, including what they let
//! pass: an empty size is 0, and octal numbers may have blanks and a sign in front.

use super::Refusal;
use c_compat::number::{int, size};

/// How a number is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Plain,
    Memory,
    MemoryOrPercent,
    Octal,
}

impl Unit {
    /// Reads a number and holds it against the bounds. Percents are below zero.
    pub(super) fn parse_within(self, word: &[u8], min: i128, max: i128) -> Result<i128, Refusal> {
        let value = self.parse(word)?;
        if self == Unit::MemoryOrPercent && value < 0 {
            return if value < min {
                Err(format!("percentage argument must be less or equal to {}", -min).into())
            } else {
                Ok(value)
            };
        }
        if (min..=max).contains(&value) {
            return Ok(value);
        }
        Err(match self {
            Unit::Octal => format!("argument must be between {min:o} and {max:o} inclusive").into(),
            _ => format!("argument must be between {min} and {max} inclusive").into(),
        })
    }

    fn parse(self, word: &[u8]) -> Result<i128, Refusal> {
        match self {
            Unit::Plain => {
                int::parse(word).map(i128::from).ok_or("argument couldn't be parsed into an integer")
            }
            Unit::Memory => size::parse(word).map(i128::from).ok_or("argument must be a memory value"),
            Unit::MemoryOrPercent => size::parse(word)
                .map(i128::from)
                .or_else(|| parse_percent(word))
                .ok_or("argument must be a memory or percent value"),
            Unit::Octal => {
                let (value, rest) = parse_leading(word, 8);
                value.filter(|_| rest.is_empty()).ok_or("argument couldn't be parsed as an octal number")
            }
        }
        .map_err(Into::into)
    }

    /// As CONFIG GET shows it.
    pub(super) fn format(self, value: i128) -> String {
        match self {
            Unit::Octal => format!("{value:o}"),
            Unit::MemoryOrPercent if value < 0 => format!("{}%", -value),
            _ => value.to_string(),
        }
    }

    /// As CONFIG REWRITE writes it: sizes in the largest unit that divides them.
    pub(super) fn format_for_file(self, value: i128) -> String {
        match self {
            Unit::Memory | Unit::MemoryOrPercent if value >= 0 => format_memory(value),
            _ => self.format(value),
        }
    }
}

fn parse_percent(word: &[u8]) -> Option<i128> {
    let percent = int::parse(word.strip_suffix(b"%")?)?;
    (percent >= 0).then_some(-i128::from(percent))
}

/// C's strtoll: blanks, a sign, digits; the value (None when out of range) and what follows it. Without digits the
/// value is 0 and everything follows.
pub(super) fn parse_leading(word: &[u8], radix: u32) -> (Option<i128>, &[u8]) {
    let word = super::until_nul(word);
    let blanks = word.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0b).count();
    let (negative, unsigned) = match &word[blanks..] {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let digit = |byte: &u8| (*byte as char).to_digit(radix);
    let count = unsigned.iter().take_while(|byte| digit(byte).is_some()).count();
    if count == 0 {
        return (Some(0), word);
    }
    let add =
        |sum: i128, byte: &u8| sum.checked_mul(i128::from(radix))?.checked_add(i128::from(digit(byte)?));
    let value = unsigned[..count].iter().try_fold(0, add).map(|value| if negative { -value } else { value });
    let value = value.filter(|value| i64::try_from(*value).is_ok());
    (value, &unsigned[count..])
}

/// Like `parse_leading` in base 10, with values out of range cut to the nearest that fits, and nothing following.
pub(super) fn parse_whole(word: &[u8]) -> Option<i64> {
    let (value, rest) = parse_leading(word, 10);
    let limit = if word.contains(&b'-') { i64::MIN } else { i64::MAX };
    rest.is_empty().then(|| value.and_then(|value| i64::try_from(value).ok()).unwrap_or(limit))
}

pub(super) fn format_memory(bytes: i128) -> String {
    let units = [("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10)];
    match units.iter().find(|(_, size)| bytes != 0 && bytes % size == 0) {
        Some((unit, size)) => format!("{}{unit}", bytes / size),
        None => bytes.to_string(),
    }
}
