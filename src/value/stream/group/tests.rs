//! Groups beside a twin that keeps the same things plainly.

use super::*;
use crate::util::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};

const NOW: i64 = 1_700_000_000_000;

fn id(ms: u64, seq: u64) -> StreamId {
    StreamId { ms, seq }
}

fn group() -> Group {
    Loading::new(b"g", StreamId::MIN, None).group
}

/// What a group has, the plain way.
#[derive(Default)]
struct Twin {
    consumers: BTreeSet<String>,
    pending: BTreeMap<StreamId, (String, i64, u64)>,
}

fn compare(group: &Group, twin: &Twin, seed: u64) {
    group.check();
    let seen: Vec<_> = group.pending.range(StreamId::MIN).collect();
    assert_eq!(seen.len(), twin.pending.len(), "seed {seed}");
    for (pending, (id, (name, ms, count))) in seen.iter().zip(&twin.pending) {
        let owner = group.consumer_of(pending).name();
        let have = (pending.id, owner, pending.delivered_ms, pending.deliveries);
        assert_eq!(have, (*id, name.as_bytes(), *ms, *count), "seed {seed}");
    }
    let names: Vec<&[u8]> = group.consumers.iter().map(Consumer::name).collect();
    assert_eq!(names, twin.consumers.iter().map(String::as_bytes).collect::<Vec<_>>(), "seed {seed}");
    assert_eq!(group.pending.first().map(|p| p.id), twin.pending.keys().next().copied());
    assert_eq!(group.pending.last().map(|p| p.id), twin.pending.keys().next_back().copied());
}

fn run(seed: u64, steps: u64, make: impl Fn(&mut Rng, u64) -> StreamId) {
    let mut rng = Rng::seeded(seed);
    let (mut group, mut twin) = (group(), Twin::default());
    let mut growing = true;
    for step in 0..steps {
        if rng.below(1500) == 0 {
            growing = !growing;
        }
        let random = make(&mut rng, step);
        let known = twin.pending.range(random..).next().map_or(random, |(id, _)| *id);
        let name = format!("c{}", rng.below(if seed.is_multiple_of(2) { 6 } else { 200 }));
        let now = NOW + (step as i64) * 10 - rng.below(50) as i64;
        if (rng.below(10) < 7) == growing {
            let number = group.consumers.find(name.as_bytes());
            assert_eq!(number.is_some(), twin.consumers.contains(&name));
            let number = number
                .unwrap_or_else(|| group.consumers.create(name.as_bytes(), now).expect("it was not there"));
            twin.consumers.insert(name.clone());
            let id = if rng.below(20) == 0 { known } else { random };
            // Some are told of a time or a number of deliveries that is far from the others'.
            let delivered_ms =
                if rng.below(300) == 0 { [0, i64::MAX, NOW - (1 << 33)][rng.below(3) as usize] } else { now };
            let deliveries = if rng.below(300) == 0 { rng.next_u64() >> rng.below(60) } else { rng.below(9) };
            group.assign(Pending { id, consumer: number, delivered_ms, deliveries });
            twin.pending.insert(id, (name, delivered_ms, deliveries));
        } else {
            match rng.below(300) {
                0 => {
                    if let Some(number) = group.consumers.find(name.as_bytes()) {
                        let before = twin.pending.len();
                        twin.pending.retain(|_, (owner, ..)| *owner != name);
                        assert_eq!(group.remove_consumer(number), before - twin.pending.len());
                        twin.consumers.remove(&name);
                    }
                }
                1..20 => {
                    group.deliver_again(known, now);
                    if let Some((_, ms, count)) = twin.pending.get_mut(&known) {
                        (*ms, *count) = (now, count.wrapping_add(1));
                    }
                }
                20..120 => {
                    let first = twin.pending.keys().next().copied().unwrap_or(random);
                    assert_eq!(group.remove(first), twin.pending.remove(&first).is_some(), "seed {seed}");
                }
                _ => {
                    let id = if rng.below(10) == 0 { random } else { known };
                    assert_eq!(group.pending.get(id).is_some(), twin.pending.contains_key(&id));
                    assert_eq!(group.remove(id), twin.pending.remove(&id).is_some(), "seed {seed}");
                }
            }
        }
        if step % 97 == 0 {
            let expected: Vec<_> = twin.pending.range(random..).take(5).map(|(id, _)| *id).collect();
            let seen: Vec<_> = group.pending.range(random).take(5).map(|p| p.id).collect();
            assert_eq!(seen, expected, "seed {seed}");
        }
        if step % 1000 == 0 {
            compare(&group, &twin, seed);
            compare(&group.clone(), &twin, seed);
            compare(&reloaded(&group), &twin, seed);
        }
    }
    compare(&group, &twin, seed);
    for name in std::mem::take(&mut twin.consumers) {
        group.remove_consumer(group.consumers.find(name.as_bytes()).expect("it is there"));
    }
    twin.pending.clear();
    compare(&group, &twin, seed);
}

