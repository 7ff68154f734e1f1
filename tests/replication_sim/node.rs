//! One simulated server: the machines, a list of numbers for data, and the drivers between them.

use crate::net::{End, Heard, Net};
use oxidis::client::ClientId;
use oxidis::protocol::parser::{Limits, Parser, Step};
use oxidis::repl::id::{ReplId, Verdict, verdict};
use oxidis::repl::primary::full_sync::SnapshotEnd;
use oxidis::repl::primary::psync::{ReplconfReply, SyncOutcome, SyncRequest};
use oxidis::repl::primary::state::{Filter, State};
use oxidis::repl::primary::{Action, Child, Config, Outgoing, OutputLimit, SnapshotKind};
use oxidis::repl::replica::{self, Event};
use oxidis::repl::role::Replication;
use oxidis::util::rng::Rng;
use std::collections::HashMap;
use std::rc::Rc;

const LIMITS: Limits = Limits { bulk_max: None, unauthenticated: false };
/// The end of the pipe that a simulated child would write to.
const CHUNK: usize = 700;

/// What a server keeps: each write, in order, and where it went.
type Data = Vec<(u32, u64)>;

/// A snapshot file: the data, and the moment of the stream that they are.
#[derive(Clone)]
struct Dump {
    data: Data,
    moment: Option<(ReplId, i64, u32)>,
}

/// A child that makes a snapshot.
struct SimChild {
    kind: SnapshotKind,
    bytes: Vec<u8>,
    piped: usize,
    pipe_open: bool,
    done_at: u64,
    fails: bool,
}

/// What is done with a snapshot that comes in.
#[derive(Default)]
struct Loader {
    bytes: Vec<u8>,
    /// The old data have been dropped.
    begun: bool,
    complete: bool,
    done_at: u64,
    fails: bool,
}

/// A client's connection, before and after it is a replica's.
#[derive(Default)]
struct Client {
    input: Vec<u8>,
    parser: Parser,
    replies: Vec<u8>,
    close_after_head: bool,
    /// The file that is being sent to it: as it was when the sending began.
    file: Option<Rc<Vec<u8>>>,
}

pub struct Node {
    me: usize,
    rng: Rng,
    repl: Replication,
    data: Data,
    disk: Option<Dump>,
    clients: HashMap<u64, Client>,
    link: Option<u64>,
    link_input: Vec<u8>,
    /// What the link gave of the stream, not executed yet.
    stream: Vec<u8>,
    link_parser: Parser,
    link_db: u32,
    transaction: Option<Data>,
    child: Option<SimChild>,
    file: Option<Rc<Vec<u8>>>,
    loader: Option<Loader>,
    cron_at: u64,
    pub faults: bool,
    pub child_fails_next: bool,
    pub verbose: bool,
}

/// What a step saw.
#[derive(Default)]
pub struct StepSeen {
    pub partial: u64,
    pub full: u64,
    pub second_id: u64,
}

fn config(rng: &mut Rng) -> Config {
    Config {
        backlog_size: 16 * 1024 + rng.below(20_000) as usize,
        backlog_ttl_s: if rng.below(2) == 0 { 1 } else { 20 },
        diskless: rng.below(2) == 0,
        diskless_delay_s: rng.below(3),
        timeout_s: 5,
        ping_period_s: 1,
        output_limit: OutputLimit {
            hard: if rng.below(3) == 0 { 30_000 } else { 0 },
            soft: if rng.below(3) == 0 { 10_000 } else { 0 },
            soft_s: 2,
        },
        ..Config::default()
    }
}

fn new_replication(rng: &mut Rng, now: u64) -> Replication {
    let config = config(rng);
    let mut ids = Rng::seeded(rng.next_u64());
    let new_id = move || {
        let mut bytes = [0; 20];
        bytes.fill_with(|| ids.next_u64() as u8);
        ReplId::from_random(bytes)
    };
    Replication::new(config, Box::new(new_id), now)
}

impl Node {
    pub fn new(me: usize, seed: u64, now: u64) -> Node {
        let mut rng = Rng::seeded(seed);
        Node {
            me,
            repl: new_replication(&mut rng, now),
            data: Data::new(),
            disk: None,
            clients: HashMap::new(),
            link: None,
            link_input: Vec::new(),
            stream: Vec::new(),
            link_parser: Parser::default(),
            link_db: 0,
            transaction: None,
            child: None,
            file: None,
            loader: None,
            cron_at: now + rng.below(1000),
            rng,
            faults: true,
            child_fails_next: false,
            verbose: false,
        }
    }

