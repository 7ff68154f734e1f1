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
pub mod id;

#[cfg(test)]
mod testing;

/// Milliseconds of a clock that never goes back.
pub type Millis = u64;

/// How loud a log line is, as in `loglevel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Verbose,
    Notice,
    Warning,
}

/// A line for the log, in Redis's wording where Redis has the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub level: Level,
    pub text: String,
}
