//! An ordered set of records, each with a stream's id, in little memory.
//!
//! ```text
//! first: leaf of up to 128 records, in order        rest: B-tree  lower bound -> leaf of up to 128 records
//!
//! leaf, packed:  base | key, ... | key, ... | ...   key = (ms - base ms) << 32 | seq
//! leaf, wide:    record | record | ...
//! ```
//!
//! A leaf keeps its records as differences from a base, which nearly all ids of a stream that lie side by side allow; a
//! leaf in which one does not fit keeps them whole. What comes in order fills one leaf after the other, and what goes
//! in order goes from the first leaf, which lies beside the tree: a set of a few records has no tree at all. Leaves that
//! have become small are joined.

use crate::value::stream::StreamId;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound;

/// A leaf with more records is split.
const LEAF_MAX: usize = 128;
/// Two leaves side by side become one if it has no more records than this.
const JOINED_MAX: usize = LEAF_MAX * 3 / 4;
/// A leaf with so much room does not give it back.
const ROOM_MIN: usize = 8;

/// What a [`Runs`] keeps.
pub trait Record: Copy {
    /// What the records of a leaf are packed against.
    type Base: Copy + std::fmt::Debug;
    /// A record as a leaf keeps it: at least its id's key.
    type Packed: Copy + std::fmt::Debug;

    fn id(&self) -> StreamId;
    /// The base that is best for these records, of which there is at least one.
    fn base(records: &[Self]) -> Self::Base;
    fn pack(&self, base: Self::Base) -> Option<Self::Packed>;
    fn unpack(packed: Self::Packed, base: Self::Base) -> Self;
    /// The base's part for ids.
    fn base_ms(base: Self::Base) -> u64;
    fn key(packed: Self::Packed) -> u64;
}

/// The key of an id, if it fits.
#[inline]
pub fn pack_id(id: StreamId, base_ms: u64) -> Option<u64> {
    let ms = u32::try_from(id.ms.checked_sub(base_ms)?).ok()?;
    let seq = u32::try_from(id.seq).ok()?;
    Some(u64::from(ms) << 32 | u64::from(seq))
}

#[inline]
pub fn unpack_id(key: u64, base_ms: u64) -> StreamId {
    StreamId { ms: base_ms + (key >> 32), seq: key & u64::from(u32::MAX) }
}

#[derive(Clone, Debug)]
pub struct Runs<R: Record> {
    first: Leaf<R>,
    /// Each leaf's ids are from its bound on and before the next one's.
    rest: BTreeMap<StreamId, Leaf<R>>,
    len: usize,
}

impl<R: Record> Default for Runs<R> {
    fn default() -> Self {
        Runs { first: Leaf::Wide(Vec::new()), rest: BTreeMap::new(), len: 0 }
    }
}

impl<R: Record> Runs<R> {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn get(&self, id: StreamId) -> Option<R> {
        let leaf = self.rest.range(..=id).next_back().map_or(&self.first, |(_, leaf)| leaf);
        leaf.position(id).ok().map(|at| leaf.get(at))
    }

    pub fn first(&self) -> Option<R> {
        self.first.last().map(|_| self.first.get(0))
    }

    pub fn last(&self) -> Option<R> {
        self.rest.last_key_value().map_or(&self.first, |(_, leaf)| leaf).last()
    }

    /// Adds a record; gives one of the same id back, which it replaces.
    pub fn insert(&mut self, record: R) -> Option<R> {
        let id = record.id();
        let leaf = self.rest.range_mut(..=id).next_back().map_or(&mut self.first, |(_, leaf)| leaf);
        let at = match leaf.position(id) {
            Ok(at) => {
                let old = leaf.get(at);
                leaf.set(at, record);
                return Some(old);
            }
            Err(at) => at,
        };
        self.len += 1;
        if leaf.len() < LEAF_MAX {
            leaf.insert(at, record);
        } else if at == LEAF_MAX {
            self.rest.insert(id, Leaf::of(&[record]));
        } else {
            let mut upper = leaf.split_off(LEAF_MAX / 2);
            match at.checked_sub(LEAF_MAX / 2) {
                // The first of the upper half is the bound, so none of its records is put before it.
                Some(at) if at > 0 => upper.insert(at, record),
                _ => leaf.insert(at, record),
            }
            self.rest.insert(upper.get(0).id(), upper);
        }
        None
    }

    /// Changes a record, though not its id; false if there is none.
    pub fn update(&mut self, id: StreamId, change: impl FnOnce(&mut R)) -> bool {
        let leaf = self.rest.range_mut(..=id).next_back().map_or(&mut self.first, |(_, leaf)| leaf);
        let Ok(at) = leaf.position(id) else { return false };
        let mut record = leaf.get(at);
        change(&mut record);
        leaf.set(at, record);
        true
    }

