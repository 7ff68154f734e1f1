//! The parent's side of saving: which save is running, when the next one is due, how the last one went.
//!
//! ```text
//!              start_disk                    child ends (poll)
//!    Idle ───────────────────▶ SavingDisk ───────────────────▶ Idle     Finished { kind: Disk, .. }
//!     │        start_socket                   child ends (poll)
//!     └──────────────────────▶ SavingSocket ─────────────────▶ Idle     Finished { kind: Socket, .. }
//!                                  │  let_child_exit closes the exit pipe: only then may the child end
//! ```
//!
//! One child at a time. SavingDisk: the child writes `temp-<its pid>.rdb` beside the snapshot and renames it; the
//! parent removes the temporary file if a signal ended the child. SavingSocket: the child writes into a pipe that the
//! primary reads and passes on to its replicas; the child stays until all of it is read, since its end would
//! otherwise be seen before the last bytes.

use super::child::{Child, ChildEnd, ChildFigures, Reporter, Spawned};
use super::rdb::file::{SaveFailed, save_to_file, temp_path};
use super::rdb::save::{SaveOptions, save};
use crate::config::SavePoint;
use crate::keyspace::Keyspace;
use crate::sys::errno::strerror;
use crate::sys::pipe;
use crate::{log_notice, log_warning};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// After a failed BGSAVE the next automatic one waits this long.
const RETRY_DELAY_S: i64 = 5;

/// What kind of save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveKind {
    /// Into the snapshot file.
    Disk,
    /// Into a pipe, for replicas.
    Socket,
}

#[derive(Debug)]
enum State {
    Idle,
    SavingDisk { child: Child, started_s: i64, dirty_before: u64, temp: PathBuf },
    SavingSocket { child: Child, started_s: i64, exit_pipe: Option<PipeWriter> },
}

/// A background save that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// Which kind it was.
    pub kind: SaveKind,
    /// How the child ended; replicas that wait for this save get it only if it is [`ChildEnd::Ok`].
    pub end: ChildEnd,
    /// How many of the changes counted as dirty are now on disk; to be taken off.
    pub dirty_saved: u64,
    /// How long it took to delete what a killed child had written.
    pub cleanup: Option<Duration>,
}

/// Where a snapshot goes and how.
#[derive(Debug, Clone)]
pub struct DiskTarget {
    /// The snapshot's path (dbfilename in dir).
    pub path: PathBuf,
    /// `rdb-save-incremental-fsync`.
    pub incremental_fsync: bool,
}

/// The state of saving, and its history.
#[derive(Debug)]
pub struct Snapshots {
    state: State,
    last_save_s: i64,
    last_try_s: i64,
    last_ok: bool,
    last_duration_s: i64,
    last_cow_size: u64,
    saves: u64,
}

impl Snapshots {
    /// Nothing saved yet: as in Redis the start counts as the last save.
    #[must_use]
    pub fn new(now_s: i64) -> Self {
        Snapshots {
            state: State::Idle,
            last_save_s: now_s,
            last_try_s: 0,
            last_ok: true,
            last_duration_s: -1,
            last_cow_size: 0,
            saves: 0,
        }
    }

    /// The kind of the save that is running.
    #[must_use]
    pub fn running(&self) -> Option<SaveKind> {
        match self.state {
            State::Idle => None,
            State::SavingDisk { .. } => Some(SaveKind::Disk),
            State::SavingSocket { .. } => Some(SaveKind::Socket),
        }
    }

    fn child(&self) -> Option<&Child> {
        match &self.state {
            State::Idle => None,
            State::SavingDisk { child, .. } | State::SavingSocket { child, .. } => Some(child),
        }
    }

    /// The running child's pid.
    #[must_use]
    pub fn child_pid(&self) -> Option<i32> {
        self.child().map(Child::pid)
    }

    /// Saves now, in this process: SAVE, SHUTDOWN, DEBUG RELOAD. On success nothing is dirty any more.
    ///
    /// # Errors
    /// What went wrong is in the log.
    pub fn save_now(
        &mut self,
        keyspace: &Keyspace,
        target: &DiskTarget,
        options: &SaveOptions<'_>,
        now_s: i64,
    ) -> Result<(), SaveFailed> {
        self.saves += 1;
        save_to_file(keyspace, target, options, None)?;
        self.last_save_s = now_s;
        self.last_ok = true;
        Ok(())
    }

