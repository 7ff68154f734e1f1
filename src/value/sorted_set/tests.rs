//! A sorted set of either encoding beside a sorted vector, across conversions, with random limits.

use super::*;
use crate::util::rng::Rng;

type Pairs = Vec<(Vec<u8>, f64)>;

fn sort(twin: &mut Pairs) {
    twin.sort_by(|a, b| a.1.partial_cmp(&b.1).expect("no NaN").then_with(|| a.0.cmp(&b.0)));
}

fn all(items: Items<'_>) -> Pairs {
    items.map(|item| (item.member.to_vec(), item.score())).collect()
}

fn member(rng: &mut Rng) -> Vec<u8> {
    match rng.below(4) {
        0 => rng.below(40).to_string().into_bytes(),
        1 => vec![b'm'; rng.below(70) as usize],
        _ => format!("member:{}", rng.below(60)).into_bytes(),
    }
}

fn score(rng: &mut Rng) -> f64 {
    match rng.below(6) {
        0 => rng.below(7) as f64 / 4.0 - 1.0,
        1 => [f64::INFINITY, f64::NEG_INFINITY, 1e300, -0.0, 5e18, 1e17][rng.below(6) as usize],
        _ => rng.below(9) as f64,
    }
}

fn bounds<'a>(rng: &mut Rng, a: &'a [u8], b: &'a [u8]) -> Bounds<'a> {
    let mut end = |member: &'a [u8]| match rng.below(6) {
        0 => LexBound::Least,
        1 => LexBound::Greatest,
        2 | 3 => LexBound::Open(member),
        _ => LexBound::Closed(member),
    };
    let lex = LexRange { min: end(a), max: end(b) };
    if rng.below(2) == 0 {
        return Bounds::Lex(lex);
    }
    let (min, max) = (score(rng), score(rng));
    Bounds::Score(ScoreRange { min, max, min_open: rng.below(2) == 0, max_open: rng.below(2) == 0 })
}

#[test]
fn both_encodings_hold_what_a_sorted_vector_holds() {
    for seed in 0..60 {
        let mut rng = Rng::seeded(seed);
        let limits = Limits {
            max_listpack_entries: rng.below(80) as usize,
            max_listpack_value: [8, 64, 128][rng.below(3) as usize],
        };
        // Ranges of members are well-defined only where all scores are equal.
        let one_score = seed % 3 == 0;
        let (mut set, mut twin) = (SortedSet::new(), Pairs::new());
        for _ in 0..400 {
            let m = member(&mut rng);
            let at = twin.iter().position(|pair| pair.0 == m);
            let old = at.map(|at| twin[at].1);
            match rng.below(8) {
                0..5 => {
                    let s = if one_score { 1.0 } else { score(&mut rng) };
                    assert_eq!(set.set(&m, &limits, |_| Some(s)), Change { old, new: Some(s) });
                    match at {
                        Some(at) => twin[at].1 = s,
                        None => twin.push((m.clone(), s)),
                    }
                    sort(&mut twin);
                }
                5 => {
                    assert_eq!(set.remove(&m), at.is_some());
                    at.map(|at| twin.remove(at));
                }
                6 if rng.below(4) == 0 => {
                    let from = rng.below(twin.len() as u64 + 1) as usize;
                    let to = from + rng.below((twin.len() - from) as u64 + 1).min(9) as usize;
                    twin.drain(from..to);
                    set.remove_range(from..to);
                }
                _ => {
                    let other = member(&mut rng);
                    let bounds = bounds(&mut rng, &m, &other);
                    if one_score || matches!(bounds, Bounds::Score(_)) {
                        check_span(&set, &twin, &bounds, rng.below(6) as usize);
                    }
                }
            }
            assert_eq!(set.get(&m), twin.iter().find(|pair| pair.0 == m).map(|pair| pair.1), "seed {seed}");
            let place = twin.iter().position(|pair| pair.0 == m);
            assert_eq!(set.rank(&m), place.map(|rank| (rank, twin[rank].1)), "seed {seed}");
            assert_eq!(set.len(), twin.len());
            assert!(set.encoding() == Encoding::Skiplist || twin.len() <= limits.max_listpack_entries);
        }
        assert_eq!(all(set.iter()), twin, "seed {seed}");
        assert_eq!(all(set.clone().iter()), twin, "seed {seed}");
        twin.reverse();
        assert_eq!(all(set.range(0..set.len(), true)), twin, "seed {seed}");
        let mut scanned = Pairs::new();
        let mut cursor = 0;
        loop {
            cursor = set.scan(cursor, 5, |item| scanned.push((item.member.to_vec(), item.score())));
            if cursor == 0 {
                break;
            }
        }
        sort(&mut scanned);
        scanned.reverse();
        assert_eq!(scanned, twin, "seed {seed}");
    }
}

