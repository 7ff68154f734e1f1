//! Signals, and the report of a panic.

use crate::harness::{PATIENCE, Program, Server, wait_for};
use nix::sys::signal::Signal;

fn has_temp_file(server: &Server) -> bool {
    let entries = std::fs::read_dir(&server.dir.0).expect("the server's folder");
    entries.filter_map(Result::ok).any(|entry| entry.file_name().to_string_lossy().starts_with("temp-"))
}

#[test]
fn a_request_to_stop_saves_if_there_are_save_points() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        for (save, saves) in [("save \"\"", false), ("save 900 1", true)] {
            let mut server = Server::start(Program::Oxidis, &[save]);
            server.ok("SET a 1");
            server.signal(Signal::SIGHUP);
            server.signal(Signal::SIGPIPE);
            assert_eq!(server.cmd("PING").text(), "PONG", "hang-ups and broken pipes are ignored");
            server.signal(signal);
            assert_eq!(server.wait_exit().code(), Some(0), "{signal}");
            assert_eq!(server.path("dump.rdb").exists(), saves, "{signal}, {save}");
        }
    }
}

#[test]
fn who_asks_twice_does_not_wait_for_the_save_and_finds_no_half_file() {
    let mut server = Server::start(Program::Oxidis, &["save 900 1", "rdb-key-save-delay 1000"]);
    server.ok("DEBUG POPULATE 100000");
    server.signal(Signal::SIGINT);
    wait_for("the final save to begin", PATIENCE, || has_temp_file(&server));
    server.signal(Signal::SIGINT);
    assert_eq!(server.wait_exit().code(), Some(1));
    assert!(server.log().contains("You insist... exiting now."), "{}", server.log());
    assert!(!has_temp_file(&server) && !server.path("dump.rdb").exists());
}

#[test]
fn a_panic_tells_all_it_knows_and_aborts() {
    let mut server = Server::start(Program::Oxidis, &[]);
    let mut client = server.client();
    client.ok("CLIENT SETNAME who-did-it");
    assert!(client.try_cmd("DEBUG PANIC").is_err());
    let status = server.wait_exit();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(Signal::SIGABRT as i32));
    let log = server.log();
    for part in [
        "=== REDIS BUG REPORT START",
        "STACK TRACE",
        "oxidis::commands::server::debug",
        "CURRENT COMMAND",
        "panic",
        "INFO OUTPUT",
        "redis_version:",
        "CLIENT LIST OUTPUT",
        "CURRENT CLIENT INFO",
        "name=who-did-it",
        "=== REDIS BUG REPORT END",
    ] {
        assert!(log.contains(part), "no {part:?} in\n{log}");
    }
}

#[test]
fn the_watchdog_tells_where_the_server_is_when_it_does_not_come_back() {
    const TOLD: &str = "--- WATCHDOG TIMER EXPIRED ---";
    let server = Server::start(Program::Oxidis, &["watchdog-period 1"]);
    // Two beats of the heart at the least.
    assert_eq!(server.cmd("CONFIG GET watchdog-period").items()[1].text(), "200");
    server.ok("CONFIG SET watchdog-period 0");
    server.ok("DEBUG SLEEP 0.5");
    assert!(!server.log().contains(TOLD), "{}", server.log());
    server.ok("CONFIG SET watchdog-period 250");
    server.ok("DEBUG SLEEP 0.6");
    let log = server.log();
    let told = log.split(TOLD).nth(1).unwrap_or_else(|| panic!("{log}"));
    assert!(
        told.contains("Backtrace:\n") && told.contains("nanosleep") && told.contains("--------"),
        "{told}"
    );
    assert_eq!(server.cmd("PING").text(), "PONG");
}