    pub fn is_primary(&self) -> bool {
        self.repl.is_primary()
    }

    pub fn follow(&mut self, primary: usize, now: u64, net: &mut Net) {
        self.repl.replicaof(&format!("node{primary}"), primary as u16, self.link_config(), now);
        self.act(now, net);
    }

    fn link_config(&self) -> replica::Config {
        replica::Config {
            listening_port: 7000 + self.me as u16,
            announce_ip: (self.me == 1).then(|| b"10.0.0.1".to_vec()),
            timeout_s: 5,
            ..replica::Config::default()
        }
    }

    pub fn lead(&mut self, now: u64, net: &mut Net) {
        self.repl.promote(now);
        self.act(now, net);
    }

    /// A write by a client: one command, or a transaction of two.
    pub fn write(&mut self, number: u64, db: u32, size: usize, transaction: bool) {
        let request = encode(number, size);
        let feed = |repl: &mut Replication, bytes: &[u8]| repl.primary.feed_raw(db, bytes);
        if transaction {
            feed(&mut self.repl, b"*1\r\n$5\r\nMULTI\r\n");
            feed(&mut self.repl, &request);
            feed(&mut self.repl, b"*1\r\n$4\r\nEXEC\r\n");
        } else {
            feed(&mut self.repl, &request);
        }
        self.data.push((db, number));
    }

    /// The data go to disk, if they are a moment of anything.
    pub fn save(&mut self) {
        if self.loader.as_ref().is_none_or(|l| !l.begun) {
            let history = &self.repl.primary.history;
            let moment = self.repl.snapshot_stream_db().map(|db| (history.replid, history.offset, db));
            self.disk = Some(Dump { data: self.data.clone(), moment });
        }
    }

    /// The server dies, saving before or not, and comes back with what is on disk.
    pub fn restart(&mut self, now: u64, clean: bool) {
        if clean {
            self.save();
        }
        let was_following = self.repl.following().map(|f| (f.host.clone(), f.port));
        let mut fresh = Node::new(self.me, self.rng.next_u64(), now);
        (fresh.disk, fresh.faults, fresh.verbose) = (self.disk.take(), self.faults, self.verbose);
        *self = fresh;
        match &was_following {
            Some((host, port)) => {
                let config = self.link_config();
                self.repl.start_as_replica(host, *port, config);
            }
            None => self.repl.begin_restore().unwrap(),
        }
        self.data = self.disk.as_ref().map_or_else(Data::new, |d| d.data.clone());
        self.repl.restored(self.disk.as_ref().and_then(|d| d.moment));
    }

    pub fn step(&mut self, now: u64, net: &mut Net) -> StepSeen {
        let mut seen = StepSeen::default();
        for (end, heard) in net.hear(self.me) {
            if end.active {
                self.link_heard(end.conn, heard, now);
            } else {
                self.client_heard(end.conn, heard, now, &mut seen);
            }
        }
        self.run_child(now);
        self.run_loader(now);
        self.read_link(now);
        self.repl.primary.start_pending(self.child_kind(), now);
        if now >= self.cron_at {
            self.cron_at = now + 1000;
            self.repl.cron(now);
        }
        self.act(now, net);
        self.send(now, net);
        self.act(now, net);
        for line in self.repl.take_log() {
            if self.verbose {
                println!("{now:>7} node{} {:?} {}", self.me, line.level, line.text);
            }
        }
        seen
    }

    fn child_kind(&self) -> Child {
        match &self.child {
            None => Child::None,
            Some(SimChild { kind: SnapshotKind::Disk, .. }) => Child::RdbToDisk,
            Some(SimChild { kind: SnapshotKind::Socket, .. }) => Child::RdbToSockets,
        }
    }

    // ---- as a primary -------------------------------------------------------------------------------------------

    fn client_heard(&mut self, conn: u64, heard: Heard, now: u64, seen: &mut StepSeen) {
        match heard {
            Heard::Accepted => {
                self.clients.insert(conn, Client::default());
            }
            Heard::Connected => unreachable!("a passive end is accepted"),
            Heard::Closed => {
                self.clients.remove(&conn);
                self.repl.primary.detach(client_id(conn), false, now);
            }
            Heard::Bytes(bytes) => {
                let Some(client) = self.clients.get_mut(&conn) else { return };
                client.input.extend_from_slice(&bytes);
                self.run_commands(conn, now, seen);
            }
        }
    }

