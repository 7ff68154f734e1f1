//! The server's side of replication: it carries bytes and decisions between the machines of [`crate::repl`] and the
//! sockets, files and children.
//!
//! | file | what |
//! |---|---|
//! | mod | what other parts ask; the loop and the clock; doing what the machines ask for |
//! | feeding | as a primary: PSYNC, writing to replicas, snapshots for them |
//! | following | as a replica: the link's socket, the stream |
//! | failover | FAILOVER: from the one to the other |
//! | sync_load | as a replica: a snapshot that comes in, to a file or to the loader |
//! | wait | WAIT |
//!
//! The machines say what they want done when they are asked (`take_actions`) and what they have to tell (`take_log`).
//! [`Server::settle_replication`] does all of it; every function here that has fed a machine ends with it.

mod failover;
mod feeding;
mod following;
mod sync_load;
mod wait;

use super::Server;
use super::command::CommandId;
use crate::client::{ClientClass, ClientFlags, ClientId};
use crate::config::Config;
use crate::config::values::PropagationError;
use crate::log_warning;
use crate::net::event_loop::Ready;
use crate::persist::rdb::load::ReplFields;
use crate::persist::rdb::save::ReplPosition;
use crate::persist::snapshot::SaveKind;
use crate::protocol::CmdError;
use crate::repl::backlog;
use crate::repl::id::{OFFSET_MAX, ReplId};
use crate::repl::info::{Settings, section};
use crate::repl::primary::{self, Child, OutputLimit};
use crate::repl::replica;
use crate::repl::role::Replication;
use crate::server::listeners::FIRST_CLIENT_TOKEN;
use crate::util::log;
use crate::util::rng::hex_id;
use feeding::Pipe;
use following::{LinkSocket, Lookup};
use hashbrown::HashMap;
use mio::Token;
use std::fs::File;
use std::rc::Rc;
use std::time::Duration;
use sync_load::IncomingSnapshot;

/// The socket of the link to our primary, until it is a client.
const LINK_TOKEN: Token = Token(FIRST_CLIENT_TOKEN - 2);
/// The pipe of a child that streams a snapshot.
const PIPE_TOKEN: Token = Token(FIRST_CLIENT_TOKEN - 3);

/// How often the end of a child that is about to end is looked for.
const CHILD_END_POLL: Duration = Duration::from_millis(2);

/// How often the answer to a lookup of our primary's name is looked for.
const LOOKUP_POLL: Duration = Duration::from_millis(20);

/// What the server keeps for replication.
pub struct ReplicationState {
    /// All decisions.
    pub machine: Replication,
    /// Our primary, once its stream comes.
    pub our_primary: Option<ClientId>,
    link: Option<LinkSocket>,
    /// Our primary's name is being looked up.
    lookup: Option<Lookup>,
    incoming: Option<IncomingSnapshot>,
    pipe: Option<Pipe>,
    /// The dump file as it was when it began to be sent to a replica.
    dumps: HashMap<ClientId, Rc<File>>,
    /// Sockets or the pipe had more to take or give than a turn allows.
    more_to_do: bool,
    /// A child that has streamed its snapshot, or was stopped, has not ended yet.
    awaits_child: bool,
    /// The dump file was written for replicas.
    made_sync_file: bool,
    /// Clients in WAIT want the replicas asked.
    ask_for_acks: bool,
    /// Our primary's stream is in a transaction, whose commands run when it ends.
    pub in_transaction: bool,
}

impl ReplicationState {
    /// The state at start. A primary keeps a backlog from here on: what expires while the data are loaded is written to
    /// it, for replicas that go on from where the snapshot ends.
    #[must_use]
    pub fn new(config: &Config, now_ms: u64) -> Self {
        let new_id = || ReplId::parse(&hex_id()).expect("40 hex digits are an id");
        let mut machine = Replication::new(primary_config(config), Box::new(new_id), now_ms);
        match &config.replicaof {
            Some(primary) => {
                machine.start_as_replica(&primary.host.to_str_lossy(), primary.port, link_config(config))
            }
            None => {
                // Without it a restart cannot be gone on from, and nothing else.
                if let Err(error) = machine.begin_restore() {
                    log_warning!("Can't create the replication backlog: {error}");
                }
            }
        }
        ReplicationState {
            machine,
            our_primary: None,
            link: None,
            lookup: None,
            incoming: None,
            pipe: None,
            dumps: HashMap::new(),
            more_to_do: false,
            awaits_child: false,
            made_sync_file: false,
            ask_for_acks: false,
            in_transaction: false,
        }
    }
}

