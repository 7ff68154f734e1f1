//! Vectors: listpacks out of DUMP payloads of lists, hashes, sorted sets (vectors/listpack.txt). The naive twin is a
//! `Vec<Vec<u8>>` that is written anew after each edit.
mod common;
#[path = "exercise/listpack.rs"]
mod exercise;

use c_compat::listpack::{Entry, Listpack, Needle, Pos};
use common::{Rng, bytes, cases};
use exercise::{assert_reads_as, exercise, texts};
use proptest::prelude::*;

/// The bytes of a listpack, by the description.
fn naive(values: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![0; 6];
    for value in values {
        let start = out.len();
        let text = std::str::from_utf8(value).unwrap_or("");
        match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => {
                let le = number.to_le_bytes();
                let fits = |bits: u32| number >= -(1 << (bits - 1)) && number < 1 << (bits - 1);
                match number {
                    0..128 => out.push(number as u8),
                    _ if fits(13) => {
                        let bits = (number as u64) % (1 << 13);
                        out.extend([0xc0 | (bits / 256) as u8, bits as u8]);
                    }
                    _ if fits(16) => out.extend([&[0xf1], &le[..2]].concat()),
                    _ if fits(24) => out.extend([&[0xf2], &le[..3]].concat()),
                    _ if fits(32) => out.extend([&[0xf3], &le[..4]].concat()),
                    _ => out.extend([&[0xf4], &le[..]].concat()),
                }
            }
            _ => {
                match value.len() {
                    len @ 0..64 => out.push(0x80 | len as u8),
                    len @ 64..4096 => out.extend([0xe0 | (len / 256) as u8, len as u8]),
                    len => out.extend([&[0xf0], &(len as u32).to_le_bytes()[..]].concat()),
                }
                out.extend(value);
            }
        }
        let size = out.len() - start;
        let mut sevens = 1;
        while size >= if sevens == 1 { 1 << 7 } else { (1 << (7 * sevens)) - 1 } {
            sevens += 1;
        }
        for i in (0..sevens).rev() {
            out.push(((size >> (7 * i)) % 128) as u8 + if i + 1 == sevens { 0 } else { 128 });
        }
    }
    out.push(0xff);
    let total = out.len() as u32;
    out[..4].copy_from_slice(&total.to_le_bytes());
    out[4..6].copy_from_slice(&(values.len().min(65535) as u16).to_le_bytes());
    out
}

fn value(rng: &mut Rng) -> Vec<u8> {
    match rng.below(12) {
        0..3 => (rng.next() as i64 >> rng.below(64)).to_string().into_bytes(),
        3 => {
            let edge = 1i64 << [7, 12, 15, 23, 31, 62][rng.below(6)];
            ((edge - 1 + rng.below(3) as i64) * if rng.below(2) == 0 { 1 } else { -1 })
                .to_string()
                .into_bytes()
        }
        4 => [
            &b""[..],
            b"-",
            b"-0",
            b"00",
            b"+1",
            b"9223372036854775808",
            b"-9223372036854775808",
            b"1 ",
            b"0",
        ][rng.below(9)]
        .to_vec(),
        5 => {
            let len =
                [62, 63, 64, 125, 126, 127, 128, 4094, 4095, 4096, 16380, 16381, 16382, 16383][rng.below(14)];
            rng.bytes(len)
        }
        _ => {
            let len = rng.below(30);
            rng.bytes(len)
        }
    }
}

