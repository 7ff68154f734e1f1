//! The one place that forks.
//!
//! A child is a copy of the server at one moment: it writes that moment out while the parent goes on, and each page
//! that either side then changes is copied by the kernel. So the child does little besides writing: it closes what it
//! inherited (sockets, the event loop), takes its own signal handling, logs with one `write` a line, and leaves by
//! `_exit`, running none of the parent's cleanup.
//!
//! It tells the parent how far it is through an info pipe, in reports of fixed size:
//!
//! ```text
//! 0        8              16             24              32
//! | final  | keys written | cow bytes    | cow age us    |    u64 little-endian each; final is 0 or 1
//! ```
//!
//! A child does not outlive its parent: what it would finish could replace the newer file of a server started after
//! its own. The kernel sends it SIGUSR1 when the parent ends, and where that is not to be had, a report that cannot be
//! written tells.

use crate::sys::errno::strerror;
use crate::sys::fork::{self, Exit, Forked};
use crate::sys::give_back::GiveBack;
use crate::sys::{memory, pipe};
use crate::{log_notice, log_verbose, log_warning};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::{Duration, Instant};

const REPORT_LEN: usize = 32;

/// Between two reports of a working child.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// The clock is asked once in this many keys.
const KEYS_PER_CLOCK_CHECK: u64 = 1024;

/// Reading the copy-on-write figure may take at most one part in this many of the child's time: it is slow in a big
/// process.
const COW_DUTY_CYCLE: u32 = 100;

/// How a child ended, in the server's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChildEnd {
    /// All went well.
    Ok,
    /// The child met an error, and logged it.
    Failed,
    /// This signal ended it. SIGUSR1 is how the server itself stops a child, and no failure.
    Killed(i32),
}

impl ChildEnd {
    /// Whether the child was stopped by the server, not by an accident.
    #[must_use]
    pub fn stopped_on_request(self) -> bool {
        self == ChildEnd::Killed(libc::SIGUSR1)
    }
}

/// What a running child has reported.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChildFigures {
    /// Bytes copied on write, last read.
    pub cow_size: u64,
    /// The most it has been.
    pub cow_peak: u64,
    /// When `cow_size` was read.
    pub cow_read_at: Option<Instant>,
    /// Keys written so far.
    pub keys_processed: u64,
    /// Keys there were at the fork.
    pub keys_total: u64,
}

impl ChildFigures {
    /// Whole seconds since the copy-on-write figure was read.
    #[must_use]
    pub fn cow_age_s(&self) -> u64 {
        self.cow_read_at.map_or(0, |at| at.elapsed().as_secs())
    }

    /// How much of the keys is written, in percent.
    #[must_use]
    pub fn percent(&self) -> f64 {
        if self.keys_total == 0 { 0.0 } else { self.keys_processed as f64 / self.keys_total as f64 * 100.0 }
    }
}

/// A running child, seen from the parent.
#[derive(Debug)]
pub struct Child {
    pid: i32,
    info: PipeReader,
    /// Invariant: `partial_len < REPORT_LEN` between reads.
    partial: [u8; REPORT_LEN],
    partial_len: usize,
    figures: ChildFigures,
}

/// A child just made.
#[derive(Debug)]
pub struct Spawned {
    /// The child.
    pub child: Child,
    /// How long the fork held the server up.
    pub fork_us: u64,
}

impl Child {
    /// Forks and runs `work` in the child, which exits with code 0 if `work` returns true, else 1.
    ///
    /// `keep` are the descriptors that `work` uses; all others above 2 are closed in the child. `name` is what the
    /// child is called in its log lines (`RDB`).
    ///
    /// # Errors
    /// No pipe, or no process, could be made.
    pub fn spawn(
        name: &'static str,
        keys_total: u64,
        keep: &[RawFd],
        work: impl FnOnce(&mut Reporter) -> bool,
    ) -> io::Result<Spawned> {
        let (info, report_to) = pipe::nonblocking_reader()?;
        let parent = std::process::id();
        let before = Instant::now();
        match fork::fork()? {
            Forked::Child(pages) => run_child(Reporter::new(name, report_to, pages), parent, keep, work),
            Forked::Parent(pid) => {
                let fork_us = before.elapsed().as_micros() as u64;
                let figures = ChildFigures { keys_total, ..ChildFigures::default() };
                let child = Child { pid, info, partial: [0; REPORT_LEN], partial_len: 0, figures };
                Ok(Spawned { child, fork_us })
            }
        }
    }

    /// The child's process id.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// What the child has reported so far.
    #[must_use]
    pub fn figures(&self) -> &ChildFigures {
        &self.figures
    }

