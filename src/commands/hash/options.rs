//! Times and lists of fields, as the commands for fields that expire take them.

use crate::commands::parse::{Since, Unit, integer, is_word};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::Exec;

/// The latest time at which a field can expire, ms since 1970: 46 bits.
const TIME_MAX: i64 = (1 << 46) - 1;

/// What is said of a number of fields that is none.
pub const NOT_POSITIVE: &str = "Number of fields must be a positive integer";

/// A time in ms since 1970.
///
/// # Errors
/// It is no integer, negative, or too late.
pub fn absolute_ms(e: &Exec<'_>, since: Since, unit: Unit, arg: &[u8]) -> CmdResult<i64> {
    let given = integer(arg)?;
    if given < 0 {
        return Err(CmdError::err("invalid expire time, must be >= 0"));
    }
    let ms = match unit {
        Unit::Seconds => given.checked_mul(1000),
        Unit::Millis => Some(given),
    };
    match since {
        Since::Now => ms.and_then(|ms| ms.checked_add(e.ks.now_ms())),
        Since::Epoch => ms,
    }
    .filter(|ms| *ms <= TIME_MAX)
    .ok_or_else(|| CmdError::invalid_expire(e.command.name))
}

/// What a time that follows this word counts from, and its unit: EX, PX, EXAT and PXAT.
pub fn kind_of_time(word: &[u8]) -> Option<(Since, Unit)> {
    Some(match word {
        _ if is_word(word, "ex") => (Since::Now, Unit::Seconds),
        _ if is_word(word, "px") => (Since::Now, Unit::Millis),
        _ if is_word(word, "exat") => (Since::Epoch, Unit::Seconds),
        _ if is_word(word, "pxat") => (Since::Epoch, Unit::Millis),
        _ => return None,
    })
}

/// The fields of `FIELDS numfields field ...`, which stands at argument `at` and is the end of the request.
///
/// # Errors
/// It is not there, or the number of fields is not that.
pub fn fields<'a>(e: &Exec<'a>, at: usize, not_positive: &str) -> CmdResult<Args<'a>> {
    if !e.args.get(at).is_some_and(|word| is_word(word, "fields")) {
        return Err(CmdError::err("Mandatory argument FIELDS is missing or not at the right position"));
    }
    let count = e.args.get(at + 1).ok_or_else(|| CmdError::wrong_arity(e.command.name))?;
    let count = integer(count).ok().filter(|n| *n > 0).ok_or_else(|| CmdError::err(not_positive))?;
    let fields = e.args.rest(at + 2);
    if i64::try_from(fields.len()) != Ok(count) {
        return Err(CmdError::err("The `numfields` parameter must match the number of arguments"));
    }
    Ok(fields)
}