#[test]
fn every_edit_leaves_the_bytes_that_the_naive_twin_writes() {
    let mut rng = Rng(11);
    for round in 0..150 {
        let mut pack = Listpack::new();
        let mut twin: Vec<Vec<u8>> = Vec::new();
        for _ in 0..60 {
            let new = value(&mut rng);
            let index = rng.below(twin.len().max(1));
            let pos = pack.seek(index as i64);
            match (rng.below(18), pos) {
                (0..4, _) => {
                    pack.push_back(&new);
                    twin.push(new);
                }
                (4..6, _) => {
                    pack.push_front(&new);
                    twin.insert(0, new);
                }
                (6, _) => {
                    pack.push_pair(&new, 17);
                    twin.extend([new, b"17".to_vec()]);
                }
                (7, Some(pos)) => {
                    let at = pack.insert_before(pos, &new);
                    assert_eq!(pack.entry(at).to_vec(), new);
                    twin.insert(index, new);
                }
                (8, Some(pos)) => {
                    let at = pack.insert_after(pos, &new);
                    assert_eq!(pack.entry(at).to_vec(), new);
                    twin.insert(index + 1, new);
                }
                (9, Some(pos)) => {
                    pack.insert_pair_before(pos, &new, -70_000);
                    twin.splice(index..index, [new, b"-70000".to_vec()]);
                }
                (10..12, Some(pos)) => {
                    pack.replace(pos, &new);
                    assert_eq!(pack.entry(pos).to_vec(), new);
                    twin[index] = new;
                }
                (12, Some(pos)) => {
                    let next = pack.delete(pos);
                    twin.remove(index);
                    assert_eq!(next.map(|next| pack.entry(next).to_vec()).as_ref(), twin.get(index));
                }
                (13, Some(pos)) => {
                    let num = rng.below(5);
                    let next = pack.delete_at_pos(pos, num);
                    twin.drain(index..(index + num).min(twin.len()));
                    assert_eq!(next.map(|next| pack.entry(next).to_vec()).as_ref(), twin.get(index));
                }
                (14, Some(_)) => {
                    let num = rng.below(5);
                    let negative = rng.below(2) == 0;
                    pack.delete_range(
                        if negative { index as i64 - twin.len() as i64 } else { index as i64 },
                        num,
                    );
                    twin.drain(index..(index + num).min(twin.len()));
                }
                (15, Some(_)) => {
                    let marked: Vec<bool> = twin.iter().map(|_| rng.below(4) == 0).collect();
                    let positions: Vec<Pos> = (0..twin.len())
                        .filter(|&i| marked[i])
                        .map(|index| pack.seek(index as i64).unwrap())
                        .collect();
                    pack.delete_several(&positions);
                    let mut marked = marked.into_iter();
                    twin.retain(|_| !marked.next().unwrap());
                }
                (16, _) => {
                    let mut rest = pack.split_off(index);
                    let mut rest_of_twin = twin.split_off(index);
                    assert_eq!(rest.as_bytes(), naive(&rest_of_twin));
                    assert_eq!(pack.as_bytes(), naive(&twin));
                    if rng.below(2) == 0 {
                        pack.merge(rest);
                        twin.append(&mut rest_of_twin);
                    } else {
                        rest.merge(pack);
                        pack = rest;
                        rest_of_twin.append(&mut twin);
                        twin = rest_of_twin;
                    }
                }
                (17, _) => {
                    let (front, back) = (rng.below(3), rng.below(3));
                    pack.truncate_front(front);
                    twin.drain(..front.min(twin.len()));
                    pack.truncate_back(twin.len().saturating_sub(back));
                    twin.truncate(twin.len().saturating_sub(back));
                }
                _ => {}
            }
            assert_eq!(pack.as_bytes(), naive(&twin), "round {round}");
            assert_eq!(pack.bytes(), pack.as_bytes().len());
            assert!(pack.allocated() >= pack.bytes());
        }
        assert_reads_as(&pack, &twin);
        assert_eq!(Listpack::from_bytes(pack.as_bytes()), Ok(pack.clone()));
        assert_eq!(twin.iter().collect::<Listpack>(), pack);
        pack.clear();
        assert_eq!(pack, Listpack::new());
    }
}

#[test]
fn writes_the_bytes_that_redis_writes() {
    let mut kinds = std::collections::BTreeMap::new();
    for case in cases(include_str!("vectors/listpack.txt")) {
        let expected = bytes(case[1]);
        let values: Vec<Vec<u8>> = case[2..].iter().map(|field| bytes(field)).collect();
        let mut pack = Listpack::new();
        for value in &values {
            pack.push_back(value);
        }
        assert_eq!(pack.as_bytes(), expected, "{case:?}");
        assert_eq!(naive(&values), expected);
        assert_reads_as(&Listpack::from_bytes(&expected).unwrap(), &values);
        *kinds.entry(case[0]).or_insert(0) += 1;
    }
    assert!(kinds.len() == 3 && kinds.values().all(|&count| count > 30), "{kinds:?}");
}

