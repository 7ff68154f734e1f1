//! The commands that wait for a list: BLPOP, BRPOP, BLMPOP, BLMOVE, BRPOPLPUSH. When there is one they are their
//! namesakes without the B, and travel to replicas as these.

use super::lmove::move_element;
use super::pop::{pop_from_first, pop_one};
use super::{parse_end, pop_name};
use crate::commands::parse::{PopFrom, timeout};
use crate::commands::row::{access, acl, counted_keys, flags, key_at, keys_at};
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::list::End;
use crate::value::{List, Type};

/// `BLPOP`
pub static BLPOP: Command = Command {
    name: "blpop",
    arity: -3,
    flags: flags!(WRITE | NOSCRIPT | BLOCKING),
    acl: acl!(WRITE | LIST | SLOW | BLOCKING),
    keys: &[keys_at(1, -2, 1, access!(RW | ACCESS | DELETE))],
    group: Group::List,
    tips: &[],
    run: Run::Data(|e| blocking_pop(e, End::Head)),
    subcommands: &[],
};

/// `BRPOP`
pub static BRPOP: Command =
    Command { name: "brpop", run: Run::Data(|e| blocking_pop(e, End::Tail)), ..BLPOP };

fn blocking_pop(e: &mut Exec<'_>, end: End) -> CmdResult {
    let keys = 1..e.args.len() - 1;
    let timeout_ms = timeout(e.args.at(keys.end))?;
    for key in keys.clone() {
        let key = e.args.at(key);
        if !e.blocking.concerns(key) || e.ks.write_as::<List>(e.db, key)?.is_none() {
            continue;
        }
        e.reply.array(2);
        e.reply.bulk(key);
        pop_one(e, key, end)?;
        e.ks.effects.propagate_instead([pop_name(end), key]);
        return Ok(());
    }
    if !e.wait(Type::List, keys, timeout_ms) {
        e.reply.null_array();
    }
    Ok(())
}

/// `BLMPOP`
pub static BLMPOP: Command = Command {
    name: "blmpop",
    arity: -5,
    flags: flags!(WRITE | BLOCKING | MOVABLEKEYS),
    acl: acl!(WRITE | LIST | SLOW | BLOCKING),
    keys: &[counted_keys(2, access!(RW | ACCESS | DELETE))],
    group: Group::List,
    tips: &[],
    run: Run::Data(blmpop),
    subcommands: &[],
};

fn blmpop(e: &mut Exec<'_>) -> CmdResult {
    let PopFrom { keys, end, count } = PopFrom::parse(e.args, 2, parse_end)?;
    let timeout_ms = timeout(e.args.at(1))?;
    if !pop_from_first(e, keys.clone(), end, count)? && !e.wait(Type::List, keys, timeout_ms) {
        e.reply.null_array();
    }
    Ok(())
}

/// `BLMOVE`
pub static BLMOVE: Command = Command {
    name: "blmove",
    arity: 6,
    flags: flags!(WRITE | DENYOOM | NOSCRIPT | BLOCKING),
    acl: acl!(WRITE | LIST | SLOW | BLOCKING),
    keys: &[key_at(1, access!(RW | ACCESS | DELETE)), key_at(2, access!(RW | INSERT))],
    group: Group::List,
    tips: &[],
    run: Run::Data(blmove),
    subcommands: &[],
};

fn blmove(e: &mut Exec<'_>) -> CmdResult {
    let (from, to) = (parse_end(e.args.at(3))?, parse_end(e.args.at(4))?);
    let timeout_ms = timeout(e.args.at(5))?;
    if blocking_move(e, from, to, timeout_ms)? {
        let word = |i: usize, end: End| match (e.blocking.woken_by, end) {
            (None, _) => e.args.at(i),
            (Some(_), End::Head) => b"left",
            (Some(_), End::Tail) => b"right",
        };
        let command = [b"LMOVE", e.args.at(1), e.args.at(2), word(3, from), word(4, to)];
        e.ks.effects.propagate_instead(command);
    }
    Ok(())
}

/// `BRPOPLPUSH`
pub static BRPOPLPUSH: Command = Command {
    name: "brpoplpush",
    arity: 4,
    flags: flags!(WRITE | DENYOOM | NOSCRIPT | BLOCKING),
    acl: acl!(WRITE | LIST | SLOW | BLOCKING),
    keys: &[key_at(1, access!(RW | ACCESS | DELETE)), key_at(2, access!(RW | INSERT))],
    group: Group::List,
    tips: &[],
    run: Run::Data(brpoplpush),
    subcommands: &[],
};

fn brpoplpush(e: &mut Exec<'_>) -> CmdResult {
    let timeout_ms = timeout(e.args.at(3))?;
    if blocking_move(e, End::Tail, End::Head, timeout_ms)? {
        e.ks.effects.propagate_instead([b"RPOPLPUSH", e.args.at(1), e.args.at(2)]);
    }
    Ok(())
}

/// Moves an element, or waits for one; false if it was not moved.
fn blocking_move(e: &mut Exec<'_>, from: End, to: End, timeout_ms: Option<u64>) -> CmdResult<bool> {
    let moved = move_element(e, from, to)?;
    if !moved && !e.wait(Type::List, 1..2, timeout_ms) {
        e.reply.null();
    }
    Ok(moved)
}
