//! XINFO: what a stream, its groups and their consumers are like.

use super::group::no_group_for_key;
use super::{reply_entry, reply_id};
use crate::commands::container::{help as container_help, misused};
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::{CmdError, CmdResult, Reply};
use crate::server::command::{Command, Exec, Group, KeySpec, Run};
use crate::value::Stream;
use crate::value::stream::group::{Consumer, Group as ConsumerGroup};
use crate::value::stream::{EntryRef, State, StreamId};

/// `XINFO`
pub static XINFO: Command = Command {
    name: "xinfo",
    arity: -2,
    flags: flags!(),
    acl: acl!(SLOW),
    keys: &[],
    group: Group::Stream,
    tips: &[],
    run: Run::Container,
    subcommands: &[
        Command { tips: &["nondeterministic_output"], ..sub("consumers", 4, consumers) },
        sub("groups", 3, groups),
        Command {
            name: "help",
            arity: 2,
            flags: flags!(LOADING | STALE),
            acl: acl!(STREAM | SLOW),
            keys: &[],
            ..sub("help", 2, help)
        },
        sub("stream", -3, stream),
    ],
};

const KEY: &[KeySpec] = &[key_at(2, access!(RO | ACCESS))];

const fn sub(name: &'static str, arity: i32, run: fn(&mut Exec<'_>) -> CmdResult) -> Command {
    Command {
        name,
        arity,
        flags: flags!(READONLY),
        acl: acl!(READ | STREAM | SLOW),
        keys: KEY,
        group: Group::Stream,
        tips: &[],
        run: Run::Data(run),
        subcommands: &[],
    }
}

/// Of XINFO STREAM FULL without a COUNT.
const COUNT_DEFAULT: usize = 10;

fn consumers(e: &mut Exec<'_>) -> CmdResult {
    let (key, name) = (e.args.at(2), e.args.at(3));
    let now_ms = e.ks.now_ms();
    let stream = e.ks.read_as::<Stream>(e.db, key)?.ok_or(CmdError::NO_SUCH_KEY)?;
    let group = stream.groups.get(name).ok_or_else(|| no_group_for_key(name, key))?;
    e.reply.array(group.consumers().len());
    for consumer in group.consumers().iter() {
        e.reply.map(3);
        e.reply.bulk(b"name");
        e.reply.bulk(consumer.name());
        e.reply.bulk(b"pending");
        e.reply.int(consumer.pending().len() as i64);
        e.reply.bulk(b"idle");
        e.reply.int(now_ms.wrapping_sub(consumer.seen_ms).max(0));
    }
    Ok(())
}

fn groups(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(2);
    let stream = e.ks.read_as::<Stream>(e.db, key)?.ok_or(CmdError::NO_SUCH_KEY)?;
    e.reply.array(stream.groups.len());
    for group in stream.groups.iter() {
        e.reply.map(6);
        e.reply.bulk(b"name");
        e.reply.bulk(group.name());
        e.reply.bulk(b"consumers");
        e.reply.int(group.consumers().len() as i64);
        e.reply.bulk(b"pending");
        e.reply.int(group.pending().len() as i64);
        reply_progress(e.reply, stream, group);
    }
    Ok(())
}

fn reply_progress(reply: &mut Reply, stream: &State, group: &ConsumerGroup) {
    reply.bulk(b"last-delivered-id");
    reply_id(reply, group.last_id);
    reply.bulk(b"entries-read");
    reply_known(reply, group.entries_read);
    reply.bulk(b"lag");
    reply_known(reply, stream.lag(group));
}

fn reply_known(reply: &mut Reply, count: Option<i64>) {
    match count {
        Some(count) => reply.int(count),
        None => reply.null(),
    }
}

fn stream(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(2);
    let stream = e.ks.read_as::<Stream>(e.db, key)?.ok_or(CmdError::NO_SUCH_KEY)?;
    let is = |at: usize, word: &str| e.args.get(at).is_some_and(|arg| is_word(arg, word));
    let full = match e.args.len() {
        3 => None,
        4 if is(3, "FULL") => Some(COUNT_DEFAULT),
        6 if is(3, "FULL") && is(4, "COUNT") => Some(match integer(e.args.at(5))? {
            0 => usize::MAX,
            count => usize::try_from(count).unwrap_or(COUNT_DEFAULT),
        }),
        _ => return Err(misused(e.args)),
    };
    let reply = &mut *e.reply;
    reply.map(if full.is_some() { 9 } else { 10 });
    reply.bulk(b"length");
    reply.int(stream.entries() as i64);
    let (keys, nodes) = radix_tree(stream.nodes().map(|node| node.id()));
    reply.bulk(b"radix-tree-keys");
    reply.int(keys);
    reply.bulk(b"radix-tree-nodes");
    reply.int(nodes);
    reply.bulk(b"last-generated-id");
    reply_id(reply, stream.last_id);
    reply.bulk(b"max-deleted-entry-id");
    reply_id(reply, stream.max_deleted_id);
    reply.bulk(b"entries-added");
    reply.int(stream.entries_added as i64);
    reply.bulk(b"recorded-first-entry-id");
    reply_id(reply, stream.first_id);
    match full {
        None => reply_ends(reply, stream),
        Some(count) => reply_full(reply, stream, count),
    }
    Ok(())
}

