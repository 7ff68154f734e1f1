//! The hash table, with fields of a hash in it, beside an ordered map. The hash function is chosen by the input: a good
//! one, or one whose values collide. A scan goes on all the time and must visit whatever is there throughout.
#![no_main]

#[path = "../input.rs"]
mod input;

use input::Input;
use libfuzzer_sys::fuzz_target;
use oxidis::ds::field::Field;
use oxidis::ds::table::{Found, Table, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

type Hash = fn(&[u8]) -> u64;

fn number(name: &[u8]) -> u64 {
    u64::from(u16::from_le_bytes([name[0], name[1]]))
}

const HASHES: [Hash; 4] = [
    |name| {
        number(name).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    },
    number,
    |name| number(name) % 5 << 24 | number(name) % 3,
    |_| 0,
];

fn name(n: u16) -> Vec<u8> {
    let mut name = n.to_le_bytes().to_vec();
    name.resize(2 + usize::from(n % 41), b'n');
    name
}

struct Pair {
    table: Table<Field>,
    twin: BTreeMap<Vec<u8>, (Vec<u8>, Option<i64>)>,
    hash: Hash,
    cursor: u64,
    /// What the scan has yet to visit.
    unseen: BTreeSet<Vec<u8>>,
}

impl Pair {
    fn set(&mut self, n: u16, len: usize, expires: Option<i64>) {
        let (name, value) = (name(n), vec![n as u8; len]);
        let hash = (self.hash)(&name);
        match self.table.find_mut(hash, |f| f.field() == name) {
            Some(field) => {
                field.set_value(&value);
                field.set_expires(expires);
                assert!(self.twin.contains_key(&name));
            }
            None => {
                let rehash = self.hash;
                self.table.insert(hash, Field::new(&name, &value, expires), |f| rehash(f.field()));
                assert!(!self.twin.contains_key(&name));
            }
        }
        self.twin.insert(name, (value, expires));
    }

    fn remove(&mut self, n: u16) {
        let name = name(n);
        let judge = |f: &Field| if f.field() == name { Verdict::Take } else { Verdict::Skip };
        let taken = match self.table.find_or_take((self.hash)(&name), judge) {
            Found::Taken(field) => Some((field.value().to_vec(), field.expires())),
            Found::Missing => None,
            Found::Kept(_) => unreachable!("none was to be kept"),
        };
        assert_eq!(taken, self.twin.remove(&name));
        self.unseen.remove(&name);
    }

    fn scan(&mut self) {
        if self.cursor == 0 {
            self.unseen = self.twin.keys().cloned().collect();
        }
        let (twin, unseen) = (&self.twin, &mut self.unseen);
        self.cursor = self.table.scan(self.cursor, |f| {
            assert!(twin.contains_key(f.field()));
            unseen.remove(f.field());
        });
        assert!(self.cursor != 0 || unseen.is_empty(), "the scan has missed {unseen:?}");
    }

    fn check(&self) {
        assert_eq!(self.table.len(), self.twin.len());
        let held: BTreeMap<&[u8], (&[u8], Option<i64>)> =
            self.table.iter().map(|f| (f.field(), (f.value(), f.expires()))).collect();
        assert!(held.into_iter().eq(self.twin.iter().map(|(name, (v, e))| (&name[..], (&v[..], *e)))));
    }
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let hash = HASHES[usize::from(input.byte()) % HASHES.len()];
    let mut pair =
        Pair { table: Table::new(), twin: BTreeMap::new(), hash, cursor: 0, unseen: BTreeSet::new() };
    if input.byte() % 4 == 0 {
        pair.table.presize(usize::from(input.byte()));
    }
    while !input.is_used_up() {
        match input.byte() % 12 {
            0 => {
                let expires = (input.byte() % 2 == 0).then(|| i64::from(input.byte()));
                pair.set(input.short(), usize::from(input.byte()) * 3, expires);
            }
            1 => {
                let first = input.short();
                (0..u16::from(input.byte())).for_each(|n| pair.set(first.wrapping_add(n), 1, None));
            }
            2 => pair.remove(input.short()),
            3 => {
                let first = input.short();
                (0..u16::from(input.byte())).for_each(|n| pair.remove(first.wrapping_add(n)));
            }
            4 => pair.table.pause_resize(true),
            5 => pair.table.pause_resize(false),
            6 => _ = pair.table.rehash_for(Duration::ZERO, |f| hash(f.field())),
            7 | 8 => pair.scan(),
            9 => {
                let drawn = pair.table.random(input.rng());
                assert_eq!(drawn.is_some(), !pair.twin.is_empty());
                assert!(drawn.is_none_or(|f| pair.twin.contains_key(f.field())));
            }
            10 => {
                let wanted = usize::from(input.byte());
                let mut drawn = 0;
                pair.table.sample(wanted, input.rng(), |f| {
                    assert!(pair.twin.contains_key(f.field()));
                    drawn += 1;
                });
                assert_eq!(drawn == 0, pair.twin.is_empty());
            }
            _ => {
                let name = name(input.short());
                pair.table.prefetch(hash(&name));
                pair.table.prefetch_entry(hash(&name));
                let found = pair.table.find(hash(&name), |f| f.field() == name);
                assert_eq!(found.map(|f| f.value()), pair.twin.get(&name).map(|(value, _)| &value[..]));
            }
        }
    }
    pair.check();
});
