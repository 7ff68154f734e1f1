//! Ziplist and zipmap. Vectors: payloads that a real server restored and showed (vectors/ziplist.txt, zipmap.txt), and
//! what one that sanitizes said of damaged ones (vectors/damaged.txt, of listpacks and intsets too).
mod common;
#[path = "exercise/ziplist.rs"]
mod exercise;

use c_compat::intset::Intset;
use c_compat::listpack::{Entry, Listpack};
use c_compat::ziplist::Ziplist;
use c_compat::zipmap::Zipmap;
use common::{Rng, bytes, cases};
use exercise::exercise;
use proptest::prelude::*;

#[test]
fn ziplists_read_as_in_redis() {
    let mut read = 0;
    for case in cases(include_str!("vectors/ziplist.txt")) {
        let data = bytes(case[0]);
        let expected: Vec<Vec<u8>> = case[1..].iter().map(|field| bytes(field)).collect();
        let ziplist = Ziplist::new(&data).unwrap();
        assert_eq!(ziplist.len(), expected.len());
        assert!(ziplist.iter().map(Entry::to_vec).eq(expected.iter().cloned()), "{case:?}");
        let pairs: Vec<_> = ziplist.pairs().map(|(a, b)| [a.to_vec(), b.to_vec()]).collect();
        assert_eq!(pairs, expected.as_chunks::<2>().0);
        let listpack: Listpack = ziplist.iter().collect();
        assert_eq!(listpack, expected.iter().collect());
        read += 1;
    }
    assert!(read > 500, "{read}");
    let empty = Ziplist::new(b"\x0b\0\0\0\x0a\0\0\0\0\0\xff").unwrap();
    assert!(empty.is_empty() && empty.iter().next().is_none());
}

#[test]
fn zipmaps_read_as_in_redis() {
    let mut read = 0;
    for case in cases(include_str!("vectors/zipmap.txt")) {
        let data = bytes(case[0]);
        let expected: Vec<Vec<u8>> = case[1..].iter().map(|field| bytes(field)).collect();
        let zipmap = Zipmap::new(&data).unwrap();
        assert_eq!(zipmap.len() * 2, expected.len());
        assert!(
            zipmap.iter().flat_map(|(field, value)| [field, value]).eq(expected.iter().map(Vec::as_slice))
        );
        read += 1;
    }
    assert!(read > 100, "{read}");
    assert!(Zipmap::new(b"\0\xff").is_err() && Zipmap::new(b"\xff").is_err());
    // A short length has its short form.
    assert!(Zipmap::new(b"\x01\x01k\xfe\x04\0\0\0\0val1\xff").is_err());
    assert!(Zipmap::new(b"\x01\xfe\x01\0\0\0k\x04\0val1\xff").is_err());
    assert!(Zipmap::new(b"\x01\x01k\x04\0val1\xff").is_ok());
}

/// Ziplists and zipmaps that old versions of Redis wrote, out of the RDB files of Redis's own tests.
#[test]
fn what_old_versions_wrote_is_read() {
    let ints = |from: i64| (from..from + 3).map(Entry::Int);
    let letters = [&b"a"[..], b"b", b"c"].map(Entry::Str);
    let list = b"\x30\0\0\0\x25\0\0\0\x08\0\0\xc0\x01\0\x04\xc0\x02\0\x04\xc0\x03\0\x04\x01a\x03\x01b\x03\x01c\x03\xd0\
        \xa0\x86\x01\0\x06\xe0\0\xbc\xa0e\x01\0\0\0\xff";
    let expected = ints(1).chain(letters).chain([100_000, 6_000_000_000].map(Entry::Int));
    assert!(Ziplist::new(list).unwrap().iter().eq(expected));
    let hash =
        b"\x20\0\0\0\x1b\0\0\0\x06\0\0\x01a\x03\xc0\x01\0\x04\x01b\x03\xc0\x02\0\x04\x01c\x03\xc0\x03\0\xff";
    assert!(Ziplist::new(hash).unwrap().pairs().eq(letters.into_iter().zip(ints(1))));
    let zset = b"\x19\0\0\0\x16\0\0\0\x04\0\0\x03one\x05\xf2\x02\x03two\x05\xf3\xff";
    let expected = [(Entry::Str(b"one"), Entry::Int(1)), (Entry::Str(b"two"), Entry::Int(2))];
    assert!(Ziplist::new(zset).unwrap().pairs().eq(expected));
    let zipmap = b"\x02\x02f1\x02\0v1\x02f2\x02\0v2\xff";
    assert!(Zipmap::new(zipmap).unwrap().iter().eq([(&b"f1"[..], &b"v1"[..]), (b"f2", b"v2")]));
}

#[test]
fn damaged_bytes_are_refused_as_redis_refuses_them() {
    let mut taken = std::collections::BTreeMap::new();
    for case in cases(include_str!("vectors/damaged.txt")) {
        let data = bytes(case[2]);
        let ours = match case[0] {
            "listpack" => Listpack::from_bytes(&data).is_ok_and(|pack| !pack.is_empty()),
            "ziplist" => Ziplist::new(&data).is_ok_and(|list| !list.is_empty()),
            "zipmap" => Zipmap::new(&data).is_ok(),
            _ => Intset::from_bytes(&data).is_ok(),
        };
        assert_eq!(ours, case[1] == "1", "{case:?}");
        *taken.entry((case[0], ours)).or_insert(0) += 1;
    }
    assert!(taken.len() == 8 && taken.values().all(|&count| count > 30), "{taken:?}");
}

#[test]
fn damaged_bytes_are_harmless() {
    let mut rng = Rng(31);
    let seeds: Vec<Vec<u8>> = [include_str!("vectors/ziplist.txt"), include_str!("vectors/zipmap.txt")]
        .iter()
        .flat_map(|file| cases(file).map(|case| bytes(case[0])).filter(|bytes| bytes.len() < 200))
        .collect();
    let rounds = if cfg!(debug_assertions) { 200_000 } else { 5_000_000 };
    let mut accepted = 0;
    for _ in 0..rounds {
        let mut bytes = seeds[rng.below(seeds.len())].clone();
        for _ in 0..rng.below(4) {
            let at = rng.below(bytes.len());
            match rng.below(4) {
                0 => bytes[at] = rng.next() as u8,
                1 => bytes[at] = [0, 0x40, 0x80, 0xc0, 0xf1, 0xfd, 0xfe, 0xff][rng.below(8)],
                2 => bytes[at] ^= 1 << rng.below(8),
                _ => bytes.truncate(at.max(1)),
            }
        }
        accepted += usize::from(exercise(&bytes));
    }
    assert!(accepted > rounds / 10, "{accepted}");
}

proptest! {
    #![proptest_config(common::seeded())]

    #[test]
    fn hostile_bytes_are_harmless(
        mut bytes in prop::collection::vec(prop_oneof![0u8..8, 0xf0u8..=0xff, any::<u8>()], 11..60),
        framed in any::<bool>(),
    ) {
        if framed {
            bytes.push(0xff);
            let total = bytes.len() as u32;
            bytes[..4].copy_from_slice(&total.to_le_bytes());
            bytes[4..10].copy_from_slice(&[10, 0, 0, 0, 0xff, 0xff]);
        }
        exercise(&bytes);
        exercise(&bytes[9..]);
    }
}
