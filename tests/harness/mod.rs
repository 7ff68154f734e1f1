//! What the integration tests share: a raw client, server processes, a write load, a cutting proxy.
//!
//! A test names the program it wants: [`Program::Oxidis`] is the binary cargo just built, [`Program::Redis`]
//! the redis-server on PATH. `OXIDIS_TEST_REDIS8=path` and `OXIDIS_TEST_VALKEY9=path` name servers that need not be there:
//! tests with them are passed over without. `OXIDIS_TEST_SERVER=path` puts another binary in Oxidis's place: a release
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
pub mod streams;
pub mod tls;
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
    let same = || {
        let before = primary.info("master_repl_offset");
        let digest = primary.digest();
        let same = replicas.iter().all(|r| r.info("slave_repl_offset") == before && r.digest() == digest);
        same && primary.info("master_repl_offset") == before
    };
    let start = Instant::now();
    while !same() {
        if start.elapsed() > PATIENCE {
            let differing: Vec<_> = replicas.iter().map(|replica| differing_keys(primary, replica)).collect();
            panic!("not in sync in time, these keys differ: {differing:?}\n{}", server::describe_all());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Some of the keys whose values are not the same on both, with their databases.
fn differing_keys(a: &Server, b: &Server) -> Vec<String> {
    let mut differing = Vec::new();
    let mut clients = [a.client(), b.client()];
    for db in 0..16 {
        let [a, b] = &mut clients;
        for client in [&mut *a, &mut *b] {
            client.ok(&format!("SELECT {db}"));
        }
        for key in a.cmd("KEYS *").items() {
            let Value::Bulk(key) = key else { continue };
            let digest = |client: &mut Client| client.call(&[b"DEBUG", b"DIGEST-VALUE".as_slice(), key]);
            if digest(a) != digest(b) && differing.len() < 10 {
                differing.push(format!("{db}: {}", key.escape_ascii()));
            }
        }
    }
    differing
}
