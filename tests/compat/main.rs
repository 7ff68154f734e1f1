//! Oxidis against a real redis-server 7.0: the same bytes to both, the replies compared.
//!
//! # What differs, and is meant to
//!
//! - Small lists and sets are listpacks, as since 7.2: OBJECT ENCODING, DEBUG OBJECT. Lists follow the limits of the day, those
//!   of 7.0 the limits of the day they were made: the nodes of DUMP.
//! - The order of what lies in a table, and what is drawn at random.
//! - An integer's reference count and clock: Redis's small ones are one object for all keys.
//! - A command that fails changes nothing and reads all its arguments first. Redis's PFADD keeps what it had added before it met
//!   damage; a BITFIELD of which every operation failed may have made a string longer, and is not told to replicas; a faulty
//!   command may have removed an expired key.
//! - An offset of BITFIELD that is counted in integers (`#`) and then too large is an error; Redis's wraps around.
//! - SORT turns no sorted set into a skip list, and a number out of range is an error whatever was asked before (Redis's
//!   depends on what is left in `errno`).
//! - ZRANGESTORE keeps a score of -0 in a result that is no listpack; Redis's has been one for a while.
//! - A range of members of a sorted set whose scores differ depends, in a skip list, on chance.
//! - Who waits for a list or sorted set is served when one is stored over a value of another type (SORT STORE,
//!   ZUNIONSTORE, ZRANGESTORE, GEOSEARCHSTORE): Redis, 8.0 and Valkey too, let them wait on beside the full key. After SWAPDB
//!   keys are ready in the order in which somebody began to wait.
//! - A client that listens to itself with its replies off gets its own messages in the order in which it sent and was sent
//!   them.
//! - Who has read a key that it filled itself, within one transaction, is told when a client that waited then takes from it.
//! - Who ends itself amid EXEC gets nothing behind that; of a reply whose length Redis learns only at its end (KEYS), it sends
//!   the length alone.

mod acl;
mod blocking;
mod command_table;
mod config_table;
mod crowd;
mod edges;
mod generate;
mod info;
mod lists;
mod operators;
mod pair;
mod pubsub;
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
    run_with(Pair::start(), seed, protocol);
}

fn run_with(mut pair: Pair, seed: u64, protocol: u8) {
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
fn generated_commands_cause_the_events_that_they_cause_in_redis() {
    for seed in seeds(&[7, 8]) {
        let mut pair = Pair::start();
        pair.compare_events();
        run_with(pair, seed, 2);
    }
}

#[test]
fn generated_commands_are_answered_as_by_redis_in_resp3() {
    for seed in seeds(&[4, 5, 6]) {
        run(seed, 3);
    }
}
