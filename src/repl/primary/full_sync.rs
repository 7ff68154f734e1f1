//! Full synchronisation: which replicas share a snapshot, when a child is started for them, and how its bytes reach them.
//!
//! A snapshot belongs to one moment of the stream: the replicas that are told `+FULLRESYNC id offset` get the data as it
//! was at `offset`, then the stream from `offset + 1` on, which waits for them in the backlog.
//!
//! - **Disk**: the child writes the dump file; any number of replicas may attach until it is complete, since their part
//!   of the stream is in the backlog anyway, held there by the first. Then each is sent the file.
//! - **Socket** (diskless): the child writes into a pipe; we read a chunk, give it to every replica, and read the next when
//!   all have taken it, so that the slowest sets the pace and memory is one chunk. Nobody can attach once it has begun;
//!   hence `repl-diskless-sync-delay`.
//!
//! ```text
//!   child --pipe--> chunk --+--> replica (sent 100 %)
//!                           +--> replica (sent  40 %)      the pipe is not read until this one has taken all
//! ```

use super::state::{Capa, Filter, Replica, State};
use super::{Action, Child, Primary, SnapshotKind};
use crate::client::ClientId;
use crate::repl::Millis;

/// The part of a streamed snapshot that is on its way, and whether more is to come.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    /// The child's pipe is open.
    open: bool,
}

impl Chunk {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn unsent(&self, sent: usize) -> &[u8] {
        &self.bytes[sent..]
    }
}

/// How a snapshot for replicas ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotEnd {
    /// The dump file is complete and this long.
    File {
        size: u64,
    },
    /// The dump file is complete, but cannot be opened.
    Unreadable {
        error: String,
    },
    /// The child has written everything to the pipe.
    Streamed,
    Failed,
}

impl Primary {
    /// A replica that needs a full sync, now in WaitBgsaveStart: joins the running snapshot, begins one, or waits.
    pub(super) fn full_sync(&mut self, id: ClientId, child: Child, now: Millis) {
        match child {
            Child::RdbToDisk => {
                if self.attach(id) {
                    self.log.notice("Waiting for end of BGSAVE for SYNC");
                } else {
                    self.log.notice(
                        "Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC",
                    );
                }
            }
            Child::RdbToSockets => {
                self.log.notice("Current BGSAVE has socket target. Waiting for next BGSAVE for SYNC");
            }
            Child::None | Child::Other => {
                let conf = &self.replica(id).expect("the replica was just added").conf;
                if self.config.diskless && conf.capa.eof && self.config.diskless_delay_s > 0 {
                    self.log.notice("Delay next BGSAVE for diskless SYNC");
                    // It may be the one that makes the number full for which nobody waits.
                    self.start_pending(child, now);
                } else if child == Child::None {
                    let filter = self.effective(conf.filter);
                    self.start(filter);
                } else {
                    self.log.notice(
                        "No BGSAVE in progress, but another BG operation is active. BGSAVE for replication delayed",
                    );
                }
            }
        }
    }

    /// Joins the replica to the snapshot that a child is writing to disk, if another replica waits for the same one.
    fn attach(&mut self, id: ClientId) -> bool {
        let new = self.replica(id).expect("the replica was just added");
        // Fields that expire since are none of this snapshot's.
        let told = self.snapshot_has_field_times;
        let same_filter = |a: Filter, b: Filter| {
            let a = if told { a } else { Filter { field_times: b.field_times, ..a } };
            a == b
        };
        let suits = |other: &Replica| match other.state {
            // Who wants the stream too needs somebody for whom it has been kept since the child began.
            State::WaitBgsaveEnd { offset, cursor } if cursor.is_some() || new.conf.rdb_only => {
                let same = same_filter(new.conf.filter, other.conf.filter);
                let same = same && new.conf.capa.covers(other.conf.capa);
                Some((offset, same))
            }
            _ => None,
        };
        let Some((offset, true)) = self.replicas.iter().find_map(suits) else { return false };
        self.tell_full_resync(id, offset, SnapshotKind::Disk);
        true
    }

    /// Starts a snapshot if a replica waits for one and has waited long enough. To be called often.
    pub fn start_pending(&mut self, child: Child, now: Millis) {
        if child != Child::None || self.starting {
            return;
        }
        let mut waiting = self.replicas.iter().filter_map(|r| match r.state {
            State::WaitBgsaveStart { since } => Some((self.effective(r.conf.filter), since)),
            _ => None,
        });
        let Some((filter, first_since)) = waiting.next() else { return };
        let (mut count, mut longest) = (1, first_since);
        for (_, since) in waiting.filter(|(f, _)| *f == filter) {
            count += 1;
            longest = longest.min(since);
        }
        let config = &self.config;
        let full_house = config.diskless_max_replicas > 0 && count >= config.diskless_max_replicas;
        let waited = now.saturating_sub(longest) >= config.diskless_delay_s * 1000;
        if !config.diskless || full_house || waited {
            self.start(filter);
        }
    }