#[test]
fn a_value_is_found_in_whatever_form_it_is_written() {
    // 5 and -1 as strings and as integers of 16 bits, which Redis would not have written.
    let foreign = [0x81, b'5', 2, 0xf1, 5, 0, 3, 0x82, b'-', b'1', 3, 0xf1, 0xff, 0xff, 3, 5, 1, 0xff];
    let bytes = [&[foreign.len() as u8 + 6, 0, 0, 0, 5, 0][..], &foreign].concat();
    let pack = Listpack::from_bytes(&bytes).unwrap();
    let at = |index: i64| pack.seek(index).unwrap();
    assert_eq!(pack.find(b"5", 0), Some(at(0)));
    assert_eq!(pack.find(b"-1", 0), Some(at(2)));
    assert_eq!(pack.find_from(at(1), &Needle::new(b"5"), 0), Some(at(1)));
    assert_eq!(pack.find_from(at(1), &Needle::new(b"5"), 1), Some(at(1)));
    assert_eq!(pack.find_from(at(2), &Needle::new(b"5"), 1), Some(at(4)));
    assert_eq!(pack.find(b"-1", 2), Some(at(3)));
    assert_eq!(pack.find(b"05", 0), None);
    assert_eq!(Listpack::new().find(b"", 0), None);

    let mut rng = Rng(12);
    for _ in 0..200 {
        let twin: Vec<Vec<u8>> = (0..1 + rng.below(20)).map(|_| value(&mut rng)).collect();
        let pack: Listpack = twin.iter().collect();
        for value in &twin {
            for skip in 0..3 {
                let found = pack.find(value, skip);
                let expected = twin.iter().step_by(skip + 1).position(|other| other == value);
                assert_eq!(found, expected.and_then(|index| pack.seek((index * (skip + 1)) as i64)));
            }
        }
    }
}