    pub fn remove(&mut self, id: StreamId) -> Option<R> {
        let (bound, leaf) = self.leaf_mut(id);
        let at = leaf.position(id).ok()?;
        let record = leaf.get(at);
        leaf.remove(at);
        let left = leaf.len();
        self.len -= 1;
        // Looking at the neighbour costs, so that is done now and then.
        if left == 0 || (left.is_power_of_two() && left <= LEAF_MAX / 4) {
            self.tidy(bound);
        }
        Some(record)
    }

    /// Removes all records in one leaf, that of `id`, for which this holds; the last id of the leaf, if it has any.
    pub fn remove_in_leaf(&mut self, id: StreamId, mut goes: impl FnMut(&R) -> bool) -> Option<StreamId> {
        let (bound, leaf) = self.leaf_mut(id);
        let last = leaf.last()?.id();
        let kept: Vec<R> = leaf.records_from(0).filter(|record| !goes(record)).collect();
        let gone = leaf.len() - kept.len();
        if gone > 0 {
            *leaf = Leaf::of(&kept);
            self.len -= gone;
            self.tidy(bound);
        }
        Some(last)
    }

    /// The records from an id on, in order.
    pub fn range(&self, from: StreamId) -> impl Iterator<Item = R> + '_ {
        let bound = self.rest.range(..=from).next_back().map(|(bound, _)| *bound);
        let (first, rest) = match bound {
            None => (Some(&self.first), Bound::Unbounded),
            Some(bound) => (None, Bound::Included(bound)),
        };
        let rest = self.rest.range((rest, Bound::Unbounded)).map(|(_, leaf)| leaf);
        first.into_iter().chain(rest).flat_map(move |leaf| {
            let at = leaf.position(from).unwrap_or_else(|at| at);
            leaf.records_from(at)
        })
    }

    /// How many allocations there are, about.
    pub fn leaves(&self) -> usize {
        1 + self.rest.len()
    }

    /// Bytes that it takes beside its own, of so many leaves, the others taken to be like them.
    pub fn memory(&self, samples: usize) -> usize {
        /// A leaf with its bound, in a tree whose nodes are two thirds full.
        const fn in_tree<L>() -> usize {
            (size_of::<StreamId>() + size_of::<L>()) * 3 / 2
        }
        let leaves = self.rest.values().map(|leaf| leaf.bytes() + in_tree::<Leaf<R>>());
        self.first.bytes() + crate::value::extrapolate(samples.max(1), self.rest.len(), leaves)
    }

    /// The leaf where an id belongs, and its bound unless it is the first.
    fn leaf_mut(&mut self, id: StreamId) -> (Option<StreamId>, &mut Leaf<R>) {
        match self.rest.range_mut(..=id).next_back() {
            Some((bound, leaf)) => (Some(*bound), leaf),
            None => (None, &mut self.first),
        }
    }

    /// Takes an empty leaf out, or joins one with the next, or the one before, if both are small.
    fn tidy(&mut self, bound: Option<StreamId>) {
        let Some(bound) = bound else {
            if self.first.is_empty() {
                if let Some((_, next)) = self.rest.pop_first() {
                    self.first = next;
                }
            } else if let Some(next) = self.rest.first_entry()
                && next.get().len() + self.first.len() <= JOINED_MAX
            {
                self.first.append(next.remove());
            }
            return;
        };
        let Entry::Occupied(entry) = self.rest.entry(bound) else { unreachable!("a leaf was found there") };
        if entry.get().is_empty() {
            entry.remove();
            return;
        }
        let len = entry.get().len();
        let after = (Bound::Excluded(bound), Bound::Unbounded);
        if let Some((&next, leaf)) = self.rest.range(after).next()
            && leaf.len() + len <= JOINED_MAX
        {
            let next = self.rest.remove(&next).expect("it was just found");
            self.rest.get_mut(&bound).expect("it was just found").append(next);
            return;
        }
        let before = self.rest.range(..bound).next_back().map_or(self.first.len(), |(_, leaf)| leaf.len());
        if before + len <= JOINED_MAX {
            let leaf = self.rest.remove(&bound).expect("it was just found");
            let before = self.rest.range_mut(..bound).next_back().map_or(&mut self.first, |(_, leaf)| leaf);
            before.append(leaf);
        }
    }

    /// Checks what must hold.
    #[cfg(test)]
    pub fn check(&self) {
        let mut len = self.first.len();
        let mut last = self.first.last().map(|record| record.id());
        assert!(!self.first.is_empty() || self.rest.is_empty());
        for leaf in std::iter::once(&self.first).chain(self.rest.values()) {
            let ids: Vec<StreamId> = leaf.records_from(0).map(|record| record.id()).collect();
            assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(ids.len() <= LEAF_MAX);
        }
        for (bound, leaf) in &self.rest {
            assert!(last.is_some_and(|last| last < *bound) && *bound <= leaf.get(0).id());
            last = leaf.last().map(|record| record.id());
            len += leaf.len();
        }
        assert_eq!(len, self.len);
    }
}

