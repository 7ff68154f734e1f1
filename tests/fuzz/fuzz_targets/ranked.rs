//! The large sorted set beside an ordered map by member and a sorted vector.
#![no_main]

#[path = "../input.rs"]
mod input;

use input::Input;
use libfuzzer_sys::fuzz_target;
use oxidis::ds::ranked::{Builder, Ranked};
use std::collections::{BTreeMap, BTreeSet};

type Twin = BTreeMap<Vec<u8>, f64>;

fn member(n: u16) -> Vec<u8> {
    let mut member = n.to_string().into_bytes();
    if n % 50 == 0 {
        member.resize(300, b'm');
    }
    member
}

/// Few scores, so that many are equal, and the odd ones.
fn score(input: &mut Input<'_>) -> f64 {
    match input.byte() {
        0 => f64::INFINITY,
        1 => f64::NEG_INFINITY,
        2 => -0.0,
        3 => f64::from(input.short()) / 7.0,
        n => f64::from(n / 16),
    }
}

fn sorted(twin: &Twin) -> Vec<(Vec<u8>, f64)> {
    let mut all: Vec<(Vec<u8>, f64)> = twin.iter().map(|(m, s)| (m.clone(), *s)).collect();
    all.sort_by(|a, b| a.1.partial_cmp(&b.1).expect("no NaN").then_with(|| a.0.cmp(&b.0)));
    all
}

fn set(ranked: &mut Ranked, twin: &mut Twin, n: u16, score: f64) {
    let member = member(n);
    let old = twin.get(&member).copied();
    assert_eq!(ranked.set(&member, |_| Some(score)), (old, Some(score)));
    if old != Some(score) {
        twin.insert(member, score);
    }
}

fn ranks(input: &mut Input<'_>, len: usize) -> std::ops::Range<usize> {
    let from = usize::from(input.short()) % (len + 1);
    from..from + usize::from(input.short()) % (len - from + 1)
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let (mut ranked, mut twin) = (Ranked::new(), Twin::new());
    let (mut cursor, mut unseen) = (0, BTreeSet::new());
    while !input.is_used_up() {
        match input.byte() % 8 {
            0 => {
                let n = input.short();
                set(&mut ranked, &mut twin, n, score(&mut input));
            }
            1 => {
                let (first, step, score) =
                    (input.short(), f64::from(input.byte() % 3) - 1.0, score(&mut input));
                for n in 0..u16::from(input.byte()) {
                    set(&mut ranked, &mut twin, first.wrapping_add(n), score + step * f64::from(n));
                }
            }
            2 => {
                let first = input.short();
                for n in 0..u16::from(input.byte() % 64) {
                    let member = member(first.wrapping_add(n));
                    assert_eq!(ranked.remove(&member), twin.remove(&member));
                    unseen.remove(&member);
                }
            }
            3 => {
                let ranks = ranks(&mut input, twin.len());
                for (member, _) in sorted(&twin).drain(ranks.clone()) {
                    twin.remove(&member);
                    unseen.remove(&member);
                }
                ranked.remove_range(ranks);
            }
            4 => {
                let member = member(input.short());
                let place = sorted(&twin).iter().position(|(m, _)| *m == member);
                assert_eq!(ranked.rank(&member), place.map(|rank| (rank, twin[&member])));
                assert_eq!(ranked.get(&member), twin.get(&member).copied());
            }
            5 => {
                let ranks = ranks(&mut input, twin.len());
                let wanted = &sorted(&twin)[ranks.clone()];
                let own = |(m, s): (&[u8], f64)| (m.to_vec(), s);
                assert!(ranked.range(ranks.clone()).map(own).eq(wanted.iter().cloned()));
                assert!(ranked.range(ranks).rev().map(own).eq(wanted.iter().rev().cloned()));
            }
            6 => {
                if cursor == 0 {
                    unseen = twin.keys().cloned().collect();
                }
                cursor = ranked.scan(cursor, |member, score| {
                    assert_eq!(twin.get(member), Some(&score));
                    unseen.remove(member);
                });
                assert!(cursor != 0 || unseen.is_empty(), "the scan has missed {unseen:?}");
            }
            _ => {
                let least = score(&mut input);
                let before = twin.values().filter(|score| **score < least).count();
                assert_eq!(ranked.count_before(|place| place.score() < least), before);
            }
        }
        assert_eq!(ranked.len(), twin.len());
    }
    let wanted = sorted(&twin);
    let own = |(m, s): (&[u8], f64)| (m.to_vec(), s);
    assert!(ranked.clone().range(0..wanted.len()).map(own).eq(wanted.iter().cloned()));
    let mut builder = Builder::default();
    twin.iter().for_each(|(member, score)| assert!(builder.insert(member, *score)));
    assert!(builder.build().range(0..wanted.len()).map(own).eq(wanted.iter().cloned()));
});
