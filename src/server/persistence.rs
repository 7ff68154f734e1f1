//! The server's side of persistence: SAVE and BGSAVE with their save points, loading at start, DEBUG RELOAD.
//!
//! What saving and loading are is in [`crate::persist`]; here are the decisions that need the whole server, and what
//! follows from them for others: dirty, LRU and table growth while a child lives, replication.

use super::Server;
use crate::client::{Client, Clients};
use crate::config::SavePoint;
use crate::config::version::REDIS_VERSION;
use crate::persist::load::{LoadInfo, Loading, Progress, log_failure};
use crate::persist::rdb;
use crate::persist::rdb::file::SaveFailed;
use crate::persist::rdb::load::{Duplicates, LoadError, LoadOptions, Loaded, Reason, ReplFields, Target};
use crate::persist::rdb::save::{SaveOptions, Usage};
use crate::persist::snapshot::{DiskTarget, Snapshots};
use crate::protocol::{CmdError, CmdResult};
use crate::sys::errno::strerror;
use crate::sys::memory::let_go;
use crate::{log_notice, log_warning, sys};
use std::io::{self, ErrorKind, PipeReader};
use std::time::Duration;

/// How long a load holds the loop up at a time.
const LOAD_SLICE: Duration = Duration::from_millis(5);

/// What the server knows of saving and loading.
pub struct Persistence {
    /// Saving.
    pub snapshots: Snapshots,
    /// The load from disk that is under way.
    loading: Option<Loading>,
    /// rdb_last_load_keys_loaded
    pub last_load_keys_loaded: u64,
    /// rdb_last_load_keys_expired
    pub last_load_keys_expired: u64,
    /// DEBUG SET-SKIP-CHECKSUM-VALIDATION.
    pub skip_checksum: bool,
    /// When the log last told of writes that are done although they are not safe.
    unsafe_write_logged_ms: Option<u64>,
}

impl Persistence {
    /// Nothing saved, nothing loaded.
    #[must_use]
    pub fn new(now_s: i64) -> Self {
        Persistence {
            snapshots: Snapshots::new(now_s),
            loading: None,
            last_load_keys_loaded: 0,
            last_load_keys_expired: 0,
            skip_checksum: false,
            unsafe_write_logged_ms: None,
        }
    }
}

/// How to begin DEBUG RELOAD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reload {
    /// Save first.
    pub save: bool,
    /// Empty the databases between saving and loading.
    pub flush: bool,
    /// Let loaded keys replace those that are there.
    pub merge: bool,
}

/// What goes into a fork's child before it begins: made in the parent, since it needs the whole server.
struct ChildDress {
    title: Option<Vec<u8>>,
    oom_score: Option<i32>,
}

impl ChildDress {
    fn put_on(self) {
        if let Some(title) = self.title {
            sys::process::set_title(&title);
        }
        if let Some(score) = self.oom_score {
            // A child that cannot be made the first to be killed still saves.
            let _ = sys::process::set_oom_score_adj(score);
        }
    }
}

// Saving.
impl Server {
    /// Whether writes are refused because the last snapshot failed.
    #[must_use]
    pub fn refuses_writes_for_disk(&self) -> bool {
        let config = &self.config;
        self.persist.snapshots.refuses_writes(config.stop_writes_on_bgsave_error, !config.save.is_empty())
    }

    /// Our primary wants something written, although what we write is not safe on disk. It cannot be refused: either it is
    /// done (replica-ignore-disk-write-errors), or there is no replica any more.
    pub fn obeys_without_disk(&mut self) {
        const LOG_EVERY_MS: u64 = 10_000;
        assert!(self.config.replica_ignore_disk_write_errors, "Replica was unable to write command to disk.");
        let now = self.clock.monotonic_ms();
        if self.persist.unsafe_write_logged_ms.is_none_or(|at| now > at + LOG_EVERY_MS) {
            self.persist.unsafe_write_logged_ms = Some(now);
            log_warning!("Replica is applying a command even though it is unable to write to disk.");
        }
    }

