//! HEXPIRE, HPEXPIRE, HEXPIREAT and HPEXPIREAT, which give fields an expiry time, and HPERSIST, which takes it.

use super::options::{NOT_POSITIVE, absolute_ms, fields};
use super::{after_removal, removed_fields};
use crate::commands::generic::expire::already_expired;
use crate::commands::parse::{Since, Unit, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Hash;
use smallvec::SmallVec;

/// `HEXPIRE`
pub static HEXPIRE: Command = Command {
    name: "hexpire",
    arity: -6,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | HASH | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hexpire),
    subcommands: &[],
};

fn hexpire(e: &mut Exec<'_>) -> CmdResult {
    set_expiry(e, Since::Now, Unit::Seconds)
}

/// `HEXPIREAT`
pub static HEXPIREAT: Command = Command {
    name: "hexpireat",
    arity: -6,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | HASH | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hexpireat),
    subcommands: &[],
};

fn hexpireat(e: &mut Exec<'_>) -> CmdResult {
    set_expiry(e, Since::Epoch, Unit::Seconds)
}

/// `HPEXPIRE`
pub static HPEXPIRE: Command = Command {
    name: "hpexpire",
    arity: -6,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | HASH | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hpexpire),
    subcommands: &[],
};

fn hpexpire(e: &mut Exec<'_>) -> CmdResult {
    set_expiry(e, Since::Now, Unit::Millis)
}

/// `HPEXPIREAT`
pub static HPEXPIREAT: Command = Command {
    name: "hpexpireat",
    arity: -6,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | HASH | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hpexpireat),
    subcommands: &[],
};

fn hpexpireat(e: &mut Exec<'_>) -> CmdResult {
    set_expiry(e, Since::Epoch, Unit::Millis)
}

/// `HPERSIST`
pub static HPERSIST: Command = Command {
    name: "hpersist",
    arity: -5,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | HASH | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hpersist),
    subcommands: &[],
};

fn hpersist(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    e.ks.write_as::<Hash>(e.db, key)?;
    let fields = fields(e, 2, NOT_POSITIVE)?;
    let moment = e.ks.field_moment();
    let mut hash = e.ks.write_as::<Hash>(e.db, key)?;
    let mut persisted = 0;
    e.reply.array(fields.len());
    for field in fields.iter() {
        let found = hash.as_ref().and_then(|hash| hash.find(field)).filter(|f| !f.is_gone(moment));
        e.reply.int(match found.map(|found| found.expires) {
            None => NO_SUCH_FIELD,
            Some(None) => -1,
            Some(Some(_)) => {
                hash.as_mut().expect("the field is in it").set_expires(field, None);
                persisted += 1;
                1
            }
        });
    }
    if persisted > 0 {
        e.ks.note_field_expires(e.db, key);
        e.notify(NotifyFlags::HASH, "hpersist", key);
        e.ks.effects.dirty += persisted;
    }
    Ok(())
}

/// What the commands answer for a field that is not there.
const NO_SUCH_FIELD: i64 = -2;
/// For one that its condition left as it is.
const NOT_MET: i64 = 0;
/// For one that has its time now.
const SET: i64 = 1;
/// For one whose time had passed, and which is deleted.
const DELETED: i64 = 2;

fn set_expiry(e: &mut Exec<'_>, since: Since, unit: Unit) -> CmdResult {
    let key = e.args.at(1);
    e.ks.write_as::<Hash>(e.db, key)?;
    let ms = absolute_ms(e, since, unit, e.args.at(2))?;
    let condition = Condition::of(e.args.at(3));
    let at = if condition == Condition::Always { 3 } else { 4 };
    let fields = fields(e, at, "Parameter `numFields` should be greater than 0")?;
    let passed = already_expired(e, ms);
    let mut hash = e.ks.write_as::<Hash>(e.db, key)?;
    let (mut set, mut removed) = (SmallVec::<[&[u8]; 8]>::new(), removed_fields());
    e.reply.array(fields.len());
    for field in fields.iter() {
        let found = hash.as_deref_mut().and_then(|hash| Some((hash.find(field)?.expires, hash)));
        let Some((expires, hash)) = found else {
            e.reply.int(NO_SUCH_FIELD);
            continue;
        };
        if !condition.holds(ms, expires) {
            e.reply.int(NOT_MET);
        } else if passed {
            hash.remove(field);
            removed.push(field);
            e.reply.int(DELETED);
        } else {
            hash.set_expires(field, Some(ms));
            set.push(field);
            e.reply.int(SET);
        }
    }
    if !set.is_empty() {
        e.ks.note_field_expires(e.db, key);
        e.notify(NotifyFlags::HASH, "hexpire", key);
        e.ks.effects.dirty += set.len() as u64;
        if (since, unit) != (Since::Epoch, Unit::Millis) || set.len() != fields.len() {
            let (mut time, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
            let head = [b"HPEXPIREAT", key, time.format(ms).as_bytes()].into_iter();
            let count = count.format(set.len()).as_bytes();
            let words = (3..=at).map(|i| e.args.at(i)).chain([count]);
            e.ks.effects.propagate_instead(head.chain(words).chain(set.iter().copied()));
        }
    }
    after_removal(e, key, &removed);
    Ok(())
}

/// On what the change depends. A field without an expiry time counts as one that expires never.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    Always,
    Nx,
    Xx,
    Gt,
    Lt,
}

impl Condition {
    fn of(word: &[u8]) -> Self {
        match word {
            _ if is_word(word, "nx") => Condition::Nx,
            _ if is_word(word, "xx") => Condition::Xx,
            _ if is_word(word, "gt") => Condition::Gt,
            _ if is_word(word, "lt") => Condition::Lt,
            _ => Condition::Always,
        }
    }

    fn holds(self, new: i64, current: Option<i64>) -> bool {
        match self {
            Condition::Always => true,
            Condition::Nx => current.is_none(),
            Condition::Xx => current.is_some(),
            Condition::Gt => current.is_some_and(|current| new > current),
            Condition::Lt => current.is_none_or(|current| new < current),
        }
    }
}
