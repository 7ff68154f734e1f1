//! LPOP, RPOP, and LMPOP, which pops from the first of several lists that there is.

use super::{first_from, other, parse_end, pop_name, popped_event, reply_entry, taken_out};
use crate::commands::parse::{PopFrom, at_least};
use crate::commands::row::{access, acl, counted_keys, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, KeySpec, Run};
use crate::value::list::End;
use crate::value::{Collection, List};
use std::ops::Range;

const KEYS: &[KeySpec] = &[key_at(1, access!(RW | ACCESS | DELETE))];

const fn row(name: &'static str, run: Run) -> Command {
    Command {
        name,
        arity: -2,
        flags: flags!(WRITE | FAST),
        acl: acl!(WRITE | LIST | FAST),
        keys: KEYS,
        group: Group::List,
        tips: &[],
        run,
        subcommands: &[],
    }
}

/// `LPOP`
pub static LPOP: Command = row("lpop", Run::Data(|e| pop(e, End::Head)));

/// `RPOP`
pub static RPOP: Command = row("rpop", Run::Data(|e| pop(e, End::Tail)));

fn pop(e: &mut Exec<'_>, end: End) -> CmdResult {
    let key = e.args.at(1);
    let count = match e.args.len() {
        2 => None,
        3 => Some(at_least(e.args.at(2), 0, CmdError::NOT_POSITIVE)?),
        _ => return Err(CmdError::wrong_arity(e.command.name)),
    };
    let found = match count {
        None => pop_one(e, key, end)?,
        Some(count) => pop_some(e, key, end, count)?.is_some(),
    };
    if !found {
        match count {
            None => e.reply.null(),
            Some(_) => e.reply.null_array(),
        }
    }
    Ok(())
}

/// Pops and replies an element; false if there is no list.
pub(super) fn pop_one(e: &mut Exec<'_>, key: &[u8], end: End) -> CmdResult<bool> {
    let limits = e.ks.limits.list;
    let Some(list) = e.ks.write_as::<List>(e.db, key)? else { return Ok(false) };
    list.pop(end, |entry| reply_entry(e.reply, entry));
    let emptied = list.is_empty();
    if !emptied {
        list.shrink(&limits);
    }
    e.ks.effects.dirty += 1;
    e.notify(NotifyFlags::LIST, popped_event(end), key);
    if emptied {
        e.ks.delete(e.db, key);
        e.notify(NotifyFlags::GENERIC, "del", key);
    }
    Ok(true)
}

/// Pops and replies up to `count` elements as an array and returns how many; none if there is no list.
pub(super) fn pop_some(e: &mut Exec<'_>, key: &[u8], end: End, count: usize) -> CmdResult<Option<usize>> {
    let Some(list) = e.ks.write_as::<List>(e.db, key)? else { return Ok(None) };
    let len = list.len();
    let count = count.min(len);
    e.reply.array(count);
    if count == 0 {
        return Ok(Some(0));
    }
    list.range(first_from(end, len), count, other(end), |entry| reply_entry(e.reply, entry));
    list.delete_range(if end == End::Head { 0 } else { len - count }, count);
    e.ks.effects.dirty += count as u64;
    e.notify(NotifyFlags::LIST, popped_event(end), key);
    taken_out(e, key);
    Ok(Some(count))
}

/// `LMPOP`
pub static LMPOP: Command = Command {
    name: "lmpop",
    arity: -4,
    flags: flags!(WRITE | MOVABLEKEYS),
    acl: acl!(WRITE | LIST | SLOW),
    keys: &[counted_keys(1, access!(RW | ACCESS | DELETE))],
    group: Group::List,
    tips: &[],
    run: Run::Data(lmpop),
    subcommands: &[],
};

fn lmpop(e: &mut Exec<'_>) -> CmdResult {
    let PopFrom { keys, end, count } = PopFrom::parse(e.args, 1, parse_end)?;
    if !pop_from_first(e, keys, end, count)? {
        e.reply.null_array();
    }
    Ok(())
}

/// Pops and replies elements from the first of the keys that is a list, together with its name; false if none is.
pub(super) fn pop_from_first(
    e: &mut Exec<'_>,
    keys: Range<usize>,
    end: End,
    count: usize,
) -> CmdResult<bool> {
    for key in keys {
        let key = e.args.at(key);
        if !e.blocking.concerns(key) || e.ks.write_as::<List>(e.db, key)?.is_none() {
            continue;
        }
        e.reply.array(2);
        e.reply.bulk(key);
        let popped = pop_some(e, key, end, count)?.unwrap_or(0);
        let mut digits = itoa::Buffer::new();
        e.ks.effects.propagate_instead([pop_name(end), key, digits.format(popped).as_bytes()]);
        return Ok(true);
    }
    Ok(false)
}