    fn waits_with(&self, replica: &Replica, filter: Filter) -> bool {
        matches!(replica.state, State::WaitBgsaveStart { .. })
            && self.effective(replica.conf.filter) == filter
    }

    /// Asks for a snapshot for all that wait with this filter.
    fn start(&mut self, filter: Filter) {
        if self.starting {
            return;
        }
        let all = Capa { eof: true, psync2: true };
        let common =
            self.replicas.iter().filter(|r| self.waits_with(r, filter)).fold(all, |c, r| c.and(r.conf.capa));
        let kind = if (self.config.diskless || filter.is_partial()) && common.eof {
            SnapshotKind::Socket
        } else {
            SnapshotKind::Disk
        };
        let target = match kind {
            SnapshotKind::Socket => "replicas sockets",
            SnapshotKind::Disk => "disk",
        };
        self.log.notice(format!("Starting BGSAVE for SYNC with target: {target}"));
        self.starting = true;
        self.actions.push(Action::StartSnapshot { kind, filter });
    }

    /// The child has been forked, and the stream has not moved since: all that wait with this filter begin here.
    pub fn snapshot_started(&mut self, kind: SnapshotKind, filter: Filter) {
        self.starting = false;
        self.running = Some(kind);
        self.snapshot_has_field_times = self.fields_expire;
        self.chunk.bytes.clear();
        self.chunk.open = kind == SnapshotKind::Socket;
        let offset = self.history.offset;
        let ids: Vec<ClientId> =
            self.replicas.iter().filter(|r| self.waits_with(r, filter)).map(|r| r.id).collect();
        for id in ids {
            self.tell_full_resync(id, offset, kind);
        }
    }

    /// No child could be made: who waits is told, and let go.
    pub fn snapshot_refused(&mut self) {
        self.starting = false;
        self.log.warning("BGSAVE for replication failed");
        for replica in &mut self.replicas {
            if matches!(replica.state, State::WaitBgsaveStart { .. }) {
                replica.state = State::Closing;
                replica.head.extend_from_slice(b"-ERR BGSAVE failed, replication can't continue\r\n");
                self.actions.push(Action::CloseAfterHead(replica.id));
            }
        }
    }

    fn tell_full_resync(&mut self, id: ClientId, offset: i64, kind: SnapshotKind) {
        let line = format!("+FULLRESYNC {} {offset}\r\n", self.history.replid);
        // The new reader knows no database.
        self.force_select();
        let in_doubt = self.is_in_doubt(&self.replica(id).expect("a replica that waits is known").conf);
        let replica = self.replica_mut(id).expect("as before");
        replica.field_times_in_doubt = in_doubt;
        let cursor = (!replica.conf.rdb_only).then_some(offset + 1);
        replica.state = match kind {
            SnapshotKind::Disk => State::WaitBgsaveEnd { offset, cursor },
            SnapshotKind::Socket => State::Streaming { cursor, sent: 0, stalled_since: None, acked: false },
        };
        if !replica.pre_psync {
            replica.head.extend_from_slice(line.as_bytes());
        }
        self.refresh_hold();
    }

    /// Whether the diskless child's pipe is to be read: all replicas have taken the chunk before.
    pub fn wants_chunk(&self) -> bool {
        self.chunk.open && self.chunk.bytes.is_empty()
    }

