//! Serving the clients that wait for keys: their commands run again, each for the one key that is ready.
//!
//! After a command the keys that it made are looked at in order, and for each those who wait for a value of its type, the
//! first in line first, until the key is gone again. What they do may make other keys (BLMOVE), which are looked at next.

use super::{finish, run_data};
use crate::client::{Blocked, ClientId};
use crate::server::Server;
use crate::server::command::{Blocking, CommandId, Run};

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

/// Runs a waiting command again for a key that is ready. It may find that there is nothing in it for its client, which
/// then waits on.
fn wake(server: &mut Server, id: ClientId, key: &[u8]) {
    let client = server.client_mut(id);
    let Some(Blocked::Keys(wait)) = client.blocked.take() else { return };
    let command = CommandId(wait.command);
    let declared = server.registry[command].command;
    let Run::Data(handler) = declared.run else { unreachable!("only data commands wait for keys") };
    server.keyspace.effects.reply_at = server.reply(id).position();
    server.begin_command(false);
    let started_us = server.clock.monotonic_us();
    let blocking = Blocking { allowed: true, woken_by: Some(key), wait: None };
    let args = wait.args.as_args();
    let (result, waits) = run_data(server, id, handler, declared, wait.db, args, blocking);
    let (usec, failed) = finish(server, id, command, &result, started_us);
    if waits.is_none() {
        server.stats.unblocked(command, usec, failed, server.config.latency_tracking);
        super::log_if_slow(server, id, declared.flags, args, usec);
        server.sample_latency("command-unblocking", usec);
    }
    server.apply_effects(id, declared, wait.db, args);
    server.tell_own_invalidations();
    let done = waits.is_none();
    server.client_mut(id).blocked = Some(Blocked::Keys(wait));
    if done {
        server.unblock(id);
        server.queue_write(id);
    }
}
