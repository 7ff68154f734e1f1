//! The table against a `BTreeMap`, and what SCAN, RANDOMKEY and a snapshot rely on.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::util::rng::Rng;

/// A boxed number that keeps the stash in its pointer's top bits, as entries do.
struct Item(NonNull<u64>);

const ADDRESS: usize = (1 << 48) - 1;

impl Item {
    fn new(n: u64) -> Item {
        Item(NonNull::from(Box::leak(Box::new(n))))
    }

    fn pointer(&self) -> *mut u64 {
        self.0.as_ptr().map_addr(|a| a & ADDRESS)
    }

    fn get(&self) -> u64 {
        // SAFETY: without the stash it is the leaked box.
        unsafe { *self.pointer() }
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        // SAFETY: the box was leaked for this item alone.
        drop(unsafe { Box::from_raw(self.pointer()) });
    }
}

// SAFETY: an item is a pointer.
unsafe impl Element for Item {
    fn stash(&self) -> u16 {
        (self.0.as_ptr().addr() >> 48) as u16
    }

    fn set_stash(&mut self, bits: u16) {
        let pointer = self.pointer().map_addr(|a| a | usize::from(bits) << 48);
        self.0 = NonNull::new(pointer).expect("a box is not at 0");
    }

    fn address(&self) -> *const u8 {
        self.pointer().cast()
    }
}

fn hash(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// A hash with few values, so that chains grow long and tags collide.
fn bad_hash(n: u64) -> u64 {
    (hash(n % 3) & 0xf000_0000) | (n % 7)
}

fn add(table: &mut Table<Item>, n: u64, hash: fn(u64) -> u64) {
    table.insert(hash(n), Item::new(n), |item| hash(item.get()));
}

fn take(table: &mut Table<Item>, n: u64, hash: fn(u64) -> u64) -> Option<u64> {
    table.remove(hash(n), |item| item.get() == n).map(|item| item.get())
}

/// Checks the form of all chains, that every entry is in its bucket with its stash, and the count.
fn check(table: &Table<Item>, hash: fn(u64) -> u64) {
    let mut entries = 0;
    for index in 0..table.buckets.len() {
        // SAFETY: a head of the borrowed table.
        entries += bucket::tests::check_chain(unsafe { table.buckets.get(index).as_ref() }).0;
        table.visit_chain(index, |item| {
            let hash = hash(item.get());
            assert_eq!(table.index(hash), index, "{} is in its bucket", item.get());
            assert_eq!(item.stash(), stash_of(hash, table.level_of(index)), "stash of {}", item.get());
        });
    }
    assert_eq!(entries, table.len());
    assert_eq!(table.iter().count(), table.len());
    if table.buckets.len() > 0 {
        assert_eq!(table.level, table.buckets.len().ilog2());
    }
}

fn churn(seed: u64, steps: usize, hash: fn(u64) -> u64) {
    let mut rng = Rng::seeded(seed);
    let mut table = Table::new();
    let mut twin = BTreeMap::new();
    let mut growing = true;
    for step in 0..steps {
        if rng.below(400) == 0 {
            growing = !growing;
        }
        if rng.below(150) == 0 {
            let paused = rng.below(2) == 0;
            table.pause_resize(paused);
        }
        let n = rng.below(steps as u64 / 4);
        if (rng.below(10) < 8) == growing {
            if twin.insert(n, ()).is_none() {
                add(&mut table, n, hash);
            }
        } else {
            assert_eq!(take(&mut table, n, hash), twin.remove(&n).map(|()| n), "seed {seed} step {step}");
        }
        let probe = rng.below(steps as u64 / 4);
        let found = table.find(hash(probe), |item| item.get() == probe).is_some();
        assert_eq!(found, twin.contains_key(&probe), "seed {seed} step {step}");
        if rng.below(100) == 0 {
            table.rehash_for(Duration::ZERO, |item| hash(item.get()));
            check(&table, hash);
            let held: BTreeSet<u64> = table.iter().map(Item::get).collect();
            assert!(held.iter().eq(twin.keys()), "seed {seed} step {step}");
        }
    }
    check(&table, hash);
}

#[test]
fn the_table_holds_what_a_plain_map_holds() {
    for seed in 0..8 {
        churn(seed, 8_000, hash);
        churn(seed, 1_500, bad_hash);
    }
}

#[test]
fn growing_and_shrinking_across_a_stash_boundary_keeps_every_entry() {
    // 2^16 buckets, where the stash moves on to the next bits of the hash, are passed at 410,000 entries.
    const COUNT: u64 = 900_000;
    let mut table = Table::new();
    for n in 0..COUNT {
        add(&mut table, n, hash);
    }
    assert!(table.buckets.len() > 1 << 17);
    check(&table, hash);
    for n in 0..COUNT - 1000 {
        assert_eq!(take(&mut table, n, hash), Some(n));
        if n % 97_777 == 0 {
            check(&table, hash);
        }
    }
    while table.rehash_for(Duration::from_millis(1), |item| hash(item.get())) {}
    check(&table, hash);
    assert!(table.buckets.len() <= 500, "{} buckets for 1000 entries", table.buckets.len());
    assert!(table.buckets.allocated() <= 4 * 500 * 64, "the chunks of a shrunken table are freed");
    for n in COUNT - 1000..COUNT {
        assert!(table.find(hash(n), |item| item.get() == n).is_some());
    }
}

#[test]
fn a_scan_visits_all_that_is_there_throughout_whatever_else_comes_and_goes() {
    for seed in 0..300 {
        let mut rng = Rng::seeded(seed);
        let mut table = Table::new();
        let stay = 1 + rng.below(2000);
        for n in 0..stay {
            add(&mut table, n, hash);
        }
        let mut passing = BTreeSet::new();
        let mut next = stay;
        let mut seen = BTreeSet::new();
        let (mut cursor, mut steps) = (0, 0);
        // The table swells in some runs and shrinks in others while the scan goes on.
        let bias = rng.below(100);
        for _ in 0..rng.below(6000) {
            add(&mut table, next, hash);
            passing.insert(next);
            next += 1;
        }
        loop {
            cursor = table.scan(cursor, |item| {
                seen.insert(item.get());
            });
            if cursor == 0 {
                break;
            }
            steps += 1;
            assert!(steps < 1_000_000, "seed {seed}: the scan ends");
            table.pause_resize(rng.below(20) == 0);
            for _ in 0..rng.below(30) {
                if rng.below(100) < bias && steps < 10_000 {
                    add(&mut table, next, hash);
                    passing.insert(next);
                    next += 1;
                } else if let Some(gone) = passing.pop_first() {
                    assert_eq!(take(&mut table, gone, hash), Some(gone));
                }
            }
        }
        for n in 0..stay {
            assert!(seen.contains(&n), "seed {seed}: {n} was there all the time");
        }
    }
}

#[test]
fn a_scan_of_a_table_at_rest_visits_each_entry_once() {
    for len in [0, 1, 7, 8, 100, 1000, 5_000, 12_345] {
        let mut table = Table::new();
        for n in 0..len {
            add(&mut table, n, hash);
        }
        let mut seen = Vec::new();
        let mut cursor = 0;
        loop {
            cursor = table.scan(cursor, |item| seen.push(item.get()));
            if cursor == 0 {
                break;
            }
        }
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..len));
    }
}