    /// Starts a BGSAVE and returns how many microseconds the fork took. `in_child` runs first in the child: process
    /// title, OOM score.
    ///
    /// # Errors
    /// The fork failed, which is in the log.
    pub fn start_disk(
        &mut self,
        keyspace: &Keyspace,
        target: &DiskTarget,
        options: &SaveOptions<'_>,
        dirty: u64,
        now_s: i64,
        in_child: impl FnOnce(),
    ) -> io::Result<u64> {
        assert!(self.running().is_none(), "one child at a time");
        self.saves += 1;
        self.last_try_s = now_s;
        let spawned = spawn(keyspace, &[], |reporter| {
            in_child();
            save_to_file(keyspace, target, options, Some(reporter)).is_ok() && reporter.finish().is_ok()
        });
        let Spawned { child, fork_us } = spawned.inspect_err(|_| self.last_ok = false)?;
        log_notice!("Background saving started by pid {}", child.pid());
        let temp = temp_path(&target.path, child.pid());
        self.state = State::SavingDisk { child, started_s: now_s, dirty_before: dirty, temp };
        Ok(fork_us)
    }

    /// Starts a save into a pipe, framed as `$EOF:<mark>\r\n` ... `<mark>`, and returns the pipe's reading end, which
    /// does not block, and how many microseconds the fork took. Call [`Self::let_child_exit`] when it has been read to its end, or is given up.
    ///
    /// # Errors
    /// The fork failed, which is in the log.
    pub fn start_socket(
        &mut self,
        keyspace: &Keyspace,
        options: &SaveOptions<'_>,
        eof_mark: &[u8; 40],
        now_s: i64,
        in_child: impl FnOnce(),
    ) -> io::Result<(PipeReader, u64)> {
        assert!(self.running().is_none(), "one child at a time");
        let (data, data_in_child) = pipe::nonblocking_reader()?;
        let (exit_in_child, exit_pipe) = io::pipe()?;
        let keep = [data_in_child.as_raw_fd(), exit_in_child.as_raw_fd()];
        // Only the child takes this out: there the writing end is closed before the child waits to be let go.
        let mut data_in_child = Some(data_in_child);
        let Spawned { child, fork_us } = spawn(keyspace, &keep, |reporter| {
            in_child();
            let Some(mut pipe) = data_in_child.take() else { return false };
            let sent = send_framed(keyspace, &mut pipe, options, eof_mark, reporter)
                .inspect_err(|error| log_warning!("Write error sending DB to replicas: {}", strerror(error)));
            let done = sent.is_ok() && reporter.finish().is_ok();
            drop(pipe);
            // Ends when the parent closes its end, or is gone.
            let _ = (&exit_in_child).read(&mut [0]);
            done
        })?;
        log_notice!("Background RDB transfer started by pid {}", child.pid());
        self.state = State::SavingSocket { child, started_s: now_s, exit_pipe: Some(exit_pipe) };
        Ok((data, fork_us))
    }

    /// Reads the child's reports and, if it has ended, ends the save.
    pub fn poll(&mut self, now_s: i64) -> Option<Finished> {
        let (State::SavingDisk { child, .. } | State::SavingSocket { child, .. }) = &mut self.state else {
            return None;
        };
        child.read_reports();
        let end = child.try_reap()?;
        let cow_peak = child.figures().cow_peak;
        let mut cleanup = None;
        let (kind, started_s, dirty_saved) = match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => unreachable!("a child was reaped"),
            State::SavingDisk { started_s, dirty_before, temp, .. } => {
                cleanup = self.disk_save_ended(end, &temp, now_s);
                (SaveKind::Disk, started_s, if end == ChildEnd::Ok { dirty_before } else { 0 })
            }
            State::SavingSocket { started_s, .. } => {
                log_transfer_end(end);
                (SaveKind::Socket, started_s, 0)
            }
        };
        if end == ChildEnd::Ok {
            self.last_cow_size = cow_peak;
        }
        self.last_duration_s = now_s - started_s;
        Some(Finished { kind, end, dirty_saved, cleanup })
    }

    fn disk_save_ended(&mut self, end: ChildEnd, temp: &std::path::Path, now_s: i64) -> Option<Duration> {
        match end {
            ChildEnd::Ok => {
                log_notice!("Background saving terminated with success");
                self.last_save_s = now_s;
                self.last_ok = true;
            }
            ChildEnd::Failed => {
                log_warning!("Background saving error");
                self.last_ok = false;
            }
            ChildEnd::Killed(signal) => {
                log_warning!("Background saving terminated by signal {signal}");
                let began = Instant::now();
                remove_temp(temp);
                if !end.stopped_on_request() {
                    self.last_ok = false;
                }
                return Some(began.elapsed());
            }
        }
        None
    }

    /// Lets the child of a socket save end: all it wrote has been read.
    pub fn let_child_exit(&mut self) {
        if let State::SavingSocket { exit_pipe, .. } = &mut self.state {
            *exit_pipe = None;
        }
    }

    /// Asks the running child to stop; [`Self::poll`] sees it end as killed, which is no failure.
    pub fn stop_child(&self) {
        if let Some(child) = self.child() {
            child.stop();
        }
    }

    /// Stops the running child because the server exits: most likely nobody will poll, so its file goes at once.
    pub fn stop_child_at_exit(&self) {
        self.stop_child();
        if let State::SavingDisk { temp, .. } = &self.state {
            remove_temp(temp);
        }
    }

    /// The first save point that is reached. Ask only while no child runs.
    #[must_use]
    pub fn save_point_due(&self, points: &[SavePoint], dirty: u64, now_s: i64) -> Option<SavePoint> {
        if !self.may_retry(now_s) {
            return None;
        }
        save_point_reached(points, dirty, now_s - self.last_save_s)
    }

    fn may_retry(&self, now_s: i64) -> bool {
        self.last_ok || now_s - self.last_try_s > RETRY_DELAY_S
    }

    /// Whether writes must be refused, the last BGSAVE having failed (`stop-writes-on-bgsave-error`).
    #[must_use]
    pub fn refuses_writes(&self, stop_writes_on_error: bool, has_save_points: bool) -> bool {
        stop_writes_on_error && has_save_points && !self.last_ok
    }

    /// LASTSAVE: seconds since 1970 at which the data was last saved in full.
    #[must_use]
    pub fn last_save_s(&self) -> i64 {
        self.last_save_s
    }

    /// CONFIG RESETSTAT.
    pub fn reset_stats(&mut self) {
        self.saves = 0;
    }

    /// The values of INFO persistence that are about saving.
    #[must_use]
    pub fn info(&self, now_s: i64) -> SaveInfo {
        let child = self.child().map(|child| *child.figures()).unwrap_or_default();
        let current_s = match self.state {
            State::Idle => -1,
            State::SavingDisk { started_s, .. } | State::SavingSocket { started_s, .. } => now_s - started_s,
        };
        SaveInfo {
            child,
            in_progress: self.running().is_some(),
            last_save_s: self.last_save_s,
            last_ok: self.last_ok,
            last_duration_s: self.last_duration_s,
            current_duration_s: current_s,
            saves: self.saves,
            last_cow_size: self.last_cow_size,
        }
    }
}

