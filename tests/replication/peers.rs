//! All types of values, under writes and with expiries, to and from every server that there is: Redis 7.0, and Redis 8.0
//! and Valkey 9 where the machine has them. Fields of hashes expire where both sides know of it.

use crate::harness::load::{Load, Profile, fill, fill_collections, fill_streams};
use crate::harness::server::describe_all;
use crate::harness::streams;
use crate::harness::{Client, PATIENCE, Program, Proxy, Server, Value, wait_for, wait_in_sync};
use crate::{Syncs, syncs, wait_link_up, wait_resync};
use std::collections::BTreeMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// For each peer and each direction, with each way of sending and of receiving a snapshot.
macro_rules! peers {
    ($($name:ident: $primary:ident -> $replica:ident),* $(,)?) => {
        $(mod $name {
            use crate::harness::Program::*;
            #[test] fn disk_to_disk() { super::everything_arrives($primary, $replica, "no", "disabled") }
            #[test] fn disk_to_parser() { super::everything_arrives($primary, $replica, "no", "swapdb") }
            #[test] fn diskless_to_disk() { super::everything_arrives($primary, $replica, "yes", "disabled") }
            #[test] fn diskless_to_parser() { super::everything_arrives($primary, $replica, "yes", "swapdb") }
            #[test] fn roles_are_handed_over() { super::roles_are_handed_over($primary, $replica) }
        })*
    };
}

peers![
    oxidis_to_redis7: Oxidis -> Redis,
    redis7_to_oxidis: Redis -> Oxidis,
    oxidis_to_redis8: Oxidis -> Redis8,
    redis8_to_oxidis: Redis8 -> Oxidis,
    oxidis_to_valkey9: Oxidis -> Valkey9,
    valkey9_to_oxidis: Valkey9 -> Oxidis,
    oxidis_to_oxidis: Oxidis -> Oxidis,
];

fn profile(primary: Program, replica: Program) -> Profile {
    Profile { field_times: primary.has_field_times() && replica.has_field_times(), ..Profile::default() }
}

fn everything_arrives(primary: Program, replica: Program, send: &str, load: &str) {
    if !primary.is_here() || !replica.is_here() {
        return;
    }
    let profile = profile(primary, replica);
    let config = |line: String| vec![line, "repl-backlog-size 20mb".to_string()];
    let (to, from) =
        (config(format!("repl-diskless-sync {send}")), config(format!("repl-diskless-load {load}")));
    let primary = Server::start(primary, &to.iter().map(String::as_str).collect::<Vec<_>>());
    let replica = Server::start(replica, &from.iter().map(String::as_str).collect::<Vec<_>>());
    fill(&mut primary.client(), 11, 2000, 400);
    fill_collections(&mut primary.client(), 11, 40, 3000);
    fill_streams(&mut primary.client(), 11, 5000);
    let writing = Load::start(primary.port, 12, profile.clone());
    writing.wait_written(1000);
    let proxy = Proxy::start(primary.port);
    replica.replicate_port(proxy.port);
    wait_link_up(&replica);
    // Snapshots on both sides, while the stream goes on.
    for server in [&primary, &replica] {
        assert!(!server.cmd("BGSAVE").is_error());
    }
    writing.wait_written(1500);
    let before = syncs(&primary);
    proxy.cut();
    assert_eq!(wait_resync(&primary, before), Syncs { full: 0, partial: 1 });
    writing.wait_written(1500);
    writing.stop();
    if profile.field_times {
        same_field_times(&primary, &replica);
    }
    wait_same_data(&primary, &replica);
    assert_eq!(syncs(&primary).full, 1, "the snapshot was good at once");
    wait_for("the snapshots", PATIENCE, || {
        [&primary, &replica].iter().all(|server| server.info("rdb_bgsave_in_progress") == "0")
    });
    for server in [&primary, &replica] {
        assert_eq!(server.info("rdb_last_bgsave_status"), "ok");
    }
}

/// Waits until both have the same, streams with their groups and what is pending in them too.
fn wait_same_data(primary: &Server, replica: &Server) {
    wait_same_values(primary, replica);
    let streams = || {
        [primary, replica]
            .map(|server| streams::all(server, Profile::default().databases, streams::OF_THE_PRIMARY))
    };
    let start = Instant::now();
    loop {
        let [here, there] = streams();
        if here == there {
            return;
        }
        if start.elapsed() > PATIENCE {
            for (key, stream) in &here {
                assert_eq!(Some(stream), there.get(key), "{key:?}");
            }
            panic!("streams that are not there any more: {:?}", there.keys());
        }
    }
}

