//! One command's life: found, admitted or refused, called, and its effects made known.

mod admit;
pub mod blocked;
pub mod keys;
pub mod permission;
mod quick;
pub mod transaction;

use crate::client::{Blocked, ClientClass, ClientFlags, ClientId};
use crate::log_warning;
use crate::protocol::args::c_str;
use crate::protocol::{Args, CmdError, CmdResult, OwnedArgs};
use crate::server::Server;
use crate::server::command::{Blocking, Command, CommandId, Exec, Flags, Run, Wait};
use admit::Verdict;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered, or its client waits for the answer.
    Done,
    /// It was answered, and with its client all is as before: there is no need for [`after_command`].
    AsBefore,
    /// It must be tried again later: its bytes stay in the query buffer.
    Postponed,
}

/// Runs a client's request.
#[inline]
pub fn run(server: &mut Server, id: ClientId, args: Args<'_>) -> Outcome {
    let named = server.registry.find(args.at(0));
    if let Some(command) = named
        && let Some(client) = server.clients.get(id)
    {
        let entry = &server.registry[command];
        // Nothing about the request, its client or the server could keep it from running.
        if entry.command.accepts(args.len())
            && entry.subcommands.is_empty()
            && admit::needs_no_look(server, client, entry)
        {
            if let Some(handler) = quick::handler(server, client, entry) {
                return quick::call(server, id, command, handler, args);
            }
            server.client_mut(id).last_command = Some(command.0);
            call(server, id, command, args);
            blocked::serve_ready_keys(server);
            return Outcome::Done;
        }
    }
    run_another(server, id, named, args)
}

fn run_another(server: &mut Server, id: ClientId, named: Option<CommandId>, args: Args<'_>) -> Outcome {
    let command = match find(server, id, named, args) {
        Ok(command) => command,
        Err(_) if is_http(args.at(0)) => {
            abort_attack(server, id);
            return Outcome::Done;
        }
        Err(error) => {
            refuse(server, id, None, args, error);
            return Outcome::Done;
        }
    };
    let entry = &server.registry[command];
    if !entry.command.accepts(args.len()) {
        let error = CmdError::wrong_arity(&entry.full_name);
        refuse(server, id, Some(command), args, error);
        return Outcome::Done;
    }
    match admit::admit(server, id, command, args) {
        Verdict::Run => {
            call(server, id, command, args);
            blocked::serve_ready_keys(server);
        }
        Verdict::Queue => transaction::queue(server, id, command, args),
        Verdict::Refuse(error) => refuse(server, id, Some(command), args, error),
        Verdict::Wait => {
            let request = args.raw().map_or(0, <[u8]>::len);
            server.block(id, Blocked::Paused { request, arguments: args.payload_len() });
            return Outcome::Postponed;
        }
    }
    Outcome::Done
}

/// The command that a request names, whose first argument names this one.
fn find(
    server: &mut Server,
    id: ClientId,
    named: Option<CommandId>,
    args: Args<'_>,
) -> Result<CommandId, CmdError> {
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    let registry = &server.registry;
    let Some(mut found) = named else {
        client.last_command = None;
        return Err(unknown_command(args));
    };
    if !registry[found].subcommands.is_empty() && args.len() > 1 {
        match registry.find_sub(found, args.at(1)) {
            Some(sub) => found = sub,
            None => {
                client.last_command = None;
                return Err(CmdError::unknown_subcommand(args.at(1), &registry[found].called));
            }
        }
    }
    client.last_command = Some(found.0);
    Ok(found)
}

/// A line that an HTTP client sends: a browser is being used to reach us.
fn is_http(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:")
}

/// Drops a client that speaks HTTP, before the body of its request is run as commands.
fn abort_attack(server: &mut Server, id: ClientId) {
    const LOGGED_EVERY_MS: u64 = 60_000;
    let now = server.clock.monotonic_ms();
    if server.attack_logged_ms.is_none_or(|logged| now - logged > LOGGED_EVERY_MS) {
        server.attack_logged_ms = Some(now);
        log_warning!(
            "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis. This \
             is likely due to an attacker attempting to use Cross Protocol Scripting to compromise your Redis instance. \
             Connection aborted."
        );
    }
    server.close_later(id);
}

/// The error for a command that does not exist: with the first arguments, so that the log of a client shows what it
/// thought it was saying.
fn unknown_command(args: Args<'_>) -> CmdError {
    const SHOWN_MAX: usize = 128;
    let name = c_str(args.at(0));
    let mut text = b"unknown command '".to_vec();
    text.extend_from_slice(&name[..name.len().min(SHOWN_MAX)]);
    text.extend_from_slice(b"', with args beginning with: ");
    let mut shown = Vec::new();
    for arg in args.iter().skip(1) {
        if shown.len() >= SHOWN_MAX {
            break;
        }
        let arg = c_str(arg);
        shown.push(b'\'');
        shown.extend_from_slice(&arg[..arg.len().min(SHOWN_MAX - (shown.len() - 1))]);
        shown.extend_from_slice(b"' ");
    }
    text.extend_from_slice(&shown);
    CmdError::err(text)
}

