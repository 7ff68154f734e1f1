//! The sorted set group.

pub mod add;
pub mod algebra;
pub mod blocking;
pub mod pop;
pub mod random;
pub mod range;
pub mod remove;
pub mod scan;
pub mod score;
#[cfg(test)]
mod tests;

use crate::config::NotifyFlags;
use crate::protocol::Reply;
use crate::server::command::Exec;
use crate::value::SortedSet;
use crate::value::sorted_set::Item;
use c_compat::listpack::Entry;

pub(super) fn reply_member(reply: &mut Reply, member: Entry<'_>) {
    match member {
        Entry::Str(bytes) => reply.bulk(bytes),
        Entry::Int(number) => reply.bulk_int(number),
    }
}

/// Members, with their scores behind them if they are asked for: pairs in RESP3, one row of both in RESP2.
fn reply_items<'a>(reply: &mut Reply, items: impl ExactSizeIterator<Item = Item<'a>>, with_scores: bool) {
    let nested = with_scores && reply.resp3();
    reply.array(if with_scores && !nested { 2 * items.len() } else { items.len() });
    for item in items {
        if nested {
            reply.array(2);
        }
        reply_member(reply, item.member);
        if with_scores {
            reply.double(item.score());
        }
    }
}

/// Deletes the key with its last member.
fn delete_if_empty(e: &mut Exec<'_>, key: &[u8]) {
    if e.ks.delete_if_empty::<SortedSet>(e.db, key) {
        e.notify(NotifyFlags::GENERIC, "del", key);
    }
}

/// Puts a result in the place of what the key holds and answers how many members it has; an empty one deletes the key.
fn store(e: &mut Exec<'_>, key: &[u8], result: SortedSet, event: &'static str) {
    use crate::value::Collection as _;
    let len = result.len();
    let was_there = e.ks.store(e.db, key, result);
    e.reply.int(len as i64);
    if len > 0 {
        e.notify(NotifyFlags::ZSET, event, key);
        e.ks.effects.dirty += 1;
    } else if was_there {
        e.notify(NotifyFlags::GENERIC, "del", key);
        e.ks.effects.dirty += 1;
    }
}
