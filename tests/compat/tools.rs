//! The tools people use with Redis, at work on Oxidis: redis-cli and redis-benchmark.

use crate::harness::load::fill;
use crate::harness::{Program, Server};
use std::io::Write;
use std::process::{Command, Output, Stdio};

fn tool(server: &Server, name: &str, args: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(name)
        .args(["-p", &server.port.to_string()])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{name}: {e} (is redis-tools installed?)"));
    let mut input = child.stdin.take().expect("piped");
    let bytes = stdin.to_vec();
    let writing = std::thread::spawn(move || {
        // A tool that needs no input may have ended.
        let _ = input.write_all(&bytes);
    });
    let output = child.wait_with_output().expect("our child");
    writing.join().expect("the writer does not panic");
    output
}

#[track_caller]
fn succeeds(server: &Server, name: &str, args: &[&str], stdin: &[u8]) -> String {
    let output = tool(server, name, args, stdin);
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {args:?}: {}\n{text}", output.status);
    text
}

#[test]
fn redis_benchmark_runs_without_an_error() {
    let server = Server::start(Program::Oxidis, &["maxclients 6000"]);
    for args in [
        &["-t", "ping,set,get,incr,mset", "-P", "16", "-r", "100000", "-n", "100000", "-q"][..],
        &["-t", "ping,set,get", "-c", "1000", "-n", "50000", "-q"],
        &["-t", "set,get", "-d", "10000", "-n", "5000", "-q"],
        &["-n", "2000", "-q", "-r", "100", "SET", "key:__rand_int__", "value"],
        &["-t", "get", "-n", "2000", "--csv", "-3"],
        &["-t", "get", "-n", "2000", "-k", "0", "-q"],
    ] {
        let text = succeeds(&server, "redis-benchmark", args, b"");
        assert!(!text.contains("Error") && !text.contains("ERR"), "{args:?}\n{text}");
        assert!(text.contains("requests per second") || text.contains("\"rps\""), "{args:?}\n{text}");
    }
    assert!(server.cmd("DBSIZE").int() > 10_000);
}

#[test]
fn redis_cli_works() {
    let server = Server::start(Program::Oxidis, &[]);
    fill(&mut server.client(), 1, 500, 100);
    assert_eq!(succeeds(&server, "redis-cli", &["SET", "a", "b"], b""), "OK\n");
    assert_eq!(succeeds(&server, "redis-cli", &["-3", "GET", "a"], b""), "b\n");
    assert_eq!(succeeds(&server, "redis-cli", &["-x", "SET", "stdin"], b"from stdin"), "OK\n");
    assert_eq!(succeeds(&server, "redis-cli", &["GET", "stdin"], b""), "from stdin\n");
    assert_eq!(succeeds(&server, "redis-cli", &["-n", "3", "DBSIZE"], b""), "0\n");
    assert_eq!(succeeds(&server, "redis-cli", &["--scan", "--pattern", "fill:*"], b"").lines().count(), 500);
    assert!(succeeds(&server, "redis-cli", &["--bigkeys"], b"").contains("502 strings"));
    assert!(succeeds(&server, "redis-cli", &["INFO", "server"], b"").contains("tcp_port"));
    assert_eq!(succeeds(&server, "redis-cli", &[], b"SELECT 2\nSET x y\nGET x\n"), "OK\nOK\ny\n");
    let text = succeeds(&server, "redis-cli", &["--no-raw", "CONFIG", "GET", "maxmemory"], b"");
    assert!(text.contains("1) \"maxmemory\""), "{text}");
    // The documentation that hints are made of is fetched when a session starts.
    assert!(!succeeds(&server, "redis-cli", &["COMMAND", "DOCS", "get"], b"").is_empty());
    assert!(succeeds(&server, "redis-cli", &["-r", "3", "INCR", "n"], b"").ends_with("3\n"));
}

#[test]
fn redis_cli_pipe_loads_in_bulk() {
    let server = Server::start(Program::Oxidis, &[]);
    let mut script = Vec::new();
    for n in 0..50_000 {
        script.extend(crate::harness::client::encode(&["SET", &format!("key:{n}"), &format!("value {n}")]));
    }
    let text = succeeds(&server, "redis-cli", &["--pipe"], &script);
    assert!(text.contains("errors: 0, replies: 50000"), "{text}");
    assert_eq!(server.cmd("DBSIZE").int(), 50_000);
}

/// redis-cli as a replica: a snapshot to a file, and a stream to watch.
#[test]
fn redis_cli_takes_a_snapshot() {
    for send in ["yes", "no"] {
        let server = Server::start(Program::Oxidis, &[&format!("repl-diskless-sync {send}")]);
        fill(&mut server.client(), 2, 3000, 500);
        let file = server.path("copy.rdb");
        let text = succeeds(&server, "redis-cli", &["--rdb", &file.to_string_lossy()], b"");
        assert!(text.contains("Transfer finished with success"), "{text}");
        let check = Command::new("redis-check-rdb").arg(&file).output().expect("redis-check-rdb");
        let text = String::from_utf8_lossy(&check.stdout);
        assert!(check.status.success() && text.contains("3000 keys read"), "{text}");
    }
}
