//! As a primary: replicas ask for the stream, are written to, and get snapshots.

use super::PIPE_TOKEN;
use crate::client::{ClientFlags, ClientId};
use crate::net::conn::Moved;
use crate::persist::child::ChildEnd;
use crate::persist::rdb::{self, header::VERSION_VALKEY_9};
use crate::persist::snapshot::{Finished, SaveKind};
use crate::protocol::{Args, CmdError};
use crate::repl::primary::field_times::FieldTimes;
use crate::repl::primary::full_sync::SnapshotEnd;
use crate::repl::primary::psync::{ReplconfReply, SyncOutcome, SyncRequest};
use crate::repl::primary::state::{Filter, State};
use crate::repl::primary::{Action, Outgoing, SnapshotKind};
use crate::server::Server;
use crate::sys::errno::strerror;
use crate::util::rng::hex_id;
use crate::{log_notice, log_verbose, log_warning};
use mio::Interest;
use mio::unix::SourceFd;
use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::rc::Rc;

/// Bytes written to one replica in a turn, and bytes of a streamed snapshot taken from the pipe in a turn.
const TURN_MAX: usize = 1 << 20;
/// What is taken from a file or a pipe at once.
const CHUNK: usize = 64 * 1024;

/// The reading end of the pipe that a child streams its snapshot into.
pub(super) struct Pipe {
    reader: PipeReader,
    /// It may have something to read.
    readable: bool,
}

// What replicas say.
impl Server {
    /// PSYNC, or SYNC when `psync` is None. A client that becomes a replica is answered by replication itself.
    ///
    /// # Errors
    /// It cannot be a replica of ours now.
    pub fn sync_command(&mut self, id: ClientId, psync: Option<(&[u8], &[u8])>) -> Result<(), CmdError> {
        let child = self.replication_child();
        let Some(client) = self.clients.get(id) else { return Ok(()) };
        let peer_ip = client.conn.peer_ip().map(|ip| ip.to_string());
        let request = SyncRequest {
            id,
            peer_ip: peer_ip.as_deref(),
            psync,
            has_pending_replies: !client.reply.is_empty(),
            link_is_down: self.repl.machine.link_is_down(),
            failing_over: self.repl.machine.is_failing_over(),
            child,
            now: self.clock.monotonic_ms(),
        };
        self.repl.machine.primary.fields_expire = self.keyspace.has_expiring_fields();
        let outcome = self.repl.machine.primary.sync(&request);
        let counted = std::mem::take(&mut self.repl.machine.primary.stats);
        self.stats.sync_full += counted.full;
        self.stats.sync_partial_ok += counted.partial_ok;
        self.stats.sync_partial_err += counted.partial_err;
        if outcome == SyncOutcome::Accepted
            && let Some(client) = self.clients.get_mut(id)
        {
            client.flags.insert(ClientFlags::REPLICA);
            client.conn.set_nodelay(!self.config.repl_disable_tcp_nodelay);
        }
        self.settle_replication();
        match outcome {
            SyncOutcome::Accepted | SyncOutcome::Ignored => Ok(()),
            SyncOutcome::Refused(error) => Err(error),
        }
    }

    /// REPLCONF option value ...
    ///
    /// # Errors
    /// An option is not known, or its value makes no sense.
    pub fn replconf_command(&mut self, id: ClientId, args: Args<'_>) -> Result<(), CmdError> {
        let now = self.clock.monotonic_ms();
        match self.repl.machine.primary.replconf(id, args.rest(1).iter(), now) {
            ReplconfReply::Ok => self.reply(id).ok(),
            ReplconfReply::Error(error) => return Err(error),
            ReplconfReply::Silent => {}
            ReplconfReply::SendAck => {
                if let Some(follower) = self.repl.machine.following_mut() {
                    follower.ack();
                }
            }
        }
        Ok(())
    }

    /// A replica sent a bare newline: it is loading what we sent, and alive.
    pub fn replica_is_alive(&mut self, id: ClientId) {
        self.repl.machine.primary.heard_from(id, self.clock.monotonic_ms());
    }

