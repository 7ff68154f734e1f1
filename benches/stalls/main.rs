//! How long does a server keep a client waiting while something big happens in it?
//!
//! Method: one client asks PING again and again, each time waiting for the answer, and notes how long that took. What
//! happens meanwhile is brought about by the same thread over a second connection, so that the two do not fight for a
//! core. Two figures are told: the longest wait as the clock shows it, and the longest less what server and client
//! spent waiting for a core (`/proc/PID/schedstat`): on a shared machine the first says more of the machine than of the
//! server, and the row `idle` tells how much.
//!
//! `cargo bench --bench stalls -- [--keys 20000000] [--expiring 1000000] [--elements 10000000] [--phases idle,grow,...]
//!  [--peer NAME=COMMAND]...`
//!
//! The phases, in this order:
//!
//! | idle   | nothing happens for 5 s: the noise of the machine                                     |
//! | grow   | a database grows to `--keys` keys, by small pipelines, whose own time is in the figure |
//! | bgsave | BGSAVE of it: the fork, and what copying pages costs while it lives                    |
//! | flush  | FLUSHALL ASYNC of it                                                                  |
//! | expire | `--expiring` keys expire in the same millisecond; told too is when the last was gone   |
//! | string, set, hash, zset, list | DEL of a string of 512 MB; of a value of `--elements` elements  |

#[path = "../shared/servers.rs"]
mod servers;

use servers::{Program, free_port, median, spawn};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::FileExt;
use std::process::Child;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Commands in a pipeline of the load.
const BATCH: u64 = 32;
/// Elements in a command that fills a big value.
const ELEMENTS: u64 = 500;
/// How long a phase is watched after what it brings about.
const AFTER: Duration = Duration::from_secs(2);
const PHASES: &str = "idle,grow,bgsave,flush,expire,string,set,hash,zset,list";

struct Options {
    keys: u64,
    expiring: u64,
    elements: u64,
    phases: Vec<String>,
    peers: Vec<Program>,
}

fn main() {
    let options = parse_options();
    println!(
        "| phase | server | longest wait, ms | less waiting for a core, ms | median of 20 windows, ms | p99.9, ms | |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (name, command) in servers::programs(options.peers.clone()) {
        let port = free_port();
        let (mut process, folder) = spawn(&command, port, &[]);
        let mut run =
            Run { probe: Probe::new(port, &process), load: Connection::open(port), options: &options };
        for phase in &options.phases {
            run.probe.begin();
            let note = run.phase(phase);
            match note {
                Ok(note) => println!("| {phase} | {name} | {} | {note} |", run.probe.figures()),
                Err(error) => println!("| {phase} | {name} | | | | | {error} |"),
            }
        }
        servers::end(&mut process, &folder);
    }
}

/// One server under measurement.
struct Run<'a> {
    probe: Probe,
    load: Connection,
    options: &'a Options,
}