    fn run_commands(&mut self, conn: u64, now: u64, seen: &mut StepSeen) {
        loop {
            let Some(client) = self.clients.get_mut(&conn) else { return };
            let input = std::mem::take(&mut client.input);
            let mut parser = std::mem::take(&mut client.parser);
            let step = parser.step(&input, LIMITS).expect("a replica speaks the protocol");
            let reply = match &step {
                Step::NeedMore => None,
                Step::Command => {
                    let args: Vec<&[u8]> = parser.args(&input).iter().collect();
                    Some(self.command(conn, &args, now, seen))
                }
                Step::Inline(words) => {
                    let args: Vec<&[u8]> = words.as_args().iter().collect();
                    Some(self.command(conn, &args, now, seen))
                }
                Step::Empty { .. } => {
                    self.repl.primary.heard_from(client_id(conn), now);
                    Some(Vec::new())
                }
            };
            let consumed = parser.consumed();
            parser.shift(consumed);
            let Some(client) = self.clients.get_mut(&conn) else { return };
            client.input = input[consumed..].to_vec();
            client.parser = parser;
            match reply {
                Some(reply) => client.replies.extend_from_slice(&reply),
                None => return,
            }
        }
    }

    fn command(&mut self, conn: u64, args: &[&[u8]], now: u64, seen: &mut StepSeen) -> Vec<u8> {
        match args[0] {
            b"PING" => b"+PONG\r\n".to_vec(),
            b"REPLCONF" => {
                match self.repl.primary.replconf(client_id(conn), args[1..].iter().copied(), now) {
                    ReplconfReply::Ok => b"+OK\r\n".to_vec(),
                    ReplconfReply::Error(error) => format!("-{error}\r\n").into_bytes(),
                    ReplconfReply::Silent | ReplconfReply::SendAck => Vec::new(),
                }
            }
            b"PSYNC" => self.psync(conn, args[1], args[2], now, seen),
            other => panic!("a replica does not say {}", other.escape_ascii()),
        }
    }

    fn psync(&mut self, conn: u64, replid: &[u8], offset: &[u8], now: u64, seen: &mut StepSeen) -> Vec<u8> {
        let request = SyncRequest {
            id: client_id(conn),
            peer_ip: Some("10.0.0.9"),
            psync: Some((replid, offset)),
            has_pending_replies: false,
            link_is_down: self.repl.link_is_down(),
            failing_over: false,
            child: self.child_kind(),
            now,
        };
        let primary = &mut self.repl.primary;
        let before = primary.stats;
        let said = verdict(&primary.history, primary.window(), replid, parse_i64(offset).unwrap());
        let second = primary.history.replid2.is(replid);
        match primary.sync(&request) {
            SyncOutcome::Accepted => {}
            SyncOutcome::Ignored => unreachable!("it asks once"),
            SyncOutcome::Refused(error) => return format!("-{error}\r\n").into_bytes(),
        }
        let after = primary.stats;
        match said {
            Verdict::Continue { .. } => {
                assert_eq!((after.full, after.partial_ok), (before.full, before.partial_ok + 1));
                seen.partial += 1;
                seen.second_id += u64::from(second);
            }
            Verdict::Full(_) => {
                assert_eq!((after.full, after.partial_ok), (before.full + 1, before.partial_ok));
                seen.full += 1;
            }
        }
        Vec::new()
    }

    /// Gives every socket what it takes.
    fn send(&mut self, now: u64, net: &mut Net) {
        if let (Some(conn), Some(follower)) = (self.link, self.repl.following_mut()) {
            let n = net.send(End { conn, active: true }, follower.outgoing());
            follower.sent(n);
        }
        let mut conns: Vec<u64> = self.clients.keys().copied().collect();
        conns.sort_unstable();
        for conn in conns {
            let end = End { conn, active: false };
            let client = self.clients.get_mut(&conn).expect("just listed");
            let n = net.send(end, &client.replies);
            client.replies.drain(..n);
            if !client.replies.is_empty() {
                continue;
            }
            if matches!(
                self.repl.primary.replica(client_id(conn)).map(|r| &r.state),
                Some(State::SendBulk { .. })
            ) {
                let file = &self.file;
                client.file.get_or_insert_with(|| file.clone().expect("a file was written"));
            }
            for _ in 0..3 {
                let n = match self.repl.primary.outgoing(client_id(conn)) {
                    Outgoing::Nothing => break,
                    Outgoing::Bytes(bytes) => net.send(end, bytes),
                    Outgoing::File { position, len } => {
                        let file = client.file.as_ref().expect("the file is open");
                        assert_eq!(file.len() as u64, position + len);
                        net.send(end, &file[position as usize..])
                    }
                };
                self.repl.primary.sent(client_id(conn), n, now);
            }
            let empty = self.repl.primary.outgoing(client_id(conn)) == Outgoing::Nothing;
            if client.close_after_head && empty {
                self.drop_client(conn, now, net);
            }
        }
    }

