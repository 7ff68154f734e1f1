//! Clients that wait for a key: who stands where in which line, and until when.
//!
//! A command that finds nothing asks to wait (`server::command::Wait`); its client then stands in the line of each of its
//! keys, with a copy of its arguments. The keyspace notes the keys that come to hold a list or the like, as long as
//! anybody waits at all; after the command that did it `exec::blocked` runs the waiting commands again, the first in line
//! first. Readers of a stream are not taken from each other, and each has its own place in the stream: their line is by
//! the id up to which they have read, so that a new entry finds those whom it concerns and nobody else. Who waits for a
//! consumer group stands in the line of that group, which ends with the first who gets nothing. Lines are ordered by a number that grows with each client that begins to wait, so that leaving one costs a
//! search in a tree, and thousands of clients may wait for one key. So are the deadlines, of which the loop looks at the
//! first alone. There are as many of these as there are clients, and their keys are bounded by the query buffer's limit.

use super::Server;
use super::command::{CommandId, Wait};
use crate::client::{Blocked, ClientId, KeyWait, News};
use crate::ds::hashing;
use crate::protocol::args::OwnedArgs;
use crate::protocol::{Args, CmdError};
use crate::value::stream::StreamId;
use smallvec::SmallVec;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::mem;
use std::time::Duration;

/// The clients that wait for one key. A place is never given twice.
#[derive(Default)]
struct Line {
    /// Those who take elements of a list or sorted set, by place.
    takers: BTreeMap<u64, ClientId>,
    /// Those who read a stream, by the id behind which they read on, and place.
    readers: BTreeMap<(StreamId, u64), ClientId>,
    /// Those who take entries of a stream for a consumer group, by its name and place.
    groups: BTreeMap<Box<[u8]>, BTreeMap<u64, ClientId>>,
}

/// What a key takes, besides its own bytes, of a client that is the first in its line: the key twice, the line, and the
/// room of eleven that a tree begins with.
const LINE_COST: usize = 2 * size_of::<Box<[u8]>>()
    + size_of::<Line>()
    + 11 * size_of::<(u64, ClientId)>()
    + 2 * size_of::<usize>();

impl Line {
    fn add(&mut self, id: ClientId, wait: &KeyWait, key: usize) {
        match &wait.news {
            None => self.takers.insert(wait.place, id),
            Some(News::After(ids)) => self.readers.insert((ids[key], wait.place), id),
            Some(News::Group(name)) => match self.groups.get_mut(name) {
                Some(group) => group.insert(wait.place, id),
                None => self.groups.entry(name.clone()).or_default().insert(wait.place, id),
            },
        };
    }

    fn remove(&mut self, wait: &KeyWait, key: usize) {
        match &wait.news {
            None => {
                self.takers.remove(&wait.place);
            }
            Some(News::After(ids)) => {
                self.readers.remove(&(ids[key], wait.place));
            }
            Some(News::Group(name)) => {
                if let Some(group) = self.groups.get_mut(name) {
                    group.remove(&wait.place);
                    if group.is_empty() {
                        self.groups.remove(name);
                    }
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.takers.is_empty() && self.readers.is_empty() && self.groups.is_empty()
    }
}

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
        for (i, key) in wait.keys.iter().enumerate() {
            let line = match self.lines[wait.db].get_mut(key) {
                Some(line) => line,
                None => self.lines[wait.db].entry(key.clone()).or_default(),
            };
            line.add(id, wait, i);
        }
        if let Some(at) = wait.deadline_us {
            self.deadlines.insert((at, wait.place), id);
        }
        self.clients += 1;
    }

    fn remove(&mut self, wait: &KeyWait) {
        for (i, key) in wait.keys.iter().enumerate() {
            if let Some(line) = self.lines[wait.db].get_mut(key) {
                line.remove(wait, i);
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

    fn line(&self, db: usize, key: &[u8]) -> Option<&Line> {
        self.lines.get(db)?.get(key)
    }

    /// The first client behind a place in the line of those who wait for a key's elements.
    #[must_use]
    pub fn next_in_line(&self, db: usize, key: &[u8], behind: u64) -> Option<(u64, ClientId)> {
        let (place, id) = self.line(db, key)?.takers.range(behind + 1..).next()?;
        Some((*place, *id))
    }

    /// Those who read a stream and have not read up to `last`, with their places.
    #[must_use]
    pub fn readers_behind(&self, db: usize, key: &[u8], last: StreamId) -> Vec<(u64, ClientId)> {
        let Some(line) = self.line(db, key) else { return Vec::new() };
        line.readers.range(..(last, 0)).map(|((_, place), id)| (*place, *id)).collect()
    }

    /// The names of the consumer groups of a stream for which somebody waits.
    #[must_use]
    pub fn groups(&self, db: usize, key: &[u8]) -> Vec<Box<[u8]>> {
        self.line(db, key).map(|line| line.groups.keys().cloned().collect()).unwrap_or_default()
    }

    /// The first client behind a place in the line of a consumer group.
    #[must_use]
    pub fn next_in_group(&self, db: usize, key: &[u8], group: &[u8], behind: u64) -> Option<(u64, ClientId)> {
        let (place, id) = self.line(db, key)?.groups.get(group)?.range(behind + 1..).next()?;
        Some((*place, *id))
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
        let mut news = wait.news;
        let [a, b, c, d] = hashing::seeds();
        let mut known = HashSet::with_hasher(ahash::RandomState::with_seeds(a, b, c, d));
        let several = wait.keys.len() > 1;
        let mut bytes = 0;
        // A key counts where it stands first.
        let first: SmallVec<[bool; 1]> = wait
            .keys
            .filter_map(|i| args.get(i))
            .map(|key| {
                let new = !several || known.insert(key);
                if new {
                    keys.push(key.into());
                    bytes += LINE_COST + 2 * key.len();
                }
                new
            })
            .collect();
        if let Some(News::After(ids)) = &mut news {
            let mut first = first.iter();
            ids.retain(|_| first.next().is_none_or(|first| *first));
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
            bytes,
            news,
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
            // Those that are known to be first in the order in which they became so.
            ready.extend(self.waiting.keys());
        }
        ready.retain(|(db, key)| self.waiting.line(*db, key).is_some());
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
