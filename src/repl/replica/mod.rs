//! The following side: the link to our primary.
//!
//! ```text
//!              tick              connected              +FULLRESYNC
//!   Connect ---------> Connecting ---------> Handshake ------------> Transfer
//!      ^  ^                |                  |    |   or SYNC           | snapshot is complete
//!      |  |                |                  |    |                     v
//!      |  '----------------'<-----------------'    | +CONTINUE        Loading
//!      |     no connection, no answer,             |                     | loaded
//!      |     refused, timed out                    |                     v
//!      |                                           '---------------> Connected
//!      '-------------------------------------------------------------------'
//!                  cut: the primary is cached, and reconnected to at once
//! ```
//!
//! | transition | function |
//! |---|---|
//! | Connect -> Connecting | `Action::Connect`, answered by `connecting` |
//! | Connecting -> Handshake | `connected` |
//! | Handshake -> Transfer, Connected; Transfer -> Loading | `feed` |
//! | Loading -> Connected | `loaded` |
//! | any -> Connect | `closed`, `abort_transfer`, and timeouts in `tick` |
//!
//! What holds in each state:
//! - **Connect**: there is no connection. `cached` may say from where the stream could go on.
//! - **Connecting**, **Handshake**: one connection; nothing of it has touched our data. `cached` still holds.
//! - **Transfer**: the snapshot is coming; our data is as it was unless the loader reads along.
//! - **Loading**: the snapshot is complete, its loading is not. Nothing more is read from the connection, which may be
//!   dead by the time it is read again. A newline each second tells the primary that we live.
//! - **Connected**: our data is the primary's at `stream.applied`. There is no `cached`.

mod apply_stream;
mod cached_primary;
mod handshake;
mod receive_rdb;
#[cfg(test)]
mod tests;

pub use apply_stream::ApplyStream;
pub use cached_primary::CachedPrimary;
pub use receive_rdb::{Framed, ReceiveRdb};

use super::id::ReplId;
use super::{LogQueue, Millis};
use handshake::PsyncReply;

/// No more is queued for a primary that does not read.
const OUT_MAX: usize = 4096;

/// What redis.conf says about following a primary.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// masteruser
    pub user: Option<Vec<u8>>,
    /// masterauth
    pub auth: Option<Vec<u8>>,
    /// replica-announce-port, else the port that we listen on
    pub listening_port: u16,
    /// replica-announce-ip
    pub announce_ip: Option<Vec<u8>>,
    /// repl-timeout, in seconds
    pub timeout_s: u64,
}

/// Which reply is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Ping,
    Auth,
    Port,
    Ip,
    Capa,
    Version,
    Psync,
}

/// Of which moment of which history a snapshot is; None when the primary knows no PSYNC.
pub type Origin = Option<(ReplId, i64)>;

#[derive(Debug)]
pub enum Link {
    Connect,
    Connecting { since: Millis },
    Handshake(Handshake),
    Transfer(Transfer),
    Loading(Loading),
    Connected(ApplyStream),
}

#[derive(Debug)]
pub struct Handshake {
    step: Step,
    /// The replies to come after this one.
    next: Vec<Step>,
    /// What has come of the present reply.
    line: Vec<u8>,
    last_io: Millis,
}

#[derive(Debug)]
pub struct Transfer {
    origin: Origin,
    receive: ReceiveRdb,
    /// As announced: None before, `Some(None)` when it ends with a mark.
    pub size: Option<Option<u64>>,
    /// Bytes of the snapshot that have come.
    pub read: u64,
    pub last_io: Millis,
}

#[derive(Debug)]
pub struct Loading {
    origin: Origin,
    pub size: Option<u64>,
    pub read: u64,
    /// The connection has been found dead.
    closed: bool,
}

