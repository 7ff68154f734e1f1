//! EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT and PERSIST.
//!
//! Whatever unit and origin a time comes in, replicas get it as `PEXPIREAT key ms`. A time that has passed deletes the
//! key on a primary and goes out as that deletion; a replica, and a server that loads, keep the key with its time in
//! the past, and wait for the primary's word.

use super::deletion_name;
use crate::commands::parse::{Since, Unit, integer, is_word, shown};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::keyspace::ExpiryMode;
use crate::keyspace::discard::Cause;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};

/// `EXPIRE`
pub static EXPIRE: Command = Command {
    name: "expire",
    arity: -3,
    flags: flags!(WRITE | FAST),
    acl: acl!(KEYSPACE | WRITE | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(expire),
    subcommands: &[],
};

fn expire(e: &mut Exec<'_>) -> CmdResult {
    set_expiry(e, Since::Now, Unit::Seconds)
}

/// `PEXPIRE`
pub static PEXPIRE: Command = Command {
    name: "pexpire",
    arity: -3,
    flags: flags!(WRITE | FAST),
    acl: acl!(KEYSPACE | WRITE | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(pexpire),
    subcommands: &[],
};

fn pexpire(e: &mut Exec<'_>) -> CmdResult {
    set_expiry(e, Since::Now, Unit::Millis)
}

/// `EXPIREAT`
pub static EXPIREAT: Command = Command {
    name: "expireat",
    arity: -3,
    flags: flags!(WRITE | FAST),
    acl: acl!(KEYSPACE | WRITE | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(expireat),
    subcommands: &[],
};

fn expireat(e: &mut Exec<'_>) -> CmdResult {
    set_expiry(e, Since::Epoch, Unit::Seconds)
}

/// `PEXPIREAT`
pub static PEXPIREAT: Command = Command {
    name: "pexpireat",
    arity: -3,
    flags: flags!(WRITE | FAST),
    acl: acl!(KEYSPACE | WRITE | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(pexpireat),
    subcommands: &[],
};

fn pexpireat(e: &mut Exec<'_>) -> CmdResult {
    set_expiry(e, Since::Epoch, Unit::Millis)
}

/// `PERSIST`
pub static PERSIST: Command = Command {
    name: "persist",
    arity: 2,
    flags: flags!(WRITE | FAST),
    acl: acl!(KEYSPACE | WRITE | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(persist),
    subcommands: &[],
};

fn persist(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    // The key counts as used, whether it has a time to lose or not.
    let done = e.ks.lookup_write(e.db, key).is_some() && e.ks.persist(e.db, key);
    if done {
        e.ks.effects.dirty += 1;
        e.notify(NotifyFlags::GENERIC, "persist", key);
    }
    e.reply.int(i64::from(done));
    Ok(())
}

/// Whether a key that is given this expiry time is to be deleted at once.
pub fn already_expired(e: &Exec<'_>, ms: i64) -> bool {
    ms <= e.ks.now_ms() && e.ks.mode() == ExpiryMode::Delete
}

fn set_expiry(e: &mut Exec<'_>, since: Since, unit: Unit) -> CmdResult {
    let key = e.args.at(1);
    let conditions = Conditions::parse(e.args)?;
    let ms = absolute_ms(e, since, unit)?;
    if e.ks.lookup_write(e.db, key).is_none() || !conditions.hold(ms, e.ks.get_expire(e.db, key)) {
        e.reply.int(0);
        return Ok(());
    }
    if already_expired(e, ms) {
        e.ks.delete_as(e.db, key, Cause::Expired);
        let name = deletion_name(e.config.lazyfree_lazy_expire);
        e.ks.effects.propagate_instead([name, key]);
        e.notify(NotifyFlags::GENERIC, "del", key);
        e.reply.int(1);
    } else {
        e.ks.set_expire(e.db, key, ms);
        e.reply.int(1);
        e.notify(NotifyFlags::GENERIC, "expire", key);
        if (since, unit) != (Since::Epoch, Unit::Millis) {
            let mut digits = itoa::Buffer::new();
            let head = [b"PEXPIREAT", key, digits.format(ms).as_bytes()];
            e.ks.effects.propagate_instead(head.into_iter().chain(e.args.rest(3).iter()));
        }
    }
    e.ks.effects.dirty += 1;
    Ok(())
}

/// The time of argument 2 in ms since 1970; unlike SET's it may be negative.
fn absolute_ms(e: &Exec<'_>, since: Since, unit: Unit) -> CmdResult<i64> {
    let given = integer(e.args.at(2))?;
    let ms = match unit {
        Unit::Seconds => given.checked_mul(1000),
        Unit::Millis => Some(given),
    };
    match since {
        Since::Now => ms.and_then(|ms| ms.checked_add(e.ks.now_ms())),
        Since::Epoch => ms,
    }
    .ok_or_else(|| CmdError::invalid_expire(e.command.name))
}

/// On what the change depends. A key without an expiry time counts as one that expires never.
#[derive(Default)]
struct Conditions {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Conditions {
    fn parse(args: Args<'_>) -> CmdResult<Self> {
        let mut c = Conditions::default();
        for word in args.rest(3).iter() {
            if is_word(word, "nx") {
                c.nx = true;
            } else if is_word(word, "xx") {
                c.xx = true;
            } else if is_word(word, "gt") {
                c.gt = true;
            } else if is_word(word, "lt") {
                c.lt = true;
            } else {
                return Err(CmdError::err([b"Unsupported option ", shown(word)].concat()));
            }
        }
        if c.nx && (c.xx || c.gt || c.lt) {
            let text = "NX and XX, GT or LT options at the same time are not compatible";
            return Err(CmdError::err(text));
        }
        if c.gt && c.lt {
            return Err(CmdError::err("GT and LT options at the same time are not compatible"));
        }
        Ok(c)
    }

    fn hold(&self, new: i64, current: Option<i64>) -> bool {
        match current {
            Some(current) => !self.nx && (!self.gt || new > current) && (!self.lt || new < current),
            None => !self.xx && !self.gt,
        }
    }
}
