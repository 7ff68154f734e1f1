//! Clients coming and going, and their output.

use super::Server;
use super::command::CommandId;
use super::listeners::FIRST_CLIENT_TOKEN;
use crate::client::subscribed::Listens;
use crate::client::{Blocked, Client, ClientClass, ClientFlags, ClientId};
use crate::config::{Config, OutputBufferLimit};
use crate::log_warning;
use crate::net::conn::{Conn, Moved};
use crate::protocol::Reply;
use mio::Token;
use smallvec::SmallVec;
use std::time::Duration;

/// Bytes written to one client in one go, so that a big reply does not hold the others up.
const WRITE_MAX: usize = 64 * 1024;
/// Unread replies of a client that has not logged in, beyond the first chunk, bytes.
const STRANGER_OUTPUT_MAX: usize = 1024;
/// Room of an empty output buffer that is kept in a turn in which keys were evicted, bytes.
const KEPT_EVICTING: usize = 1024;
/// What is shown as the user of a client that has none.
const SUPERUSER: &str = "(superuser)";

impl Server {
    /// Takes a connection in as a client.
    ///
    /// # Errors
    /// It cannot be watched.
    pub fn add_client(&mut self, mut conn: Conn) -> std::io::Result<ClientId> {
        let id = self.clients.next_id();
        conn.register(&self.poll, Token(FIRST_CLIENT_TOKEN + id.slot))?;
        Ok(self.adopt_connection(conn))
    }

    /// Takes over a connection that is registered under another token: the link to our primary.
    ///
    /// # Errors
    /// It cannot be watched.
    pub fn add_registered_client(&mut self, mut conn: Conn) -> std::io::Result<ClientId> {
        let id = self.clients.next_id();
        conn.reregister(&self.poll, Token(FIRST_CLIENT_TOKEN + id.slot))?;
        Ok(self.adopt_connection(conn))
    }

    fn adopt_connection(&mut self, conn: Conn) -> ClientId {
        conn.set_nodelay(true);
        if self.config.tcp_keepalive > 0 {
            conn.set_keepalive(Duration::from_secs(u64::from(self.config.tcp_keepalive)));
        }
        let unix = matches!(conn, Conn::Unix(_));
        let default = self.acl.users.default_user();
        let (authenticated, restricted) = (default.is_open(), !default.allows_all());
        let id = self.clients.insert(conn, self.clock.monotonic_ms());
        if let Some(client) = self.clients.get_mut(id) {
            client.flags.set(ClientFlags::UNIX_SOCKET, unix);
            client.flags.set(ClientFlags::RESTRICTED, restricted);
            client.authenticated = authenticated;
        }
        id
    }

    /// Puts a client in line for writing before the loop sleeps, and enforces its output limits.
    pub fn queue_write(&mut self, id: ClientId) {
        self.count_client_memory(id);
        let Some(client) = self.clients.get_mut(id) else { return };
        let written = client.reply.take_written_at_once() as u64;
        client.bytes_out += written;
        self.stats.net_output_bytes += written;
        if client.reply.is_empty() && !client.reply.overflowed() {
            if client.reply.called_back() {
                self.close_later(id);
            }
            return;
        }
        if !client.flags.intersects(ClientFlags::QUEUED_WRITE | ClientFlags::WAITS_WRITABLE) {
            client.flags.insert(ClientFlags::QUEUED_WRITE);
            self.pending_writes.push(id);
        }
        self.check_output_limits(id);
    }

    /// Writes something to a client that it did not ask for, in its protocol: a message, an invalidation. It stands where
    /// the client's output has come to: behind what the running command, if it is the client's own, has replied so far.
    /// CLIENT REPLY OFF and SKIP do not hold for it; its class's output limits do. False: this client gets none.
    pub fn push_to(&mut self, id: ClientId, write: impl FnOnce(&mut Reply)) -> bool {
        let Some(client) = self.clients.get_mut(id).filter(|client| client.takes_messages()) else {
            self.call_back(id);
            return false;
        };
        client.reply.unmuted(write);
        self.queue_write(id);
        true
    }