fn primary_config(config: &Config) -> primary::Config {
    let limit = config.client_output_buffer_limit.replica;
    let bytes = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    primary::Config {
        backlog_size: bytes(config.repl_backlog_size),
        backlog_ttl_s: config.repl_backlog_ttl as u64,
        diskless: config.repl_diskless_sync,
        diskless_delay_s: config.repl_diskless_sync_delay.into(),
        diskless_max_replicas: config.repl_diskless_sync_max_replicas as usize,
        timeout_s: config.repl_timeout.into(),
        ping_period_s: config.repl_ping_replica_period.into(),
        min_replicas_to_write: config.min_replicas_to_write as usize,
        min_replicas_max_lag_s: config.min_replicas_max_lag.into(),
        output_limit: OutputLimit {
            hard: bytes(limit.hard),
            soft: bytes(limit.soft),
            soft_s: limit.soft_seconds.into(),
        },
    }
}

fn link_config(config: &Config) -> replica::Config {
    let bytes = |text: &crate::config::Text| (!text.is_empty()).then(|| text.as_bytes().to_vec());
    replica::Config {
        user: bytes(&config.masteruser),
        auth: bytes(&config.masterauth),
        listening_port: if config.replica_announce_port > 0 {
            config.replica_announce_port
        } else if config.tls_replication && config.tls_port > 0 {
            config.tls_port
        } else {
            config.port
        },
        announce_ip: bytes(&config.replica_announce_ip),
        timeout_s: config.repl_timeout.into(),
    }
}

// What other parts ask.
impl Server {
    /// Whether anybody reads, or may come to read, the replication stream.
    #[must_use]
    pub fn stream_wanted(&self) -> bool {
        self.repl.machine.primary.feeds()
    }

    /// Appends an encoded command for database `db` to the stream, or several outside of transactions.
    pub fn feed_stream(&mut self, db: usize, bytes: &[u8]) {
        if !self.gather(db, bytes) {
            self.repl.machine.primary.feed_raw(db as u32, bytes);
        }
    }

    /// Appends an encoded command that lies in several pieces.
    pub fn feed_pieces(&mut self, db: usize, pieces: &[&[u8]]) {
        if self.in_exec() {
            self.gather(db, &pieces.concat());
        } else {
            self.repl.machine.primary.feed_pieces(db as u32, pieces);
        }
    }

    /// Offset behind the last byte of the stream.
    #[must_use]
    pub fn stream_end(&self) -> Option<u64> {
        self.stream_wanted().then_some(self.repl.machine.primary.history.offset as u64)
    }

    /// Whether the link to our primary is up; true when there is none.
    #[must_use]
    pub fn primary_link_up(&self) -> bool {
        !self.repl.machine.link_is_down()
    }

    /// Replicas that acknowledged lately enough for min-replicas-to-write.
    #[must_use]
    pub fn good_replicas(&self) -> usize {
        self.repl.machine.primary.good_replicas(self.clock.monotonic_ms())
    }

    /// Whether a full sync is loading beside the data that is still served.
    #[must_use]
    pub fn async_loading(&self) -> bool {
        self.repl.incoming.as_ref().is_some_and(IncomingSnapshot::loads_beside_same_history)
    }

    /// The lines of INFO replication, without the heading.
    #[must_use]
    pub fn replication_info(&self) -> String {
        let settings = Settings {
            priority: self.config.replica_priority,
            read_only: self.config.replica_read_only,
            announced: self.config.replica_announced,
        };
        section(&self.repl.machine, settings, self.clock.monotonic_ms())
    }

    /// How many replicas acknowledged the stream up to this offset.
    #[must_use]
    pub fn replicas_at(&self, offset: u64) -> usize {
        self.repl.machine.primary.count_acks(offset as i64)
    }

    /// DEBUG CHANGE-REPL-ID: a history of our own, which nobody can go on from.
    pub fn change_replication_id(&mut self) {
        self.repl.machine.primary.change_replid();
    }

    /// Bytes that the backlog takes.
    #[must_use]
    pub fn backlog_memory(&self) -> usize {
        self.repl.machine.primary.backlog().map_or(0, |backlog| backlog.memory())
    }

    /// What of [`Server::backlog_memory`] is beyond the configured size: kept for replicas that lag.
    #[must_use]
    pub fn replica_buffer_memory(&self) -> usize {
        let backlog = self.repl.machine.primary.backlog();
        backlog.map_or(0, |backlog| backlog.memory().saturating_sub(backlog.size()))
    }

