//! What a link asks of its two sides besides the data: passwords, refusals, WAIT, ROLE, the backlog's life.

use crate::harness::load::{Load, Profile};
use crate::harness::{PATIENCE, Program, Server, Value, wait_for, wait_in_sync};
use crate::{ONE_PARTIAL, linked, mixes, syncs, wait_resync};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

mixes![
    passwords_on_both_sides,
    a_wrong_password_keeps_the_link_down,
    wait_counts_replicas_that_acknowledged,
    writes_need_enough_replicas,
    a_replica_without_its_primary_refuses_reads,
    a_replica_refuses_writes,
    a_replica_waits_for_the_primary_to_expire_keys,
    the_backlog_can_be_resized_while_linked,
    an_unused_backlog_is_freed,
    role_and_info_tell_of_the_link,
    replicas_announce_what_they_are_told_to,
    a_paused_replica_takes_the_stream_in_and_runs_it_later,
    an_error_in_the_stream_is_told_and_may_be_the_end,
    a_lower_output_limit_drops_who_is_over_it,
    messages_reach_the_subscribers_of_the_replica_too,
];

fn passwords_on_both_sides(primary: Program, replica: Program) {
    let both = ["requirepass secret", "masterauth secret"];
    let with_user = ["requirepass secret", "masterauth secret", "masteruser default"];
    for config in [both.as_slice(), &with_user] {
        let (primary, replica) = linked(primary, replica, config);
        primary.ok("SET a b");
        wait_in_sync(&primary, &[&replica]);
        // The roles can be swapped, so the secret works in both directions.
        replica.ok("REPLICAOF NO ONE");
        primary.replicate(&replica);
        wait_in_sync(&replica, &[&primary]);
    }
}

fn messages_reach_the_subscribers_of_the_replica_too(primary: Program, replica: Program) {
    const MESSAGES: usize = 300;
    let (primary, replica) = linked(primary, replica, &[]);
    let mut listeners = [&primary, &replica].map(|server| {
        let mut listener = server.client();
        for line in ["SUBSCRIBE news", "PSUBSCRIBE n*s", "SSUBSCRIBE shard"] {
            listener.cmd(line);
        }
        listener
    });
    let writing = Load::start(primary.port, 31, Profile::default());
    writing.wait_written(100);
    let mut publisher = primary.client();
    for i in 0..MESSAGES {
        assert_eq!(publisher.cmd(&format!("PUBLISH news {i}")).int(), 2);
        assert_eq!(publisher.cmd(&format!("SPUBLISH shard {i}")).int(), 1);
    }
    for line in ["MULTI", "PUBLISH news last", "SET a b", "SPUBLISH shard last", "EXEC"] {
        assert!(!publisher.cmd(line).is_error(), "{line}");
    }
    writing.stop();
    wait_in_sync(&primary, &[&replica]);
    // What is published at the replica stays there.
    assert_eq!(replica.cmd("PUBLISH news here").int(), 2);
    let everywhere = (0..MESSAGES).map(|i| i.to_string()).chain(["last".to_owned()]);
    let everywhere: Vec<String> = everywhere
        .flat_map(|text| {
            [
                format!("message news {text}"),
                format!("pmessage n*s news {text}"),
                format!("smessage shard {text}"),
            ]
        })
        .collect();
    let here = ["message news here", "pmessage n*s news here"];
    for (listener, own) in listeners.iter_mut().zip([&here[..0], &here[..]]) {
        for wanted in everywhere.iter().map(String::as_str).chain(own.iter().copied()).chain(["pong "]) {
            if wanted == "pong " {
                listener.send(&["PING"]).expect("the server reads");
            }
            let got = listener.read().expect("a message").value;
            let got: Vec<String> = got.items().iter().map(Value::text).collect();
            assert_eq!(got.join(" "), wanted);
        }
    }
}

fn a_paused_replica_takes_the_stream_in_and_runs_it_later(primary: Program, replica: Program) {
    let (primary, replica) = linked(primary, replica, &[]);
    primary.ok("SET before 1");
    wait_in_sync(&primary, &[&replica]);
    let applied = replica.info_int("slave_repl_offset");
    replica.ok("CLIENT PAUSE 1000000 WRITE");
    primary.ok("SET meanwhile 1");
    wait_for("the replica to have read the write", PATIENCE, || {
        replica.info_int("slave_read_repl_offset") == primary.info_int("master_repl_offset")
    });
    assert_eq!(replica.info_int("slave_repl_offset"), applied);
    assert_eq!(replica.cmd("EXISTS meanwhile").int(), 0);
    replica.ok("CLIENT UNPAUSE");
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(replica.cmd("GET meanwhile").text(), "1");
}

