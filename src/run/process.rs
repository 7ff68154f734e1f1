//! From a readable socket to executed commands.
//!
//! All sockets are read into one buffer. A client whose bytes are whole commands keeps nothing: its requests are
//! parsed and run where they were read. Only what is left over is copied into the client's own query buffer, in front
//! of what it sends next. One turn takes at most a buffer full from each client, so none starves the others. The rest of a
//! big argument is read to where a command may keep it (`protocol/apart.rs`), and more of it in a turn. Whoever sent one is
//! read little of at first, so that hardly any of the next comes by way of the buffer.

use super::crash::Running;
use super::stream;
use crate::client::{Client, ClientFlags, ClientId};
use crate::exec::{self, Outcome};
use crate::net::conn::Moved;
use crate::protocol::apart::Arriving;
use crate::protocol::args::Args;
use crate::protocol::error::CmdError;
use crate::protocol::parser::{Limits, Parser, ProtocolError, Request, Step};
use crate::server::Server;
use crate::server::clients::hard_output_limit;
use crate::server::command::CommandId;
use crate::sys::errno::strerror;
use crate::util::log::{self, Level};
use crate::{log_verbose, log_warning};
use smallvec::SmallVec;

/// Commands of one client that are parsed before the first of them runs: enough for their cache misses to overlap.
const LOOK_AHEAD: usize = 16;

/// So much of a big argument is read in one turn: what copying it takes is well below a millisecond.
const BIG_READ_MAX: usize = 1 << 20;
/// So much of a request that may have one: what stands before it.
const BEGINNING: usize = 512;

/// Room of its own that a client's query buffer keeps once what needed it is done, bytes.
const QUERY_KEPT: usize = 256 * 1024;

/// Reads what a client sent and runs it.
pub fn read_client(server: &mut Server, id: ClientId) {
    let Some(client) = server.clients.get_mut(id) else { return };
    // A client that waits is read no further than its limit needs: its bytes stay in the kernel.
    let waiting = client.query.len() + client.parser.bytes_apart();
    if client.blocked.is_some() && waiting >= server.read_buffer.len() {
        client.flags.insert(ClientFlags::READABLE);
        return;
    }
    if client.blocked.is_none() && client.parser.arriving().is_some() {
        return read_apart(server, id);
    }
    let mut buffer = std::mem::take(&mut server.read_buffer);
    if let Some((n, filled)) = read_bytes(server, id, &mut buffer) {
        run_bytes(server, id, &buffer[..n], filled);
    }
    server.read_buffer = buffer;
}

/// Reads more of a big argument.
fn read_apart(server: &mut Server, id: ClientId) {
    let Some(client) = server.clients.get_mut(id) else { return };
    if !client.parser.arriving_mut().is_some_and(Arriving::make_room) {
        client.flags.insert(ClientFlags::READABLE);
        return server.queue_read(id);
    }
    let mut max = 0;
    let moved = read_from(server, id, |client| {
        let Client { conn, parser, .. } = client;
        parser.arriving_mut().expect("it has just been given room").read(|block, room| {
            max = room.min(BIG_READ_MAX);
            conn.read_behind(block, max)
        })
    });
    let Some(n) = moved else { return };
    let Some(client) = server.clients.get_mut(id) else { return };
    let behind = client.parser.arrived();
    let own = (n - behind.len()) as u64;
    client.bytes_in += own;
    server.stats.net_input_bytes += own;
    run_bytes(server, id, &behind, n == max);
}

/// Reads what a client sent, and whether there may be more; `None` when there is nothing, or it is gone.
pub(super) fn read_bytes(server: &mut Server, id: ClientId, buffer: &mut [u8]) -> Option<(usize, bool)> {
    let mut max = buffer.len();
    let n = read_from(server, id, |client| {
        if client.flags.contains(ClientFlags::SENDS_BIG) {
            client.flags.remove(ClientFlags::SENDS_BIG);
            max = max.min(BEGINNING);
        }
        client.conn.read(&mut buffer[..max])
    })?;
    Some((n, n == max))
}

fn read_from(server: &mut Server, id: ClientId, read: impl FnOnce(&mut Client) -> Moved) -> Option<usize> {
    let client = server.clients.get_mut(id)?;
    if client.flags.contains(ClientFlags::CLOSE_ASAP) {
        return None;
    }
    server.stats.reads_processed += 1;
    match read(client) {
        Moved::Bytes(n) => return Some(n),
        Moved::WouldBlock => client.flags.remove(ClientFlags::READABLE),
        Moved::Closed => {
            log_verbose!("Client closed connection {}", server.describe_client(id));
            // One that sent its requests and then no more may still read the replies.
            server.write_client(id);
            connection_is_over(server, id);
        }
        Moved::Failed(e) => {
            log_verbose!("Reading from client: {}", strerror(&e));
            connection_is_over(server, id);
        }
    }
    None
}

