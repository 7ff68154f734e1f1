//! How much memory does Oxidis take beside real servers, for a key, for a fork and while a snapshot's child lives?
//!
//! Method: each figure is of a server just started with nothing in it. Bytes a key: `used_memory` after a million SETs,
//! less what it was before; bytes a member likewise, of one value with a million of them. A fork: `latest_fork_usec` of BGSAVE over `used_memory`, the median of the rounds. Copied on
//! write: the most that the child had as its own (`Private_Dirty`, which `rdb_last_cow_size` too is about, but for a server
//! that has no /proc) in a BGSAVE that takes about as long for all servers (`rdb-key-save-delay`), while so many random
//! SETs a second arrive; the data is said beside it, since who stores it in less has less to copy.
//!
//! `cargo bench --bench memory -- [--keys 1000000] [--fork-mb 1500] [--rounds 3] [--cow-mb 300] [--cow-seconds 10]
//!  [--cow-sets 10000] [--parts keys,members,fork,cow] [--peer NAME=COMMAND]...`
//!
//! Without `--peer`, the peer is `redis-server`. A command is split at spaces; options are appended to it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Requests sent before their replies are read.
const PIPELINE: u64 = 500;
const MB: u64 = 1 << 20;
/// What a sleep of a microsecond takes, by the kernel's timer slack.
const SLEEP_US: u64 = 60;

struct Options {
    keys: u64,
    fork_mb: u64,
    rounds: usize,
    cow_mb: u64,
    cow_seconds: u64,
    cow_sets: u64,
    parts: Vec<String>,
    programs: Vec<(String, Vec<String>)>,
}

fn main() {
    let options = parse_options();
    if options.parts.iter().any(|part| part == "keys") {
        let rows = [
            ("16 B key + 16 B value", Load { value: 16, ..Load::EMPTY }),
            ("the same with a TTL", Load { value: 16, expire: true, ..Load::EMPTY }),
            ("16 B key + 32 B value", Load { value: 32, ..Load::EMPTY }),
            ("16 B key + a small integer", Load { integer: true, ..Load::EMPTY }),
            ("16 B key + 100 B value", Load { value: 100, ..Load::EMPTY }),
            ("16 B key + 200 B value", Load { value: 200, ..Load::EMPTY }),
        ];
        let cell = |program: &[String], load: &Load| {
            let mut server = Running::start(program);
            let before = server.number("memory", "used_memory");
            server.set_all(options.keys, load);
            let bytes = (server.number("memory", "used_memory") - before) as f64 / options.keys as f64;
            format!("{bytes:.1}")
        };
        table(&options, "used_memory, bytes a key", &rows, cell);
    }
    if options.parts.iter().any(|part| part == "members") {
        let cell = |program: &[String], kind: &Kind| {
            let mut server = Running::start(program);
            let before = server.number("memory", "used_memory");
            server.add_members(options.keys, *kind);
            let bytes = (server.number("memory", "used_memory") - before) as f64 / options.keys as f64;
            format!("{bytes:.1}")
        };
        table(&options, "used_memory, bytes a member", &KINDS, cell);
    }
    if options.parts.iter().any(|part| part == "fork") {
        let rows = [16, 100, 1000].map(|value| (format!("{value} B values"), Load { value, ..Load::EMPTY }));
        table(&options, "fork, ms a GB", &rows, |program, load| fork_cell(program, load, &options));
    }
    if options.parts.iter().any(|part| part == "cow") {
        let rows = [16, 500, 2000].map(|value| (format!("{value} B values"), Load { value, ..Load::EMPTY }));
        let title = format!(
            "copied on write in {} s of {} SETs/s, MB (of MB used)",
            options.cow_seconds, options.cow_sets
        );
        table(&options, &title, &rows, |program, load| cow_cell(program, load, &options));
    }
}

/// A type of value with many members.
#[derive(Clone, Copy)]
enum Kind {
    Set,
    SortedSet,
    Hash,
    List,
}

const KINDS: [(&str, Kind); 4] = [
    ("set, 19 B members", Kind::Set),
    ("sorted set, 19 B members", Kind::SortedSet),
    ("hash, 18 B fields, 14 B values", Kind::Hash),
    ("list, 19 B elements", Kind::List),
];

impl Kind {
    /// Adds the command that makes member `n` to a request.
    fn request(self, out: &mut Vec<u8>, n: u64) {
        let member = format!("member:{n:012}");
        let score = (random(n) % 1_000_000_000).to_string();
        let (field, value) = (format!("field:{n:012}"), format!("v{:013}", random(n) % 1_000_000_000_000));
        match self {
            Kind::Set => request(out, &["SADD", "key", &member]),
            Kind::SortedSet => request(out, &["ZADD", "key", &score, &member]),
            Kind::Hash => request(out, &["HSET", "key", &field, &value]),
            Kind::List => request(out, &["RPUSH", "key", &member]),
        }
    }
}

/// What is stored under each key.
struct Load {
    value: usize,
    integer: bool,
    expire: bool,
}