fn reply_ends(reply: &mut Reply, stream: &State) {
    let entry = |reply: &mut Reply, entry: Option<EntryRef<'_>>| match entry {
        Some(entry) => reply_entry(reply, &entry),
        None => reply.null(),
    };
    reply.bulk(b"groups");
    reply.int(stream.groups.len() as i64);
    reply.bulk(b"first-entry");
    entry(reply, stream.range(StreamId::MIN, StreamId::MAX).next());
    reply.bulk(b"last-entry");
    entry(reply, stream.range_rev(StreamId::MIN, StreamId::MAX).next());
}

fn reply_full(reply: &mut Reply, stream: &State, count: usize) {
    reply.bulk(b"entries");
    reply.array(count.min(stream.entries() as usize));
    for entry in stream.range(StreamId::MIN, StreamId::MAX).take(count) {
        reply_entry(reply, &entry);
    }
    reply.bulk(b"groups");
    reply.array(stream.groups.len());
    for group in stream.groups.iter() {
        reply.map(7);
        reply.bulk(b"name");
        reply.bulk(group.name());
        reply_progress(reply, stream, group);
        reply.bulk(b"pel-count");
        reply.int(group.pending().len() as i64);
        reply.bulk(b"pending");
        reply.array(count.min(group.pending().len()));
        for pending in group.pending().range(StreamId::MIN).take(count) {
            reply.array(4);
            reply_id(reply, pending.id);
            reply.bulk(group.consumer_of(&pending).name());
            reply.int(pending.delivered_ms);
            reply.int(pending.deliveries as i64);
        }
        reply.bulk(b"consumers");
        reply.array(group.consumers().len());
        for consumer in group.consumers().iter() {
            reply_consumer(reply, group, consumer, count);
        }
    }
}

fn reply_consumer(reply: &mut Reply, group: &ConsumerGroup, consumer: &Consumer, count: usize) {
    reply.map(4);
    reply.bulk(b"name");
    reply.bulk(consumer.name());
    reply.bulk(b"seen-time");
    reply.int(consumer.seen_ms);
    reply.bulk(b"pel-count");
    reply.int(consumer.pending().len() as i64);
    reply.bulk(b"pending");
    reply.array(count.min(consumer.pending().len()));
    for pending in group.pending_of(consumer, StreamId::MIN).take(count) {
        reply.array(3);
        reply_id(reply, pending.id);
        reply.int(pending.delivered_ms);
        reply.int(pending.deliveries as i64);
    }
}

/// How many keys and nodes the radix tree of these ids has in Redis, where each node of the stream is a key.
///
/// A key ends in a leaf. Where keys part is a node with a branch for each; what the keys below a branch, or all, have in
/// common behind its first byte is one more node.
fn radix_tree(ids: impl Iterator<Item = StreamId>) -> (i64, i64) {
    const LEN: usize = 16;
    let (mut keys, mut nodes) = (0, 0);
    let mut last: Option<[u8; LEN]> = None;
    // At which bytes the last key parts from others, each further down than the one before.
    let mut branches: Vec<usize> = Vec::new();
    for id in ids {
        let bytes = id.to_bytes();
        if let Some(last) = last {
            let parts = last.iter().zip(&bytes).take_while(|(a, b)| a == b).count();
            let mut child = LEN;
            while let Some(branch) = branches.pop_if(|branch| *branch > parts) {
                nodes += 1 + i64::from(branch + 1 < child);
                child = branch;
            }
            nodes += i64::from(parts + 1 < child);
            if branches.last() != Some(&parts) {
                branches.push(parts);
            }
        }
        keys += 1;
        last = Some(bytes);
    }
    let mut child = LEN;
    while let Some(branch) = branches.pop() {
        nodes += 1 + i64::from(branch + 1 < child);
        child = branch;
    }
    // An empty tree has its root.
    (keys, keys + nodes + i64::from(child > 0))
}

fn help(e: &mut Exec<'_>) -> CmdResult {
    container_help(
        e.reply,
        e.args,
        &[
            "CONSUMERS <key> <groupname>",
            "    Show consumers of <groupname>.",
            "GROUPS <key>",
            "    Show the stream consumer groups.",
            "STREAM <key> [FULL [COUNT <count>]",
            "    Show information about the stream.",
        ],
    )
}
