//! What replicas are told of readers: who was given which entry, and how far a group has read. What a reader gets depends
//! on the moment, so that commands which say what came of it travel in the place of his.

use crate::keyspace::effects::{Effects, Propagate};
use crate::protocol::args::OwnedArgs;
use crate::value::stream::group::Pending;
use crate::value::stream::{IdText, StreamId};
use smallvec::SmallVec;

/// Commands that travel in the place of the one that runs.
pub(super) struct Travels<'a> {
    key: &'a [u8],
    group: &'a [u8],
    /// Nobody would hear of them.
    unheard: bool,
    count: usize,
    commands: SmallVec<[OwnedArgs; 1]>,
}

impl<'a> Travels<'a> {
    pub fn new(effects: &Effects, key: &'a [u8], group: &'a [u8]) -> Self {
        Travels { key, group, unheard: effects.unheard, count: 0, commands: SmallVec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// An entry, its id as given, is pending for a consumer.
    pub fn claim(&mut self, id: &[u8], consumer: &[u8], pending: &Pending, last_id: StreamId) {
        self.count += 1;
        if self.unheard {
            return;
        }
        let (mut time, mut deliveries, mut last) = (itoa::Buffer::new(), itoa::Buffer::new(), IdText::new());
        let parts: [&[u8]; 14] = [
            b"XCLAIM",
            self.key,
            self.group,
            consumer,
            b"0",
            id,
            b"TIME",
            time.format(pending.delivered_ms).as_bytes(),
            b"RETRYCOUNT",
            deliveries.format(pending.deliveries as i64).as_bytes(),
            b"FORCE",
            b"JUSTID",
            b"LASTID",
            last_id.text(&mut last),
        ];
        self.commands.push(OwnedArgs::collect(parts.iter()));
    }

    /// The group has read so far.
    pub fn set_id(&mut self, last_id: StreamId, entries_read: Option<i64>) {
        let mut count = itoa::Buffer::new();
        self.add(&[
            b"XGROUP",
            b"SETID",
            self.key,
            self.group,
            last_id.text(&mut IdText::new()),
            b"ENTRIESREAD",
            count.format(entries_read.unwrap_or(-1)).as_bytes(),
        ]);
    }

    /// The group has a new consumer.
    pub fn create_consumer(&mut self, consumer: &[u8]) {
        self.add(&[b"XGROUP", b"CREATECONSUMER", self.key, self.group, consumer]);
    }

    fn add(&mut self, parts: &[&[u8]]) {
        self.count += 1;
        if !self.unheard {
            self.commands.push(OwnedArgs::collect(parts.iter()));
        }
    }

    /// Puts them in the place of the command that runs, behind those that are there.
    pub fn apply(self, effects: &mut Effects) {
        match &mut effects.propagate {
            Propagate::Instead(commands) => commands.extend(self.commands),
            _ if self.commands.is_empty() => effects.propagate = Propagate::Never,
            propagate => *propagate = Propagate::Instead(self.commands),
        }
    }
}
