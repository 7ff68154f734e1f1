//! HSETEX: fields are set together with when they expire.

use super::options::{absolute_ms, kind_of_time};
use super::{after_removal, meet_fields};
use crate::commands::generic::expire::already_expired;
use crate::commands::parse::{Since, Unit, integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Hash;
use crate::value::hash::Lookup;

/// `HSETEX`
pub static HSETEX: Command = Command {
    name: "hsetex",
    arity: -6,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | HASH | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hsetex),
    subcommands: &[],
};

/// On what the change depends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    Always,
    /// FNX: none of the fields is there.
    NoneThere,
    /// FXX: all are.
    AllThere,
}

/// What becomes of the fields' expiry times.
#[derive(Clone, Copy)]
enum Expiry {
    Clear,
    Keep,
    At {
        ms: i64,
        /// The argument that says what kind of time it is; the next is the time.
        word: usize,
        /// It is in the form in which replicas get it.
        absolute_ms: bool,
    },
}

struct Options<'a> {
    condition: Condition,
    expiry: Expiry,
    /// Fields and values.
    pairs: Args<'a>,
}

impl<'a> Options<'a> {
    fn parse(e: &Exec<'a>) -> CmdResult<Self> {
        let wrong_arity = || CmdError::wrong_arity(e.command.name);
        let (mut condition, mut expiry, mut i) = (Condition::Always, Expiry::Clear, 2);
        loop {
            let word = e.args.get(i).ok_or_else(wrong_arity)?;
            let new = match word {
                _ if is_word(word, "fields") => break,
                _ if is_word(word, "fnx") => Some(Condition::NoneThere),
                _ if is_word(word, "fxx") => Some(Condition::AllThere),
                _ => None,
            };
            if let Some(new) = new {
                if condition != Condition::Always {
                    return Err(CmdError::err("Only one of FXX or FNX arguments can be specified"));
                }
                condition = new;
                i += 1;
                continue;
            }
            let time = kind_of_time(word);
            if time.is_none() && !is_word(word, "keepttl") {
                return Err(CmdError::err([b"unknown argument: ", word].concat()));
            }
            if !matches!(expiry, Expiry::Clear) {
                let text = "Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
                return Err(CmdError::err(text));
            }
            expiry = match time {
                None => Expiry::Keep,
                Some((since, unit)) => {
                    let ms = absolute_ms(e, since, unit, e.args.get(i + 1).ok_or_else(wrong_arity)?)?;
                    let absolute_ms = (since, unit) == (Since::Epoch, Unit::Millis);
                    Expiry::At { ms, word: i, absolute_ms }
                }
            };
            i += 1 + usize::from(time.is_some());
        }
        let pairs = e.args.rest(i + 2);
        if pairs.len() < 2 {
            return Err(wrong_arity());
        }
        let count = integer(e.args.at(i + 1)).ok().filter(|n| (1..=i64::from(i32::MAX)).contains(n));
        let count = count.ok_or_else(|| CmdError::err("invalid number of fields"))?;
        if pairs.len() as i64 != 2 * count {
            return Err(wrong_arity());
        }
        Ok(Options { condition, expiry, pairs })
    }
}

fn hsetex(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    let Options { condition, expiry, pairs } = Options::parse(e)?;
    e.ks.write_as::<Hash>(e.db, key)?;
    let fields = || pairs.iter().step_by(2);
    if condition != Condition::Always {
        meet_fields(e, key, fields());
        let moment = e.ks.field_moment();
        let hash = e.ks.write_as::<Hash>(e.db, key)?;
        let there = |field| hash.as_ref().is_some_and(|h| matches!(h.get(field, moment), Lookup::Found(_)));
        let holds = match condition {
            Condition::NoneThere => !fields().any(there),
            _ => fields().all(there),
        };
        if !holds {
            e.reply.int(0);
            return Ok(());
        }
    }
    e.reply.int(1);
    if let Expiry::At { ms, .. } = expiry
        && already_expired(e, ms)
    {
        e.notify(NotifyFlags::HASH, "hset", key);
        set_expired(e, key, fields().collect::<Vec<_>>().as_slice())?;
        return Ok(());
    }
    let limits = e.ks.limits.hash;
    let hash = e.ks.write_or_create::<Hash>(e.db, key)?;
    for (field, value) in fields().zip(pairs.rest(1).iter().step_by(2)) {
        match expiry {
            Expiry::Clear => hash.set(field, value, &limits),
            Expiry::Keep => hash.set_keeping(field, value, &limits),
            Expiry::At { ms, .. } => hash.set_expiring(field, value, ms, &limits),
        };
    }
    e.ks.note_field_expires(e.db, key);
    e.ks.effects.dirty += pairs.len() as u64 / 2;
    e.notify(NotifyFlags::HASH, "hset", key);
    if let Expiry::At { ms, word, absolute_ms } = expiry {
        e.notify(NotifyFlags::HASH, "hexpire", key);
        if !absolute_ms {
            let mut time = itoa::Buffer::new();
            let time = time.format(ms).as_bytes();
            let args = e.args.iter().enumerate().map(|(i, arg)| match i {
                _ if i == word => b"PXAT".as_slice(),
                _ if i == word + 1 => time,
                _ => arg,
            });
            e.ks.effects.propagate_instead(args);
        }
    }
    Ok(())
}

/// The fields are set and expire at once, and so does the key if there is nothing else in it.
fn set_expired(e: &mut Exec<'_>, key: &[u8], fields: &[&[u8]]) -> CmdResult {
    match e.ks.write_as::<Hash>(e.db, key)? {
        Some(hash) => {
            for field in fields {
                hash.remove(field);
            }
            after_removal(e, key, fields);
        }
        None => {
            after_removal(e, key, fields);
            e.notify(NotifyFlags::GENERIC, "del", key);
        }
    }
    Ok(())
}
