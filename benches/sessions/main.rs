//! What redis-benchmark cannot send: messages to subscribers that read them, transactions, optimistic locking, and what keeps
//! the caches of clients right. Of each, how much a server gets done in a second of its own CPU time, beside real servers.
//!
//! Method: a wave of requests is written, each connection's in one piece, and every answer and message that must come of
//! it is read and compared before the next wave. So all servers see the same arrivals, and none can fall behind. Servers
//! take turns, A B A B ..., on one core, the load sits on another; the median of the rounds counts.
//!
//! `cargo bench --bench sessions -- [--rounds 5] [--waves 2000] [--only NAME] [--floor] [--peer NAME=COMMAND]...`
//!
//! `--floor` measures a server that does nothing too, which is as fast as the kernel lets any be; rows that it does not know
//! are then left out.

#[path = "../shared/cpu.rs"]
mod cpu;
mod floor;
#[path = "../shared/servers.rs"]
mod servers;

use cpu::cpu_seconds;
use servers::{Program, free_port, median, spawn};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Child;

const SERVER_CORE: &str = "0";
/// The word that makes a process of this program the server that does nothing.
const FLOOR: &str = "--serve-floor";

/// A kind of session, and how many take part.
struct Row {
    name: &'static str,
    listeners: Vec<(usize, Listener)>,
    connections: usize,
    /// What each connection sends, with a key of its own in place of `key:0`, and what it must be answered, one after the
    /// other.
    steps: Vec<(Vec<u8>, Vec<u8>)>,
    /// How many operations that is.
    operations: usize,
    /// Waves for each thousand that were asked for.
    share: usize,
}

impl Row {
    /// Whether the server that does nothing can take part.
    fn known_by_heart(&self) -> bool {
        self.listeners.len() < 2
            && self.listeners.iter().all(|(_, listener)| listener.hears.contains("message"))
    }
}

/// One of those who are told what the connections do.
#[derive(Clone, Default)]
struct Listener {
    /// What it sends once, and what the answers to that end with.
    begins: (String, String),
    /// What it sends at the beginning of a wave, with a key of its own in place of `key:0`, and is answered.
    each_wave: (String, String),
    /// What it is sent in a wave, likewise.
    hears: String,
}

const PAYLOAD: &str = "0123456789abcdef0123456789abcdef";
const SET: &str = "*3\r\n$3\r\nSET\r\n$5\r\nkey:0\r\n$3\r\nabc\r\n";
const GET: &str = "*2\r\n$3\r\nGET\r\n$5\r\nkey:0\r\n";
const GOT: &str = "$3\r\nabc\r\n";
const INVALIDATED: &str = ">2\r\n$10\r\ninvalidate\r\n*1\r\n$5\r\nkey:0\r\n";
/// What there is of something that must cost nothing.
const MANY: usize = 100_000;

fn rows() -> Vec<Row> {
    [publishing(), transactions(), caching()].into_iter().flatten().collect()
}

/// A command with these numbers for arguments, each as six digits.
fn of_many(command: &str, numbers: std::ops::Range<usize>) -> String {
    let len = numbers.len() + 1;
    let names: String = numbers.map(|i| format!("$6\r\n{i:06}\r\n")).collect();
    format!("*{len}\r\n${}\r\n{command}\r\n{names}", command.len())
}

/// A client that is subscribed to `ch`, or by a pattern, and gets so many messages in a wave.
fn subscriber(by_pattern: bool, messages: usize) -> Listener {
    let (word, name) = if by_pattern { ("psubscribe", "c*") } else { ("subscribe", "ch") };
    let both = format!("${}\r\n{word}\r\n$2\r\n{name}\r\n", word.len());
    let kind = if by_pattern { "*4\r\n$8\r\npmessage\r\n$2\r\nc*" } else { "*3\r\n$7\r\nmessage" };
    Listener {
        begins: (format!("*2\r\n{both}"), format!("*3\r\n{both}:1\r\n")),
        hears: format!("{kind}\r\n$2\r\nch\r\n$32\r\n{PAYLOAD}\r\n").repeat(messages),
        ..Listener::default()
    }
}