#[test]
fn any_cursor_is_accepted() {
    let mut table = Table::new();
    for n in 0..1000 {
        add(&mut table, n, hash);
    }
    let mut rng = Rng::seeded(3);
    for _ in 0..1000 {
        let mut cursor = rng.next_u64();
        let mut steps = 0;
        while cursor != 0 {
            cursor = table.scan(cursor, |_| {});
            steps += 1;
            assert!(steps <= 1000);
        }
    }
}

#[test]
fn a_paused_table_keeps_its_buckets_until_it_is_very_full() {
    let mut table = Table::new();
    for n in 0..10_000 {
        add(&mut table, n, hash);
    }
    let buckets = table.buckets.len();
    table.pause_resize(true);
    for n in 10_000..50_000 {
        add(&mut table, n, hash);
    }
    assert_eq!(table.buckets.len(), buckets);
    assert!(!table.rehash_for(Duration::from_secs(1), |item| hash(item.get())));
    for n in 0..49_990 {
        take(&mut table, n, hash);
    }
    assert_eq!(table.buckets.len(), buckets);
    for n in 100_000..200_000 {
        add(&mut table, n, hash);
    }
    assert!(table.buckets.len() > buckets, "a hard fill makes it grow all the same");
    check(&table, hash);
    let at_pause = table.table_size();
    table.pause_resize(false);
    add(&mut table, 1, hash);
    assert!(table.table_size() > at_pause);
    while table.rehash_for(Duration::from_millis(1), |item| hash(item.get())) {}
    assert!(!table.needs_split());
    check(&table, hash);
}

#[test]
fn a_table_made_large_beforehand_is_not_resized_while_it_fills() {
    let mut table = Table::new();
    table.presize(100_000);
    let buckets = table.buckets.len();
    assert!(!table.rehash_for(Duration::from_secs(1), |item: &Item| hash(item.get())));
    for n in 0..100_000 {
        add(&mut table, n, hash);
    }
    assert_eq!(table.buckets.len(), buckets);
    check(&table, hash);
    table.presize(1_000_000);
    assert_eq!(table.buckets.len(), buckets, "only an empty table is made larger");
}

#[test]
fn draws_are_about_even() {
    const ENTRIES: u64 = 500;
    const DRAWS: u64 = 200_000;
    let mut table = Table::new();
    for n in 0..ENTRIES {
        add(&mut table, n, hash);
    }
    let mut rng = Rng::seeded(5);
    let mut drawn = [0u64; ENTRIES as usize];
    for _ in 0..DRAWS {
        drawn[table.random(|| rng.next_u64()).expect("not empty").get() as usize] += 1;
    }
    let mean = DRAWS / ENTRIES;
    let (least, most) = (*drawn.iter().min().expect("some"), *drawn.iter().max().expect("some"));
    assert!(least > mean * 7 / 10 && most < mean * 13 / 10, "{least}..{most} about {mean}");
}

#[test]
fn a_draw_from_an_almost_empty_table_that_may_not_shrink_ends() {
    let mut table = Table::new();
    for n in 0..100_000 {
        add(&mut table, n, hash);
    }
    table.pause_resize(true);
    for n in 1..100_000 {
        take(&mut table, n, hash);
    }
    let mut rng = Rng::seeded(6);
    assert_eq!(table.random(|| rng.next_u64()).map(Item::get), Some(0));
    take(&mut table, 0, hash);
    assert!(table.random(|| rng.next_u64()).is_none());
}
