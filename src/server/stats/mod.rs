//! What is counted while the server runs: INFO stats, commandstats, errorstats and latencystats.

pub mod histogram;

use super::command::CommandId;
use histogram::Histogram;
use std::collections::BTreeMap;

/// Error codes kept apart at the most; beyond them errors of any text could fill the memory.
const ERROR_CODES_MAX: usize = 128;
/// Samples that an instantaneous figure is the mean of.
const RATE_SAMPLES: usize = 16;

/// Figures of one command.
#[derive(Debug, Clone, Default)]
pub struct CommandFigures {
    /// Times it ran.
    pub calls: u64,
    /// Time it took, microseconds.
    pub usec: u64,
    /// Times it was refused before it ran.
    pub rejected: u64,
    /// Times it answered an error.
    pub failed: u64,
    /// How long it took; made when it first runs.
    pub latency: Option<Histogram>,
}

/// A figure per second, over the last second or so.
#[derive(Debug, Clone, Default)]
pub struct Rate {
    samples: [u64; RATE_SAMPLES],
    next: usize,
    last_value: u64,
    last_us: u64,
}

impl Rate {
    /// Takes the running total at a moment.
    pub fn sample(&mut self, value: u64, now_us: u64) {
        if self.last_us > 0 {
            let elapsed = now_us.saturating_sub(self.last_us).max(1);
            let gained = u128::from(value.saturating_sub(self.last_value));
            self.samples[self.next] = (gained * 1_000_000 / u128::from(elapsed)) as u64;
            self.next = (self.next + 1) % RATE_SAMPLES;
        }
        self.last_value = value;
        self.last_us = now_us;
    }

    /// The mean, per second.
    #[must_use]
    pub fn per_second(&self) -> u64 {
        self.samples.iter().sum::<u64>() / RATE_SAMPLES as u64
    }
}

/// All counters. CONFIG RESETSTAT sets them back to 0, all but the largest memory seen.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// By command number.
    pub commands: Vec<CommandFigures>,
    /// Error replies by their first word.
    pub errors: BTreeMap<Box<[u8]>, u64>,
    /// Error replies.
    pub total_error_replies: u64,
    /// Errors that a replica had in a command from its primary.
    pub unexpected_error_replies: u64,
    /// Connections accepted.
    pub connections_received: u64,
    /// Connections refused because of maxclients.
    pub rejected_connections: u64,
    /// Commands run.
    pub commands_processed: u64,
    /// Bytes from clients.
    pub net_input_bytes: u64,
    /// Bytes to clients.
    pub net_output_bytes: u64,
    /// Bytes from our primary.
    pub net_repl_input_bytes: u64,
    /// Bytes to our replicas.
    pub net_repl_output_bytes: u64,
    /// Read events handled.
    pub reads_processed: u64,
    /// Write events handled.
    pub writes_processed: u64,
    /// Full resynchronisations with replicas.
    pub sync_full: u64,
    /// Partial resynchronisations accepted.
    pub sync_partial_ok: u64,
    /// Partial resynchronisations refused.
    pub sync_partial_err: u64,
    /// Largest memory seen, bytes.
    pub peak_memory: usize,
    /// Time spent in active expiry, microseconds.
    pub expire_cycle_us: u64,
    /// Forks.
    pub total_forks: u64,
    /// How long the last fork took, microseconds.
    pub latest_fork_usec: u64,
    /// How fast the last fork was, GB of memory a second.
    pub fork_rate: f64,
    /// Clients closed for reaching an output limit.
    pub client_output_limit_disconnections: u64,
    /// Clients closed for reaching the query buffer limit.
    pub client_query_limit_disconnections: u64,
    /// DUMP payloads checked deeply.
    pub dump_payload_sanitizations: u64,
    /// Commands a second.
    pub ops: Rate,
    /// Bytes in a second.
    pub input: Rate,
    /// Bytes out a second.
    pub output: Rate,
    /// Bytes from our primary a second.
    pub repl_input: Rate,
    /// Bytes to our replicas a second.
    pub repl_output: Rate,
}

impl Stats {
    /// All zero, for so many commands.
    #[must_use]
    pub fn new(commands: usize) -> Self {
        Stats { commands: vec![CommandFigures::default(); commands], ..Stats::default() }
    }

    /// The figures of a command.
    pub fn command(&mut self, id: CommandId) -> &mut CommandFigures {
        &mut self.commands[usize::from(id.0)]
    }

    /// A command ran for so many microseconds.
    pub fn ran(&mut self, id: CommandId, usec: u64, failed: bool, track_latency: bool) {
        self.commands_processed += 1;
        let figures = &mut self.commands[usize::from(id.0)];
        figures.calls += 1;
        figures.usec += usec;
        figures.failed += u64::from(failed);
        if track_latency {
            figures.latency.get_or_insert_default().record(usec * 1000);
        }
    }

    /// A command that had waited was served, in so many microseconds.
    pub fn unblocked(&mut self, id: CommandId, usec: u64, failed: bool, track_latency: bool) {
        let figures = &mut self.commands[usize::from(id.0)];
        figures.usec += usec;
        figures.failed += u64::from(failed);
        if track_latency {
            figures.latency.get_or_insert_default().record(usec * 1000);
        }
    }

    /// An error was replied.
    pub fn count_error(&mut self, code: &[u8]) {
        self.total_error_replies += 1;
        if let Some(count) = self.errors.get_mut(code) {
            *count += 1;
        } else if self.errors.len() < ERROR_CODES_MAX {
            self.errors.insert(code.into(), 1);
        }
    }

    /// CONFIG RESETSTAT.
    pub fn reset(&mut self) {
        *self = Stats { peak_memory: self.peak_memory, ..Stats::new(self.commands.len()) };
    }
}