    pub(super) fn act_on_replicas(&mut self, action: Action) {
        match action {
            Action::StartSnapshot { kind, filter } => self.start_replica_snapshot(kind, filter),
            Action::KillSnapshot => {
                self.close_pipe();
                self.persist.snapshots.stop_child();
                self.repl.awaits_child = true;
            }
            Action::ReleaseSnapshot => {
                self.close_pipe();
                self.persist.snapshots.let_child_exit();
                self.repl.awaits_child = true;
            }
            Action::Close(id) => self.close_later(id),
            Action::CloseOverLimit(id) => {
                if let Some(client) = self.clients.get(id) {
                    let text = self.describe(client);
                    log_warning!(
                        "Client {text} scheduled to be closed ASAP for overcoming of output buffer limits."
                    );
                    self.stats.client_output_limit_disconnections += 1;
                }
                self.close_later(id);
            }
            Action::CloseAfterHead(id) => self.close_after_reply(id),
        }
    }
}

// Writing to replicas.
impl Server {
    /// Gives every replica what its socket takes.
    pub(super) fn write_replicas(&mut self) {
        let ids: smallvec::SmallVec<[ClientId; 8]> =
            self.repl.machine.primary.replicas().iter().map(|r| r.id).collect();
        for id in ids {
            let waits = |c: &crate::client::Client| c.flags.contains(ClientFlags::WAITS_WRITABLE);
            if !self.clients.get(id).is_some_and(waits) {
                self.write_replica(id);
            }
        }
    }

    /// Gives a replica what its socket takes.
    pub(super) fn write_replica(&mut self, id: ClientId) {
        let now = self.clock.monotonic_ms();
        let mut written = 0;
        loop {
            let Some(client) = self.clients.get_mut(id) else { return };
            if client.flags.contains(ClientFlags::CLOSE_ASAP) {
                return;
            }
            let moved = match self.repl.machine.primary.outgoing(id) {
                Outgoing::Nothing => {
                    if client.flags.contains(ClientFlags::CLOSE_AFTER_REPLY) {
                        self.close_later(id);
                    }
                    break;
                }
                _ if written >= TURN_MAX => {
                    self.repl.more_to_do = true;
                    break;
                }
                Outgoing::Bytes(bytes) => client.conn.write(bytes),
                Outgoing::File { position, len } => {
                    let mut buffer = [0; CHUNK];
                    let max = CHUNK.min(usize::try_from(len).unwrap_or(CHUNK));
                    match self.repl.dumps.get(&id).map(|file| file.read_at(&mut buffer[..max], position)) {
                        Some(Ok(n)) if n > 0 => client.conn.write(&buffer[..n]),
                        failed => {
                            let error = match failed {
                                Some(Err(error)) => strerror(&error),
                                _ => "premature EOF".to_owned(),
                            };
                            log_warning!("Read error sending DB to replica: {error}");
                            self.close_later(id);
                            break;
                        }
                    }
                }
            };
            match moved {
                Moved::Bytes(n) => {
                    written += n;
                    client.bytes_out += n as u64;
                    self.repl.machine.primary.sent(id, n, now);
                }
                Moved::WouldBlock => {
                    client.flags.insert(ClientFlags::WAITS_WRITABLE);
                    self.repl.machine.primary.sent(id, 0, now);
                    break;
                }
                Moved::Closed => {
                    self.close_later(id);
                    break;
                }
                Moved::Failed(error) => {
                    self.log_replica_write_error(id, &error);
                    self.close_later(id);
                    break;
                }
            }
        }
        self.stats.net_repl_output_bytes += written as u64;
        self.stats.writes_processed += u64::from(written > 0);
    }

    fn log_replica_write_error(&self, id: ClientId, error: &io::Error) {
        let error = strerror(error);
        match self.repl.machine.primary.replica(id).map(|r| &r.state) {
            Some(State::SendBulk { .. }) => log_warning!("Write error sending DB to replica: {error}"),
            Some(State::Streaming { .. }) => {
                log_warning!("Diskless rdb transfer, write error sending DB to replica: {error}");
            }
            _ => log_verbose!("Error writing to client: {error}"),
        }
    }
}

// Snapshots for replicas.
impl Server {
    fn start_replica_snapshot(&mut self, kind: SnapshotKind, filter: Filter) {
        let started = match kind {
            SnapshotKind::Disk => self.start_disk_save(),
            SnapshotKind::Socket => self.start_stream_to_replicas(filter),
        };
        if started.is_ok() && kind == SnapshotKind::Disk && self.config.rdb_del_sync_files {
            self.repl.made_sync_file = true;
        }
        match started {
            Ok(()) => {
                self.repl.machine.primary.snapshot_started(kind, filter);
            }
            Err(_) => self.repl.machine.primary.snapshot_refused(),
        }
    }

