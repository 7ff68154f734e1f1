//! The stream group.

pub mod ack;
pub mod add;
pub mod claim;
pub mod group;
mod ids;
pub mod info;
mod options;
pub mod pending;
mod propagate;
pub mod range;
pub mod read;
mod read_args;
pub mod read_group;
pub mod remove;
pub mod setid;
#[cfg(test)]
mod tests;

use crate::protocol::Reply;
use crate::value::list::Entry;
use crate::value::stream::{EntryRef, IdText, StreamId};

/// Replies entries in an array, whose length is best guessed beforehand.
fn reply_entries<'a>(reply: &mut Reply, entries: impl Iterator<Item = EntryRef<'a>>, guess: usize) -> usize {
    let array = reply.begin_array(guess);
    let mut len = 0;
    for entry in entries {
        reply_entry(reply, &entry);
        len += 1;
    }
    reply.end_array(array, len);
    len
}

/// Replies an entry: its id, and its fields with their values in one row.
pub(super) fn reply_entry(reply: &mut Reply, entry: &EntryRef<'_>) {
    reply.array(2);
    reply_id(reply, entry.id);
    reply.array(2 * entry.len());
    for (field, value) in entry.fields() {
        reply_item(reply, field);
        reply_item(reply, value);
    }
}

/// Replies an id as a string.
pub(super) fn reply_id(reply: &mut Reply, id: StreamId) {
    reply.bulk(id.text(&mut IdText::new()));
}

fn reply_item(reply: &mut Reply, item: Entry<'_>) {
    match item {
        Entry::Str(bytes) => reply.bulk(bytes),
        Entry::Int(number) => reply.bulk_int(number),
    }
}