    /// Closes a client, at the end of the turn, whose unsent replies are beyond its class's limit.
    pub fn check_output_limits(&mut self, id: ClientId) {
        let now = self.clock.monotonic_ms();
        let Some(client) = self.clients.get_mut(id) else { return };
        let Some(limit) = output_limit(&self.config, client.class()) else { return };
        let stranger = !client.authenticated && !self.acl.users.default_user().is_open();
        let over = over_limit(client, limit, now) || client.reply.overflowed();
        if (over || stranger && over_stranger_limit(client))
            && !client.flags.contains(ClientFlags::CLOSE_ASAP)
        {
            let text = self.describe_client(id);
            log_warning!("Client {text} scheduled to be closed ASAP for overcoming of output buffer limits.");
            self.stats.client_output_limit_disconnections += 1;
            self.close_later(id);
        }
    }

    /// Writes a client's replies as far as its socket takes them.
    pub fn write_client(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.class() == ClientClass::Replica && !client.reply.is_empty() {
            // Its socket carries the stream, in which an answer would be taken for a command.
            let command = client.last_command.map(CommandId);
            let command = command.map_or("<unknown>", |c| self.registry[c].full_name.as_str());
            let text = self.describe_client(id);
            log_warning!("Replica generated a reply to command '{command}', disconnecting it: {text}");
            self.close_later(id);
            return;
        }
        let mut written = 0;
        let broken = loop {
            if client.reply.is_empty() {
                client.flags.remove(ClientFlags::WAITS_WRITABLE);
                break false;
            }
            if written >= WRITE_MAX {
                // The socket would take more: it says so again only after it was full, so come back by ourselves.
                client.flags.insert(ClientFlags::QUEUED_WRITE);
                client.flags.remove(ClientFlags::WAITS_WRITABLE);
                self.pending_writes.push(id);
                break false;
            }
            let moved = match client.reply.single() {
                Some(bytes) => client.conn.write(bytes),
                None => {
                    let mut slices = SmallVec::new();
                    client.reply.gather(&mut slices);
                    client.conn.write_vectored(&slices)
                }
            };
            match moved {
                Moved::Bytes(n) => {
                    written += n;
                    client.reply.advance(n);
                }
                Moved::WouldBlock => {
                    client.flags.insert(ClientFlags::WAITS_WRITABLE);
                    break false;
                }
                Moved::Closed => break true,
                Moved::Failed(e) => {
                    crate::log_verbose!("Error writing to client: {}", crate::sys::errno::strerror(&e));
                    break true;
                }
            }
        };
        if written > 0 {
            client.bytes_out += written as u64;
            self.stats.net_output_bytes += written as u64;
            // A replica's or a monitor's output does not show that it is alive: only what it sends does.
            if !client.flags.contains(ClientFlags::PRIMARY) {
                client.active_ms = self.clock.monotonic_ms();
            }
        }
        if self.eviction.in_this_turn {
            // Else the room of what told of the evicted keys would have further ones evicted.
            client.reply.keep_at_most(KEPT_EVICTING);
        }
        let done = client.reply.is_empty() && client.flags.contains(ClientFlags::CLOSE_AFTER_REPLY);
        self.stats.writes_processed += 1;
        self.count_client_memory(id);
        if broken || done {
            self.close_later(id);
        }
    }

    /// Closes a client at the end of the turn; it gets and runs nothing any more.
    pub fn close_later(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(id)
            && !client.flags.contains(ClientFlags::CLOSE_ASAP)
        {
            client.flags.insert(ClientFlags::CLOSE_ASAP);
            self.client_eviction.forget(&mut client.counted);
            self.closing.push(id);
        }
    }

    /// Closes a client before the turn is over, so that what follows sees nothing of it any more. Not the one that runs.
    pub fn close_at_once(&mut self, id: ClientId) {
        self.close_later(id);
        self.closing.retain(|closing| *closing != id);
        self.close_now(id);
    }

    /// Closes a client once it got its replies. It gets no more of them, though it may be amid EXEC.
    pub fn close_after_reply(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(id) {
            client.flags.insert(ClientFlags::CLOSE_AFTER_REPLY);
            client.reply.end();
        }
    }