fn check_span(set: &SortedSet, twin: &Pairs, bounds: &Bounds<'_>, most: usize) {
    let is_within = |(m, s): &(Vec<u8>, f64)| !bounds.below(*s, || m) && !bounds.above(*s, || m);
    let within: Pairs = twin.iter().filter(|pair| is_within(pair)).cloned().collect();
    for from_end in [false, true] {
        assert_eq!(all(set.range(set.span(bounds, from_end, None), false)), within, "{bounds:?}");
        let some = all(set.range(set.span(bounds, from_end, Some(most)), false));
        let enough = most.min(within.len());
        assert!(some.len() >= enough && some.len() <= within.len());
        if from_end {
            assert_eq!(some[some.len() - enough..], within[within.len() - enough..], "{bounds:?}");
        } else {
            assert_eq!(some[..enough], within[..enough], "{bounds:?}");
        }
    }
}

#[test]
fn it_becomes_large_exactly_at_the_limits() {
    let limits = Limits { max_listpack_entries: 3, max_listpack_value: 5 };
    let mut set = SortedSet::new();
    for m in [b"a", b"b", b"c"] {
        set.set(m, &limits, |_| Some(1.0));
    }
    set.set(b"a", &limits, |_| Some(2.0));
    assert_eq!(set.encoding(), Encoding::Listpack);
    set.set(b"d", &limits, |_| None);
    assert_eq!(set.encoding(), Encoding::Listpack);
    set.set(b"d", &limits, |_| Some(1.0));
    assert_eq!(set.encoding(), Encoding::Skiplist);
    set.remove_range(0..3);
    assert_eq!(set.encoding(), Encoding::Skiplist);

    let mut set = SortedSet::new();
    set.set(b"12345", &limits, |_| Some(1.0));
    assert_eq!(set.encoding(), Encoding::Listpack);
    set.set(b"123456", &limits, |_| Some(1.0));
    assert_eq!(set.encoding(), Encoding::Skiplist);
}

#[test]
fn the_bytes_of_a_small_one_are_those_of_redis() {
    let limits = Limits { max_listpack_entries: 128, max_listpack_value: 64 };
    let mut set = SortedSet::new();
    for (m, s) in [("b", 1.5), ("a", -0.0), ("7", 4e18), ("c", f64::INFINITY), ("d", 5e18)] {
        set.set(m.as_bytes(), &limits, |_| Some(s));
    }
    let SortedSet::Packed(pairs) = set else { panic!("small") };
    let expected: Listpack = [
        Entry::Str(b"a"),
        Entry::Int(0),
        Entry::Str(b"b"),
        Entry::Str(b"1.5"),
        Entry::Int(7),
        Entry::Int(4_000_000_000_000_000_000),
        Entry::Str(b"d"),
        Entry::Str(b"5e+18"),
        Entry::Str(b"c"),
        Entry::Str(b"inf"),
    ]
    .into_iter()
    .collect();
    assert_eq!(pairs, expected);
}

#[test]
fn gathered_members_become_small_or_large_as_the_limits_say() {
    let limits = Limits { max_listpack_entries: 3, max_listpack_value: 5 };
    for (members, expected) in [
        (&[&b"c"[..], b"a", b"b"][..], Encoding::Listpack),
        (&[b"c", b"a", b"b", b"d"], Encoding::Skiplist),
        (&[b"c", b"123456"], Encoding::Skiplist),
    ] {
        let mut builder = Builder::default();
        for m in members {
            builder.set(m, |old| old.unwrap_or(0.0) + 1.0);
        }
        builder.set(b"c", |old| old.unwrap_or(0.0) - 5.0);
        let set = SortedSet::from_builder(builder, &limits);
        assert_eq!(set.encoding(), expected);
        assert_eq!(set.rank(b"c"), Some((0, -4.0)));
        assert_eq!(set.len(), members.len());
    }
}

#[test]
fn the_ends_of_a_range_are_read_as_redis_reads_them() {
    let parse = |min: &[u8], max: &[u8]| ScoreRange::parse(min, max);
    let range = |min, max, min_open, max_open| Some(ScoreRange { min, max, min_open, max_open });
    assert_eq!(parse(b"1", b"(2.5"), range(1.0, 2.5, false, true));
    assert_eq!(parse(b"(-inf", b"+inf"), range(f64::NEG_INFINITY, f64::INFINITY, true, false));
    assert_eq!(parse(b"", b"( 0x10"), range(0.0, 16.0, false, true));
    assert_eq!(parse(b"1e400", b"1\0x"), range(f64::INFINITY, 1.0, false, false));
    for wrong in [&b"nan"[..], b"(nan", b"1x", b"((1", b"1 ", b" "] {
        assert_eq!(parse(wrong, b"1"), None);
        assert_eq!(parse(b"1", wrong), None);
    }
    assert!(LexRange::parse(b"-", b"+").is_some() && LexRange::parse(b"[", b"(a").is_some());
    assert!(LexRange::parse(b"a", b"+").is_none() && LexRange::parse(b"", b"+").is_none());
    assert!(LexRange::parse(b"-x", b"+").is_none());
}