    /// How to save now: in the lowest version that holds the data.
    #[must_use]
    pub fn save_options(&self) -> SaveOptions<'static> {
        let policy = self.config.maxmemory_policy;
        let field_times = self.keyspace.has_expiring_fields();
        SaveOptions {
            version: if field_times { rdb::VERSION_FIELD_TIMES } else { rdb::VERSION },
            server_version: REDIS_VERSION,
            now_ms: self.clock.now_ms(),
            used_memory: sys::memory::allocated() as u64,
            repl: self.repl_position(),
            aof_base: false,
            compression: self.config.rdbcompression,
            checksum: self.config.rdbchecksum,
            usage: if policy.is_lfu() {
                Usage::Freq
            } else if policy.is_lru() {
                Usage::Idle
            } else {
                Usage::None
            },
            key_save_delay: self.config.rdb_key_save_delay,
            data: true,
        }
    }

    fn disk_target(&self) -> DiskTarget {
        DiskTarget {
            path: self.config.dir.as_path().join(self.config.dbfilename.as_path()),
            incremental_fsync: self.config.rdb_save_incremental_fsync,
        }
    }

    /// Saves before anything else goes on: SAVE, FLUSHALL, DEBUG RELOAD, the end.
    ///
    /// # Errors
    /// It could not be written; the log says why.
    pub fn save_now(&mut self) -> Result<(), SaveFailed> {
        let (target, options) = (self.disk_target(), self.save_options());
        let now_s = self.clock.now_s();
        self.persist.snapshots.save_now(&self.keyspace, &target, &options, now_s)?;
        self.dirty = 0;
        Ok(())
    }

    /// SAVE.
    ///
    /// # Errors
    /// A child is saving already, or the save failed.
    pub fn save(&mut self) -> CmdResult {
        if self.persist.snapshots.running().is_some() {
            return Err(CmdError::err("Background save already in progress"));
        }
        self.save_now().map_err(|SaveFailed| CmdError::new("ERR"))
    }

    /// BGSAVE.
    ///
    /// # Errors
    /// A child is saving already, or none could be made.
    pub fn bgsave(&mut self) -> CmdResult {
        if self.persist.snapshots.running().is_some() {
            return Err(CmdError::err("Background save already in progress"));
        }
        if self.in_exec() {
            self.save_after_exec();
            return Ok(());
        }
        self.start_disk_save().map_err(|_| CmdError::new("ERR"))
    }

    /// Forks a child that saves to disk. To be called only while no child lives.
    ///
    /// # Errors
    /// No child could be made; the log says why.
    pub fn start_disk_save(&mut self) -> io::Result<()> {
        let (target, options) = (self.disk_target(), self.save_options());
        let dress = self.dress_child(b"redis-rdb-bgsave");
        let now_s = self.clock.now_s();
        let (snapshots, clients) = (&mut self.persist.snapshots, &mut self.clients);
        self.huge_pages.pause(true);
        let in_child = || {
            dress.put_on();
            let_go_of_buffers(clients);
        };
        let fork_us = snapshots
            .start_disk(&self.keyspace, &target, &options, self.dirty, now_s, in_child)
            .inspect_err(|_| self.huge_pages.pause(false))?;
        self.child_started(fork_us);
        Ok(())
    }

    /// Forks a child that saves into a pipe, for replicas. To be called only while no child lives. Gives the pipe, which
    /// does not block; when it has been read to its end, or is given up, `persist.snapshots.let_child_exit` is due.
    ///
    /// # Errors
    /// No child could be made; the log says why.
    pub fn start_socket_save(
        &mut self,
        options: &SaveOptions<'_>,
        eof_mark: &[u8; 40],
    ) -> io::Result<PipeReader> {
        let dress = self.dress_child(b"redis-rdb-to-slaves");
        let now_s = self.clock.now_s();
        let (snapshots, clients) = (&mut self.persist.snapshots, &mut self.clients);
        self.huge_pages.pause(true);
        let in_child = || {
            dress.put_on();
            let_go_of_buffers(clients);
        };
        let (pipe, fork_us) = snapshots
            .start_socket(&self.keyspace, options, eof_mark, now_s, in_child)
            .inspect_err(|_| self.huge_pages.pause(false))?;
        self.child_started(fork_us);
        Ok(pipe)
    }

    fn dress_child(&self, title: &[u8]) -> ChildDress {
        let template = &self.config.proc_title_template;
        let title = self.config.set_proc_title.then(|| {
            crate::config::proc_title::expand(template, title, &self.config).unwrap_or_else(|| title.to_vec())
        });
        ChildDress { title, oom_score: self.child_oom_score() }
    }

    fn child_started(&mut self, fork_us: u64) {
        self.stats.total_forks += 1;
        self.stats.latest_fork_usec = fork_us;
        let gb = crate::sys::memory::allocated_now() as f64 / f64::from(1 << 30);
        self.stats.fork_rate = gb * 1e6 / fork_us.max(1) as f64;
        self.sample_latency("fork", fork_us);
        self.child_alive = true;
        self.keyspace.pause_resize(true);
    }

    /// Sees whether the child has ended, and does what follows.
    pub fn poll_snapshot_child(&mut self) {
        let Some(finished) = self.persist.snapshots.poll(self.clock.now_s()) else { return };
        self.child_alive = false;
        self.huge_pages.pause(false);
        self.keyspace.pause_resize(false);
        self.dirty = self.dirty.saturating_sub(finished.dirty_saved);
        if let Some(cleanup) = finished.cleanup {
            self.sample_latency("rdb-unlink-temp-file", cleanup.as_micros() as u64);
        }
        self.snapshot_finished(finished);
    }

    /// Kills the child that writes a snapshot; its pid, if there was one.
    pub fn stop_snapshot_child(&mut self) -> Option<i32> {
        let pid = self.persist.snapshots.child_pid()?;
        self.persist.snapshots.stop_child_at_exit();
        Some(pid)
    }

    /// The snapshot of a shutdown: in the foreground.
    ///
    /// # Errors
    /// It could not be written; the log says why.
    pub fn final_save(&mut self) -> Result<(), SaveFailed> {
        self.save_now()
    }

    /// At each cron: the child, the save points.
    pub fn persistence_cron(&mut self) {
        if self.persist.snapshots.running().is_some() {
            self.poll_snapshot_child();
            return;
        }
        if self.loading {
            return;
        }
        let snapshots = &self.persist.snapshots;
        if let Some(SavePoint { seconds, changes }) =
            snapshots.save_point_due(&self.config.save, self.dirty, self.clock.now_s())
        {
            log_notice!("{changes} changes in {seconds} seconds. Saving...");
            // An error is in the log, and the next try waits.
            let _ = self.start_disk_save();
        }
    }
}

