//! Clients that wait for a key: who stands where in which line, and until when.
//!
//! A command that finds nothing asks to wait (`server::command::Wait`); its client then stands in the line of each of its
//! keys, with a copy of its arguments. The keyspace notes the keys that come to hold a list or the like, as long as
//! anybody waits at all; after the command that did it `exec::blocked` runs the waiting commands again, the first in line
//! first. Lines are ordered by a number that grows with each client that begins to wait, so that leaving one costs a
//! search in a tree, and thousands of clients may wait for one key. So are the deadlines, of which the loop looks at the
//! first alone. There are as many of these as there are clients, and their keys are bounded by the query buffer's limit.

use super::Server;
use super::command::{CommandId, Wait};
use crate::client::{Blocked, ClientId, KeyWait};
use crate::protocol::args::OwnedArgs;
use crate::protocol::{Args, CmdError};
use smallvec::SmallVec;
use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::time::Duration;

/// The clients that wait for one key, in order.
type Line = BTreeMap<u64, ClientId>;

/// The lines of all keys.
#[derive(Default)]
pub struct Waiting {
    /// By database.
    lines: Vec<HashMap<Box<[u8]>, Line>>,
    /// By deadline, monotonic microseconds, and place.
    deadlines: BTreeMap<(u64, u64), ClientId>,
    /// The place that was given last.
    last: u64,
    clients: usize,
}

impl Waiting {
    fn add(&mut self, id: ClientId, wait: &KeyWait) {
        if self.lines.len() <= wait.db {
            self.lines.resize_with(wait.db + 1, HashMap::default);
        }
        for key in &wait.keys {
            let line = match self.lines[wait.db].get_mut(key) {
                Some(line) => line,
                None => self.lines[wait.db].entry(key.clone()).or_default(),
            };
            line.insert(wait.place, id);
        }
        if let Some(at) = wait.deadline_us {
            self.deadlines.insert((at, wait.place), id);
        }
        self.clients += 1;
    }

    fn remove(&mut self, wait: &KeyWait) {
        for key in &wait.keys {
            if let Some(line) = self.lines[wait.db].get_mut(key) {
                line.remove(&wait.place);
                if line.is_empty() {
                    self.lines[wait.db].remove(key);
                }
            }
        }
        if let Some(at) = wait.deadline_us {
            self.deadlines.remove(&(at, wait.place));
        }
        self.clients -= 1;
    }

    /// The first client in a key's line behind a place.
    #[must_use]
    pub fn next_in_line(&self, db: usize, key: &[u8], behind: u64) -> Option<(u64, ClientId)> {
        let line = self.lines.get(db)?.get(key)?;
        line.range(behind + 1..).next().map(|(place, id)| (*place, *id))
    }

    fn keys(&self) -> Vec<(usize, Box<[u8]>)> {
        let in_each = self.lines.iter().enumerate();
        in_each.flat_map(|(db, lines)| lines.keys().map(move |key| (db, key.clone()))).collect()
    }
}

impl Server {
    /// Makes a client wait for keys of its command.
    pub fn wait_for_keys(&mut self, id: ClientId, command: CommandId, args: Args<'_>, db: usize, wait: Wait) {
        let mut keys: SmallVec<[Box<[u8]>; 1]> = SmallVec::new();
        for key in wait.keys.filter_map(|i| args.get(i)) {
            if !keys.iter().any(|known| **known == *key) {
                keys.push(key.into());
            }
        }
        let now_us = self.clock.monotonic_us();
        // A time beyond all clocks is never reached.
        let deadline_us =
            wait.timeout_ms.and_then(|ms| ms.checked_mul(1000)).and_then(|us| us.checked_add(now_us));
        self.waiting.last += 1;
        let wait = Box::new(KeyWait {
            place: self.waiting.last,
            db,
            kind: wait.kind,
            keys,
            deadline_us,
            command: command.0,
            args: OwnedArgs::copy_of(args),
        });
        self.waiting.add(id, &wait);
        self.keyspace.effects.awaited = true;
        self.client_mut(id).blocked = Some(Blocked::Keys(wait));
    }

    /// Takes a client that waits no more out of all lines.
    pub(super) fn leave_lines(&mut self, wait: &KeyWait) {
        self.waiting.remove(wait);
        self.keyspace.effects.awaited = self.waiting.clients > 0;
    }

    /// The keys that are ready since the last call, as far as anybody waits for them.
    pub fn take_ready_keys(&mut self) -> Vec<(usize, Box<[u8]>)> {
        let effects = &mut self.keyspace.effects;
        let mut ready = mem::take(&mut effects.ready);
        if mem::take(&mut effects.all_ready) {
            ready = self.waiting.keys();
        }
        ready.retain(|(db, key)| self.waiting.next_in_line(*db, key, 0).is_some());
        ready
    }

    /// Answers the clients whose time is over.
    pub fn answer_timeouts(&mut self) {
        if self.waiting.deadlines.is_empty() {
            return;
        }
        let now_us = self.clock.measure_us();
        while let Some(entry) = self.waiting.deadlines.first_entry()
            && entry.key().0 <= now_us
        {
            let id = *entry.get();
            self.reply(id).null_array();
            self.unblock(id);
            self.queue_write(id);
        }
    }

    /// How long the loop may sleep for the sake of those who wait.
    #[must_use]
    pub fn waiting_patience(&self) -> Duration {
        match self.waiting.deadlines.first_key_value() {
            Some(((at, _), _)) => Duration::from_micros(at.saturating_sub(self.clock.measure_us())),
            None => Duration::MAX,
        }
    }

    /// Answers an error to a client that waits for keys or replicas.
    pub fn unblock_with_error(&mut self, id: ClientId, error: &CmdError) {
        self.stats.count_error(error.code());
        self.reply(id).error(error);
        self.reply(id).take_last_error();
        self.unblock(id);
        self.queue_write(id);
    }

    /// We are no primary any more: what clients wait for will not come, or not for them to take.
    pub(super) fn unblock_for_role_change(&mut self) {
        let error = CmdError::new(
            "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
        );
        let waits =
            |blocked: &Option<Blocked>| matches!(blocked, Some(Blocked::Wait { .. } | Blocked::Keys(_)));
        let all: Vec<ClientId> = self.clients.iter().filter(|c| waits(&c.blocked)).map(|c| c.id).collect();
        for id in all {
            self.unblock_with_error(id, &error);
            self.close_after_reply(id);
        }
    }
}
