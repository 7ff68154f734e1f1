//! Clean restarts: the RDB carries the replication id and offset, so neither side needs a full sync.

use crate::harness::load::{Load, Profile};
use crate::harness::{Program, Server, wait_in_sync};
use crate::{ONE_FULL, ONE_PARTIAL, Syncs, linked, mixes, syncs, wait_link_up, wait_resync};

mixes![
    a_restarted_primary_continues_with_its_replica,
    a_restarted_replica_continues_from_its_rdb,
    a_killed_replica_is_synced_in_full,
    a_primary_may_be_replaced_by_the_other_program,
    a_replica_may_be_replaced_by_the_other_program,
];

// PINGs after the last write would not be in the RDB's offset of a replica that is ahead of it.
const CONFIG: &[&str] = &["repl-ping-replica-period 3600", "repl-backlog-size 10mb"];

fn loaded(primary: Program, replica: Program) -> (Server, Server) {
    let (primary, replica) = linked(primary, replica, CONFIG);
    let writing = Load::start(primary.port, 1, Profile { expiries: false, ..Profile::default() });
    writing.wait_written(300);
    writing.stop();
    wait_in_sync(&primary, &[&replica]);
    (primary, replica)
}

fn a_restarted_primary_continues_with_its_replica(primary: Program, replica: Program) {
    let (mut primary, replica) = loaded(primary, replica);
    let digest = primary.digest();
    assert_eq!(primary.shutdown("SAVE").code(), Some(0));
    primary.launch();
    assert_eq!(primary.digest(), digest);
    wait_link_up(&replica);
    assert_eq!(syncs(&primary), ONE_PARTIAL);
    primary.ok("SET after restart");
    wait_in_sync(&primary, &[&replica]);
}

fn a_restarted_replica_continues_from_its_rdb(primary: Program, replica: Program) {
    let (primary, mut replica) = loaded(primary, replica);
    replica.add_config(&format!("replicaof 127.0.0.1 {}", primary.port));
    assert_eq!(replica.shutdown("SAVE").code(), Some(0));
    for n in 0..100 {
        primary.ok(&format!("SET while:{n} away"));
    }
    let before = syncs(&primary);
    replica.launch();
    assert_eq!(wait_resync(&primary, before), ONE_PARTIAL);
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(replica.cmd("GET while:99").text(), "away");
}

fn a_killed_replica_is_synced_in_full(primary: Program, replica: Program) {
    let (primary, mut replica) = loaded(primary, replica);
    replica.add_config(&format!("replicaof 127.0.0.1 {}", primary.port));
    let before = syncs(&primary);
    replica.restart();
    // A disk sync leaves the received RDB in place of the replica's own; its offset may still be in the backlog.
    let how = wait_resync(&primary, before);
    assert!(how == ONE_FULL || how == ONE_PARTIAL, "{how:?}");
    wait_in_sync(&primary, &[&replica]);
}

fn other(program: Program) -> Program {
    match program {
        Program::Oxidis => Program::Redis,
        _ => Program::Oxidis,
    }
}

/// The drop-in promise: stop one program, start the other on the same folder and port.
fn a_primary_may_be_replaced_by_the_other_program(primary: Program, replica: Program) {
    let (mut primary, replica) = loaded(primary, replica);
    let digest = primary.digest();
    primary.shutdown("SAVE");
    primary.program = other(primary.program);
    primary.launch();
    assert_eq!(primary.digest(), digest);
    wait_link_up(&replica);
    assert_eq!(syncs(&primary), Syncs { full: 0, partial: 1 });
    primary.ok("SET after replacement");
    wait_in_sync(&primary, &[&replica]);
}

fn a_replica_may_be_replaced_by_the_other_program(primary: Program, replica: Program) {
    let (primary, mut replica) = loaded(primary, replica);
    replica.add_config(&format!("replicaof 127.0.0.1 {}", primary.port));
    replica.shutdown("SAVE");
    primary.ok("SET while away");
    replica.program = other(replica.program);
    let before = syncs(&primary);
    replica.launch();
    assert_eq!(wait_resync(&primary, before), ONE_PARTIAL);
    wait_in_sync(&primary, &[&replica]);
}
