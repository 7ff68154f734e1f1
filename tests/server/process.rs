//! Signals, and the ends a process can come to.

use crate::harness::client::encode;
use crate::harness::load::fill;
use crate::harness::server::Dir;
use crate::harness::{Client, PATIENCE, Program, Server, wait_for};
use nix::sys::signal::Signal;

#[test]
fn hangups_and_broken_pipes_do_not_end_it() {
    let server = Server::start(Program::Oxidis, &[]);
    server.signal(Signal::SIGHUP);
    server.signal(Signal::SIGPIPE);
    assert_eq!(server.cmd("PING").text(), "PONG");
}

/// Ctrl-C a second time does not wait for what the first one waits for.
#[test]
fn a_second_interrupt_ends_it_at_once() {
    let mut server = Server::start(Program::Oxidis, &["save 3600 1", "rdb-key-save-delay 100000"]);
    fill(&mut server.client(), 1, 1000, 10);
    server.signal(Signal::SIGINT);
    wait_for("the shutdown to begin", PATIENCE, || server.log().contains("Saving the final RDB snapshot"));
    server.signal(Signal::SIGINT);
    let status = server.wait_exit();
    assert_eq!(status.code(), Some(1), "{status}\n{}", server.log());
    assert!(server.log().contains("You insist... exiting now."), "{}", server.log());
}

/// SHUTDOWN waits for replicas that lag, and can be called off.
#[test]
fn shutdown_waits_for_replicas_and_can_be_aborted() {
    for (primary, replica) in [(Program::Oxidis, Program::Redis), (Program::Redis, Program::Oxidis)] {
        let mut primary = Server::start(primary, &["shutdown-timeout 30"]);
        let replica = Server::start(replica, &[]);
        replica.replicate(&primary);
        wait_for("the link", PATIENCE, || replica.info("master_link_status") == "up");
        replica.signal(Signal::SIGSTOP);
        primary.ok("SET a b");
        let mut client = primary.client();
        client.send(&["SHUTDOWN"]).expect("the server reads");
        wait_for("the shutdown to wait", PATIENCE, || {
            primary.info("shutdown_in_milliseconds").parse::<i64>().is_ok_and(|ms| ms > 0)
        });
        assert_eq!(primary.cmd("SHUTDOWN ABORT").text(), "OK");
        let error = client.read().expect("an answer").value.text();
        assert_eq!(error, "ERR Errors trying to SHUTDOWN. Check logs.");
        assert_eq!(primary.cmd("SHUTDOWN ABORT").text(), "ERR No shutdown in progress.");
        // A new client: redis-server 7.0 fails an assertion when the same one goes on.
        let mut client = primary.client();
        client.send(&["SHUTDOWN"]).expect("the server reads");
        wait_for("the shutdown to wait", PATIENCE, || {
            primary.info("shutdown_in_milliseconds").parse::<i64>().is_ok_and(|ms| ms > 0)
        });
        replica.signal(Signal::SIGCONT);
        assert_eq!(primary.wait_exit().code(), Some(0));
        assert_eq!(replica.cmd("GET a").text(), "b");
    }
}

/// A crash leaves a report that names the command.
#[test]
fn a_panic_leaves_a_report() {
    let mut server = Server::start(Program::Oxidis, &[]);
    let mut client = server.client();
    assert!(client.try_cmd("DEBUG PANIC").is_err());
    let status = server.wait_exit();
    assert!(!status.success(), "{status}");
    let log = server.log();
    for part in
        ["REDIS BUG REPORT START", "INFO OUTPUT", "CLIENT LIST OUTPUT", "REDIS BUG REPORT END", "cmd=debug"]
    {
        assert!(log.contains(part), "{part} in\n{log}");
    }
}

/// So does a signal that means that the process is broken, which then ends it as always.
#[test]
fn a_fatal_signal_leaves_a_report() {
    use std::os::unix::process::ExitStatusExt;
    for (signal, reported) in [(Signal::SIGSEGV, true), (Signal::SIGABRT, true), (Signal::SIGSEGV, false)] {
        let mut server = Server::start(Program::Oxidis, &[]);
        if !reported {
            server.ok("CONFIG SET crash-log-enabled no");
        }
        server.signal(signal);
        assert_eq!(server.wait_exit().signal(), Some(signal as i32));
        let (log, text) = (server.log(), format!("crashed by signal: {}, si_code: 0", signal as i32));
        for part in [
            "REDIS BUG REPORT START",
            text.as_str(),
            "Killed by PID: ",
            "STACK TRACE",
            "REDIS BUG REPORT END",
        ] {
            assert_eq!(log.contains(part), reported, "{part} in\n{log}");
        }
    }
}

/// Memory that cannot be had ends the server, with a word in the log, and does no harm to what it has saved.
#[test]
fn an_allocation_that_fails_ends_it_with_a_word_in_the_log() {
    use std::os::unix::process::ExitStatusExt;
    let many_small = |client: &mut Client| {
        let value = "x".repeat(1000);
        for n in 0.. {
            let batch: Vec<u8> = (0..1000)
                .flat_map(|i| encode(&["SADD", &format!("set:{i}"), &format!("{n}:{value}")]))
                .collect();
            client.send_bytes(&batch)?;
            for _ in 0..1000 {
                client.read()?;
            }
        }
        Ok(())
    };
    type Exhaust<'a> = &'a dyn Fn(&mut Client) -> std::io::Result<()>;
    let one_big = |client: &mut Client| client.try_cmd("SETRANGE big 500000000 x").map(drop);
    let ways: [Exhaust<'_>; 2] = [&one_big, &many_small];
    for exhaust in ways {
        let dir = std::rc::Rc::new(Dir::new());
        let mut server = Server::prepare(Program::Oxidis, dir, &["jemalloc-bg-thread no"]);
        server.shell_setup("ulimit -v 400000");
        server.launch();
        fill(&mut server.client(), 1, 1000, 10);
        let digest = server.digest();
        server.ok("SAVE");
        assert!(exhaust(&mut server.client()).is_err(), "no answer comes");
        let status = server.wait_exit();
        assert_eq!(status.signal(), Some(Signal::SIGABRT as i32), "{status}");
        let log = server.log();
        assert!(log.contains(" # Out Of Memory allocating "), "{log}");
        server.shell_setup("true");
        server.launch();
        assert_eq!(server.digest(), digest);
    }
}