fn a_wrong_password_keeps_the_link_down(primary: Program, replica: Program) {
    let primary = Server::start(primary, &["requirepass secret"]);
    let replica = Server::start(replica, &["masterauth wrong"]);
    replica.ok("SET old data");
    replica.replicate(&primary);
    wait_for("the refusal in the log", PATIENCE, || {
        replica.log().contains("Unable to AUTH to MASTER: -WRONGPASS")
    });
    assert_eq!(replica.info("master_link_status"), "down");
    assert_eq!(replica.cmd("GET old").text(), "data");
    replica.ok("CONFIG SET masterauth secret");
    wait_in_sync(&primary, &[&replica]);
    let unauthenticated = Server::start(replica.program, &[]);
    unauthenticated.replicate(&primary);
    wait_for("the refusal in the log", PATIENCE, || unauthenticated.log().contains("NOAUTH"));
    assert_eq!(unauthenticated.info("master_link_status"), "down");
}

fn wait_counts_replicas_that_acknowledged(primary: Program, replica: Program) {
    let (primary, replica) = linked(primary, replica, &[]);
    let mut client = primary.client();
    client.ok("SET a b");
    assert_eq!(client.cmd("WAIT 1 10000").int(), 1);
    assert_eq!(client.cmd("WAIT 0 0").int(), 1);
    assert_eq!(replica.cmd("GET a").text(), "b");
    let start = Instant::now();
    client.ok("SET a c");
    assert_eq!(client.cmd("WAIT 2 300").int(), 1);
    assert!(start.elapsed() >= Duration::from_millis(300));
    replica.signal(Signal::SIGSTOP);
    client.ok("SET a d");
    assert_eq!(client.cmd("WAIT 1 200").int(), 0);
    // The answer to a blocked WAIT comes with the acknowledgement, well before the timeout.
    client.send(&["WAIT", "1", "20000"]).expect("the server reads");
    wait_for("the client to block", PATIENCE, || primary.info("blocked_clients") == "1");
    replica.signal(Signal::SIGCONT);
    assert_eq!(client.read().expect("an answer").value, Value::Int(1));
    assert_eq!(
        replica.cmd("WAIT 1 1").text(),
        "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured \
         to be writable (which is not the default) writes to replicas are just local and are not propagated."
    );
}

fn writes_need_enough_replicas(primary: Program, replica: Program) {
    let config = ["min-replicas-to-write 1", "min-replicas-max-lag 2"];
    let primary = Server::start(primary, &config);
    let refused = "NOREPLICAS Not enough good replicas to write.";
    assert_eq!(primary.cmd("SET a b").text(), refused);
    assert_eq!(primary.cmd("GET a"), Value::NullBulk);
    let replica = Server::start(replica, &[]);
    replica.replicate(&primary);
    wait_for("a good replica", PATIENCE, || primary.info("min_slaves_good_slaves") == "1");
    primary.ok("SET a b");
    replica.signal(Signal::SIGSTOP);
    wait_for("the lag to grow", PATIENCE, || primary.cmd("SET a c").text() == refused);
    replica.signal(Signal::SIGCONT);
    wait_for("the replica to be good again", PATIENCE, || primary.cmd("SET a d").is_ok());
    wait_in_sync(&primary, &[&replica]);
}

fn a_replica_without_its_primary_refuses_reads(primary: Program, replica: Program) {
    let (mut primary, replica) = linked(primary, replica, &["replica-serve-stale-data no"]);
    primary.ok("SET a b");
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(replica.cmd("GET a").text(), "b");
    primary.kill();
    wait_for("the link to be down", PATIENCE, || replica.info("master_link_status") == "down");
    let down = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
    assert_eq!(replica.cmd("GET a").text(), down);
    assert_eq!(replica.cmd("DBSIZE").text(), down);
    assert_eq!(replica.cmd("ROLE").items()[0].text(), "slave");
    assert!(replica.cmd("CONFIG GET maxmemory").items().len() == 2);
    replica.ok("CONFIG SET replica-serve-stale-data yes");
    assert_eq!(replica.cmd("GET a").text(), "b");
    replica.ok("CONFIG SET replica-serve-stale-data no");
    replica.ok("REPLICAOF NO ONE");
    assert_eq!(replica.cmd("GET a").text(), "b");
}

