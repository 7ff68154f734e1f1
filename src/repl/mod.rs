//! Replication, both sides, as machines without sockets.
//!
//! ```text
//!   primary  feeds others: the stream is written once into the backlog, each replica is a cursor into it
//!   replica  follows one: the link, its handshake, the snapshot, then the stream
//! ```
//!
//! The machines take bytes, events and a clock in, and give bytes, decisions and log lines out. Whoever owns the sockets
//! (and, in the tests, a simulated network) carries them. Nothing here reads a clock, opens a file or forks.

pub mod backlog;
pub mod failover;
pub mod id;
pub mod info;
pub mod primary;
pub mod replica;
pub mod role;

use crate::util::log::Level;

/// Milliseconds of a clock that never goes back.
pub type Millis = u64;

/// Where new replication ids come from: the system, or a seed in the tests.
pub type NewId = Box<dyn FnMut() -> id::ReplId + Send>;

/// A line for the log, in Redis's wording where Redis has the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub level: Level,
    pub text: String,
}

/// The log lines that a machine has to say, until its owner takes them.
#[derive(Debug, Default)]
pub struct LogQueue(Vec<LogLine>);

impl LogQueue {
    pub fn debug(&mut self, text: impl Into<String>) {
        self.push(Level::Debug, text.into());
    }

    pub fn notice(&mut self, text: impl Into<String>) {
        self.push(Level::Notice, text.into());
    }

    pub fn warning(&mut self, text: impl Into<String>) {
        self.push(Level::Warning, text.into());
    }

    /// Takes over what another machine has to say.
    pub fn append(&mut self, other: &mut LogQueue) {
        self.0.append(&mut other.0);
    }

    pub fn take(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut self.0)
    }

    fn push(&mut self, level: Level, text: String) {
        self.0.push(LogLine { level, text });
    }
}