/// What a piece of input turned out to be. `feed` is called until it says More, Wait or Closed.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// More input is needed.
    More,
    /// The input was for the link alone; go on.
    Taken,
    /// A full sync begins: a place for the snapshot is to be made.
    FullSync,
    /// The snapshot begins; None = its length is not known.
    SnapshotBegins {
        size: Option<u64>,
    },
    Snapshot(&'a [u8]),
    /// The snapshot is complete: load it, and say `loaded` or `abort_transfer`.
    SnapshotComplete,
    /// Nothing is taken until the snapshot has been loaded.
    Wait,
    /// The stream goes on where we were; `Some` when the history has a new id from there on.
    Continued {
        new_replid: Option<ReplId>,
    },
    /// Bytes of the stream: commands to execute, each to be confirmed by `command_done`.
    Stream(&'a [u8]),
    /// The connection is of no more use; an Action says so too.
    Closed,
}

/// Whether our primary is one that we ask to be it: the target of a FAILOVER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeOver {
    NotAsked,
    /// PSYNC says FAILOVER.
    Asked,
    Accepted,
    Refused,
}

/// What is to be done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Close the connection, and drop what has come of a snapshot.
    Close,
    /// Connect to this primary, and say `connecting` or `connect_failed`.
    Connect { host: String, port: u16 },
}

#[derive(Debug)]
pub struct Follower {
    pub host: String,
    pub port: u16,
    pub config: Config,
    pub log: LogQueue,
    pub take_over: TakeOver,
    link: Link,
    cached: Option<CachedPrimary>,
    actions: Vec<Action>,
    /// Bytes for the primary.
    out: Vec<u8>,
    /// When the link last went down; None when it never was up, or is.
    down_since: Option<Millis>,
    newline_at: Millis,
}

impl Follower {
    /// A link that wants to connect. `cached` is what we could go on from.
    pub fn new(host: &str, port: u16, config: Config, cached: Option<CachedPrimary>) -> Follower {
        Follower {
            host: host.to_owned(),
            port,
            config,
            log: LogQueue::default(),
            take_over: TakeOver::NotAsked,
            link: Link::Connect,
            cached,
            actions: Vec::new(),
            out: Vec::new(),
            down_since: None,
            newline_at: 0,
        }
    }

    pub fn link(&self) -> &Link {
        &self.link
    }

    pub fn is_connected(&self) -> bool {
        matches!(self.link, Link::Connected(_))
    }

    /// A snapshot is coming or being loaded.
    pub fn is_syncing(&self) -> bool {
        matches!(self.link, Link::Transfer(_) | Link::Loading(_))
    }

    pub fn stream(&self) -> Option<&ApplyStream> {
        match &self.link {
            Link::Connected(stream) => Some(stream),
            _ => None,
        }
    }

    pub fn stream_mut(&mut self) -> Option<&mut ApplyStream> {
        match &mut self.link {
            Link::Connected(stream) => Some(stream),
            _ => None,
        }
    }

    /// Of which moment the snapshot is that is coming or being loaded.
    pub fn snapshot_origin(&self) -> Origin {
        match &self.link {
            Link::Transfer(transfer) => transfer.origin,
            Link::Loading(loading) => loading.origin,
            _ => None,
        }
    }

    /// How long the snapshot is, if the primary has said so.
    pub fn snapshot_size(&self) -> Option<u64> {
        match &self.link {
            Link::Transfer(transfer) => transfer.size.flatten(),
            Link::Loading(loading) => loading.size,
            _ => None,
        }
    }

    pub fn cached(&self) -> Option<&CachedPrimary> {
        self.cached.as_ref()
    }

    pub fn down_since(&self) -> Option<Millis> {
        self.down_since
    }

    pub fn take_actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// Bytes to be written to the primary.
    pub fn outgoing(&self) -> &[u8] {
        &self.out
    }

    /// The socket has taken `n` of them.
    pub fn sent(&mut self, n: usize) {
        self.out.drain(..n);
    }

    /// Asks for a connection.
    pub fn connect(&mut self) {
        self.log.notice(format!("Connecting to MASTER {}:{}", self.host, self.port));
        self.ask_connection();
    }

    fn ask_connection(&mut self) {
        self.actions.push(Action::Connect { host: self.host.clone(), port: self.port });
    }