/// Waits until both have the same values. Since Redis 7.2 and in Valkey scores go into digests as another text, and in Redis 8 that
/// fields of a hash once had times may do so, so that these are compared member by member.
fn wait_same_values(primary: &Server, replica: &Server) {
    let digests = [Program::Oxidis, Program::Redis];
    if digests.contains(&primary.program) && digests.contains(&replica.program) {
        return wait_in_sync(primary, &[replica]);
    }
    wait_link_up(replica);
    let mut differing = Vec::new();
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        let offset = primary.info("master_repl_offset");
        let (here, there) = (data(primary), data(replica));
        let same = here == there && replica.info("slave_repl_offset") == offset;
        if same && primary.info("master_repl_offset") == offset {
            return;
        }
        let text = |value: &Vec<Vec<u8>>| value.join(&b' ').escape_ascii().to_string();
        let differs = |(key, value): &(&Key, &Vec<Vec<u8>>)| there.get(*key) != Some(*value);
        let both = |(key, value): (&Key, &Vec<Vec<u8>>)| {
            format!("{} {}: {} / {:?}", key.0, key.1.escape_ascii(), text(value), there.get(key).map(text))
        };
        differing = here.iter().filter(differs).map(both).collect();
    }
    panic!("not the same in time: {differing:?}\n{}", describe_all());
}

/// A key and its database.
type Key = (usize, Vec<u8>);

/// What is in all databases.
fn data(server: &Server) -> BTreeMap<Key, Vec<Vec<u8>>> {
    let mut all = BTreeMap::new();
    let mut client = server.client();
    let bulks = |value: &Value| -> Vec<Vec<u8>> {
        let bytes = |item: &Value| match item {
            Value::Bulk(bytes) => bytes.clone(),
            other => format!("{other:?}").into_bytes(),
        };
        value.items().iter().map(bytes).collect()
    };
    for db in 0..Profile::default().databases {
        client.ok(&format!("SELECT {db}"));
        for key in bulks(&client.cmd("KEYS *")) {
            let call = |client: &mut Client, words: &[&str]| {
                let words = words.iter().map(|word| if *word == "KEY" { &*key } else { word.as_bytes() });
                client.call(&words.collect::<Vec<_>>())
            };
            let value = if key.starts_with(b"zset") || key.starts_with(b"geo") {
                let scored = bulks(&call(&mut client, &["ZRANGE", "KEY", "0", "-1", "WITHSCORES"]));
                let number = |text: &[u8]| String::from_utf8_lossy(text).parse::<f64>().expect("a score");
                let pairs = scored.chunks_exact(2);
                pairs.flat_map(|pair| [pair[0].clone(), number(&pair[1]).to_string().into_bytes()]).collect()
            } else if key.starts_with(b"hash") {
                let mut pairs: Vec<Vec<u8>> = bulks(&call(&mut client, &["HGETALL", "KEY"]))
                    .chunks_exact(2)
                    .map(|pair| pair.join(&b'='))
                    .collect();
                pairs.sort();
                pairs
            } else {
                bulks(&call(&mut client, &["DEBUG", "DIGEST-VALUE", "KEY"]))
            };
            let expires = format!("{:?}", call(&mut client, &["PEXPIRETIME", "KEY"])).into_bytes();
            all.insert((db, key), [value, vec![expires]].concat());
        }
    }
    all
}

/// Compares when the fields of the load's hashes expire; then none does any more, which Valkey leaves out of digests.
fn same_field_times(primary: &Server, replica: &Server) {
    let (mut a, mut b) = (primary.client(), replica.client());
    // Those of milliseconds are gone before long, first here, then there.
    let soon = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as i64 + 10_000;
    let is_soon = |ms: &Value| matches!(ms, Value::Int(ms) if (0..soon).contains(ms));
    wait_for("the same times, none of them soon", PATIENCE, || {
        let times = each_hash(&mut a, "HPEXPIRETIME");
        let soon = times.iter().any(|reply| !reply.is_error() && reply.items().iter().any(is_soon));
        !soon && times == each_hash(&mut b, "HPEXPIRETIME")
    });
    let replies = each_hash(&mut a, "HPERSIST");
    assert!(replies.iter().any(|reply| reply.items().contains(&Value::Int(1))), "fields had times");
}

fn each_hash(client: &mut Client, verb: &str) -> Vec<Value> {
    let fields: Vec<String> = (0..30).map(|n| format!("member:{n}")).collect();
    let mut replies = Vec::new();
    for db in 0..Profile::default().databases {
        client.ok(&format!("SELECT {db}"));
        for n in 0..40 {
            replies.push(client.cmd(&format!("{verb} hash:{n} FIELDS 30 {}", fields.join(" "))));
        }
    }
    replies
}

fn roles_are_handed_over(primary: Program, replica: Program) {
    if !primary.is_here() || !replica.is_here() {
        return;
    }
    let (a, b) = (Server::start(primary, &[]), Server::start(replica, &[]));
    b.replicate(&a);
    wait_link_up(&b);
    let (mut first, mut second) = (&a, &b);
    for round in 0..4 {
        let writing = Load::start(first.port, round, profile(primary, replica));
        writing.wait_written(300);
        writing.stop();
        if primary.has_field_times() && replica.has_field_times() {
            same_field_times(first, second);
        }
        wait_for("an online replica", PATIENCE, || first.info("slave0").contains("state=online"));
        let full = syncs(second).full;
        first.ok(&format!("FAILOVER TO 127.0.0.1 {}", second.port));
        wait_for("the other to lead", PATIENCE, || second.info("role") == "master");
        wait_for("the end", PATIENCE, || first.info("master_failover_state") == "no-failover");
        wait_same_data(second, first);
        assert_eq!(syncs(second).full, full, "round {round}");
        (first, second) = (second, first);
    }
}
