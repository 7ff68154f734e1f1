//! As a replica: a snapshot that comes in.
//!
//! ```text
//!   repl-diskless-load disabled   socket -> temp-<time>.<pid>.rdb -> fsync -> header checked -> renamed to the dump
//!                                 file -> old data dropped -> loaded in slices from the mapped file
//!   on-empty-db (and it is)       socket -> header checked -> loader, in slices, as it comes
//!   swapdb                        socket -> header checked -> loader into a second keyspace -> swapped in
//! ```
//!
//! In all of them the old data stay until the snapshot's header has been read and found loadable: a primary of a version
//! that we cannot read costs us nothing.

use super::following::LOAD_SLICE;
use crate::config::DisklessLoad;
use crate::keyspace::Keyspace;
use crate::persist::load::{Loading, Progress, log_failure};
use crate::persist::rdb::load::{LoadError, Loaded, Target};
use crate::server::Server;
use crate::sys::errno::strerror;
use crate::sys::file::write_back;
use crate::{log_notice, log_warning};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The dirty part of a file being received is handed to the disk in steps of this size, so that the fsync at its end is
/// short.
const WRITE_BACK_STEP: u64 = 8 << 20;
/// `REDIS0010`: what tells whether a snapshot can be loaded.
const HEADER_LEN: usize = 9;

/// A snapshot on its way in.
pub(super) struct IncomingSnapshot {
    phase: Phase,
}

enum Phase {
    /// How it comes is not known yet.
    Expected,
    ToFile(TempFile),
    /// It goes to the loader as it comes; the header first, on which all else depends.
    Header(Vec<u8>),
    Loading(Box<SyncLoad>),
}

/// The file that a snapshot is received into; removed when dropped, unless it was renamed.
struct TempFile {
    file: File,
    path: PathBuf,
    written: u64,
    written_back: u64,
}

struct SyncLoad {
    loading: Loading,
    /// Loads beside the data that are still served; else the databases have been emptied for it.
    beside: Option<Box<Keyspace>>,
    /// What is served meanwhile is of the same history.
    same_history: bool,
    /// All bytes of the snapshot have come.
    complete: bool,
    /// The loader stopped for time, not for want of bytes.
    has_work: bool,
    from_socket: bool,
}

impl IncomingSnapshot {
    /// Whether the loader has work without further input.
    pub(super) fn is_loading(&self) -> bool {
        matches!(&self.phase, Phase::Loading(load) if load.has_work)
    }