    fn drop_client(&mut self, conn: u64, now: u64, net: &mut Net) {
        net.close(End { conn, active: false });
        self.clients.remove(&conn);
        self.repl.primary.detach(client_id(conn), false, now);
    }

    /// Does what the machines ask for, until they ask for nothing more.
    fn act(&mut self, now: u64, net: &mut Net) {
        loop {
            let actions = self.repl.primary.take_actions();
            let link_actions = self.repl.take_link_actions();
            if actions.is_empty() && link_actions.is_empty() {
                return;
            }
            for action in actions {
                match action {
                    Action::StartSnapshot { kind, filter } => self.start_child(kind, filter, now),
                    Action::KillSnapshot => {
                        if self.child.take().is_some() {
                            self.repl.primary.snapshot_ended(&SnapshotEnd::Failed, now);
                        }
                    }
                    Action::ReleaseSnapshot => {}
                    Action::Close(conn) | Action::CloseOverLimit(conn) => {
                        self.drop_client(conn.number, now, net)
                    }
                    Action::CloseAfterHead(conn) => {
                        if let Some(client) = self.clients.get_mut(&conn.number) {
                            client.close_after_head = true;
                        }
                    }
                }
            }
            for action in link_actions {
                match action {
                    replica::Action::Close => {
                        self.loader = None;
                        self.link_input.clear();
                        self.reset_link_parser();
                        if let Some(conn) = self.link.take() {
                            net.close(End { conn, active: true });
                        }
                    }
                    replica::Action::Connect { port, .. } => {
                        assert_eq!(self.link, None, "one link at a time");
                        let follower = self.repl.following_mut().expect("a replica connects");
                        if self.faults && self.rng.below(20) == 0 {
                            follower.connect_failed("no route to host");
                        } else {
                            self.link = Some(net.connect(self.me, usize::from(port)));
                            follower.connecting(now);
                        }
                    }
                }
            }
        }
    }

    fn start_child(&mut self, kind: SnapshotKind, filter: Filter, now: u64) {
        if self.faults && self.rng.below(20) == 0 {
            return self.repl.primary.snapshot_refused();
        }
        let mut db = self.repl.snapshot_stream_db().expect("who has replicas has a stream");
        if self.is_primary() && self.rng.below(2) == 0 {
            // It matters only in a chain, where the stream is another's: our own goes on with SELECT.
            db = 0;
        }
        let bytes = encode_snapshot(&self.data, db);
        let fails = std::mem::take(&mut self.child_fails_next);
        let done_at = now + self.rng.below(2000);
        let pipe_open = kind == SnapshotKind::Socket;
        self.child = Some(SimChild { kind, bytes, piped: 0, pipe_open, done_at, fails });
        self.repl.primary.snapshot_started(kind, filter);
        if kind == SnapshotKind::Socket {
            let mut mark = Rng::seeded(self.rng.next_u64());
            let mark: Vec<u8> = (0..40).map(|_| b'a' + mark.below(26) as u8).collect();
            let child = self.child.as_mut().expect("just made");
            let body = std::mem::take(&mut child.bytes);
            child.bytes = [b"$EOF:".as_slice(), &mark, b"\r\n", &body, &mark].concat();
        }
    }

    fn run_child(&mut self, now: u64) {
        let Some(child) = &mut self.child else { return };
        let primary = &mut self.repl.primary;
        if child.pipe_open && primary.wants_chunk() {
            let broken = child.fails && child.piped > child.bytes.len() / 2;
            let n = (1 + self.rng.below(CHUNK as u64) as usize).min(child.bytes.len() - child.piped);
            if n == 0 || broken {
                child.pipe_open = false;
                child.done_at = now + self.rng.below(300);
                primary.stream_ended();
            } else {
                let mut chunk = primary.chunk_buffer();
                chunk.clear();
                chunk.extend_from_slice(&child.bytes[child.piped..child.piped + n]);
                child.piped += n;
                primary.stream_chunk(chunk, now);
            }
        }
        if !child.pipe_open && now >= child.done_at {
            let child = self.child.take().expect("just seen");
            let end = match (child.fails, child.kind) {
                (true, _) => SnapshotEnd::Failed,
                (false, SnapshotKind::Socket) => SnapshotEnd::Streamed,
                (false, SnapshotKind::Disk) => {
                    let size = child.bytes.len() as u64;
                    self.file = Some(Rc::new(child.bytes));
                    SnapshotEnd::File { size }
                }
            };
            self.repl.primary.snapshot_ended(&end, now);
        }
    }

