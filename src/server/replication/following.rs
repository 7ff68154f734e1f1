//! As a replica: the socket of the link, and the stream of our primary.
//!
//! Until the link is up its socket belongs to replication alone. Then it becomes a client with the flag PRIMARY, whose
//! commands run like any other's; [`Server::stream_received`] and [`Server::stream_executed`] keep count.

use super::{LINK_TOKEN, link_config};
use crate::client::{ClientFlags, ClientId};
use crate::config::{Primary, Text};
use crate::net::conn::{Conn, Moved};
use crate::net::event_loop::Ready;
use crate::protocol::CmdError;
use crate::repl::Millis;
use crate::repl::replica::{Action, Event};
use crate::repl::role::Replicaof;
use crate::server::Server;
use crate::sys::errno::strerror;
use crate::util::log::{Role, set_role};
use crate::{log_notice, log_warning};
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

/// How long the loading of a snapshot holds the loop up at a time.
pub(super) const LOAD_SLICE: Duration = Duration::from_millis(5);
/// Buffers read from the link in a turn.
const LINK_READS_MAX: usize = 16;

/// The socket of a link that is not up yet.
pub(super) struct LinkSocket {
    conn: Conn,
    connected: bool,
    /// It may have something to read.
    readable: bool,
    writable: bool,
    /// What was read and not taken: the stream behind a snapshot that is being loaded.
    unread: Vec<u8>,
}

/// A name being looked up. The system's resolver blocks, for many seconds where the network is bad: it does so on a
/// thread of its own, which ends with the answer, wanted or not.
pub(super) struct Lookup(Receiver<Result<SocketAddr, String>>);

impl Lookup {
    fn start(host: String, port: u16) -> Lookup {
        let (answer, answered) = std::sync::mpsc::channel();
        let look = move || {
            let found = (host.as_str(), port).to_socket_addrs();
            // A failed lookup has no error number of the system: the library's text is all there is.
            let found = found.map_err(|e| e.to_string());
            let first =
                found.and_then(|mut all| all.next().ok_or_else(|| "Name or service not known".to_owned()));
            // Nobody waits any more if the link was given up.
            let _ = answer.send(first);
        };
        // Without a thread the sender is dropped, and that is the answer.
        let _ = std::thread::Builder::new().name("lookup".into()).spawn(look);
        Lookup(answered)
    }

    fn answer(&self) -> Option<Result<SocketAddr, String>> {
        match self.0.try_recv() {
            Ok(found) => Some(found),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err("no thread to look the name up with".to_owned())),
        }
    }
}

// Which primary.
impl Server {
    /// REPLICAOF host port. False when that is our primary already.
    pub fn follow(&mut self, id: ClientId, host: &str, port: u16) -> bool {
        let now = self.clock.monotonic_ms();
        let config = link_config(&self.config);
        let was_primary = self.repl.machine.is_primary();
        if self.repl.machine.replicaof(host, port, config, now) == Replicaof::Already {
            self.settle_replication();
            return false;
        }
        self.config.replicaof = Some(Primary { host: Text::from(host), port });
        if was_primary {
            self.unblock_for_role_change();
        }
        self.role_changed();
        log_notice!("REPLICAOF {host}:{port} enabled (user request from '{}')", self.describe_client(id));
        true
    }

    /// REPLICAOF NO ONE.
    pub fn lead(&mut self, id: ClientId) {
        if self.repl.machine.promote(self.clock.monotonic_ms()) {
            self.config.replicaof = None;
            self.role_changed();
            log_notice!("MASTER MODE enabled (user request from '{}')", self.describe_client(id));
        }
    }

    /// `PSYNC id offset FAILOVER`: our primary wants us to take over.
    ///
    /// # Errors
    /// We are no replica, or not of that history.
    pub fn lead_for_failover(&mut self, id: ClientId, replid: &[u8]) -> Result<(), CmdError> {
        let promoted = self.repl.machine.promote_for(replid, self.clock.monotonic_ms());
        if promoted.is_ok() {
            self.config.replicaof = None;
            self.role_changed();
            log_notice!("MASTER MODE enabled (failover request from '{}')", self.describe_client(id));
        }
        self.settle_replication();
        promoted.map_err(CmdError::err)
    }

    pub(super) fn role_changed(&mut self) {
        self.settle_replication();
        set_role(if self.is_replica() { Role::Replica } else { Role::Primary });
        if let Err(error) = self.write_oom_score() {
            log_warning!("Unable to write oom_score_adj: {}", strerror(&error));
        }
    }
}

// The link's socket.
impl Server {
    pub(super) fn act_on_link(&mut self, action: Action) {
        match action {
            Action::Close => self.close_link(),
            Action::Connect { host, port } => match host.parse::<IpAddr>() {
                Ok(ip) => self.connect_to(SocketAddr::new(ip, port)),
                Err(_) => {
                    let now = self.clock.monotonic_ms();
                    self.repl.lookup = Some(Lookup::start(host, port));
                    if let Some(follower) = self.repl.machine.following_mut() {
                        follower.connecting(now);
                    }
                }
            },
        }
    }