#[derive(Clone, Debug)]
enum Leaf<R: Record> {
    Packed { base: R::Base, records: Vec<R::Packed> },
    Wide(Vec<R>),
}

impl<R: Record> Leaf<R> {
    /// Packs records if all of them fit.
    fn of(records: &[R]) -> Self {
        if records.is_empty() {
            return Leaf::Wide(Vec::new());
        }
        let base = R::base(records);
        match records.iter().map(|record| record.pack(base)).collect() {
            Some(records) => Leaf::Packed { base, records },
            None => Leaf::Wide(records.to_vec()),
        }
    }

    #[inline]
    fn len(&self) -> usize {
        match self {
            Leaf::Packed { records, .. } => records.len(),
            Leaf::Wide(records) => records.len(),
        }
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    fn get(&self, at: usize) -> R {
        match self {
            Leaf::Packed { base, records } => R::unpack(records[at], *base),
            Leaf::Wide(records) => records[at],
        }
    }

    fn last(&self) -> Option<R> {
        self.len().checked_sub(1).map(|at| self.get(at))
    }

    fn records_from(&self, at: usize) -> impl Iterator<Item = R> + '_ {
        (at..self.len()).map(|at| self.get(at))
    }

    /// Where an id is, or where it belongs.
    #[inline]
    fn position(&self, id: StreamId) -> Result<usize, usize> {
        match self {
            Leaf::Packed { base, records } => {
                let base = R::base_ms(*base);
                if let Some(key) = pack_id(id, base) {
                    // What comes in order belongs at the end.
                    if records.last().is_none_or(|last| R::key(*last) < key) {
                        return Err(records.len());
                    }
                    return records.binary_search_by_key(&key, |packed| R::key(*packed));
                }
                Err(match id.ms.checked_sub(base) {
                    None => 0,
                    Some(ms) if ms > u64::from(u32::MAX) => records.len(),
                    // Its sequence number is beyond all that are packed.
                    Some(ms) => records.partition_point(|packed| R::key(*packed) >> 32 <= ms),
                })
            }
            Leaf::Wide(records) => records.binary_search_by_key(&id, R::id),
        }
    }

    fn insert(&mut self, at: usize, record: R) {
        match self {
            Leaf::Packed { base, records } => {
                if let Some(packed) = record.pack(*base) {
                    records.insert(at, packed);
                } else {
                    self.repack(|records| records.insert(at, record));
                }
            }
            Leaf::Wide(records) if records.is_empty() => *self = Leaf::of(&[record]),
            Leaf::Wide(records) => records.insert(at, record),
        }
    }

    fn set(&mut self, at: usize, record: R) {
        match self {
            Leaf::Packed { base, records } => match record.pack(*base) {
                Some(packed) => records[at] = packed,
                None => self.repack(|records| records[at] = record),
            },
            Leaf::Wide(records) => records[at] = record,
        }
    }

    /// Changes records in a way that may need another base.
    fn repack(&mut self, change: impl FnOnce(&mut Vec<R>)) {
        let mut records: Vec<R> = self.records_from(0).collect();
        change(&mut records);
        *self = Leaf::of(&records);
    }

    fn remove(&mut self, at: usize) {
        match self {
            Leaf::Packed { records, .. } => {
                records.remove(at);
                shrink(records);
            }
            Leaf::Wide(records) => {
                records.remove(at);
                shrink(records);
            }
        }
    }

    /// Takes the records from `at` on out.
    fn split_off(&mut self, at: usize) -> Self {
        let records: Vec<R> = self.records_from(0).collect();
        *self = Leaf::of(&records[..at]);
        Leaf::of(&records[at..])
    }

    /// Adds records that come behind its own.
    fn append(&mut self, other: Self) {
        let records: Vec<R> = self.records_from(0).chain(other.records_from(0)).collect();
        *self = Leaf::of(&records);
    }

    fn bytes(&self) -> usize {
        match self {
            Leaf::Packed { records, .. } => records.capacity() * size_of::<R::Packed>(),
            Leaf::Wide(records) => records.capacity() * size_of::<R>(),
        }
    }
}

/// Gives room back of which more than half is unused.
fn shrink<T>(records: &mut Vec<T>) {
    let (len, capacity) = (records.len(), records.capacity());
    if capacity > ROOM_MIN && len * 8 <= capacity * 3 {
        records.shrink_to(len * 4 / 3);
    }
}
