//! Vectors: intsets out of DUMP payloads of sets that members were added to and removed from (vectors/intset.txt). The
//! naive twin is a `BTreeSet` with the width it has reached.
mod common;
#[path = "exercise/intset.rs"]
mod exercise;

use c_compat::intset::Intset;
use common::{Rng, bytes, cases};
use exercise::{assert_reads_as, exercise};
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Default)]
struct Naive {
    numbers: BTreeSet<i64>,
    width: usize,
}

impl Naive {
    fn add(&mut self, number: i64) -> bool {
        let needed =
            (1..=8usize).find(|width| number == number << (64 - 8 * width) >> (64 - 8 * width)).unwrap();
        self.width = self.width.max(needed.next_power_of_two());
        self.numbers.insert(number)
    }

    fn bytes(&self) -> Vec<u8> {
        let width = self.width.max(2);
        let mut out = [(width as u32).to_le_bytes(), (self.numbers.len() as u32).to_le_bytes()].concat();
        for number in &self.numbers {
            out.extend(&number.to_le_bytes()[..width]);
        }
        out
    }
}

fn number(rng: &mut Rng, bits: usize) -> i64 {
    rng.next() as i64 >> (63 - rng.below(bits))
}

#[test]
fn every_edit_leaves_the_bytes_that_the_naive_twin_writes() {
    let mut rng = Rng(21);
    for round in 0..300 {
        let (mut set, mut twin) = (Intset::new(), Naive::default());
        let bits = 1 + rng.below(63);
        for _ in 0..80 {
            let number = number(&mut rng, bits);
            assert_eq!(set.contains(number), twin.numbers.contains(&number));
            if rng.below(3) > 0 {
                assert_eq!(set.add(number), twin.add(number));
            } else {
                let number = match twin.numbers.range(number..).next() {
                    Some(near) if rng.below(2) == 0 => *near,
                    _ => number,
                };
                assert_eq!(set.remove(number), twin.numbers.remove(&number));
            }
            assert_eq!(set.as_bytes(), twin.bytes(), "round {round}");
            assert_eq!((set.bytes(), set.width()), (set.as_bytes().len(), twin.width.max(2)));
            assert!(set.allocated() >= set.bytes());
        }
        assert_reads_as(&set, &twin.numbers);
        let sorted: Vec<i64> = twin.numbers.iter().copied().collect();
        assert_reads_as(&Intset::from_sorted(&sorted), &twin.numbers);
        if set.is_empty() {
            assert!(Intset::from_bytes(set.as_bytes()).is_err());
        } else {
            assert_eq!(Intset::from_bytes(set.as_bytes()), Ok(set.clone()));
        }
    }
}

#[test]
fn writes_the_bytes_that_redis_writes() {
    let mut compared = 0;
    for case in cases(include_str!("vectors/intset.txt")) {
        let expected = bytes(case[0]);
        let mut set = Intset::new();
        let mut numbers = BTreeSet::new();
        for edit in &case[1..] {
            let number = edit[1..].parse().unwrap();
            match &edit[..1] {
                "+" => assert_eq!(set.add(number), numbers.insert(number)),
                _ => assert_eq!(set.remove(number), numbers.remove(&number)),
            }
        }
        assert_eq!(set.as_bytes(), expected, "{case:?}");
        assert_reads_as(&Intset::from_bytes(&expected).unwrap(), &numbers);
        compared += 1;
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn a_wider_number_goes_to_the_end_where_it_belongs() {
    for wide in [40_000, -40_000, 3_000_000_000, -3_000_000_000] {
        let mut set = Intset::from_sorted(&[-5, 0, 5]);
        assert!(!set.contains(wide) && !set.remove(wide));
        assert!(set.add(wide) && !set.add(wide));
        assert_reads_as(&set, &BTreeSet::from([-5, 0, 5, wide]));
        assert!(set.remove(wide));
        assert_eq!(set.width(), if wide.abs() > 1 << 31 { 8 } else { 4 });
    }
}

#[test]
fn damaged_intsets_are_refused_or_harmless() {
    let mut rng = Rng(22);
    let mut accepted = 0;
    let rounds = if cfg!(debug_assertions) { 100_000 } else { 3_000_000 };
    for _ in 0..rounds {
        let mut twin = Naive::default();
        let bits = 1 + rng.below(63);
        for _ in 0..1 + rng.below(6) {
            twin.add(number(&mut rng, bits));
        }
        let mut bytes = twin.bytes();
        for _ in 0..rng.below(3) {
            let at = rng.below(bytes.len());
            match rng.below(4) {
                0 => bytes[at] = rng.next() as u8,
                1 => bytes[at] ^= 1 << rng.below(8),
                2 => bytes.truncate(at.max(1)),
                _ => bytes[at] = [0, 1, 2, 4, 8, 0xff][rng.below(6)],
            }
        }
        accepted += usize::from(exercise(&bytes, number(&mut rng, 63)));
    }
    assert!(accepted > rounds / 10, "{accepted}");
}

proptest! {
    #![proptest_config(common::seeded())]

    #[test]
    fn hostile_bytes_are_refused_or_harmless(bytes in prop::collection::vec(prop_oneof![0u8..9, any::<u8>()], 0..40)) {
        exercise(&bytes, 23);
    }

    #[test]
    fn a_set_is_what_was_added(numbers in prop::collection::btree_set(any::<i64>(), 0..60)) {
        let mut set = Intset::new();
        for number in numbers.iter().rev() {
            prop_assert!(set.add(*number));
        }
        let sorted: Vec<i64> = numbers.iter().copied().collect();
        prop_assert_eq!(&set, &Intset::from_sorted(&sorted));
        assert_reads_as(&set, &numbers);
    }
}