    /// Goes on to connect, or to fail, once the name has been looked up.
    pub(super) fn poll_lookup(&mut self) {
        let Some(found) = self.repl.lookup.as_ref().and_then(Lookup::answer) else { return };
        self.repl.lookup = None;
        match found {
            Ok(address) => match self.connect_link(address) {
                Ok(link) => self.repl.link = Some(link),
                Err(error) => self.connect_failed(&error),
            },
            Err(error) => self.connect_failed(&error),
        }
    }

    fn connect_failed(&mut self, error: &str) {
        if let Some(follower) = self.repl.machine.following_mut() {
            follower.connect_failed(error);
        }
    }

    fn connect_to(&mut self, address: SocketAddr) {
        let now = self.clock.monotonic_ms();
        match self.connect_link(address) {
            Ok(link) => {
                self.repl.link = Some(link);
                if let Some(follower) = self.repl.machine.following_mut() {
                    follower.connecting(now);
                }
            }
            Err(error) => self.connect_failed(&error),
        }
    }

    fn connect_link(&mut self, to: SocketAddr) -> Result<LinkSocket, String> {
        let from: Option<IpAddr> = match self.config.bind_source_addr.to_str_lossy().as_ref() {
            "" => None,
            text => Some(text.parse().map_err(|_| format!("Invalid bind-source-addr '{text}'"))?),
        };
        let mut conn = Conn::connect(to, from).map_err(|e| strerror(&e))?;
        if let Some(context) = self.tls.as_ref().filter(|_| self.config.tls_replication) {
            conn = conn.connect_tls(context).map_err(|e| strerror(&e))?;
        }
        conn.register(&self.poll, LINK_TOKEN).map_err(|e| strerror(&e))?;
        conn.set_nodelay(true);
        Ok(LinkSocket { conn, connected: false, readable: false, writable: false, unread: Vec::new() })
    }

    /// Ends the connection, in whatever shape it is, and what was under way on it.
    fn close_link(&mut self) {
        self.repl.lookup = None;
        if let Some(mut link) = self.repl.link.take() {
            link.conn.deregister(&self.poll);
        }
        if let Some(id) = self.repl.our_primary.take() {
            self.close_later(id);
        }
        self.repl.in_transaction = false;
        self.drop_incoming();
    }

    pub(super) fn link_event(&mut self, event: Ready) {
        let now = self.clock.monotonic_ms();
        let Some(link) = &mut self.repl.link else { return };
        link.readable |= event.readable;
        link.writable |= event.writable;
        if !link.connected {
            let result = link.conn.connect_result();
            let Some(follower) = self.repl.machine.following_mut() else { return };
            match result {
                Ok(false) => return,
                Ok(true) => {
                    // A TLS handshake may have read what is behind it.
                    (link.connected, link.readable, link.writable) = (true, true, true);
                    follower.connected(now);
                }
                Err(error) => {
                    follower.closed(Some(&strerror(&error)), now);
                    return self.settle_replication();
                }
            }
        }
        self.write_link();
        self.read_link();
        self.settle_replication();
    }

    /// Writes what the machine has for our primary: the handshake, newlines, ACKs.
    pub(super) fn write_link(&mut self) {
        let now = self.clock.monotonic_ms();
        let Some(follower) = self.repl.machine.following_mut() else { return };
        while !follower.outgoing().is_empty() {
            let (conn, writable) = match (&mut self.repl.link, self.repl.our_primary) {
                (Some(link), _) if link.connected => (&mut link.conn, Some(&mut link.writable)),
                (None, Some(id)) => match self.clients.get_mut(id) {
                    Some(client) => (&mut client.conn, None),
                    None => return,
                },
                _ => return,
            };
            if writable.as_deref() == Some(&false) {
                return;
            }
            match conn.write(follower.outgoing()) {
                Moved::Bytes(n) => {
                    self.stats.net_repl_output_bytes += n as u64;
                    follower.sent(n);
                }
                Moved::WouldBlock => {
                    if let Some(writable) = writable {
                        *writable = false;
                    }
                    return;
                }
                // What was sent before may still be read; reading finds the end.
                Moved::Closed => return,
                Moved::Failed(error) => {
                    if self.repl.our_primary.is_none() {
                        follower.closed(Some(&strerror(&error)), now);
                    }
                    return;
                }
            }
        }
    }

    /// Reads the link as far as the machine, or the loader behind it, takes what comes.
    pub(super) fn read_link(&mut self) {
        let mut buffer = std::mem::take(&mut self.read_buffer);
        let mut turns = 0;
        while self.link_takes_more() {
            let Some(link) = &mut self.repl.link else { break };
            if turns == LINK_READS_MAX {
                self.repl.more_to_do = true;
                break;
            }
            turns += 1;
            match link.conn.read(&mut buffer) {
                Moved::Bytes(n) => {
                    self.stats.net_repl_input_bytes += n as u64;
                    self.feed_link(&buffer[..n]);
                }
                Moved::WouldBlock => link.readable = false,
                Moved::Closed => self.link_closed(None),
                Moved::Failed(error) => self.link_closed(Some(&strerror(&error))),
            }
        }
        self.read_buffer = buffer;
    }

