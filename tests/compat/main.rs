//! Oxidis against a real redis-server 7.0: the same bytes to both, the replies compared.

mod blocking;
mod command_table;
mod config_table;
mod generate;
mod info;
mod lists;
mod operators;
mod pair;
mod sessions;
mod stream;
mod tools;
mod tracking;
mod transactions;
mod waiting;
mod wire;

#[path = "../harness/mod.rs"]
mod harness;

use generate::{Generator, names_that_succeed};
use harness::{seeds, steps};
use pair::Pair;

/// How many steps a run of generated commands has. `OXIDIS_TEST_STEPS` says another number:
///
/// ```sh
/// OXIDIS_TEST_STEPS=500000 OXIDIS_TEST_SEED=7 cargo test --release --test compat generated
/// ```
///
/// is a million commands and more, half of them in RESP2, half in RESP3, and half a million whose stream to replicas
/// is compared (`stream`).
const STEPS: usize = 25_000;

/// A run of generated commands: replies byte for byte, digests every 500 steps, or as many as
/// `OXIDIS_TEST_DIGEST_EVERY` says.
fn run(seed: u64, protocol: u8) {
    let mut pair = Pair::start();
    let mut generator = Generator::new(seed);
    pair.reconnect(protocol);
    // To find the step at which two datasets part, given a seed.
    let digest_every =
        std::env::var("OXIDIS_TEST_DIGEST_EVERY").map_or(500, |n| n.parse().expect("a number"));
    let steps = steps(STEPS);
    for n in 1..=steps {
        pair.step(&mut generator);
        if n % digest_every == 0 {
            pair.compare_digests();
        }
    }
    let never: Vec<_> =
        names_that_succeed().filter(|name| pair.counts.get(*name).is_none_or(|count| count.0 == 0)).collect();
    let total: usize = pair.counts.values().map(|c| c.0 + c.1).sum();
    let succeeded: usize = pair.counts.values().map(|c| c.0).sum();
    println!("seed {seed}, RESP{protocol}: {total} commands, {succeeded} of them successful");
    pair.finish(&format!("seed {seed}, RESP{protocol}"));
    assert!(never.is_empty(), "seed {seed}: no successful {never:?}");
    assert!(
        total >= steps && succeeded >= steps / 2,
        "seed {seed}: {total} commands, {succeeded} successful"
    );
}

#[test]
fn generated_commands_are_answered_as_by_redis_in_resp2() {
    for seed in seeds(&[1, 2, 3]) {
        run(seed, 2);
    }
}

#[test]
fn generated_commands_are_answered_as_by_redis_in_resp3() {
    for seed in seeds(&[4, 5, 6]) {
        run(seed, 3);
    }
}
