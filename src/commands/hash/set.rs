//! HSET, HMSET, HSETNX and HDEL.

use super::{fields_removed, meet_fields};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::{Collection, Hash};

/// `HDEL`
pub static HDEL: Command = Command {
    name: "hdel",
    arity: -3,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | HASH | FAST),
    keys: &[key_at(1, access!(RW | DELETE))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hdel),
    subcommands: &[],
};

fn hdel(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    let mut deleted = 0;
    if let Some(hash) = e.ks.write_as::<Hash>(e.db, key)? {
        for field in e.args.rest(2).iter() {
            deleted += u64::from(hash.remove(field));
            if hash.is_empty() {
                break;
            }
        }
    }
    if deleted > 0 {
        e.notify(NotifyFlags::HASH, "hdel", key);
        fields_removed(e, key);
        e.ks.effects.dirty += deleted;
    }
    e.reply.int(deleted as i64);
    Ok(())
}

/// `HMSET`
pub static HMSET: Command = Command {
    name: "hmset",
    arity: -4,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | HASH | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hmset),
    subcommands: &[],
};

fn hmset(e: &mut Exec<'_>) -> CmdResult {
    set_pairs(e)?;
    e.reply.ok();
    e.notify(NotifyFlags::HASH, "hset", e.args.at(1));
    Ok(())
}

/// `HSET`
pub static HSET: Command = Command {
    name: "hset",
    arity: -4,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | HASH | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hset),
    subcommands: &[],
};

fn hset(e: &mut Exec<'_>) -> CmdResult {
    let created = set_pairs(e)?;
    e.reply.int(created);
    e.notify(NotifyFlags::HASH, "hset", e.args.at(1));
    Ok(())
}

/// Sets the fields that the request names; returns how many are new.
fn set_pairs(e: &mut Exec<'_>) -> CmdResult<i64> {
    if !e.args.len().is_multiple_of(2) {
        return Err(CmdError::wrong_arity(e.command.name));
    }
    let key = e.args.at(1);
    let limits = e.ks.limits.hash;
    let hash = e.ks.write_or_create::<Hash>(e.db, key)?;
    let mut created = 0;
    for at in (2..e.args.len()).step_by(2) {
        created += i64::from(hash.set(e.args.at(at), e.args.at(at + 1), &limits));
    }
    if hash.noted_expires().is_some() {
        e.ks.note_field_expires(e.db, key);
    }
    e.ks.effects.dirty += (e.args.len() as u64 - 2) / 2;
    Ok(created)
}

/// `HSETNX`
pub static HSETNX: Command = Command {
    name: "hsetnx",
    arity: 4,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | HASH | FAST),
    keys: &[key_at(1, access!(RW | INSERT))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hsetnx),
    subcommands: &[],
};

fn hsetnx(e: &mut Exec<'_>) -> CmdResult {
    let (key, field, value) = (e.args.at(1), e.args.at(2), e.args.at(3));
    e.ks.write_as::<Hash>(e.db, key)?;
    meet_fields(e, key, [field].into_iter());
    let limits = e.ks.limits.hash;
    let hash = e.ks.write_or_create::<Hash>(e.db, key)?;
    let exists = hash.find(field).is_some();
    if !exists {
        hash.set(field, value, &limits);
        e.ks.effects.dirty += 1;
    }
    e.reply.int(i64::from(!exists));
    if !exists {
        e.notify(NotifyFlags::HASH, "hset", key);
    }
    Ok(())
}
