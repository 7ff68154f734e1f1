//! Which clients may have cached which key: a table of the keys that clients have read, each with the numbers of these
//! clients.
//!
//! A key that a few have read is one block of bytes, as members of large sets are:
//!
//! ```text
//!  | count 1..=FEW | number 8 | number 8 | ... | key |
//!  | 0             | place 8  | key |                     the numbers are a set of their own, in `many`
//! ```
//!
//! Clients are known by their numbers, which are never used twice, so that one that goes away is looked for nowhere: its
//! number goes with the key, when that changes. The owner bounds the keys, and thereby the numbers: each key has no more
//! than there were clients.

use crate::ds::hashing;
use crate::ds::member::Member;
use crate::ds::table::{Element, Table};
use slab::Slab;
use smallvec::SmallVec;
use std::collections::HashSet;

/// So many numbers lie with their key.
const FEW: usize = 16;
const NUMBER: usize = size_of::<u64>();

type Many = HashSet<u64, ahash::RandomState>;

/// Keys and the numbers of clients.
#[derive(Default)]
pub struct TrackingTable {
    keys: Table<Member>,
    many: Slab<Many>,
    /// Numbers in all.
    items: usize,
    /// Where a block is put together.
    block: Vec<u8>,
}

/// A key's block, taken apart.
struct Entry<'a> {
    count: usize,
    numbers: &'a [u8],
    key: &'a [u8],
}

impl<'a> Entry<'a> {
    fn of(member: &'a Member) -> Entry<'a> {
        let (count, rest) = member.bytes().split_first().expect("a block begins with a count");
        let (numbers, key) = rest.split_at(usize::from(*count).max(1) * NUMBER);
        Entry { count: usize::from(*count), numbers, key }
    }

    fn numbers(&self) -> impl Iterator<Item = u64> {
        self.numbers.as_chunks().0.iter().map(|number| u64::from_ne_bytes(*number))
    }

    /// Where the numbers are, if not here.
    fn place(&self) -> Option<usize> {
        let place = || self.numbers().next().expect("a place") as usize;
        (self.count == 0).then(place)
    }
}

fn hash_of(member: &Member) -> u64 {
    hashing::hash(Entry::of(member).key)
}

impl TrackingTable {
    /// A client has read a key.
    pub fn remember(&mut self, key: &[u8], number: u64) {
        let TrackingTable { keys, many, items, block, .. } = self;
        let hash = hashing::hash(key);
        let Some(known) = keys.find_mut(hash, |member| Entry::of(member).key == key) else {
            assemble(block, 1, std::iter::once(number), key);
            keys.insert(hash, Member::new(block), hash_of);
            *items += 1;
            return;
        };
        let entry = Entry::of(known);
        if let Some(place) = entry.place() {
            *items += usize::from(many[place].insert(number));
            return;
        }
        if entry.numbers().any(|other| other == number) {
            return;
        }
        *items += 1;
        let all = entry.numbers().chain([number]);
        if entry.count < FEW {
            assemble(block, entry.count as u8 + 1, all, key);
        } else {
            let [a, b, c, d] = hashing::seeds();
            let mut set = Many::with_hasher(ahash::RandomState::with_seeds(a, b, c, d));
            set.extend(all);
            assemble(block, 0, std::iter::once(many.insert(set) as u64), key);
        }
        let stash = known.stash();
        *known = Member::new(block);
        known.set_stash(stash);
    }

    /// Forgets a key; gives the numbers of the clients that had read it.
    pub fn take(&mut self, key: &[u8]) -> SmallVec<[u64; FEW]> {
        let taken = self.keys.remove(hashing::hash(key), |member| Entry::of(member).key == key);
        let Some(member) = taken else { return SmallVec::new() };
        let entry = Entry::of(&member);
        let numbers: SmallVec<_> = match entry.place() {
            Some(place) => self.many.remove(place).into_iter().collect(),
            None => entry.numbers().collect(),
        };
        self.items -= numbers.len();
        numbers
    }

    /// A key drawn at random.
    #[must_use]
    pub fn random_key(&self, rng: impl FnMut() -> u64) -> Option<Vec<u8>> {
        self.keys.random(rng).map(|member| Entry::of(member).key.to_vec())
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many numbers there are with all keys together.
    #[must_use]
    pub fn items(&self) -> usize {
        self.items
    }
}

fn assemble(block: &mut Vec<u8>, count: u8, numbers: impl Iterator<Item = u64>, key: &[u8]) {
    block.clear();
    block.push(count);
    numbers.for_each(|number| block.extend_from_slice(&number.to_ne_bytes()));
    block.extend_from_slice(key);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::rng::Rng;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn behaves_as_a_map_of_sets() {
        for seed in 0..20 {
            let mut rng = Rng::seeded(seed);
            let mut twin: BTreeMap<Vec<u8>, BTreeSet<u64>> = BTreeMap::new();
            let mut table = TrackingTable::default();
            // Many clients of few keys, or the other way round.
            let (keys, clients) = if seed % 2 == 0 { (5, 200) } else { (500, 5) };
            for _ in 0..5000 {
                let key = vec![b'k'; rng.below(keys) as usize];
                if rng.below(if seed % 2 == 0 { 400 } else { 4 }) > 0 {
                    let number = rng.below(clients) + (1 << 40);
                    table.remember(&key, number);
                    twin.entry(key).or_default().insert(number);
                } else {
                    let mut numbers = table.take(&key);
                    numbers.sort_unstable();
                    let expected = twin.remove(&key).unwrap_or_default();
                    assert!(numbers.iter().eq(expected.iter()), "seed {seed}");
                }
                assert_eq!(table.len(), twin.len(), "seed {seed}");
                assert_eq!(table.items(), twin.values().map(BTreeSet::len).sum::<usize>(), "seed {seed}");
            }
            while let Some(key) = table.random_key(|| rng.next_u64()) {
                let expected = twin.remove(&key).expect("a key that is there");
                assert_eq!(table.take(&key).len(), expected.len(), "seed {seed}");
            }
            assert!(twin.is_empty() && table.is_empty() && table.items() == 0 && table.many.is_empty());
        }
    }

    #[test]
    fn a_key_that_one_client_has_read_takes_one_small_block() {
        let mut table = TrackingTable::default();
        for n in 0..100_000 {
            table.remember(format!("key:{n:016}").as_bytes(), 7);
        }
        let blocks: usize = table.keys.iter().map(Member::memory).sum();
        let bytes = (blocks + table.keys.memory()) as f64 / 100_000.0;
        assert!(bytes < 20.0 + 30.0, "{bytes} bytes a key of 20 bytes");
    }
}
