//! FAILOVER: a primary hands its role over, or keeps it; no acknowledged write is lost either way.

use crate::harness::{PATIENCE, Program, Server, Value, wait_for, wait_in_sync};
use crate::{Syncs, linked, mixes, syncs, wait_link_up};
use nix::sys::signal::Signal;

mixes![
    a_replica_takes_over_under_writes,
    any_replica_that_has_everything_will_do,
    roles_go_to_and_fro,
    a_replica_that_lags_takes_over_by_force,
    a_replica_that_never_catches_up_does_not_take_over,
    a_failover_can_be_aborted,
    a_target_that_refuses_leaves_the_primary_in_place,
    a_failover_that_cannot_be_begun_says_why,
    nobody_syncs_or_changes_sides_meanwhile,
    a_chain_goes_on_under_the_new_primary,
];

const CONFIG: &[&str] = &["repl-backlog-size 10mb"];

/// A primary and its replica, which has confirmed what it got.
#[track_caller]
fn synced(primary: Program, replica: Program) -> (Server, Server) {
    let (primary, replica) = linked(primary, replica, CONFIG);
    primary.ok("SET first 1");
    wait_in_sync(&primary, &[&replica]);
    wait_for("the replica to be online", PATIENCE, || primary.info("slave0").contains("state=online"));
    (primary, replica)
}

#[track_caller]
fn fail_over(primary: &Server, to: &Server, more: &str) {
    primary.ok(&format!("FAILOVER TO 127.0.0.1 {} {more}", to.port));
}

#[track_caller]
fn wait_state(server: &Server, state: &str) {
    wait_for(state, PATIENCE, || server.info("master_failover_state") == state);
}

fn count_log(server: &Server, text: &str) -> usize {
    server.log().matches(text).count()
}

fn a_replica_takes_over_under_writes(primary: Program, replica: Program) {
    let (old, new) = synced(primary, replica);
    let full = syncs(&new).full;
    let mut writer = old.client();
    let mut written = 0;
    let mut asked = false;
    // Written to until it says that it is a replica: in between, writes wait.
    loop {
        match writer.cmd("INCR n") {
            Value::Int(n) => written = n,
            Value::Error(e) => {
                assert!(e.starts_with(b"READONLY"), "{e:?}");
                break;
            }
            other => panic!("{other:?}"),
        }
        if written > 200 && !asked {
            asked = true;
            fail_over(&old, &new, "");
        }
    }
    wait_state(&old, "no-failover");
    wait_link_up(&old);
    assert_eq!((old.info("role"), new.info("role")), ("slave".into(), "master".into()));
    assert_eq!(new.cmd("GET n").text(), written.to_string());
    new.ok("SET after 1");
    wait_in_sync(&new, &[&old]);
    assert_eq!(syncs(&new).full, full, "the old primary went on from where it was");
    let port = new.port;
    assert_eq!(count_log(&old, &format!("FAILOVER requested to 127.0.0.1:{port}.")), 1);
    assert_eq!(count_log(&old, &format!("Failover target 127.0.0.1:{port} is synced, failing over.")), 1);
    assert_eq!(count_log(&new, "MASTER MODE enabled (failover request from 'id="), 1);
    assert_eq!(count_log(&new, "Failover request received for replid "), 1);
}

fn any_replica_that_has_everything_will_do(primary: Program, replica: Program) {
    let (old, stopped) = synced(primary, replica);
    let other = Server::start(replica, CONFIG);
    other.replicate(&old);
    wait_link_up(&other);
    stopped.signal(Signal::SIGSTOP);
    old.ok("SET a 1");
    old.ok("FAILOVER");
    wait_for("the other to lead", PATIENCE, || other.info("role") == "master");
    wait_state(&old, "no-failover");
    stopped.signal(Signal::SIGCONT);
    stopped.replicate(&other);
    wait_in_sync(&other, &[&old, &stopped]);
    assert_eq!(syncs(&other), Syncs { full: 0, partial: 2 });
}

fn roles_go_to_and_fro(primary: Program, replica: Program) {
    let (a, b) = synced(primary, replica);
    let (mut first, mut second) = (&a, &b);
    for round in 0..4 {
        first.ok(&format!("SET round:{round} {round}"));
        let full = syncs(second).full;
        fail_over(first, second, "");
        wait_for("the swap", PATIENCE, || second.info("role") == "master");
        wait_state(first, "no-failover");
        wait_in_sync(second, &[first]);
        assert_eq!(syncs(second).full, full, "round {round}");
        (first, second) = (second, first);
    }
    assert_eq!(first.cmd("EXISTS round:0 round:1 round:2 round:3").int(), 4);
}