/// That the link to our primary is down those learn too who ask in this turn.
fn connection_is_over(server: &mut Server, id: ClientId) {
    if server.clients.get(id).is_some_and(Client::must_obey) {
        server.close_at_once(id);
    } else {
        server.close_later(id);
    }
}

/// Runs what was read from a client; `filled`: there may be more.
pub(super) fn run_bytes(server: &mut Server, id: ClientId, bytes: &[u8], filled: bool) {
    received(server, id, bytes);
    let now = server.clock.monotonic_ms();
    if let Some(client) = server.clients.get_mut(id) {
        client.active_ms = now;
        // A short read emptied the socket, and new bytes bring a new event; a full one may have left some,
        // and the end of the stream is still to be read when its event came along with the bytes.
        let more = filled || client.flags.contains(ClientFlags::ENDED);
        client.flags.set(ClientFlags::READABLE, more);
        if more {
            server.queue_read(id);
        }
    }
}

/// Goes on with a client that has unread or unprocessed bytes.
pub fn resume_client(server: &mut Server, id: ClientId) {
    let Some(client) = server.clients.get_mut(id) else { return };
    client.flags.remove(ClientFlags::QUEUED_READ);
    if client.blocked.is_none() && !client.query.is_empty() && client.parser.arriving().is_none() {
        received(server, id, &[]);
    }
    if server.clients.get(id).is_some_and(|c| c.flags.contains(ClientFlags::READABLE)) {
        read_client(server, id);
    }
}

/// Runs the commands in what a client had left over and what has just come.
fn received(server: &mut Server, id: ClientId, fresh: &[u8]) {
    let Some(client) = server.clients.get_mut(id) else { return };
    client.bytes_in += fresh.len() as u64;
    if client.must_obey() {
        server.stats.net_repl_input_bytes += fresh.len() as u64;
        server.stream_received(id, fresh);
    } else {
        server.stats.net_input_bytes += fresh.len() as u64;
    }
    let Some(client) = server.clients.get_mut(id) else { return };
    client.reply.set_limit(hard_output_limit(&server.config, client));
    let mut kept = std::mem::take(&mut client.query);
    let mut parser = std::mem::take(&mut client.parser);
    let mut fresh = fresh;
    if let Some(arriving) = parser.arriving_mut() {
        // Of a client that waits, or else nothing new.
        fresh = arriving.take(fresh);
        parser.arrived();
    }
    client.lent = kept.capacity() + parser.memory();
    let apart = parser.bytes_apart();
    let used = if kept.is_empty() {
        let used = run_all(server, id, fresh, &mut parser);
        let rest = &fresh[used..];
        parser.shift(used);
        if comes_apart(server, id, &parser) {
            let (before, first) = rest.split_at(parser.understood());
            parser.begin_apart(first);
            kept.extend_from_slice(before);
        } else {
            kept.extend_from_slice(rest);
        }
        used
    } else {
        if !fresh.is_empty() {
            // A big argument must not be copied again and again as it grows.
            kept.reserve(fresh.len().max(parser.missing(kept.len()).min(4 * kept.len())));
            kept.extend_from_slice(fresh);
        }
        let used = run_all(server, id, &kept, &mut parser);
        kept.drain(..used);
        parser.shift(used);
        if comes_apart(server, id, &parser) {
            parser.keep_apart(&mut kept);
        }
        if kept.capacity() > QUERY_KEPT && kept.len() <= QUERY_KEPT {
            // A big argument came through here; its room is not kept for the next, which may never come.
            kept.shrink_to_fit();
        }
        used
    };
    let Some(client) = server.clients.get_mut(id) else { return };
    client.query_len = kept.len() - parser.understood() + parser.arriving().map_or(0, Arriving::len);
    client.query_peak = client.query_peak.max(kept.len() + used + apart.max(parser.bytes_apart()));
    if apart > 0 || parser.arriving().is_some() {
        client.flags.insert(ClientFlags::SENDS_BIG);
    }
    (client.args_len, client.lent) = (0, 0);
    // What others send it is held to the limits of that time, and of the class that it then is of.
    client.reply.set_limit(None);
    client.query = kept;
    client.parser = parser;
    let limit = server.config.client_query_buffer_limit;
    // Commands that are queued have not run yet either.
    let queued = client.queue.as_ref().map_or(0, |queue| queue.memory());
    let waiting = client.query.len() + client.parser.holds() + queued;
    if waiting > limit && !client.must_obey() && !client.closing() {
        let shown = for_log(&client.query);
        let text = server.describe_client(id);
        log_warning!(
            "Closing client that reached max query buffer length: {text} (qbuf initial bytes: \"{shown}\")"
        );
        server.stats.client_query_limit_disconnections += 1;
        server.close_later(id);
    }
    server.queue_write(id);
}

