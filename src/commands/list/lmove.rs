//! LMOVE and RPOPLPUSH: an element from one list to another.

use super::{parse_end, popped_event, pushed_event, reply_entry, taken_out};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::List;
use crate::value::list::{End, Entry};
use smallvec::SmallVec;

/// `LMOVE`
pub static LMOVE: Command = Command {
    name: "lmove",
    arity: 5,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | LIST | SLOW),
    keys: &[key_at(1, access!(RW | ACCESS | DELETE)), key_at(2, access!(RW | INSERT))],
    group: Group::List,
    tips: &[],
    run: Run::Data(lmove),
    subcommands: &[],
};

fn lmove(e: &mut Exec<'_>) -> CmdResult {
    let (from, to) = (parse_end(e.args.at(3))?, parse_end(e.args.at(4))?);
    move_or_null(e, from, to)
}

/// `RPOPLPUSH`
pub static RPOPLPUSH: Command = Command {
    name: "rpoplpush",
    arity: 3,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | LIST | SLOW),
    keys: &[key_at(1, access!(RW | ACCESS | DELETE)), key_at(2, access!(RW | INSERT))],
    group: Group::List,
    tips: &[],
    run: Run::Data(|e| move_or_null(e, End::Tail, End::Head)),
    subcommands: &[],
};

fn move_or_null(e: &mut Exec<'_>, from: End, to: End) -> CmdResult {
    if !move_element(e, from, to)? {
        e.reply.null();
    }
    Ok(())
}

/// An element on its way.
enum Moved {
    Int(i64),
    Bytes(SmallVec<[u8; 128]>),
}

/// Moves an element from the list at the first key to that at the second and replies it; false if there is no list.
pub(super) fn move_element(e: &mut Exec<'_>, from: End, to: End) -> CmdResult<bool> {
    let (source, destination) = (e.args.at(1), e.args.at(2));
    if e.ks.write_as::<List>(e.db, source)?.is_none() {
        return Ok(false);
    }
    e.ks.write_as::<List>(e.db, destination)?;
    let list = e.ks.write_as::<List>(e.db, source)?;
    let value = list.and_then(|list| {
        list.pop(from, |entry| match entry {
            Entry::Int(n) => Moved::Int(n),
            Entry::Str(bytes) => Moved::Bytes(SmallVec::from_slice(bytes)),
        })
    });
    let Some(value) = value else { return Ok(false) };
    let value = match &value {
        Moved::Int(n) => Entry::Int(*n),
        Moved::Bytes(bytes) => Entry::Str(bytes),
    };
    let limits = e.ks.limits.list;
    let list = e.ks.write_or_create::<List>(e.db, destination)?;
    // Redis does not count the bytes of a number here.
    let bytes = if let Entry::Str(bytes) = value { bytes.len() } else { 0 };
    list.grow(&limits, 1, bytes);
    list.push(&limits, to, value);
    e.notify(NotifyFlags::LIST, pushed_event(to), destination);
    reply_entry(e.reply, value);
    e.notify(NotifyFlags::LIST, popped_event(from), source);
    taken_out(e, source);
    e.ks.effects.touched.put_last(e.db, source);
    e.ks.effects.dirty += 1;
    Ok(true)
}
