//! Hashes against a naive twin, across all conversions.

use super::*;
use crate::util::rng::Rng;
use std::collections::BTreeMap;

/// Values and times by field.
type Twin = BTreeMap<Vec<u8>, (Vec<u8>, Option<i64>)>;

fn text(item: Item<'_>) -> Vec<u8> {
    item.to_vec()
}

fn check(hash: &Hash, twin: &Twin, limits: &Limits) {
    assert_eq!(hash.len(), twin.len());
    let all: Twin = hash.iter().map(|f| (text(f.field), (text(f.value), f.expires))).collect();
    assert_eq!(&all, twin);
    let next = twin.values().filter_map(|(_, expires)| *expires).min();
    assert_eq!(hash.next_expires(), next);
    let times: Vec<i64> = hash.iter().map(|f| f.expires.unwrap_or(i64::MAX)).collect();
    if let Hash::PackedEx(_) = hash {
        assert!(times.is_sorted(), "the first to expire lies first");
    }
    if matches!(hash, Hash::Packed(_) | Hash::PackedEx(_)) {
        assert!(hash.len() <= limits.max_listpack_entries);
        assert!(all.iter().all(|(f, (v, _))| f.len().max(v.len()) <= limits.max_listpack_value));
    }
}

fn bytes(rng: &mut Rng, fields: u64) -> Vec<u8> {
    match rng.below(8) {
        0..5 => rng.below(fields).to_string().into_bytes(),
        5 => format!("field:{}", rng.below(fields)).into_bytes(),
        6 => vec![b'x'; rng.below(70) as usize],
        _ => rng.next_u64().to_string().into_bytes(),
    }
}

#[test]
fn a_hash_is_what_its_twin_is_across_all_conversions() {
    for seed in 0..60 {
        let mut rng = Rng::seeded(seed);
        let limits = Limits {
            max_listpack_entries: rng.below(40) as usize,
            max_listpack_value: [0, 8, 64, 200][rng.below(4) as usize],
        };
        let (fields, expiring) = (1 + rng.below(80), rng.below(2) == 0);
        let (mut hash, mut twin) = (Hash::new(), Twin::new());
        for _ in 0..400 {
            let (field, value) = (bytes(&mut rng, fields), bytes(&mut rng, fields));
            let at = 1000 + rng.below(50) as i64;
            let old = twin.get(&field).cloned();
            match rng.below(if expiring { 8 } else { 5 }) {
                0..2 => {
                    assert_eq!(hash.set(&field, &value, &limits), old.is_none());
                    twin.insert(field, (value, None));
                }
                2 => {
                    assert_eq!(hash.set_keeping(&field, &value, &limits), old.is_none());
                    twin.insert(field, (value, old.and_then(|(_, expires)| expires)));
                }
                3 => {
                    assert_eq!(hash.remove(&field), twin.remove(&field).is_some());
                }
                4 => {
                    let found = hash.find(&field).map(|f| (text(f.value), f.expires));
                    assert_eq!(found, old);
                    hash = hash.clone();
                    hash.note_expires();
                }
                5 => {
                    assert_eq!(hash.set_expiring(&field, &value, at, &limits), old.is_none());
                    twin.insert(field, (value, Some(at)));
                }
                6 => {
                    let expires = (rng.below(4) > 0).then_some(at);
                    assert_eq!(hash.set_expires(&field, expires), old.is_some());
                    if let Some((value, _)) = old {
                        twin.insert(field, (value, expires));
                    }
                }
                _ => {
                    let due = |expires: &Option<i64>| expires.is_some_and(|ms| ms < at);
                    let alive = twin.values().filter(|(_, expires)| !due(expires)).count();
                    assert_eq!((hash.len_at(at), hash.iter_at(at).count()), (alive, alive));
                    let max = rng.below(6) as usize;
                    let mut gone = Vec::new();
                    let count = hash.remove_gone(at, max, |field| gone.push(field.to_vec()));
                    assert_eq!((count, gone.len()), ((twin.len() - alive).min(max), count));
                    for field in gone {
                        let (_, expires) = twin.remove(&field).expect("it was there");
                        assert!(due(&expires));
                    }
                }
            }
            check(&hash, &twin, &limits);
        }
    }
}

