//! How many requests does Oxidis serve beside real servers, per second and per second of its own CPU time?
//!
//! Method: every program is started with the same options and filled with the same million keys. A cell of the table
//! (one test of redis-benchmark at one pipeline depth) is measured in turn, A B A B ..., so that a machine whose speed
//! drifts treats all alike; the median of the rounds counts. The servers sit on one core, the load on another. A
//! figure is worth nothing by itself on a shared machine: the ratios are.
//!
//! `cargo bench --bench compare -- [--rounds 5] [--requests 1000000] [--keys 1000000] [--pipelines 1,16,64]
//!  [--tests ping,set,get,incr,mset] [--replica] [--peer NAME=COMMAND]...`
//!
//! Without `--peer`, the peer is `redis-server`. A command is split at spaces; options are appended to it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SERVER_CORE: &str = "0";
const LOAD_CORE: &str = "1";

struct Options {
    rounds: usize,
    requests: u64,
    keys: u64,
    pipelines: Vec<u32>,
    tests: Vec<String>,
    replica: bool,
    peers: Vec<(String, Vec<String>)>,
}

fn main() {
    let options = parse_options();
    let mut programs = vec![("oxidis".to_owned(), vec![env!("CARGO_BIN_EXE_oxidis-server").to_owned()])];
    programs.extend(options.peers.clone());
    let servers: Vec<Running> =
        programs.iter().map(|(name, command)| Running::start(name, command, &options)).collect();
    for server in &servers {
        server.benchmark("set", 64, 2 * options.keys, options.keys);
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
            eprintln!("{test} -P {pipeline}: done");
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
    replica: Option<Child>,
    folders: Vec<PathBuf>,
}

impl Running {
    fn start(name: &str, command: &[String], options: &Options) -> Running {
        let mut folders = Vec::new();
        let port = free_port();
        let process = spawn(command, port, SERVER_CORE, &[], &mut folders);
        let replica = options.replica.then(|| {
            let follow = ["--replicaof".to_owned(), "127.0.0.1".to_owned(), port.to_string()];
            spawn(command, free_port(), LOAD_CORE, &follow, &mut folders)
        });
        let running = Running { name: name.to_owned(), port, process, replica, folders };
        if running.replica.is_some() {
            wait_for("the replica", || info(port, "state=online"));
        }
        running
    }

    /// One run of redis-benchmark.
    fn benchmark(&self, test: &str, pipeline: u32, requests: u64, keys: u64) -> Figure {
        let before = cpu_seconds(self.process.id());
        let started = Instant::now();
        let output = Command::new("taskset")
            .args(["-c", LOAD_CORE, "redis-benchmark", "--csv", "-p", &self.port.to_string(), "-t", test])
            .args([
                "-P",
                &pipeline.to_string(),
                "-n",
                &requests.to_string(),
                "-r",
                &keys.to_string(),
                "-c",
                "50",
            ])
            .output()
            .expect("redis-benchmark runs (Debian: redis-tools) under taskset (util-linux)");
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
        Figure { per_second, per_cpu_second: total / cpu.max(0.01) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for process in std::iter::once(&mut self.process).chain(&mut self.replica) {
            let _ = process.kill();
            let _ = process.wait();
        }
        for folder in &self.folders {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

fn spawn(command: &[String], port: u16, core: &str, more: &[String], folders: &mut Vec<PathBuf>) -> Child {
    let folder = std::env::temp_dir().join(format!("oxidis-compare-{}-{port}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
    let log = std::fs::File::create(folder.join("log")).expect("the temporary folder is writable");
    let process = Command::new("taskset")
        .args(["-c", core])
        .args(command)
        .args(["--port", &port.to_string(), "--save", "", "--protected-mode", "no"])
        .args(["--repl-diskless-sync-delay", "0"])
        .args(more)
        .current_dir(&folder)
        .stdout(log)
        .stderr(Stdio::null())
        .spawn()
        .expect("the server's program can be started");
    folders.push(folder);
    wait_for("a server", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    process
}

fn wait_for(what: &str, mut ready: impl FnMut() -> bool) {
    let started = Instant::now();
    while !ready() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what} did not come up in 30 s");
        std::thread::sleep(Duration::from_millis(50));
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

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// User and system time of a process so far. taskset replaces itself with the server, so its pid is the server's;
/// where a command wraps the server in another process (chroot does not), that one would be measured.
fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the server lives");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks: u64 = [11, 12].iter().map(|i| fields[*i].parse::<u64>().unwrap_or(0)).sum();
    ticks as f64 / 100.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
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
            options.tests[*t].to_uppercase(),
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
        tests: ["ping", "set", "get", "incr", "mset"].map(str::to_owned).to_vec(),
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
            "--tests" => options.tests = value().split(',').map(str::to_owned).collect(),
            "--replica" => options.replica = true,
            "--peer" => {
                let text = value();
                let (name, command) = text.split_once('=').expect("--peer NAME=COMMAND");
                options.peers.push((name.to_owned(), command.split(' ').map(str::to_owned).collect()));
            }
            other => panic!("unknown option {other}"),
        }
    }
    if options.peers.is_empty() {
        options.peers.push(("redis".to_owned(), vec!["redis-server".to_owned()]));
    }
    options
}
