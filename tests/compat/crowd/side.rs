//! One of the two servers and who talks to it.
//!
//! What a line has caused is known without a word of the clients themselves, since those may be in a transaction, subscribed,
//! waiting or silenced: another connection sends a command that does not exist, twice. A server reads what came before it no
//! later than in the turn that reads the first, and has written all of that turn's answers when it reads the second. Unknown
//! commands leave no trace but a count of errors; they are answered while clients are paused, too.

use super::same::{Ports, info, plain};
use crate::harness::client::encode;
use crate::harness::replica::RawReplica;
use crate::harness::{Client, PATIENCE, Program, Server, Value, wait_for};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What was asked, and what was answered.
type Views = Vec<(String, Value)>;
/// Commands that a replica was sent.
type Stream = Vec<Vec<Vec<u8>>>;

const CONFIG: &[&str] = &["repl-ping-replica-period 3600", "repl-timeout 7200", "slowlog-log-slower-than -1"];

/// Leave nobody, no data and no figures of an episode.
const CLEAN: &[&str] = &[
    "FLUSHALL",
    "ACL DELUSER u1 u2 u3",
    "CONFIG SET notify-keyspace-events ''",
    "CONFIG SET slowlog-log-slower-than -1",
    "ACL LOG RESET",
    "LATENCY RESET",
    "CONFIG RESETSTAT",
    "SLOWLOG RESET",
];

/// What is looked at when an episode is over.
const VIEWS: &[&str] = &[
    "CLIENT LIST",
    "PUBSUB CHANNELS",
    "PUBSUB SHARDCHANNELS",
    "PUBSUB NUMPAT",
    "PUBSUB NUMSUB c1 c2 c3 __redis__:invalidate",
    "PUBSUB SHARDNUMSUB s1 s2 c1",
    "CONFIG GET notify-keyspace-events",
    "ACL LIST",
    "ACL LOG 1000",
    "SLOWLOG GET -1",
    "LATENCY HISTOGRAM",
    "INFO everything",
    "DEBUG DIGEST",
];

pub struct Talker {
    stream: TcpStream,
    port: u16,
    id: u64,
    pub said: Vec<u8>,
    pub closed: bool,
}

pub struct Side {
    pub server: Server,
    control: Client,
    replica: RawReplica,
    next_id: u64,
    pub talkers: BTreeMap<String, Talker>,
    pub ports: Ports,
    /// Somebody has ended our own connection: whether before or behind an error of our waiting is chance.
    pub cut_off: bool,
    markers: u32,
}

impl Side {
    fn start(program: Program) -> Side {
        let server = Server::start(program, CONFIG);
        assert!(server.cmd("ACL SETUSER control on nopass ~* &* +@all").is_ok());
        let mut listener = server.client();
        listener.ok("AUTH control x");
        let replica = RawReplica::attach(listener, "PSYNC ? -1").expect("a snapshot");
        // FLUSHALL would end a child that still lives, and the listener with it.
        wait_for("the listener to be online", PATIENCE, || {
            server.info("slave0").contains("state=online") && server.info("rdb_bgsave_in_progress") == "0"
        });
        server.ok("DEBUG SET-ACTIVE-EXPIRE 0");
        let control = server.client();
        let mut side = Side {
            server,
            control,
            replica,
            next_id: 0,
            talkers: BTreeMap::new(),
            ports: Ports::new(),
            cut_off: false,
            markers: 0,
        };
        side.control();
        side
    }

    /// Both, counting their clients from the same number on.
    pub fn both() -> [Side; 2] {
        let mut sides = [Program::Oxidis, Program::Redis].map(Side::start);
        while sides[0].next_id != sides[1].next_id {
            let behind = usize::from(sides[0].next_id > sides[1].next_id);
            sides[behind].control();
        }
        for side in &mut sides {
            side.clean();
        }
        sides
    }

    /// Another connection for ourselves; its user is nobody's whom a line names.
    fn control(&mut self) {
        self.cut_off = true;
        self.control = Client::connect(self.server.port);
        self.control.ok("AUTH control x");
        self.next_id = self.control.cmd("CLIENT ID").int() as u64 + 1;
        self.ports.retain(|_, name| name != "control");
        self.ports.insert(self.control.local_port(), "control".into());
    }

    fn connect(&mut self, name: &str) {
        let address = SocketAddr::from(([127, 0, 0, 1], self.server.port));
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        stream.set_nonblocking(true).expect("a socket");
        let port = stream.local_addr().expect("connected").port();
        self.ports.retain(|_, other| other != name);
        self.ports.insert(port, name.to_owned());
        let talker = Talker { stream, port, id: self.next_id, said: Vec::new(), closed: false };
        self.next_id += 1;
        self.talkers.insert(name.to_owned(), talker);
        self.wait();
    }

