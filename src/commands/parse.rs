//! Arguments as numbers, words and times. A command parses all of them before it changes anything, and fails with the
//! text that Redis has for the first that is wrong.

use crate::keyspace::{Keyspace, PREFETCH_KEYS};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::Exec;
use c_compat::number::{LongDouble, double, int};
use std::ops::Range;

/// Calls `act` with the index of each argument that is a key: the first, and every `step`th from there. Keys are fetched
/// from memory some at a time, so that the command does not wait for each.
pub fn each_key<'a>(e: &mut Exec<'a>, step: usize, mut act: impl FnMut(&mut Exec<'a>, usize)) {
    let args = e.args;
    for (n, at) in (1..args.len()).step_by(step).enumerate() {
        if n % PREFETCH_KEYS == 0 && at + step < args.len() {
            e.ks.prefetch(e.db, args.rest(at).iter().step_by(step));
        }
        act(e, at);
    }
}

/// An integer in its canonical form: no plus sign, no leading zeros, no spaces.
///
/// # Errors
/// It is none, or does not fit 64 bits.
pub fn integer(arg: &[u8]) -> CmdResult<i64> {
    int::parse(arg).ok_or(CmdError::NOT_INTEGER)
}

/// An integer that is not below `min`.
///
/// # Errors
/// `refusal`, if it is anything else.
pub fn at_least(arg: &[u8], min: usize, refusal: CmdError) -> CmdResult<usize> {
    let number = int::parse(arg).and_then(|n| usize::try_from(n).ok());
    number.filter(|n| *n >= min).ok_or(refusal)
}

/// `numkeys key [key ...] END [COUNT count]`: where LMPOP, ZMPOP and those that wait for the same pop from.
pub struct PopFrom<E> {
    /// The arguments that are keys.
    pub keys: Range<usize>,
    pub end: E,
    pub count: usize,
}

impl<E> PopFrom<E> {
    /// Reads it from argument `at` on.
    ///
    /// # Errors
    /// A count below 1, an end that `parse_end` refuses, anything behind.
    pub fn parse(args: Args<'_>, at: usize, parse_end: impl Fn(&[u8]) -> CmdResult<E>) -> CmdResult<Self> {
        let positive = |arg: &[u8], text: &str| at_least(arg, 1, CmdError::err(text));
        let numkeys = positive(args.at(at), "numkeys should be greater than 0")?;
        let keys = at + 1..(at + 1).checked_add(numkeys).ok_or(CmdError::SYNTAX)?;
        let end = parse_end(args.get(keys.end).ok_or(CmdError::SYNTAX)?)?;
        let count = match (args.get(keys.end + 1), args.get(keys.end + 2), args.len() - keys.end) {
            (None, _, _) => 1,
            (Some(word), Some(arg), rest) if is_word(word, "count") => {
                let count = positive(arg, "count should be greater than 0")?;
                if rest > 3 {
                    return Err(CmdError::SYNTAX);
                }
                count
            }
            _ => return Err(CmdError::SYNTAX),
        };
        Ok(PopFrom { keys, end, count })
    }
}

/// An integer of 32 bits.
///
/// # Errors
/// It is none, or does not fit.
pub fn integer32(arg: &[u8]) -> CmdResult<i32> {
    i32::try_from(integer(arg)?).map_err(|_| {
        CmdError::err(format!("value is out of range, value must between {} and {}", i32::MIN, i32::MAX))
    })
}

/// How long a blocking command waits, milliseconds; none waits for ever. The argument is in seconds.
///
/// # Errors
/// It is no number, or less than 0. What does not fit in 64 bits counts as such, as in Redis.
pub fn timeout(arg: &[u8]) -> CmdResult<Option<u64>> {
    if LongDouble::parse(arg).is_none() {
        return Err(CmdError::err("timeout is not a float or out of range"));
    }
    let seconds = double::parse(arg).unwrap_or(f64::INFINITY);
    let ms = (seconds * 1000.0).ceil();
    if ms < 0.0 || ms >= i64::MAX as f64 {
        return Err(CmdError::TIMEOUT_NEGATIVE);
    }
    Ok((ms > 0.0).then_some(ms as u64))
}

/// The number of a database.
///
/// # Errors
/// It is no integer, or there is no such database.
pub fn database(arg: &[u8], ks: &Keyspace) -> CmdResult<usize> {
    let index = integer32(arg)?;
    usize::try_from(index).ok().filter(|db| *db < ks.db_count()).ok_or(CmdError::DB_OUT_OF_RANGE)
}

/// Whether an argument is this word, in any case. As for C's string functions, it ends at its first zero byte.
#[must_use]
pub fn is_word(arg: &[u8], word: &str) -> bool {
    let Some((start, rest)) = arg.split_at_checked(word.len()) else { return false };
    start.eq_ignore_ascii_case(word.as_bytes()) && rest.first().is_none_or(|b| *b == 0)
}

/// An argument as Redis's error texts show it: up to the first zero byte, without line ends behind it.
#[must_use]
pub fn shown(arg: &[u8]) -> &[u8] {
    let text = arg.split(|b| *b == 0).next().unwrap_or_default();
    let end = text.iter().rposition(|b| !matches!(b, b'\r' | b'\n')).map_or(0, |last| last + 1);
    &text[..end]
}

/// The unit that a time is given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
}

/// What a time counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// The command's own moment.
    Now,
    /// 1970.
    Epoch,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_ends_at_its_first_zero_byte() {
        assert!(is_word(b"nX", "NX"));
        assert!(is_word(b"NX\0Y", "NX"));
        assert!(!is_word(b"NXY", "NX"));
        assert!(!is_word(b"N", "NX"));
        assert!(!is_word(b"", "NX"));
    }

    #[test]
    fn an_integer_too_big_for_32_bits_is_told_the_range() {
        assert_eq!(integer32(b"-2147483648"), Ok(i32::MIN));
        assert_eq!(
            integer32(b"2147483648").unwrap_err().to_string(),
            "ERR value is out of range, value must between -2147483648 and 2147483647"
        );
        assert_eq!(integer32(b" 1"), Err(CmdError::NOT_INTEGER));
    }
}
