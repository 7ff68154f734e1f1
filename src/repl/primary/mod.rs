//! The feeding side: the history, the backlog, and the replicas that read from it.
//!
//! It exists on every server, in both roles: a replica feeds replicas of its own from the same backlog, into which it
//! copies its primary's stream byte for byte.
//!
//! How the owner of the sockets drives it:
//! 1. Commands: `replconf`, `sync`, `ack` when a client sends them; `feed_*` for every write that is propagated.
//! 2. Sending: for each replica, `outgoing` says what its socket is to be given, `sent` how much of it went.
//! 3. Time: `cron` once a second, `start_pending` more often.
//! 4. Snapshots: an `Action::StartSnapshot` is answered by `snapshot_started` or `snapshot_refused`, the child's end by
//!    `snapshot_ended`; a diskless child's bytes come in by `stream_chunk`.
//! 5. After any of these, `take_actions` and `log.take` say what is to be done outside.

pub mod acks;
pub mod feed;
pub mod field_times;
pub mod full_sync;
pub mod psync;
pub mod state;
#[cfg(test)]
mod tests;

use super::backlog::{Backlog, Window};
use super::id::{History, ReplId};
use super::{LogQueue, Millis, NewId};
use crate::client::ClientId;
use field_times::Losses;
use full_sync::Chunk;
use hashbrown::HashMap;
use state::{Filter, PeerConf, Replica, State};

/// What redis.conf says about feeding replicas.
#[derive(Debug, Clone)]
pub struct Config {
    /// repl-backlog-size
    pub backlog_size: usize,
    /// repl-backlog-ttl, in seconds; 0 = never freed
    pub backlog_ttl_s: u64,
    /// repl-diskless-sync
    pub diskless: bool,
    /// repl-diskless-sync-delay, in seconds
    pub diskless_delay_s: u64,
    /// repl-diskless-sync-max-replicas; 0 = no such rule
    pub diskless_max_replicas: usize,
    /// repl-timeout, in seconds
    pub timeout_s: u64,
    /// repl-ping-replica-period, in seconds
    pub ping_period_s: u64,
    /// min-replicas-to-write
    pub min_replicas_to_write: usize,
    /// min-replicas-max-lag, in seconds
    pub min_replicas_max_lag_s: u64,
    /// client-output-buffer-limit replica
    pub output_limit: OutputLimit,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            backlog_size: 1 << 20,
            backlog_ttl_s: 3600,
            diskless: true,
            diskless_delay_s: 5,
            diskless_max_replicas: 0,
            timeout_s: 60,
            ping_period_s: 10,
            min_replicas_to_write: 0,
            min_replicas_max_lag_s: 10,
            output_limit: OutputLimit { hard: 256 << 20, soft: 64 << 20, soft_s: 60 },
        }
    }
}

/// How much of the stream a replica may leave unread; 0 = no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputLimit {
    pub hard: usize,
    pub soft: usize,
    pub soft_s: u64,
}

/// What INFO stats counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SyncStats {
    pub full: u64,
    pub partial_ok: u64,
    pub partial_err: u64,
}

/// What is to be done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Fork a child that writes a snapshot.
    StartSnapshot { kind: SnapshotKind, filter: Filter },
    /// Stop the child that makes a snapshot: no replica waits for it any more.
    KillSnapshot,
    /// Let the child that has streamed its snapshot leave: all of it has been taken over.
    ReleaseSnapshot,
    /// Close a replica's connection, then `detach` it.
    Close(ClientId),
    /// As Close; it left too much of the stream unread. Redis logs the client's CLIENT INFO line here.
    CloseOverLimit(ClientId),
    /// Write what `outgoing` still has for it (an error line), then close and `detach`.
    CloseAfterHead(ClientId),
}

/// How a snapshot travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotKind {
    /// Through the dump file, which is then sent.
    Disk,
    /// From the child through a pipe to us, and on to the replicas.
    Socket,
}

/// The child that runs now, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Child {
    None,
    /// It writes the dump file, be it for replicas or not.
    RdbToDisk,
    RdbToSockets,
    /// Something else that keeps us from forking.
    Other,
}

/// What a replica's socket is to be given next.
#[derive(Debug, PartialEq, Eq)]
pub enum Outgoing<'a> {
    Nothing,
    Bytes(&'a [u8]),
    /// The dump file, from this place on.
    File {
        position: u64,
        len: u64,
    },
}

