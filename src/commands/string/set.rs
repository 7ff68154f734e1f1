//! SET, and the commands that are SET with some of its options: SETNX, SETEX, PSETEX, GETSET.
//!
//! To replicas an expiry time goes as a moment, never as a duration: `SET key value PXAT ms`.

use super::options::{Condition, Expiry, SetOptions, Time};
use super::{reply_key, value_of};
use crate::commands::parse::{Since, Unit, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::keyspace::ExpireChange;
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, KeySpec, Run};

/// `SET`
pub static SET: Command = Command {
    name: "set",
    arity: -3,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | STRING | SLOW),
    keys: &[KeySpec {
        notes: "RW and ACCESS due to the optional `GET` argument",
        ..key_at(1, access!(RW | ACCESS | UPDATE | VARIABLE_FLAGS))
    }],
    group: Group::String,
    tips: &[],
    run: Run::Data(set),
    subcommands: &[],
};

fn set(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    if e.args.len() == 3 {
        overwrite(e, key, 2, ExpireChange::Clear);
        e.reply.ok();
        return Ok(());
    }
    let SetOptions { condition, get, expiry } = SetOptions::parse(e.args)?;
    let change = match expiry {
        Expiry::Given(time) => ExpireChange::At(time.absolute_ms(e)?),
        Expiry::Keep => ExpireChange::Keep,
        Expiry::Persist | Expiry::Unsaid => ExpireChange::Clear,
    };
    if get {
        reply_key(e, key)?;
        e.replied();
    }
    if !holds(e, key, condition) {
        if !get {
            e.reply.null();
        }
        return Ok(());
    }
    overwrite(e, key, 2, change);
    if let ExpireChange::At(ms) = change {
        propagate_with_expiry(e, key, 2, ms);
    } else if get {
        // What was there is nobody's business but this client's.
        let kept = e.args.iter().enumerate().filter(|(i, arg)| *i < 3 || !is_word(arg, "get"));
        e.ks.effects.propagate_instead(kept.map(|(_, arg)| arg));
    }
    if !get {
        e.reply.ok();
    }
    Ok(())
}

/// `SETNX`
pub static SETNX: Command = Command {
    name: "setnx",
    arity: 3,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | STRING | FAST),
    keys: &[key_at(1, access!(OW | INSERT))],
    group: Group::String,
    tips: &[],
    run: Run::Data(setnx),
    subcommands: &[],
};

fn setnx(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    let done = holds(e, key, Condition::Missing);
    if done {
        overwrite(e, key, 2, ExpireChange::Clear);
    }
    e.reply.int(i64::from(done));
    Ok(())
}

/// `SETEX`
pub static SETEX: Command = Command {
    name: "setex",
    arity: 4,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | STRING | SLOW),
    keys: &[key_at(1, access!(OW | UPDATE))],
    group: Group::String,
    tips: &[],
    run: Run::Data(setex),
    subcommands: &[],
};

fn setex(e: &mut Exec<'_>) -> CmdResult {
    set_with_duration(e, Unit::Seconds)
}

/// `PSETEX`
pub static PSETEX: Command = Command {
    name: "psetex",
    arity: 4,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | STRING | SLOW),
    keys: &[key_at(1, access!(OW | UPDATE))],
    group: Group::String,
    tips: &[],
    run: Run::Data(psetex),
    subcommands: &[],
};

fn psetex(e: &mut Exec<'_>) -> CmdResult {
    set_with_duration(e, Unit::Millis)
}

/// `GETSET`
pub static GETSET: Command = Command {
    name: "getset",
    arity: 3,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | STRING | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | UPDATE))],
    group: Group::String,
    tips: &[],
    run: Run::Data(getset),
    subcommands: &[],
};

fn getset(e: &mut Exec<'_>) -> CmdResult {
    let (key, value) = (e.args.at(1), e.args.at(2));
    reply_key(e, key)?;
    e.replied();
    overwrite(e, key, 2, ExpireChange::Clear);
    if !e.ks.effects.unheard {
        e.ks.effects.propagate_instead([b"SET", key, value]);
    }
    Ok(())
}

fn set_with_duration(e: &mut Exec<'_>, unit: Unit) -> CmdResult {
    let key = e.args.at(1);
    let ms = Time { since: Since::Now, unit, arg: e.args.at(2) }.absolute_ms(e)?;
    overwrite(e, key, 3, ExpireChange::At(ms));
    propagate_with_expiry(e, key, 3, ms);
    e.reply.ok();
    Ok(())
}

fn holds(e: &mut Exec<'_>, key: &[u8], condition: Condition) -> bool {
    match condition {
        Condition::Always => true,
        Condition::Missing => e.ks.lookup_write(e.db, key).is_none(),
        Condition::Present => e.ks.lookup_write(e.db, key).is_some(),
    }
}

/// Sets a key to the argument at `value`.
#[inline(always)]
fn overwrite(e: &mut Exec<'_>, key: &[u8], value: usize, expire: ExpireChange) {
    e.ks.set(e.db, key, value_of(e.args, value), expire);
    e.ks.effects.dirty += 1;
    e.notify(NotifyFlags::STRING, "set", key);
    if let ExpireChange::At(_) = expire {
        e.notify(NotifyFlags::GENERIC, "expire", key);
    }
}

fn propagate_with_expiry(e: &mut Exec<'_>, key: &[u8], value: usize, ms: i64) {
    if !e.ks.effects.unheard {
        let (value, mut digits) = (e.args.at(value), itoa::Buffer::new());
        e.ks.effects.propagate_instead([b"SET", key, value, b"PXAT", digits.format(ms).as_bytes()]);
    }
}