    // ---- as a replica -------------------------------------------------------------------------------------------

    fn reset_link_parser(&mut self) {
        self.link_parser = Parser::default();
        self.stream.clear();
        self.transaction = None;
    }

    fn link_heard(&mut self, conn: u64, heard: Heard, now: u64) {
        if self.link != Some(conn) {
            return;
        }
        let follower = self.repl.following_mut().expect("a link is a replica's");
        match heard {
            Heard::Accepted => unreachable!("an active end connects"),
            Heard::Connected => follower.connected(now),
            Heard::Closed => {
                // What came before is read before.
                self.read_link(now);
                if let Some(follower) = self.repl.following_mut() {
                    follower.closed(None, now);
                }
            }
            Heard::Bytes(bytes) => self.link_input.extend_from_slice(&bytes),
        }
    }

    /// Gives the link what has come, as far as it takes it.
    fn read_link(&mut self, now: u64) {
        let connected = self.repl.following().is_some_and(|f| f.is_connected());
        if self.link.is_none() || (connected && self.link_input.is_empty()) {
            return;
        }
        let mut input = std::mem::take(&mut self.link_input);
        let mut at = 0;
        loop {
            let Some(follower) = self.repl.following_mut() else { return };
            let (used, event) = follower.feed(&input[at..], now);
            at += used;
            match event {
                Event::Taken => {}
                Event::More | Event::Wait => break,
                Event::Closed => return,
                Event::FullSync => self.loader = Some(Loader::default()),
                Event::SnapshotBegins { .. } => {
                    // Read along, or from a file once it is complete.
                    if self.rng.below(2) == 0 {
                        self.begin_load();
                    }
                }
                Event::Snapshot(bytes) => {
                    self.loader.as_mut().expect("a full sync has begun").bytes.extend_from_slice(bytes);
                }
                Event::SnapshotComplete => {
                    let loader = self.loader.as_mut().expect("a full sync has begun");
                    loader.complete = true;
                    loader.done_at = now + self.rng.below(3000);
                    loader.fails = self.faults && self.rng.below(15) == 0;
                }
                Event::Continued { new_replid } => {
                    self.repl.continued(new_replid).unwrap();
                    let stream = self.repl.following().and_then(|f| f.stream()).expect("the link is up");
                    self.link_db = stream.db;
                }
                Event::Stream(_) => {
                    let from = at - used;
                    self.execute(&input[from..at]);
                }
            }
        }
        input.drain(..at);
        self.link_input = input;
    }

    fn begin_load(&mut self) {
        self.repl.attach_to_new_primary();
        self.data.clear();
        self.loader.as_mut().expect("a full sync has begun").begun = true;
    }

    fn run_loader(&mut self, now: u64) {
        let Some(loader) = &self.loader else { return };
        let follower = self.repl.following_mut().expect("a replica loads");
        follower.loading_goes_on(now);
        if !loader.complete {
            return;
        }
        if !loader.begun {
            return self.begin_load();
        }
        if now < loader.done_at {
            return;
        }
        let loader = self.loader.take().expect("just seen");
        if loader.fails {
            let line = "Failed trying to load the MASTER synchronization DB from disk: simulated";
            return self.repl.following_mut().expect("a replica loads").abort_transfer(line);
        }
        let (data, db) = decode_snapshot(&loader.bytes);
        self.data = data;
        self.reset_link_parser();
        self.link_db = db;
        self.repl.loaded(db, now).unwrap();
    }

    /// Executes what is whole of the stream.
    fn execute(&mut self, bytes: &[u8]) {
        let mut buffer = std::mem::take(&mut self.stream);
        buffer.extend_from_slice(bytes);
        let mut done = 0;
        loop {
            match self.link_parser.step(&buffer, LIMITS).expect("a primary speaks the protocol") {
                Step::NeedMore => break,
                Step::Command => {}
                other => panic!("the stream has commands only, not {other:?}"),
            }
            let args: Vec<Vec<u8>> = self.link_parser.args(&buffer).iter().map(<[u8]>::to_vec).collect();
            let end = self.link_parser.consumed();
            self.stream_command(&args);
            let in_multi = self.transaction.is_some();
            self.repl.command_done(&buffer[done..end], in_multi, self.link_db);
            done = end;
        }
        self.link_parser.shift(done);
        buffer.drain(..done);
        self.stream = buffer;
    }

