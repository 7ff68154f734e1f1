//! PFCOUNT, which keeps what it computed in the string, and so may change what it reads.

use super::{corrupt, of};
use crate::commands::row::{access, acl, flags, keys_at};
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, KeySpec, Run};
use c_compat::hyperloglog::{Registers, cache_count, cached_count, count};

/// `PFCOUNT`
pub static PFCOUNT: Command = Command {
    name: "pfcount",
    arity: -2,
    flags: flags!(READONLY | MAY_REPLICATE),
    acl: acl!(READ | HYPERLOGLOG | SLOW),
    keys: &[KeySpec {
        notes: "RW because it may change the internal representation of the key, and propagate to replicas",
        ..keys_at(1, -1, 1, access!(RW | ACCESS))
    }],
    group: Group::Hyperloglog,
    tips: &[],
    run: Run::Data(pfcount),
    subcommands: &[],
};

fn pfcount(e: &mut Exec<'_>) -> CmdResult {
    if e.args.len() > 2 {
        return count_union(e);
    }
    let key = e.args.at(1);
    let Some(value) = e.ks.read_str(e.db, key)? else {
        e.reply.int(0);
        return Ok(());
    };
    let bytes = of(value)?;
    let count = match cached_count(bytes) {
        Some(count) => count,
        None => {
            let count = count(bytes).map_err(corrupt)?;
            cache_count(e.ks.string_mut(e.db, key, 0), count);
            e.ks.effects.dirty += 1;
            count
        }
    };
    e.reply.int(count as i64);
    Ok(())
}

fn count_union(e: &mut Exec<'_>) -> CmdResult {
    let mut union = Registers::new();
    for key in e.args.rest(1).iter() {
        if let Some(value) = e.ks.read_str(e.db, key)? {
            union.merge(of(value)?).map_err(corrupt)?;
        }
    }
    e.reply.int(union.count() as i64);
    Ok(())
}