fn a_replica_that_lags_takes_over_by_force(primary: Program, replica: Program) {
    let (old, new) = synced(primary, replica);
    old.ok("SET a 1");
    wait_in_sync(&old, &[&new]);
    new.signal(Signal::SIGSTOP);
    old.ok("SET a 2");
    fail_over(&old, &new, "TIMEOUT 100 FORCE");
    wait_state(&old, "failover-in-progress");
    assert_eq!(old.info("role"), "slave", "there are never two primaries");
    assert_eq!(old.cmd("GET a").text(), "2", "reads go on");
    new.signal(Signal::SIGCONT);
    wait_state(&old, "no-failover");
    assert_eq!(new.info("role"), "master");
    wait_in_sync(&new, &[&old]);
    assert_eq!(count_log(&old, "time out exceeded, failing over."), 1);
}

fn a_replica_that_never_catches_up_does_not_take_over(primary: Program, replica: Program) {
    let (primary, replica) = synced(primary, replica);
    replica.signal(Signal::SIGSTOP);
    primary.ok("SET a 1");
    let (id, before) = (primary.info("master_replid"), syncs(&primary));
    fail_over(&primary, &replica, "TIMEOUT 300");
    // A write that comes now is answered when the failover has failed.
    primary.client().ok("SET b 1");
    assert_eq!(primary.info("master_failover_state"), "no-failover");
    replica.signal(Signal::SIGCONT);
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(primary.info("role"), "master");
    assert_eq!((primary.info("master_replid"), syncs(&primary)), (id, before));
    let line =
        format!("FAILOVER to 127.0.0.1:{} aborted: Replica never caught up before timeout", replica.port);
    assert_eq!(count_log(&primary, &line), 1);
}

fn a_failover_can_be_aborted(primary: Program, replica: Program) {
    let (primary, replica) = synced(primary, replica);
    assert_eq!(primary.cmd("FAILOVER ABORT").text(), "ERR No failover in progress.");
    replica.signal(Signal::SIGSTOP);
    primary.ok("SET a 1");
    primary.ok("FAILOVER TIMEOUT 60000");
    assert_eq!(primary.info("master_failover_state"), "waiting-for-sync");
    let mut writer = primary.client();
    writer.send(&["SET", "a", "2"]).expect("the server reads");
    wait_for("the write to wait", PATIENCE, || primary.info("blocked_clients") == "1");
    assert_eq!(primary.cmd("GET a").text(), "1");
    primary.ok("FAILOVER ABORT");
    assert!(writer.read().expect("an answer").value.is_ok());
    assert_eq!(count_log(&primary, "FAILOVER to any replica aborted: Failover manually aborted"), 1);
    // Once the target is being asked, the primary leads again under another id.
    let id = primary.info("master_replid");
    fail_over(&primary, &replica, "TIMEOUT 1 FORCE");
    wait_state(&primary, "failover-in-progress");
    primary.ok("FAILOVER ABORT");
    assert_eq!(primary.info("role"), "master");
    assert_eq!(primary.info("master_replid2"), id);
    primary.ok("SET a 3");
    replica.signal(Signal::SIGCONT);
    wait_in_sync(&primary, &[&replica]);
}

fn a_target_that_refuses_leaves_the_primary_in_place(primary: Program, replica: Program) {
    let (primary, replica) = synced(primary, replica);
    primary.ok("SET a 1");
    wait_in_sync(&primary, &[&replica]);
    let (id, before) = (primary.info("master_replid"), syncs(&primary));
    replica.ok("DEBUG CHANGE-REPL-ID");
    fail_over(&primary, &replica, "");
    wait_for("the refusal", PATIENCE, || {
        let line = "aborted: Failover target rejected psync request";
        count_log(&primary, line) == 1 && primary.info("master_failover_state") == "no-failover"
    });
    assert_eq!((primary.info("role"), replica.info("role")), ("master".into(), "slave".into()));
    assert_eq!(primary.info("master_replid2"), id, "nobody knows how far the target got: a new id");
    primary.ok("SET a 2");
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(syncs(&primary), Syncs { partial: before.partial + 1, ..before });
}

