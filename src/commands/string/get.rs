//! GET, and the reads that change something besides: GETDEL, GETEX.

use super::options::{Expiry, parse_getex};
use super::{reply_key, reply_value};
use crate::commands::generic::deletion_name;
use crate::commands::generic::expire::already_expired;
use crate::commands::parse::Since;
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::keyspace::discard::Cause;
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, KeySpec, Run};
use crate::value::ValueRef;

/// `GET`
pub static GET: Command = Command {
    name: "get",
    arity: 2,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | STRING | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::String,
    tips: &[],
    run: Run::Data(get),
    subcommands: &[],
};

fn get(e: &mut Exec<'_>) -> CmdResult {
    reply_key(e, e.args.at(1))
}

/// `GETDEL`
pub static GETDEL: Command = Command {
    name: "getdel",
    arity: 2,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | STRING | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | DELETE))],
    group: Group::String,
    tips: &[],
    run: Run::Data(getdel),
    subcommands: &[],
};

fn getdel(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    reply_key(e, key)?;
    if e.ks.delete(e.db, key) {
        let name = deletion_name(e.config.lazyfree_lazy_user_del);
        e.ks.effects.dirty += 1;
        e.ks.effects.propagate_instead([name, key]);
        e.notify(NotifyFlags::GENERIC, "del", key);
    }
    Ok(())
}

/// `GETEX`
pub static GETEX: Command = Command {
    name: "getex",
    arity: -2,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | STRING | FAST),
    keys: &[KeySpec {
        notes: "RW and UPDATE because it changes the TTL",
        ..key_at(1, access!(RW | ACCESS | UPDATE))
    }],
    group: Group::String,
    tips: &[],
    run: Run::Data(getex),
    subcommands: &[],
};

fn getex(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    let expiry = parse_getex(e.args)?;
    // A missing key is told before a wrong time, as Redis does.
    if e.ks.read_str(e.db, key)?.is_none() {
        e.reply.null();
        return Ok(());
    }
    let new = match expiry {
        Expiry::Given(time) => Some((time.absolute_ms(e)?, time.since)),
        Expiry::Unsaid | Expiry::Keep | Expiry::Persist => None,
    };
    if let Some(value) = e.ks.peek(e.db, key).and_then(ValueRef::as_str) {
        reply_value(e.reply, value);
    }
    match new {
        Some((ms, Since::Epoch)) if already_expired(e, ms) => {
            e.ks.delete_as(e.db, key, Cause::Expired);
            let name = deletion_name(e.config.lazyfree_lazy_expire);
            e.ks.effects.propagate_instead([name, key]);
            e.notify(NotifyFlags::GENERIC, "del", key);
        }
        Some((ms, _)) => {
            e.ks.set_expire(e.db, key, ms);
            let mut digits = itoa::Buffer::new();
            e.ks.effects.propagate_instead([b"PEXPIREAT", key, digits.format(ms).as_bytes()]);
            e.notify(NotifyFlags::GENERIC, "expire", key);
        }
        None if matches!(expiry, Expiry::Persist) && e.ks.persist(e.db, key) => {
            e.ks.effects.propagate_instead([b"PERSIST", key]);
            e.notify(NotifyFlags::GENERIC, "persist", key);
        }
        None => return Ok(()),
    }
    e.ks.effects.dirty += 1;
    Ok(())
}
