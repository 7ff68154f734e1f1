//! maxmemory: what goes and what stays, what is refused, and what does not count.

use crate::harness::client::encode;
use crate::harness::replica::RawReplica;
use crate::harness::{Client, PATIENCE, Program, Server, Value, wait_for, wait_in_sync};

const OOM: &str = "OOM command not allowed when used memory > 'maxmemory'.";

/// What the command itself takes that asks.
const SLACK: i64 = 4 << 10;

/// Sends many commands at once and gives the answers.
fn send_all(client: &mut Client, commands: &[Vec<String>]) -> Vec<Value> {
    let mut answers = Vec::with_capacity(commands.len());
    for batch in commands.chunks(500) {
        let bytes: Vec<u8> = batch.iter().flat_map(|args| encode(args)).collect();
        client.send_bytes(&bytes).expect("the server reads");
        answers.extend(batch.iter().map(|_| client.read().expect("answered").value));
    }
    answers
}

fn set(key: &str, n: usize, bytes: usize, expires: bool) -> Vec<String> {
    let mut args = vec!["SET".to_owned(), format!("{key}:{n}"), "x".repeat(bytes)];
    if expires {
        args.extend(["EX".to_owned(), (10_000 + n).to_string()]);
    }
    args
}

fn sets(key: &str, count: usize, bytes: usize, expires: bool) -> Vec<Vec<String>> {
    (0..count).map(|n| set(key, n, bytes, expires)).collect()
}

/// Sets the limit to what is used now, and so much more.
fn limit(server: &Server, more: i64) -> i64 {
    let limit = server.info_int("used_memory") - server.info_int("mem_not_counted_for_evict") + more;
    server.ok(&format!("CONFIG SET maxmemory {limit}"));
    limit
}

#[test]
fn every_policy_keeps_the_limit_and_takes_only_what_it_may() {
    for policy in [
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
    ] {
        let server = Server::start(Program::Oxidis, &[&format!("maxmemory-policy {policy}"), "save \"\""]);
        let mut client = server.client();
        send_all(&mut client, &sets("lasting", 2000, 100, false));
        client.ok("SELECT 3");
        send_all(&mut client, &sets("passing", 2000, 100, true));
        let limit = limit(&server, 64 << 10);
        let answers = send_all(&mut client, &sets("more", 6000, 100, true));
        assert!(answers.iter().all(Value::is_ok), "{policy}: each makes room for the next");
        let used = server.info_int("used_memory");
        assert!(used < limit + SLACK, "{policy}: {used} of {limit}");
        server.ok("CONFIG SET maxmemory 0");
        let evicted = server.info_int("evicted_keys");
        assert!(evicted > 3000, "{policy}: {evicted}");
        client.ok("SELECT 0");
        let lasting = client.cmd("DBSIZE").int();
        if policy.starts_with("volatile") {
            assert_eq!(lasting, 2000, "{policy}");
        } else {
            assert!(lasting < 2000, "{policy}");
        }
        client.ok("SELECT 3");
        assert_eq!(client.cmd("DBSIZE").int() + lasting + evicted, 10_000, "{policy}: all are accounted for");
        if policy == "volatile-ttl" {
            let soonest = client.cmd("EXISTS more:0 more:1 more:2 passing:0 passing:1 passing:2").int();
            assert_eq!(soonest, 0, "those that expire first went first");
            assert_eq!(client.cmd("EXISTS more:5999 more:5998").int(), 2);
        }
    }
}

