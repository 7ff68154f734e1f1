//! How near eviction comes to what it approximates: the same Zipf-distributed accesses go through a cache that evicts
//! exactly by LRU or LFU, through Redis's way of sampling as a model, and through the keyspace. All seeds are fixed.
//!
//! `cargo test --test eviction_accuracy -- --nocapture` prints the figures that stand in benches/README.md.

use oxidis::keyspace::evict::{EvictionPolicy, Victim};
use oxidis::keyspace::{ExpireChange, ExpiryMode, Keyspace};
use oxidis::util::rng::Rng;
use oxidis::value::NewValue;
use std::collections::{BTreeSet, HashMap, HashSet};

const KEYS: usize = 50_000;
const CAPACITY: usize = 5_000;
const ACCESSES: usize = 400_000;
/// Accesses before hits are counted: the cache is full long before.
const WARM_UP: usize = 100_000;
const SKEW: f64 = 0.9;
const POOL: usize = 16;

/// A cache's hits, in percent, and what it holds at the end.
struct Outcome {
    hits: f64,
    held: HashSet<u32>,
}

impl Outcome {
    fn of(hits: usize, held: impl IntoIterator<Item = u32>) -> Outcome {
        let counted = (ACCESSES - WARM_UP) as f64;
        Outcome { hits: hits as f64 * 100.0 / counted, held: held.into_iter().collect() }
    }

    /// How much of what the other holds it holds, percent.
    fn overlap(&self, other: &Outcome) -> f64 {
        self.held.intersection(&other.held).count() as f64 * 100.0 / other.held.len() as f64
    }
}

/// Keys by number, number 0 the most often.
fn zipf_trace(seed: u64) -> Vec<u32> {
    let mut sums = Vec::with_capacity(KEYS);
    let mut sum = 0.0;
    for rank in 1..=KEYS {
        sum += (rank as f64).powf(-SKEW);
        sums.push(sum);
    }
    let mut rng = Rng::seeded(seed);
    let mut draw = || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64 * sum;
    (0..ACCESSES)
        .map(|_| {
            let at = draw();
            sums.partition_point(|s| *s < at).min(KEYS - 1) as u32
        })
        .collect()
}

/// Evicts the key with the least rank, which `touch` gives from the old one at each access.
fn exact<R: Ord + Copy>(trace: &[u32], touch: impl Fn(Option<R>, u64) -> R) -> Outcome {
    let (mut ranks, mut order) = (HashMap::new(), BTreeSet::new());
    let mut hits = 0;
    for (i, &key) in trace.iter().enumerate() {
        let old = ranks.get(&key).copied();
        match old {
            Some(old) => {
                order.remove(&(old, key));
                hits += usize::from(i >= WARM_UP);
            }
            None if ranks.len() == CAPACITY => {
                let (_, least) = order.pop_first().expect("a full cache is not empty");
                ranks.remove(&least);
            }
            None => {}
        }
        let new = touch(old, i as u64);
        ranks.insert(key, new);
        order.insert((new, key));
    }
    Outcome::of(hits, ranks.into_keys())
}

/// Redis's way: keys drawn one by one, a pool in which a candidate's score stays as it was when it was drawn, and its
/// best that is still there goes. Keys count their use as `ks_bits` of the real thing would, given by `touch`.
fn model(
    trace: &[u32],
    samples: usize,
    mut touch: impl FnMut(Option<u32>, u64) -> u32,
    score: impl Fn(u32, u64) -> u64,
) -> Outcome {
    let mut rng = Rng::seeded(7);
    let mut bits: HashMap<u32, u32> = HashMap::new();
    let (mut present, mut places) = (Vec::new(), HashMap::new());
    let mut pool: Vec<(u64, u32)> = Vec::new();
    let mut hits = 0;
    for (i, &key) in trace.iter().enumerate() {
        let now = i as u64;
        let old = bits.get(&key).copied();
        if old.is_some() {
            hits += usize::from(i >= WARM_UP);
        } else {
            if present.len() == CAPACITY {
                let victim = 'found: loop {
                    for _ in 0..samples {
                        let drawn: u32 = present[rng.below(present.len() as u64) as usize];
                        let candidate = (score(bits[&drawn], now), drawn);
                        let at = pool.partition_point(|c| c.0 < candidate.0);
                        if pool.len() < POOL {
                            pool.insert(at, candidate);
                        } else if at > 0 {
                            pool.insert(at, candidate);
                            pool.remove(0);
                        }
                    }
                    while let Some((_, best)) = pool.pop() {
                        if places.contains_key(&best) {
                            break 'found best;
                        }
                    }
                };
                let place = places.remove(&victim).expect("it is there");
                bits.remove(&victim);
                present.swap_remove(place);
                if let Some(moved) = present.get(place) {
                    places.insert(*moved, place);
                }
            }
            places.insert(key, present.len());
            present.push(key);
        }
        bits.insert(key, touch(old, now));
    }
    Outcome::of(hits, present)
}

