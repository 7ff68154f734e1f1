//! Serving the clients that wait for keys: their commands run again, each for the one key that is ready.
//!
//! After a command the keys that it made are looked at in order, and for each those who wait for a value of its type, the
//! first in line first, until the key is gone again; of a stream, those for whom there is something new. What they do may make other keys (BLMOVE), which are looked at next.

use super::{finish, run_data};
use crate::client::{Blocked, ClientId, News};
use crate::protocol::Args;
use crate::server::Server;
use crate::server::clients::hard_output_limit;
use crate::server::command::{Blocking, Command, CommandId, Run};
use crate::value::ValueRef;
use crate::value::stream::StreamId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Serves whoever waits for keys that have become ready.
#[inline]
pub fn serve_ready_keys(server: &mut Server) {
    while server.keyspace.effects.any_ready() {
        for (db, key) in server.take_ready_keys() {
            serve_key(server, db, &key);
        }
    }
}

fn serve_key(server: &mut Server, db: usize, key: &[u8]) {
    if let Some(ValueRef::Stream(stream)) = server.keyspace.peek(db, key) {
        let last = stream.last_id;
        return serve_stream(server, db, key, last);
    }
    // The groups that some wait for are no more, which their commands will find out.
    for group in server.waiting.groups(db, key) {
        let mut place = 0;
        while let Some((next, id)) = server.waiting.next_in_group(db, key, &group, place) {
            place = next;
            wake_if_waiting(server, id, next, key);
        }
    }
    let mut place = 0;
    while let Some(kind) = server.keyspace.peek(db, key).map(|value| value.kind())
        && let Some((next, id)) = server.waiting.next_in_line(db, key, place)
    {
        place = next;
        let wants = server.clients.get(id).is_some_and(|client| {
            let wants = matches!(&client.blocked, Some(Blocked::Keys(wait)) if wait.kind == kind);
            wants && !client.closing()
        });
        if wants {
            wake(server, id, key);
        }
    }
}

/// Serves those who read a stream that has had entries up to `last`, who came first first. A consumer group's line ends with
/// the one for whom nothing was left.
fn serve_stream(server: &mut Server, db: usize, key: &[u8], last: StreamId) {
    let readers = server.waiting.readers_behind(db, key, last);
    let mut due: BinaryHeap<_> = readers.into_iter().map(|(place, id)| Reverse((place, id, None))).collect();
    let groups = server.waiting.groups(db, key);
    for (n, group) in groups.iter().enumerate() {
        due.extend(
            server.waiting.next_in_group(db, key, group, 0).map(|(place, id)| Reverse((place, id, Some(n)))),
        );
    }
    while let Some(Reverse((place, id, group))) = due.pop() {
        let waits_on = wake_if_waiting(server, id, place, key);
        if let Some(n) = group
            && !waits_on
        {
            let next = server.waiting.next_in_group(db, key, &groups[n], place);
            due.extend(next.map(|(place, id)| Reverse((place, id, group))));
        }
    }
}

/// Wakes the client that waits at a place, if it still does; true if it found nothing and waits on.
fn wake_if_waiting(server: &mut Server, id: ClientId, place: u64, key: &[u8]) -> bool {
    let waits = server.clients.get(id).is_some_and(|client| {
        let waits = matches!(&client.blocked, Some(Blocked::Keys(wait)) if wait.place == place);
        waits && !client.closing()
    });
    waits && wake(server, id, key)
}

/// Bounds what is kept of a reply.
fn limit_reply(server: &mut Server, id: ClientId) {
    let Some(client) = server.clients.get_mut(id) else { return };
    client.reply.set_limit(hard_output_limit(&server.config, client));
}

/// Whether a command that is served from a key is not said to have changed it: this is said of those who push, and, for
/// whatever reason, of those who pop from sorted sets and of BLMPOP.
fn only_takes(command: &Command, args: Args<'_>, key: &[u8]) -> bool {
    match command.name {
        "blpop" | "brpop" => true,
        "blmove" | "brpoplpush" => args.at(2) != key,
        _ => false,
    }
}

/// Runs a waiting command again for a key that is ready. It may find that there is nothing in it for its client, which
/// then waits on: true.
fn wake(server: &mut Server, id: ClientId, key: &[u8]) -> bool {
    let client = server.client_mut(id);
    let Some(Blocked::Keys(wait)) = client.blocked.take() else { return false };
    let command = CommandId(wait.command);
    let declared = server.registry[command].command;
    let Run::Data(handler) = declared.run else { unreachable!("only data commands wait for keys") };
    server.keyspace.effects.reply_at = server.reply(id).position();
    server.begin_command(false);
    let started_us = server.clock.monotonic_us();
    let after = match &wait.news {
        Some(News::After(ids)) => wait.keys.iter().position(|known| **known == *key).map(|i| ids[i]),
        _ => None,
    };
    let blocking = Blocking { allowed: true, woken_by: Some(key), after, wait: None };
    let args = wait.args.as_args();
    let mut waits = None;
    limit_reply(server, id);
    let error = run_data(server, id, handler, declared, wait.db, args, blocking, &mut waits);
    server.reply(id).set_limit(None);
    let (usec, failed) = finish(server, id, command, error, started_us);
    if waits.is_none() {
        server.stats.unblocked(command, usec, failed, server.config.latency_tracking);
        super::log_if_slow(server, id, declared.flags, args, usec);
        server.sample_latency("command-unblocking", usec);
    }
    let taken_from = only_takes(declared, args, key).then_some(key);
    server.served_from(taken_from);
    server.apply_effects(id, declared, wait.db, args);
    server.served_from(None);
    server.tell_own_invalidations();
    let done = waits.is_none();
    server.client_mut(id).blocked = Some(Blocked::Keys(wait));
    if done {
        server.unblock(id);
        server.queue_write(id);
    }
    !done
}
