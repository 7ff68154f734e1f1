//! Full synchronization in every combination of how the snapshot is sent and how it is received.

use crate::harness::load::{Load, Profile, fill, fill_collections};
use crate::harness::{Client, PATIENCE, Program, Proxy, Server, wait_for, wait_in_sync};
use crate::{mixes, syncs, wait_link_up};

mixes![
    disk_to_disk,
    disk_to_parser,
    diskless_to_disk,
    diskless_to_parser,
    diskless_on_empty_db,
    a_cut_transfer_is_tried_again,
    the_old_data_is_gone_after_a_sync,
    a_big_dataset_arrives_whole,
];

/// The replica syncs while the primary is being written to; `received` is what its log says of the transfer.
fn sync_under_load(primary: Program, replica: Program, send: &str, load: &str, received: [&str; 2]) {
    let primary = Server::start(primary, &[&format!("repl-diskless-sync {send}")]);
    let replica = Server::start(replica, &[&format!("repl-diskless-load {load}")]);
    fill(&mut primary.client(), 1, 5000, 400);
    fill_collections(&mut primary.client(), 1, 60, 3000);
    let writing = Load::start(primary.port, 2, Profile::default());
    writing.wait_written(200);
    replica.replicate(&primary);
    wait_link_up(&replica);
    writing.wait_written(1000);
    assert!(writing.stop() > 1200);
    wait_in_sync(&primary, &[&replica]);
    assert!(primary.cmd("DBSIZE").int() > 5000);
    assert_eq!(syncs(&primary).full, 1);
    let log = replica.log();
    let lines: Vec<_> = log.lines().filter(|line| received.iter().all(|part| line.contains(part))).collect();
    assert_eq!(lines.len(), 1, "{received:?} in\n{log}");
    // Nothing of the transfer is left in the replica's folder.
    let left: Vec<_> = std::fs::read_dir(&replica.dir.0)
        .expect("the replica's folder")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("temp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

fn disk_to_disk(primary: Program, replica: Program) {
    sync_under_load(primary, replica, "no", "disabled", ["receiving", "bytes from master to disk"]);
}

fn disk_to_parser(primary: Program, replica: Program) {
    sync_under_load(primary, replica, "no", "swapdb", ["receiving", "bytes from master to parser"]);
}

fn diskless_to_disk(primary: Program, replica: Program) {
    sync_under_load(primary, replica, "yes", "disabled", ["receiving streamed RDB", "with EOF to disk"]);
}

fn diskless_to_parser(primary: Program, replica: Program) {
    sync_under_load(primary, replica, "yes", "swapdb", ["receiving streamed RDB", "with EOF to parser"]);
}

fn diskless_on_empty_db(primary: Program, replica: Program) {
    sync_under_load(primary, replica, "yes", "on-empty-db", ["receiving streamed RDB", "with EOF to parser"]);
}

fn a_cut_transfer_is_tried_again(primary: Program, replica: Program) {
    for (send, load) in [("no", "disabled"), ("yes", "disabled"), ("yes", "swapdb")] {
        let primary = Server::start(primary, &[&format!("repl-diskless-sync {send}")]);
        fill(&mut primary.client(), 3, 3000, 2000);
        let replica = Server::start(replica, &[&format!("repl-diskless-load {load}")]);
        replica.ok("SET old data");
        let proxy = Proxy::start(primary.port);
        proxy.cut_after(400_000);
        replica.replicate_port(proxy.port);
        wait_for("the transfer to be cut", PATIENCE, || proxy.has_cut());
        if load != "on-empty-db" {
            // Unless the next attempt is through already.
            wait_for("the old data to be served again", PATIENCE, || {
                replica.cmd("GET old").text() == "data" || syncs(&primary).full >= 2
            });
        }
        wait_in_sync(&primary, &[&replica]);
        assert!(syncs(&primary).full >= 2);
        assert_eq!(replica.cmd("DBSIZE").int(), 3000);
    }
}

fn the_old_data_is_gone_after_a_sync(primary: Program, replica: Program) {
    let primary = Server::start(primary, &[]);
    primary.ok("SET shared new");
    let replica = Server::start(replica, &[]);
    let mut client = replica.client();
    for line in ["SET shared old", "SET only here", "SELECT 9", "SET other database", "SELECT 0"] {
        client.ok(line);
    }
    replica.replicate(&primary);
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(client.cmd("GET shared").text(), "new");
    assert_eq!(client.cmd("DBSIZE").int(), 1);
    client.ok("SELECT 9");
    assert_eq!(client.cmd("DBSIZE").int(), 0);
}

/// Enough for many reads and several slices of loading: 60 MB of values, compressible ones among them.
fn a_big_dataset_arrives_whole(primary: Program, replica: Program) {
    let primary = Server::start(primary, &["rdbcompression yes"]);
    fill(&mut primary.client(), 4, 40_000, 3000);
    fill_collections(&mut primary.client(), 4, 160, 10_000);
    let mut client = primary.client();
    client.cmd("DEBUG POPULATE 100000 many 20");
    client.call(&[b"SET".as_slice(), b"one big value", &vec![7; 20_000_000]]);
    let replica = Server::start(replica, &[]);
    let writing = Load::start(primary.port, 5, Profile::default());
    replica.replicate(&primary);
    wait_link_up(&replica);
    writing.stop();
    wait_in_sync(&primary, &[&replica]);
    assert!(replica.cmd("DBSIZE").int() >= 40_000);
}

/// Replicas that ask while a snapshot on disk is being written for another one share it.
#[test]
fn several_replicas_share_one_snapshot() {
    for send in ["no", "yes"] {
        let primary = Server::start(
            Program::Oxidis,
            &[&format!("repl-diskless-sync {send}"), "repl-diskless-sync-delay 2"],
        );
        fill(&mut primary.client(), 6, 5000, 300);
        let writing = Load::start(primary.port, 7, Profile::default());
        let programs = [Program::Redis, Program::Oxidis, Program::Redis, Program::Oxidis];
        let replicas = programs.map(|program| Server::start(program, &[]));
        // What makes the snapshot last until all have asked: a microsecond for each key.
        if send == "no" {
            primary.ok("CONFIG SET rdb-key-save-delay 500");
        }
        for replica in &replicas {
            replica.replicate(&primary);
        }
        for replica in &replicas {
            wait_link_up(replica);
        }
        writing.wait_written(300);
        writing.stop();
        wait_in_sync(&primary, &replicas.each_ref());
        assert_eq!(syncs(&primary).full, 4);
        let log = primary.log();
        let started = log.matches("Background saving started by pid").count()
            + log.matches("Background RDB transfer started by pid").count();
        assert_eq!(started, 1, "snapshots for four replicas (repl-diskless-sync {send})\n{log}");
    }
}

/// A client that sends a bare SYNC, as old tools do, gets a snapshot and then the stream.
#[test]
fn sync_without_psync_works() {
    use crate::harness::replica::RawReplica;
    for program in [Program::Oxidis, Program::Redis] {
        for send in ["no", "yes"] {
            let primary = Server::start(program, &[&format!("repl-diskless-sync {send}")]);
            primary.ok("SET a b");
            let mut raw = RawReplica::attach(Client::connect(primary.port), "SYNC").expect("a snapshot");
            assert_eq!(raw.diskless, send == "yes");
            assert!(raw.rdb.starts_with(b"REDIS0010"), "{:?}", raw.rdb.escape_ascii().to_string());
            primary.ok("SET c d");
            let stream = raw.until_marker(b"c", PATIENCE).expect("the stream");
            assert_eq!(stream, [vec![b"SELECT".to_vec(), b"0".to_vec()]]);
        }
    }
}
