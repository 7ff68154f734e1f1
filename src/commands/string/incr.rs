//! INCR, DECR, INCRBY, DECRBY and INCRBYFLOAT.

use crate::commands::parse::integer;
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::keyspace::ExpireChange;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::{IntBuf, NewValue, StrRef};
use c_compat::number::long_double::LongDouble;

/// `INCR`
pub static INCR: Command = Command {
    name: "incr",
    arity: 2,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | STRING | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | UPDATE))],
    group: Group::String,
    tips: &[],
    run: Run::Data(incr),
    subcommands: &[],
};

fn incr(e: &mut Exec<'_>) -> CmdResult {
    add(e, 1)
}

/// `DECR`
pub static DECR: Command = Command {
    name: "decr",
    arity: 2,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | STRING | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | UPDATE))],
    group: Group::String,
    tips: &[],
    run: Run::Data(decr),
    subcommands: &[],
};

fn decr(e: &mut Exec<'_>) -> CmdResult {
    add(e, -1)
}

/// `INCRBY`
pub static INCRBY: Command = Command {
    name: "incrby",
    arity: 3,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | STRING | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | UPDATE))],
    group: Group::String,
    tips: &[],
    run: Run::Data(incrby),
    subcommands: &[],
};

fn incrby(e: &mut Exec<'_>) -> CmdResult {
    add(e, integer(e.args.at(2))?)
}

/// `DECRBY`
pub static DECRBY: Command = Command {
    name: "decrby",
    arity: 3,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | STRING | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | UPDATE))],
    group: Group::String,
    tips: &[],
    run: Run::Data(decrby),
    subcommands: &[],
};

fn decrby(e: &mut Exec<'_>) -> CmdResult {
    let by = integer(e.args.at(2))?;
    add(e, by.checked_neg().ok_or_else(|| CmdError::err("decrement would overflow"))?)
}

/// `INCRBYFLOAT`
pub static INCRBYFLOAT: Command = Command {
    name: "incrbyfloat",
    arity: 3,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | STRING | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | UPDATE))],
    group: Group::String,
    tips: &[],
    run: Run::Data(incrbyfloat),
    subcommands: &[],
};

fn incrbyfloat(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    let old = match e.ks.read_str_to_write(e.db, key)? {
        Some(StrRef::Int(n)) => LongDouble::from(n),
        Some(text) => LongDouble::parse(text.bytes(&mut IntBuf::new())).ok_or(CmdError::NOT_FLOAT)?,
        None => LongDouble::from(0),
    };
    let by = LongDouble::parse(e.args.at(2)).ok_or(CmdError::NOT_FLOAT)?;
    let mut text = Vec::new();
    old.checked_add(by).ok_or(CmdError::NAN_OR_INFINITY)?.append(&mut text);
    e.ks.set(e.db, key, NewValue::Plain(&text), ExpireChange::Keep);
    e.ks.effects.dirty += 1;
    // Replicas get the sum, so that no difference of their floats can show.
    e.ks.effects.propagate_instead([b"SET", key, &text, b"KEEPTTL"]);
    e.notify(NotifyFlags::STRING, "incrbyfloat", key);
    e.reply.bulk(&text);
    Ok(())
}

fn add(e: &mut Exec<'_>, by: i64) -> CmdResult {
    let key = e.args.at(1);
    let new = match e.ks.write_str(e.db, key)? {
        Some(mut found) => {
            let old = found.value().to_int().ok_or(CmdError::NOT_INTEGER)?;
            let new = old.checked_add(by).ok_or(CmdError::OVERFLOW)?;
            found.set_int(new);
            new
        }
        None => {
            e.ks.set_int(e.db, key, by);
            by
        }
    };
    e.ks.effects.dirty += 1;
    e.notify(NotifyFlags::STRING, "incrby", key);
    e.reply.int(new);
    Ok(())
}