    pub(super) fn loads_beside_same_history(&self) -> bool {
        matches!(&self.phase, Phase::Loading(load) if load.same_history)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // Gone already if it was renamed.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl TempFile {
    fn create(dir: &Path, now_s: i64) -> io::Result<TempFile> {
        let path = dir.join(format!("temp-{now_s}.{}.rdb", std::process::id()));
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok(TempFile { file, path, written: 0, written_back: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        let dirty = self.written - self.written_back;
        if dirty >= WRITE_BACK_STEP {
            write_back(&self.file, self.written_back, dirty, false)?;
            self.written_back = self.written;
        }
        Ok(())
    }
}

// What the link says.
impl Server {
    /// A full sync begins.
    pub(super) fn expect_snapshot(&mut self) {
        self.repl.incoming = Some(IncomingSnapshot { phase: Phase::Expected });
    }

    /// The snapshot begins: decides where it goes.
    pub(super) fn snapshot_begins(&mut self, size: Option<u64>) {
        let to_parser = match self.config.repl_diskless_load {
            DisklessLoad::Disabled => false,
            DisklessLoad::OnEmptyDb => (0..self.keyspace.db_count()).all(|db| self.keyspace.is_empty(db)),
            DisklessLoad::SwapDb => true,
        };
        self.log_replication();
        let to = if to_parser { "to parser" } else { "to disk" };
        match size {
            None => log_notice!("MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF {to}"),
            Some(n) => log_notice!("MASTER <-> REPLICA sync: receiving {n} bytes from master {to}"),
        }
        let phase = if to_parser {
            Phase::Header(Vec::with_capacity(HEADER_LEN))
        } else {
            match TempFile::create(self.config.dir.as_path(), self.clock.now_s()) {
                Ok(file) => Phase::ToFile(file),
                Err(error) => {
                    let error = strerror(&error);
                    return self.sync_failed(&format!(
                        "Opening the temp file needed for MASTER <-> REPLICA synchronization: {error}"
                    ));
                }
            }
        };
        self.repl.incoming = Some(IncomingSnapshot { phase });
    }

    /// Bytes of the snapshot.
    pub(super) fn snapshot_bytes(&mut self, bytes: &[u8]) {
        let Some(incoming) = &mut self.repl.incoming else { return };
        match &mut incoming.phase {
            Phase::Expected => {}
            Phase::ToFile(file) => {
                if let Err(error) = file.write(bytes) {
                    let error = strerror(&error);
                    self.sync_failed(&format!(
                        "Write error or short write writing to the DB dump file needed for MASTER <-> REPLICA synchronization: {error}"
                    ));
                }
            }
            Phase::Header(header) => {
                let missing = (HEADER_LEN - header.len()).min(bytes.len());
                header.extend_from_slice(&bytes[..missing]);
                if header.len() == HEADER_LEN {
                    let header = std::mem::take(header);
                    self.begin_parsing(&header, &bytes[missing..]);
                }
            }
            Phase::Loading(load) => {
                load.loading.feed(bytes);
                load.has_work = true;
                self.sync_load_slice();
            }
        }
    }

    /// All bytes of the snapshot have come.
    pub(super) fn snapshot_complete(&mut self) {
        let Some(mut incoming) = self.repl.incoming.take() else { return };
        match &mut incoming.phase {
            Phase::ToFile(file) => match self.accept_file(file) {
                Ok(loading) => self.begin_loading(loading, None, false),
                Err(text) => self.sync_failed(&text),
            },
            Phase::Loading(load) => {
                (load.complete, load.has_work) = (true, true);
                self.repl.incoming = Some(incoming);
                self.sync_load_slice();
            }
            Phase::Expected | Phase::Header(_) => {
                self.sync_failed(
                    "Failed trying to load the MASTER synchronization DB from socket: it is too short",
                );
            }
        }
    }

    /// The received file takes the dump file's place, once it is safely on disk and known to be loadable.
    fn accept_file(&mut self, temp: &TempFile) -> Result<Loading, String> {
        let on_disk = |what: &str, error: &io::Error| {
            format!("Failed trying to {what} in MASTER <-> REPLICA synchronization: {}", strerror(error))
        };
        temp.file.sync_all().map_err(|e| on_disk("sync the temp DB to disk", &e))?;
        let mut header = [0; HEADER_LEN];
        let read = File::open(&temp.path).and_then(|mut file| file.read_exact(&mut header));
        let loadable = match read {
            Ok(()) => self.check_header(&header),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
            Err(error) => return Err(on_disk("read the temp DB", &error)),
        };
        if !loadable {
            return Err(
                "Failed trying to load the MASTER synchronization DB from disk: Invalid argument".into()
            );
        }
        let dump = self.config.dir.as_path().join(self.config.dbfilename.as_path());
        // A child that still writes an older file must not put it in the place of this one.
        self.stop_child_before_sync();
        std::fs::rename(&temp.path, &dump).map_err(|error| {
            let name = self.config.dbfilename.to_str_lossy();
            on_disk(&format!("rename the temp DB into {name}"), &error)
        })?;
        let dir = self.config.dir.as_path();
        File::open(dir)
            .and_then(|dir| dir.sync_all())
            .map_err(|e| on_disk(&format!("sync DB directory {}", dir.display()), &e))?;
        Loading::open(&dump, self.load_options()).map_err(|error| {
            format!("Failed trying to load the MASTER synchronization DB from disk: {}", strerror(&error))
        })
    }

    /// Whether a snapshot that begins so can be loaded; says why not.
    fn check_header(&self, header: &[u8]) -> bool {
        let mut trial = Loading::stream(self.load_options(), None);
        trial.feed(header);
        // The header alone puts no key anywhere.
        let mut nowhere = Keyspace::new(1);
        let mut target = Target { keyspace: &mut nowhere, on_expired: &mut |_, _| {} };
        match trial.load_slice(&mut target, Duration::ZERO) {
            Ok(_) => true,
            Err(error) => {
                log_failure(&error, true);
                false
            }
        }
    }

    fn begin_parsing(&mut self, header: &[u8], rest: &[u8]) {
        if !self.check_header(header) {
            return self.sync_failed(
                "Failed trying to load the MASTER synchronization DB from socket: Invalid argument",
            );
        }
        let size = self.repl.machine.following().and_then(|f| f.snapshot_size());
        let mut loading = Loading::stream(self.load_options(), size);
        loading.feed(header);
        loading.feed(rest);
        self.stop_child_before_sync();
        let beside = (self.config.repl_diskless_load == DisklessLoad::SwapDb)
            .then(|| Box::new(Keyspace::new(self.keyspace.db_count())));
        self.begin_loading(loading, beside, true);
    }

    fn begin_loading(&mut self, loading: Loading, beside: Option<Box<Keyspace>>, from_socket: bool) {
        let origin = self.repl.machine.following().and_then(|f| f.snapshot_origin());
        let ours = self.repl.machine.primary.history.replid;
        let same_history = beside.is_some() && origin.is_some_and(|(replid, _)| replid == ours);
        if beside.is_none() {
            self.repl.machine.attach_to_new_primary();
            self.settle_replication();
            log_notice!("MASTER <-> REPLICA sync: Flushing old data");
            let old = self.flush_data(None);
            self.own_expires.clear();
            self.dispose(old, self.config.replica_lazy_flush);
        }
        log_notice!("MASTER <-> REPLICA sync: Loading DB in memory");
        self.loading = !same_history;
        let load =
            SyncLoad { loading, beside, same_history, complete: !from_socket, has_work: true, from_socket };
        self.repl.incoming = Some(IncomingSnapshot { phase: Phase::Loading(Box::new(load)) });
    }

    /// Before our data are another's, a child that saves the old ones is stopped.
    fn stop_child_before_sync(&mut self) {
        if let Some(pid) = self.persist.snapshots.child_pid() {
            log_notice!(
                "Replica is about to load the RDB file received from the master, but there is a pending RDB child running. Killing process {pid} and removing its temp file to avoid any race"
            );
            self.persist.snapshots.stop_child();
        }
    }
}

// Loading.
impl Server {
    /// The load of our primary's snapshot that is under way.
    #[must_use]
    pub fn loading_from_primary(&self) -> Option<&Loading> {
        match &self.repl.incoming.as_ref()?.phase {
            Phase::Loading(load) => Some(&load.loading),
            _ => None,
        }
    }

    /// Goes on with a full sync, if one is under way: loads for a slice of time, then reads on if the loader is done with
    /// what has come.
    pub fn sync_slice(&mut self) {
        if self.repl.incoming.is_some() {
            self.sync_load_slice();
            self.read_link();
            self.settle_replication();
        }
    }

    fn sync_load_slice(&mut self) {
        let now = self.clock.monotonic_ms();
        let Some(mut incoming) = self.repl.incoming.take() else { return };
        if let Some(follower) = self.repl.machine.following_mut() {
            follower.loading_goes_on(now);
        }
        let Phase::Loading(load) = &mut incoming.phase else {
            self.repl.incoming = Some(incoming);
            return;
        };
        if !load.has_work {
            self.repl.incoming = Some(incoming);
            return;
        }
        load.loading.set_key_delay(self.config.key_load_delay);
        let keyspace = load.beside.as_deref_mut().unwrap_or(&mut self.keyspace);
        let mut target = Target { keyspace, on_expired: &mut |_, _| {} };
        match load.loading.load_slice(&mut target, LOAD_SLICE) {
            Ok(Progress::More) => self.repl.incoming = Some(incoming),
            Ok(Progress::NeedBytes) => {
                load.has_work = false;
                let cut_off = load.complete.then(|| load.loading.cut_off());
                match cut_off {
                    Some(error) => self.sync_load_failed(incoming, &error),
                    None => self.repl.incoming = Some(incoming),
                }
            }
            // The end mark is still to come.
            Ok(Progress::Done(_)) if !load.complete => {
                load.has_work = false;
                self.repl.incoming = Some(incoming);
            }
            Ok(Progress::Done(loaded)) => self.sync_load_done(incoming, &loaded),
            Err(error) => self.sync_load_failed(incoming, &error),
        }
        self.settle_replication();
    }

    fn sync_load_done(&mut self, incoming: IncomingSnapshot, loaded: &Loaded) {
        let Phase::Loading(load) = incoming.phase else { return };
        if load.from_socket && !load.loading.rest().is_empty() {
            log_warning!("Replication stream EOF marker is broken");
            return self.sync_failed(
                "Failed trying to load the MASTER synchronization DB from socket: Invalid argument",
            );
        }
        if let Some(mut beside) = load.beside {
            self.repl.machine.attach_to_new_primary();
            self.settle_replication();
            log_notice!("MASTER <-> REPLICA sync: Swapping active DB with loaded DB");
            self.swap_data(&mut beside);
            self.own_expires.clear();
            let old = beside.flush_all();
            self.dispose(old, true);
            log_notice!("MASTER <-> REPLICA sync: Discarding old DB in background");
        } else {
            self.loaded_under_watchers();
        }
        if load.from_socket {
            // The data have changed without a save.
            self.dirty += 1;
        } else if self.config.rdb_del_sync_files && self.config.save.is_empty() {
            log_notice!(
                "Removing the RDB file obtained from the master. This replica has persistence disabled"
            );
            let dump = self.config.dir.as_path().join(self.config.dbfilename.as_path());
            let _ = std::fs::remove_file(dump);
        }
        self.loading = false;
        self.note_load(loaded);
        let db = loaded.repl.stream_db.and_then(|db| u32::try_from(db).ok()).unwrap_or(0);
        let created = self.repl.machine.loaded(db, self.clock.monotonic_ms());
        self.backlog_or_not(created);
        self.settle_replication();
        if self.primary_link_up() {
            self.link_is_up();
        }
    }

    fn sync_load_failed(&mut self, incoming: IncomingSnapshot, error: &LoadError) {
        let Phase::Loading(load) = incoming.phase else { return };
        log_failure(error, load.from_socket);
        self.loading = false;
        match load.beside {
            Some(mut beside) => {
                let half = beside.flush_all();
                self.dispose(half, true);
                log_notice!("MASTER <-> REPLICA sync: Discarding temporary DB in background");
            }
            None => {
                // Half a snapshot is nobody's data.
                let half = self.flush_data(None);
                self.dispose(half, self.config.replica_lazy_flush);
            }
        }
        let from = if load.from_socket { "from socket" } else { "from disk" };
        self.sync_failed(&format!("Failed trying to load the MASTER synchronization DB {from}: {error}"));
    }

    /// The full sync is given up, for this reason, and tried again.
    fn sync_failed(&mut self, reason: &str) {
        self.repl.incoming = None;
        if let Some(follower) = self.repl.machine.following_mut() {
            follower.abort_transfer(reason);
        }
        self.settle_replication();
    }

    /// The link is gone: so is what came over it.
    pub(super) fn drop_incoming(&mut self) {
        let Some(IncomingSnapshot { phase: Phase::Loading(load) }) = self.repl.incoming.take() else {
            return;
        };
        self.loading = false;
        if load.beside.is_none() {
            let half = self.flush_data(None);
            self.dispose(half, self.config.replica_lazy_flush);
        }
    }
}
