//! The keyspace's hash table.

use std::collections::BTreeMap;
use std::time::Duration;

/// A hash table of entries whose hash and equality the caller gives.
pub struct Table<E> {
    map: BTreeMap<u64, Vec<E>>,
    len: usize,
    paused: bool,
}

/// What to do with an entry that a search came upon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Not the one.
    Skip,
    /// The one: leave it in the table.
    Keep,
    /// The one: remove it.
    Take,
}

/// What a search with [`Verdict`]s came to.
pub enum Found<'a, E> {
    Missing,
    Kept(&'a mut E),
    Taken(E),
}

impl<E> Default for Table<E> {
    fn default() -> Self {
        Table::new()
    }
}

impl<E> Table<E> {
    pub const fn new() -> Table<E> {
        Table { map: BTreeMap::new(), len: 0, paused: false }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn find(&self, hash: u64, mut eq: impl FnMut(&E) -> bool) -> Option<&E> {
        self.map.get(&hash)?.iter().find(|e| eq(e))
    }

    pub fn find_mut(&mut self, hash: u64, mut eq: impl FnMut(&E) -> bool) -> Option<&mut E> {
        self.map.get_mut(&hash)?.iter_mut().find(|e| eq(e))
    }

    /// Adds an entry that the caller knows is not there.
    pub fn insert(&mut self, hash: u64, entry: E, _rehash: impl Fn(&E) -> u64) -> &mut E {
        self.len += 1;
        let slot = self.map.entry(hash).or_default();
        slot.push(entry);
        slot.last_mut().expect("just pushed")
    }

    pub fn remove(&mut self, hash: u64, mut eq: impl FnMut(&E) -> bool) -> Option<E> {
        match self.find_or_take(hash, |e| if eq(e) { Verdict::Take } else { Verdict::Skip }) {
            Found::Taken(entry) => Some(entry),
            _ => None,
        }
    }

    /// Looks for an entry that `judge` keeps; one that it takes is removed and handed back.
    pub fn find_or_take(&mut self, hash: u64, mut judge: impl FnMut(&E) -> Verdict) -> Found<'_, E> {
        let Some(slot) = self.map.get_mut(&hash) else { return Found::Missing };
        for at in 0..slot.len() {
            match judge(&slot[at]) {
                Verdict::Skip => {}
                Verdict::Keep => {
                    return Found::Kept(&mut self.map.get_mut(&hash).expect("found above")[at]);
                }
                Verdict::Take => {
                    let entry = slot.swap_remove(at);
                    if slot.is_empty() {
                        self.map.remove(&hash);
                    }
                    self.len -= 1;
                    return Found::Taken(entry);
                }
            }
        }
        Found::Missing
    }

    /// Visits one bucket and returns the next cursor, 0 at the end.
    pub fn scan(&self, cursor: u64, mut visit: impl FnMut(&E)) -> u64 {
        let mut range = self.map.range(cursor..);
        if let Some((_, slot)) = range.next() {
            slot.iter().for_each(&mut visit);
        }
        range.next().map_or(0, |(hash, _)| *hash)
    }

    /// An entry picked with the help of `rng`.
    pub fn random(&self, mut rng: impl FnMut() -> u64) -> Option<&E> {
        let from = rng();
        let slot = self.map.range(from..).next().or_else(|| self.map.iter().next())?.1;
        slot.get(rng() as usize % slot.len())
    }

    pub fn iter(&self) -> impl Iterator<Item = &E> {
        self.map.values().flatten()
    }

    /// Loads the bucket of `hash` into the cache.
    pub fn prefetch(&self, _hash: u64) {}

    /// Makes room for `entries` in an empty table.
    pub fn presize(&mut self, _entries: usize) {}

    /// While paused, no bucket is split or merged (short of a hard fill).
    pub fn pause_resize(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// Goes on resizing for at most `budget`; true when there is more to do.
    pub fn rehash_for(&mut self, _budget: Duration, _rehash: impl Fn(&E) -> u64) -> bool {
        false
    }

    /// The size a C Redis dict of these entries would have, as DEBUG HTSTATS prints it.
    pub fn table_size(&self) -> usize {
        self.len.next_power_of_two().max(4)
    }
}