    fn stream_command(&mut self, args: &[Vec<u8>]) {
        match args[0].as_slice() {
            b"SELECT" => self.link_db = parse_i64(&args[1]).unwrap() as u32,
            b"MULTI" => self.transaction = Some(Data::new()),
            b"EXEC" => {
                let queued = self.transaction.take().expect("EXEC ends a transaction");
                self.data.extend(queued);
            }
            b"W" => {
                let write = (self.link_db, parse_i64(&args[1]).unwrap() as u64);
                self.transaction.as_mut().unwrap_or(&mut self.data).push(write);
            }
            b"ping" => {}
            b"REPLCONF" => self.repl.following_mut().expect("the link is up").ack(),
            other => panic!("unknown command in the stream: {}", other.escape_ascii()),
        }
    }

    // ---- what must hold -----------------------------------------------------------------------------------------

    pub fn arrived_at(&self, leader: &Node) -> bool {
        let (ours, theirs) = (&self.repl.primary.history, &leader.repl.primary.history);
        // The newest keepalives may be unconfirmed: one comes each second.
        let acked = self.repl.primary.replicas().iter().all(|r| r.ack_offset + 64 >= ours.offset);
        !self.repl.link_is_down() && ours.replid == theirs.replid && ours.offset == theirs.offset && acked
    }

    pub fn assert_equal_to(&self, leader: &Node, what: &str) {
        let same = self.data.iter().zip(&leader.data).take_while(|(a, b)| a == b).count();
        assert!(
            self.data == leader.data,
            "{what}: node{} has other data than node{} from write {same} on: {:?} and {:?}",
            self.me,
            leader.me,
            self.data.get(same),
            leader.data.get(same)
        );
        let (Some(ours), Some(theirs)) = (self.repl.primary.backlog(), leader.repl.primary.backlog()) else {
            return;
        };
        let first = ours.window().first.max(theirs.window().first);
        assert_eq!(ours.window().end, theirs.window().end, "{what}");
        assert!(ours.read(first, usize::MAX) == theirs.read(first, usize::MAX), "{what}: backlogs are equal");
    }

    pub fn describe(&self) -> String {
        let history = &self.repl.primary.history;
        format!(
            "node{}: {} of {:?}, id {} offset {}, {} writes, link {}, replicas {:?}",
            self.me,
            if self.is_primary() { "primary" } else { "replica" },
            self.repl.following().map(|f| f.port),
            history.replid,
            history.offset,
            self.data.len(),
            self.repl.link_state(),
            self.repl.primary.replicas().iter().map(|r| (r.id, &r.state, r.ack_offset)).collect::<Vec<_>>(),
        )
    }
}

/// The machines name a connection as the server does.
fn client_id(conn: u64) -> ClientId {
    ClientId { number: conn, slot: 0 }
}

fn parse_i64(digits: &[u8]) -> Option<i64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// One write as a command: `W <number> <padding>`.
fn encode(number: u64, size: usize) -> Vec<u8> {
    let digits = number.to_string();
    let mut out = format!("*3\r\n$1\r\nW\r\n${}\r\n{digits}\r\n${size}\r\n", digits.len()).into_bytes();
    out.resize(out.len() + size, b'x');
    out.extend_from_slice(b"\r\n");
    out
}

fn encode_snapshot(data: &Data, db: u32) -> Vec<u8> {
    let mut out = db.to_le_bytes().to_vec();
    for (db, number) in data {
        out.extend_from_slice(&db.to_le_bytes());
        out.extend_from_slice(&number.to_le_bytes());
    }
    out
}

fn decode_snapshot(bytes: &[u8]) -> (Data, u32) {
    let (db, rows) = bytes.split_at(4);
    assert_eq!(rows.len() % 12, 0, "a snapshot comes whole");
    let data = rows
        .chunks_exact(12)
        .map(|row| {
            let (db, number) = row.split_at(4);
            (u32::from_le_bytes(db.try_into().unwrap()), u64::from_le_bytes(number.try_into().unwrap()))
        })
        .collect();
    (data, u32::from_le_bytes(db.try_into().unwrap()))
}
