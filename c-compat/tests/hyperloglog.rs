//! Vectors: what a real server answers and keeps (vectors/hyperloglog.txt). The naive twin is an array of registers.
mod common;
#[path = "exercise/hyperloglog.rs"]
mod exercise;

use c_compat::crc64::crc64;
use c_compat::hyperloglog::{
    Corrupt, DENSE_SIZE, EMPTY, Encoding, REGISTERS, Registers, add, add_dense, cache_count, cached_count,
    check, count, decode, encoding, invalidate, to_dense,
};
use common::{Rng, bytes, cases};
use exercise::exercise;
use proptest::prelude::*;

/// PFADD.
fn pfadd(hll: &mut Vec<u8>, elements: impl Iterator<Item = String>, sparse_bytes_max: usize) -> bool {
    let mut changed = false;
    for element in elements {
        changed |= add(hll, element.as_bytes(), sparse_bytes_max).unwrap();
    }
    if changed {
        invalidate(hll);
    }
    changed
}

/// PFCOUNT of one key.
fn pfcount(hll: &mut [u8]) -> Result<u64, Corrupt> {
    if let Some(count) = cached_count(hll) {
        return Ok(count);
    }
    let count = count(hll)?;
    cache_count(hll, count);
    Ok(count)
}

fn assert_is(hll: &[u8], field: &str) {
    match field.strip_prefix("crc") {
        Some(crc) => assert_eq!(format!("{:016x}", crc64(0, hll)), crc),
        None => assert_eq!(hll, bytes(field)),
    }
}

fn registers(hll: &[u8]) -> Vec<u8> {
    let mut registers = Registers::new();
    registers.merge(hll).unwrap();
    registers.iter().collect()
}

#[test]
fn adding_gives_the_replies_estimates_and_bytes_of_redis() {
    let (mut hll, mut done, mut states) = (EMPTY.to_vec(), 0, [0, 0]);
    let mut series = ("", "");
    for case in cases(include_str!("vectors/hyperloglog.txt")).filter(|case| case[0] == "add") {
        let [_, sparse_max, name, number, changed, before, estimate, after] = case[..] else {
            panic!("{case:?}")
        };
        if series != (sparse_max, name) {
            series = (sparse_max, name);
            (hll, done) = (EMPTY.to_vec(), 0);
            // A key that PFADD makes is a change, even with nothing in it.
            invalidate(&mut hll);
        }
        let number: usize = number.parse().unwrap();
        let elements = (done..number).map(|i| format!("{name}:{i}"));
        let ours = pfadd(&mut hll, elements, sparse_max.parse().unwrap());
        done = number;
        assert_eq!(u8::from(ours).to_string(), changed, "{case:?}");
        assert_is(&hll, before);
        assert_eq!(pfcount(&mut hll).unwrap().to_string(), estimate, "{case:?}");
        assert_is(&hll, after);
        states[usize::from(encoding(&hll) == Encoding::Dense)] += 1;
    }
    assert!(states.iter().all(|&count| count > 30), "{states:?}");
}

#[test]
fn merging_gives_the_estimates_and_bytes_of_redis() {
    let mut merged = 0;
    for case in cases(include_str!("vectors/hyperloglog.txt")).filter(|case| case[0] == "merge") {
        let [_, round, sizes, both, estimate, after] = case[..] else { panic!("{case:?}") };
        let (mut all, mut union, mut dense) = (Registers::new(), EMPTY.to_vec(), false);
        for (key, size) in ["a", "b", "c"].iter().zip(sizes.split(',')) {
            let size: usize = size.parse().unwrap();
            let mut hll = EMPTY.to_vec();
            pfadd(&mut hll, (0..size).map(|i| format!("{round}:{key}:{i}")), 3000);
            dense |= encoding(&hll) == Encoding::Dense;
            all.merge(&hll).unwrap();
        }
        assert_eq!(all.count().to_string(), both);
        if dense {
            to_dense(&mut union).unwrap();
        }
        all.write_to(&mut union, 3000).unwrap();
        invalidate(&mut union);
        assert_eq!(pfcount(&mut union).unwrap().to_string(), estimate, "{case:?}");
        assert_is(&union, after);
        assert_eq!(registers(&union), all.iter().collect::<Vec<_>>());
        merged += 1;
    }
    assert!(merged > 50, "{merged}");
}