/// A client that is subscribed to many other channels.
fn elsewhere() -> Listener {
    Listener { begins: (of_many("SUBSCRIBE", 0..MANY), format!(":{MANY}\r\n")), ..Listener::default() }
}

fn publishing() -> Vec<Row> {
    let row = |name, listeners, connections, (request, answer): (&str, &str), pipeline: usize, share| Row {
        name,
        listeners,
        connections,
        steps: vec![(request.repeat(pipeline).into(), answer.repeat(pipeline).into())],
        operations: pipeline,
        share,
    };
    let publish = |name, subscribers: usize, by_pattern, connections, pipeline, share| {
        let request = format!("*3\r\n$7\r\nPUBLISH\r\n$2\r\nch\r\n$32\r\n{PAYLOAD}\r\n");
        let listeners = vec![(subscribers, subscriber(by_pattern, connections * pipeline))];
        row(name, listeners, connections, (&request, &format!(":{subscribers}\r\n")), pipeline, share)
    };
    let mut amid = publish("PUBLISH to 1, 100,000 other channels, pipeline 16", 1, false, 50, 16, 500);
    amid.listeners.push((1, elsewhere()));
    let look = |name, connections, (request, answer), pipeline, share| {
        row(name, vec![(1, elsewhere())], connections, (request, answer), pipeline, share)
    };
    vec![
        publish("PUBLISH to 1", 1, false, 50, 1, 1000),
        publish("PUBLISH to 1, pipeline 16", 1, false, 50, 16, 500),
        amid,
        publish("PUBLISH to 1 by pattern, pipeline 16", 1, true, 50, 16, 500),
        publish("PUBLISH to 1,000, one at a time", 1000, false, 1, 1, 100),
        publish("PUBLISH to 1,000", 1000, false, 50, 1, 50),
        look(
            "PUBSUB NUMSUB, 100,000 channels, pipeline 16",
            50,
            ("*3\r\n$6\r\nPUBSUB\r\n$6\r\nNUMSUB\r\n$6\r\n000007\r\n", "*2\r\n$6\r\n000007\r\n:1\r\n"),
            16,
            500,
        ),
        look(
            "PUBSUB CHANNELS 12345?x, 100,000 channels",
            10,
            ("*3\r\n$6\r\nPUBSUB\r\n$8\r\nCHANNELS\r\n$7\r\n12345?x\r\n", "*0\r\n"),
            1,
            3,
        ),
    ]
}

fn transactions() -> Vec<Row> {
    let transaction = format!("*1\r\n$5\r\nMULTI\r\n{}*1\r\n$4\r\nEXEC\r\n", SET.repeat(10));
    let done = format!("+OK\r\n{}*10\r\n{}", "+QUEUED\r\n".repeat(10), "+OK\r\n".repeat(10));
    let look = format!("*2\r\n$5\r\nWATCH\r\n$5\r\nkey:0\r\n{GET}");
    let act = format!("*1\r\n$5\r\nMULTI\r\n{SET}*1\r\n$4\r\nEXEC\r\n");
    let acted = "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n".to_owned();
    let sixteen = || (SET.repeat(16), "+OK\r\n".repeat(16));
    // Redis compares each key that a client watches with all that it watches already.
    let watcher = |i: usize| {
        let begins = (of_many("WATCH", i * 1000..(i + 1) * 1000), "+OK\r\n".to_owned());
        (1, Listener { begins, ..Listener::default() })
    };
    let watchers = (0..MANY / 1000).map(watcher).collect();
    vec![
        row("MULTI, 10 SETs, EXEC", vec![], vec![(transaction.clone(), done.clone())], 1, 1000),
        row(
            "MULTI, 10 SETs, EXEC, pipeline 16",
            vec![],
            vec![(transaction.repeat(16), done.repeat(16))],
            16,
            200,
        ),
        row(
            "WATCH GET, MULTI SET EXEC",
            vec![],
            vec![(look, format!("+OK\r\n{GOT}")), (act, acted)],
            1,
            1000,
        ),
        row("SET, pipeline 16", vec![], vec![sixteen()], 16, 1000),
        row("SET, 100,000 other keys are watched, pipeline 16", watchers, vec![sixteen()], 16, 1000),
    ]
}