impl Load {
    const EMPTY: Load = Load { value: 0, integer: false, expire: false };

    /// Adds the SET of key `n` to a request. `seed` makes the value differ from others of the key.
    fn request(&self, out: &mut Vec<u8>, n: u64, seed: u64) {
        let key = format!("key:{n:012}");
        let value = if self.integer {
            // More than what servers keep ready made, and small all the same.
            (10_000 + (n + seed) % 20_000).to_string()
        } else {
            let mut value = format!("v{:015x}", random(n ^ seed << 32));
            while value.len() < self.value {
                let _ = write!(value, "{:016x}", random(n + value.len() as u64));
            }
            value.truncate(self.value);
            value
        };
        let expire = (100_000 + random(n) % 100_000).to_string();
        let mut words = vec!["SET", &key, &value];
        if self.expire {
            words.extend(["EX", &expire]);
        }
        request(out, &words);
    }
}

/// A well mixed number from another (SplitMix64).
fn random(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ n >> 31
}

fn fork_cell(program: &[String], load: &Load, options: &Options) -> String {
    let mut server = Running::start(program);
    let wanted = options.fork_mb * MB;
    let mut keys = 0;
    while server.number("memory", "used_memory") < wanted {
        server.set_range(keys, keys + 100_000, load, 0);
        keys += 100_000;
    }
    let gigabytes = server.number("memory", "used_memory") as f64 / (1u64 << 30) as f64;
    let mut figures: Vec<f64> = (0..options.rounds)
        .map(|_| {
            // For what a server does with its memory in the background: snapshots do not follow each other at once.
            std::thread::sleep(Duration::from_secs(5));
            let _ = server.save(|_| ());
            server.number("stats", "latest_fork_usec") as f64 / 1000.0 / gigabytes
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    format!("{:.1}", figures[figures.len() / 2])
}

fn cow_cell(program: &[String], load: &Load, options: &Options) -> String {
    let mut server = Running::start(program);
    // All servers get the same keys: as many as take up that much by themselves.
    let keys = options.cow_mb * MB / (16 + load.value as u64);
    server.set_all(keys, load);
    let used = server.number("memory", "used_memory") / MB;
    // The shortest sleep takes about this long; below zero the delay is so many keys to one of those.
    let sleeps = options.cow_seconds * 1_000_000 / SLEEP_US;
    let delay = if keys > sleeps {
        format!("-{}", keys / sleeps)
    } else {
        (options.cow_seconds * 1_000_000 / keys - SLEEP_US).max(1).to_string()
    };
    server.call(&["CONFIG", "SET", "rdb-key-save-delay", &delay]);
    let (started, mut sent) = (Instant::now(), 0);
    let last = options.cow_sets * options.cow_seconds;
    let copied = server.save(|server| {
        let due = (started.elapsed().as_secs_f64() * options.cow_sets as f64) as u64;
        if due.min(last) < sent + PIPELINE {
            return;
        }
        let mut out = Vec::new();
        for n in sent..sent + PIPELINE {
            load.request(&mut out, random(n) % keys, n);
        }
        server.send(&out, PIPELINE);
        sent += PIPELINE;
    });
    let seconds = started.elapsed().as_secs();
    eprintln!("{sent} SETs in {seconds} s");
    format!("{} ({used})", copied / MB)
}

fn table<T: AsRef<str>, L>(
    options: &Options,
    title: &str,
    rows: &[(T, L)],
    cell: impl Fn(&[String], &L) -> String,
) {
    println!("| {title} | {} |", names(options).join(" | "));
    println!("|---|{}", "---|".repeat(options.programs.len()));
    for (name, load) in rows {
        let cells: Vec<String> = options.programs.iter().map(|(_, program)| cell(program, load)).collect();
        println!("| {} | {} |", name.as_ref(), cells.join(" | "));
    }
    println!();
}

fn names(options: &Options) -> Vec<&str> {
    options.programs.iter().map(|(name, _)| name.as_str()).collect()
}

fn request(out: &mut Vec<u8>, words: &[&str]) {
    let _ = write!(out, "*{}\r\n", words.len());
    for word in words {
        let _ = write!(out, "${}\r\n{word}\r\n", word.len());
    }
}

struct Running {
    process: Child,
    snapshot: String,
    stream: BufReader<TcpStream>,
}

impl Running {
    fn start(command: &[String]) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        drop(listener);
        let snapshot = format!("oxidis-memory-{}-{port}.rdb", std::process::id());
        let process = Command::new(&command[0])
            .args(&command[1..])
            .args(["--port", &port.to_string(), "--save", "", "--dir", "/tmp", "--dbfilename", &snapshot])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server's program can be started");
        let started = Instant::now();
        let stream = loop {
            match TcpStream::connect(("127.0.0.1", port)) {
                Ok(stream) => break stream,
                Err(error) => assert!(started.elapsed() < Duration::from_secs(30), "no server: {error}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        stream.set_nodelay(true).expect("a TCP socket");
        Running { process, snapshot, stream: BufReader::new(stream) }
    }

    /// Sends requests, whose replies are all `+OK`.
    fn send(&mut self, requests: &[u8], count: u64) {
        self.stream.get_mut().write_all(requests).expect("the server takes requests");
        let mut replies = vec![0; count as usize * b"+OK\r\n".len()];
        self.stream.read_exact(&mut replies).expect("the server answers");
        assert!(replies.chunks(5).all(|reply| reply == b"+OK\r\n"), "{}", String::from_utf8_lossy(&replies));
    }

    fn set_all(&mut self, keys: u64, load: &Load) {
        self.set_range(0, keys, load, 0);
    }

    fn set_range(&mut self, from: u64, to: u64, load: &Load, seed: u64) {
        let mut at = from;
        while at < to {
            let end = to.min(at + PIPELINE);
            let mut out = Vec::new();
            (at..end).for_each(|n| load.request(&mut out, n, seed));
            self.send(&out, end - at);
            at = end;
        }
    }

    fn add_members(&mut self, members: u64, kind: Kind) {
        for from in (0..members).step_by(PIPELINE as usize) {
            let end = members.min(from + PIPELINE);
            let mut out = Vec::new();
            (from..end).for_each(|n| kind.request(&mut out, n));
            self.stream.get_mut().write_all(&out).expect("the server takes requests");
            for _ in from..end {
                let mut line = String::new();
                self.stream.read_line(&mut line).expect("the server answers");
                assert!(line.starts_with(':'), "{line}");
            }
        }
    }

    /// One request; its reply is a line or a bulk.
    fn call(&mut self, words: &[&str]) -> String {
        let mut out = Vec::new();
        request(&mut out, words);
        self.stream.get_mut().write_all(&out).expect("the server takes requests");
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("the server answers");
        assert!(!line.starts_with('-'), "{words:?}: {line}");
        let Some(len) = line.strip_prefix('$') else { return line };
        let len: usize = len.trim().parse().expect("the length of a bulk");
        let mut text = vec![0; len + 2];
        self.stream.read_exact(&mut text).expect("a whole bulk");
        String::from_utf8_lossy(&text).into_owned()
    }

    fn number(&mut self, section: &str, field: &str) -> u64 {
        let info = self.call(&["INFO", section]);
        let value = info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value.and_then(|v| v.trim().parse().ok()).unwrap_or_else(|| panic!("no number {field} in {info}"))
    }

    /// A BGSAVE up to its end, calling `meanwhile` again and again; the most bytes that were copied.
    fn save(&mut self, mut meanwhile: impl FnMut(&mut Running)) -> u64 {
        let mut copied = 0;
        self.call(&["BGSAVE"]);
        let mut looked = Instant::now();
        loop {
            meanwhile(self);
            std::thread::sleep(Duration::from_millis(1));
            if looked.elapsed() > Duration::from_millis(100) {
                copied = copied.max(self.copied());
                if self.number("persistence", "rdb_bgsave_in_progress") == 0 {
                    return copied;
                }
                looked = Instant::now();
            }
        }
    }
}

impl Running {
    /// Bytes of the child's that are not the parent's.
    fn copied(&self) -> u64 {
        let id = self.process.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let child = children.trim();
        let smaps = std::fs::read_to_string(format!("/proc/{child}/smaps_rollup")).unwrap_or_default();
        let dirty = smaps.lines().find_map(|line| line.strip_prefix("Private_Dirty:"));
        dirty.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0) << 10
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // By way of the process: the server may have another root.
        let id = self.process.id().to_string();
        let _ = std::fs::remove_file(["/proc", &id, "root", "tmp", &self.snapshot].join("/"));
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn parse_options() -> Options {
    let ours = ("oxidis".to_owned(), vec![env!("CARGO_BIN_EXE_oxidis-server").to_owned()]);
    let mut options = Options {
        keys: 1_000_000,
        fork_mb: 1500,
        rounds: 3,
        cow_mb: 300,
        cow_seconds: 10,
        cow_sets: 10_000,
        parts: ["keys", "members", "fork", "cow"].map(str::to_owned).to_vec(),
        programs: vec![ours],
    };
    let mut words = std::env::args().skip(1).filter(|w| w != "--bench");
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} takes a value"));
        let mut number = || value().parse().expect("a number");
        match word.as_str() {
            "--keys" => options.keys = number(),
            "--fork-mb" => options.fork_mb = number(),
            "--rounds" => options.rounds = number() as usize,
            "--cow-mb" => options.cow_mb = number(),
            "--cow-seconds" => options.cow_seconds = number(),
            "--cow-sets" => options.cow_sets = number(),
            "--parts" => options.parts = value().split(',').map(str::to_owned).collect(),
            "--peer" => {
                let text = value();
                let (name, command) = text.split_once('=').expect("--peer NAME=COMMAND");
                options.programs.push((name.to_owned(), command.split(' ').map(str::to_owned).collect()));
            }
            other => panic!("unknown option {other}"),
        }
    }
    if options.programs.len() == 1 {
        options.programs.push(("redis".to_owned(), vec!["redis-server".to_owned()]));
    }
    options
}