/// Whether what is missing of the argument under way is to come apart. Our primary's stream is passed on as it comes.
#[inline]
fn comes_apart(server: &Server, id: ClientId, parser: &Parser) -> bool {
    parser.wants_apart() && server.clients.get(id).is_some_and(|client| !client.must_obey())
}

/// Runs every whole command in `buffer`; returns how many of its bytes are done with.
///
/// Some commands are parsed before the first of them runs, so that the keys of all can be on their way from memory
/// while the first is at work.
fn run_all(server: &mut Server, id: ClientId, buffer: &[u8], parser: &mut Parser) -> usize {
    server.look_around();
    while let Some(client) = server.clients.get_mut(id).filter(|c| c.blocked.is_none() && !c.closing()) {
        client.query_len = buffer.len();
        let (db, obeys) = (client.db, client.must_obey());
        let limits = Limits {
            bulk_max: (!obeys).then_some(server.config.proto_max_bulk_len as u64),
            unauthenticated: !client.authenticated && !server.acl.users.default_user().is_open(),
        };
        // The first command of one who has to log in decides on the limits of the second.
        let ahead = if limits.unauthenticated { 1 } else { LOOK_AHEAD };
        let begun = parser.consumed();
        let mut batch: SmallVec<[Request; LOOK_AHEAD]> = SmallVec::new();
        let step = loop {
            if batch.len() == ahead {
                break None;
            }
            match parser.step(buffer, limits) {
                Ok(Step::Command) => batch.push(parser.request()),
                other => break Some(other),
            }
        };
        if batch.len() > 1 {
            // The first argument is the key of nearly every command that has one; where it is not, nothing is lost.
            let keys = batch.iter().filter_map(|request| parser.buffered_argument(buffer, request, 1));
            server.keyspace.prefetch(db, keys);
            let members = batch
                .iter()
                .filter_map(|request| member_of(|i| parser.buffered_argument(buffer, request, i)));
            server.keyspace.prefetch_members(db, members);
        }
        let mut is_as_before = true;
        for request in &batch {
            let stop = !is_as_before
                && match server.clients.get(id) {
                    None => return buffer.len(),
                    Some(client) => client.blocked.is_some() || client.closing(),
                };
            let outcome = if stop {
                Outcome::Postponed
            } else {
                run_one(server, id, parser.args_of(buffer, request), obeys)
            };
            if outcome == Outcome::Postponed {
                parser.rewind(request.raw.start);
                return parser.consumed();
            }
            is_as_before = outcome == Outcome::AsBefore;
            if obeys {
                server.stream_executed(id, &buffer[request.raw.start..request.raw.end]);
            }
        }
        parser.forget();
        match step {
            None => {}
            Some(Ok(Step::NeedMore)) => return parser.consumed(),
            Some(other) => {
                let before = batch.last().map_or(begun, |request| request.raw.end);
                // The commands before it may have closed or blocked the client: then it is looked at again, or never.
                if server.clients.get(id).is_none_or(|c| c.blocked.is_some() || c.closing()) {
                    parser.rewind(before);
                    return parser.consumed();
                }
                if !run_other(server, id, buffer, parser, other) {
                    return parser.consumed();
                }
            }
        }
    }
    parser.consumed()
}

/// The key and the member, or field, of a command that looks at one in a hash or set, as its name makes it seem.
#[inline]
fn member_of<'a>(argument: impl Fn(usize) -> Option<&'a [u8]>) -> Option<(&'a [u8], &'a [u8])> {
    let concerns_members = match argument(0)? {
        [b'h' | b'H', ..] => true,
        [b's' | b'S', second, ..] => matches!(second, b'a' | b'A' | b'i' | b'I' | b'r' | b'R'),
        _ => false,
    };
    if concerns_members { argument(1).zip(argument(2)) } else { None }
}