/// In a child: what clients have sent and are to be sent is the parent's alone, which goes on with it without copies.
fn let_go_of_buffers(clients: &mut Clients) {
    clients.iter_mut().flat_map(Client::buffers_mut).for_each(let_go);
}

// Loading.
impl Server {
    pub(super) fn load_options(&self) -> LoadOptions {
        LoadOptions {
            checksum: self.config.rdbchecksum && !self.persist.skip_checksum,
            drop_expired: !self.is_replica(),
            now_ms: self.clock.now_ms(),
            duplicates: Duplicates::Refuse,
        }
    }

    /// Begins to load the dataset from disk, if there is one; else the server is ready at once.
    pub fn start_loading(&mut self) {
        match Loading::open(&self.disk_target().path, self.load_options()) {
            Ok(loading) => {
                self.persist.loading = Some(loading);
                self.loading = true;
                self.persist.last_load_keys_loaded = 0;
                self.persist.last_load_keys_expired = 0;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.loaded_at_start(&ReplFields::default());
                self.tell_ready();
            }
            Err(error) => self.loading_failed(&strerror(&error)),
        }
    }

    /// Whether there is work that the loop must not sleep over: a load under way.
    #[must_use]
    pub fn has_urgent_work(&self) -> bool {
        self.persist.loading.is_some()
    }

    /// The figures of the load that is under way.
    #[must_use]
    pub fn load_info(&self) -> Option<LoadInfo> {
        let at_start = self.persist.loading.as_ref();
        at_start.or_else(|| self.loading_from_primary()).map(|loading| loading.info(self.clock.now_s()))
    }