fn a_replica_refuses_writes(primary: Program, replica: Program) {
    let (primary, replica) = linked(primary, replica, &[]);
    assert_eq!(replica.cmd("SET a b").text(), "READONLY You can't write against a read only replica.");
    assert_eq!(replica.cmd("FLUSHALL").text(), "READONLY You can't write against a read only replica.");
    assert_eq!(replica.cmd("DEL a").text(), "READONLY You can't write against a read only replica.");
    replica.ok("CONFIG SET replica-read-only no");
    replica.ok("SET local write");
    replica.ok("CONFIG SET replica-read-only yes");
    primary.ok("SET a b");
    wait_for("the stream to go on", PATIENCE, || replica.cmd("GET a").text() == "b");
    assert_eq!(replica.cmd("GET local").text(), "write");
    assert_eq!(primary.cmd("EXISTS local").int(), 0);
}

/// A replica hides what has expired, but only the primary's DEL removes it.
fn a_replica_waits_for_the_primary_to_expire_keys(primary: Program, replica: Program) {
    let (primary, replica) = linked(primary, replica, &[]);
    primary.ok("DEBUG SET-ACTIVE-EXPIRE 0");
    primary.ok("SET a b PX 50");
    primary.ok("SET stays here");
    wait_in_sync(&primary, &[&replica]);
    wait_for("the key to expire", PATIENCE, || replica.cmd("GET a") == Value::NullBulk);
    assert_eq!(replica.cmd("EXISTS a").int(), 0);
    assert_eq!(replica.cmd("TTL a").int(), -2);
    assert_eq!(replica.cmd("DBSIZE").int(), 2);
    assert_eq!(primary.cmd("GET a"), Value::NullBulk);
    wait_for("the primary's DEL", PATIENCE, || replica.cmd("DBSIZE").int() == 1);
    wait_in_sync(&primary, &[&replica]);
}

fn the_backlog_can_be_resized_while_linked(primary: Program, replica: Program) {
    let (primary, replica) = linked(primary, replica, &["repl-backlog-size 1mb"]);
    for (size, bytes) in [("2mb", 2 << 20), ("64kb", 64 << 10), ("5mb", 5 << 20)] {
        primary.ok(&format!("CONFIG SET repl-backlog-size {size}"));
        assert_eq!(primary.info_int("repl_backlog_size"), bytes);
        for n in 0..50 {
            primary.ok(&format!("SET {size}:{n} {}", "x".repeat(200)));
        }
        wait_in_sync(&primary, &[&replica]);
        let before = syncs(&primary);
        primary.cmd("CLIENT KILL TYPE replica");
        primary.ok("SET while cut");
        assert_eq!(wait_resync(&primary, before), ONE_PARTIAL, "after a resize to {size}");
        wait_in_sync(&primary, &[&replica]);
    }
    let end = primary.info_int("master_repl_offset");
    let first = primary.info_int("repl_backlog_first_byte_offset");
    assert_eq!(first + primary.info_int("repl_backlog_histlen") - 1, end);
}

fn an_unused_backlog_is_freed(primary: Program, replica: Program) {
    let (primary, mut replica) = linked(primary, replica, &["repl-backlog-ttl 1"]);
    let id = primary.info("master_replid");
    assert_eq!(primary.info("repl_backlog_active"), "1");
    replica.kill();
    wait_for("the backlog to be freed", PATIENCE, || primary.info("repl_backlog_active") == "0");
    assert_ne!(primary.info("master_replid"), id, "nobody may continue from a history that is gone");
    assert_eq!(primary.info("master_replid2"), "0".repeat(40));
    assert!(primary.log().contains("Replication backlog freed after 1 seconds without connected replicas."));
}