/// The group written and read again.
fn reloaded(group: &Group) -> Group {
    let mut loading = Loading::new(group.name(), group.last_id, group.entries_read);
    for pending in group.pending().range(StreamId::MIN) {
        loading.pending(pending.id, pending.delivered_ms, pending.deliveries).expect("no duplicate");
    }
    for consumer in group.consumers().iter() {
        let number = loading.consumer(consumer.name(), consumer.seen_ms, consumer.active_ms).expect("new");
        for id in consumer.pending().range(StreamId::MIN) {
            loading.own(number, id).expect("it is pending");
        }
    }
    let mut groups = Groups::default();
    loading.finish(&mut groups).expect("nothing is wrong");
    groups.0.pop().expect("it was added")
}

#[test]
fn a_group_is_what_a_plain_map_is() {
    for seed in 0..4 {
        run(seed, 12_000, |rng, _| id(rng.below(40), rng.below(60)));
        run(seed, 12_000, |rng, step| id(NOW as u64 + step / 3, rng.below(3)));
        run(seed, 6_000, |rng, _| id(rng.next_u64() >> rng.below(64), rng.next_u64() >> rng.below(64)));
        run(seed, 6_000, |rng, _| {
            let near = |rng: &mut Rng, base: u64| base.saturating_add(rng.below(3)).saturating_sub(1);
            let edges = [0, u64::from(u32::MAX), u64::MAX];
            let (ms, seq) = (edges[rng.below(3) as usize], edges[rng.below(3) as usize]);
            id(near(rng, ms), near(rng, seq))
        });
    }
}

#[test]
fn a_million_entries_in_order_take_little_more_than_24_bytes_each() {
    const COUNT: u64 = 1_000_000;
    let mut group = group();
    let workers: Vec<u32> =
        (0..10).map(|n| group.consumers.create(format!("w{n}").as_bytes(), NOW).expect("new")).collect();
    for n in 0..COUNT {
        let consumer = workers[(n % 10) as usize];
        let id = id(NOW as u64 + n / 50, n % 50);
        group.assign(Pending { id, consumer, delivered_ms: NOW + n as i64 / 40, deliveries: 1 });
    }
    group.check();
    let memory = group.memory(usize::MAX) as u64;
    assert!(memory < COUNT * 27, "{memory} bytes");
    // One in a hundred stays.
    for n in (0..COUNT).filter(|n| n % 100 != 0) {
        assert!(group.remove(id(NOW as u64 + n / 50, n % 50)));
    }
    group.check();
    let memory = group.memory(usize::MAX) as u64;
    assert!(memory < COUNT / 100 * 45, "{memory} bytes");
}

#[test]
fn a_thousand_consumers_with_an_entry_each_are_small() {
    let mut group = group();
    for n in 0..1000 {
        let consumer = group.consumers.create(format!("consumer-{n}").as_bytes(), NOW).expect("new");
        group.assign(Pending { id: id(n, 0), consumer, delivered_ms: NOW, deliveries: 1 });
    }
    let memory = group.memory(usize::MAX);
    assert!(memory < 1000 * 240, "{memory} bytes");
}

#[test]
fn what_no_group_can_be_is_not_loaded() {
    let new = || {
        let mut loading = Loading::new(b"g", StreamId::MIN, Some(1));
        loading.pending(id(1, 1), NOW, 1).expect("new");
        loading
    };
    let mut loading = new();
    assert_eq!(loading.pending(id(1, 1), NOW, 1), Err(Corrupt::Pending));
    assert_eq!(loading.finish(&mut Groups::default()), Err(Corrupt::NoOwner));
    let mut loading = new();
    let one = loading.consumer(b"one", NOW, -1).expect("new");
    assert_eq!(loading.consumer(b"one", NOW, -1), Err(Corrupt::Consumer));
    let two = loading.consumer(b"two", NOW, -1).expect("new");
    assert_eq!(loading.own(one, id(1, 2)), Err(Corrupt::Owner));
    assert_eq!(loading.own(one, id(1, 1)), Ok(()));
    assert_eq!(loading.own(one, id(1, 1)), Err(Corrupt::Owner));
    assert_eq!(loading.own(two, id(1, 1)), Err(Corrupt::Owner));
    let mut groups = Groups::default();
    assert_eq!(loading.finish(&mut groups), Ok(()));
    assert_eq!(Loading::new(b"g", StreamId::MIN, None).finish(&mut groups), Err(Corrupt::Group));
    assert!(groups.get(b"g").is_some_and(|group| group.pending().len() == 1));
}
