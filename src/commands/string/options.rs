//! The options of SET and GETEX: conditions and expiry times. They share one grammar, of which each takes a part.

use crate::commands::parse::{Since, Unit, integer, is_word};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::Exec;

/// On what a SET depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    Always,
    /// NX.
    Missing,
    /// XX.
    Present,
}

/// What becomes of the expiry time.
#[derive(Debug, Clone, Copy)]
pub enum Expiry<'a> {
    /// Nothing was said: SET clears it, GETEX leaves it.
    Unsaid,
    /// KEEPTTL.
    Keep,
    /// PERSIST.
    Persist,
    /// EX, PX, EXAT or PXAT with its argument, not yet looked at.
    Given(Time<'a>),
}

/// An expiry time as given.
#[derive(Debug, Clone, Copy)]
pub struct Time<'a> {
    pub since: Since,
    pub unit: Unit,
    pub arg: &'a [u8],
}

impl Time<'_> {
    /// The time in ms since 1970.
    ///
    /// # Errors
    /// It is no integer, not positive, or overflows.
    pub fn absolute_ms(self, e: &Exec<'_>) -> CmdResult<i64> {
        let given = Some(integer(self.arg)?).filter(|n| *n > 0);
        let ms = match self.unit {
            Unit::Seconds => given.and_then(|n| n.checked_mul(1000)),
            Unit::Millis => given,
        };
        match self.since {
            Since::Now => ms.and_then(|n| n.checked_add(e.ks.now_ms())),
            Since::Epoch => ms,
        }
        .ok_or_else(|| CmdError::invalid_expire(e.command.name))
    }
}

/// The options behind SET key value.
#[derive(Debug, Clone, Copy)]
pub struct SetOptions<'a> {
    pub condition: Condition,
    pub get: bool,
    pub expiry: Expiry<'a>,
}

impl<'a> SetOptions<'a> {
    /// Options as SET takes them.
    ///
    /// # Errors
    /// One is unknown, lacks its argument, or contradicts another.
    pub fn parse(args: Args<'a>) -> CmdResult<Self> {
        let mut options = SetOptions { condition: Condition::Always, get: false, expiry: Expiry::Unsaid };
        let mut i = 3;
        while let Some(word) = args.get(i) {
            if is_word(word, "nx") && options.condition != Condition::Present {
                options.condition = Condition::Missing;
            } else if is_word(word, "xx") && options.condition != Condition::Missing {
                options.condition = Condition::Present;
            } else if is_word(word, "get") {
                options.get = true;
            } else if is_word(word, "keepttl") && matches!(options.expiry, Expiry::Unsaid | Expiry::Keep) {
                options.expiry = Expiry::Keep;
            } else {
                options.expiry = Expiry::Given(time(args, i, options.expiry)?);
                i += 1;
            }
            i += 1;
        }
        Ok(options)
    }
}

/// Options as GETEX takes them.
///
/// # Errors
/// One is unknown, lacks its argument, or contradicts another.
pub fn parse_getex(args: Args<'_>) -> CmdResult<Expiry<'_>> {
    let mut expiry = Expiry::Unsaid;
    let mut i = 2;
    while let Some(word) = args.get(i) {
        if is_word(word, "persist") && matches!(expiry, Expiry::Unsaid | Expiry::Persist) {
            expiry = Expiry::Persist;
        } else {
            expiry = Expiry::Given(time(args, i, expiry)?);
            i += 1;
        }
        i += 1;
    }
    Ok(expiry)
}

/// The time that argument `i` and the next one give. One of another kind must not have been given before; of the same
/// kind, the last one holds.
fn time<'a>(args: Args<'a>, i: usize, before: Expiry<'a>) -> CmdResult<Time<'a>> {
    let word = args.at(i);
    let (since, unit) = if is_word(word, "ex") {
        (Since::Now, Unit::Seconds)
    } else if is_word(word, "px") {
        (Since::Now, Unit::Millis)
    } else if is_word(word, "exat") {
        (Since::Epoch, Unit::Seconds)
    } else if is_word(word, "pxat") {
        (Since::Epoch, Unit::Millis)
    } else {
        return Err(CmdError::SYNTAX);
    };
    let allowed = match before {
        Expiry::Unsaid => true,
        Expiry::Given(time) => (time.since, time.unit) == (since, unit),
        Expiry::Keep | Expiry::Persist => false,
    };
    let arg = args.get(i + 1).filter(|_| allowed).ok_or(CmdError::SYNTAX)?;
    Ok(Time { since, unit, arg })
}