pub struct Primary {
    pub config: Config,
    pub history: History,
    pub stats: SyncStats,
    pub log: LogQueue,
    backlog: Option<Backlog>,
    /// The stream is our own primary's, passed on: what we would write ourselves is no part of it.
    relays: bool,
    /// The database that the stream is at. None: the next command is preceded by SELECT.
    selected_db: Option<u32>,
    /// In the order in which they came: INFO numbers them.
    replicas: Vec<Replica>,
    /// What clients have said by REPLCONF that are not replicas yet.
    announced: HashMap<ClientId, PeerConf>,
    actions: Vec<Action>,
    /// StartSnapshot has been asked for and not been answered.
    starting: bool,
    /// The snapshot that a child makes for replicas.
    running: Option<SnapshotKind>,
    /// The bytes of a diskless child that are on their way to the replicas.
    chunk: Chunk,
    /// When the last replica left; the backlog lives on for repl-backlog-ttl.
    no_replicas_since: Millis,
    cron_loops: u64,
    scratch: Vec<u8>,
    new_id: NewId,
    /// Whether fields of hashes expire in our data: to be said before anything that may start a snapshot.
    pub fields_expire: bool,
    /// As it was when the present snapshot began.
    snapshot_has_field_times: bool,
    losses: Losses,
}

impl Primary {
    pub fn new(config: Config, mut new_id: NewId, now: Millis) -> Primary {
        Primary {
            config,
            history: History::new(new_id()),
            stats: SyncStats::default(),
            log: LogQueue::default(),
            backlog: None,
            relays: false,
            selected_db: None,
            replicas: Vec::new(),
            announced: HashMap::new(),
            actions: Vec::new(),
            starting: false,
            running: None,
            chunk: Chunk::default(),
            no_replicas_since: now,
            // The first keepalive comes when a period has passed.
            cron_loops: 1,
            scratch: Vec::new(),
            new_id,
            fields_expire: false,
            snapshot_has_field_times: false,
            losses: Losses::default(),
        }
    }

    pub fn replicas(&self) -> &[Replica] {
        &self.replicas
    }

    pub fn replica(&self, id: ClientId) -> Option<&Replica> {
        self.replicas.iter().find(|r| r.id == id)
    }

    fn replica_mut(&mut self, id: ClientId) -> Option<&mut Replica> {
        self.replicas.iter_mut().find(|r| r.id == id)
    }

    /// Bytes of the stream that are kept for it.
    pub fn unread(&self, id: ClientId) -> usize {
        let cursor = self.replica(id).and_then(|replica| replica.state.cursor());
        cursor.map_or(0, |cursor| (self.history.offset + 1 - cursor) as usize)
    }

    pub fn is_replica(&self, id: ClientId) -> bool {
        self.replica(id).is_some()
    }

    /// Whether a replica waits for a snapshot to begin.
    pub fn awaits_snapshot(&self) -> bool {
        self.replicas.iter().any(|r| matches!(r.state, State::WaitBgsaveStart { .. }))
    }

    pub fn take_actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    pub fn backlog(&self) -> Option<&Backlog> {
        self.backlog.as_ref()
    }

    /// The bytes that a PSYNC can be answered from.
    pub fn window(&self) -> Option<Window> {
        self.backlog.as_ref().map(Backlog::window)
    }

    /// The window as it would be if nothing were held for longer than it need be: what INFO shows.
    pub fn shown_window(&self) -> Option<Window> {
        let backlog = self.backlog.as_ref()?;
        let mut window = backlog.window();
        let shown = window.end - backlog.size() as i64;
        let needed = self.lowest_cursor().map_or(shown, |cursor| cursor.min(shown));
        window.first = window.first.max(needed);
        Some(window)
    }

    /// The database that the stream is at; None when the next command will be preceded by SELECT.
    pub fn selected_db(&self) -> Option<u32> {
        self.selected_db
    }

    /// The next command is preceded by SELECT: a reader begins here that does not know the database.
    pub fn force_select(&mut self) {
        self.selected_db = None;
    }

    /// Whether the stream is our own primary's from now on.
    pub(super) fn set_relays(&mut self, relays: bool) {
        self.relays = relays;
    }