    /// A connection is being made.
    pub fn connecting(&mut self, now: Millis) {
        self.link = Link::Connecting { since: now };
        self.log.notice("MASTER <-> REPLICA sync started");
    }

    /// None could even be begun.
    pub fn connect_failed(&mut self, error: &str) {
        self.link = Link::Connect;
        self.log.warning(format!("Unable to connect to MASTER: {error}"));
    }

    /// The connection is there.
    pub fn connected(&mut self, now: Millis) {
        self.log.notice("Non blocking connect for SYNC fired the event.");
        self.out.clear();
        handshake::command(&mut self.out, &[b"PING"]);
        let next = handshake::steps_after_ping(&self.config);
        self.link = Link::Handshake(Handshake { step: Step::Ping, next, line: Vec::new(), last_io: now });
    }

    /// The connection has ended: by an error, or None for an orderly end.
    pub fn closed(&mut self, error: Option<&str>, now: Millis) {
        let text = error.unwrap_or("connection lost");
        match &mut self.link {
            Link::Connect => {}
            Link::Connecting { .. } => {
                self.log.warning(format!("Error condition on socket for SYNC: {text}"));
                self.back_to_connect();
            }
            Link::Handshake(handshake) => {
                let step = handshake.step;
                self.log.warning(format!("Failed to read response from the server: {text}"));
                self.log.warning(match step {
                    Step::Psync => "Master did not reply to PSYNC, will try later",
                    _ => "Master did not respond to command during SYNC handshake",
                });
                if step == Step::Psync {
                    self.taken_over(TakeOver::Refused);
                }
                self.back_to_connect();
            }
            Link::Transfer(transfer) => {
                let line = match transfer.size {
                    None => format!("I/O error reading bulk count from MASTER: {text}"),
                    Some(_) => format!("I/O error trying to sync with MASTER: {text}"),
                };
                self.abort_transfer(&line);
            }
            // What has come is whole. That nothing will follow is for later.
            Link::Loading(loading) => loading.closed = true,
            Link::Connected(_) => self.lose(now),
        }
    }

    /// The snapshot cannot be received or loaded, for this reason: tries again from the beginning.
    pub fn abort_transfer(&mut self, reason: &str) {
        self.log.warning(reason);
        self.cancel_and_reconnect();
    }

    fn cancel_and_reconnect(&mut self) {
        self.back_to_connect();
        self.log.notice(format!("Reconnecting to MASTER {}:{} after failure", self.host, self.port));
        self.ask_connection();
    }

    fn back_to_connect(&mut self) {
        self.link = Link::Connect;
        self.out.clear();
        self.actions.push(Action::Close);
    }

