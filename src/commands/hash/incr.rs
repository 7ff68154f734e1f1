//! HINCRBY and HINCRBYFLOAT.

use super::meet_fields;
use crate::commands::parse::integer;
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Hash;
use crate::value::hash::Item;
use c_compat::number::long_double::LongDouble;

/// `HINCRBY`
pub static HINCRBY: Command = Command {
    name: "hincrby",
    arity: 4,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | HASH | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | UPDATE))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hincrby),
    subcommands: &[],
};

fn hincrby(e: &mut Exec<'_>) -> CmdResult {
    let (key, field) = (e.args.at(1), e.args.at(2));
    let by = integer(e.args.at(3))?;
    e.ks.write_as::<Hash>(e.db, key)?;
    meet_fields(e, key, [field].into_iter());
    let limits = e.ks.limits.hash;
    let hash = e.ks.write_or_create::<Hash>(e.db, key)?;
    let old = match hash.find(field) {
        Some(found) => found.value.as_int().ok_or_else(|| CmdError::err("hash value is not an integer"))?,
        None => 0,
    };
    let new = old.checked_add(by).ok_or(CmdError::OVERFLOW)?;
    hash.set_keeping(field, itoa::Buffer::new().format(new).as_bytes(), &limits);
    e.reply.int(new);
    e.notify(NotifyFlags::HASH, "hincrby", key);
    e.ks.effects.dirty += 1;
    Ok(())
}

/// `HINCRBYFLOAT`
pub static HINCRBYFLOAT: Command = Command {
    name: "hincrbyfloat",
    arity: 4,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | HASH | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | UPDATE))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hincrbyfloat),
    subcommands: &[],
};

fn hincrbyfloat(e: &mut Exec<'_>) -> CmdResult {
    let (key, field) = (e.args.at(1), e.args.at(2));
    let by = LongDouble::parse(e.args.at(3)).ok_or(CmdError::NOT_FLOAT)?;
    if !by.is_finite() {
        return Err(CmdError::err("value is NaN or Infinity"));
    }
    e.ks.write_as::<Hash>(e.db, key)?;
    meet_fields(e, key, [field].into_iter());
    let limits = e.ks.limits.hash;
    let hash = e.ks.write_or_create::<Hash>(e.db, key)?;
    let found = hash.find(field);
    let old = match found.map(|found| found.value) {
        Some(Item::Int(n)) => LongDouble::from(n),
        Some(Item::Str(text)) => {
            LongDouble::parse(text).ok_or_else(|| CmdError::err("hash value is not a float"))?
        }
        None => LongDouble::from(0),
    };
    let expires = found.is_some_and(|found| found.expires.is_some());
    let mut text = Vec::new();
    old.checked_add(by).ok_or(CmdError::NAN_OR_INFINITY)?.append(&mut text);
    hash.set_keeping(field, &text, &limits);
    e.reply.bulk(&text);
    e.notify(NotifyFlags::HASH, "hincrbyfloat", key);
    e.ks.effects.dirty += 1;
    // Replicas get the sum, so that no difference of their floats can show.
    if expires {
        e.ks.effects.propagate_instead([
            b"HSETEX".as_slice(),
            key,
            b"KEEPTTL",
            b"FIELDS",
            b"1",
            field,
            &text,
        ]);
    } else {
        e.ks.effects.propagate_instead([b"HSET", key, field, &text]);
    }
    Ok(())
}