    /// A client that gets no messages any more was to get one. If its last reply was thrown away, as QUIT's is behind
    /// CLIENT REPLY OFF, then nothing else would close it.
    pub fn call_back(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(id)
            && client.flags.contains(ClientFlags::CLOSE_AFTER_REPLY)
        {
            client.reply.unmuted(|_| {});
            self.queue_write(id);
        }
    }

    /// Closes now all clients that are to be closed.
    pub fn close_scheduled(&mut self) {
        while let Some(id) = self.closing.pop() {
            self.close_now(id);
        }
    }

    fn close_now(&mut self, id: ClientId) {
        self.forget_replication_client(id);
        self.discard_transaction(id);
        self.track_no_more(id);
        self.leave_pubsub(id);
        let Some(client) = self.clients.get_mut(id) else { return };
        client.conn.deregister(&self.poll);
        let flags = client.flags;
        if flags.contains(ClientFlags::MONITOR) {
            self.monitors.retain(|m| *m != id);
        }
        match client.blocked.take() {
            Some(Blocked::Keys(wait)) => self.leave_lines(&wait),
            Some(_) => self.blocked.retain(|b| *b != id),
            None => {}
        }
        self.clients.kill(id);
    }

    /// Makes a client wait for something else than keys; it is then processed no further until [`Server::unblock`].
    pub fn block(&mut self, id: ClientId, reason: Blocked) {
        if let Some(client) = self.clients.get_mut(id) {
            assert!(client.blocked.is_none(), "a blocked client runs no command");
            client.blocked = Some(reason);
            self.blocked.push(id);
        }
    }

    /// Lets a client go on with what it sent meanwhile.
    pub fn unblock(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        match client.blocked.take() {
            Some(Blocked::Keys(wait)) => {
                client.request_over();
                self.leave_lines(&wait);
            }
            other => {
                if !matches!(other, Some(Blocked::Paused { .. })) {
                    client.request_over();
                }
                self.blocked.retain(|b| *b != id);
            }
        }
        self.queue_read(id);
    }

    /// Has a client processed again in the next turn.
    pub fn queue_read(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(id)
            && !client.flags.contains(ClientFlags::QUEUED_READ)
        {
            client.flags.insert(ClientFlags::QUEUED_READ);
            self.pending_reads.push(id);
        }
    }
}

/// The limit on unsent replies of a class of clients.
fn output_limit(config: &Config, class: ClientClass) -> Option<OutputBufferLimit> {
    match class {
        ClientClass::Normal => Some(config.client_output_buffer_limit.normal),
        ClientClass::Pubsub => Some(config.client_output_buffer_limit.pubsub),
        // Replicas read from the backlog, which holds them to their limit; our primary gets only ACKs.
        ClientClass::Replica | ClientClass::Primary => None,
    }
}

/// What of a client's replies is beyond this is not kept while they are written: one command can reply more than there
/// is memory.
#[inline]
#[must_use]
pub fn hard_output_limit(config: &Config, client: &Client) -> Option<usize> {
    let hard = output_limit(config, client.class())?.hard;
    (hard > 0).then(|| usize::try_from(hard).unwrap_or(usize::MAX))
}

/// Whoever has not logged in must read the errors that he is answered, not fill our memory with them.
fn over_stranger_limit(client: &Client) -> bool {
    let (_, sealed) = client.reply.memory();
    sealed > STRANGER_OUTPUT_MAX
}

fn over_limit(client: &mut Client, limit: OutputBufferLimit, now_ms: u64) -> bool {
    let pending = client.reply.pending() as u64;
    if limit.hard > 0 && pending >= limit.hard {
        return true;
    }
    if limit.soft == 0 || pending < limit.soft {
        client.over_soft_limit_ms = None;
        return false;
    }
    let since = *client.over_soft_limit_ms.get_or_insert(now_ms);
    now_ms - since > limit.soft_seconds as u64 * 1000
}

/// What a client's places in the lines of keys take, bytes.
fn waiting_bytes(client: &Client) -> usize {
    match &client.blocked {
        Some(Blocked::Keys(wait)) => wait.bytes,
        _ => 0,
    }
}

