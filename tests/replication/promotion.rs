//! A replica becomes the primary, and the others follow it without a full sync (PSYNC2's second id).

use crate::harness::load::{Load, Profile};
use crate::harness::{PATIENCE, Program, Server, wait_for, wait_in_sync};
use crate::{ONE_PARTIAL, Syncs, linked, mixes, syncs, wait_link_up, wait_resync};

mixes![
    the_old_primary_follows_by_partial_resync,
    a_sibling_follows_the_promoted_replica,
    promotion_keeps_the_old_id_as_second,
    roles_can_be_swapped_back_and_forth,
];

// PINGs and expired keys would move the old primary past the promoted one.
fn quiet() -> Profile {
    Profile { expiries: false, ..Profile::default() }
}

const CONFIG: &[&str] = &["repl-ping-replica-period 3600", "repl-backlog-size 10mb"];

fn the_old_primary_follows_by_partial_resync(primary: Program, replica: Program) {
    let (old, new) = linked(primary, replica, CONFIG);
    let writing = Load::start(old.port, 1, quiet());
    writing.wait_written(500);
    writing.stop();
    wait_in_sync(&old, &[&new]);
    new.ok("REPLICAOF NO ONE");
    let writing = Load::start(new.port, 2, Profile::default());
    writing.wait_written(300);
    let before = syncs(&new);
    old.replicate(&new);
    assert_eq!(wait_resync(&new, before), ONE_PARTIAL);
    writing.wait_written(200);
    writing.stop();
    wait_in_sync(&new, &[&old]);
    assert_eq!(syncs(&new), Syncs { full: 0, partial: 1 });
}

fn a_sibling_follows_the_promoted_replica(primary: Program, replica: Program) {
    let (mut old, new) = linked(primary, replica, CONFIG);
    let siblings = [Server::start(primary, CONFIG), Server::start(replica, CONFIG)];
    for sibling in &siblings {
        sibling.replicate(&old);
        wait_link_up(sibling);
    }
    let writing = Load::start(old.port, 3, quiet());
    writing.wait_written(300);
    writing.stop();
    wait_in_sync(&old, &[&new, &siblings[0], &siblings[1]]);
    old.kill();
    new.ok("REPLICAOF NO ONE");
    new.ok("SET promoted yes");
    for sibling in &siblings {
        let before = syncs(&new);
        sibling.replicate(&new);
        assert_eq!(wait_resync(&new, before), ONE_PARTIAL);
    }
    wait_in_sync(&new, &[&siblings[0], &siblings[1]]);
    assert_eq!(siblings[0].cmd("GET promoted").text(), "yes");
}

fn promotion_keeps_the_old_id_as_second(primary: Program, replica: Program) {
    let (old, new) = linked(primary, replica, CONFIG);
    old.ok("SET a b");
    wait_in_sync(&old, &[&new]);
    let id = old.info("master_replid");
    assert_eq!(new.info("master_replid"), id);
    let offset = new.info_int("master_repl_offset");
    new.ok("REPLICAOF NO ONE");
    assert_ne!(new.info("master_replid"), id);
    assert_eq!(new.info("master_replid2"), id);
    assert_eq!(new.info_int("second_repl_offset"), offset + 1);
    assert_eq!(new.info("role"), "master");
    assert_eq!(new.cmd("ROLE").items()[0].text(), "master");
}

fn roles_can_be_swapped_back_and_forth(primary: Program, replica: Program) {
    let (a, b) = linked(primary, replica, CONFIG);
    let (mut first, mut second) = (&a, &b);
    for round in 0..4 {
        first.ok(&format!("SET round:{round} {round}"));
        wait_in_sync(first, &[second]);
        let full = syncs(second).full;
        second.ok("REPLICAOF NO ONE");
        first.replicate(second);
        wait_link_up(first);
        wait_in_sync(second, &[first]);
        assert_eq!(syncs(second).full, full, "round {round}");
        (first, second) = (second, first);
    }
    wait_for("all rounds on both", PATIENCE, || {
        a.cmd("EXISTS round:0 round:1 round:2 round:3").int() == 4
            && b.cmd("EXISTS round:0 round:1 round:2 round:3").int() == 4
    });
}
