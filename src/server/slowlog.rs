//! SLOWLOG: the last commands that took too long, newest first, with their arguments cut to a bounded size.

use crate::protocol::{Args, OwnedArgs};
use std::collections::VecDeque;

/// Arguments kept of a command, the last of them saying how many more there were.
const ARGS_MAX: usize = 32;
/// Bytes kept of an argument.
const ARG_BYTES_MAX: usize = 128;

/// A command that took too long.
#[derive(Debug)]
pub struct Slow {
    /// A number that is never used again.
    pub id: u64,
    /// When it ran, seconds since 1970.
    pub time_s: i64,
    /// How long it took, microseconds.
    pub usec: u64,
    /// What it was.
    pub args: OwnedArgs,
    /// Who sent it: `ip:port`.
    pub peer: String,
    /// The client's name.
    pub client_name: Vec<u8>,
}

/// The log.
#[derive(Debug, Default)]
pub struct Slowlog {
    entries: VecDeque<Slow>,
    next_id: u64,
}

impl Slowlog {
    /// Adds a command; beyond `max` entries the oldest go.
    pub fn push(
        &mut self,
        args: Args<'_>,
        usec: u64,
        time_s: i64,
        peer: String,
        client_name: Vec<u8>,
        max: u64,
    ) {
        let entry = Slow { id: self.next_id, time_s, usec, args: shorten(args), peer, client_name };
        self.next_id += 1;
        self.entries.push_front(entry);
        self.trim(max);
    }

    /// Drops the oldest entries beyond `max`.
    pub fn trim(&mut self, max: u64) {
        self.entries.truncate(usize::try_from(max).unwrap_or(usize::MAX));
    }

    /// The entries, newest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Slow> {
        self.entries.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// SLOWLOG RESET.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

fn shorten(args: Args<'_>) -> OwnedArgs {
    let mut short = OwnedArgs::new();
    let shown = if args.len() > ARGS_MAX { ARGS_MAX - 1 } else { args.len() };
    for arg in args.iter().take(shown) {
        if arg.len() > ARG_BYTES_MAX {
            let more = format!("... ({} more bytes)", arg.len() - ARG_BYTES_MAX);
            short.push(&[&arg[..ARG_BYTES_MAX], more.as_bytes()].concat());
        } else {
            short.push(arg);
        }
    }
    if args.len() > shown {
        short.push(format!("... ({} more arguments)", args.len() - shown).as_bytes());
    }
    short
}