    /// What the replica's socket is to be given now.
    pub fn outgoing(&self, id: ClientId) -> Outgoing<'_> {
        let Some(replica) = self.replica(id) else { return Outgoing::Nothing };
        if !replica.head.is_empty() {
            return Outgoing::Bytes(&replica.head);
        }
        let bytes = match &replica.state {
            State::WaitBgsaveStart { .. } | State::WaitBgsaveEnd { .. } | State::Closing => &[],
            State::Streaming { sent, .. } => self.chunk.unsent(*sent),
            State::SendBulk { preamble, size, position, .. } => {
                if preamble.is_empty() {
                    return Outgoing::File { position: *position, len: size - position };
                }
                preamble
            }
            State::Online { awaiting_ack: true, .. } => &[],
            State::Online { cursor, .. } => {
                let backlog = self.backlog.as_ref().expect("who is online reads from the backlog");
                backlog.read(*cursor, usize::MAX)
            }
        };
        if bytes.is_empty() { Outgoing::Nothing } else { Outgoing::Bytes(bytes) }
    }

    /// The socket has taken `n` bytes of what `outgoing` gave; 0 says that it takes none at present.
    pub fn sent(&mut self, id: ClientId, n: usize, now: Millis) {
        let chunk_len = self.chunk.len();
        let Some(replica) = self.replica_mut(id) else { return };
        if !replica.head.is_empty() {
            replica.head.drain(..n);
            return;
        }
        match &mut replica.state {
            State::Streaming { sent, stalled_since, .. } => {
                *sent += n;
                if *sent == chunk_len {
                    *stalled_since = None;
                } else if n > 0 {
                    *stalled_since = Some(now);
                }
                self.chunk_moved_on();
            }
            State::SendBulk { preamble, .. } if !preamble.is_empty() => {
                preamble.drain(..n);
            }
            State::SendBulk { size, position, .. } => {
                *position += n as u64;
                if position == size {
                    self.bulk_sent(id, now);
                }
            }
            State::Online { cursor, .. } => *cursor += n as i64,
            State::WaitBgsaveStart { .. } | State::WaitBgsaveEnd { .. } | State::Closing => {}
        }
    }

    /// The connection is gone, be it a replica's or that of a client which only said REPLCONF. `snapshot_is_needed`: a
    /// file that a child writes for replicas counts as a save as well, so it is finished without them.
    pub fn detach(&mut self, id: ClientId, snapshot_is_needed: bool, now: Millis) {
        self.announced.remove(&id);
        let Some(at) = self.replicas.iter().position(|r| r.id == id) else { return };
        let replica = self.replicas.remove(at);
        self.note_loss(&replica, now);
        self.log.warning(format!("Connection with replica {} lost.", replica.name()));
        if self.replicas.is_empty() {
            self.no_replicas_since = now;
        }
        self.shrink_backlog();
        self.chunk_moved_on();
        let someone_waits = self.replicas.iter().any(|r| matches!(r.state, State::WaitBgsaveEnd { .. }));
        if self.running == Some(SnapshotKind::Disk) && !snapshot_is_needed && !someone_waits {
            self.running = None;
            self.actions.push(Action::KillSnapshot);
        }
    }

    /// Disconnects every replica of ours: our history has changed, and they learn it by asking again.
    pub fn disconnect_all(&mut self) {
        for replica in &mut self.replicas {
            replica.state = State::Closing;
            replica.head.clear();
            self.actions.push(Action::Close(replica.id));
        }
        self.refresh_hold();
    }

    fn close(&mut self, id: ClientId) {
        let Some(replica) = self.replica_mut(id) else { return };
        replica.state = State::Closing;
        replica.head.clear();
        self.actions.push(Action::Close(id));
        self.refresh_hold();
    }

    /// Once a second: keepalives, timeouts, the backlog's life. `quiet`: the stream is not to be moved by keepalives.
    pub fn cron(&mut self, now: Millis, quiet: bool) {
        let keepalive_is_due = self.cron_loops.is_multiple_of(self.config.ping_period_s.max(1));
        if keepalive_is_due && !self.replicas.is_empty() && !quiet {
            self.feed_keepalive();
        }
        self.cron_loops += 1;
        self.ping_waiting();
        self.drop_timed_out(now);
        self.drop_over_soft_limit(now);
        self.shrink_backlog();
        if !self.relays {
            self.free_idle_backlog(now);
        }
    }

    /// Gives back what no replica needs any more.
    fn shrink_backlog(&mut self) {
        self.refresh_hold();
        if let Some(backlog) = &mut self.backlog
            && let Err(error) = backlog.shrink()
        {
            self.log.warning(format!("Can't shrink the replication backlog: {error}"));
        }
    }

    /// A bare newline for who waits for a snapshot to begin or to be written: some timeouts are a few seconds short.
    fn ping_waiting(&mut self) {
        for replica in &mut self.replicas {
            let waits = matches!(replica.state, State::WaitBgsaveStart { .. } | State::WaitBgsaveEnd { .. });
            // A socket that does not take one byte needs no second.
            if waits && replica.head.is_empty() {
                replica.head.push(b'\n');
            }
        }
    }

    fn drop_timed_out(&mut self, now: Millis) {
        let limit = self.config.timeout_s * 1000;
        let late = |since: Millis| now.saturating_sub(since) > limit;
        let mut dropped = Vec::new();
        for replica in &self.replicas {
            let phase = match replica.state {
                State::Online { .. } if !replica.pre_psync && late(replica.ack_at) => "streaming sync",
                State::Streaming { stalled_since: Some(since), .. } if late(since) => "full sync",
                _ => continue,
            };
            self.log.warning(format!("Disconnecting timedout replica ({phase}): {}", replica.name()));
            dropped.push(replica.id);
        }
        for id in dropped {
            self.close(id);
            self.chunk_moved_on();
        }
    }

    /// Frees the backlog of a primary that has long had no replica. The id changes with it: what is written from now on
    /// is not counted, so nobody may continue from here.
    fn free_idle_backlog(&mut self, now: Millis) {
        let ttl = self.config.backlog_ttl_s;
        let idle = now.saturating_sub(self.no_replicas_since);
        if ttl == 0 || self.backlog.is_none() || !self.replicas.is_empty() || idle <= ttl * 1000 {
            return;
        }
        let id = (self.new_id)();
        self.history.restart(id);
        self.backlog = None;
        self.log.notice(format!("Replication backlog freed after {ttl} seconds without connected replicas."));
    }

    /// Creates the backlog if there is none.
    pub fn ensure_backlog(&mut self) -> std::io::Result<()> {
        if self.backlog.is_none() {
            self.backlog = Some(Backlog::new(self.config.backlog_size, self.history.offset + 1)?);
        }
        Ok(())
    }

    /// Drops the backlog: what it holds is no longer our history. No replica may be reading it.
    pub fn drop_backlog(&mut self) {
        assert!(self.lowest_cursor().is_none(), "nobody reads a backlog that is dropped");
        self.backlog = None;
    }

    /// CONFIG SET repl-backlog-size.
    pub fn resize_backlog(&mut self, size: usize) -> std::io::Result<()> {
        self.refresh_hold();
        if let Some(backlog) = &mut self.backlog {
            backlog.resize(size)?;
        }
        self.config.backlog_size = size;
        Ok(())
    }

    /// We were promoted: the history goes on under a new id, and the idle time of the backlog is counted from now.
    pub fn promote(&mut self, now: Millis) {
        let id = (self.new_id)();
        self.history.shift(id);
        self.log.warning(format!(
            "Setting secondary replication ID to {}, valid up to offset: {}. New replication ID is {}",
            self.history.replid2, self.history.second_repl_offset, self.history.replid
        ));
        self.disconnect_all();
        self.force_select();
        self.no_replicas_since = now;
    }

    /// A restart has found in its snapshot which moment of which history it is: whoever followed that history goes on with
    /// ours. What was written to the stream since the start comes after it.
    pub fn restore_history(&mut self, replid: ReplId, offset: i64) {
        self.history.replid2 = replid;
        self.history.second_repl_offset = offset + 1;
        self.history.offset += offset;
        if let Some(backlog) = &mut self.backlog {
            backlog.rebase(offset);
        }
    }

    /// Breaks with our history: nobody may continue.
    pub fn change_replid(&mut self) {
        let id = (self.new_id)();
        self.history.restart(id);
    }

    fn lowest_cursor(&self) -> Option<i64> {
        self.replicas.iter().filter_map(|r| r.state.cursor()).min()
    }

    /// Tells the backlog what must not be overwritten.
    fn refresh_hold(&mut self) {
        let lowest = self.lowest_cursor();
        if let Some(backlog) = &mut self.backlog {
            backlog.hold(lowest);
        }
    }
}
