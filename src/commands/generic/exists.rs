//! EXISTS, TOUCH and TYPE.

use crate::commands::parse::each_key;
use crate::commands::row::{access, acl, flags, key_at, keys_at};
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};

/// `EXISTS`
pub static EXISTS: Command = Command {
    name: "exists",
    arity: -2,
    flags: flags!(READONLY | FAST),
    acl: acl!(KEYSPACE | READ | FAST),
    keys: &[keys_at(1, -1, 1, access!(RO))],
    group: Group::Generic,
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    run: Run::Data(exists),
    subcommands: &[],
};

fn exists(e: &mut Exec<'_>) -> CmdResult {
    let mut found = 0;
    each_key(e, 1, |e, at| found += i64::from(e.ks.exists(e.db, e.args.at(at))));
    e.reply.int(found);
    Ok(())
}

/// `TOUCH`
pub static TOUCH: Command = Command {
    name: "touch",
    arity: -2,
    flags: flags!(READONLY | FAST),
    acl: acl!(KEYSPACE | READ | FAST),
    keys: &[keys_at(1, -1, 1, access!(RO))],
    group: Group::Generic,
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    run: Run::Data(touch),
    subcommands: &[],
};

fn touch(e: &mut Exec<'_>) -> CmdResult {
    let mut found = 0;
    each_key(e, 1, |e, at| found += i64::from(e.ks.touch(e.db, e.args.at(at))));
    e.reply.int(found);
    Ok(())
}

/// `TYPE`
pub static TYPE: Command = Command {
    name: "type",
    arity: 2,
    flags: flags!(READONLY | FAST),
    acl: acl!(KEYSPACE | READ | FAST),
    keys: &[key_at(1, access!(RO))],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(type_of),
    subcommands: &[],
};

fn type_of(e: &mut Exec<'_>) -> CmdResult {
    let name = e.ks.lookup_read_no_touch(e.db, e.args.at(1)).map_or("none", |value| value.kind().name());
    e.reply.simple(name);
    Ok(())
}
