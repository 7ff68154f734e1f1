//! What is in a set: SISMEMBER, SMISMEMBER, SCARD and SMEMBERS.

use super::reply_member;
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::{Collection, Set};

/// `SCARD`
pub static SCARD: Command = Command {
    name: "scard",
    arity: 2,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | SET | FAST),
    keys: &[key_at(1, access!(RO))],
    group: Group::Set,
    tips: &[],
    run: Run::Data(scard),
    subcommands: &[],
};

fn scard(e: &mut Exec<'_>) -> CmdResult {
    let len = e.ks.read_as::<Set>(e.db, e.args.at(1))?.map_or(0, Set::len);
    e.reply.int(len as i64);
    Ok(())
}

/// `SISMEMBER`
pub static SISMEMBER: Command = Command {
    name: "sismember",
    arity: 3,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | SET | FAST),
    keys: &[key_at(1, access!(RO))],
    group: Group::Set,
    tips: &[],
    run: Run::Data(sismember),
    subcommands: &[],
};

fn sismember(e: &mut Exec<'_>) -> CmdResult {
    let set = e.ks.read_as::<Set>(e.db, e.args.at(1))?;
    e.reply.int(i64::from(set.is_some_and(|set| set.contains(e.args.at(2)))));
    Ok(())
}

/// `SMISMEMBER`
pub static SMISMEMBER: Command = Command {
    name: "smismember",
    arity: -3,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | SET | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Set,
    tips: &[],
    run: Run::Data(smismember),
    subcommands: &[],
};

fn smismember(e: &mut Exec<'_>) -> CmdResult {
    let set = e.ks.read_as::<Set>(e.db, e.args.at(1))?;
    let members = e.args.rest(2);
    e.reply.array(members.len());
    for member in members.iter() {
        e.reply.int(i64::from(set.is_some_and(|set| set.contains(member))));
    }
    Ok(())
}

/// `SMEMBERS`
pub static SMEMBERS: Command = Command {
    name: "smembers",
    arity: 2,
    flags: flags!(READONLY),
    acl: acl!(READ | SET | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Set,
    tips: &["nondeterministic_output_order"],
    run: Run::Data(smembers),
    subcommands: &[],
};

fn smembers(e: &mut Exec<'_>) -> CmdResult {
    let set = e.ks.read_as::<Set>(e.db, e.args.at(1))?;
    e.reply.set(set.map_or(0, Set::len));
    for member in set.into_iter().flat_map(Set::iter) {
        reply_member(e.reply, member);
    }
    Ok(())
}