/// Answers an error to a request that does not run.
fn refuse(server: &mut Server, id: ClientId, command: Option<CommandId>, args: Args<'_>, error: CmdError) {
    let error = &transaction::refused(server, id, command, error);
    if let Some(command) = command {
        server.stats.command(command).rejected += 1;
    }
    server.stats.count_error(error.code());
    server.error_on_link(id, command, error);
    server.reply(id).error(error);
    server.reply(id).take_last_error();
    if command.is_some_and(|command| transaction::is_exec(server.registry[command].command)) {
        // The monitors have seen its MULTI.
        server.feed_monitors(id, args);
    }
}

/// Runs an admitted command: handler, effects, figures.
pub fn call(server: &mut Server, id: ClientId, command: CommandId, args: Args<'_>) {
    let declared = server.registry[command].command;
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    let must_obey = client.must_obey();
    let db = client.db;
    client.commands += 1;
    let leaves_no_trace = client.flags.contains(ClientFlags::NO_TOUCH) && declared.name != "touch";
    if !server.keyspace.effects.notify.is_empty() {
        server.keyspace.effects.reply_at = client.reply.position();
    }
    server.begin_command(must_obey);
    if leaves_no_trace {
        server.keyspace.count_no_use();
    }
    let started_us = server.command_begins_us();
    let mut wait = None;
    let (usec, failed, waits) = match declared.run {
        Run::Data(handler) => {
            // What our primary sends has waited there.
            let allowed = !must_obey && !server.in_exec();
            let blocking = Blocking { allowed, ..Blocking::default() };
            let error = run_data(server, id, handler, declared, db, args, blocking, &mut wait);
            let (usec, failed) = finish(server, id, command, error, started_us);
            (usec, failed, wait.is_some())
        }
        Run::Server(_) | Run::Container => {
            let error = run_server(server, id, command, args);
            let (usec, failed) = finish(server, id, command, error, started_us);
            (usec, failed, server.clients.get(id).is_some_and(|client| client.blocked.is_some()))
        }
    };
    // How long one takes that waits is known when it is served.
    server.stats.ran(command, usec, failed, server.config.latency_tracking && !waits);
    let event = if declared.flags.contains(Flags::FAST) { "fast-command" } else { "command" };
    server.sample_latency(event, usec);
    if let Some(wait) = wait {
        server.wait_for_keys(id, command, args, db, wait);
    }
    // Who listens to a key and monitors is told of the key first.
    server.apply_effects(id, declared, db, args);
    show(server, id, declared.flags, args, usec);
    if server.tracking.is_active() {
        server.tracked_command_ran(id, declared, args);
    }
    if let Some(offset) = server.stream_end()
        && let Some(client) = server.clients.get_mut(id)
    {
        client.written_offset = offset;
    }
}

/// Calls the handler of a command that sees the whole server; returns the error that it replied.
fn run_server(server: &mut Server, id: ClientId, command: CommandId, args: Args<'_>) -> Option<CmdError> {
    // Only such commands show it, and EXEC for all of its own.
    if !server.in_exec() {
        server.client_mut(id).args_len = args.payload_len();
    }
    let entry = &server.registry[command];
    let result = match entry.command.run {
        Run::Server(handler) => handler(server, id, args),
        Run::Data(_) | Run::Container => Err(CmdError::wrong_arity(&entry.full_name)),
    };
    server.look_around();
    let reply = &mut server.clients.get_mut(id)?.reply;
    if let Err(error) = &result {
        reply.error(error);
    }
    reply.take_last_error()
}

/// Calls a data command's handler; returns the error that it replied.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn run_data(
    server: &mut Server,
    id: ClientId,
    handler: fn(&mut Exec<'_>) -> CmdResult,
    command: &'static Command,
    db: usize,
    args: Args<'_>,
    blocking: Blocking<'_>,
    wait: &mut Option<Wait>,
) -> Option<CmdError> {
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    // Replies of such wait for nothing that is done after the command.
    if command.flags.contains(Flags::READONLY) && client.class() == ClientClass::Normal {
        client.reply.set_socket(client.conn.plain_fd());
    }
    let restricted = client.flags.contains(ClientFlags::RESTRICTED) && command.has(Flags::MOVABLEKEYS);
    let reads_every_key = !restricted
        || client.user.is_none_or(|user| permission::reads_every_key(&server.acl, user, command, args));
    // Reads dirty no page of a snapshot's.
    client.reply.set_sharing(!server.child_alive);
    let mut exec = Exec {
        args,
        command,
        db,
        ks: &mut server.keyspace,
        must_obey: client.must_obey(),
        reply: &mut client.reply,
        config: &server.config,
        clock: &server.clock,
        rng: &mut server.rng,
        redacted: &mut server.redacted,
        reads_every_key,
        skip_checksum: server.persist.skip_checksum,
        links: &mut server.migrate_links,
        blocking,
    };
    let result = handler(&mut exec);
    exec.reply.set_socket(None);
    if let Err(error) = &result {
        exec.reply.error(error);
    }
    if exec.blocking.wait.is_some() {
        *wait = exec.blocking.wait;
    }
    exec.reply.take_last_error()
}