/// Goes on behind a step that gave no multibulk command. `false`: nothing more is to be run now.
fn run_other(
    server: &mut Server,
    id: ClientId,
    buffer: &[u8],
    parser: &mut Parser,
    step: Result<Step, ProtocolError>,
) -> bool {
    let obeys = server.clients.get(id).is_some_and(|c| c.must_obey());
    match step {
        Ok(Step::Inline(_)) if obeys => {
            inline_from_primary(server, id, buffer);
            false
        }
        Ok(Step::Inline(words)) => {
            let postponed = run_one(server, id, words.as_args(), false) == Outcome::Postponed;
            if postponed {
                parser.rewind(parser.start());
            }
            !postponed
        }
        Ok(Step::Empty { newline }) => {
            if obeys {
                server.stream_executed(id, &buffer[parser.start()..parser.consumed()]);
            } else {
                // A request of nothing is one all the same to CLIENT REPLY SKIP.
                exec::after_command(server, id);
                if newline {
                    server.replica_is_alive(id);
                }
            }
            true
        }
        Ok(Step::Command | Step::NeedMore) => true,
        Err(error) => {
            protocol_error(server, id, buffer, &error);
            false
        }
    }
}

/// Counts the arguments that are about to be run too: with them the client may be too large, and is closed.
#[cold]
fn stays_within_limit(server: &mut Server, id: ClientId, args: Args<'_>) -> bool {
    if let Some(client) = server.clients.get_mut(id) {
        client.args_len = args.payload_len();
    }
    server.count_client_memory(id);
    server.evict_clients();
    server.clients.get(id).is_some_and(|client| !client.flags.contains(ClientFlags::CLOSE_ASAP))
}

#[inline]
fn run_one(server: &mut Server, id: ClientId, args: Args<'_>, obeys: bool) -> Outcome {
    if server.limits_client_memory() && !stays_within_limit(server, id, args) {
        return Outcome::Done;
    }
    server.running = Some(id);
    let running = Running(args, server.config.crash_log_enabled);
    let outcome = if obeys { stream::run(server, id, args) } else { exec::run(server, id, args) };
    // Nothing went wrong, so there is nothing to tell.
    std::mem::forget(running);
    if outcome != Outcome::AsBefore {
        exec::after_command(server, id);
    }
    server.running = None;
    outcome
}

/// Our primary says something that is no command of its stream.
fn inline_from_primary(server: &mut Server, id: ClientId, buffer: &[u8]) {
    log_warning!(
        "WARNING: Receiving inline protocol from master, master stream corruption? Closing the master connection and \
         discarding the cached master."
    );
    log_protocol_error(server, id, buffer, "Master using the inline protocol. Desync?");
    server.stream_is_corrupt(id);
}

/// Tells the client what it did wrong, and closes it.
fn protocol_error(server: &mut Server, id: ClientId, buffer: &[u8], error: &ProtocolError) {
    let answer = CmdError::err([b"Protocol error: ".as_slice(), &error.0].concat());
    let last_command = server.clients.get(id).and_then(|client| client.last_command);
    server.error_on_link(id, last_command.map(CommandId), &answer);
    log_protocol_error(server, id, buffer, &error.to_string());
    server.stats.count_error(answer.code());
    let Some(client) = server.clients.get_mut(id) else { return };
    if client.must_obey() {
        server.stream_is_corrupt(id);
        return;
    }
    client.reply.error(&answer);
    client.reply.take_last_error();
    server.close_after_reply(id);
}

/// What a client sends is its own affair; what our primary sends is not.
fn log_protocol_error(server: &Server, id: ClientId, buffer: &[u8], error: &str) {
    let Some(client) = server.clients.get(id) else { return };
    let level = if client.must_obey() { Level::Warning } else { Level::Verbose };
    if !log::shows(level) {
        return;
    }
    let text = server.describe(client);
    let shown = for_log(buffer);
    log::write(
        level,
        format_args!(
            "Protocol error ({error}) from client: {text}. Query buffer during protocol error: '{shown}'"
        ),
    );
}

/// The beginning of what a client sent. Nothing of it if there may be a password in it: a log is read by others.
fn for_log(buffer: &[u8]) -> String {
    const SHOWN_MAX: usize = 64;
    const SECRETIVE: [&[u8]; 5] = [b"auth", b"hello", b"acl", b"config", b"migrate"];
    let shown = &buffer[..buffer.len().min(SHOWN_MAX)];
    let has = |name: &&[u8]| shown.windows(name.len()).any(|part| part.eq_ignore_ascii_case(name));
    if SECRETIVE.iter().any(has) { "(redacted)".to_owned() } else { shown.escape_ascii().to_string() }
}