#[test]
fn flawed_strings_are_refused_as_redis_refuses_them() {
    let mut answers = std::collections::BTreeMap::new();
    for case in cases(include_str!("vectors/hyperloglog.txt")).filter(|case| case[0] == "flawed") {
        let hll = bytes(case[1]);
        let ours = match check(&hll) {
            Err(_) => "WRONGTYPE".to_string(),
            Ok(_) => match count(&hll) {
                Err(Corrupt) => "INVALIDOBJ".to_string(),
                Ok(count) => count.to_string(),
            },
        };
        assert_eq!(ours, case[2], "{case:?}");
        if case[3] != "-" {
            assert_eq!(decode(&hll), bytes(case[3]));
            *answers.entry("COUNTED").or_insert(0) += 1;
        } else {
            *answers.entry(case[2]).or_insert(0) += 1;
        }
    }
    assert!(answers.len() == 3 && answers.values().all(|&count| count > 10), "{answers:?}");
}

#[test]
fn sparse_and_dense_agree_with_the_naive_twin() {
    let mut rng = Rng(41);
    for round in 0..10 {
        let mut twin = vec![0; REGISTERS];
        let (mut sparse, mut dense) = (EMPTY.to_vec(), EMPTY.to_vec());
        to_dense(&mut dense).unwrap();
        assert_eq!(dense.len(), DENSE_SIZE);
        for i in 0..1 << rng.below(12) {
            let len = rng.below(20);
            let element = rng.bytes(len);
            let mut one = EMPTY.to_vec();
            assert_eq!(add(&mut one, &element, 0), Ok(true), "promoted at once");
            let changed = registers(&one).iter().zip(&mut twin).fold(false, |changed, (new, old)| {
                let more = *new > *old;
                *old = (*new).max(*old);
                changed | more
            });
            assert_eq!(add(&mut sparse, &element, 100_000), Ok(changed));
            assert_eq!(add_dense(&mut dense, &element), changed);
            assert!(!add_dense(&mut dense, &element));
            if i % 97 == 0 {
                assert_eq!(count(&sparse), count(&dense));
            }
        }
        assert_eq!(registers(&sparse), twin, "round {round}");
        assert_eq!(registers(&dense), twin);
        assert_eq!(count(&sparse), count(&dense));
        if encoding(&sparse) == Encoding::Sparse {
            let decoded = String::from_utf8(decode(&sparse)).unwrap();
            let runs = decoded.split(' ').flat_map(|run| {
                let (kind, rest) = run.split_once(':').unwrap();
                let (value, len) = if kind == "v" { rest.split_once(',').unwrap() } else { ("0", rest) };
                vec![value.parse::<u8>().unwrap(); len.parse().unwrap()]
            });
            assert!(runs.eq(twin.iter().copied()));
            to_dense(&mut sparse).unwrap();
            invalidate(&mut dense);
            assert_eq!(sparse, dense);
        }
    }
}

#[test]
fn the_estimate_is_near_the_number() {
    let mut hll = EMPTY.to_vec();
    for number in [10usize, 100, 1000, 10_000, 100_000] {
        pfadd(&mut hll, (number / 10..number).map(|i| i.to_string()), 3000);
        let estimate = count(&hll).unwrap();
        assert!(
            estimate.abs_diff(number as u64 * 9 / 10 + number as u64 / 10) <= 1 + number as u64 / 20,
            "{estimate}"
        );
    }
}

#[test]
fn damaged_strings_are_refused_or_harmless() {
    let mut rng = Rng(42);
    let rounds = if cfg!(debug_assertions) { 1_500 } else { 40_000 };
    let mut valid = 0;
    for _ in 0..rounds {
        let mut hll = EMPTY.to_vec();
        for _ in 0..rng.below(30) {
            add(&mut hll, &rng.next().to_le_bytes(), 3000).unwrap();
        }
        for _ in 0..rng.below(3) {
            let from = if rng.below(5) == 0 { 0 } else { 16 };
            let at = from + rng.below(hll.len() - from);
            match rng.below(5) {
                0 => hll[at] = rng.next() as u8,
                1 => hll[at] = [0, 0x3f, 0x40, 0x7f, 0x80, 0xff][rng.below(6)],
                2 => hll[at] ^= 1 << rng.below(8),
                3 => hll.insert(at, rng.next() as u8),
                _ => hll.truncate(at.max(17)),
            }
        }
        valid += usize::from(exercise(&hll));
    }
    assert!(valid > rounds / 10, "{valid}");
}

#[test]
fn registers_that_no_element_can_set_are_counted_somehow() {
    let mut hll = EMPTY.to_vec();
    to_dense(&mut hll).unwrap();
    hll[16..].fill(0xff);
    assert_eq!(count(&hll), Ok(1 << 63));
    exercise(&hll);
}

proptest! {
    #![proptest_config(common::seeded())]

    #[test]
    fn hostile_runs_are_refused_or_harmless(runs in prop::collection::vec(
        prop_oneof![Just(0x7f), Just(0xff), Just(0x3f), 0x40u8..0x42, any::<u8>()], 0..30)) {
        let mut hll = EMPTY[..16].to_vec();
        hll.extend(runs);
        exercise(&hll);
    }
}