/// Looks at the clock, and counts the error that a command replied; returns how long it took and whether it failed.
#[inline]
fn finish(
    server: &mut Server,
    id: ClientId,
    command: CommandId,
    error: Option<CmdError>,
    started_us: u64,
) -> (u64, bool) {
    let ended_us = server.clock.measure_us();
    let usec = ended_us.saturating_sub(started_us);
    server.command_ended(ended_us);
    let failed = error.is_some();
    if let Some(error) = error {
        failed_with(server, id, command, &error);
    }
    (usec, failed)
}

#[cold]
fn failed_with(server: &mut Server, id: ClientId, command: CommandId, error: &CmdError) {
    server.stats.count_error(error.code());
    server.error_on_link(id, Some(command), error);
}

/// The arguments, with some that are not to be read.
fn without(redacted: &[usize], args: Args<'_>) -> OwnedArgs {
    let mut hidden = vec![false; args.len()];
    for at in redacted {
        // It may be one that was left out.
        hidden.get_mut(*at).into_iter().for_each(|hidden| *hidden = true);
    }
    let mut shown = OwnedArgs::new();
    for (arg, hidden) in args.iter().zip(hidden) {
        shown.push(if hidden { b"(redacted)" } else { arg });
    }
    shown
}

/// Lets SLOWLOG and MONITOR know of a command that ran, but not of what it says is not to be read.
#[inline]
fn show(server: &mut Server, id: ClientId, flags: Flags, args: Args<'_>, usec: u64) {
    if server.redacted.is_empty() {
        return show_all(server, id, flags, args, usec);
    }
    let redacted = without(&std::mem::take(&mut server.redacted), args);
    show_all(server, id, flags, redacted.as_args(), usec);
}

#[inline]
fn show_all(server: &mut Server, id: ClientId, flags: Flags, args: Args<'_>, usec: u64) {
    log_if_slow(server, id, flags, args, usec);
    if !server.monitors.is_empty() && !flags.intersects(Flags::SKIP_MONITOR | Flags::ADMIN) {
        server.feed_monitors(id, args);
    }
}

#[inline]
fn log_if_slow(server: &mut Server, id: ClientId, flags: Flags, args: Args<'_>, usec: u64) {
    let threshold = server.config.slowlog_log_slower_than;
    if threshold >= 0 && usec >= threshold as u64 && !flags.contains(Flags::SKIP_SLOWLOG) {
        log_slow(server, id, args, usec);
    }
}

#[cold]
fn log_slow(server: &mut Server, id: ClientId, args: Args<'_>, usec: u64) {
    // One that waits is looked at when it is served.
    let Some(client) = server.clients.get(id).filter(|client| client.blocked.is_none()) else { return };
    let name = client.name.as_deref().unwrap_or_default().to_vec();
    let peer = client.conn.peer_text();
    let max = server.config.slowlog_max_len;
    server.slowlog.push(args, usec, server.clock.now_s(), peer, name, max);
}

/// After a command, CLIENT REPLY SKIP ends or takes hold. One that waits is not over yet. A pipeline of commands goes no
/// further than its output limit.
pub fn after_command(server: &mut Server, id: ClientId) {
    if server.tracking.is_active() && !is_paused(server, id) && !ran_client_command(server, id) {
        server.caching_is_over(id);
    }
    let Some(client) = server.clients.get_mut(id) else { return };
    match client.blocked {
        // It is still to come.
        Some(Blocked::Paused { .. }) => return,
        Some(_) => {}
        None => client.request_over(),
    }
    if client.reply.sealed_chunks() > 0 || client.reply.overflowed() {
        server.check_output_limits(id);
    }
}

/// Whether a client's command is still to come, once the pause is over.
fn is_paused(server: &Server, id: ClientId) -> bool {
    let blocked = server.clients.get(id).and_then(|client| client.blocked.as_ref());
    matches!(blocked, Some(Blocked::Paused { .. }))
}

/// Whether a client's last command was CLIENT, which may have told how the next one is to be taken.
fn ran_client_command(server: &Server, id: ClientId) -> bool {
    let last = server.clients.get(id).and_then(|client| client.last_command);
    last.is_some_and(|last| {
        let entry = &server.registry[CommandId(last)];
        entry.parent.map_or(entry, |parent| &server.registry[parent]).command.name == "client"
    })
}
