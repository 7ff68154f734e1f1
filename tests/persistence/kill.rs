//! SIGKILL of the snapshot child, of the primary while it sends, of the replica while it loads.

use crate::harness::load::fill;
use crate::harness::{PATIENCE, Program, Server, wait_for, wait_in_sync};
use crate::{EVENTS, files, wait_bgsave};
use nix::sys::signal::{Signal, kill};
use std::rc::Rc;

const MISCONF: &str = "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. \
    Commands that may modify the data set are disabled, because this instance is configured to report errors during \
    writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about \
    the RDB error.";

#[test]
fn a_killed_snapshot_child_costs_nothing_but_the_snapshot() {
    let server = Server::start(Program::Oxidis, &["save 3600 100000", "rdb-key-save-delay 10000"]);
    fill(&mut server.client(), 1, 500, 100);
    server.ok("CONFIG SET rdb-key-save-delay 0");
    server.ok("SAVE");
    let saved = std::fs::read(server.path("dump.rdb")).expect("saved");
    server.ok("CONFIG SET rdb-key-save-delay 10000");
    server.ok("SET more data");
    server.cmd("BGSAVE");
    wait_for("the child's file", PATIENCE, || files(&server).len() == 2);
    kill(server.children()[0], Signal::SIGKILL).expect("our server's child");
    assert_eq!(wait_bgsave(&server), "err");
    wait_for("the child's file to be removed", PATIENCE, || files(&server) == ["dump.rdb"]);
    assert!(
        std::fs::read(server.path("dump.rdb")).expect("still there") == saved,
        "the old file was touched"
    );
    assert!(server.log().contains("Background saving terminated by signal 9"), "{}", server.log());
    assert_eq!(server.cmd("SET a b").text(), MISCONF);
    assert_eq!(server.cmd("GET more").text(), "data");
    server.ok("CONFIG SET stop-writes-on-bgsave-error no");
    server.ok("SET a b");
    server.ok("CONFIG SET stop-writes-on-bgsave-error yes rdb-key-save-delay 0");
    server.cmd("BGSAVE");
    assert_eq!(wait_bgsave(&server), "ok");
    server.ok("SET c d");
}

/// The save points ask again after a failed save.
#[test]
fn a_failed_save_is_tried_again() {
    let server = Server::start(Program::Oxidis, &["save 1 1", "rdb-key-save-delay 10000"]);
    let mut client = server.client();
    client.cmd("DEBUG POPULATE 500");
    client.ok("SET a b");
    wait_for("the save point's child", PATIENCE, || !server.children().is_empty());
    kill(server.children()[0], Signal::SIGKILL).expect("our server's child");
    assert_eq!(wait_bgsave(&server), "err");
    server.ok("CONFIG SET rdb-key-save-delay 0");
    wait_for("the next try to succeed", PATIENCE, || server.info("rdb_last_bgsave_status") == "ok");
    assert_eq!(server.info("rdb_changes_since_last_save"), "0");
    assert_eq!(files(&server), ["dump.rdb"]);
}

#[test]
fn a_killed_transfer_child_is_followed_by_another_try() {
    for (send, replica) in
        [("yes", Program::Redis), ("no", Program::Redis), ("yes", Program::Oxidis), ("no", Program::Oxidis)]
    {
        let config = [&format!("repl-diskless-sync {send}"), "rdb-key-save-delay 10000"];
        let primary = Server::start(Program::Oxidis, &config);
        fill(&mut primary.client(), 2, 1000, 500);
        let replica = Server::start(replica, &[]);
        replica.ok("SET old data");
        replica.replicate(&primary);
        wait_for("the transfer's child", PATIENCE, || !primary.children().is_empty());
        primary.ok("CONFIG SET rdb-key-save-delay 0");
        kill(primary.children()[0], Signal::SIGKILL).expect("our server's child");
        wait_in_sync(&primary, &[&replica]);
        assert_eq!(replica.cmd("DBSIZE").int(), 1000);
        wait_for("the temp files to be gone", PATIENCE, || {
            files(&primary).iter().chain(&files(&replica)).all(|name| name == "dump.rdb")
        });
    }
}

#[test]
fn a_primary_killed_while_sending_leaves_the_replica_its_data() {
    for (primary, replica) in [
        (Program::Oxidis, Program::Redis),
        (Program::Redis, Program::Oxidis),
        (Program::Oxidis, Program::Oxidis),
    ] {
        for (send, load) in [("yes", "disabled"), ("no", "disabled"), ("yes", "swapdb")] {
            let mut primary = Server::start(primary, &[&format!("repl-diskless-sync {send}")]);
            fill(&mut primary.client(), 3, 4000, 500);
            primary.ok("SAVE");
            let replica = Server::start(replica, &[&format!("repl-diskless-load {load}")]);
            replica.ok("SET old data");
            primary.ok("CONFIG SET rdb-key-save-delay 300");
            replica.replicate(&primary);
            // A child that streams has been seen to send; one that writes a file is killed in its midst.
            wait_for("the transfer's child", PATIENCE, || !primary.children().is_empty());
            if send == "yes" {
                wait_for("the transfer", PATIENCE, || replica.info("master_sync_in_progress") == "1");
            }
            primary.kill();
            wait_for("the loss to be noticed", PATIENCE, || replica.info("master_link_status") == "down");
            wait_for("the old data to be there", PATIENCE, || replica.cmd("GET old").text() == "data");
            assert_eq!(replica.cmd("DBSIZE").int(), 1);
            primary.launch();
            wait_in_sync(&primary, &[&replica]);
            assert_eq!(replica.cmd("DBSIZE").int(), 4000);
            assert_eq!(replica.cmd("EXISTS old").int(), 0);
        }
    }
}

#[test]
fn a_replica_killed_while_loading_starts_over() {
    for (send, load) in [("no", "disabled"), ("yes", "disabled"), ("yes", "swapdb")] {
        for primary in [Program::Redis, Program::Oxidis] {
            let primary = Server::start(primary, &[&format!("repl-diskless-sync {send}")]);
            fill(&mut primary.client(), 4, 5000, 300);
            let mut replica = Server::start(
                Program::Oxidis,
                &[&format!("repl-diskless-load {load}"), "key-load-delay 200", EVENTS],
            );
            replica.add_config(&format!("replicaof 127.0.0.1 {}", primary.port));
            replica.replicate(&primary);
            wait_for("loading", PATIENCE, || {
                replica.info("loading") == "1" || replica.info("async_loading") == "1"
            });
            replica.kill();
            replica.add_config("key-load-delay 0");
            replica.launch();
            wait_in_sync(&primary, &[&replica]);
            assert_eq!(replica.cmd("DBSIZE").int(), 5000);
            wait_for("no temp file", PATIENCE, || files(&replica).iter().all(|name| name == "dump.rdb"));
        }
    }
}

/// SIGKILL of the whole server in the midst of a save leaves the last good file, which loads.
#[test]
fn a_killed_server_comes_back_with_its_last_snapshot() {
    let mut server = Server::start(Program::Oxidis, &[]);
    fill(&mut server.client(), 5, 1000, 100);
    server.ok("SAVE");
    let digest = server.digest();
    server.ok("SET lost write");
    server.ok("CONFIG SET rdb-key-save-delay 10000");
    server.cmd("BGSAVE");
    wait_for("the child's file", PATIENCE, || files(&server).len() == 2);
    server.kill();
    let reader = Server::start_in(Program::Oxidis, Rc::clone(&server.dir), &[]);
    assert_eq!(reader.digest(), digest);
}
