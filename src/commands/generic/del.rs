//! DEL and UNLINK.

use crate::commands::parse::each_key;
use crate::commands::row::{access, acl, flags, keys_at};
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
    let mut deleted = 0;
    each_key(e, 1, |e, at| deleted += u64::from(e.ks.delete(e.db, e.args.at(at))));
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
    run: Run::Data(del),
    subcommands: &[],
};
