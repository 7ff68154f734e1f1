//! The commands that wait for a sorted set: BZPOPMIN, BZPOPMAX, BZMPOP. When there is one they are their namesakes
//! without the B, and travel to replicas as pops from that one.

use super::pop::{End, Form, parse_end, pop_from_first, take};
use crate::commands::parse::{PopFrom, timeout};
use crate::commands::row::{access, acl, counted_keys, flags, keys_at};
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::{SortedSet, Type};

/// `BZPOPMIN`
pub static BZPOPMIN: Command = Command {
    name: "bzpopmin",
    arity: -3,
    flags: flags!(WRITE | NOSCRIPT | BLOCKING | FAST),
    acl: acl!(WRITE | SORTEDSET | FAST | BLOCKING),
    keys: &[keys_at(1, -2, 1, access!(RW | ACCESS | DELETE))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(bzpopmin),
    subcommands: &[],
};

fn bzpopmin(e: &mut Exec<'_>) -> CmdResult {
    blocking_pop(e, End::Min)
}

/// `BZPOPMAX`
pub static BZPOPMAX: Command = Command {
    name: "bzpopmax",
    arity: -3,
    flags: flags!(WRITE | NOSCRIPT | BLOCKING | FAST),
    acl: acl!(WRITE | SORTEDSET | FAST | BLOCKING),
    keys: &[keys_at(1, -2, 1, access!(RW | ACCESS | DELETE))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(bzpopmax),
    subcommands: &[],
};

fn bzpopmax(e: &mut Exec<'_>) -> CmdResult {
    blocking_pop(e, End::Max)
}

fn blocking_pop(e: &mut Exec<'_>, end: End) -> CmdResult {
    let keys = 1..e.args.len() - 1;
    let timeout_ms = timeout(e.args.at(keys.end))?;
    for at in keys.clone() {
        let key = e.args.at(at);
        if !e.blocking.concerns(key) || e.ks.write_as::<SortedSet>(e.db, key)?.is_none() {
            continue;
        }
        e.reply.array(3);
        e.reply.bulk(key);
        take(e, key, end, 1, Form::Flat);
        e.ks.effects.propagate_instead([end.pop_name(), key]);
        return Ok(());
    }
    if !e.wait(Type::SortedSet, keys, timeout_ms) {
        e.reply.null_array();
    }
    Ok(())
}

/// `BZMPOP`
pub static BZMPOP: Command = Command {
    name: "bzmpop",
    arity: -5,
    flags: flags!(WRITE | BLOCKING | MOVABLEKEYS),
    acl: acl!(WRITE | SORTEDSET | SLOW | BLOCKING),
    keys: &[counted_keys(2, access!(RW | ACCESS | DELETE))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(bzmpop),
    subcommands: &[],
};

fn bzmpop(e: &mut Exec<'_>) -> CmdResult {
    let request = PopFrom::parse(e.args, 2, parse_end)?;
    let timeout_ms = timeout(e.args.at(1))?;
    if !pop_from_first(e, &request)? && !e.wait(Type::SortedSet, request.keys, timeout_ms) {
        e.reply.null_array();
    }
    Ok(())
}