/// Bytes of the arguments of a client's request under way: one that comes in, of which so many have, runs or waits.
fn argument_bytes(client: &Client, come: usize) -> usize {
    let waiting = match &client.blocked {
        Some(Blocked::Keys(wait)) => wait.args.as_args().payload_len(),
        _ => 0,
    };
    come + client.args_len + waiting
}

/// What a client takes, bytes: itself and its buffers.
#[must_use]
pub fn memory_of(client: &Client) -> usize {
    let (tail, sealed) = client.reply.memory();
    // What lies apart counts with the parser.
    let arguments = argument_bytes(client, client.parser.buffered_argument_bytes());
    let queued = client.queue.as_ref().map_or(0, |queue| queue.memory());
    let tracking = client.tracking.as_ref().map_or(0, |tracking| tracking.memory());
    let names = [&client.name, &client.lib_name, &client.lib_ver];
    let names: usize = names.into_iter().flatten().map(|name| name.len()).sum();
    size_of::<Client>()
        + client.conn.memory()
        + client.query.capacity()
        + client.lent
        + client.parser.memory()
        + tail
        + sealed
        + arguments
        + waiting_bytes(client)
        + names
        + queued
        + client.watched.memory()
        + tracking
        + client.subscribed.bytes
}

impl Server {
    /// A client in one line; nothing of one that is gone.
    #[must_use]
    pub fn describe_client(&self, id: ClientId) -> String {
        self.clients.get(id).map_or_else(String::new, |client| self.describe(client))
    }

    /// A client in one line: what CLIENT LIST shows of it. A replica is shown with what it has not read of the backlog.
    #[must_use]
    pub fn describe(&self, client: &Client) -> String {
        let now_ms = self.clock.monotonic_ms();
        let blocked = client.blocked.is_some();
        let command =
            client.last_command.map_or("NULL", |id| self.registry[CommandId(id)].full_name.as_str());
        let text = |t: &Option<Box<[u8]>>| {
            t.as_deref().map_or_else(String::new, |t| String::from_utf8_lossy(t).into_owned())
        };
        let user =
            client.user.map_or(SUPERUSER.into(), |user| String::from_utf8_lossy(&self.acl.users[user].name));
        let (tail, sealed) = client.reply.memory();
        let unread = self.unread_of_stream(client.id);
        let query_free = client.query.capacity().saturating_sub(client.query.len())
            + client.parser.arriving().map_or(0, |arriving| arriving.room());
        // A request that a pause holds is shown as one that has been read.
        let (held, held_arguments) = match client.blocked {
            Some(Blocked::Paused { request, arguments }) => (request, arguments),
            _ => (0, 0),
        };
        let parsed = argument_bytes(client, client.parser.argument_bytes()) + held_arguments;
        let writable = client.flags.contains(ClientFlags::WAITS_WRITABLE);
        format!(
            "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} multi={} qbuf={} \
             qbuf-free={} argv-mem={} multi-mem={} rbs={} rbp={} obl={} oll={} omem={} tot-mem={} events={} cmd={} \
             user={user} redir={} resp={} lib-name={} lib-ver={}",
            client.id.number,
            client.conn.peer_text(),
            client.conn.local_text(),
            client.conn.fd(),
            text(&client.name),
            now_ms.saturating_sub(client.created_ms) / 1000,
            now_ms.saturating_sub(client.active_ms) / 1000,
            client.flags.letters(blocked, client.tracking.as_deref()),
            client.db,
            client.subscribed.count(Listens::ToChannel),
            client.subscribed.count(Listens::ToPattern),
            client.subscribed.count(Listens::ToShard),
            client.queue.as_ref().map_or(-1, |queue| queue.len() as i64),
            client.query_len.saturating_sub(held),
            query_free,
            parsed,
            client.queue.as_ref().map_or(0, |queue| queue.payload()),
            tail,
            client.reply.tail_len(),
            client.reply.tail_len(),
            client.reply.sealed_chunks() + usize::from(unread > 0),
            sealed + unread,
            memory_of(client) + unread,
            if writable { "rw" } else { "r" },
            command,
            client.redirects_to(),
            if client.reply.resp3() { 3 } else { 2 },
            text(&client.lib_name),
            text(&client.lib_ver),
        )
    }
}
