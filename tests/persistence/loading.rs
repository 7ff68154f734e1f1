//! While a snapshot is being loaded: clients are answered, INFO moves, and then everything is there.

use crate::EVENTS;
use crate::harness::load::fill;
use crate::harness::{Client, PATIENCE, Program, Proxy, Server, Value, wait_for, wait_in_sync};
use std::rc::Rc;

const LOADING: &str = "LOADING Redis is loading the dataset in memory";

#[test]
fn clients_are_answered_while_a_file_is_loaded() {
    let mut server = Server::start(Program::Oxidis, &["key-load-delay 300", EVENTS]);
    fill(&mut server.client(), 1, 5000, 200);
    server.ok("SAVE");
    let digest = server.digest();
    server.kill();
    server.spawn();
    let mut client = None;
    wait_for("the server to listen", PATIENCE, || {
        client = Client::try_connect(server.port).ok();
        client.is_some()
    });
    let mut client = client.expect("connected");
    let field = |client: &mut Client, name: &str| -> String {
        let text = client.cmd("INFO persistence").text();
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .unwrap_or_default()
            .to_string()
    };
    wait_for("a part to be loaded", PATIENCE, || {
        field(&mut client, "loading_loaded_bytes").parse().unwrap_or(0) > 1000
    });
    assert_eq!(field(&mut client, "loading"), "1");
    for line in ["GET a", "SET a b", "PING", "DBSIZE", "SAVE", "BGSAVE"] {
        assert_eq!(client.cmd(line).text(), LOADING, "{line}");
    }
    assert_eq!(client.cmd("SELECT 1").text(), "OK");
    assert_eq!(client.cmd("ECHO x").text(), "x");
    assert!(!client.cmd("CONFIG GET port").is_error());
    let total: i64 = field(&mut client, "loading_total_bytes").parse().expect("a number");
    assert_eq!(total, server.path("dump.rdb").metadata().expect("the file").len() as i64);
    let first: i64 = field(&mut client, "loading_loaded_bytes").parse().expect("a number");
    wait_for("the figures to move", PATIENCE, || {
        field(&mut client, "loading_loaded_bytes").parse::<i64>().is_ok_and(|now| now > first)
    });
    assert_eq!(field(&mut client, "loading"), "1", "the load ended too soon for this test");
    wait_for("the end of the load", PATIENCE, || !matches!(client.cmd("PING"), Value::Error(_)));
    assert_eq!(server.digest(), digest);
    assert!(server.log().contains("DB loaded from disk:"), "{}", server.log());
}

/// A load may be ended like any other state: the data on disk is not touched.
#[test]
fn a_loading_server_can_be_shut_down() {
    let mut server = Server::start(Program::Oxidis, &["key-load-delay 1000", EVENTS, "save 3600 1"]);
    fill(&mut server.client(), 2, 3000, 100);
    server.ok("SAVE");
    let file = std::fs::read(server.path("dump.rdb")).expect("saved");
    server.kill();
    server.spawn();
    wait_for("loading", PATIENCE, || {
        Client::try_connect(server.port).is_ok_and(|mut client| client.cmd("PING").text() == LOADING)
    });
    server.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(server.wait_exit().code(), Some(0), "{}", server.log());
    assert!(
        std::fs::read(server.path("dump.rdb")).expect("there") == file,
        "a half-loaded dataset was saved"
    );
}

/// A replica that loads what its primary sent answers as a server that loads a file does.
#[test]
fn a_replica_answers_while_it_loads() {
    for program in [Program::Redis, Program::Oxidis] {
        let primary = Server::start(program, &[]);
        fill(&mut primary.client(), 3, 5000, 200);
        for load in ["disabled", "swapdb"] {
            let load_line = format!("repl-diskless-load {load}");
            let replica = Server::start(Program::Oxidis, &[&load_line, "key-load-delay 300", EVENTS]);
            replica.ok("SET old data");
            replica.replicate(&primary);
            wait_for("loading", PATIENCE, || replica.info("loading") == "1");
            let reply = replica.cmd("GET old").text();
            assert_eq!(replica.info("loading"), "1", "the load ended too soon for this test");
            assert_eq!(reply, LOADING, "repl-diskless-load {load}");
            replica.ok("CONFIG SET key-load-delay 0");
            wait_in_sync(&primary, &[&replica]);
        }
    }
}

/// With swapdb, and a primary whose history it shares, it serves the data it has until the new is complete.
#[test]
fn a_replica_serves_its_old_data_while_it_loads_beside() {
    for program in [Program::Redis, Program::Oxidis] {
        let primary = Server::start(program, &["repl-backlog-size 20kb"]);
        primary.ok("SET old data");
        let replica =
            Server::start(Program::Oxidis, &["repl-diskless-load swapdb", "key-load-delay 300", EVENTS]);
        let proxy = Proxy::start(primary.port);
        replica.replicate_port(proxy.port);
        wait_in_sync(&primary, &[&replica]);
        proxy.refuse(true);
        proxy.cut();
        fill(&mut primary.client(), 4, 5000, 200);
        proxy.refuse(false);
        wait_for("loading", PATIENCE, || replica.info("async_loading") == "1");
        let mut client = replica.client();
        let replies = ["GET old", "DBSIZE", "SET a b", "EXISTS fill:1"].map(|line| client.cmd(line).text());
        assert_eq!(replica.info("async_loading"), "1", "the load ended too soon for this test");
        assert_eq!(replies, ["data", "1", "READONLY You can't write against a read only replica.", "0"]);
        replica.ok("CONFIG SET key-load-delay 0");
        wait_in_sync(&primary, &[&replica]);
        assert_eq!(client.cmd("DBSIZE").int(), 5001);
    }
}

#[test]
fn a_server_without_a_file_starts_empty() {
    let server = Server::start(Program::Oxidis, &[]);
    assert_eq!(server.cmd("DBSIZE").int(), 0);
    let other = Server::start_in(Program::Oxidis, Rc::clone(&server.dir), &["dbfilename other.rdb"]);
    other.ok("SET a b");
    other.ok("SAVE");
    assert!(other.path("other.rdb").exists());
}