    fn link_takes_more(&self) -> bool {
        let waits = self.repl.incoming.as_ref().is_some_and(|i| i.is_loading());
        !waits && self.repl.link.as_ref().is_some_and(|link| link.readable && link.connected)
    }

    fn link_closed(&mut self, error: Option<&str>) {
        let now = self.clock.monotonic_ms();
        if let Some(link) = &mut self.repl.link {
            link.readable = false;
        }
        if let Some(follower) = self.repl.machine.following_mut() {
            follower.closed(error, now);
        }
        self.settle_replication();
    }

    /// Gives the machine what came, and does what it makes of it.
    fn feed_link(&mut self, bytes: &[u8]) {
        let now = self.clock.monotonic_ms();
        let mut at = 0;
        loop {
            let Some(follower) = self.repl.machine.following_mut() else { return };
            let (used, event) = follower.feed(&bytes[at..], now);
            at += used;
            match event {
                Event::Taken => {}
                Event::More | Event::Closed => break,
                Event::Wait => {
                    if let Some(link) = &mut self.repl.link {
                        link.unread.extend_from_slice(&bytes[at..]);
                    }
                    break;
                }
                Event::FullSync => self.expect_snapshot(),
                Event::SnapshotBegins { size } => self.snapshot_begins(size),
                Event::Snapshot(_) if used > 0 => self.snapshot_bytes(&bytes[at - used..at]),
                Event::Snapshot(held) => {
                    // What was held back for the end mark is the machine's own, and a few bytes at most.
                    let held = held.to_vec();
                    self.snapshot_bytes(&held);
                }
                Event::SnapshotComplete => self.snapshot_complete(),
                Event::Continued { new_replid } => {
                    let continued = self.repl.machine.continued(new_replid);
                    self.backlog_or_not(continued);
                    self.link_is_up();
                }
                Event::Stream(_) => {
                    if let Some(client) = self.repl.our_primary.and_then(|id| self.clients.get_mut(id)) {
                        client.query.extend_from_slice(&bytes[at - used..at]);
                    }
                }
            }
        }
        if let Some(id) = self.repl.our_primary {
            self.queue_read(id);
        }
    }

    /// A replica without a backlog serves; it cannot be gone on from.
    pub(super) fn backlog_or_not(&self, created: io::Result<()>) {
        if let Err(error) = created {
            log_warning!("Can't create the replication backlog: {}", strerror(&error));
        }
    }

    /// The machine says that the link is up: its socket becomes a client, and what was read ahead its first input.
    pub(super) fn link_is_up(&mut self) {
        let Some(link) = self.repl.link.take() else { return };
        let db = self.repl.machine.following().and_then(|f| f.stream()).map_or(0, |stream| stream.db);
        let id = match self.add_registered_client(link.conn) {
            Ok(id) => id,
            Err(error) => {
                log_warning!("Can't watch the link to the master: {}", strerror(&error));
                return self.lost_primary(self.clock.monotonic_ms());
            }
        };
        self.repl.our_primary = Some(id);
        let databases = self.keyspace.db_count();
        if let Some(client) = self.clients.get_mut(id) {
            client.flags.insert(ClientFlags::PRIMARY | ClientFlags::READABLE);
            client.user = None;
            client.flags.remove(ClientFlags::RESTRICTED);
            client.authenticated = true;
            client.db = (db as usize).min(databases - 1);
            // Nobody waits for an answer: only ACKs go back, and those the machine writes.
            client.reply.set_muted(true);
        }
        if !link.unread.is_empty() {
            self.feed_link(&link.unread);
        }
        self.queue_read(id);
        self.settle_replication();
    }

    /// The client that is our primary is gone.
    pub(super) fn lost_primary(&mut self, now: Millis) {
        self.repl.our_primary = None;
        self.repl.in_transaction = false;
        if let Some(follower) = self.repl.machine.following_mut() {
            follower.closed(None, now);
        }
    }
}

// The stream.
impl Server {
    /// Bytes of our primary's stream have come from its client's socket.
    pub fn stream_received(&mut self, id: ClientId, bytes: &[u8]) {
        let now = self.clock.monotonic_ms();
        if self.repl.our_primary == Some(id)
            && let Some(follower) = self.repl.machine.following_mut()
        {
            // The link is up, so that they can only be the stream's.
            let _ = follower.feed(bytes, now);
        }
    }

    /// These bytes of the stream have been executed, or queued in a transaction.
    pub fn stream_executed(&mut self, id: ClientId, bytes: &[u8]) {
        if self.repl.our_primary == Some(id)
            && let Some(client) = self.clients.get(id)
        {
            self.repl.machine.command_done(bytes, self.repl.in_transaction, client.db as u32);
        }
    }

    /// The stream makes no sense: we do not know where we are, and must not go on from here.
    pub fn stream_is_corrupt(&mut self, id: ClientId) {
        let now = self.clock.monotonic_ms();
        if self.repl.our_primary == Some(id)
            && let Some(follower) = self.repl.machine.following_mut()
        {
            follower.lose_corrupt(now);
            self.settle_replication();
        }
    }
}
