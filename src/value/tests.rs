//! What SSCAN, HSCAN and ZSCAN promise, whatever else happens to the value between their steps.

use super::*;
use crate::util::rng::Rng;
use std::collections::BTreeSet;

/// A value of one of the types that are scanned, seen as a set of names.
#[derive(Clone)]
enum Scanned {
    Set(Set),
    Hash(Hash),
    SortedSet(SortedSet),
}

impl Scanned {
    fn all() -> [Scanned; 3] {
        [Scanned::Set(Set::new()), Scanned::Hash(Hash::new()), Scanned::SortedSet(SortedSet::new())]
    }

    fn add(&mut self, name: &[u8], limits: &Limits) {
        match self {
            Scanned::Set(set) => assert!(set.add(name, &limits.set)),
            Scanned::Hash(hash) => assert!(hash.set(name, b"value", &limits.hash)),
            Scanned::SortedSet(set) => {
                set.set(name, &limits.sorted_set, |old| {
                    assert_eq!(old, None);
                    Some(name.len() as f64)
                });
            }
        }
    }

    fn remove(&mut self, name: &[u8]) {
        assert!(match self {
            Scanned::Set(set) => set.remove(name),
            Scanned::Hash(hash) => hash.remove(name),
            Scanned::SortedSet(set) => set.remove(name),
        });
    }

    /// A step of the scan; the names it visits.
    fn step(&self, cursor: u64, count: u64, seen: &mut Vec<Vec<u8>>) -> u64 {
        match self {
            Scanned::Set(set) => set.scan(cursor, count, |member| seen.push(member.to_vec())),
            Scanned::Hash(hash) => hash.scan(cursor, count, |field| seen.push(field.field.to_vec())),
            Scanned::SortedSet(set) => set.scan(cursor, count, |item| seen.push(item.member.to_vec())),
        }
    }
}

fn name(n: u64) -> Vec<u8> {
    format!("name {n}").into_bytes()
}

#[test]
fn a_scan_visits_what_is_there_throughout_and_nothing_that_never_was() {
    for seed in 0..60 {
        for mut value in Scanned::all() {
            let mut rng = Rng::seeded(seed);
            let mut limits = Limits::default();
            let packed = rng.below(40) as usize;
            limits.set.max_listpack_entries = packed;
            limits.hash.max_listpack_entries = packed;
            limits.sorted_set.max_listpack_entries = packed;
            let stay = 1 + rng.below(500);
            (0..stay).for_each(|n| value.add(&name(n), &limits));
            let mut passing = BTreeSet::new();
            let mut next = stay;
            for _ in 0..rng.below(3000) {
                value.add(&name(next), &limits);
                passing.insert(next);
                next += 1;
            }
            // It swells in some runs and shrinks in others, through all sizes of the table.
            let bias = rng.below(100);
            let (mut seen, mut cursor, mut steps) = (Vec::new(), 0, 0);
            loop {
                let count = 1 + rng.below(30);
                let before = seen.len();
                cursor = value.step(cursor, count, &mut seen);
                for name in &seen[before..] {
                    let n: u64 = std::str::from_utf8(&name[5..]).expect("digits").parse().expect("a number");
                    assert!(n < stay || passing.contains(&n), "seed {seed}: {n} is not there");
                }
                if cursor == 0 {
                    break;
                }
                steps += 1;
                assert!(steps < 100_000, "seed {seed}: the scan ends");
                for _ in 0..rng.below(60) {
                    if rng.below(100) < bias && steps < 2000 {
                        value.add(&name(next), &limits);
                        passing.insert(next);
                        next += 1;
                    } else if let Some(gone) = passing.pop_first() {
                        value.remove(&name(gone));
                    }
                }
            }
            let seen: BTreeSet<Vec<u8>> = seen.into_iter().collect();
            (0..stay).for_each(|n| assert!(seen.contains(&name(n)), "seed {seed}: {n} was there throughout"));
        }
    }
}

#[test]
fn any_cursor_leads_to_the_end() {
    for mut value in Scanned::all() {
        let mut held = 0;
        for size in [1, 10, 1000, 5000] {
            (held..size).for_each(|n| value.add(&name(n), &Limits::default()));
            held = size;
            let mut rng = Rng::seeded(size);
            for _ in 0..50 {
                let (mut cursor, mut steps) = (rng.next_u64(), 0);
                while cursor != 0 {
                    cursor = value.step(cursor, 1, &mut Vec::new());
                    steps += 1;
                    assert!(steps <= size);
                }
            }
        }
    }
}