impl Run<'_> {
    /// Brings a phase about, probing; returns what else is to be told of it, or why it could not be.
    fn phase(&mut self, phase: &str) -> Result<String, String> {
        match phase {
            "idle" => self.probe.watch(Duration::from_secs(5)),
            "grow" => {
                for first in (0..self.options.keys).step_by(BATCH as usize) {
                    let mut batch = Vec::with_capacity(64 * BATCH as usize);
                    for n in first..first + BATCH {
                        command(&mut batch, &["SET", &format!("key:{n:012}"), &format!("value:{n:010}")]);
                    }
                    self.load_while_probing(&batch, BATCH)?;
                }
            }
            "bgsave" => {
                self.probe_while(&["BGSAVE"])?;
                while self.load.text(&["INFO", "persistence"])?.contains("rdb_bgsave_in_progress:1") {
                    self.probe.watch(Duration::from_millis(100));
                }
                let info = self.load.text(&["INFO", "stats"])?;
                return Ok(format!("fork {} us", info_field(&info, "latest_fork_usec")));
            }
            "flush" => {
                self.probe_while(&["FLUSHALL", "ASYNC"])?;
                self.probe.watch(AFTER);
            }
            "expire" => return self.expire(),
            "string" => {
                self.load.text(&["SETRANGE", "big", "536870911", "x"])?;
                self.delete_big()?;
            }
            "set" => self.big_value("SADD", |n| vec![format!("element:{n}")])?,
            "hash" => self.big_value("HSET", |n| vec![format!("field:{n}"), format!("value:{n}")])?,
            "zset" => self.big_value("ZADD", |n| vec![n.to_string(), format!("element:{n}")])?,
            "list" => self.big_value("RPUSH", |n| vec![format!("element:{n}")])?,
            other => panic!("unknown phase {other}"),
        }
        Ok(String::new())
    }

    fn expire(&mut self) -> Result<String, String> {
        let count = self.options.expiring;
        let at_ms = unix_ms() + 5000 + count / 50;
        for first in (0..count).step_by(BATCH as usize) {
            let mut batch = Vec::with_capacity(80 * BATCH as usize);
            for n in first..first + BATCH {
                command(
                    &mut batch,
                    &["SET", &format!("volatile:{n:012}"), "value", "PXAT", &at_ms.to_string()],
                );
            }
            self.load.exchange(&batch, BATCH)?;
        }
        if unix_ms() >= at_ms {
            return Err("the keys expired before all were there".to_owned());
        }
        while unix_ms() < at_ms {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.probe.begin();
        let mut gone = None;
        while unix_ms() < at_ms + 1000 || gone.is_none() && unix_ms() < at_ms + 30_000 {
            self.probe.watch(Duration::from_millis(5));
            if gone.is_none() && self.load.text(&["DBSIZE"])? == ":0" {
                gone = Some(unix_ms() - at_ms);
            }
        }
        gone.map_or_else(
            || Err("keys were left after 30 s".to_owned()),
            |ms| Ok(format!("gone after {ms} ms")),
        )
    }

    fn big_value(&mut self, verb: &str, element: impl Fn(u64) -> Vec<String>) -> Result<(), String> {
        for first in (0..self.options.elements).step_by(ELEMENTS as usize) {
            let elements: Vec<String> = (first..first + ELEMENTS).flat_map(&element).collect();
            let words: Vec<&str> =
                [verb, "big"].into_iter().chain(elements.iter().map(String::as_str)).collect();
            self.load.text(&words)?;
        }
        self.delete_big()
    }

    fn delete_big(&mut self) -> Result<(), String> {
        self.probe.begin();
        self.probe_while(&["DEL", "big"])?;
        self.probe.watch(AFTER);
        Ok(())
    }

    /// Has the server do something, and probes until it has answered.
    fn probe_while(&mut self, words: &[&str]) -> Result<(), String> {
        let mut bytes = Vec::new();
        command(&mut bytes, words);
        self.load_while_probing(&bytes, 1)
    }

    /// A PING on the heels of the load's commands waits for them and for what they bring about.
    fn load_while_probing(&mut self, bytes: &[u8], replies: u64) -> Result<(), String> {
        self.load.send(bytes);
        self.probe.ping();
        self.load.receive(replies)
    }
}

/// The client that waits.
struct Probe {
    connection: Connection,
    server: Schedule,
    own: Schedule,
    /// For each PING: how long it took, and how much of that was not spent waiting for a core; microseconds.
    waits: Vec<(f64, f64)>,
}

impl Probe {
    fn new(port: u16, server: &Child) -> Probe {
        let pid = server.id();
        Probe {
            connection: Connection::open(port),
            server: Schedule::of(&format!("/proc/{pid}/task/{pid}/schedstat")),
            own: Schedule::of("/proc/thread-self/schedstat"),
            waits: Vec::new(),
        }
    }

    fn begin(&mut self) {
        self.waits.clear();
    }

    fn ping(&mut self) {
        let queued = self.server.queued_us() + self.own.queued_us();
        let started = Instant::now();
        self.connection.send(b"PING\r\n");
        self.connection.receive(1).expect("a PING is answered");
        let wait = started.elapsed().as_secs_f64() * 1e6;
        let queued = self.server.queued_us() + self.own.queued_us() - queued;
        self.waits.push((wait, wait - queued));
    }

