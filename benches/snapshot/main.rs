//! How long do SAVE, BGSAVE and the load of a snapshot take beside real servers, by the clock and in CPU time?
//!
//! Method: one snapshot of small keys (16 bytes, values of as many hexadecimal digits; each fifth key has an expiry time,
//! spread over a day) is filled into Oxidis and saved. Each program then starts with a copy of that file, in turn A B A B ..., alone on
//! a core, with its default options: the load is timed until it answers PING, then SAVE, then BGSAVE until INFO says that
//! the child is done. CPU time is the server's own for the load and SAVE, and the child's for BGSAVE. The median of the
//! rounds counts. A figure is worth nothing by itself on a shared machine: the ratios are.
//!
//! `cargo bench --bench snapshot -- [--keys 5000000] [--value 16] [--rounds 5] [--peer NAME=COMMAND]...`
//!
//! Without `--peer`, the peer is `redis-server`. A command is split at spaces; options are appended to it. One that begins
//! with `chroot ROOT` gets its folder below ROOT.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

const SERVER_CORE: &str = "0";
const OURS: &str = env!("CARGO_BIN_EXE_oxidis-server");
const DAY_MS: u64 = 86_400_000;
const PATIENCE: Duration = Duration::from_secs(600);

struct Options {
    keys: u64,
    /// Bytes of a value.
    value: usize,
    rounds: usize,
    programs: Vec<Program>,
}

struct Program {
    name: String,
    command: Vec<String>,
}

fn main() {
    let options = parse_options();
    let folder = Folder::new("/");
    let snapshot = make_snapshot(&options, &folder);
    let mut rounds: Vec<Vec<Round>> = options.programs.iter().map(|_| Vec::new()).collect();
    for round in 1..=options.rounds {
        for (program, rounds) in options.programs.iter().zip(&mut rounds) {
            let figures = measure(program, &snapshot, options.keys);
            eprintln!("round {round} {}: {figures:?}", program.name);
            rounds.push(figures);
        }
    }
    print!("{}", table(&options, &rounds));
}

#[derive(Clone, Copy, Debug)]
struct Seconds {
    wall: f64,
    cpu: f64,
}

/// What one round of one program took.
#[derive(Clone, Copy, Debug)]
struct Round {
    load: Seconds,
    save: Seconds,
    bgsave: Seconds,
    fork_ms: f64,
}

fn measure(program: &Program, snapshot: &Path, keys: u64) -> Round {
    let root = match &program.command[..] {
        [chroot, root, ..] if chroot == "chroot" => root.as_str(),
        _ => "/",
    };
    let own = Folder::new(root);
    std::fs::copy(snapshot, own.0.join("dump.rdb")).expect("the snapshot can be copied");
    // What is still to be written to the disk would be paid for by whoever syncs next.
    let _ = Command::new("sync").arg("-f").arg(&own.0).status();

    let started = Instant::now();
    let mut server = Server::start(&program.command, &own, root);
    server.wait_until_loaded();
    let load = Seconds { wall: started.elapsed().as_secs_f64(), cpu: server.cpu().own };
    assert_eq!(server.ask("DBSIZE"), format!(":{keys}"), "{} has loaded all keys", program.name);

    let before = server.cpu();
    let started = Instant::now();
    assert_eq!(server.ask("SAVE"), "+OK", "{}", program.name);
    let save = Seconds { wall: started.elapsed().as_secs_f64(), cpu: server.cpu().own - before.own };

    let before = server.cpu();
    let started = Instant::now();
    server.ask("BGSAVE");
    while server.info("rdb_bgsave_in_progress") != "0" {
        assert!(started.elapsed() < PATIENCE, "BGSAVE ends");
        std::thread::sleep(Duration::from_millis(5));
    }
    let wall = started.elapsed().as_secs_f64();
    assert_eq!(server.info("rdb_last_bgsave_status"), "ok", "{}", program.name);
    let bgsave = Seconds { wall, cpu: server.cpu().children - before.children };
    let fork_ms = server.info("latest_fork_usec").parse::<f64>().unwrap_or(0.0) / 1e3;
    Round { load, save, bgsave, fork_ms }
}

/// Fills Oxidis and has it save the snapshot that all are going to load.
fn make_snapshot(options: &Options, folder: &Folder) -> PathBuf {
    let mut server = Server::start(&[OURS.to_owned()], folder, "/");
    server.wait_until_loaded();
    server.fill(options.keys, options.value);
    assert_eq!(server.ask("SAVE"), "+OK");
    folder.0.join("dump.rdb")
}

struct Server {
    process: Child,
    port: u16,
    connection: Option<BufReader<TcpStream>>,
}

struct Cpu {
    own: f64,
    children: f64,
}

impl Server {
    /// `root` is where the command has its root folder.
    fn start(command: &[String], folder: &Folder, root: &str) -> Server {
        let port = free_port();
        let below = folder.0.strip_prefix(root).expect("the folder lies below the root");
        let process = Command::new("taskset")
            .args(["-c", SERVER_CORE])
            .args(command)
            .args(["--port", &port.to_string(), "--save", "", "--dir"])
            .arg(Path::new("/").join(below))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server's program can be started under taskset (util-linux)");
        Server { process, port, connection: None }
    }

