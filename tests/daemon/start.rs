//! Starting: the first lines of the log, the pid file, the socket file, the supervisor.

use crate::harness::server::Dir;
use crate::harness::{Client, PATIENCE, Program, Server, wait_for};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::rc::Rc;

/// The messages (`pid:role date level text` without all before the text) of a log.
fn messages(log: &str) -> Vec<&str> {
    log.lines().filter_map(|line| line.splitn(7, ' ').nth(6)).collect()
}

#[test]
fn a_daemon_writes_its_log_and_pid_and_removes_what_it_made() {
    let mut server = Server::prepare(Program::Oxidis, Rc::new(Dir::new()), &["daemonize yes"]);
    let (log, pid, socket) = (server.path("own.log"), server.path("own.pid"), server.path("own.sock"));
    server.add_config(&format!("logfile {}", log.display()));
    server.add_config(&format!("pidfile {}", pid.display()));
    server.add_config(&format!("unixsocket {}", socket.display()));
    server.add_config("unixsocketperm 700");
    server.spawn();
    assert_eq!(server.wait_exit().code(), Some(0), "the process that was started leaves at once");
    let read = || std::fs::read_to_string(&log).unwrap_or_default();
    wait_for("the daemon to be ready", PATIENCE, || read().contains("now ready to accept connections at"));

    let daemon = std::fs::read_to_string(&pid).expect("a pid file");
    let daemon = daemon.trim();
    assert!(
        read().lines().all(|line| line.starts_with(&format!("{daemon}:"))),
        "one pid in all lines:\n{}",
        read()
    );
    let first = read();
    let first: Vec<&str> = messages(&first);
    assert!(first[0].contains("is starting") && first[1].contains(&format!("pid={daemon},")), "{first:?}");
    let mode = std::fs::metadata(&socket).expect("the socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);

    let mut client = Client::connect(server.port);
    assert!(client.try_cmd("SHUTDOWN NOSAVE").is_err());
    wait_for("the files to be removed", PATIENCE, || !pid.exists() && !socket.exists());
    wait_for("the last line", PATIENCE, || read().contains("bye bye"));
}

#[test]
fn systemd_hears_that_we_are_ready_only_when_the_data_is_loaded() {
    let dir = Rc::new(Dir::new());
    let mut server = Server::start_in(Program::Oxidis, dir.clone(), &[]);
    server.ok("DEBUG POPULATE 2000 k 10");
    server.ok("SAVE");
    server.kill();

    let path = server.path("notify");
    let notify = UnixDatagram::bind(&path).expect("a socket");
    notify.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let hear = || {
        let mut buf = [0; 1024];
        let n = notify.recv(&mut buf).expect("systemd is told");
        String::from_utf8_lossy(&buf[..n]).into_owned()
    };
    // daemonize is not for those whom a supervisor started; the load takes about a second.
    server.add_config("supervised systemd");
    server.add_config("daemonize yes");
    server.add_config("key-load-delay 500");
    server.shell_setup(&format!("export NOTIFY_SOCKET={}", path.display()));
    server.spawn();
    assert!(hear().contains("is loading"));
    assert_eq!(hear(), "STATUS=Ready to accept connections\n");
    let log = server.log();
    assert!(log.contains("DB loaded from disk"), "READY before the data:\n{log}");
    assert_eq!(hear(), "READY=1\n");
    server.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(hear(), "STOPPING=1\n");
    assert_eq!(server.wait_exit().code(), Some(0));
}
