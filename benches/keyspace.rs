//! What does a lookup or write cost in a keyspace of a million keys, apart from network and protocol?
//!
//! Keys are as redis-benchmark makes them, taken in random order, so that most accesses miss the cache as
//! they would in a server. The clock stands still: no key changes its LRU bits twice.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use oxidis::keyspace::{ExpireChange, ExpiryMode, Keyspace};
use oxidis::util::rng::Rng;
use oxidis::value::{NewValue, StrRef};

const KEYS: u64 = 1_000_000;

fn key(n: u64) -> Vec<u8> {
    format!("key:{n:012}").into_bytes()
}

fn filled(value: impl Fn() -> NewValue<'static>) -> Keyspace {
    let mut ks = Keyspace::with_seeds(16, [1, 2, 3, 4]);
    ks.begin(1_700_000_000_000, ExpiryMode::Delete, true);
    for n in 0..KEYS {
        ks.set(0, &key(n), value(), ExpireChange::Clear);
    }
    ks
}

/// Keys in random order, made beforehand.
fn probes() -> impl FnMut() -> Vec<u8> {
    let mut rng = Rng::seeded(1);
    move || key(rng.below(KEYS))
}

fn bench(c: &mut Criterion) {
    let keys: Vec<Vec<u8>> = std::iter::repeat_with(probes()).take(1 << 20).collect();
    let mut next = keys.iter().cycle();
    let mut key = move || next.next().expect("it goes round").as_slice();

    let mut strings = filled(|| NewValue::Encode(b"xxxxxxxxxxxxxxxx"));
    c.bench_function("get", |b| b.iter(|| black_box(strings.lookup_read(0, key()).is_some())));
    c.bench_function("set, same size", |b| {
        b.iter(|| strings.set(0, key(), NewValue::Encode(b"yyyyyyyyyyyyyyyy"), ExpireChange::Clear))
    });
    let mut sizes = [&b"z"[..], &[b'z'; 40]].into_iter().cycle();
    c.bench_function("set, other size", |b| {
        b.iter(|| {
            let value = NewValue::Encode(sizes.next().expect("it goes round"));
            strings.set(0, key(), value, ExpireChange::Clear)
        })
    });
    c.bench_function("set, with an expiry time", |b| {
        let mut at = 1_800_000_000_000;
        b.iter(|| {
            at += 1;
            strings.set(0, key(), NewValue::Encode(b"yyyyyyyyyyyyyyyy"), ExpireChange::At(at))
        })
    });
    drop(strings);

    let mut numbers = filled(|| NewValue::Int(1));
    c.bench_function("incr", |b| {
        b.iter(|| {
            let key = key();
            let n = numbers.read_str_to_write(0, key).ok().flatten().and_then(StrRef::to_int).unwrap_or(0);
            numbers.set_int(0, key, n + 1);
        })
    });
    c.bench_function("del and set anew", |b| {
        b.iter(|| {
            let key = key();
            numbers.delete(0, key);
            numbers.set(0, key, NewValue::Int(1), ExpireChange::Clear)
        })
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
