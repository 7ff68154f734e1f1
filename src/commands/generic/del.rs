//! DEL and UNLINK.

use crate::commands::parse::each_key;
use crate::commands::row::{access, acl, flags, keys_at};
use crate::config::NotifyFlags;
use crate::keyspace::discard::Cause;
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};

/// `DEL`
pub static DEL: Command = Command {
    name: "del",
    arity: -2,
    flags: flags!(WRITE),
    acl: acl!(KEYSPACE | WRITE | SLOW),
    keys: &[keys_at(1, -1, 1, access!(RM | DELETE))],
    group: Group::Generic,
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    run: Run::Data(del),
    subcommands: &[],
};

fn del(e: &mut Exec<'_>) -> CmdResult {
    delete_all(e, Cause::Deleted)
}

fn delete_all(e: &mut Exec<'_>, cause: Cause) -> CmdResult {
    let mut deleted = 0;
    each_key(e, 1, |e, at| {
        let key = e.args.at(at);
        if e.ks.delete_as(e.db, key, cause) {
            deleted += 1;
            e.notify(NotifyFlags::GENERIC, "del", key);
        }
    });
    e.ks.effects.dirty += deleted;
    e.reply.int(deleted as i64);
    Ok(())
}

/// `UNLINK`
pub static UNLINK: Command = Command {
    name: "unlink",
    arity: -2,
    flags: flags!(WRITE | FAST),
    acl: acl!(KEYSPACE | WRITE | FAST),
    keys: &[keys_at(1, -1, 1, access!(RM | DELETE))],
    group: Group::Generic,
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    run: Run::Data(unlink),
    subcommands: &[],
};

fn unlink(e: &mut Exec<'_>) -> CmdResult {
    delete_all(e, Cause::Unlinked)
}