/// The keyspace itself.
fn keyspace(trace: &[u32], policy: EvictionPolicy, tick_ms: i64) -> Outcome {
    let mut ks = Keyspace::with_seeds(1, [1, 2, 3, 4]);
    ks.freq.lfu = policy.victim == Victim::LeastFrequent;
    let mut hits = 0;
    let name = |key: u32| format!("key:{key}").into_bytes();
    for (i, &key) in trace.iter().enumerate() {
        let now_ms = i as i64 * tick_ms;
        ks.begin(now_ms, ExpiryMode::Delete, true);
        let name = name(key);
        if ks.lookup_read(0, &name).is_some() {
            hits += usize::from(i >= WARM_UP);
            continue;
        }
        if ks.len(0) == CAPACITY {
            ks.evict(policy, now_ms).expect("a full cache is not empty");
        }
        // Where only keys that expire may go, all expire, in another order than they are used.
        let expire = if policy.volatile {
            ExpireChange::At(1 << 50 | i64::from(key.wrapping_mul(0x9e37_79b9) >> 8))
        } else {
            ExpireChange::Clear
        };
        ks.set(0, &name, NewValue::Int(0), expire);
    }
    let number = |name: &[u8]| std::str::from_utf8(&name[4..]).ok()?.parse().ok();
    let mut held = Vec::new();
    ks.for_each(0, |name, _| held.push(number(name).expect("key:N")));
    Outcome::of(hits, held)
}

fn show(what: &str, samples: usize, exact: &Outcome, outcomes: [&Outcome; 3]) {
    let [model, all, volatile] = outcomes;
    println!(
        "| {what} | {samples} | {:.2} | {:.2} ({:.1}) | {:.2} ({:.1}) | {:.2} ({:.1}) |",
        exact.hits,
        model.hits,
        model.overlap(exact),
        all.hits,
        all.overlap(exact),
        volatile.hits,
        volatile.overlap(exact)
    );
}

#[test]
fn sampled_lru_comes_as_near_to_lru_as_redis_does() {
    const TICK_MS: i64 = 1000;
    let trace = zipf_trace(11);
    let exact = exact(&trace, |_, now| now);
    println!(
        "| policy | samples | exact, hits % | Redis's way (overlap %) | allkeys (overlap %) | volatile (overlap %) |"
    );
    for samples in [1, 3, 5, 10] {
        let policy = |volatile| EvictionPolicy { victim: Victim::LeastRecent, volatile, samples };
        let model = model(&trace, samples, |_, now| now as u32, |bits, now| now - u64::from(bits));
        let all = keyspace(&trace, policy(false), TICK_MS);
        let volatile = keyspace(&trace, policy(true), TICK_MS);
        show("LRU", samples, &exact, [&model, &all, &volatile]);
        for ours in [&all, &volatile] {
            assert!(ours.hits > model.hits - 0.3, "{} {}", ours.hits, model.hits);
            assert!(ours.overlap(&exact) > model.overlap(&exact) - 1.0);
        }
        if samples >= 5 {
            assert!(all.hits > exact.hits - 0.7, "{} {}", all.hits, exact.hits);
        }
    }
}

#[test]
fn sampled_lfu_comes_as_near_to_lfu_as_redis_does() {
    const TICK_MS: i64 = 2;
    let trace = zipf_trace(12);
    let exact = exact(&trace, |old: Option<(u64, u64)>, now| (old.map_or(1, |(count, _)| count + 1), now));
    let freq = oxidis::keyspace::freq::FreqPolicy { lfu: true, ..Default::default() };
    for samples in [1, 3, 5, 10] {
        let policy = |volatile| EvictionPolicy { victim: Victim::LeastFrequent, volatile, samples };
        let mut rng = Rng::seeded(5);
        let touch = |old: Option<u32>, now: u64| match old {
            Some(bits) => freq.lfu_touched(bits, now as i64 * TICK_MS, &mut rng),
            None => freq.fresh(now as i64 * TICK_MS),
        };
        let score = |bits, now| 255 - u64::from(freq.decayed(bits, now as i64 * TICK_MS));
        let model = model(&trace, samples, touch, score);
        let all = keyspace(&trace, policy(false), TICK_MS);
        let volatile = keyspace(&trace, policy(true), TICK_MS);
        show("LFU", samples, &exact, [&model, &all, &volatile]);
        for ours in [&all, &volatile] {
            assert!(ours.hits > model.hits - 0.3, "{} {}", ours.hits, model.hits);
            assert!(ours.overlap(&exact) > model.overlap(&exact) - 1.0);
        }
        if samples >= 5 {
            assert!(all.hits > exact.hits - 4.0, "{} {}", all.hits, exact.hits);
        }
    }
}