    /// What a replica has not read yet of the stream that is kept for it, bytes; 0 of any other client.
    #[must_use]
    pub fn unread_of_stream(&self, id: ClientId) -> usize {
        self.repl.machine.primary.unread(id)
    }

    /// Where the stream stands, for a snapshot: none if there is no history worth keeping.
    #[must_use]
    pub fn repl_position(&self) -> Option<ReplPosition> {
        let db = self.repl.machine.snapshot_stream_db()?;
        let history = &self.repl.machine.primary.history;
        let id = history.replid.as_bytes().try_into().expect("an id is 40 bytes");
        Some(ReplPosition { stream_db: db.into(), id, offset: history.offset })
    }

    /// The dataset has been loaded at start, and this is what the file says of the stream it was taken from.
    pub fn loaded_at_start(&mut self, fields: &ReplFields) {
        let moment = fields.complete().and_then(|(db, id, offset)| {
            // No server has written more than that: the file is wrong, and sums with it could overflow.
            let offset = Some(offset).filter(|&offset| offset <= OFFSET_MAX)?;
            Some((ReplId::parse(&id)?, offset, u32::try_from(db).ok()?))
        });
        self.repl.machine.restored(moment);
        self.settle_replication();
    }

    /// A command that came over a replication link failed here. In our primary's stream that means that we may no
    /// longer have its data, which propagation-error-behavior may want to be the end.
    pub fn error_on_link(&mut self, id: ClientId, command: Option<CommandId>, error: &CmdError) {
        let Some(client) = self.clients.get(id) else { return };
        let (from, to) = match client.class() {
            ClientClass::Primary => ("replica", "master"),
            ClientClass::Replica => ("master", "replica"),
            ClientClass::Normal | ClientClass::Pubsub => return,
        };
        let command = command.map_or("<unknown>", |command| self.registry[command].full_name.as_str());
        log_warning!(
            "== CRITICAL == This {from} is sending an error to its {to}: '{error}' after processing the command '{command}'"
        );
        self.stats.unexpected_error_replies += 1;
        let fatal = self.config.propagation_error_behavior != PropagationError::Ignore;
        if fatal && self.config.replica_read_only && from == "replica" {
            panic!(
                "This {from} panicked sending an error to its {to} after processing the command '{command}'"
            );
        }
    }

    /// Options that replication uses have changed.
    pub fn replication_options_changed(&mut self) {
        let backlog_size = self.repl.machine.primary.config.backlog_size;
        // The size is changed by `backlog_size_changed`, which can fail.
        self.repl.machine.primary.config = primary::Config { backlog_size, ..primary_config(&self.config) };
        if let Some(follower) = self.repl.machine.following_mut() {
            follower.config = link_config(&self.config);
        }
    }

    /// repl-backlog-size changed.
    ///
    /// # Errors
    /// There is no memory for that size.
    pub fn backlog_size_changed(&mut self) -> std::io::Result<()> {
        self.config.repl_backlog_size = self.config.repl_backlog_size.max(backlog::MIN_SIZE as u64);
        let size = usize::try_from(self.config.repl_backlog_size).unwrap_or(usize::MAX);
        self.repl.machine.primary.resize_backlog(size)
    }
}

// The loop and the clock.
impl Server {
    /// Whether replication has work that the loop must not sleep over.
    #[must_use]
    pub fn replication_is_busy(&self) -> bool {
        self.repl.more_to_do || self.repl.incoming.as_ref().is_some_and(IncomingSnapshot::is_loading)
    }

    /// How long the loop may sleep at most: a child that is about to end is not left waiting for the cron, since replicas
    /// wait for its end.
    #[must_use]
    pub fn replication_patience(&self) -> Duration {
        if self.repl.awaits_child {
            CHILD_END_POLL
        } else if self.repl.lookup.is_some() {
            LOOKUP_POLL
        } else {
            Duration::MAX
        }
    }

    /// What replication must do before the loop sleeps: feed the replicas, answer WAIT.
    pub fn before_sleep_replication(&mut self) {
        self.answer_waits();
        self.poll_lookup();
        if self.repl.awaits_child {
            self.poll_snapshot_child();
            self.repl.awaits_child &= self.persist.snapshots.running().is_some();
        }
        // While writes are held a replica may be about to reach the end of the stream, which is not to run away from it.
        if self.repl.ask_for_acks && !self.pause.holds_writes() {
            self.repl.ask_for_acks = false;
            self.repl.machine.primary.feed_getack();
        }
        self.advance_failover();
        if !self.loading && self.repl.machine.primary.awaits_snapshot() {
            self.repl.machine.primary.fields_expire = self.keyspace.has_expiring_fields();
            let (child, now) = (self.replication_child(), self.clock.monotonic_ms());
            self.repl.machine.primary.start_pending(child, now);
        }
        self.settle_replication();
        self.repl.more_to_do = false;
        self.pump_pipe();
        self.write_replicas();
        self.write_link();
        self.settle_replication();
    }

