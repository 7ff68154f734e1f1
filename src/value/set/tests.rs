//! Sets against a twin, through all encodings.

use super::*;
use std::collections::BTreeSet;

fn random_member(rng: &mut Rng) -> Vec<u8> {
    match rng.below(8) {
        0..4 => (rng.below(60) as i64 - 30).to_string().into_bytes(),
        4 => (rng.next_u64() as i64).to_string().into_bytes(),
        5 => format!("0{}", rng.below(30)).into_bytes(),
        6 => format!("member {}", rng.below(40)).into_bytes(),
        _ => vec![b'x'; rng.below(90) as usize],
    }
}

#[test]
fn a_set_has_what_its_twin_has_in_every_encoding() {
    for seed in 0..300 {
        let mut rng = Rng::seeded(seed);
        let limits = Limits {
            max_intset_entries: rng.below(40) as usize,
            max_listpack_entries: rng.below(40) as usize,
            max_listpack_value: rng.below(80) as usize,
        };
        let ints_only = rng.below(3) == 0;
        let mut set = Set::new();
        let mut twin = BTreeSet::new();
        for step in 0..200 {
            let mut member = random_member(&mut rng);
            if ints_only && int::parse(&member).is_none() {
                member = b"7".to_vec();
            }
            let at = format!("seed {seed} step {step} {set:?}");
            match rng.below(4) {
                0..2 => assert_eq!(set.add(&member, &limits), twin.insert(member), "{at}"),
                2 => assert_eq!(set.remove(&member), twin.remove(&member), "{at}"),
                _ => assert_eq!(set.contains(&member), twin.contains(&member), "{at}"),
            }
            assert_eq!(set.len(), twin.len(), "{at}");
        }
        let held: BTreeSet<Vec<u8>> = set.iter().map(Member::to_vec).collect();
        assert_eq!(held, twin);
        let copy: BTreeSet<Vec<u8>> = set.clone().iter().map(Member::to_vec).collect();
        assert_eq!(copy, twin);
        let mut scanned = BTreeSet::new();
        let mut cursor = 0;
        loop {
            cursor = set.scan(cursor, 5, |member| {
                scanned.insert(member.to_vec());
            });
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(scanned, twin);
        for count in [0, 1, twin.len() / 4, twin.len() / 2, twin.len(), twin.len() + 5] {
            let sample: Vec<Vec<u8>> = set.sample(count, &mut rng).iter().map(|m| m.to_vec()).collect();
            let different: BTreeSet<&Vec<u8>> = sample.iter().collect();
            assert_eq!((sample.len(), different.len()), (count.min(twin.len()), sample.len()));
            assert!(sample.iter().all(|member| twin.contains(member)));
        }
    }
}

fn encoding_of(members: &[&str]) -> Encoding {
    let limits = Limits { max_intset_entries: 3, max_listpack_entries: 4, max_listpack_value: 5 };
    let mut set = Set::new();
    for member in members {
        set.add(member.as_bytes(), &limits);
    }
    set.encoding()
}

#[test]
fn the_encoding_changes_where_redis_changes_it() {
    assert_eq!(encoding_of(&["1", "2", "3"]), Encoding::Intset);
    assert_eq!(encoding_of(&["1", "2", "3", "4"]), Encoding::Hashtable);
    assert_eq!(encoding_of(&["1", "2", "3", "a"]), Encoding::Listpack);
    assert_eq!(encoding_of(&["a", "b", "c", "d"]), Encoding::Listpack);
    assert_eq!(encoding_of(&["a", "b", "c", "d", "e"]), Encoding::Hashtable);
    assert_eq!(encoding_of(&["a", "123456"]), Encoding::Hashtable);
    assert_eq!(encoding_of(&["123456", "a"]), Encoding::Hashtable);
    assert_eq!(encoding_of(&["12345", "abcdef"]), Encoding::Hashtable);
}

#[test]
fn all_members_are_drawn_about_as_often() {
    let limits = Limits::default();
    for members in [40, 100, 600] {
        let mut set = Set::new();
        for i in 0..members {
            set.add(format!("{}{i}", if members == 40 { "" } else { "m" }).as_bytes(), &limits);
        }
        let mut rng = Rng::seeded(3);
        let mut times = std::collections::HashMap::new();
        for _ in 0..members * 100 {
            *times.entry(set.random(&mut rng).to_vec()).or_insert(0) += 1;
        }
        assert_eq!(times.len(), members);
        assert!(times.values().all(|n| (40..220).contains(n)), "{members}: {times:?}");
    }
}