    fn start_stream_to_replicas(&mut self, filter: Filter) -> io::Result<()> {
        let mut options = self.save_options();
        options.data = !filter.exclude_data;
        match filter.field_times {
            FieldTimes::Redis => {}
            FieldTimes::Valkey => options.version = VERSION_VALKEY_9,
            FieldTimes::Omitted => options.version = rdb::VERSION,
        }
        let reader = self.start_socket_save(&options, &hex_id())?;
        let registered =
            self.poll.register(&mut SourceFd(&reader.as_raw_fd()), PIPE_TOKEN, Interest::READABLE);
        if let Err(error) = registered {
            self.persist.snapshots.let_child_exit();
            self.persist.snapshots.stop_child();
            return Err(error);
        }
        self.repl.pipe = Some(Pipe { reader, readable: true });
        Ok(())
    }

    pub(super) fn pipe_event(&mut self) {
        if let Some(pipe) = &mut self.repl.pipe {
            pipe.readable = true;
        }
        self.pump_pipe();
        self.settle_replication();
    }

    /// Moves a streamed snapshot from the child to the replicas, as fast as the slowest of them takes it.
    pub(super) fn pump_pipe(&mut self) {
        let mut moved = 0;
        while let Some(pipe) = &mut self.repl.pipe {
            if !pipe.readable || !self.repl.machine.primary.wants_chunk() {
                return;
            }
            if moved >= TURN_MAX {
                self.repl.more_to_do = true;
                return;
            }
            let now = self.clock.monotonic_ms();
            let mut chunk = self.repl.machine.primary.chunk_buffer();
            chunk.resize(CHUNK, 0);
            match pipe.reader.read(&mut chunk) {
                Ok(0) => {
                    self.close_pipe();
                    self.repl.machine.primary.stream_ended();
                    return;
                }
                Ok(n) => {
                    moved += n;
                    chunk.truncate(n);
                    self.repl.machine.primary.stream_chunk(chunk, now);
                    self.write_replicas();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    pipe.readable = false;
                    return;
                }
                Err(error) => {
                    self.close_pipe();
                    self.repl.machine.primary.stream_failed(&strerror(&error));
                    return;
                }
            }
        }
    }

    fn close_pipe(&mut self) {
        if let Some(pipe) = self.repl.pipe.take() {
            // It goes with the descriptor anyway.
            let _ = self.poll.deregister(&mut SourceFd(&pipe.reader.as_raw_fd()));
        }
    }

    /// A background save has ended; replicas may have waited for it.
    pub fn snapshot_finished(&mut self, finished: Finished) {
        let now = self.clock.monotonic_ms();
        self.repl.awaits_child = false;
        self.close_pipe();
        let mut dump = None;
        let end = match (finished.end, finished.kind) {
            (ChildEnd::Ok, SaveKind::Socket) => SnapshotEnd::Streamed,
            (ChildEnd::Ok, SaveKind::Disk) => match self.open_dump() {
                Ok((file, size)) => {
                    dump = Some(file);
                    SnapshotEnd::File { size }
                }
                Err(error) => SnapshotEnd::Unreadable { error: strerror(&error) },
            },
            _ => SnapshotEnd::Failed,
        };
        self.repl.machine.primary.snapshot_ended(&end, now);
        if let Some(file) = dump {
            for replica in self.repl.machine.primary.replicas() {
                if matches!(replica.state, State::SendBulk { position: 0, .. }) {
                    self.repl.dumps.entry(replica.id).or_insert_with(|| Rc::clone(&file));
                }
            }
        }
        self.settle_replication();
    }

    fn open_dump(&self) -> io::Result<(Rc<File>, u64)> {
        let file = File::open(self.config.dir.as_path().join(self.config.dbfilename.as_path()))?;
        let size = file.metadata()?.len();
        Ok((Rc::new(file), size))
    }

    /// Where nothing is to be kept on disk, the file that replicas were fed with is not kept either.
    pub(super) fn remove_sync_file(&mut self) {
        if !self.config.rdb_del_sync_files {
            self.repl.made_sync_file = false;
        }
        let wanted = !self.config.save.is_empty() || self.repl.machine.primary.needs_dump_file();
        if !self.repl.made_sync_file || wanted {
            return;
        }
        self.repl.made_sync_file = false;
        let path = self.config.dir.as_path().join(self.config.dbfilename.as_path());
        if path.exists() {
            log_notice!("Removing the RDB file used to feed replicas in a persistence-less instance");
            let _ = std::fs::remove_file(path);
        }
    }
}