/// What INFO persistence says about saving.
#[derive(Debug, Clone, Copy)]
pub struct SaveInfo {
    /// current_cow_size and its relatives, current_save_keys_*; zeros when no child runs.
    pub child: ChildFigures,
    /// rdb_bgsave_in_progress
    pub in_progress: bool,
    /// rdb_last_save_time
    pub last_save_s: i64,
    /// rdb_last_bgsave_status
    pub last_ok: bool,
    /// rdb_last_bgsave_time_sec, -1 for never
    pub last_duration_s: i64,
    /// rdb_current_bgsave_time_sec, -1 for none
    pub current_duration_s: i64,
    /// rdb_saves
    pub saves: u64,
    /// rdb_last_cow_size
    pub last_cow_size: u64,
}

/// The first of the points that is reached: at least that many changes, and more than that many seconds since the last
/// save.
#[must_use]
pub fn save_point_reached(points: &[SavePoint], dirty: u64, since_save_s: i64) -> Option<SavePoint> {
    let changed = |point: &SavePoint| dirty >= u64::try_from(point.changes).unwrap_or(0);
    points.iter().copied().find(|point| changed(point) && since_save_s > point.seconds)
}

fn spawn(keyspace: &Keyspace, keep: &[i32], work: impl FnOnce(&mut Reporter) -> bool) -> io::Result<Spawned> {
    Child::spawn("RDB", total_keys(keyspace), keep, work)
        .inspect_err(|error| log_warning!("Can't save in background: fork: {}", strerror(error)))
}

fn send_framed(
    keyspace: &Keyspace,
    pipe: &mut PipeWriter,
    options: &SaveOptions<'_>,
    eof_mark: &[u8; 40],
    reporter: &mut Reporter,
) -> io::Result<()> {
    pipe.write_all(&[b"$EOF:", &eof_mark[..], b"\r\n"].concat())?;
    save(keyspace, &mut *pipe, options, Some(reporter))?;
    pipe.write_all(eof_mark)
}

fn total_keys(keyspace: &Keyspace) -> u64 {
    (0..keyspace.db_count()).map(|db| keyspace.len(db) as u64).sum()
}

fn log_transfer_end(end: ChildEnd) {
    match end {
        ChildEnd::Ok => log_notice!("Background RDB transfer terminated with success"),
        ChildEnd::Failed => log_warning!("Background transfer error"),
        ChildEnd::Killed(signal) => log_warning!("Background transfer terminated by signal {signal}"),
    }
}

fn remove_temp(path: &std::path::Path) {
    // It may never have been opened.
    let _ = std::fs::remove_file(path);
}

#[cfg(test)]
mod tests;