    /// An event of a source that is neither a listener nor a client: the link to our primary, a child's pipe.
    pub fn internal_event(&mut self, event: Ready) {
        match event.token {
            LINK_TOKEN => self.link_event(event),
            PIPE_TOKEN => self.pipe_event(),
            _ => {}
        }
    }

    /// Once a second.
    pub fn replication_cron(&mut self) {
        if self.loading && self.repl.incoming.is_none() {
            // Before our own data are there, there is nothing to follow with.
            return;
        }
        self.repl.machine.cron(self.clock.monotonic_ms());
        self.settle_replication();
        self.remove_sync_file();
    }

    /// The child that runs now.
    fn replication_child(&self) -> Child {
        match self.persist.snapshots.running() {
            None => Child::None,
            Some(SaveKind::Disk) => Child::RdbToDisk,
            Some(SaveKind::Socket) => Child::RdbToSockets,
        }
    }

    /// Logs what the machines have to tell, and does what they want done, until they want nothing more.
    pub fn settle_replication(&mut self) {
        loop {
            self.conclude_failover();
            self.log_replication();
            let actions = self.repl.machine.primary.take_actions();
            let link_actions = self.repl.machine.take_link_actions();
            if actions.is_empty() && link_actions.is_empty() {
                return;
            }
            // The link first: a snapshot that is given up must not be taken for one that comes.
            for action in link_actions {
                self.act_on_link(action);
            }
            for action in actions {
                self.act_on_replicas(action);
            }
        }
    }

    /// Logs what the machines have to tell. Whoever logs about replication beside them calls it first, so that the lines
    /// come in order.
    pub(super) fn log_replication(&mut self) {
        for line in self.repl.machine.take_log() {
            log::write(line.level, format_args!("{}", line.text));
        }
    }

    /// A client is about to be closed: if it was a replica, or our primary, replication lets go of it.
    pub fn forget_replication_client(&mut self, id: ClientId) {
        let now = self.clock.monotonic_ms();
        if self.repl.our_primary == Some(id) {
            self.lost_primary(now);
        }
        self.repl.dumps.remove(&id);
        self.repl.machine.primary.detach(id, !self.config.save.is_empty(), now);
        self.settle_replication();
    }

    /// A client's socket takes more bytes. `waited`: replies were kept back for it.
    pub fn client_writable(&mut self, id: ClientId, waited: bool) {
        if !waited {
            return;
        }
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.flags.contains(ClientFlags::REPLICA) {
            client.flags.remove(ClientFlags::WAITS_WRITABLE);
            self.write_replica(id);
        } else {
            self.write_client(id);
        }
    }
}

// Shutting down.
impl Server {
    /// How many replicas have everything, and how many there are.
    #[must_use]
    pub fn replicas_in_sync(&self) -> (usize, usize) {
        let primary = &self.repl.machine.primary;
        let in_sync = primary.replicas().iter().filter(|r| r.ack_offset == primary.history.offset).count();
        (in_sync, primary.replicas().len())
    }

    /// Before a shutdown's end: says in the log which replicas lack what.
    pub fn log_lagging_replicas(&self) {
        let primary = &self.repl.machine.primary;
        let now = self.clock.monotonic_ms();
        for replica in primary.replicas().iter().filter(|r| r.ack_offset != primary.history.offset) {
            log_warning!(
                "Lagging replica {} reported offset {} behind master, lag={}, state={}.",
                replica.name(),
                primary.history.offset - replica.ack_offset,
                replica.lag_s(now),
                replica.state.name().unwrap_or_default()
            );
        }
        let (in_sync, all) = self.replicas_in_sync();
        if all > 0 {
            crate::log_notice!("{in_sync} of {all} replicas are in sync when shutting down.");
        }
    }

    /// Has the replicas tell at once how far they are.
    pub fn ask_replicas_for_acks(&mut self) {
        self.repl.machine.primary.feed_getack();
    }

    /// Writes to the replicas what their sockets take, before the process ends.
    pub fn flush_replicas(&mut self) {
        self.write_replicas();
    }
}