/// LRU and LFU by what clients see: keys in use stay.
#[test]
fn keys_in_use_outlive_the_others() {
    for policy in ["allkeys-lru", "allkeys-lfu"] {
        let config =
            [&format!("maxmemory-policy {policy}"), "maxmemory-samples 10", "lfu-log-factor 0", "save \"\""];
        let server = Server::start(Program::Oxidis, &config);
        let mut client = server.client();
        send_all(&mut client, &sets("used", 100, 100, false));
        send_all(&mut client, &sets("idle", 5000, 100, false));
        if policy == "allkeys-lru" {
            // The clock of LRU goes by seconds.
            wait_for("a second to pass", PATIENCE, || client.cmd("OBJECT IDLETIME idle:4999").int() > 1);
        }
        let gets: Vec<Vec<String>> = (0..100).map(|n| vec!["GET".to_owned(), format!("used:{n}")]).collect();
        for _ in 0..20 {
            send_all(&mut client, &gets);
        }
        limit(&server, 0);
        send_all(&mut client, &sets("new", 2000, 100, false));
        send_all(&mut client, &gets);
        let left = send_all(&mut client, &gets).iter().filter(|v| !matches!(v, Value::NullBulk)).count();
        assert!(left >= 98, "{policy}: {left} of 100");
        assert!(server.info_int("evicted_keys") > 1500);
    }
}

#[test]
fn without_eviction_what_adds_data_is_refused_and_all_else_goes_on() {
    let server = Server::start(Program::Oxidis, &["save \"\""]);
    let mut client = server.client();
    client.ok("SET a 1");
    limit(&server, -4096);
    for line in ["SET b 1", "APPEND a x", "INCR a", "SETRANGE a 1 x", "MSET b 1 c 2", "GETSET a 2"] {
        assert_eq!(client.cmd(line).text(), OOM, "{line}");
    }
    for (line, answer) in
        [("GET a", "1"), ("TTL a", "-1"), ("EXPIRE a 100", "1"), ("PERSIST a", "1"), ("DEL a", "1")]
    {
        assert_eq!(client.cmd(line).text(), answer, "{line}");
    }
    assert_eq!(server.info("evicted_keys"), "0");
    assert!(server.info("errorstat_OOM").contains("count=6"));
    wait_for("time over the limit to count", PATIENCE, || {
        server.info_int("current_eviction_exceeded_time") > 0
            && server.info_int("total_eviction_exceeded_time") > 0
    });
    server.ok("CONFIG SET maxmemory 0");
    assert_eq!(server.info("current_eviction_exceeded_time"), "0");
    client.ok("SET b 1");
}

#[test]
fn a_lower_limit_evicts_without_waiting_for_a_command() {
    let server = Server::start(Program::Oxidis, &["maxmemory-policy allkeys-random", "save \"\""]);
    let mut client = server.client();
    send_all(&mut client, &sets("key", 50_000, 100, false));
    let limit = limit(&server, -(4 << 20));
    assert!(server.log().contains("is smaller than the current memory usage"), "{}", server.log());
    wait_for("eviction", PATIENCE, || server.info_int("used_memory") <= limit + SLACK);
    assert!(client.cmd("DBSIZE").int() > 10_000, "no more go than need to");
}

#[test]
fn what_replicas_have_not_read_yet_evicts_nothing() {
    let config = &[
        "maxmemory-policy allkeys-lru",
        "repl-backlog-size 16kb",
        "save \"\"",
        "repl-diskless-sync-delay 0",
    ];
    let server = Server::start(Program::Oxidis, config);
    let mut client = server.client();
    send_all(&mut client, &sets("key", 1000, 1000, false));
    let stalled = RawReplica::attach(server.client(), "PSYNC ? -1").expect("a snapshot");
    wait_for("the replica to be online", PATIENCE, || server.info("slave0").contains("state=online"));
    limit(&server, 256 << 10);
    // 20 MB that do not add to the data, and that the replica does not read.
    let overwrite: Vec<Vec<String>> = (0..20_000).map(|n| set("key", n % 1000, 1000, false)).collect();
    send_all(&mut client, &overwrite);
    let (buffers, not_counted) =
        (server.info_int("mem_clients_slaves"), server.info_int("mem_not_counted_for_evict"));
    assert!(buffers > 4 << 20, "{buffers}");
    assert_eq!(buffers, not_counted);
    assert!(
        server.info_int("used_memory") > server.info_int("maxmemory"),
        "the buffers are in use all the same"
    );
    assert_eq!(server.info("evicted_keys"), "0");
    assert_eq!(client.cmd("DBSIZE").int(), 1000);
    drop(stalled);
    wait_for("the buffers to go", PATIENCE, || server.info_int("mem_clients_slaves") == 0);
}

