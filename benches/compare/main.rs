//! How many requests does Oxidis serve beside real servers, per second and per second of its own CPU time?
//!
//! Method: every program is started with the same options and filled with the same million keys. A cell of the table
//! (one test of redis-benchmark at one pipeline depth) is measured in turn, A B A B ..., so that a machine whose speed
//! drifts treats all alike; the median of the rounds counts. The servers sit on one core, the load on another. A
//! figure is worth nothing by itself on a shared machine: the ratios are.
//!
//! `cargo bench --bench compare -- [--rounds 5] [--requests 1000000] [--keys 1000000] [--pipelines 1,16,64]
//!  [--tests ping,set,get,incr,mset] [--fill REQUEST]... [--request NAME=REQUEST]... [--replica]
//!  [--peer NAME=COMMAND]...`
//!
//! `--tests` are redis-benchmark's own; `--request` measures any other, in which `__rand_int__` becomes a number below
//! `--keys`; `--fill` sends one twice as often as there are keys before anything is measured. Without `--peer`, the peer
//! is `redis-server`. Requests and commands are split at spaces; options are appended to a command.

#[path = "../shared/cpu.rs"]
mod cpu;
#[path = "../shared/servers.rs"]
mod servers;

use cpu::cpu_seconds;
use servers::{Program, free_port, median, spawn, wait_for};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const SERVER_CORE: &str = "0";
const LOAD_CORE: &str = "1";

struct Options {
    rounds: usize,
    requests: u64,
    keys: u64,
    pipelines: Vec<u32>,
    tests: Vec<Test>,
    fills: Vec<Test>,
    replica: bool,
    peers: Vec<Program>,
}

/// What is measured.
enum Test {
    /// One of redis-benchmark's own.
    Builtin(String),
    /// A request of ours.
    Request { name: String, words: Vec<String> },
}

impl Test {
    fn parse(name: &str, request: &str) -> Test {
        Test::Request { name: name.to_owned(), words: request.split(' ').map(str::to_owned).collect() }
    }

    fn name(&self) -> &str {
        match self {
            Test::Builtin(name) | Test::Request { name, .. } => name,
        }
    }
}

fn main() {
    let options = parse_options();
    let programs = servers::programs(options.peers.clone());
    let servers: Vec<Running> =
        programs.iter().map(|(name, command)| Running::start(name, command, &options)).collect();
    for server in &servers {
        server.benchmark(&Test::Builtin("set".to_owned()), 64, 2 * options.keys, options.keys);
        for fill in &options.fills {
            server.benchmark(fill, 64, 2 * options.keys, options.keys);
        }
    }
    let mut cells: BTreeMap<(usize, usize), Vec<Vec<Figure>>> = BTreeMap::new();
    for (t, test) in options.tests.iter().enumerate() {
        for (p, pipeline) in options.pipelines.iter().enumerate() {
            let cell = cells.entry((t, p)).or_insert_with(|| vec![Vec::new(); servers.len()]);
            // An unpipelined request costs the kernel's time, some twenty times that of a pipelined one.
            let requests = if *pipeline == 1 { options.requests / 5 } else { options.requests };
            for _ in 0..options.rounds {
                for (server, figures) in servers.iter().zip(cell.iter_mut()) {
                    figures.push(server.benchmark(test, *pipeline, requests, options.keys));
                }
            }
            eprintln!("{} -P {pipeline}: done", test.name());
        }
    }
    print!("{}", table(&options, &servers, &cells));
}

#[derive(Clone, Copy)]
struct Figure {
    per_second: f64,
    per_cpu_second: f64,
}

struct Running {
    name: String,
    port: u16,
    process: Child,
    replica: Option<(Child, PathBuf)>,
    folder: PathBuf,
}

impl Running {
    fn start(name: &str, command: &[String], options: &Options) -> Running {
        let start = |core: &str, port: u16, more: &[&str]| {
            let pinned: Vec<String> = ["taskset", "-c", core]
                .map(str::to_owned)
                .into_iter()
                .chain(command.iter().cloned())
                .collect();
            spawn(&pinned, port, &[&["--repl-diskless-sync-delay", "0"], more].concat())
        };
        let port = free_port();
        let (process, folder) = start(SERVER_CORE, port, &[]);
        let replica = options
            .replica
            .then(|| start(LOAD_CORE, free_port(), &["--replicaof", "127.0.0.1", &port.to_string()]));
        let running = Running { name: name.to_owned(), port, process, replica, folder };
        if running.replica.is_some() {
            wait_for("the replica", || info(port, "state=online"));
        }
        running
    }

