//! Hashes.

pub mod all;
pub mod expire;
pub mod get;
pub mod getex;
pub mod incr;
mod options;
pub mod random;
pub mod scan;
pub mod set;
pub mod setex;
#[cfg(test)]
mod tests;
pub mod ttl;

use crate::config::NotifyFlags;
use crate::protocol::{CmdResult, Reply};
use crate::server::command::Exec;
use crate::value::Hash;
use crate::value::hash::{Item, Lookup};
use smallvec::SmallVec;

/// Answers with a field or value.
#[inline]
fn reply_item(reply: &mut Reply, item: Item<'_>) {
    match item {
        Item::Str(bytes) => reply.bulk(bytes),
        Item::Int(n) => reply.bulk_int(n),
    }
}

/// Looks a field up and hands what was found to `answer`: nothing too if the key is missing. A field whose time has passed
/// is deleted.
#[inline]
fn read_field(
    e: &mut Exec<'_>,
    key: &[u8],
    field: &[u8],
    answer: impl FnOnce(&mut Reply, Option<Item<'_>>),
) -> CmdResult {
    let moment = e.ks.field_moment();
    let found = match e.ks.read_as::<Hash>(e.db, key)? {
        Some(hash) => hash.get(field, moment),
        None => Lookup::Missing,
    };
    match found {
        Lookup::Found(item) => answer(e.reply, Some(item)),
        Lookup::Missing => answer(e.reply, None),
        Lookup::Gone => {
            answer(e.reply, None);
            e.ks.delete_gone_fields(e.db, key, &[field]);
        }
    }
    Ok(())
}

/// Deletes those of the fields whose time has passed, so that a command that writes to them meets none.
fn meet_fields<'f>(e: &mut Exec<'_>, key: &[u8], fields: impl Iterator<Item = &'f [u8]>) {
    let moment = e.ks.field_moment();
    let Some(hash) = e.ks.peek_as::<Hash>(e.db, key) else { return };
    if hash.next_expires().is_none_or(|ms| ms >= moment) {
        return;
    }
    let gone: Vec<_> = fields.filter(|field| hash.get(field, moment) == Lookup::Gone).collect();
    e.ks.delete_gone_fields(e.db, key, &gone);
}

/// Fields that a command took out of a hash.
type Removed<'a> = SmallVec<[&'a [u8]; 8]>;

fn removed_fields<'a>() -> Removed<'a> {
    Removed::new()
}

/// Fields were taken out of a hash because they were given a time that has passed: that travels as their deletion.
fn after_removal(e: &mut Exec<'_>, key: &[u8], removed: &[&[u8]]) {
    if removed.is_empty() {
        return;
    }
    e.notify(NotifyFlags::HASH, "hdel", key);
    fields_removed(e, key);
    e.ks.effects.dirty += removed.len() as u64;
    for field in removed {
        e.ks.effects.propagate_instead([b"HDEL", key, field]);
    }
}

/// Fields were taken out of a hash, and the key goes with the last.
fn fields_removed(e: &mut Exec<'_>, key: &[u8]) {
    if e.ks.delete_if_empty::<Hash>(e.db, key) {
        e.notify(NotifyFlags::GENERIC, "del", key);
    } else {
        e.ks.note_field_expires(e.db, key);
    }
}
