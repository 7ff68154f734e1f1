//! The short way that nearly every request goes: a data command of a client with nothing special about it, while nobody
//! looks on. What `exec::call` asks step by step is asked here at once, most of it by [`Server::look_around`] before a
//! client's pipeline; what turns out to matter once the handler has run is done by the same functions as there.

use super::{Outcome, blocked, failed_with, show};
use crate::client::{Client, ClientFlags, ClientId};
use crate::keyspace::ExpiryMode;
use crate::protocol::{Args, CmdResult};
use crate::server::Server;
use crate::server::command::{Blocking, CommandId, Entry, Exec, Flags, Run};

type Handler = fn(&mut Exec<'_>) -> CmdResult;

/// The handler of a command that a client may run the short way, now that the server is quiet.
#[inline]
pub(super) fn handler(server: &Server, client: &Client, entry: &Entry) -> Option<Handler> {
    /// What tells others than its client of it, or has it leave no trace.
    const ODD: ClientFlags =
        ClientFlags::NO_TOUCH.union(ClientFlags::REPLY_SKIP).union(ClientFlags::REPLY_SKIP_NEXT);
    match entry.command.run {
        Run::Data(handler) if server.quiet && !client.flags.intersects(ODD) => Some(handler),
        _ => None,
    }
}

/// Runs a command that needs no look (`admit`), by the handler that [`handler`] gave for it.
#[inline]
pub(super) fn call(
    server: &mut Server,
    id: ClientId,
    named: CommandId,
    handler: Handler,
    args: Args<'_>,
) -> Outcome {
    let command = server.registry[named].command;
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    client.last_command = Some(named.0);
    client.commands += 1;
    let db = client.db;
    if command.flags.contains(Flags::READONLY) {
        // Its reply waits for nothing that is done after it.
        client.reply.set_socket(client.conn.plain_fd());
    }
    // Reads dirty no page of a snapshot's.
    let undisturbed = !server.child_alive;
    client.reply.set_sharing(undisturbed);
    server.keyspace.begin(server.clock.now_ms(), ExpiryMode::Delete, undisturbed);
    server.keyspace.effects.unheard = !server.repl.machine.primary.feeds();
    let started_us = server.clock.monotonic_us();
    let mut exec = Exec {
        args,
        command,
        db,
        ks: &mut server.keyspace,
        must_obey: false,
        reply: &mut client.reply,
        config: &server.config,
        clock: &server.clock,
        rng: &mut server.rng,
        redacted: &mut server.redacted,
        reads_every_key: true,
        skip_checksum: server.persist.skip_checksum,
        links: &mut server.migrate_links,
        blocking: Blocking { allowed: true, ..Blocking::default() },
    };
    let result = handler(&mut exec);
    let wait = exec.blocking.wait;
    client.reply.set_socket(None);
    if let Err(error) = &result {
        client.reply.error(error);
    }
    let failed = client.reply.has_error();
    // An output that has grown long is looked at after each command, not at the end of the pipeline only.
    let is_as_before = wait.is_none() && client.reply.sealed_chunks() == 0 && !client.reply.overflowed();
    let ended_us = server.clock.measure_us();
    let usec = ended_us.saturating_sub(started_us);
    server.clock.advance_to(ended_us);
    // How long one takes that waits is known when it is served.
    let timed = server.config.latency_tracking && wait.is_none();
    server.stats.ran(named, usec, failed, timed);
    if failed && let Some(error) = server.reply(id).take_last_error() {
        failed_with(server, id, named, &error);
    }
    if let Some(wait) = wait {
        server.wait_for_keys(id, named, args, db, wait);
    }
    if server.keyspace.effects.any() {
        server.apply_effects(id, command, db, args);
    }
    show(server, id, command.flags, args, usec);
    if let Some(offset) = server.stream_end() {
        server.client_mut(id).written_offset = offset;
    }
    blocked::serve_ready_keys(server);
    if is_as_before { Outcome::AsBefore } else { Outcome::Done }
}
