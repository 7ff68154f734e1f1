//! HGET, HMGET, HEXISTS, HSTRLEN and HLEN.

use super::{read_field, reply_item};
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::hash::{Item, Lookup};
use crate::value::{Collection, Hash};
use smallvec::SmallVec;

/// `HEXISTS`
pub static HEXISTS: Command = Command {
    name: "hexists",
    arity: 3,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | HASH | FAST),
    keys: &[key_at(1, access!(RO))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hexists),
    subcommands: &[],
};

fn hexists(e: &mut Exec<'_>) -> CmdResult {
    read_field(e, e.args.at(1), e.args.at(2), |reply, value| reply.int(i64::from(value.is_some())))
}

/// `HGET`
pub static HGET: Command = Command {
    name: "hget",
    arity: 3,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | HASH | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hget),
    subcommands: &[],
};

fn hget(e: &mut Exec<'_>) -> CmdResult {
    read_field(e, e.args.at(1), e.args.at(2), |reply, value| match value {
        Some(value) => reply_item(reply, value),
        None => reply.null(),
    })
}

/// `HLEN`
pub static HLEN: Command = Command {
    name: "hlen",
    arity: 2,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | HASH | FAST),
    keys: &[key_at(1, access!(RO))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hlen),
    subcommands: &[],
};

fn hlen(e: &mut Exec<'_>) -> CmdResult {
    // Fields whose time has passed count until they are deleted.
    let len = e.ks.read_as::<Hash>(e.db, e.args.at(1))?.map_or(0, Collection::len);
    e.reply.int(len as i64);
    Ok(())
}

/// `HMGET`
pub static HMGET: Command = Command {
    name: "hmget",
    arity: -3,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | HASH | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hmget),
    subcommands: &[],
};

fn hmget(e: &mut Exec<'_>) -> CmdResult {
    let (key, fields) = (e.args.at(1), e.args.rest(2));
    let moment = e.ks.field_moment();
    let hash = e.ks.read_as::<Hash>(e.db, key)?;
    e.reply.array(fields.len());
    let mut gone: SmallVec<[&[u8]; 4]> = SmallVec::new();
    for (n, field) in fields.iter().enumerate() {
        let Some(hash) = hash else {
            e.reply.null();
            continue;
        };
        if n % Hash::PREFETCH_FIELDS == 0 && fields.len() > n + 1 {
            hash.prefetch(fields.rest(n).iter());
        }
        match hash.get(field, moment) {
            Lookup::Found(value) => reply_item(e.reply, value),
            Lookup::Missing => e.reply.null(),
            Lookup::Gone => {
                e.reply.null();
                gone.push(field);
            }
        }
    }
    if !gone.is_empty() {
        e.ks.delete_gone_fields(e.db, key, &gone);
    }
    Ok(())
}

/// `HSTRLEN`
pub static HSTRLEN: Command = Command {
    name: "hstrlen",
    arity: 3,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | HASH | FAST),
    keys: &[key_at(1, access!(RO))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hstrlen),
    subcommands: &[],
};

fn hstrlen(e: &mut Exec<'_>) -> CmdResult {
    read_field(e, e.args.at(1), e.args.at(2), |reply, value| {
        reply.int(value.map_or(0, Item::text_len) as i64);
    })
}
