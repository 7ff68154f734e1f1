//! The consumer groups of a stream: how far each has read, and which entries its consumers have not acknowledged.
//!
//! A group's pending entries are one ordered set of records that name their consumer ([`Pending`]); each consumer has
//! the ids of its own besides ([`Consumer::pending`]). Both are [`Runs`]: 24 bytes an entry in all, and every change
//! costs a search in each. Groups lie in order of their names, which is the order of replies.

mod consumers;
mod pending;
mod progress;
mod runs;
#[cfg(test)]
mod tests;

pub use consumers::{Consumer, Consumers};
pub use pending::Pending;
pub use runs::Runs;

use super::StreamId;
use consumers::NOBODY;

#[derive(Clone, Debug)]
pub struct Group {
    name: Box<[u8]>,
    /// The last entry that was delivered to any consumer.
    pub last_id: StreamId,
    /// How many entries of those ever added are up to there, if that is known.
    pub entries_read: Option<i64>,
    pending: Runs<Pending>,
    consumers: Consumers,
}

impl Group {
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    pub fn pending(&self) -> &Runs<Pending> {
        &self.pending
    }

    pub fn consumers(&self) -> &Consumers {
        &self.consumers
    }

    pub fn consumers_mut(&mut self) -> &mut Consumers {
        &mut self.consumers
    }

    /// Who has a pending entry.
    pub fn consumer_of(&self, pending: &Pending) -> &Consumer {
        self.consumers.get(pending.consumer)
    }

    /// What is pending for a consumer, from an id on.
    pub fn pending_of<'a>(
        &'a self,
        consumer: &'a Consumer,
        from: StreamId,
    ) -> impl Iterator<Item = Pending> + 'a {
        let pending = |id| self.pending.get(id).expect("a consumer's entry is the group's");
        consumer.pending.range(from).map(pending)
    }

    /// Makes an entry pending, or changes one that is; it is taken from the consumer that had it.
    pub fn assign(&mut self, pending: Pending) {
        let id = pending.id;
        match self.pending.insert(pending) {
            Some(old) if old.consumer == pending.consumer => return,
            Some(old) => {
                let had = self.consumers.get_mut(old.consumer).pending.remove(id);
                debug_assert!(had.is_some(), "it is pending for its consumer");
            }
            None => {}
        }
        self.consumers.get_mut(pending.consumer).pending.insert(id);
    }

    /// Notes that a pending entry was delivered again.
    pub fn deliver_again(&mut self, id: StreamId, now_ms: i64) {
        self.pending.update(id, |pending| {
            pending.delivered_ms = now_ms;
            pending.deliveries = pending.deliveries.wrapping_add(1);
        });
    }

    /// An entry is pending no more; false if it was not.
    pub fn remove(&mut self, id: StreamId) -> bool {
        let Some(pending) = self.pending.remove(id) else { return false };
        let had = self.consumers.get_mut(pending.consumer).pending.remove(id);
        debug_assert!(had.is_some(), "it is pending for its consumer");
        true
    }

    /// Removes a consumer and what is pending for it; returns how many entries that were.
    pub fn remove_consumer(&mut self, number: u32) -> usize {
        let consumer = self.consumers.remove(number);
        let mut next = consumer.pending.first();
        while let Some(id) = next {
            let last = self.pending.remove_in_leaf(id, |pending| pending.consumer == number);
            next = last.and_then(StreamId::next).and_then(|from| consumer.pending.range(from).next());
        }
        consumer.pending.len()
    }

    fn memory(&self, samples: usize) -> usize {
        size_of::<Group>() + self.name.len() + self.pending.memory(samples) + self.consumers.memory(samples)
    }

    /// Checks what must hold.
    #[cfg(test)]
    fn check(&self) {
        self.pending.check();
        let mut of_consumers = 0;
        for consumer in self.consumers.iter() {
            consumer.pending.check();
            of_consumers += consumer.pending.len();
            for id in consumer.pending.range(StreamId::MIN) {
                let pending = self.pending.get(id).expect("a consumer's entry is the group's");
                assert_eq!(self.consumer_of(&pending).name(), consumer.name());
            }
        }
        assert_eq!(of_consumers, self.pending.len());
    }
}

/// The groups of a stream, in order of their names.
#[derive(Clone, Debug, Default)]
pub struct Groups(Vec<Group>);