fn a_failover_that_cannot_be_begun_says_why(primary: Program, replica: Program) {
    let lone = Server::start(primary, &[]);
    assert_eq!(lone.cmd("FAILOVER").text(), "ERR FAILOVER requires connected replicas.");
    let (primary, replica) = synced(primary, replica);
    let to = format!("FAILOVER TO 127.0.0.1 {}", replica.port);
    let needs = "ERR FAILOVER with force option requires both a timeout and target HOST and IP.";
    let number = "ERR value is not an integer or out of range";
    let unknown = "ERR FAILOVER target HOST and PORT is not a replica.";
    for (line, error) in [
        (format!("{to} FORCE"), needs),
        ("FAILOVER FORCE TIMEOUT 100".into(), needs),
        ("FAILOVER TIMEOUT x".into(), number),
        ("FAILOVER TIMEOUT 0".into(), "ERR FAILOVER timeout must be greater than 0"),
        ("FAILOVER TIMEOUT -1".into(), "ERR FAILOVER timeout must be greater than 0"),
        ("FAILOVER TO 127.0.0.1 x".into(), number),
        ("FAILOVER TO 127.0.0.1 1".into(), unknown),
        ("FAILOVER TO 127.0.0.1 99999999".into(), unknown),
        (format!("FAILOVER TO nowhere {}", replica.port), unknown),
        ("FAILOVER TO 127.0.0.1".into(), "ERR syntax error"),
        ("FAILOVER TIMEOUT".into(), "ERR syntax error"),
        ("FAILOVER TIMEOUT 1 TIMEOUT 2".into(), "ERR syntax error"),
        (format!("{to} ABORT"), "ERR syntax error"),
        (format!("{to} {}", &to[9..]), "ERR syntax error"),
        ("FAILOVER what".into(), "ERR syntax error"),
        ("FAILOVER ABORT".into(), "ERR No failover in progress."),
    ] {
        assert_eq!(primary.cmd(&line).text(), error, "{line}");
    }
    let id = primary.info("master_replid");
    assert_eq!(replica.cmd("FAILOVER").text(), "ERR FAILOVER is not valid when server is a replica.");
    let to_a_primary = format!("PSYNC {id} 1 FAILOVER");
    assert_eq!(primary.client().cmd(&to_a_primary).text(), "ERR PSYNC FAILOVER can't be sent to a master.");
    let of_another = format!("PSYNC {} 1 FAILOVER", "a".repeat(40));
    assert_eq!(replica.client().cmd(&of_another).text(), "ERR PSYNC FAILOVER replid must match my replid.");
    assert_eq!(replica.info("role"), "slave");
}

fn nobody_syncs_or_changes_sides_meanwhile(primary: Program, replica: Program) {
    let (primary, replica) = synced(primary, replica);
    replica.signal(Signal::SIGSTOP);
    primary.ok("SET a 1");
    primary.ok("FAILOVER TIMEOUT 60000");
    assert_eq!(primary.cmd("FAILOVER").text(), "ERR FAILOVER already in progress.");
    for line in ["REPLICAOF NO ONE", "REPLICAOF 127.0.0.1 1"] {
        assert_eq!(primary.cmd(line).text(), "ERR REPLICAOF not allowed while failing over.");
    }
    let asked = primary.client().cmd("PSYNC ? -1").text();
    assert_eq!(asked, "NOMASTERLINK Can't SYNC while failing over");
    primary.ok("FAILOVER ABORT");
    replica.signal(Signal::SIGCONT);
    wait_in_sync(&primary, &[&replica]);
}

fn a_chain_goes_on_under_the_new_primary(primary: Program, replica: Program) {
    let (old, new) = synced(primary, replica);
    let last = Server::start(primary, CONFIG);
    last.replicate(&new);
    wait_link_up(&last);
    old.ok("SET a 1");
    wait_in_sync(&old, &[&new, &last]);
    let full = syncs(&new).full;
    fail_over(&old, &new, "");
    wait_for("the swap", PATIENCE, || new.info("role") == "master");
    wait_state(&old, "no-failover");
    new.ok("SET a 2");
    wait_in_sync(&new, &[&old, &last]);
    assert_eq!(syncs(&new).full, full, "both went on from where they were");
}