    fn watch(&mut self, duration: Duration) {
        let started = Instant::now();
        while started.elapsed() < duration {
            self.ping();
        }
    }

    /// The columns of the table.
    fn figures(&self) -> String {
        let longest = |waits: &[(f64, f64)], pick: fn(&(f64, f64)) -> f64| {
            waits.iter().map(pick).fold(0.0, f64::max) / 1000.0
        };
        let windows = self.waits.chunks(self.waits.len().div_ceil(20)).map(|w| longest(w, |wait| wait.1));
        let mut sorted: Vec<f64> = self.waits.iter().map(|wait| wait.0).collect();
        sorted.sort_by(f64::total_cmp);
        format!(
            "{:.2} | **{:.2}** | {:.2} | {:.2}",
            longest(&self.waits, |wait| wait.0),
            longest(&self.waits, |wait| wait.1),
            median(windows.collect()),
            sorted[sorted.len() * 999 / 1000] / 1000.0
        )
    }
}

/// How long a thread has stood in line for a core.
struct Schedule(File);

impl Schedule {
    fn of(path: &str) -> Schedule {
        Schedule(File::open(path).expect("the kernel tells of its scheduling"))
    }

    /// The second number of three: nanoseconds in the run queue.
    fn queued_us(&self) -> f64 {
        let mut text = [0; 64];
        let n = self.0.read_at(&mut text, 0).expect("the server lives");
        let text = std::str::from_utf8(&text[..n]).expect("digits");
        text.split(' ').nth(1).and_then(|ns| ns.parse::<f64>().ok()).expect("three numbers") / 1000.0
    }
}

struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(port: u16) -> Connection {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket");
        Connection(BufReader::new(stream))
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).expect("the server reads");
    }

    /// Reads replies that are one line each, or one string; an error reply is an error.
    fn receive(&mut self, replies: u64) -> Result<(), String> {
        let mut failed = None;
        for _ in 0..replies {
            if let Err(error) = self.reply() {
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn reply(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("the server answers");
        let line = line.trim_end();
        if let Some(len) = line.strip_prefix('$') {
            let mut bytes = vec![0; len.parse::<usize>().expect("a length") + 2];
            self.0.read_exact(&mut bytes).expect("the server answers");
            return Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned());
        }
        match line.strip_prefix('-') {
            Some(error) => Err(error.to_owned()),
            None => Ok(line.to_owned()),
        }
    }

    fn exchange(&mut self, bytes: &[u8], replies: u64) -> Result<(), String> {
        self.send(bytes);
        self.receive(replies)
    }

    /// The answer to one command.
    fn text(&mut self, words: &[&str]) -> Result<String, String> {
        let mut bytes = Vec::new();
        command(&mut bytes, words);
        self.send(&bytes);
        self.reply()
    }
}

fn command(out: &mut Vec<u8>, words: &[&str]) {
    let _ = write!(out, "*{}\r\n", words.len());
    for word in words {
        let _ = write!(out, "${}\r\n{word}\r\n", word.len());
    }
}

fn info_field<'a>(info: &'a str, name: &str) -> &'a str {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or("?")
}

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is past 1970").as_millis() as u64
}

fn parse_options() -> Options {
    let mut options = Options {
        keys: 20_000_000,
        expiring: 1_000_000,
        elements: 10_000_000,
        phases: Vec::new(),
        peers: Vec::new(),
    };
    let mut phases = PHASES.to_owned();
    let mut words = std::env::args().skip(1).filter(|w| w != "--bench");
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} takes a value"));
        match word.as_str() {
            "--keys" => options.keys = value().parse().expect("a number of keys"),
            "--expiring" => options.expiring = value().parse().expect("a number of keys"),
            "--elements" => options.elements = value().parse().expect("a number of elements"),
            "--phases" => phases = value(),
            "--peer" => options.peers.push(servers::parse_peer(&value())),
            other => panic!("unknown option {other}"),
        }
    }
    options.phases = phases.split(',').map(str::to_owned).collect();
    options
}
