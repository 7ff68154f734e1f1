//! ZPOPMIN, ZPOPMAX and ZMPOP.

use super::{delete_if_empty, reply_items, reply_member};
use crate::commands::parse::{PopFrom, at_least, is_word};
use crate::commands::row::{access, acl, counted_keys, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::{Collection, SortedSet};

/// `ZPOPMIN`
pub static ZPOPMIN: Command = Command {
    name: "zpopmin",
    arity: -2,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | SORTEDSET | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | DELETE))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zpopmin),
    subcommands: &[],
};

fn zpopmin(e: &mut Exec<'_>) -> CmdResult {
    pop(e, End::Min)
}

/// `ZPOPMAX`
pub static ZPOPMAX: Command = Command {
    name: "zpopmax",
    arity: -2,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | SORTEDSET | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | DELETE))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zpopmax),
    subcommands: &[],
};

fn zpopmax(e: &mut Exec<'_>) -> CmdResult {
    pop(e, End::Max)
}

/// The end that is popped from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Min,
    Max,
}

impl End {
    /// The command that pops from here, as pops travel to replicas.
    pub fn pop_name(self) -> &'static [u8] {
        if self == End::Min { b"ZPOPMIN" } else { b"ZPOPMAX" }
    }
}

fn pop(e: &mut Exec<'_>, end: End) -> CmdResult {
    let count = match e.args.len() {
        2 => None,
        3 => Some(at_least(e.args.at(2), 0, CmdError::NOT_POSITIVE)?),
        _ => return Err(CmdError::SYNTAX),
    };
    let key = e.args.at(1);
    if e.ks.write_as::<SortedSet>(e.db, key)?.is_none() || count == Some(0) {
        e.reply.array(0);
        return Ok(());
    }
    // One that was not counted is no list of pairs, in RESP3 either.
    let form = if count.is_some() { Form::Items } else { Form::Flat };
    if count.is_none() {
        e.reply.array(2);
    }
    take(e, key, end, count.unwrap_or(1), form);
    Ok(())
}

/// `ZMPOP`
pub static ZMPOP: Command = Command {
    name: "zmpop",
    arity: -4,
    flags: flags!(WRITE | MOVABLEKEYS),
    acl: acl!(WRITE | SORTEDSET | SLOW),
    keys: &[counted_keys(1, access!(RW | ACCESS | DELETE))],
    group: Group::SortedSet,
    tips: &[],
    run: Run::Data(zmpop),
    subcommands: &[],
};

fn zmpop(e: &mut Exec<'_>) -> CmdResult {
    let request = PopFrom::parse(e.args, 1, parse_end)?;
    if !pop_from_first(e, &request)? {
        e.reply.null_array();
    }
    Ok(())
}

/// Pops from the first key that there is; false if there is none.
pub(super) fn pop_from_first(e: &mut Exec<'_>, request: &PopFrom<End>) -> CmdResult<bool> {
    for at in request.keys.clone() {
        let key = e.args.at(at);
        if !e.blocking.concerns(key) || e.ks.write_as::<SortedSet>(e.db, key)?.is_none() {
            continue;
        }
        e.reply.array(2);
        e.reply.bulk(key);
        let popped = take(e, key, request.end, request.count, Form::Pairs);
        let mut count = itoa::Buffer::new();
        e.ks.effects.propagate_instead([request.end.pop_name(), key, count.format(popped).as_bytes()]);
        return Ok(true);
    }
    Ok(false)
}

pub(super) fn parse_end(arg: &[u8]) -> CmdResult<End> {
    match arg {
        word if is_word(word, "min") => Ok(End::Min),
        word if is_word(word, "max") => Ok(End::Max),
        _ => Err(CmdError::SYNTAX),
    }
}

/// How what was popped is replied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Member and score one after the other, behind the caller's header.
    Flat,
    /// As a range with scores.
    Items,
    /// Pairs in RESP2 too.
    Pairs,
}

/// Pops up to so many members of a sorted set that is there, and replies them; returns how many.
pub(super) fn take(e: &mut Exec<'_>, key: &[u8], end: End, count: usize, form: Form) -> usize {
    let Ok(Some(set)) = e.ks.write_as::<SortedSet>(e.db, key) else { return 0 };
    let len = set.len();
    let popped = count.min(len);
    let ranks = if end == End::Min { 0..popped } else { len - popped..len };
    let items = set.range(ranks.clone(), end == End::Max);
    match form {
        Form::Items => reply_items(e.reply, items, true),
        Form::Flat | Form::Pairs => {
            if form == Form::Pairs {
                e.reply.array(popped);
            }
            for item in items {
                if form == Form::Pairs {
                    e.reply.array(2);
                }
                reply_member(e.reply, item.member);
                e.reply.double(item.score());
            }
        }
    }
    if popped == len {
        e.ks.clear::<SortedSet>(e.db, key);
    } else {
        set.remove_range(ranks);
    }
    e.ks.effects.dirty += popped as u64;
    e.notify(NotifyFlags::ZSET, if end == End::Min { "zpopmin" } else { "zpopmax" }, key);
    delete_if_empty(e, key);
    popped
}
