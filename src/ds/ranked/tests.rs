//! A map by member and a sorted vector say what the structure must hold.

use std::collections::BTreeMap;

use super::*;
use crate::util::rng::Rng;

#[derive(Default)]
struct Twin(BTreeMap<Vec<u8>, f64>);

impl Twin {
    fn sorted(&self) -> Vec<(Vec<u8>, f64)> {
        let mut all: Vec<(Vec<u8>, f64)> = self.0.iter().map(|(m, s)| (m.clone(), *s)).collect();
        all.sort_by(|a, b| a.1.partial_cmp(&b.1).expect("no NaN").then_with(|| a.0.cmp(&b.0)));
        all
    }
}

fn same(set: &Ranked, twin: &Twin) {
    // SAFETY: the set lives.
    let bytes = |e: MemberRef| unsafe { e.bytes() };
    set.order.check(|a, b| a.score() < b.score() || a.score() == b.score() && bytes(a) < bytes(b));
    assert_eq!(set.members.len(), set.len());
    let sorted = twin.sorted();
    let to_pair = |(m, s): (&[u8], f64)| (m.to_vec(), s);
    assert_eq!(set.range(0..set.len()).map(to_pair).collect::<Vec<_>>(), sorted);
    assert_eq!(set.range(0..set.len()).rev().map(to_pair).collect::<Vec<_>>(), {
        let mut reversed = sorted.clone();
        reversed.reverse();
        reversed
    });
}

fn member(rng: &mut Rng, below: u64) -> Vec<u8> {
    let n = rng.below(below);
    let mut member = format!("member:{n}").into_bytes();
    if n.is_multiple_of(97) {
        member.resize(300, b'x');
    }
    member
}

/// Runs with scores drawn by `score`, from so many members, growing and shrinking.
fn run(seed: u64, members: u64, steps: u64, mut score: impl FnMut(&mut Rng, u64) -> f64) {
    let mut rng = Rng::seeded(seed);
    let (mut set, mut twin) = (Ranked::new(), Twin::default());
    let mut growing = true;
    for step in 0..steps {
        if rng.below(members) == 0 {
            growing = !growing;
        }
        let m = member(&mut rng, members);
        if (rng.below(10) < 8) == growing {
            let s = score(&mut rng, step);
            let told = set.set(&m, |old| {
                assert_eq!(old, twin.0.get(&m).copied());
                Some(s)
            });
            let old = twin.0.get(&m).copied();
            assert_eq!(told, (old, Some(s)));
            if old != Some(s) {
                twin.0.insert(m.clone(), s);
            }
            assert_eq!(set.set(&m, |_| None), (Some(s), None));
        } else if rng.below(50) == 0 {
            let from = rng.below(set.len() as u64 + 1) as usize;
            let to = from + rng.below((set.len() - from) as u64 + 1).min(200) as usize;
            for (m, _) in twin.sorted().drain(from..to) {
                twin.0.remove(&m);
            }
            set.remove_range(from..to);
        } else {
            assert_eq!(set.remove(&m), twin.0.remove(&m), "seed {seed} step {step}");
        }
        if step % 256 == 0 {
            same(&set, &twin);
            let sorted = twin.sorted();
            let rank = rng.below(sorted.len() as u64 + 1) as usize;
            assert_eq!(set.at(rank).map(|(m, s)| (m.to_vec(), s)), sorted.get(rank).cloned());
            if let Some((m, s)) = sorted.get(rank) {
                assert_eq!(set.rank(m), Some((rank, *s)));
                let before = |e: Place<'_>| e.score() < *s || e.score() == *s && e.member() < &m[..];
                assert_eq!(set.count_before(before), rank);
            }
            let to = rank + (sorted.len() - rank) / 2;
            assert!(set.range(rank..to).map(|(m, s)| (m.to_vec(), s)).eq(sorted[rank..to].iter().cloned()));
        }
    }
    same(&set.clone(), &twin);
    let mut builder = Builder::default();
    for (m, s) in &twin.0 {
        assert!(builder.insert(m, *s) && !builder.insert(m, 0.0));
    }
    same(&builder.build(), &twin);
    let len = set.len();
    set.remove_range(0..len);
    same(&set, &Twin::default());
}

#[test]
fn it_holds_what_a_map_holds_in_order() {
    for seed in 0..4 {
        run(seed, 3000, 20_000, |rng, _| rng.below(1_000_000) as f64 / 8.0);
    }
}

#[test]
fn members_of_equal_scores_are_in_their_own_order() {
    run(10, 3000, 20_000, |_, _| 0.0);
    run(11, 3000, 20_000, |rng, _| rng.below(3) as f64);
    run(12, 300, 8_000, |rng, _| if rng.below(2) == 0 { 0.0 } else { -0.0 });
}

#[test]
fn scores_that_only_grow_or_only_fall_are_kept_in_order() {
    run(20, 100_000, 30_000, |_, step| step as f64);
    run(21, 100_000, 30_000, |_, step| -(step as f64));
}

#[test]
fn infinities_are_the_ends() {
    run(30, 500, 8_000, |rng, _| [f64::INFINITY, f64::NEG_INFINITY, 1.0, 2.0][rng.below(4) as usize]);
}

#[test]
fn a_walk_from_both_ends_meets_in_the_middle() {
    let mut set = Ranked::new();
    for n in 0..1000 {
        set.set(format!("{n:04}").as_bytes(), |_| Some(f64::from(n)));
    }
    let mut walk = set.range(100..900);
    let mut expected = 100..900;
    for turn in 0.. {
        let (got, wanted) = if turn % 3 == 0 {
            (walk.next_back(), expected.next_back())
        } else {
            (walk.next(), expected.next())
        };
        assert_eq!(got.map(|(_, score)| score), wanted.map(f64::from));
        if wanted.is_none() {
            break;
        }
    }
    assert!(walk.next().is_none() && walk.next_back().is_none());
}
