//! The consumers of a group. Each has a number, by which pending entries name it, and an ordered set of the ids that it
//! was given and has not acknowledged. The numbers lie in order of the names, which is the order of replies.

use super::runs::Runs;
use crate::value::stream::StreamId;

/// No consumer has this number: it stands for none while a group is loaded.
pub const NOBODY: u32 = (1 << 20) - 1;

#[derive(Clone, Debug)]
pub struct Consumer {
    name: Box<[u8]>,
    /// When it was last named in a command, unix time in ms.
    pub seen_ms: i64,
    /// When it was last given an entry; -1 if never.
    pub active_ms: i64,
    pub(super) pending: Runs<StreamId>,
}

impl Consumer {
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The ids of the entries it has not acknowledged.
    pub fn pending(&self) -> &Runs<StreamId> {
        &self.pending
    }
}

#[derive(Clone, Debug, Default)]
pub struct Consumers {
    /// By number.
    slots: Vec<Option<Box<Consumer>>>,
    free: Vec<u32>,
    /// Numbers in order of the names.
    by_name: Vec<u32>,
}

impl Consumers {
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    pub fn find(&self, name: &[u8]) -> Option<u32> {
        self.position(name).ok().map(|at| self.by_name[at])
    }

    pub fn get(&self, number: u32) -> &Consumer {
        self.slots[number as usize].as_deref().expect("a number is a consumer's")
    }

    pub fn get_mut(&mut self, number: u32) -> &mut Consumer {
        self.slots[number as usize].as_deref_mut().expect("a number is a consumer's")
    }

    /// In order of the names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Consumer> {
        self.by_name.iter().map(|number| self.get(*number))
    }

    /// Adds a consumer, unless there is one of this name.
    pub fn create(&mut self, name: &[u8], seen_ms: i64) -> Option<u32> {
        let at = self.position(name).err()?;
        let consumer =
            Box::new(Consumer { name: name.into(), seen_ms, active_ms: -1, pending: Runs::default() });
        let number = self.free.pop().unwrap_or_else(|| {
            if self.slots.len() == NOBODY as usize {
                self.slots.push(None);
            }
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("memory has no room for so many")
        });
        self.slots[number as usize] = Some(consumer);
        self.by_name.insert(at, number);
        Some(number)
    }

    /// The consumer of this name, made if there is none, which is seen now; and whether it was made.
    pub fn named(&mut self, name: &[u8], now_ms: i64) -> (u32, bool) {
        if let Some(number) = self.find(name) {
            self.get_mut(number).seen_ms = now_ms;
            return (number, false);
        }
        (self.create(name, now_ms).expect("there is none"), true)
    }

    pub(super) fn remove(&mut self, number: u32) -> Box<Consumer> {
        let at = self.position(&self.get(number).name).expect("each consumer is in order");
        self.by_name.remove(at);
        let consumer = self.slots[number as usize].take().expect("it was just found");
        self.free.push(number);
        if self.by_name.is_empty() {
            *self = Consumers::default();
        }
        consumer
    }

    fn position(&self, name: &[u8]) -> Result<usize, usize> {
        // While a group is loaded they come in order.
        match self.by_name.last() {
            Some(last) if *self.get(*last).name < *name => Err(self.by_name.len()),
            _ => self.by_name.binary_search_by(|number| (*self.get(*number).name).cmp(name)),
        }
    }

    /// Bytes that they take, of so many looked at.
    pub(super) fn memory(&self, samples: usize) -> usize {
        let each = self
            .iter()
            .map(|consumer| size_of::<Consumer>() + consumer.name.len() + consumer.pending.memory(samples));
        let numbers = (self.free.capacity() + self.by_name.capacity()) * size_of::<u32>();
        let slots = self.slots.capacity() * size_of::<Option<Box<Consumer>>>();
        numbers + slots + crate::value::extrapolate(samples.max(1), self.len(), each)
    }
}
