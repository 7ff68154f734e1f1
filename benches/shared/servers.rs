//! Starting our server and others side by side: what the benches that do so have in common.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server to measure: its name in the table, and its program with first arguments.
pub type Program = (String, Vec<String>);

/// Our own server, and then the peers, of which real Redis is one if none was named.
pub fn programs(peers: Vec<Program>) -> Vec<Program> {
    let mut programs = vec![("oxidis".to_owned(), vec![env!("CARGO_BIN_EXE_oxidis-server").to_owned()])];
    programs.extend(peers);
    if programs.len() == 1 {
        programs.push(("redis".to_owned(), vec!["redis-server".to_owned()]));
    }
    programs
}

/// The value of `--peer`: a name and a command, which is split at spaces.
pub fn parse_peer(text: &str) -> Program {
    let (name, command) = text.split_once('=').expect("--peer NAME=COMMAND");
    (name.to_owned(), command.split(' ').map(str::to_owned).collect())
}

/// Starts a server with no data and waits until it listens; it works in a temporary folder, which is returned too.
pub fn spawn(command: &[String], port: u16, more: &[&str]) -> (Child, PathBuf) {
    let folder = std::env::temp_dir().join(format!("oxidis-bench-{}-{port}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
    let log = std::fs::File::create(folder.join("log")).expect("the temporary folder is writable");
    let process = Command::new(&command[0])
        .args(&command[1..])
        .args(["--port", &port.to_string(), "--save", "", "--protected-mode", "no"])
        .args(more)
        .current_dir(&folder)
        .stdout(log)
        .stderr(Stdio::null())
        .spawn()
        .expect("the server's program can be started");
    wait_for("a server", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    (process, folder)
}

pub fn wait_for(what: &str, mut ready: impl FnMut() -> bool) {
    let started = Instant::now();
    while !ready() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what} did not come up in 30 s");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// Ends a server and removes its folder.
pub fn end(process: &mut Child, folder: &std::path::Path) {
    let _ = process.kill();
    let _ = process.wait();
    let _ = std::fs::remove_dir_all(folder);
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
