//! LPUSH, RPUSH, and LPUSHX and RPUSHX, which add to a list that is there only.

use super::pushed_event;
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, KeySpec, Run};
use crate::value::list::{End, Entry};
use crate::value::{Collection, List};

const KEYS: &[KeySpec] = &[key_at(1, access!(RW | INSERT))];

const fn row(name: &'static str, run: Run) -> Command {
    Command {
        name,
        arity: -3,
        flags: flags!(WRITE | DENYOOM | FAST),
        acl: acl!(WRITE | LIST | FAST),
        keys: KEYS,
        group: Group::List,
        tips: &[],
        run,
        subcommands: &[],
    }
}

/// `LPUSH`
pub static LPUSH: Command = row("lpush", Run::Data(|e| push(e, End::Head)));

/// `RPUSH`
pub static RPUSH: Command = row("rpush", Run::Data(|e| push(e, End::Tail)));

/// `LPUSHX`
pub static LPUSHX: Command = row("lpushx", Run::Data(|e| push_if_there(e, End::Head)));

/// `RPUSHX`
pub static RPUSHX: Command = row("rpushx", Run::Data(|e| push_if_there(e, End::Tail)));

fn push(e: &mut Exec<'_>, end: End) -> CmdResult {
    if !push_to_existing(e, end)? {
        let limits = e.ks.limits.list;
        let values = e.args.rest(2);
        let list = e.ks.write_or_create::<List>(e.db, e.args.at(1))?;
        list.grow(&limits, values.len(), values.payload_len());
        values.iter().for_each(|value| list.push(&limits, end, Entry::Str(value)));
        pushed(e, end, e.args.len() - 2);
    }
    Ok(())
}

fn push_if_there(e: &mut Exec<'_>, end: End) -> CmdResult {
    if !push_to_existing(e, end)? {
        e.reply.int(0);
    }
    Ok(())
}

/// Adds to the list and replies, unless there is none.
#[inline]
fn push_to_existing(e: &mut Exec<'_>, end: End) -> CmdResult<bool> {
    let limits = e.ks.limits.list;
    let values = e.args.rest(2);
    let Some(list) = e.ks.write_as::<List>(e.db, e.args.at(1))? else { return Ok(false) };
    list.grow(&limits, values.len(), values.payload_len());
    values.iter().for_each(|value| list.push(&limits, end, Entry::Str(value)));
    let len = list.len();
    pushed(e, end, len);
    Ok(true)
}

fn pushed(e: &mut Exec<'_>, end: End, len: usize) {
    e.ks.effects.dirty += e.args.len() as u64 - 2;
    e.reply.int(len as i64);
    e.notify(NotifyFlags::LIST, pushed_event(end), e.args.at(1));
}
