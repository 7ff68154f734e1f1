//! The commands that look at a stream's entries without waiting: XLEN, XRANGE and XREVRANGE.

use super::ids::{end_bound, start_bound};
use super::reply_entries;
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::{Collection, Stream};

/// `XLEN`
pub static XLEN: Command = Command {
    name: "xlen",
    arity: 2,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | STREAM | FAST),
    keys: &[key_at(1, access!(RO))],
    group: Group::Stream,
    tips: &[],
    run: Run::Data(xlen),
    subcommands: &[],
};

fn xlen(e: &mut Exec<'_>) -> CmdResult {
    let len = e.ks.read_as::<Stream>(e.db, e.args.at(1))?.map_or(0, Stream::len);
    e.reply.int(len as i64);
    Ok(())
}

/// `XRANGE`
pub static XRANGE: Command = Command {
    name: "xrange",
    arity: -4,
    flags: flags!(READONLY),
    acl: acl!(READ | STREAM | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Stream,
    tips: &[],
    run: Run::Data(|e| range(e, false)),
    subcommands: &[],
};

/// `XREVRANGE`
pub static XREVRANGE: Command = Command { name: "xrevrange", run: Run::Data(|e| range(e, true)), ..XRANGE };

fn range(e: &mut Exec<'_>, reverse: bool) -> CmdResult {
    let (start_at, end_at) = if reverse { (3, 2) } else { (2, 3) };
    let start = start_bound(e.args.at(start_at))?;
    let end = end_bound(e.args.at(end_at))?;
    let mut count = usize::MAX;
    for at in (4..e.args.len()).step_by(2) {
        match e.args.get(at + 1) {
            Some(n) if is_word(e.args.at(at), "count") => count = integer(n)?.max(0) as usize,
            _ => return Err(CmdError::SYNTAX),
        }
    }
    let Some(stream) = e.ks.read_as::<Stream>(e.db, e.args.at(1))? else {
        e.reply.array(0);
        return Ok(());
    };
    let expected = count.min(stream.len());
    if count == 0 {
        e.reply.null_array();
    } else if reverse {
        reply_entries(e.reply, stream.range_rev(start, end).take(count), expected);
    } else {
        reply_entries(e.reply, stream.range(start, end).take(count), expected);
    }
    Ok(())
}