    /// One run of redis-benchmark.
    fn benchmark(&self, test: &Test, pipeline: u32, requests: u64, keys: u64) -> Figure {
        let before = cpu_seconds(self.process.id());
        let started = Instant::now();
        let mut command = Command::new("taskset");
        command
            .args(["-c", LOAD_CORE, "redis-benchmark", "--csv", "-c", "50"])
            .args(["-p", &self.port.to_string()])
            .args(["-P", &pipeline.to_string()])
            .args(["-n", &requests.to_string()])
            .args(["-r", &keys.to_string()]);
        match test {
            Test::Builtin(name) => command.args(["-t", name]),
            Test::Request { words, .. } => command.args(words),
        };
        let output =
            command.output().expect("redis-benchmark runs (Debian: redis-tools) under taskset (util-linux)");
        let elapsed = started.elapsed().as_secs_f64();
        let cpu = cpu_seconds(self.process.id()) - before;
        let text = String::from_utf8_lossy(&output.stdout);
        let rows: Vec<f64> = text
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').nth(1)?.trim_matches('"').parse().ok())
            .collect();
        assert!(
            !rows.is_empty(),
            "redis-benchmark said nothing: {text} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        // `ping` is two tests, inline and multibulk: both count.
        let total = requests as f64 * rows.len() as f64;
        let per_second = rows.len() as f64 / rows.iter().map(|r| 1.0 / r).sum::<f64>();
        assert!(elapsed > 0.0);
        Figure { per_second, per_cpu_second: total / cpu.max(0.001) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        servers::end(&mut self.process, &self.folder);
        if let Some((process, folder)) = &mut self.replica {
            servers::end(process, folder);
        }
    }
}

fn info(port: u16, wanted: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    let _ = stream.write_all(b"INFO replication\r\n");
    let mut buffer = [0; 4096];
    let n = stream.read(&mut buffer).unwrap_or(0);
    String::from_utf8_lossy(&buffer[..n]).contains(wanted)
}

fn table(
    options: &Options,
    servers: &[Running],
    cells: &BTreeMap<(usize, usize), Vec<Vec<Figure>>>,
) -> String {
    let mut out = String::from("| test | pipeline | oxidis, k/s | k per cpu s |");
    for peer in &servers[1..] {
        let _ = write!(out, " {0}, k/s | k per cpu s | ratio /s | ratio per cpu s |", peer.name);
    }
    out.push_str("\n|---|---|---|---|");
    out.push_str(&"---|---|---|---|".repeat(servers.len() - 1));
    out.push('\n');
    for ((t, p), figures) in cells {
        let of = |i: usize, pick: fn(&Figure) -> f64| median(figures[i].iter().map(pick).collect());
        let (ours, ours_cpu) = (of(0, |f| f.per_second), of(0, |f| f.per_cpu_second));
        let _ = write!(
            out,
            "| {} | {} | {:.0} | {:.0} |",
            options.tests[*t].name().to_uppercase(),
            options.pipelines[*p],
            ours / 1e3,
            ours_cpu / 1e3
        );
        for i in 1..servers.len() {
            let (theirs, theirs_cpu) = (of(i, |f| f.per_second), of(i, |f| f.per_cpu_second));
            let (ratio, ratio_cpu) = (ours / theirs, ours_cpu / theirs_cpu);
            let _ = write!(
                out,
                " {:.0} | {:.0} | {ratio:.2} | **{ratio_cpu:.2}** |",
                theirs / 1e3,
                theirs_cpu / 1e3
            );
        }
        out.push('\n');
    }
    out
}

fn parse_options() -> Options {
    let mut options = Options {
        rounds: 5,
        requests: 1_000_000,
        keys: 1_000_000,
        pipelines: vec![1, 16, 64],
        tests: Vec::new(),
        fills: Vec::new(),
        replica: false,
        peers: Vec::new(),
    };
    let mut words = std::env::args().skip(1).filter(|w| w != "--bench");
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} takes a value"));
        match word.as_str() {
            "--rounds" => options.rounds = value().parse().expect("a number of rounds"),
            "--requests" => options.requests = value().parse().expect("a number of requests"),
            "--keys" => options.keys = value().parse().expect("a number of keys"),
            "--pipelines" => {
                options.pipelines =
                    value().split(',').map(|p| p.parse().expect("a pipeline depth")).collect();
            }
            "--tests" => {
                options.tests.extend(value().split(',').map(|name| Test::Builtin(name.to_owned())));
            }
            "--request" => {
                let value = value();
                let (name, request) = value.split_once('=').expect("--request NAME=REQUEST");
                options.tests.push(Test::parse(name, request));
            }
            "--fill" => options.fills.push(Test::parse("fill", &value())),
            "--replica" => options.replica = true,
            "--peer" => options.peers.push(servers::parse_peer(&value())),
            other => panic!("unknown option {other}"),
        }
    }
    if options.tests.is_empty() {
        options.tests =
            ["ping", "set", "get", "incr", "mset"].map(|name| Test::Builtin(name.to_owned())).into();
    }
    options
}