#[test]
fn replicas_delete_what_is_evicted_and_ignore_the_limit_themselves() {
    for lazy in ["no", "yes"] {
        let primary = Server::start(
            Program::Oxidis,
            &[
                "maxmemory-policy allkeys-lru",
                "repl-diskless-sync-delay 0",
                "save \"\"",
                &format!("lazyfree-lazy-eviction {lazy}"),
            ],
        );
        let replica =
            Server::start(Program::Oxidis, &["maxmemory 1mb", "maxmemory-policy allkeys-lru", "save \"\""]);
        replica.replicate(&primary);
        let mut listener = RawReplica::attach(primary.client(), "PSYNC ? -1").expect("a snapshot");
        let mut client = primary.client();
        send_all(&mut client, &sets("key", 3000, 1000, false));
        limit(&primary, 0);
        send_all(&mut client, &sets("more", 2000, 1000, false));
        let evicted = primary.info_int("evicted_keys");
        assert!(evicted > 1000);
        client.ok("SET marker x");
        let stream = listener.until_marker(b"marker", PATIENCE).expect("the stream");
        let verb: &[u8] = if lazy == "yes" { b"UNLINK" } else { b"DEL" };
        let deletions = stream.iter().filter(|command| command[0] == verb).count() as i64;
        assert!(deletions >= evicted, "{deletions} of {evicted}");
        wait_in_sync(&primary, &[&replica]);
        assert_eq!(replica.info("evicted_keys"), "0");
        assert!(replica.info_int("used_memory") > replica.info_int("maxmemory"));
        assert_eq!(primary.digest(), replica.digest());
    }
}

#[test]
fn a_replica_that_is_told_to_keeps_its_own_limit() {
    let primary = Server::start(Program::Oxidis, &["repl-diskless-sync-delay 0", "save \"\""]);
    let config =
        &["maxmemory 4mb", "maxmemory-policy allkeys-lru", "replica-ignore-maxmemory no", "save \"\""];
    let replica = Server::start(Program::Oxidis, config);
    replica.replicate(&primary);
    wait_for("the link", PATIENCE, || replica.info("master_link_status") == "up");
    send_all(&mut primary.client(), &sets("key", 10_000, 1000, false));
    wait_for("the stream's end", PATIENCE, || {
        replica.info("slave_repl_offset") == primary.info("master_repl_offset")
    });
    assert!(replica.info_int("evicted_keys") > 1000);
    assert!(replica.info_int("used_memory") < 5 << 20);
    assert_eq!(primary.cmd("DBSIZE").int(), 10_000);
}

#[test]
fn a_big_value_makes_room_for_itself() {
    let server = Server::start(Program::Oxidis, &["maxmemory-policy volatile-lru", "save \"\""]);
    let mut client = server.client();
    send_all(&mut client, &sets("key", 25_000, 1000, true));
    let limit = limit(&server, 1 << 20);
    // The argument itself is memory in use when the command runs; and what SETRANGE makes is seen by the next.
    assert!(client.call(&["SET", "big", &"x".repeat(8 << 20)]).is_ok());
    assert_eq!(client.cmd("SETRANGE other 8000000 x").int(), 8_000_001);
    wait_for("room", PATIENCE, || server.info_int("used_memory") <= limit + SLACK);
    assert_eq!(client.cmd("STRLEN big").int(), 8 << 20);
    assert_eq!(client.cmd("STRLEN other").int(), 8_000_001);
    assert!(server.info_int("evicted_keys") > 10_000);
}

#[test]
fn a_pause_keeps_the_data_as_they_are() {
    let server = Server::start(Program::Oxidis, &["maxmemory-policy allkeys-lru", "save \"\""]);
    let mut client = server.client();
    send_all(&mut client, &sets("key", 1000, 1000, false));
    client.ok("CLIENT PAUSE 100000 WRITE");
    limit(&server, -(100 << 10));
    for _ in 0..10 {
        assert!(!client.cmd("GET key:1").is_error());
    }
    assert_eq!(server.info("evicted_keys"), "0");
    client.ok("CLIENT UNPAUSE");
    client.cmd("PING");
    assert!(server.info_int("evicted_keys") > 0);
}
