//! Hashes.

pub mod all;
pub mod get;
pub mod incr;
pub mod random;
pub mod scan;
pub mod set;
#[cfg(test)]
mod tests;

use crate::protocol::{CmdResult, Reply};
use crate::server::command::Exec;
use crate::value::Hash;
use crate::value::hash::{Item, Lookup};

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
            e.ks.delete_gone_field(e.db, key, field);
        }
    }
    Ok(())
}

/// Deletes a field whose time has passed, so that a command that writes to it meets a new one. Returns whether there is such
/// a field, its time not passed.
fn meet_field(e: &mut Exec<'_>, key: &[u8], field: &[u8]) -> CmdResult<bool> {
    let moment = e.ks.field_moment();
    let Some(hash) = e.ks.write_as::<Hash>(e.db, key)? else { return Ok(false) };
    match hash.get(field, moment) {
        Lookup::Found(_) => Ok(true),
        Lookup::Missing => Ok(false),
        Lookup::Gone => {
            e.ks.delete_gone_field(e.db, key, field);
            Ok(false)
        }
    }
}