    /// Reads what the child reported, without waiting.
    pub fn read_reports(&mut self) {
        loop {
            match self.info.read(&mut self.partial[self.partial_len..]) {
                Ok(0) => return,
                Ok(n) => self.partial_len += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // WouldBlock: nothing there. Any other error cannot be mended by reading again; the child's exit
                // status will tell.
                Err(_) => return,
            }
            if self.partial_len == REPORT_LEN {
                self.partial_len = 0;
                self.take_report();
            }
        }
    }

    fn take_report(&mut self) {
        let field = |n: usize| {
            let bytes =
                self.partial[n * 8..n * 8 + 8].try_into().expect("a report has four fields of 8 bytes");
            u64::from_le_bytes(bytes)
        };
        let (is_final, keys, cow, age_us) = (field(0) != 0, field(1), field(2), field(3));
        self.figures.cow_peak = self.figures.cow_peak.max(cow);
        if !is_final {
            self.figures.cow_size = cow;
            self.figures.cow_read_at = Instant::now().checked_sub(Duration::from_micros(age_us));
            self.figures.keys_processed = keys;
        }
    }

    /// Asks without waiting whether the child has ended; after `Some` the child is gone and must be dropped.
    pub fn try_reap(&mut self) -> Option<ChildEnd> {
        let end = match fork::try_wait(self.pid) {
            Ok(None) => return None,
            Ok(Some(exit)) => end_of(exit),
            Err(error) => {
                log_warning!("waitpid() returned an error: {}, child_pid = {}", strerror(&error), self.pid);
                ChildEnd::Failed
            }
        };
        // The last report is in the pipe by now.
        self.read_reports();
        Some(end)
    }

    /// Asks the child to stop: it ends as [`ChildEnd::Killed`] by SIGUSR1, and still has to be reaped.
    pub fn stop(&self) {
        // An error means that it has ended already.
        let _ = fork::kill(self.pid, libc::SIGUSR1);
    }
}

fn end_of(exit: Exit) -> ChildEnd {
    match exit {
        Exit::Code(0) => ChildEnd::Ok,
        Exit::Code(fork::STOPPED_ON_REQUEST) => ChildEnd::Killed(libc::SIGUSR1),
        Exit::Code(_) => ChildEnd::Failed,
        Exit::Signal(signal) => ChildEnd::Killed(signal),
    }
}

fn run_child(
    mut reporter: Reporter,
    parent: u32,
    keep: &[RawFd],
    work: impl FnOnce(&mut Reporter) -> bool,
) -> ! {
    // First of all, since a signal may come at any time and must not run the parent's handling.
    fork::reset_child_signals();
    fork::stop_with_parent(parent);
    crate::util::log::set_role(crate::util::log::Role::Child);
    crate::sys::time::freeze_offset();
    let mut keep: Vec<RawFd> = keep.iter().copied().chain([reporter.pipe.as_raw_fd()]).collect();
    fork::close_descriptors_except(&mut keep);
    // Unwinding out of here would run on as a second server.
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut reporter)));
    fork::exit_now(i32::from(!matches!(done, Ok(true))))
}

/// The parent is gone: nobody waits for this child's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParentGone;

impl From<ParentGone> for io::Error {
    fn from(_: ParentGone) -> Self {
        io::Error::new(io::ErrorKind::BrokenPipe, "the server that forked this child is gone")
    }
}

/// The child's end of the info pipe.
#[derive(Debug)]
pub struct Reporter {
    name: &'static str,
    pipe: PipeWriter,
    keys: u64,
    reported_at: Option<Instant>,
    cow: CowReader,
    pages: GiveBack,
}

impl Reporter {
    fn new(name: &'static str, pipe: PipeWriter, pages: GiveBack) -> Self {
        Reporter { name, pipe, keys: 0, reported_at: None, cow: CowReader::default(), pages }
    }

    /// Gives memory back that has been written out.
    pub fn pages(&mut self) -> &mut GiveBack {
        &mut self.pages
    }

    /// Counts a key as written, and reports about once a second.
    ///
    /// # Errors
    /// The parent is gone: stop, and leave nothing behind.
    pub fn key_written(&mut self) -> Result<(), ParentGone> {
        self.keys += 1;
        if self.keys % KEYS_PER_CLOCK_CHECK != 1 {
            return Ok(());
        }
        if self.reported_at.is_none_or(|at| at.elapsed() >= REPORT_INTERVAL) {
            self.send(false)?;
            self.reported_at = Some(Instant::now());
        }
        Ok(())
    }

    /// Whether somebody still waits for this child's work.
    ///
    /// # Errors
    /// The parent is gone.
    pub fn check_parent(&self) -> Result<(), ParentGone> {
        if pipe::other_end_closed(self.pipe.as_fd()) { Err(ParentGone) } else { Ok(()) }
    }

    /// Sends the last report, when the work is done.
    ///
    /// # Errors
    /// The parent is gone.
    pub fn finish(&mut self) -> Result<(), ParentGone> {
        self.send(true)
    }