    /// The buffer to read the next chunk into, for `stream_chunk`.
    pub fn chunk_buffer(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.chunk.bytes)
    }

    /// The child's next bytes, for all replicas of the stream.
    pub fn stream_chunk(&mut self, bytes: Vec<u8>, now: Millis) {
        assert!(self.wants_chunk(), "the chunk before has been taken");
        self.chunk.bytes = bytes;
        for replica in &mut self.replicas {
            if let State::Streaming { sent, stalled_since, .. } = &mut replica.state {
                *sent = 0;
                *stalled_since = Some(now);
            }
        }
        self.chunk_moved_on();
    }

    /// The child has closed its end of the pipe.
    pub fn stream_ended(&mut self) {
        assert!(self.wants_chunk(), "the chunk before has been taken");
        self.chunk.open = false;
        let up = self.replicas.iter().filter(|r| is_streaming(r)).count();
        self.log.warning(format!("Diskless rdb transfer, done reading from pipe, {up} replicas still up."));
        self.actions.push(Action::ReleaseSnapshot);
    }

    /// The pipe cannot be read.
    pub fn stream_failed(&mut self, error: &str) {
        self.log.warning(format!("Diskless rdb transfer, read error sending DB to replicas: {error}"));
        let ids: Vec<ClientId> = self.replicas.iter().filter(|r| is_streaming(r)).map(|r| r.id).collect();
        for id in ids {
            self.close(id);
        }
        self.abandon_stream();
    }

    /// A replica has taken bytes of the chunk, or has gone: if that was the last to wait for, the next chunk may come; if
    /// that was the last replica, nobody needs the child.
    pub(super) fn chunk_moved_on(&mut self) {
        if !self.chunk.open {
            return;
        }
        let mut left = 0;
        let mut behind = false;
        for replica in &self.replicas {
            if let State::Streaming { sent, .. } = replica.state {
                left += 1;
                behind |= sent < self.chunk.bytes.len();
            }
        }
        if left == 0 {
            self.log.warning("Diskless rdb transfer, last replica dropped, killing fork child.");
            self.abandon_stream();
        } else if !behind {
            self.chunk.bytes.clear();
            for replica in &mut self.replicas {
                if let State::Streaming { sent, .. } = &mut replica.state {
                    *sent = 0;
                }
            }
        }
    }

    fn abandon_stream(&mut self) {
        self.chunk = Chunk::default();
        self.running = None;
        self.actions.push(Action::KillSnapshot);
    }

    /// A child that wrote a snapshot, for replicas or not, has ended.
    pub fn snapshot_ended(&mut self, end: &SnapshotEnd, now: Millis) {
        self.running = None;
        self.chunk = Chunk::default();
        let ids: Vec<ClientId> = self
            .replicas
            .iter()
            .filter(|r| matches!(r.state, State::WaitBgsaveEnd { .. } | State::Streaming { .. }))
            .map(|r| r.id)
            .collect();
        for id in ids {
            match end {
                SnapshotEnd::File { size } => self.begin_bulk(id, *size),
                SnapshotEnd::Streamed => self.streamed(id, now),
                SnapshotEnd::Unreadable { error } => {
                    self.close(id);
                    self.log.warning(format!("SYNC failed. Can't open/stat DB after BGSAVE: {error}"));
                }
                SnapshotEnd::Failed => {
                    self.close(id);
                    self.log.warning("SYNC failed. BGSAVE child returned an error");
                }
            }
        }
    }

    fn begin_bulk(&mut self, id: ClientId, size: u64) {
        let replica = self.replica_mut(id).expect("the replica waits for the file");
        let cursor = replica.state.cursor();
        let preamble = format!("${size}\r\n").into_bytes();
        replica.state = State::SendBulk { cursor, preamble, size, position: 0 };
    }

    /// The whole file has been given to the replica's socket.
    pub(super) fn bulk_sent(&mut self, id: ClientId, now: Millis) {
        self.put_online(id, false, now);
    }

    fn streamed(&mut self, id: ClientId, now: Millis) {
        let replica = self.replica(id).expect("the replica is being streamed to");
        let State::Streaming { acked, .. } = replica.state else { return self.close(id) };
        self.log.notice(format!(
            "Streamed RDB transfer with replica {} succeeded (socket). Waiting for REPLCONF ACK from slave to enable streaming",
            replica.name()
        ));
        self.put_online(id, !acked, now);
    }

    fn put_online(&mut self, id: ClientId, awaiting_ack: bool, now: Millis) {
        let replica = self.replica_mut(id).expect("the replica has its snapshot");
        match replica.state.cursor() {
            None => {
                let line = format!(
                    "RDB transfer completed, rdb only replica ({}) should be disconnected asap",
                    replica.name()
                );
                self.log.notice(line);
                self.close(id);
            }
            Some(cursor) => {
                replica.state = State::Online { cursor, awaiting_ack };
                replica.ack_at = now;
                let line = format!("Synchronization with replica {} succeeded", replica.name());
                self.log.notice(line);
            }
        }
    }

    /// Whether a replica still needs the dump file that was written for it: rdb-del-sync-files must wait.
    pub fn needs_dump_file(&self) -> bool {
        self.replicas.iter().any(|r| {
            matches!(
                r.state,
                State::WaitBgsaveStart { .. } | State::WaitBgsaveEnd { .. } | State::SendBulk { .. }
            )
        })
    }
}

fn is_streaming(replica: &Replica) -> bool {
    matches!(replica.state, State::Streaming { .. })
}
