//! Passwords, right or wrong, well put or not, are shown to nobody: not to MONITOR, SLOWLOG, ACL LOG, INFO, nor in the log.

use crate::harness::{Client, Program, Server};

const SECRET: &str = "sEcReT";

const COMMANDS: &[&str] = &[
    "AUTH sEcReT",
    "AUTH u sEcReT",
    "AUTH u sEcReT x",
    "HELLO 2 AUTH default sEcReT",
    "HELLO 2 SETNAME a AUTH default sEcReT",
    "HELLO 9 AUTH default sEcReT",
    "HELLO 2 NOSUCH AUTH default sEcReT",
    "ACL SETUSER bob on >sEcReT",
    "ACL SETUSER bob >sEcReT bad!",
    "CONFIG SET masterauth sEcReT",
    "CONFIG SET maxmemory 0 masterauth sEcReT",
    "CONFIG SET masterauth sEcReT maxmemory",
    "CONFIG SET masteruser sEcReT",
    "CONFIG SET tls-key-file-pass sEcReT",
    "CONFIG SET tls-client-key-file-pass sEcReT",
    "MIGRATE 127.0.0.1 1 k 0 10 AUTH sEcReT",
    "MIGRATE 127.0.0.1 1 k 0 10 AUTH2 u sEcReT",
    "MIGRATE 127.0.0.1 1 k 0 10 AUTH2 sEcReT",
    "MULTI",
    "AUTH sEcReT",
    "CONFIG SET masterauth sEcReT",
    "EXEC",
    "CONFIG SET requirepass sEcReT",
    "AUTH wrong",
    "AUTH sEcReT",
];

/// Requests that break the protocol.
const BROKEN: &[&[u8]] = &[
    b"AUTH sEcReT\r\n*1\r\n%4\r\n",
    b"*2\r\n$4\r\nAUTH\r\n:6\r\nsEcReT\r\n",
    b"*2\r\n$4\r\nAUTH\r\n$6\r\nsEcReT\r\n*x\r\n",
    b"auth \"sEcReT\r\n",
];

#[test]
fn passwords_are_shown_to_nobody() {
    let server = Server::start(Program::Oxidis, &["slowlog-log-slower-than 0", "loglevel debug"]);
    let mut client = server.client();
    let mut monitor = server.client();
    assert!(monitor.cmd("MONITOR").is_ok());
    for command in COMMANDS {
        client.cmd(command);
    }
    client.cmd("ECHO over");
    loop {
        let line = String::from_utf8_lossy(&monitor.read_line().expect("the monitor is fed")).into_owned();
        assert!(!line.contains(SECRET), "{line}");
        if line.contains("over") {
            break;
        }
    }
    for told in ["SLOWLOG GET -1", "ACL LOG", "INFO everything", "CLIENT LIST"] {
        let shown = format!("{:?}", client.cmd(told));
        assert!(!shown.contains(SECRET), "{told}: {shown}");
    }
    for request in BROKEN {
        let mut stranger = Client::connect(server.port);
        stranger.send_bytes(request).expect("the server reads");
        stranger.finish_sending();
        let _ = stranger.read_to_end();
    }
    let log = server.log();
    assert!(log.contains("Protocol error") && !log.contains(SECRET), "{log}");
}