#[test]
fn pairs_and_entries_at_indexes_come_in_one_walk() {
    let mut rng = Rng(13);
    for len in 0..30 {
        let twin: Vec<Vec<u8>> = (0..len).map(|_| value(&mut rng)).collect();
        let pack: Listpack = twin.iter().collect();
        let pairs: Vec<_> = pack.pairs().map(|(a, b)| [a.to_vec(), b.to_vec()]).collect();
        let (expected, _) = twin.as_chunks::<2>();
        assert_eq!(pairs, expected);
        if len % 2 == 0 {
            let pairs: Vec<_> = pack.pairs().rev().map(|(a, b)| [a.to_vec(), b.to_vec()]).collect();
            assert!(pairs.iter().eq(expected.iter().rev()));
        }
        let mut indexes: Vec<usize> = (0..8).map(|_| rng.below(len + 2)).collect();
        indexes.sort();
        let found: Vec<_> = pack.at_indexes(indexes.iter().copied()).collect();
        let expected: Vec<_> = indexes.iter().map_while(|&index| pack.seek(index as i64)).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn more_entries_than_the_header_can_count_are_counted_by_walking() {
    let mut pack: Listpack = (0..65534).map(|_| 1).collect();
    let count = |pack: &Listpack| u16::from_le_bytes([pack.as_bytes()[4], pack.as_bytes()[5]]);
    assert_eq!((count(&pack), pack.len()), (65534, 65534));
    pack.push_front(2);
    assert_eq!((count(&pack), pack.len()), (65535, 65535));
    pack.push_back(3);
    assert_eq!((count(&pack), pack.len()), (65535, 65536));
    assert_eq!(pack.get(-1), Some(Entry::Int(3)));
    assert_eq!(pack.get(65535), Some(Entry::Int(3)));
    assert_eq!(pack.get(-65536), Some(Entry::Int(2)));
    assert_eq!((pack.get(65536), pack.get(-65537)), (None, None));
    assert_eq!(pack.recount(), 65536);
    assert_eq!(Listpack::from_bytes(pack.as_bytes()), Ok(pack.clone()));

    pack.delete_range(-2, 2);
    assert_eq!((count(&pack), pack.len()), (65535, 65534));
    assert_eq!((pack.recount(), count(&pack)), (65534, 65534));

    let mut longer = pack.clone();
    longer.merge(pack.clone());
    assert_eq!((count(&longer), longer.len()), (65535, 131_068));
    let rest = longer.split_off(65534);
    assert_eq!((count(&longer), count(&rest)), (65534, 65534));
    assert_eq!((&longer, &rest), (&pack, &pack));
}

#[test]
fn integers_are_written_as_their_texts_are() {
    let mut rng = Rng(14);
    for _ in 0..10_000 {
        let number = rng.next() as i64 >> rng.below(64);
        let (mut by_number, mut by_text) = (Listpack::new(), Listpack::new());
        by_number.push_back(number);
        by_text.push_back(number.to_string().as_bytes());
        assert_eq!(by_number, by_text);
        assert_eq!(by_number.get(0), Some(Entry::Int(number)));
        assert_eq!(Entry::Int(number).text_len(), number.to_string().len());
        assert_eq!(Entry::Int(number).encoded_size(), by_number.bytes() - 7);
    }
}

#[test]
fn the_largest_size_is_asked_for_before_writing() {
    let pack = Listpack::new();
    assert!(!pack.would_overflow((1 << 30) - 7));
    assert!(pack.would_overflow((1 << 30) - 6));
    assert!(pack.would_overflow(usize::MAX));
}

#[test]
fn who_loads_a_listpack_may_refuse_its_entries() {
    let pack: Listpack = [&b"f"[..], b"7"].into_iter().collect();
    let mut seen = Vec::new();
    let load = |seen: &mut Vec<_>, most: usize| {
        Listpack::from_bytes_checking(pack.as_bytes(), |entry, count| {
            seen.push((entry.to_vec(), count));
            seen.len() <= most
        })
    };
    assert_eq!(load(&mut seen, 2), Ok(pack.clone()));
    assert_eq!(seen, [(b"f".to_vec(), 2), (b"7".to_vec(), 2)]);
    assert!(load(&mut seen, 2).is_err());
}

fn short(rng: &mut Rng) -> Vec<u8> {
    let len = rng.below(4);
    rng.bytes(len)
}

#[test]
fn damaged_listpacks_are_refused_or_harmless() {
    let mut rng = Rng(15);
    let mut accepted = 0;
    let rounds = if cfg!(debug_assertions) { 60_000 } else { 2_000_000 };
    for _ in 0..rounds {
        let values: Vec<Vec<u8>> = (0..rng.below(6))
            .map(|_| if rng.below(3) == 0 { value(&mut rng) } else { short(&mut rng) })
            .collect();
        let mut bytes = naive(&values);
        for _ in 0..rng.below(4) {
            let at = rng.below(bytes.len());
            match rng.below(5) {
                0 => bytes[at] = rng.next() as u8,
                1 => bytes[at] = [0, 0x7f, 0x80, 0xc0, 0xe0, 0xf0, 0xf1, 0xf4, 0xf5, 0xff][rng.below(10)],
                2 => bytes[at] ^= 1 << rng.below(8),
                3 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, rng.next() as u8),
            }
        }
        if rng.below(2) == 0 && bytes.len() >= 6 {
            let total = bytes.len() as u32;
            bytes[..4].copy_from_slice(&total.to_le_bytes());
        }
        if rng.below(4) == 0 && bytes.len() >= 6 {
            bytes[4..6].fill(0xff);
        }
        accepted += usize::from(exercise(&bytes, rng.next()));
    }
    assert!(accepted > rounds / 10, "{accepted}");
}

proptest! {
    #![proptest_config(common::seeded())]

    #[test]
    fn hostile_bytes_are_refused_or_harmless(
        mut bytes in prop::collection::vec(
            prop_oneof![0u8..8, 0x80u8..0x84, 0xc0u8..0xc2, 0xf0u8..=0xff, any::<u8>()], 6..60),
        framed in any::<bool>(),
    ) {
        if framed {
            bytes.push(0xff);
            let total = bytes.len() as u32;
            bytes[..4].copy_from_slice(&total.to_le_bytes());
            bytes[4..6].fill(0xff);
        }
        exercise(&bytes, 16);
    }

    #[test]
    fn values_come_back(values in prop::collection::vec(prop_oneof![
        any::<i64>().prop_map(|number| number.to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..200),
    ], 0..50)) {
        let pack: Listpack = values.iter().collect();
        prop_assert_eq!(pack.as_bytes(), naive(&values));
        prop_assert_eq!(texts(&pack), values);
    }
}
