//! KEYS and RANDOMKEY.

use crate::commands::row::{acl, flags};
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use c_compat::glob;

/// `KEYS`
pub static KEYS: Command = Command {
    name: "keys",
    arity: 2,
    flags: flags!(READONLY),
    acl: acl!(KEYSPACE | READ | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Generic,
    tips: &["request_policy:all_shards", "nondeterministic_output_order"],
    run: Run::Data(keys),
    subcommands: &[],
};

fn keys(e: &mut Exec<'_>) -> CmdResult {
    let pattern = e.args.at(1);
    let mut found = Vec::new();
    e.ks.for_each(e.db, |key, _| {
        if pattern == b"*" || glob::matches(pattern, key, false) {
            found.push(key);
        }
    });
    e.reply.bulks(found.into_iter());
    Ok(())
}

/// `RANDOMKEY`
pub static RANDOMKEY: Command = Command {
    name: "randomkey",
    arity: 1,
    flags: flags!(READONLY | TOUCHES_ARBITRARY_KEYS),
    acl: acl!(KEYSPACE | READ | SLOW),
    keys: &[],
    group: Group::Generic,
    tips: &["request_policy:all_shards", "nondeterministic_output"],
    run: Run::Data(randomkey),
    subcommands: &[],
};

fn randomkey(e: &mut Exec<'_>) -> CmdResult {
    match e.ks.random_key(e.db) {
        Some(key) => e.reply.bulk(&key),
        None => e.reply.null(),
    }
    Ok(())
}