/// What each connection of fifty does, one after the other.
fn row(
    name: &'static str,
    listeners: Vec<(usize, Listener)>,
    steps: Vec<(String, String)>,
    operations: usize,
    share: usize,
) -> Row {
    let steps = steps.into_iter().map(|(request, answer)| (request.into(), answer.into())).collect();
    Row { name, listeners, connections: 50, steps, operations, share }
}

/// A thousand clients keep what they have read until they are told that it has changed.
fn caching() -> Vec<Row> {
    let begins = |how: &str, last: (&str, &str)| {
        (format!("HELLO 3\r\nCLIENT TRACKING on{how}\r\n{}", last.0), format!("+OK\r\n{}", last.1))
    };
    let other = GET.replace("key:0", "other");
    let idle = Listener { begins: begins("", (&other, "_\r\n")), ..Listener::default() };
    let reader = |hears: &str| Listener {
        begins: begins("", ("", "")),
        each_wave: (GET.into(), GOT.into()),
        hears: hears.into(),
    };
    let same = |text: &str| text.replace("key:0", "k:000");
    let of_one = Listener { each_wave: (same(GET), GOT.into()), ..reader(&same(INVALIDATED)) };
    let everything =
        Listener { begins: begins(" BCAST", ("", "")), hears: same(INVALIDATED), ..Listener::default() };
    let elsewhere = Listener { begins: begins(" BCAST PREFIX x PREFIX y", ("", "")), ..Listener::default() };
    let set = || vec![(SET.to_owned(), "+OK\r\n".to_owned())];
    let sixteen = || vec![(SET.repeat(16), "+OK\r\n".repeat(16))];
    let alone = |row| Row { connections: 1, ..row };
    let each = Row {
        connections: 1000,
        ..row("GET by each of 1,000, SET of each key", vec![(1000, reader(INVALIDATED))], set(), 1, 50)
    };
    vec![
        row("SET, 1,000 have read another key, pipeline 16", vec![(1000, idle)], sixteen(), 16, 1000),
        row(
            "SET, 1,000 are told of other prefixes, pipeline 16",
            vec![(1000, elsewhere)],
            sixteen(),
            16,
            1000,
        ),
        each,
        alone(row("GET by 1,000, SET of the key", vec![(1000, of_one)], set(), 1, 50)),
        alone(row("16 SETs, 1,000 are told of all keys", vec![(1000, everything)], sixteen(), 16, 50)),
    ]
}

fn main() {
    let (mut rounds, mut waves, mut only, mut peers) = (5, 2000, String::new(), Vec::<Program>::new());
    let mut words = std::env::args().skip(1).filter(|w| w != "--bench");
    while let Some(word) = words.next() {
        if word == "--floor" {
            let this = std::env::current_exe().expect("this program has a path");
            peers.push(("the floor".to_owned(), vec![this.display().to_string(), FLOOR.to_owned()]));
            continue;
        }
        let value = words.next().unwrap_or_else(|| panic!("{word} takes a value"));
        match word.as_str() {
            // This process is that server; what follows is what all servers are started with.
            FLOOR => return floor::serve(words.next().and_then(|port| port.parse().ok()).expect("a port")),
            "--rounds" => rounds = value.parse().expect("a number of rounds"),
            "--waves" => waves = value.parse().expect("a number of waves"),
            "--only" => only = value,
            "--peer" => peers.push(servers::parse_peer(&value)),
            _ => panic!("no option {word}"),
        }
    }
    let servers: Vec<Running> =
        servers::programs(peers).iter().map(|(name, command)| Running::start(name, command)).collect();
    let names: String = servers[1..].iter().map(|peer| format!(" {} | ratio |", peer.name)).collect();
    println!("| session | oxidis, k per cpu s |{names}\n|---|---|{}", "---|---|".repeat(servers.len() - 1));
    let floor = servers.iter().any(|server| server.name == "the floor");
    let wanted = |row: &&Row| row.name.contains(&only) && (!floor || row.known_by_heart());
    for row in rows().iter().filter(wanted) {
        let mut figures = vec![Vec::new(); servers.len()];
        for _ in 0..rounds {
            for (server, figures) in servers.iter().zip(&mut figures) {
                figures.push(server.measure(row, (waves * row.share / 1000).max(1)));
            }
        }
        let per_second: Vec<f64> = figures.into_iter().map(median).collect();
        let ours = per_second[0];
        let theirs = per_second[1..].iter();
        let cells: String = theirs.map(|t| format!(" {:.1} | **{:.2}** |", t / 1e3, ours / t)).collect();
        println!("| {} | {:.1} |{cells}", row.name, ours / 1e3);
    }
}