impl Groups {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In order of the names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.0.iter()
    }

    /// The place of a group, which it keeps until one is added or removed.
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        self.position(name).ok()
    }

    pub fn get(&self, name: &[u8]) -> Option<&Group> {
        self.position(name).ok().map(|at| &self.0[at])
    }

    pub fn get_mut(&mut self, name: &[u8]) -> Option<&mut Group> {
        self.position(name).ok().map(|at| &mut self.0[at])
    }

    /// Adds a group; false if there is one of this name.
    pub fn create(&mut self, name: &[u8], last_id: StreamId, entries_read: Option<i64>) -> bool {
        let group = Group {
            name: name.into(),
            last_id,
            entries_read,
            pending: Runs::default(),
            consumers: Consumers::default(),
        };
        self.add(group)
    }

    pub fn remove(&mut self, name: &[u8]) -> bool {
        self.position(name).map(|at| self.0.remove(at)).is_ok()
    }

    fn add(&mut self, group: Group) -> bool {
        let Err(at) = self.position(&group.name) else { return false };
        self.0.insert(at, group);
        true
    }

    fn position(&self, name: &[u8]) -> Result<usize, usize> {
        self.0.binary_search_by(|group| (*group.name).cmp(name))
    }

    /// How many allocations freeing them takes, about.
    pub fn free_effort(&self) -> usize {
        let of_group = |group: &Group| 1 + group.consumers.len() + group.pending.leaves();
        // One is taken to be like the others, as in Redis.
        self.0.first().map_or(0, |group| self.len() * of_group(group))
    }

    /// Bytes that they take, of so many looked at.
    pub fn memory(&self, samples: usize) -> usize {
        let each = self.iter().map(|group| group.memory(samples));
        crate::value::extrapolate(samples.max(1), self.len(), each)
    }
}

impl std::ops::Index<usize> for Groups {
    type Output = Group;

    fn index(&self, at: usize) -> &Group {
        &self.0[at]
    }
}

impl std::ops::IndexMut<usize> for Groups {
    fn index_mut(&mut self, at: usize) -> &mut Group {
        &mut self.0[at]
    }
}

/// A group that is read from a file, in the order that it is written in: the pending entries first, whose consumers come
/// afterwards.
#[derive(Debug)]
pub struct Loading {
    group: Group,
    /// How many pending entries have no consumer yet.
    unowned: usize,
}

/// What is wrong with a group that is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corrupt {
    Group,
    Pending,
    Consumer,
    /// A consumer has an entry that is not pending, or that another one has.
    Owner,
    /// Nobody has a pending entry.
    NoOwner,
}

impl Loading {
    pub fn new(name: &[u8], last_id: StreamId, entries_read: Option<i64>) -> Self {
        let mut groups = Groups::default();
        groups.create(name, last_id, entries_read);
        let group = groups.0.pop().expect("it was just made");
        Loading { group, unowned: 0 }
    }

    /// Adds a pending entry, whose consumer is yet to come.
    pub fn pending(&mut self, id: StreamId, delivered_ms: i64, deliveries: u64) -> Result<(), Corrupt> {
        let pending = Pending { id, consumer: NOBODY, delivered_ms, deliveries };
        if self.group.pending.insert(pending).is_some() {
            return Err(Corrupt::Pending);
        }
        self.unowned += 1;
        Ok(())
    }

    /// Adds a consumer, which the next entries are of; returns its number.
    pub fn consumer(&mut self, name: &[u8], seen_ms: i64, active_ms: i64) -> Result<u32, Corrupt> {
        let number = self.group.consumers.create(name, seen_ms).ok_or(Corrupt::Consumer)?;
        self.group.consumers.get_mut(number).active_ms = active_ms;
        Ok(number)
    }

    /// Gives a pending entry to a consumer.
    pub fn own(&mut self, number: u32, id: StreamId) -> Result<(), Corrupt> {
        let mut taken = false;
        let found = self.group.pending.update(id, |pending| {
            taken = pending.consumer != NOBODY;
            if !taken {
                pending.consumer = number;
            }
        });
        if !found || taken {
            return Err(Corrupt::Owner);
        }
        self.group.consumers.get_mut(number).pending.insert(id);
        self.unowned -= 1;
        Ok(())
    }

    pub fn finish(self, groups: &mut Groups) -> Result<(), Corrupt> {
        if self.unowned > 0 {
            return Err(Corrupt::NoOwner);
        }
        if groups.add(self.group) { Ok(()) } else { Err(Corrupt::Group) }
    }
}