    fn wait_until_loaded(&mut self) {
        let started = Instant::now();
        loop {
            if self.connection.is_none() {
                let stream = TcpStream::connect(("127.0.0.1", self.port)).ok();
                self.connection = stream.map(BufReader::new);
            }
            if self.connection.is_some() && self.ask("PING") == "+PONG" {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "the server is up and has loaded");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sends a command and returns its reply's first line.
    fn ask(&mut self, command: &str) -> String {
        let connection = self.connection.as_mut().expect("connected");
        connection.get_mut().write_all(format!("{command}\r\n").as_bytes()).expect("the server reads");
        let mut line = String::new();
        connection.read_line(&mut line).expect("the server answers");
        line.trim_end().to_owned()
    }

    /// A field of INFO.
    fn info(&mut self, field: &str) -> String {
        let head = self.ask("INFO");
        let len: usize = head.trim_start_matches('$').parse().expect("INFO answers with a bulk string");
        let mut text = vec![0; len + 2];
        self.connection.as_mut().expect("connected").read_exact(&mut text).expect("the server answers");
        let text = String::from_utf8_lossy(&text);
        let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value.unwrap_or_default().to_owned()
    }

    fn fill(&mut self, keys: u64, value: usize) {
        const BATCH: u64 = 1000;
        let now_ms = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let tomorrow = now_ms.expect("after 1970").as_millis() as u64 + DAY_MS;
        let connection = self.connection.as_mut().expect("connected");
        let mut line = String::new();
        for first in (0..keys).step_by(BATCH as usize) {
            let mut batch = String::new();
            let batch_keys = first..(first + BATCH).min(keys);
            for key in batch_keys.clone() {
                let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let _ = write!(batch, "SET key:{key:012} ");
                let end = batch.len() + value;
                let mut digits = mixed;
                while batch.len() < end {
                    let _ = write!(batch, "{digits:016x}");
                    digits = (digits ^ digits >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                }
                batch.truncate(end);
                if key % 5 == 0 {
                    let _ = write!(batch, " PXAT {}", tomorrow + mixed % DAY_MS);
                }
                batch.push_str("\r\n");
            }
            connection.get_mut().write_all(batch.as_bytes()).expect("the server reads");
            for _ in batch_keys {
                line.clear();
                connection.read_line(&mut line).expect("the server answers");
                assert_eq!(line, "+OK\r\n");
            }
        }
    }

    /// User and system time so far. taskset replaces itself with the server (and so does chroot), so its pid is the
    /// server's.
    fn cpu(&self) -> Cpu {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let stat = stat.expect("the server lives");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks = |i: usize| fields[i].parse::<f64>().unwrap_or(0.0) / 100.0;
        Cpu { own: ticks(11) + ticks(12), children: ticks(13) + ticks(14) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Folder(PathBuf);

impl Folder {
    /// A new folder among the temporary ones below `root`.
    fn new(root: &str) -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let temporary = std::env::temp_dir();
        let name = format!("oxidis-snapshot-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        let folder = Path::new(root).join(temporary.strip_prefix("/").unwrap_or(&temporary)).join(name);
        std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn table(options: &Options, rounds: &[Vec<Round>]) -> String {
    type Pick = fn(&Round) -> f64;
    let rows: [(&str, Pick); 7] = [
        ("load, s", |r| r.load.wall),
        ("load, cpu s", |r| r.load.cpu),
        ("SAVE, s", |r| r.save.wall),
        ("SAVE, cpu s", |r| r.save.cpu),
        ("BGSAVE, s", |r| r.bgsave.wall),
        ("BGSAVE, cpu s of the child", |r| r.bgsave.cpu),
        ("fork, ms", |r| r.fork_ms),
    ];
    let mut out = format!("| {} keys |", options.keys);
    for (i, program) in options.programs.iter().enumerate() {
        let _ = write!(out, " {} |{}", program.name, if i > 0 { " ours to it |" } else { "" });
    }
    out.push_str("\n|---|---|");
    out.push_str(&"---|---|".repeat(options.programs.len() - 1));
    out.push('\n');
    for (name, pick) in rows {
        let ours = median(rounds[0].iter().map(pick));
        let _ = write!(out, "| {name} | {ours:.2} |");
        for rounds in &rounds[1..] {
            let theirs = median(rounds.iter().map(pick));
            let _ = write!(out, " {theirs:.2} | **{:.2}** |", ours / theirs);
        }
        out.push('\n');
    }
    out
}

fn parse_options() -> Options {
    let ours = Program { name: "oxidis".to_owned(), command: vec![OURS.to_owned()] };
    let mut options = Options { keys: 5_000_000, value: 16, rounds: 5, programs: vec![ours] };
    let mut words = std::env::args().skip(1).filter(|w| w != "--bench");
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} takes a value"));
        match word.as_str() {
            "--keys" => options.keys = value().parse().expect("a number of keys"),
            "--value" => options.value = value().parse().expect("a length of values"),
            "--rounds" => options.rounds = value().parse().expect("a number of rounds"),
            "--peer" => {
                let text = value();
                let (name, command) = text.split_once('=').expect("--peer NAME=COMMAND");
                let command = command.split(' ').map(str::to_owned).collect();
                options.programs.push(Program { name: name.to_owned(), command });
            }
            other => panic!("unknown option {other}"),
        }
    }
    if options.programs.len() == 1 {
        let command = vec!["redis-server".to_owned()];
        options.programs.push(Program { name: "redis".to_owned(), command });
    }
    options
}
