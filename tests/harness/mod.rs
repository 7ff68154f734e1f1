//! What the integration tests share: a raw client, server processes, a write load, a cutting proxy.
//!
//! A test names the program it wants: [`Program::Oxidis`] is the binary cargo just built, [`Program::Redis`]
//! the redis-server on PATH. `OXIDIS_TEST_SERVER=path` puts another binary in Oxidis's place: a release
//! build, or redis-server itself, which must pass too and so proves the harness. `OXIDIS_TEST_SEED=n` reruns
//! the seeded tests with one seed, `OXIDIS_TEST_STEPS=n` the generated commands with another number of them.
//!
//! Tests wait for states with [`wait_for`], never for a time. When a wait fails, its message shows INFO and
//! the log tail of every server the test started.

// Each test binary uses its own part of the harness.
#![allow(dead_code, unused_imports)]

pub mod client;
pub mod load;
pub mod proxy;
pub mod replica;
pub mod rng;
pub mod server;
pub mod value;

pub use client::Client;
pub use load::Load;
pub use proxy::Proxy;
pub use rng::Rng;
pub use server::{Program, Server};
pub use value::Value;

use std::time::{Duration, Instant};

/// How long a state may take to come on a loaded two-core machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Polls `condition` until it holds; panics with the servers' state when it does not in time.
#[track_caller]
pub fn wait_for(what: &str, timeout: Duration, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > timeout {
            panic!("waited {timeout:?} in vain for: {what}\n{}", server::describe_all());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The seeds a test runs: the one asked for in the environment, or those given.
pub fn seeds(default: &[u64]) -> Vec<u64> {
    match std::env::var("OXIDIS_TEST_SEED") {
        Ok(s) => vec![s.parse().expect("OXIDIS_TEST_SEED is a number")],
        Err(_) => default.to_vec(),
    }
}

/// How many steps a test takes: as many as the environment asks for, or the number given.
pub fn steps(default: usize) -> usize {
    std::env::var("OXIDIS_TEST_STEPS").map_or(default, |n| n.parse().expect("OXIDIS_TEST_STEPS is a number"))
}

/// Waits until every replica has all of the primary's stream and the same data.
#[track_caller]
pub fn wait_in_sync(primary: &Server, replicas: &[&Server]) {
    for replica in replicas {
        wait_for("the replica's link to be up", PATIENCE, || {
            replica.info("master_link_status") == "up" && replica.info("master_sync_in_progress") == "0"
        });
    }
    wait_for("equal offsets and digests", PATIENCE, || {
        let before = primary.info("master_repl_offset");
        let digest = primary.digest();
        let same = replicas.iter().all(|r| r.info("slave_repl_offset") == before && r.digest() == digest);
        same && primary.info("master_repl_offset") == before
    });
}
