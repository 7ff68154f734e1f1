//! MGET, MSET and MSETNX.

use super::{reply_key, value_of};
use crate::commands::parse::each_key;
use crate::commands::row::{access, acl, flags, keys_at};
use crate::config::NotifyFlags;
use crate::keyspace::ExpireChange;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};

/// `MGET`
pub static MGET: Command = Command {
    name: "mget",
    arity: -2,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | STRING | FAST),
    keys: &[keys_at(1, -1, 1, access!(RO | ACCESS))],
    group: Group::String,
    tips: &["request_policy:multi_shard"],
    run: Run::Data(mget),
    subcommands: &[],
};

fn mget(e: &mut Exec<'_>) -> CmdResult {
    e.reply.array(e.args.len() - 1);
    each_key(e, 1, |e, at| {
        // A key of another type looks like a missing one.
        if reply_key(e, e.args.at(at)).is_err() {
            e.reply.null();
        }
    });
    Ok(())
}

/// `MSET`
pub static MSET: Command = Command {
    name: "mset",
    arity: -3,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | STRING | SLOW),
    keys: &[keys_at(1, -1, 2, access!(OW | UPDATE))],
    group: Group::String,
    tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
    run: Run::Data(mset),
    subcommands: &[],
};

fn mset(e: &mut Exec<'_>) -> CmdResult {
    check_pairs(e)?;
    set_pairs(e);
    e.reply.ok();
    Ok(())
}

/// `MSETNX`
pub static MSETNX: Command = Command {
    name: "msetnx",
    arity: -3,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | STRING | SLOW),
    keys: &[keys_at(1, -1, 2, access!(OW | INSERT))],
    group: Group::String,
    tips: &["request_policy:multi_shard", "response_policy:agg_min"],
    run: Run::Data(msetnx),
    subcommands: &[],
};

fn msetnx(e: &mut Exec<'_>) -> CmdResult {
    check_pairs(e)?;
    for key in e.args.iter().skip(1).step_by(2) {
        if e.ks.lookup_write(e.db, key).is_some() {
            e.reply.int(0);
            return Ok(());
        }
    }
    set_pairs(e);
    e.reply.int(1);
    Ok(())
}

fn check_pairs(e: &Exec<'_>) -> CmdResult {
    if e.args.len().is_multiple_of(2) { Err(CmdError::wrong_arity(e.command.name)) } else { Ok(()) }
}

fn set_pairs(e: &mut Exec<'_>) {
    each_key(e, 2, |e, at| {
        e.ks.set(e.db, e.args.at(at), value_of(e.args, at + 1), ExpireChange::Clear);
        e.ks.effects.dirty += 1;
        e.notify(NotifyFlags::STRING, "set", e.args.at(at));
    });
}
