//! Keys over time: expiry by itself, and SCAN while the keyspace changes.

use crate::harness::client::encode;
use crate::harness::{Client, PATIENCE, Program, Rng, Server, Value, wait_for, wait_in_sync};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Sends many commands at once and drops the answers.
fn send_all(client: &mut Client, commands: &[Vec<String>]) {
    for batch in commands.chunks(500) {
        let bytes: Vec<u8> = batch.iter().flat_map(|args| encode(args)).collect();
        client.send_bytes(&bytes).expect("the server reads");
        for _ in batch {
            client.read().expect("answered");
        }
    }
}

#[test]
fn keys_expire_without_being_asked_for() {
    let server = Server::start(Program::Oxidis, &[]);
    let mut client = server.client();
    let mut rng = Rng::new(1);
    let commands: Vec<Vec<String>> = (0..20_000)
        .map(|n| {
            let ttl = rng.between(1, 800).to_string();
            vec!["SET".into(), format!("key:{n}"), "x".into(), "PX".into(), ttl]
        })
        .collect();
    send_all(&mut client, &commands);
    client.ok("SET stays here");
    wait_for("all to expire", Duration::from_secs(10), || client.cmd("DBSIZE").int() == 1);
    assert_eq!(server.info("expired_keys"), "20000");
    assert!(server.info("db0").starts_with("keys=1,expires=0,"), "{}", server.info("db0"));
}

/// A replica keeps such fields, hidden, until its primary tells it of each.
#[test]
fn fields_expire_without_being_asked_for_on_replicas_too() {
    let primary = Server::start(Program::Oxidis, &[]);
    let replica = Server::start(Program::Oxidis, &[]);
    replica.replicate(&primary);
    wait_in_sync(&primary, &[&replica]);
    let mut client = primary.client();
    let mut rng = Rng::new(3);
    client.ok("CONFIG SET hash-max-listpack-entries 100");
    let words = |line: String| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let commands: Vec<_> = (0..10_000)
        .map(|n| {
            // One large hash, many small ones, and one of which something stays.
            let key = if n % 2 == 0 { 0 } else { n % 500 };
            words(format!("HSETEX h:{key} PX {} FIELDS 1 f{n} v", rng.between(1, 500)))
        })
        .chain([words("HSET h:1 stays here".into())])
        .collect();
    send_all(&mut client, &commands);
    wait_for("all to expire", Duration::from_secs(10), || {
        client.cmd("DBSIZE").int() == 1 && client.cmd("HLEN h:1").int() == 1
    });
    assert_eq!(primary.info("expired_subkeys"), "10000");
    assert_eq!(primary.info("db0"), "keys=1,expires=0,avg_ttl=0");
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(replica.cmd("DBSIZE").int(), 1);
    assert_eq!(replica.cmd("HLEN h:1").int(), 1);
    assert_eq!(replica.digest(), primary.digest());
}

/// To the millisecond: a key is there before its time and gone after it, whatever the request took.
#[test]
fn a_key_lives_exactly_as_long_as_told() {
    for active in [0, 1] {
        let server = Server::start(Program::Oxidis, &["hz 100"]);
        server.ok(&format!("DEBUG SET-ACTIVE-EXPIRE {active}"));
        let mut client = server.client();
        let mut rng = Rng::new(2);
        for _ in 0..20 {
            let ttl = Duration::from_millis(rng.between(5, 40) as u64);
            let before_set = Instant::now();
            client.ok(&format!("SET k v PX {}", ttl.as_millis()));
            let after_set = Instant::now();
            loop {
                let asked = Instant::now();
                let there = client.cmd("GET k") != Value::NullBulk;
                let answered = Instant::now();
                // A millisecond of slack: the clock of the server counts whole ones.
                if answered + Duration::from_millis(1) < before_set + ttl {
                    assert!(there, "gone {:?} too early", before_set + ttl - answered);
                }
                if asked > after_set + ttl + Duration::from_millis(1) {
                    assert!(!there, "still there {:?} after its time", asked - after_set - ttl);
                    break;
                }
            }
        }
    }
}

/// SCAN's promise: a key that is there all the time is returned, whatever else comes and goes, however the table
/// grows and shrinks meanwhile.
#[test]
fn scan_returns_every_key_that_stays() {
    for seed in [1, 2, 3] {
        let server = Server::start(Program::Oxidis, &[]);
        let mut client = server.client();
        let mut rng = Rng::new(seed);
        let stays: BTreeSet<String> = (0..3000).map(|n| format!("stays:{n}")).collect();
        let set = |key: String| vec!["SET".to_string(), key, "x".to_string()];
        send_all(&mut client, &stays.iter().cloned().map(set).collect::<Vec<_>>());
        let mut seen = BTreeSet::new();
        let mut cursor = "0".to_string();
        let mut steps = 0;
        loop {
            let reply = client.cmd(&format!("SCAN {cursor} COUNT {}", rng.between(1, 60)));
            let [next, keys] = reply.items() else { panic!("{reply:?}") };
            seen.extend(keys.items().iter().map(Value::text));
            cursor = next.text();
            steps += 1;
            if cursor == "0" {
                break;
            }
            // Waves of other keys make the table grow to many times its size, and shrink.
            let wave: Vec<Vec<String>> = (0..rng.below(3000))
                .map(|_| {
                    let key = format!("comes and goes:{}", rng.below(30_000));
                    if (steps / 10) % 2 == 0 { set(key) } else { vec!["DEL".into(), key] }
                })
                .collect();
            send_all(&mut client, &wave);
            if steps % 40 == 39 {
                let gone: Vec<Vec<String>> =
                    (0..30_000).map(|n| vec!["UNLINK".into(), format!("comes and goes:{n}")]).collect();
                send_all(&mut client, &gone);
            }
        }
        let missed: Vec<_> = stays.difference(&seen).take(5).collect();
        assert!(missed.is_empty(), "seed {seed}: {missed:?} were not returned in {steps} steps");
        assert!(steps > 30, "only {steps} steps");
    }
}

/// The answers of a server whose table is being rehashed while a child saves are the same.
#[test]
fn a_growing_keyspace_stays_whole_during_a_save() {
    let server = Server::start(Program::Oxidis, &["rdb-key-save-delay 200"]);
    let mut client = server.client();
    send_all(
        &mut client,
        &(0..5000).map(|n| vec!["SET".into(), format!("k:{n}"), n.to_string()]).collect::<Vec<_>>(),
    );
    client.cmd("BGSAVE");
    send_all(
        &mut client,
        &(5000..60_000).map(|n| vec!["SET".into(), format!("k:{n}"), n.to_string()]).collect::<Vec<_>>(),
    );
    assert_eq!(server.info("rdb_bgsave_in_progress"), "1");
    for n in (0..60_000).step_by(997) {
        assert_eq!(client.cmd(&format!("GET k:{n}")).text(), n.to_string());
    }
    wait_for("the save to end", PATIENCE, || server.info("rdb_bgsave_in_progress") == "0");
    assert_eq!(server.info("rdb_last_bgsave_status"), "ok");
    send_all(&mut client, &(0..60_000).map(|n| vec!["DEL".into(), format!("k:{n}")]).collect::<Vec<_>>());
    assert_eq!(client.cmd("DBSIZE").int(), 0);
}