fn role_and_info_tell_of_the_link(primary: Program, replica: Program) {
    let (primary, mut replica) = linked(primary, replica, &["repl-ping-replica-period 3600"]);
    primary.ok("SET a b");
    wait_in_sync(&primary, &[&replica]);
    let offset = primary.info("master_repl_offset");
    let role = replica.cmd("ROLE");
    let fields: Vec<String> = role.items().iter().map(Value::text).collect();
    assert_eq!(fields, ["slave", "127.0.0.1", &primary.port.to_string(), "connected", &offset]);
    wait_for("the acknowledgement", PATIENCE, || {
        let role = primary.cmd("ROLE");
        let [name, own, replicas] = role.items() else { panic!("{role:?}") };
        assert_eq!((name.text(), own.text()), ("master".into(), offset.clone()));
        let one: Vec<String> = replicas.items()[0].items().iter().map(Value::text).collect();
        one == ["127.0.0.1", &replica.port.to_string(), &offset]
    });
    let line = primary.info("slave0");
    let expected = format!("ip=127.0.0.1,port={},state=online,offset={offset},lag=", replica.port);
    assert!(line.starts_with(&expected), "{line}");
    assert_eq!(primary.info("connected_slaves"), "1");
    for (field, value) in [
        ("role", "slave"),
        ("master_host", "127.0.0.1"),
        ("master_port", &primary.port.to_string()),
        ("master_link_status", "up"),
        ("master_sync_in_progress", "0"),
        ("slave_read_repl_offset", &offset),
        ("slave_repl_offset", &offset),
        ("slave_priority", "100"),
        ("slave_read_only", "1"),
        ("replica_announced", "1"),
        ("master_failover_state", "no-failover"),
        ("repl_backlog_active", "1"),
    ] {
        assert_eq!(replica.info(field), value, "{field}");
    }
    replica.kill();
    wait_for("the replica to be gone", PATIENCE, || primary.info("connected_slaves") == "0");
}

fn replicas_announce_what_they_are_told_to(primary: Program, replica: Program) {
    let config = ["replica-announce-ip 10.1.2.3", "replica-announce-port 4321", "replica-priority 7"];
    let (primary, replica) = linked(primary, replica, &config);
    let line = primary.info("slave0");
    assert!(line.starts_with("ip=10.1.2.3,port=4321,"), "{line}");
    assert_eq!(replica.info("slave_priority"), "7");
}

fn an_error_in_the_stream_is_told_and_may_be_the_end(primary: Program, replica: Program) {
    let (primary, mut replica) = linked(primary, replica, &[]);
    primary.ok("DEBUG REPLICATE no-such-command");
    primary.ok("SET a b");
    wait_in_sync(&primary, &[&replica]);
    let log = replica.log();
    assert!(log.contains("== CRITICAL == This replica is sending an error to its master: "), "{log}");
    assert!(log.contains("' after processing the command '<unknown>'"), "{log}");
    assert_eq!(replica.info("unexpected_error_replies"), "1");
    replica.ok("CONFIG SET propagation-error-behavior panic");
    primary.ok("DEBUG REPLICATE INCR a");
    replica.wait_exit();
    let log = replica.log();
    let last_words =
        "This replica panicked sending an error to its master after processing the command 'incr'";
    assert!(log.contains(last_words), "{log}");
}

fn a_lower_output_limit_drops_who_is_over_it(primary: Program, replica: Program) {
    let config = ["repl-backlog-size 16kb", "client-output-buffer-limit replica 0 0 0"];
    let (primary, replica) = linked(primary, replica, &config);
    let held = || primary.info_int("mem_total_replication_buffers");
    replica.signal(Signal::SIGSTOP);
    let value = "x".repeat(1 << 20);
    for _ in 0..16 {
        primary.ok(&format!("SET big {value}"));
    }
    assert_eq!(primary.info("connected_slaves"), "1");
    assert!(held() > 8 << 20);
    let line = primary.cmd("CLIENT LIST TYPE replica").text();
    let field = |name: &str| -> i64 {
        let value = line.split(' ').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {line}"))
    };
    assert!(field("omem") > 8 << 20 && field("oll") > 0 && field("tot-mem") > field("omem"), "{line}");
    assert!(primary.info_int("mem_clients_slaves") > 8 << 20);
    let limit = ["CONFIG", "SET", "client-output-buffer-limit", "replica 128k 0 0"];
    assert_eq!(primary.client().call(&limit).text(), "OK");
    primary.ok(&format!("SET small {}", "x".repeat(64 << 10)));
    wait_for("the replica to be dropped", PATIENCE, || primary.info("connected_slaves") == "0");
    wait_for("the memory to be given back", PATIENCE, || held() < 1 << 20);
    replica.signal(Signal::SIGCONT);
    wait_in_sync(&primary, &[&replica]);
}