    /// What a line says is done, and all there is to read has been written.
    pub fn wait(&mut self) {
        for _ in 0..2 {
            if self.control.try_cmd("BARRIER").is_err() {
                // A line that ends all clients ended this one.
                self.control();
            }
        }
    }

    /// Lets short lives and short waits end.
    pub fn pass(&mut self) {
        std::thread::sleep(Duration::from_millis(3));
        // A command that is counted would stand before or behind the end of a wait by chance.
        if self.control.try_cmd("BARRIER").is_err() {
            self.control();
        }
    }

    /// Has somebody do what the line says.
    pub fn send(&mut self, line: &str) {
        if line == "=" {
            // It is held up as all are.
            if self.control.try_cmd("PING").is_err() {
                self.control();
            }
            return;
        }
        let (who, commands) = line.split_once(' ').unwrap_or((line, ""));
        if let Some(gone) = who.strip_suffix('-') {
            self.talkers.remove(gone);
            return;
        }
        if !self.talkers.contains_key(who) {
            self.connect(who);
        }
        let mut bytes = Vec::new();
        for command in commands.split(';') {
            let args: Vec<String> = command.split(' ').map(|word| self.word(word)).collect();
            bytes.extend(encode(&args));
        }
        let talker = self.talkers.get_mut(who).expect("connected");
        // One that the server has just closed is read to its end.
        if let Err(e) = talker.stream.write_all(&bytes) {
            assert!(matches!(e.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{line}: {e}");
        }
    }

    fn word(&self, word: &str) -> String {
        let named = |name: &str| self.talkers.get(name);
        match word.split_at_checked(1) {
            Some(("@", name)) => named(name).map_or(999_999, |t| t.id).to_string(),
            Some(("&", name)) if name.len() == 1 && name != "*" => {
                named(name).map_or_else(|| "1.2.3.4:5".into(), |t| format!("127.0.0.1:{}", t.port))
            }
            _ if word == "LADDRESS" => format!("127.0.0.1:{}", self.server.port),
            _ if word == "''" => String::new(),
            _ => word.to_owned(),
        }
    }

    /// Reads what has come to everybody.
    pub fn read(&mut self) {
        let mut chunk = [0; 65536];
        for talker in self.talkers.values_mut().filter(|talker| !talker.closed) {
            loop {
                match talker.stream.read(&mut chunk) {
                    Ok(0) => talker.closed = true,
                    Ok(n) => {
                        talker.said.extend_from_slice(&chunk[..n]);
                        continue;
                    }
                    Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                    Err(e) if e.kind() == ErrorKind::ConnectionReset => talker.closed = true,
                    Err(e) => panic!("reading: {e}"),
                }
                break;
            }
        }
    }

    fn ask(&mut self, line: &str) -> Value {
        let args: Vec<&str> = line.split(' ').map(|word| if word == "''" { "" } else { word }).collect();
        self.control.call(&args)
    }

    /// Ends a pause.
    pub fn go_on(&mut self) {
        self.wait();
        self.ask("CLIENT UNPAUSE");
        self.wait();
    }

    /// All that can be seen of what happened, and what the replica was sent. `errors`: with how many errors there were.
    pub fn views(&mut self, errors: bool) -> (Views, Stream) {
        let mut views = Vec::new();
        for line in VIEWS {
            let mut reply = self.ask(line);
            if line.starts_with("INFO") {
                reply = Value::Bulk(info(&reply.text(), errors).into_bytes());
            } else if line.starts_with("PUBSUB") {
                // All of the channels there are.
                if let Value::Array(names) = &mut reply
                    && !line.contains("NUM")
                {
                    names.sort();
                }
            }
            views.push(((*line).to_owned(), plain(reply, &self.ports)));
        }
        (views, self.stream())
    }

    fn stream(&mut self) -> Stream {
        self.markers += 1;
        let marker = format!("marker-{}", self.markers);
        self.ask(&format!("SET {marker} x"));
        self.replica.until_marker(marker.as_bytes(), PATIENCE).expect("the stream")
    }

    /// As new.
    pub fn clean(&mut self) {
        self.talkers.clear();
        self.wait();
        self.ask("CLIENT UNPAUSE");
        for line in CLEAN {
            self.ask(line);
        }
        self.stream();
        self.ask("FLUSHALL");
        self.ask("CONFIG RESETSTAT");
    }
}