    /// Takes a part of what has come from the primary: how many bytes, and what they are.
    pub fn feed<'a>(&'a mut self, input: &'a [u8], now: Millis) -> (usize, Event<'a>) {
        match &mut self.link {
            Link::Connect | Link::Connecting { .. } => (input.len(), Event::Closed),
            Link::Handshake(_) => self.feed_handshake(input, now),
            Link::Transfer(_) => self.feed_transfer(input, now),
            Link::Loading(_) => (0, Event::Wait),
            Link::Connected(_) if input.is_empty() => (0, Event::More),
            Link::Connected(stream) => {
                stream.received(input.len(), now);
                (input.len(), Event::Stream(input))
            }
        }
    }

    fn feed_handshake(&mut self, input: &[u8], now: Millis) -> (usize, Event<'static>) {
        let Link::Handshake(handshake) = &mut self.link else { unreachable!("only called in Handshake") };
        if input.is_empty() {
            return (0, Event::More);
        }
        handshake.last_io = now;
        let Some(end) = memchr::memchr(b'\n', input) else {
            handshake.line.extend_from_slice(input);
            if handshake.line.len() > handshake::LINE_MAX {
                self.closed(Some("the reply is too long"), now);
                return (input.len(), Event::Closed);
            }
            return (input.len(), Event::More);
        };
        let mut line = std::mem::take(&mut handshake.line);
        line.extend_from_slice(&input[..end]);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let step = handshake.step;
        (end + 1, self.reply(step, &line, now))
    }

    /// One reply of the handshake.
    fn reply(&mut self, step: Step, line: &[u8], now: Millis) -> Event<'static> {
        let shown = String::from_utf8_lossy(line);
        match step {
            Step::Ping if handshake::ping_is_answered(line) => {
                self.log.notice("Master replied to PING, replication can continue...");
                handshake::write_introduction(&mut self.out, &self.config);
            }
            Step::Ping => {
                self.log.warning(format!("Error reply to PING from master: '{shown}'"));
                self.back_to_connect();
                return Event::Closed;
            }
            Step::Auth if line.starts_with(b"-") => {
                self.log.warning(format!("Unable to AUTH to MASTER: {shown}"));
                self.back_to_connect();
                return Event::Closed;
            }
            Step::Psync => return self.psync_reply(line, now),
            // Redis knows no such thing, which is nothing to be told of.
            Step::Auth | Step::Version => {}
            Step::Port | Step::Ip | Step::Capa => {
                if line.starts_with(b"-") {
                    let option = match step {
                        Step::Port => "listening-port",
                        Step::Ip => "ip-address",
                        _ => "capa",
                    };
                    self.log.notice(format!(
                        "(Non critical) Master does not understand REPLCONF {option}: {shown}"
                    ));
                }
            }
        }
        let Link::Handshake(handshake) = &mut self.link else { unreachable!("the handshake goes on") };
        handshake.step = handshake.next.remove(0);
        if handshake.step == Step::Psync {
            self.send_psync();
        }
        Event::Taken
    }

    fn send_psync(&mut self) {
        let mut digits = itoa::Buffer::new();
        let (replid, wanted): (&[u8], _) = match &self.cached {
            Some(cached) => {
                let (replid, wanted) = (&cached.replid, cached.wanted());
                self.log.notice(format!("Trying a partial resynchronization (request {replid}:{wanted})."));
                (replid.as_bytes(), wanted)
            }
            None => {
                self.log.notice("Partial resynchronization not possible (no cached master)");
                (b"?", -1)
            }
        };
        let wanted = digits.format(wanted).as_bytes();
        match self.take_over {
            TakeOver::Asked => handshake::command(&mut self.out, &[b"PSYNC", replid, wanted, b"FAILOVER"]),
            _ => handshake::command(&mut self.out, &[b"PSYNC", replid, wanted]),
        }
    }

    /// The target of a FAILOVER has answered, in a word or by hanging up.
    fn taken_over(&mut self, answer: TakeOver) {
        if self.take_over == TakeOver::Asked {
            self.take_over = answer;
        }
    }

    fn psync_reply(&mut self, line: &[u8], now: Millis) -> Event<'static> {
        if line.is_empty() {
            // The primary makes a snapshot, and says that it lives.
            return Event::Taken;
        }
        let shown = String::from_utf8_lossy(line);
        let reply = handshake::parse_psync_reply(line);
        self.taken_over(match reply {
            PsyncReply::TryLater | PsyncReply::NotSupported { .. } => TakeOver::Refused,
            _ => TakeOver::Accepted,
        });
        match reply {
            PsyncReply::FullResync { replid, offset } => {
                self.log.notice(format!("Full resync from master: {replid}:{offset}"));
                self.begin_transfer(Some((replid, offset)), now)
            }
            PsyncReply::BadFullResync => {
                self.log.warning("Master replied with wrong +FULLRESYNC syntax.");
                self.begin_transfer(None, now)
            }
            PsyncReply::Continue { replid } => self.resume(replid, now),
            PsyncReply::TryLater => {
                self.log.notice(format!(
                    "Master is currently unable to PSYNC but should be in the future: {shown}"
                ));
                self.back_to_connect();
                Event::Closed
            }
            PsyncReply::NotSupported { is_error } => {
                if is_error {
                    self.log.notice(format!(
                        "Master does not support PSYNC or is in error state (reply: {shown})"
                    ));
                } else {
                    self.log.warning(format!("Unexpected reply to PSYNC from master: {shown}"));
                }
                if self.take_over == TakeOver::Refused {
                    // A full sync would cost our data, which are what there is.
                    self.back_to_connect();
                    return Event::Closed;
                }
                self.log.notice("Retrying with SYNC...");
                self.out.extend_from_slice(b"SYNC\r\n");
                self.begin_transfer(None, now)
            }
        }
    }

    fn begin_transfer(&mut self, origin: Origin, now: Millis) -> Event<'static> {
        let receive = ReceiveRdb::new();
        self.link = Link::Transfer(Transfer { origin, receive, size: None, read: 0, last_io: now });
        Event::FullSync
    }

    /// The primary goes on where we were.
    fn resume(&mut self, said: Option<ReplId>, now: Millis) -> Event<'static> {
        let Some(mut cached) = self.cached.take() else {
            // We asked for a full sync: a stream of which we do not know the place is of no use.
            self.log
                .warning("Unexpected reply to PSYNC from master: +CONTINUE without a request to continue");
            self.back_to_connect();
            return Event::Closed;
        };
        self.log.notice("Successful partial resynchronization with master.");
        let new_replid = said.filter(|id| *id != cached.replid);
        if let Some(id) = new_replid {
            self.log.warning(format!("Master replication ID changed to {id}"));
            cached.replid = id;
        }
        self.link = Link::Connected(ApplyStream::new(Some(cached.replid), cached.offset, cached.db, now));
        self.down_since = None;
        self.log.notice("MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.");
        Event::Continued { new_replid }
    }

    fn feed_transfer<'a>(&'a mut self, input: &'a [u8], now: Millis) -> (usize, Event<'a>) {
        let Link::Transfer(transfer) = &mut self.link else { unreachable!("only called in Transfer") };
        if !input.is_empty() {
            transfer.last_io = now;
        }
        let (used, framed) = transfer.receive.feed(input);
        let event = match framed {
            Framed::More => Event::More,
            Framed::Keepalive => Event::Taken,
            Framed::Begins { size } => {
                transfer.size = Some(size);
                Event::SnapshotBegins { size }
            }
            Framed::Data => {
                transfer.read += used as u64;
                Event::Snapshot(&input[..used])
            }
            Framed::Held(n) => {
                transfer.read += n as u64;
                let Link::Transfer(transfer) = &self.link else { unreachable!("the transfer goes on") };
                Event::Snapshot(transfer.receive.mark(n))
            }
            Framed::Complete => {
                let (origin, size, read) = (transfer.origin, transfer.size.flatten(), transfer.read);
                self.link = Link::Loading(Loading { origin, size, read, closed: false });
                Event::SnapshotComplete
            }
            Framed::Aborted(line) => {
                let shown = String::from_utf8_lossy(&line);
                self.abort_transfer(&format!("MASTER aborted replication with an error: {shown}"));
                Event::Closed
            }
            Framed::BadLine(line) => {
                let shown = String::from_utf8_lossy(&line);
                self.abort_transfer(&format!(
                    "Bad protocol from MASTER, the first byte is not '$' (we received '{shown}'), are you sure the host and port are right?"
                ));
                Event::Closed
            }
        };
        (used, event)
    }

    /// The snapshot is still being received by a busy loader, or being loaded, or old data are being dropped for it: keeps
    /// the primary from taking us for dead, at most once a second.
    pub fn loading_goes_on(&mut self, now: Millis) {
        if let Link::Transfer(transfer) = &mut self.link {
            transfer.last_io = now;
        }
        if self.is_syncing() && now.saturating_sub(self.newline_at) >= 1000 && self.out.is_empty() {
            self.newline_at = now;
            self.out.push(b'\n');
        }
    }

    /// The snapshot has been loaded; `db` is where its stream is (repl-stream-db). Gives the moment it is of.
    pub fn loaded(&mut self, db: u32, now: Millis) -> Origin {
        let Link::Loading(loading) = &self.link else { panic!("a snapshot is loaded once it is complete") };
        let (origin, closed) = (loading.origin, loading.closed);
        let (replid, offset) = match origin {
            Some((replid, offset)) => (Some(replid), offset),
            None => (None, 0),
        };
        self.link = Link::Connected(ApplyStream::new(replid, offset, db, now));
        self.cached = None;
        self.down_since = None;
        self.log.notice("MASTER <-> REPLICA sync: Finished with success");
        if closed {
            self.lose(now);
        } else {
            self.ack();
        }
        origin
    }

    /// The link is ended, whatever its state, because the role changes: no attempt follows.
    pub fn give_up(&mut self, now: Millis) {
        if self.remember() {
            self.down_since = Some(now);
        }
        self.actions.clear();
        self.back_to_connect();
    }

    /// If the link was up: remembers where we are.
    fn remember(&mut self) -> bool {
        let Link::Connected(stream) = &self.link else { return false };
        self.log.warning("Connection with master lost.");
        if let Some(replid) = stream.replid {
            self.log.notice("Caching the disconnected master state.");
            self.cached = Some(CachedPrimary { replid, offset: stream.applied, db: stream.db });
        }
        true
    }

    pub fn take_cached(&mut self) -> Option<CachedPrimary> {
        self.cached.take()
    }

    /// A restart has found in its snapshot where we are.
    pub fn set_cached(&mut self, cached: CachedPrimary) {
        self.cached = Some(cached);
    }

    /// The link that was up is cut: remembers where we are, and connects again at once, while the primary still has what
    /// we miss.
    pub fn lose(&mut self, now: Millis) {
        if !self.remember() {
            return;
        }
        self.down_since = Some(now);
        self.back_to_connect();
        self.log.notice(format!("Reconnecting to MASTER {}:{}", self.host, self.port));
        self.ask_connection();
    }

    /// The link is given up because its stream makes no sense: we do not know where we are.
    pub fn lose_corrupt(&mut self, now: Millis) {
        if let Link::Connected(stream) = &mut self.link {
            stream.replid = None;
            self.lose(now);
        }
    }

    /// What we could go on from is no longer of use: our data are about to become another's.
    pub fn discard_cached(&mut self) {
        if self.cached.take().is_some() {
            self.log.notice("Discarding previously cached master state.");
        }
    }

    /// A command of the stream has been executed, or queued in a transaction (`ApplyStream::command_done`).
    pub fn command_done(&mut self, request: &[u8], in_multi: bool, db: u32, feed: impl FnOnce(&[u8])) {
        let Link::Connected(stream) = &mut self.link else { panic!("commands come when the link is up") };
        stream.command_done(request, in_multi, db, feed);
    }

    /// Tells the primary how far we are.
    pub fn ack(&mut self) {
        let Link::Connected(stream) = &self.link else { return };
        // A primary without PSYNC does not know ACK either.
        if stream.replid.is_some() && self.out.len() < OUT_MAX {
            let mut digits = itoa::Buffer::new();
            let applied = digits.format(stream.applied).as_bytes();
            handshake::command(&mut self.out, &[b"REPLCONF", b"ACK", applied]);
        }
    }

    /// Once a second: timeouts, the next attempt, the ACK.
    pub fn tick(&mut self, now: Millis) {
        let late = |since: Millis| now.saturating_sub(since) > self.config.timeout_s * 1000;
        match &self.link {
            Link::Connecting { since: last_io } | Link::Handshake(Handshake { last_io, .. })
                if late(*last_io) =>
            {
                self.log.warning("Timeout connecting to the MASTER...");
                self.cancel_and_reconnect();
            }
            Link::Transfer(transfer) if late(transfer.last_io) => {
                self.abort_transfer(
                    "Timeout receiving bulk data from MASTER... If the problem persists try to set the 'repl-timeout' parameter in redis.conf to a larger value.",
                );
            }
            Link::Connected(stream) if late(stream.last_io) => {
                self.log.warning("MASTER timeout: no data nor PING received...");
                self.lose(now);
            }
            Link::Connect if self.actions.is_empty() => self.connect(),
            _ => {}
        }
        self.ack();
    }
}