struct Running {
    name: String,
    port: u16,
    process: Child,
    folder: PathBuf,
}

impl Running {
    fn start(name: &str, command: &[String]) -> Running {
        let pinned: Vec<String> = ["taskset", "-c", SERVER_CORE]
            .map(str::to_owned)
            .into_iter()
            .chain(command.iter().cloned())
            .collect();
        let port = free_port();
        let (process, folder) = spawn(&pinned, port, &[]);
        Running { name: name.to_owned(), port, process, folder }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the server accepts");
        stream.set_nodelay(true).expect("a socket");
        stream
    }

    /// Operations for each second of the server's CPU time.
    fn measure(&self, row: &Row, waves: usize) -> f64 {
        let mut connections: Vec<TcpStream> = (0..row.connections).map(|_| self.connect()).collect();
        for (i, connection) in connections.iter_mut().enumerate() {
            connection.write_all(own_key(SET, i).as_bytes()).expect("the server reads");
            expect(connection, b"+OK\r\n");
        }
        let kinds = row.listeners.iter().flat_map(|(count, listener)| std::iter::repeat_n(listener, *count));
        let mut listeners: Vec<_> = kinds
            .enumerate()
            .map(|(i, kind)| {
                let mut stream = self.connect();
                stream.write_all(kind.begins.0.as_bytes()).expect("the server reads");
                expect_at_last(&mut stream, kind.begins.1.as_bytes());
                let own = |text: &str| own_key(text, i).into_bytes();
                (stream, own(&kind.each_wave.0), kind.each_wave.1.as_bytes(), own(&kind.hears))
            })
            .collect();
        let requests: Vec<Vec<Vec<u8>>> = (row.steps.iter())
            .map(|(request, _)| {
                let request = String::from_utf8_lossy(request);
                (0..row.connections).map(|i| own_key(&request, i).into_bytes()).collect()
            })
            .collect();
        let mut cpu = 0.0;
        // The first waves warm up.
        for wave in 0..waves + waves / 10 {
            if wave == waves / 10 {
                cpu = cpu_seconds(self.process.id());
            }
            for (stream, request, ..) in &mut listeners {
                stream.write_all(request).expect("the server reads");
            }
            for (stream, _, answer, _) in &mut listeners {
                expect(stream, answer);
            }
            for (requests, (_, answer)) in requests.iter().zip(&row.steps) {
                for (connection, request) in connections.iter_mut().zip(requests) {
                    connection.write_all(request).expect("the server reads");
                }
                for connection in &mut connections {
                    expect(connection, answer);
                }
            }
            for (stream, .., hears) in &mut listeners {
                expect(stream, hears);
            }
        }
        let spent = cpu_seconds(self.process.id()) - cpu;
        (waves * row.connections * row.operations) as f64 / spent
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        servers::end(&mut self.process, &self.folder);
    }
}

/// What is said with the key of the `i`th connection, or listener.
fn own_key(text: &str, i: usize) -> String {
    text.replace("key:0", &format!("k:{i:03}"))
}

/// Reads until the answers end so.
fn expect_at_last(stream: &mut TcpStream, end: &[u8]) {
    let (mut all, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    while !all.ends_with(end) {
        let len = stream.read(&mut buffer).expect("the server answers");
        assert!(len > 0, "closed after {}", all.escape_ascii());
        all.extend_from_slice(&buffer[..len]);
    }
}

fn expect(stream: &mut TcpStream, answer: &[u8]) {
    let mut buffer = vec![0; answer.len()];
    stream.read_exact(&mut buffer).expect("the server answers");
    assert!(buffer == answer, "{} instead of {}", buffer.escape_ascii(), answer.escape_ascii());
}
