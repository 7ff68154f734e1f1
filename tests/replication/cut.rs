//! Links that break: partial resynchronization when the backlog has what is missing, a full one when not.

use crate::harness::load::{Load, Profile, fill};
use crate::harness::{PATIENCE, Program, Proxy, wait_for, wait_in_sync};
use crate::{ONE_FULL, ONE_PARTIAL, linked, mixes, syncs, wait_link_up, wait_resync};
use nix::sys::signal::Signal;

mixes![
    a_cut_link_comes_back_by_partial_resync,
    many_cuts_under_load_lose_nothing,
    a_half_open_link_is_noticed_by_both,
    a_backlog_too_small_means_a_full_resync,
    a_changed_replication_id_means_a_full_resync,
    a_diverged_replica_is_synced_in_full,
    a_stopped_replica_catches_up,
];

fn a_cut_link_comes_back_by_partial_resync(primary: Program, replica: Program) {
    let (primary, replica) = linked(primary, replica, &["repl-backlog-size 10mb"]);
    let refused = primary.info_int("sync_partial_err");
    let proxy = Proxy::start(primary.port);
    replica.replicate_port(proxy.port);
    wait_in_sync(&primary, &[&replica]);
    let writing = Load::start(primary.port, 1, Profile::default());
    for cut in ["the network", "the primary", "the replica"] {
        writing.wait_written(200);
        let before = syncs(&primary);
        match cut {
            "the network" => proxy.cut(),
            "the primary" => assert_eq!(primary.cmd("CLIENT KILL TYPE replica").int(), 1),
            _ => assert_eq!(replica.cmd("CLIENT KILL TYPE master").int(), 1),
        }
        assert_eq!(wait_resync(&primary, before), ONE_PARTIAL, "cut by {cut}");
        wait_link_up(&replica);
    }
    writing.stop();
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(primary.info_int("sync_partial_err"), refused);
}

fn many_cuts_under_load_lose_nothing(primary: Program, replica: Program) {
    let (primary, replica) = linked(primary, replica, &["repl-backlog-size 300mb"]);
    let proxy = Proxy::start(primary.port);
    replica.replicate_port(proxy.port);
    wait_link_up(&replica);
    let full = syncs(&primary).full;
    let writing = Load::start(primary.port, 2, Profile { value_max: 2000, ..Profile::default() });
    for cut in 0..8 {
        // At any byte of the stream: of a command, of a value, of the handshake.
        let connections = proxy.accepted();
        proxy.cut_after([1, 30_000, 60, 5, 100_001, 7, 47, 20_000][cut]);
        wait_for("the next cut", PATIENCE, || proxy.has_cut());
        wait_for("the replica to come back", PATIENCE, || proxy.accepted() > connections);
    }
    writing.wait_written(200);
    assert!(writing.stop() > 500);
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(syncs(&primary).full, full, "partial: {}", syncs(&primary).partial);
    assert!(syncs(&primary).partial >= 3);
}

fn a_half_open_link_is_noticed_by_both(primary: Program, replica: Program) {
    let config = ["repl-timeout 2", "repl-ping-replica-period 1", "repl-backlog-size 10mb"];
    let (primary, replica) = linked(primary, replica, &config);
    let proxy = Proxy::start(primary.port);
    replica.replicate_port(proxy.port);
    wait_in_sync(&primary, &[&replica]);
    let writing = Load::start(primary.port, 3, Profile::default());
    let before = syncs(&primary);
    proxy.hold(true);
    wait_for("the replica to give up", PATIENCE, || replica.info("master_link_status") == "down");
    wait_for("the primary to give up", PATIENCE, || primary.info("connected_slaves") == "0");
    proxy.cut();
    proxy.hold(false);
    assert_eq!(wait_resync(&primary, before), ONE_PARTIAL);
    writing.stop();
    wait_in_sync(&primary, &[&replica]);
    assert!(replica.log().contains("MASTER timeout: no data nor PING received..."), "{}", replica.log());
    assert!(primary.log().contains("Disconnecting timedout replica"), "{}", primary.log());
}

