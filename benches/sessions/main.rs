//! What redis-benchmark cannot send: messages to subscribers that read them, transactions, and optimistic locking. Of each,
//! how much a server gets done in a second of its own CPU time, beside real servers.
//!
//! Method: a wave of requests is written, each connection's in one piece, and every answer and message that must come of
//! it is read and compared before the next wave. So all servers see the same arrivals, and none can fall behind. Servers
//! take turns, A B A B ..., on one core, the load sits on another; the median of the rounds counts.
//!
//! `cargo bench --bench sessions -- [--rounds 5] [--waves 2000] [--only NAME] [--floor] [--peer NAME=COMMAND]...`
//!
//! `--floor` measures a server that does nothing too, which is as fast as the kernel lets any be.

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
    /// Clients that are subscribed to `ch`.
    subscribers: usize,
    /// Of these some by the pattern `c*`.
    by_pattern: usize,
    connections: usize,
    /// What each connection sends, with a key of its own in place of `key:0`, and what it must be answered, one after the
    /// other.
    steps: Vec<(Vec<u8>, Vec<u8>)>,
    /// How many operations that is.
    operations: usize,
    /// Waves for each thousand that were asked for.
    share: usize,
}

const PAYLOAD: &str = "0123456789abcdef0123456789abcdef";

fn rows() -> Vec<Row> {
    let publish = |name, subscribers, by_pattern, connections, pipeline: usize, share| {
        let request = format!("*3\r\n$7\r\nPUBLISH\r\n$2\r\nch\r\n$32\r\n{PAYLOAD}\r\n").repeat(pipeline);
        let answer = format!(":{subscribers}\r\n").repeat(pipeline);
        Row {
            name,
            subscribers,
            by_pattern,
            connections,
            steps: vec![(request.into(), answer.into())],
            operations: pipeline,
            share,
        }
    };
    let set = "*3\r\n$3\r\nSET\r\n$5\r\nkey:0\r\n$3\r\nabc\r\n";
    let transaction = format!("*1\r\n$5\r\nMULTI\r\n{}*1\r\n$4\r\nEXEC\r\n", set.repeat(10));
    let done = format!("+OK\r\n{}*10\r\n{}", "+QUEUED\r\n".repeat(10), "+OK\r\n".repeat(10));
    let sessions = |name, steps: Vec<(String, String)>, operations, share| Row {
        name,
        subscribers: 0,
        by_pattern: 0,
        connections: 50,
        steps: steps.into_iter().map(|(request, answer)| (request.into(), answer.into())).collect(),
        operations,
        share,
    };
    let look = "*2\r\n$5\r\nWATCH\r\n$5\r\nkey:0\r\n*2\r\n$3\r\nGET\r\n$5\r\nkey:0\r\n";
    let act = format!("*1\r\n$5\r\nMULTI\r\n{set}*1\r\n$4\r\nEXEC\r\n");
    let acted = "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n".to_owned();
    vec![
        publish("PUBLISH to 1", 1, 0, 50, 1, 1000),
        publish("PUBLISH to 1, pipeline 16", 1, 0, 50, 16, 500),
        publish("PUBLISH to 1 by pattern, pipeline 16", 1, 1, 50, 16, 500),
        publish("PUBLISH to 1,000, one at a time", 1000, 0, 1, 1, 100),
        publish("PUBLISH to 1,000", 1000, 0, 50, 1, 50),
        sessions("MULTI, 10 SETs, EXEC", vec![(transaction.clone(), done.clone())], 1, 1000),
        sessions(
            "MULTI, 10 SETs, EXEC, pipeline 16",
            vec![(transaction.repeat(16), done.repeat(16))],
            16,
            200,
        ),
        sessions(
            "WATCH GET, MULTI SET EXEC",
            vec![(look.into(), "+OK\r\n$3\r\nabc\r\n".into()), (act, acted)],
            1,
            1000,
        ),
    ]
}

/// What a subscriber sends, and is answered.
fn subscription(by_pattern: bool) -> (String, String) {
    let (word, name) = if by_pattern { ("psubscribe", "c*") } else { ("subscribe", "ch") };
    let both = format!("${}\r\n{word}\r\n$2\r\n{name}\r\n", word.len());
    (format!("*2\r\n{both}"), format!("*3\r\n{both}:1\r\n"))
}

/// What a subscriber is sent for each PUBLISH.
fn message(by_pattern: bool) -> String {
    let kind = if by_pattern { "*4\r\n$8\r\npmessage\r\n$2\r\nc*" } else { "*3\r\n$7\r\nmessage" };
    format!("{kind}\r\n$2\r\nch\r\n$32\r\n{PAYLOAD}\r\n")
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
    for row in rows().iter().filter(|row| row.name.contains(&only)) {
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
        let mut subscribers: Vec<TcpStream> = (0..row.subscribers).map(|_| self.connect()).collect();
        for (i, subscriber) in subscribers.iter_mut().enumerate() {
            let (request, answer) = subscription(i < row.by_pattern);
            talk(subscriber, request.as_bytes(), answer.as_bytes());
        }
        let messages = row.connections * row.operations;
        let [plain, matched] = [false, true].map(|by_pattern| message(by_pattern).repeat(messages));
        let mut connections: Vec<TcpStream> = (0..row.connections).map(|_| self.connect()).collect();
        for (i, connection) in connections.iter_mut().enumerate() {
            talk(connection, &own_key(b"*3\r\n$3\r\nSET\r\n$5\r\nkey:0\r\n$3\r\nabc\r\n", i), b"+OK\r\n");
        }
        let requests: Vec<Vec<Vec<u8>>> = (row.steps.iter())
            .map(|(request, _)| (0..row.connections).map(|i| own_key(request, i)).collect())
            .collect();
        let mut cpu = 0.0;
        // The first waves warm up.
        for wave in 0..waves + waves / 10 {
            if wave == waves / 10 {
                cpu = cpu_seconds(self.process.id());
            }
            for (requests, (_, answer)) in requests.iter().zip(&row.steps) {
                for (connection, request) in connections.iter_mut().zip(requests) {
                    connection.write_all(request).expect("the server reads");
                }
                for connection in &mut connections {
                    expect(connection, answer);
                }
            }
            for (i, subscriber) in subscribers.iter_mut().enumerate() {
                expect(subscriber, if i < row.by_pattern { matched.as_bytes() } else { plain.as_bytes() });
            }
        }
        let spent = cpu_seconds(self.process.id()) - cpu;
        (waves * messages) as f64 / spent
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        servers::end(&mut self.process, &self.folder);
    }
}

/// A request with the key of connection `i`.
fn own_key(request: &[u8], i: usize) -> Vec<u8> {
    String::from_utf8_lossy(request).replace("key:0", &format!("k:{i:03}")).into_bytes()
}

fn talk(stream: &mut TcpStream, request: &[u8], answer: &[u8]) {
    stream.write_all(request).expect("the server reads");
    expect(stream, answer);
}

fn expect(stream: &mut TcpStream, answer: &[u8]) {
    let mut buffer = vec![0; answer.len()];
    stream.read_exact(&mut buffer).expect("the server answers");
    assert!(buffer == answer, "{} instead of {}", buffer.escape_ascii(), answer.escape_ascii());
}
