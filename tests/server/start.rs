//! The command line, redis.conf and CONFIG REWRITE: side by side with redis-server.

use crate::harness::server::{Dir, free_port};
use crate::harness::value::show;
use crate::harness::{Client, PATIENCE, Program, Server, Value, wait_for};
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};
use std::rc::Rc;

/// Runs a program that is to end by itself.
fn run(program: &std::path::Path, args: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that does not read its input may have closed it.
    let _ = child.stdin.take().expect("piped").write_all(stdin.as_bytes());
    wait_for("the program to end by itself", PATIENCE, || child.try_wait().expect("our child").is_some());
    child.wait_with_output().expect("ended")
}

/// Text without what names the program and its run.
fn anonymous(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("oxidis-server", "redis-server");
    let line = |line: &str| match line {
        _ if line.contains("FATAL CONFIG FILE ERROR") => "FATAL CONFIG FILE ERROR".to_string(),
        // pid:role and time of a log line.
        _ => line.split_once(" # ").map_or(line, |(_, text)| text).to_string(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn bad_arguments_are_refused_as_by_redis() {
    let lines: &[&[&str]] = &[
        &["--port", "abc"],
        &["--port", "65536"],
        &["--port", "-1"],
        &["--port"],
        &["--port", "1", "2"],
        &["--port 1 2"],
        &["--nosuch", "1"],
        &["--nosuch"],
        &["--loglevel", "--bla"],
        &["--maxmemory", "10zb"],
        &["--replicaof", "127.0.0.1", "abc"],
        &["--replicaof", "127.0.0.1"],
        &["--shutdown-on-sigint", "now nosuch"],
        &["--save", "10"],
        &["--save", "x", "y"],
        &["--client-output-buffer-limit", "nosuch", "0", "0", "0"],
        &["--rename-command", "nosuch", "x"],
        &["--rename-command", "get", "set"],
        &["--include", "/nonexistent/file.conf"],
        &["/nonexistent/file.conf"],
        &["--unixsocketperm", "999"],
        &["--databases", "0"],
        &["--hz", "x"],
        &["--requirepass \"unbalanced"],
        &["--bind"],
        &["--proc-title-template", "{nosuch}"],
        &["--dir", "/nonexistent/folder"],
        &["-h"],
        &["--help"],
    ];
    let mut different = Vec::new();
    for args in lines {
        let [ours, real] = [Program::Oxidis, Program::Redis].map(|program| {
            let output = run(&program.path(), args, "");
            // Of what is logged, the reason; before it the log tells that the server is starting.
            let last = anonymous(&output.stdout).lines().last().unwrap_or_default().to_string();
            (output.status.code(), anonymous(&output.stderr), last)
        });
        if ours != real {
            different.push(format!("{args:?}\n    ours {ours:?}\n    real {real:?}"));
        }
        assert_eq!(real.0, Some(1), "{args:?} was to be refused: {real:?}");
    }
    assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
}

#[test]
fn a_bad_line_of_a_file_is_named() {
    let dir = Dir::new();
    let files = [
        "port 7000\n# a comment\n\nnosuch directive\n",
        "port 7000\nport\n",
        "loglevel notice\n  save 1\n",
        "requirepass 'unbalanced\n",
        "port 1 2 3\n",
        "include inner.conf\n",
        "maxmemory 1gb # no comment here\n",
    ];
    fs::write(dir.0.join("inner.conf"), "port 7000\nnosuch inner\n").expect("write");
    for text in files {
        let path = dir.0.join("redis.conf");
        fs::write(&path, text.replace("inner.conf", &dir.0.join("inner.conf").to_string_lossy()))
            .expect("write");
        let [ours, real] = [Program::Oxidis, Program::Redis].map(|program| {
            let output = run(&program.path(), &[path.to_str().expect("a name")], "");
            let text = anonymous(&output.stderr);
            // Oxidis says which file, which matters with includes.
            let names = |line: &str| line.split(" of '").next().unwrap_or_default().to_string();
            (output.status.code(), text.lines().map(names).collect::<Vec<_>>())
        });
        assert_eq!(ours, real, "{text:?}");
        assert_eq!(real.0, Some(1));
    }
}

#[test]
fn the_configuration_may_come_from_the_standard_input() {
    let text = "port 7000\nnosuch 1\n";
    let [ours, real] = [Program::Oxidis, Program::Redis].map(|program| {
        let output = run(&program.path(), &["--loglevel", "notice", "-"], text);
        (output.status.code(), anonymous(&output.stderr))
    });
    assert_eq!(ours, real);
    assert!(real.1.contains("nosuch"), "{real:?}");
}

/// A file with what people write in such files; both servers read it and then report and rewrite it.
const FILE: &str = "\
# The comment at the top stays.
maxmemory-policy allkeys-lru

   # An indented comment.
HZ 20
save 900 1
save 300 10
requirepass \"with \\\"quotes\\\" and \\x41\"
client-output-buffer-limit replica 100mb 50mb 30
proc-title-template '{title} {listen-addr}'
include PARTS
notify-keyspace-events \"\"
slave-read-only no
repl-backlog-size 2mb
maxclients 500
rename-command FLUSHALL \"\"
rename-command CONFIG _config
";

fn configured(program: Program) -> (Server, Rc<Dir>) {
    let dir = Rc::new(Dir::new());
    fs::write(dir.0.join("a.part"), "lfu-log-factor 7\nlatency-monitor-threshold 5\n").expect("write");
    fs::write(dir.0.join("b.part"), "lfu-log-factor 8\n").expect("write");
    let text = FILE.replace("PARTS", &format!("{}/*.part", dir.0.display()));
    let mut server = Server::prepare(program, Rc::clone(&dir), &text.lines().collect::<Vec<_>>());
    server.set_password("with \"quotes\" and A");
    server.launch();
    (server, dir)
}

#[test]
fn a_file_means_the_same_to_both() {
    let servers = [configured(Program::Oxidis).0, configured(Program::Redis).0];
    for question in [
        "_config GET maxmemory-policy hz save requirepass client-output-buffer-limit proc-title-template lfu-log-factor",
        "_config GET latency-monitor-threshold notify-keyspace-events replica-read-only repl-backlog-size maxclients",
        "CONFIG GET hz",
        "FLUSHALL",
        "COMMAND INFO flushall config _config",
    ] {
        let [ours, real] = servers.each_ref().map(|server| server.cmd(question));
        match question.starts_with("_config") {
            true => {
                let pairs = |reply: &Value| {
                    let mut pairs: Vec<_> = reply.items().chunks(2).map(<[Value]>::to_vec).collect();
                    pairs.sort();
                    pairs
                };
                assert_eq!(pairs(&ours), pairs(&real), "{question}");
            }
            // Subcommands come in the order of a hash table.
            false if question.starts_with("COMMAND") => assert_eq!(ours.items().len(), real.items().len()),
            false => assert_eq!(ours, real, "{question}"),
        }
    }
}

#[test]
fn config_rewrite_leaves_the_file_redis_would_leave() {
    let rewritten = [Program::Oxidis, Program::Redis].map(|program| {
        let (server, dir) = configured(program);
        let mut client = server.client();
        for args in [
            &["hz", "30"][..],
            &["save", "60 1000"],
            &["maxmemory", "100mb"],
            &["appendfsync", "always"],
            &["requirepass", "with \"quotes\" and A"],
            &["client-output-buffer-limit", "normal 1mb 1mb 5"],
            &["repl-diskless-load", "swapdb"],
            &["proc-title-template", "{title} {port}"],
            &["maxmemory-policy", "noeviction"],
        ] {
            let request: Vec<&str> = ["_config", "SET"].iter().chain(args).copied().collect();
            let reply = client.call(&request);
            assert!(reply.is_ok(), "{request:?}: {reply:?}");
        }
        client.ok("_config REWRITE");
        let text = fs::read_to_string(dir.0.join(format!("{}.conf", server.port))).expect("rewritten");
        // And it can be read again.
        let mut server = server;
        server.restart_as_is();
        assert_eq!(server.cmd("_config GET hz").items()[1].text(), "30");
        let text = text
            .replace(&dir.0.display().to_string(), "DIR")
            .replace(&format!("port {}", server.port), "port PORT");
        let (kept, added) = text.split_once("# Generated by CONFIG REWRITE\n").expect("something was added");
        // What is added comes in the order of a hash table.
        let mut added: Vec<String> = added.lines().map(str::to_string).collect();
        added.sort();
        (kept.to_string(), added)
    });
    assert_eq!(rewritten[0], rewritten[1]);
    assert!(rewritten[1].0.contains("# The comment at the top stays."), "{}", rewritten[1].0);
}

/// The other names of the program.
#[test]
fn the_name_it_is_called_by_decides() {
    let dir = Dir::new();
    let call = |name: &str, args: &[&str]| {
        let link = dir.0.join(name);
        symlink(fs::canonicalize(Program::Oxidis.path()).expect("the program"), &link).expect("a link");
        run(&link, args, "")
    };
    if std::env::var_os("OXIDIS_TEST_SERVER").is_some() {
        return;
    }
    for name in ["redis-sentinel", "redis-check-aof"] {
        let output = call(name, &["x"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(!output.stderr.is_empty(), "{name} says why");
    }
    let output = call("redis-server", &["--version"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.starts_with(b"Oxidis server v="), "{}", show(&output.stdout));
    let output = call("redis-check-rdb", &["/nonexistent/dump.rdb"]);
    assert_eq!(output.status.code(), Some(1));
}

/// A port that is taken: said in the log, and the end.
#[test]
fn a_taken_port_is_fatal() {
    let [ours, real] = [Program::Oxidis, Program::Redis].map(|program| {
        let first = Server::start(program, &[]);
        let output = run(
            &program.path(),
            &["--port", &first.port.to_string(), "--bind", "127.0.0.1", "--logfile", ""],
            "",
        );
        let text = anonymous(&output.stdout).replace(&first.port.to_string(), "PORT");
        let failure: Vec<String> = text
            .lines()
            .filter(|line| line.contains("PORT") && !line.contains("mode="))
            .map(str::to_string)
            .collect();
        (output.status.code(), failure)
    });
    assert_eq!(ours, real);
    assert_eq!(real.0, Some(1));
}

#[test]
fn a_daemon_detaches_and_leaves_its_pid() {
    for program in [Program::Oxidis, Program::Redis] {
        let dir = Dir::new();
        let port = free_port();
        let path = |name: &str| dir.0.join(name).to_string_lossy().into_owned();
        let output = run(
            &program.path(),
            &[
                "--daemonize",
                "yes",
                "--port",
                &port.to_string(),
                "--dir",
                &dir.0.to_string_lossy(),
                "--pidfile",
                &path("server.pid"),
                "--logfile",
                &path("server.log"),
                "--unixsocket",
                &path("server.sock"),
                "--unixsocketperm",
                "700",
                "--save",
                "",
            ],
            "",
        );
        assert_eq!(output.status.code(), Some(0), "{}", show(&output.stderr));
        wait_for("the daemon to answer", PATIENCE, || Client::try_connect(port).is_ok());
        let mut client = Client::connect(port);
        assert_eq!(client.cmd("PING").text(), "PONG");
        let info = client.cmd("INFO server").text();
        let pid = info.lines().find_map(|line| line.strip_prefix("process_id:")).expect("a pid");
        assert_eq!(fs::read_to_string(path("server.pid")).expect("the pid file").trim(), pid);
        assert!(
            fs::read_to_string(path("server.log")).expect("the log").contains("Ready to accept connections")
        );
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path("server.sock")).expect("the socket").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let mut unix = std::os::unix::net::UnixStream::connect(path("server.sock")).expect("connect");
        unix.write_all(b"PING\r\n").expect("written");
        let mut answer = [0; 7];
        std::io::Read::read_exact(&mut unix, &mut answer).expect("answered");
        assert_eq!(&answer, b"+PONG\r\n");
        assert!(client.try_cmd("SHUTDOWN").is_err());
        wait_for("the pid file to be removed", PATIENCE, || !dir.0.join("server.pid").exists());
        assert!(!dir.0.join("server.sock").exists());
    }
}
