//! The list group.

pub mod blocking;
pub mod edit;
pub mod lmove;
pub mod pop;
pub mod push;
pub mod read;
#[cfg(test)]
mod tests;

use crate::commands::parse::is_word;
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult, Reply};
use crate::server::command::Exec;
use crate::value::list::{End, Entry};
use crate::value::{Collection, List};

/// Replies an element.
#[inline]
fn reply_entry(reply: &mut Reply, entry: Entry<'_>) {
    match entry {
        Entry::Str(bytes) => reply.bulk(bytes),
        Entry::Int(n) => reply.bulk_int(n),
    }
}

/// `LEFT` or `RIGHT`.
fn parse_end(arg: &[u8]) -> CmdResult<End> {
    match arg {
        word if is_word(word, "left") => Ok(End::Head),
        word if is_word(word, "right") => Ok(End::Tail),
        _ => Err(CmdError::SYNTAX),
    }
}

fn other(end: End) -> End {
    match end {
        End::Head => End::Tail,
        End::Tail => End::Head,
    }
}

/// The first element counted from an end.
fn first_from(end: End, len: usize) -> usize {
    match end {
        End::Head => 0,
        End::Tail => len.saturating_sub(1),
    }
}

fn pushed_event(end: End) -> &'static str {
    match end {
        End::Head => "lpush",
        End::Tail => "rpush",
    }
}

fn popped_event(end: End) -> &'static str {
    match end {
        End::Head => "lpop",
        End::Tail => "rpop",
    }
}

/// The command that pops from an end.
fn pop_name(end: End) -> &'static [u8] {
    match end {
        End::Head => b"LPOP",
        End::Tail => b"RPOP",
    }
}

/// A range given by two indexes, negative ones counted from the end: its first element and how many there are.
fn range_of(start: i64, end: i64, len: usize) -> (usize, usize) {
    let len = len as i64;
    let start = if start < 0 { (start + len).max(0) } else { start };
    let end = if end < 0 { end + len } else { end }.min(len - 1);
    if start > end || start >= len { (0, 0) } else { (start as usize, (end - start + 1) as usize) }
}

/// Acts on elements having been taken out of the list at `key`: it becomes smaller, or is deleted when it is empty.
fn taken_out(e: &mut Exec<'_>, key: &[u8]) {
    let limits = e.ks.limits.list;
    let Ok(Some(list)) = e.ks.write_as::<List>(e.db, key) else { return };
    if list.is_empty() {
        e.ks.delete(e.db, key);
        e.notify(NotifyFlags::GENERIC, "del", key);
    } else {
        list.shrink(&limits);
    }
}