    /// Goes on loading for a slice of time, if a load is under way.
    pub fn loading_slice(&mut self) {
        let Some(mut loading) = self.persist.loading.take() else { return };
        match self.load_for(&mut loading, LOAD_SLICE) {
            Ok(Progress::Done(loaded)) => self.loading_done(&loading, &loaded),
            Ok(Progress::More | Progress::NeedBytes) => self.persist.loading = Some(loading),
            Err(error) => {
                log_failure(&error, false);
                match error.reason {
                    Reason::Signature | Reason::Version(_) => self.loading_failed("Invalid argument"),
                    _ => {
                        self.show_damage();
                        log_warning!("Terminating server after rdb file reading failure.");
                        self.exit = Some(1);
                    }
                }
            }
        }
    }

    /// Prints what is wrong with the snapshot, and in which key, as redis-check-rdb does.
    fn show_damage(&self) {
        let path = self.disk_target().path.to_string_lossy().into_owned();
        let args = ["redis-check-rdb".to_owned(), path];
        // Where nobody reads it, it is not missed.
        let _ = rdb::check::run(&args, REDIS_VERSION, &mut io::stdout());
    }

    /// Loads for about `budget`, and passes on to replicas which keys were left out.
    fn load_for(&mut self, loading: &mut Loading, budget: Duration) -> Result<Progress, LoadError> {
        loading.set_key_delay(self.config.key_load_delay);
        let wanted = self.stream_wanted();
        let mut expired: Vec<(usize, Box<[u8]>)> = Vec::new();
        let mut on_expired = |db: usize, key: &[u8]| {
            if wanted {
                expired.push((db, key.into()));
            }
        };
        let mut target = Target { keyspace: &mut self.keyspace, on_expired: &mut on_expired };
        let progress = loading.load_slice(&mut target, budget);
        for (db, key) in expired {
            self.feed_deletion(db, &key);
        }
        progress
    }

    fn loading_done(&mut self, loading: &Loading, loaded: &Loaded) {
        log_notice!("DB loaded from disk: {:.3} seconds", loading.elapsed().as_secs_f64());
        self.loading = false;
        self.note_load(loaded);
        self.loaded_at_start(&loaded.repl);
        self.tell_ready();
    }

    /// The data is there: tells the log, and the supervisor that waits to hear it.
    fn tell_ready(&self) {
        if self.config.any_port() != 0 {
            log_notice!("Ready to accept connections");
        }
        if let Some(path) = self.config.unixsocket.non_empty() {
            log_notice!("The server is now ready to accept connections at {}", path.to_str_lossy());
        }
        if self.under_systemd {
            let status = if self.is_replica() {
                "STATUS=Ready to accept connections in read-only mode. Waiting for MASTER <-> REPLICA sync\n"
            } else {
                "STATUS=Ready to accept connections\n"
            };
            sys::process::notify_systemd(status);
            sys::process::notify_systemd("READY=1\n");
        }
    }

    pub(super) fn note_load(&mut self, loaded: &Loaded) {
        self.persist.last_load_keys_loaded = loaded.keys_loaded;
        self.persist.last_load_keys_expired = loaded.keys_expired;
    }

    fn loading_failed(&mut self, why: &str) {
        log_warning!("Fatal error loading the DB: {why}. Exiting.");
        self.exit = Some(1);
    }

    /// DEBUG RELOAD: the data goes to disk and comes back, while everybody waits.
    ///
    /// # Errors
    /// It could not be saved, or not be loaded: then some of it is missing.
    pub fn debug_reload(&mut self, how: Reload) -> CmdResult {
        if how.save && self.save_now().is_err() {
            return Err(CmdError::new("ERR"));
        }
        if how.flush {
            drop(self.flush_data(None));
        }
        let duplicates = if how.merge { Duplicates::Replace } else { Duplicates::Refuse };
        let options = LoadOptions { duplicates, ..self.load_options() };
        let opened = Loading::open(&self.disk_target().path, options);
        let failed = || CmdError::err("Error trying to load the RDB dump");
        let mut loading = opened.map_err(|error| {
            log_warning!("Fatal error loading the DB: {}.", strerror(&error));
            failed()
        })?;
        loop {
            match self.load_for(&mut loading, Duration::from_secs(1)) {
                Ok(Progress::Done(loaded)) => {
                    self.note_load(&loaded);
                    log_warning!("DB reloaded by DEBUG RELOAD");
                    return Ok(());
                }
                Ok(Progress::More | Progress::NeedBytes) => {}
                Err(error) => {
                    log_failure(&error, false);
                    return Err(failed());
                }
            }
        }
    }
}