fn a_backlog_too_small_means_a_full_resync(primary: Program, replica: Program) {
    let (primary, replica) = linked(primary, replica, &["repl-backlog-size 20kb"]);
    let proxy = Proxy::start(primary.port);
    replica.replicate_port(proxy.port);
    wait_in_sync(&primary, &[&replica]);
    proxy.refuse(true);
    proxy.cut();
    wait_for("the primary to lose its replica", PATIENCE, || primary.info("connected_slaves") == "0");
    fill(&mut primary.client(), 4, 1000, 500);
    let (before, refused) = (syncs(&primary), primary.info_int("sync_partial_err"));
    proxy.refuse(false);
    assert_eq!(wait_resync(&primary, before), ONE_FULL);
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(primary.info_int("sync_partial_err"), refused + 1);
}

fn a_changed_replication_id_means_a_full_resync(primary: Program, replica: Program) {
    let (primary, replica) = linked(primary, replica, &[]);
    primary.ok("SET before change");
    wait_in_sync(&primary, &[&replica]);
    let before = syncs(&primary);
    primary.ok("DEBUG CHANGE-REPL-ID");
    primary.cmd("CLIENT KILL TYPE replica");
    assert_eq!(wait_resync(&primary, before), ONE_FULL);
    wait_in_sync(&primary, &[&replica]);
}

fn a_diverged_replica_is_synced_in_full(primary: Program, replica: Program) {
    let (primary, replica) = linked(primary, replica, &[]);
    primary.ok("SET shared 1");
    wait_in_sync(&primary, &[&replica]);
    replica.ok("REPLICAOF NO ONE");
    // Both go on from the same offset, each with a history of its own.
    for n in 0..50 {
        replica.ok(&format!("SET key:{n} replica"));
        primary.ok(&format!("SET key:{n} primary"));
    }
    replica.ok("SET only replica");
    let before = syncs(&primary);
    replica.replicate(&primary);
    assert_eq!(wait_resync(&primary, before), ONE_FULL);
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(replica.cmd("GET key:7").text(), "primary");
    assert_eq!(replica.cmd("EXISTS only").int(), 0);
}

fn a_stopped_replica_catches_up(primary: Program, replica: Program) {
    let (primary, replica) = linked(primary, replica, &["repl-backlog-size 1mb"]);
    let before = syncs(&primary);
    replica.signal(Signal::SIGSTOP);
    let mut client = primary.client();
    // More than the backlog and than what the sockets hold: the primary keeps it for the replica.
    fill(&mut client, 5, 20_000, 1000);
    assert_eq!(client.cmd("PING").text(), "PONG");
    replica.signal(Signal::SIGCONT);
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(syncs(&primary), before, "the replica was never dropped");
}

/// A replica that falls behind by more than its output limit is dropped, and comes back.
#[test]
fn a_replica_over_its_output_limit_is_dropped() {
    for (primary, replica) in [(Program::Oxidis, Program::Redis), (Program::Oxidis, Program::Oxidis)] {
        let config = ["repl-backlog-size 100kb", "client-output-buffer-limit replica 1mb 0 0"];
        let (primary, replica) = linked(primary, replica, &config);
        replica.signal(Signal::SIGSTOP);
        let mut client = primary.client();
        let value = vec![b'x'; 100_000];
        wait_for("the replica to be dropped", PATIENCE, || {
            client.call(&[b"SET".as_slice(), b"key", &value]);
            client.cmd("INFO replication").text().contains("connected_slaves:0")
        });
        let log = primary.log();
        assert!(log.contains("scheduled to be closed ASAP for overcoming of output buffer limits"), "{log}");
        let before = syncs(&primary);
        replica.signal(Signal::SIGCONT);
        assert_eq!(wait_resync(&primary, before), ONE_FULL);
        wait_in_sync(&primary, &[&replica]);
    }
}