#[test]
fn a_hash_is_packed_up_to_its_limits_and_never_again() {
    let limits = Limits { max_listpack_entries: 3, max_listpack_value: 4 };
    let mut hash = Hash::new();
    for field in ["a", "b", "c"] {
        hash.set(field.as_bytes(), b"1234", &limits);
    }
    assert_eq!(hash.encoding(), Encoding::Listpack);
    hash.set(b"d", b"", &limits);
    assert_eq!(hash.encoding(), Encoding::Hashtable);
    for field in ["a", "b", "c"] {
        hash.remove(field.as_bytes());
    }
    assert_eq!(hash.encoding(), Encoding::Hashtable);
    let mut hash = Hash::new();
    hash.set(b"12345", b"", &limits);
    assert_eq!(hash.encoding(), Encoding::Hashtable);
    let mut hash = Hash::new();
    hash.set(b"a", b"", &limits);
    hash.set_expires(b"a", Some(1));
    assert_eq!(hash.encoding(), Encoding::ListpackEx);
    hash.set_expires(b"a", None);
    hash.set(b"a", b"12345", &limits);
    assert_eq!(hash.encoding(), Encoding::Hashtable);
}

#[test]
fn drawn_fields_are_as_many_as_asked_for_and_drawn_evenly() {
    for (entries, fields) in [(1000, 50), (0, 50), (1000, 1), (0, 1)] {
        let limits = Limits { max_listpack_entries: entries, max_listpack_value: 64 };
        let mut hash = Hash::new();
        for n in 0..fields {
            hash.set(format!("f{n}").as_bytes(), b"v", &limits);
        }
        // Half of what is in the hash has passed, and is not drawn.
        for n in fields..2 * fields {
            hash.set_expiring(format!("f{n}").as_bytes(), b"v", 5, &limits);
        }
        let mut rng = Rng::seeded(entries as u64 + fields as u64);
        let mut counts = BTreeMap::new();
        for count in [1, 3, 1003, 10_000] {
            let mut drawn = 0;
            hash.random_many(count, 6, &mut rng, |f| {
                drawn += 1;
                *counts.entry(text(f.field)).or_insert(0) += 1;
            });
            assert_eq!(drawn, count);
        }
        assert_eq!(counts.len(), fields);
        assert!(fields == 1 || counts.values().all(|n| (100..400).contains(n)), "{counts:?}");
        for count in 0..=2 * fields {
            let mut unique = std::collections::BTreeSet::new();
            hash.random_unique(count, 6, &mut rng, |f| {
                assert!(f.expires.is_none() && unique.insert(text(f.field)), "drawn twice");
            });
            assert_eq!(unique.len(), count.min(fields));
        }
        assert!(hash.random(6, &mut rng).is_some());
    }
}

#[test]
fn a_scan_meets_every_field_that_stays() {
    let limits = Limits { max_listpack_entries: 0, max_listpack_value: 64 };
    let mut hash = Hash::new();
    let name = |n: u64| n.to_string().into_bytes();
    (0..1000).for_each(|n| _ = hash.set(&name(n), b"v", &limits));
    let (mut seen, mut cursor, mut steps) = (std::collections::BTreeSet::new(), 0, 0);
    loop {
        cursor = hash.scan(cursor, 10, |f| _ = seen.insert(text(f.field)));
        steps += 1;
        (0..20).for_each(|n| _ = hash.set(&name(1000 + steps * 20 + n), b"v", &limits));
        hash.remove(&name(steps));
        if cursor == 0 {
            break;
        }
    }
    assert!(steps > 20);
    assert!((steps + 1..1000).all(|n| seen.contains(&name(n))));
}
