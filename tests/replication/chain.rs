//! Chains of three: the middle one passes the stream on byte for byte, with its primary's id and offsets.

use crate::harness::load::{Load, Profile};
use crate::harness::replica::RawReplica;
use crate::harness::{PATIENCE, Program, Server, wait_for, wait_in_sync};
use crate::{ONE_PARTIAL, Syncs, syncs, wait_link_up, wait_resync};
use Program::{Oxidis, Redis};

const CONFIG: &[&str] = &["repl-backlog-size 10mb"];

fn chain(programs: [Program; 3], config: &[&str]) -> [Server; 3] {
    let servers = programs.map(|program| Server::start(program, config));
    servers[1].replicate(&servers[0]);
    wait_link_up(&servers[1]);
    servers[2].replicate(&servers[1]);
    wait_link_up(&servers[2]);
    servers
}

fn data_flows_through_and_cuts_heal(programs: [Program; 3]) {
    let [top, middle, leaf] = chain(programs, CONFIG);
    let writing = Load::start(top.port, 1, Profile::default());
    writing.wait_written(300);
    let before = syncs(&top);
    assert_eq!(top.cmd("CLIENT KILL TYPE replica").int(), 1);
    assert_eq!(wait_resync(&top, before), ONE_PARTIAL);
    wait_link_up(&middle);
    assert_eq!(syncs(&middle), Syncs { full: 1, partial: 0 }, "the leaf stays attached");
    assert_eq!(middle.cmd("CLIENT KILL TYPE replica").int(), 1);
    let one_full = Syncs { full: 1, partial: 0 };
    assert_eq!(wait_resync(&middle, one_full), ONE_PARTIAL);
    writing.wait_written(200);
    writing.stop();
    wait_in_sync(&top, &[&middle, &leaf]);
    assert_eq!(leaf.info("master_replid"), top.info("master_replid"));
    // Keys go on expiring, so the offsets may move between two looks.
    wait_for("equal offsets", PATIENCE, || {
        leaf.info("master_repl_offset") == middle.info("master_repl_offset")
    });
}

#[test]
fn data_flows_through_oxidis_redis_oxidis() {
    data_flows_through_and_cuts_heal([Oxidis, Redis, Oxidis]);
}

#[test]
fn data_flows_through_redis_oxidis_redis() {
    data_flows_through_and_cuts_heal([Redis, Oxidis, Redis]);
}

#[test]
fn data_flows_through_oxidis_oxidis_redis() {
    data_flows_through_and_cuts_heal([Oxidis, Oxidis, Redis]);
}

#[test]
fn data_flows_through_redis_redis_oxidis() {
    data_flows_through_and_cuts_heal([Redis, Redis, Oxidis]);
}

fn the_leaf_follows_when_the_middle_is_promoted(programs: [Program; 3]) {
    let [mut top, middle, leaf] = chain(programs, &["repl-ping-replica-period 3600"]);
    let writing = Load::start(top.port, 2, Profile { expiries: false, ..Profile::default() });
    writing.wait_written(300);
    writing.stop();
    wait_in_sync(&top, &[&middle, &leaf]);
    top.kill();
    let before = syncs(&middle);
    middle.ok("REPLICAOF NO ONE");
    assert_eq!(wait_resync(&middle, before), ONE_PARTIAL);
    middle.ok("SET after promotion");
    wait_in_sync(&middle, &[&leaf]);
    assert_eq!(leaf.info("master_replid"), middle.info("master_replid"));
}

#[test]
fn the_leaf_follows_a_promoted_oxidis() {
    the_leaf_follows_when_the_middle_is_promoted([Redis, Oxidis, Redis]);
    the_leaf_follows_when_the_middle_is_promoted([Redis, Oxidis, Oxidis]);
}

#[test]
fn an_oxidis_leaf_follows_a_promoted_redis() {
    the_leaf_follows_when_the_middle_is_promoted([Oxidis, Redis, Oxidis]);
}

/// A leaf may be moved up the chain: the ids are the same all along it.
#[test]
fn a_leaf_moves_to_the_top_by_partial_resync() {
    for programs in [[Oxidis, Redis, Oxidis], [Redis, Oxidis, Redis], [Oxidis, Oxidis, Oxidis]] {
        let [top, middle, leaf] = chain(programs, &["repl-ping-replica-period 3600"]);
        top.ok("SET a b");
        wait_in_sync(&top, &[&middle, &leaf]);
        let before = syncs(&top);
        leaf.replicate(&top);
        assert_eq!(wait_resync(&top, before), ONE_PARTIAL);
        top.ok("SET c d");
        wait_in_sync(&top, &[&middle, &leaf]);
    }
}

/// The bytes a listener gets from the middle are those it gets from the top, at the same offsets.
#[test]
fn the_stream_is_passed_on_byte_for_byte() {
    for programs in [[Oxidis, Oxidis], [Redis, Oxidis], [Oxidis, Redis]] {
        let [top, middle] = programs.map(|program| Server::start(program, &["repl-ping-replica-period 1"]));
        middle.replicate(&top);
        wait_link_up(&middle);
        let mut listeners = [&top, &middle]
            .map(|server| RawReplica::attach(server.client(), "PSYNC ? -1").expect("a snapshot"));
        let writing = Load::start(top.port, 3, Profile { value_max: 3000, ..Profile::default() });
        writing.wait_written(1000);
        writing.stop();
        wait_in_sync(&top, &[&middle]);
        let end = top.info_int("master_repl_offset") as u64;
        let start = listeners.iter().map(|listener| listener.offset).max().expect("two");
        let streams = listeners.each_mut().map(|listener| {
            let from = listener.offset;
            let bytes = listener.bytes_until(end).expect("the stream");
            bytes[(start - from) as usize..].to_vec()
        });
        assert!(streams[0].len() > 50_000, "{}", streams[0].len());
        assert!(streams[0] == streams[1], "{programs:?}: the streams differ");
    }
}

/// Sub-replicas wait while the middle one has no data yet, and are synced when it has.
#[test]
fn a_leaf_attached_first_is_synced_later() {
    for programs in [[Oxidis, Redis, Oxidis], [Redis, Oxidis, Redis]] {
        let servers = programs.map(|program| Server::start(program, CONFIG));
        let [top, middle, leaf] = &servers;
        top.ok("SET a b");
        leaf.replicate(middle);
        wait_link_up(leaf);
        middle.replicate(top);
        wait_for("the data to reach the leaf", PATIENCE, || leaf.cmd("GET a").text() == "b");
        wait_in_sync(top, &[middle, leaf]);
    }
}