    fn send(&mut self, is_final: bool) -> Result<(), ParentGone> {
        self.cow.read(self.name, is_final);
        let age_us = self.cow.read_at.map_or(0, |at| at.elapsed().as_micros() as u64);
        let mut report = [0u8; REPORT_LEN];
        for (field, value) in
            report.chunks_exact_mut(8).zip([u64::from(is_final), self.keys, self.cow.bytes, age_us])
        {
            field.copy_from_slice(&value.to_le_bytes());
        }
        self.pipe.write_all(&report).map_err(|error| {
            log_warning!("Child failed reporting info to parent, exiting. {}", strerror(&error));
            ParentGone
        })
    }
}

/// The child's copy-on-write figure, read no more often than its cost allows.
#[derive(Debug, Default)]
struct CowReader {
    bytes: u64,
    peak: u64,
    sum: u64,
    readings: u64,
    read_at: Option<Instant>,
    cost: Duration,
}

impl CowReader {
    fn read(&mut self, name: &str, is_final: bool) {
        let due = self.read_at.is_none_or(|at| at.elapsed() > self.cost * COW_DUTY_CYCLE);
        if !is_final && !due {
            return;
        }
        let before = Instant::now();
        self.bytes = memory::private_dirty() as u64;
        self.cost = before.elapsed();
        self.read_at = Some(Instant::now());
        self.peak = self.peak.max(self.bytes);
        self.sum += self.bytes;
        self.readings += 1;
        let (now, peak, average) = (self.bytes >> 20, self.peak >> 20, (self.sum / self.readings) >> 20);
        if is_final {
            log_notice!("Fork CoW for {name}: current {now} MB, peak {peak} MB, average {average} MB");
        } else if self.bytes > 0 {
            log_verbose!("Fork CoW for {name}: current {now} MB, peak {peak} MB, average {average} MB");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reap(child: &mut Child) -> ChildEnd {
        let end = fork::wait(child.pid).map(end_of).expect("the child ends");
        child.read_reports();
        end
    }

    #[test]
    fn a_child_reports_its_keys_and_its_copied_pages() {
        let mut spawned = Child::spawn("RDB", 3000, &[], |reporter| {
            let dirtied = vec![1u8; 4 << 20];
            for _ in 0..3000 {
                if reporter.key_written().is_err() {
                    return false;
                }
            }
            reporter.finish().is_ok() && dirtied.len() == 4 << 20
        })
        .expect("fork");
        assert_eq!(reap(&mut spawned.child), ChildEnd::Ok);
        let figures = spawned.child.figures();
        assert_eq!(
            (figures.keys_processed, figures.keys_total),
            (1, 3000),
            "the first key is reported at once"
        );
        assert!(figures.cow_peak >= 4 << 20, "{figures:?}");
        assert!(figures.percent() > 0.0);
    }

    #[test]
    fn a_child_whose_work_fails_or_panics_ends_as_failed() {
        let mut failing = Child::spawn("RDB", 0, &[], |_| false).expect("fork");
        assert_eq!(reap(&mut failing.child), ChildEnd::Failed);
        // Without the panic hook, whose lock another test's thread may hold at the fork.
        let mut panicking =
            Child::spawn("RDB", 0, &[], |_| std::panic::resume_unwind(Box::new(()))).expect("fork");
        assert_eq!(reap(&mut panicking.child), ChildEnd::Failed);
    }

    #[test]
    fn a_child_stopped_by_the_server_is_told_from_a_killed_one() {
        let hold = |signal: fn(&Child)| {
            let (hold, _never_written) = std::io::pipe().expect("pipe");
            let fd = hold.as_raw_fd();
            let mut spawned = Child::spawn("RDB", 0, &[fd], |reporter| {
                let ready = reporter.key_written().is_ok();
                let _ = (&hold).read(&mut [0]);
                ready
            })
            .expect("fork");
            let child = &mut spawned.child;
            while child.figures.keys_processed == 0 {
                assert_eq!(child.try_reap(), None);
                child.read_reports();
                std::thread::yield_now();
            }
            signal(child);
            reap(child)
        };
        assert!(hold(Child::stop).stopped_on_request());
        let killed = hold(|child| fork::kill(child.pid, libc::SIGKILL).expect("kill"));
        assert_eq!(killed, ChildEnd::Killed(libc::SIGKILL));
    }

    #[test]
    fn a_child_without_a_parent_notices() {
        let (info, report_to) = pipe::nonblocking_reader().expect("pipe");
        let mut reporter = Reporter::new("RDB", report_to, GiveBack::for_test());
        assert_eq!(reporter.check_parent(), Ok(()));
        drop(info);
        assert_eq!(reporter.check_parent(), Err(ParentGone));
        assert_eq!(reporter.key_written(), Err(ParentGone));
    }
}
