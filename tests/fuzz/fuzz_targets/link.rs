//! What a primary says to us: the handshake, the answer to PSYNC, the snapshot's frame and the snapshot, the stream. The
//! first byte says whether we have something to go on from, the second how the bytes are cut into reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oxidis::commands::TABLE;
use oxidis::commands::testing::{Bench, NOW};
use oxidis::persist::load::{Loading, Progress};
use oxidis::persist::rdb::load::{Duplicates, LoadOptions, Target};
use oxidis::protocol::parser::{Limits, Parser, Step};
use oxidis::repl::id::ReplId;
use oxidis::repl::primary::Config;
use oxidis::repl::replica::{self, Action, Event};
use oxidis::repl::role::Replication;
use oxidis::server::command::Run;
use oxidis::util::log::{Level, set_level};
use std::time::Duration;

const LIMITS: Limits = Limits { bulk_max: None, unauthenticated: false };
const OPTIONS: LoadOptions =
    LoadOptions { checksum: false, drop_expired: false, now_ms: NOW, duplicates: Duplicates::Refuse };
const LONG: Duration = Duration::from_secs(600);
/// Whom the primary believes it has: its own data can be as large as it likes.
const GROWS: &[&[u8]] =
    &[b"SETRANGE", b"SETBIT", b"BITFIELD", b"SRANDMEMBER", b"HRANDFIELD", b"ZRANDMEMBER", b"LCS"];

struct Node {
    repl: Replication,
    bench: Bench,
    loading: Option<Loading>,
    loaded_db: Option<u32>,
    stream: Vec<u8>,
    parser: Parser,
    db: u32,
    in_multi: bool,
    now: u64,
    links: u32,
}

impl Node {
    fn new(goes_on: bool) -> Node {
        let mut made = 0;
        let new_id = move || {
            made += 1;
            ReplId::from_random([made; 20])
        };
        let mut repl = Replication::new(Config::default(), Box::new(new_id), 0);
        let config = replica::Config {
            auth: Some(b"secret".to_vec()),
            listening_port: 7000,
            timeout_s: 5,
            ..replica::Config::default()
        };
        repl.start_as_replica("primary", 1, config);
        repl.restored(goes_on.then(|| (ReplId::from_random([0xaa; 20]), 1000, 0)));
        Node {
            repl,
            bench: Bench::new(),
            loading: None,
            loaded_db: None,
            stream: Vec::new(),
            parser: Parser::default(),
            db: 0,
            in_multi: false,
            now: 0,
            links: 0,
        }
    }

    /// Does what the machine asks for: a connection is there at once.
    fn act(&mut self) {
        self.now += 1;
        loop {
            self.repl.primary.take_actions();
            self.repl.take_log();
            let actions = self.repl.take_link_actions();
            if actions.is_empty() {
                return;
            }
            for action in actions {
                let follower = self.repl.following_mut().expect("it stays a replica");
                match action {
                    Action::Close => {
                        (self.loading, self.loaded_db, self.in_multi) = (None, None, false);
                        (self.stream, self.parser) = (Vec::new(), Parser::default());
                    }
                    Action::Connect { .. } => {
                        self.links += 1;
                        follower.connecting(self.now);
                        follower.connected(self.now);
                    }
                }
            }
        }
    }

    fn hears(&mut self, bytes: &[u8]) {
        let mut at = 0;
        loop {
            let follower = self.repl.following_mut().expect("it stays a replica");
            let n = follower.outgoing().len();
            follower.sent(n);
            let (used, event) = follower.feed(&bytes[at..], self.now);
            at += used;
            match event {
                Event::Taken | Event::FullSync => {}
                Event::More | Event::Wait | Event::Closed => break,
                Event::SnapshotBegins { size } => {
                    self.repl.attach_to_new_primary();
                    self.bench.ks.flush_all();
                    // Room is made for what is announced: here as if it were for what there is.
                    let size = size.map(|size| size.min(1 << 16));
                    self.loading = Some(Loading::stream(OPTIONS, size.or(Some(1 << 12))));
                }
                Event::Snapshot(bytes) => {
                    let bytes = bytes.to_vec();
                    self.load(&bytes);
                }
                Event::SnapshotComplete => self.loaded(),
                Event::Continued { new_replid } => {
                    self.repl.continued(new_replid).expect("there is memory for a backlog");
                    self.db = self.repl.following().and_then(|f| f.stream()).expect("it is up").db;
                }
                Event::Stream(bytes) => {
                    self.stream.extend_from_slice(bytes);
                    self.execute();
                }
            }
        }
    }

    fn load(&mut self, bytes: &[u8]) {
        if self.loaded_db.is_some() {
            return self.fail("behind the snapshot");
        }
        let Some(loading) = &mut self.loading else { return };
        loading.feed(bytes);
        let mut target = Target { keyspace: &mut self.bench.ks, on_expired: &mut |_, _| {} };
        match loading.load_slice(&mut target, LONG) {
            Ok(Progress::Done(loaded)) => {
                let db = loaded.repl.stream_db.and_then(|db| u32::try_from(db).ok()).unwrap_or(0);
                self.loaded_db = Some(db);
            }
            Ok(_) => {}
            Err(error) => self.fail(&error.to_string()),
        }
    }

    fn fail(&mut self, reason: &str) {
        self.bench.ks.flush_all();
        self.loading = None;
        self.repl.following_mut().expect("it stays a replica").abort_transfer(reason);
    }

    fn loaded(&mut self) {
        if self.loading.is_none() {
            return;
        }
        match self.loaded_db.take() {
            Some(db) => {
                self.loading = None;
                self.repl.loaded(db, self.now).expect("there is memory for a backlog");
                self.db = db;
            }
            None => self.fail("it is too short"),
        }
    }

    fn execute(&mut self) {
        let mut buffer = std::mem::take(&mut self.stream);
        let mut parser = std::mem::take(&mut self.parser);
        let mut done = 0;
        loop {
            let words = match parser.step(&buffer, LIMITS) {
                Ok(Step::NeedMore) => break,
                Ok(Step::Command) => parser.args(&buffer).iter().map(<[u8]>::to_vec).collect(),
                Ok(Step::Inline(words)) => words.as_args().iter().map(<[u8]>::to_vec).collect(),
                Ok(Step::Empty { .. }) => Vec::new(),
                Err(_) => {
                    return self.repl.following_mut().expect("it stays a replica").lose_corrupt(self.now);
                }
            };
            let end = parser.consumed();
            self.command(&words);
            self.repl.command_done(&buffer[done..end], self.in_multi, self.db);
            done = end;
        }
        parser.shift(done);
        buffer.drain(..done);
        (self.stream, self.parser) = (buffer, parser);
    }

    fn command(&mut self, words: &[Vec<u8>]) {
        let Some(name) = words.first() else { return };
        match name.to_ascii_uppercase().as_slice() {
            b"MULTI" => self.in_multi = true,
            b"EXEC" => self.in_multi = false,
            b"REPLCONF" => self.repl.following_mut().expect("it stays a replica").ack(),
            b"SELECT" => {
                let db = words.get(1).and_then(|db| std::str::from_utf8(db).ok()?.parse().ok());
                self.db = db.filter(|db| *db < 16).unwrap_or(self.db);
            }
            upper if GROWS.contains(&upper) => {}
            upper => {
                let is_it = |known: &str| known.as_bytes().eq_ignore_ascii_case(upper);
                let command = TABLE.iter().find(|command| is_it(command.name));
                let Some(command) = command.filter(|c| c.subcommands.is_empty()) else { return };
                if matches!(command.run, Run::Data(_)) && command.accepts(words.len()) && self.db < 16 {
                    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
                    self.bench.db = self.db as usize;
                    self.bench.must_obey = true;
                    self.bench.run_parts(&words);
                }
            }
        }
    }
}

fuzz_target!(init: set_level(Level::Warning), |data: &[u8]| {
    let [first, second, data @ ..] = data else { return };
    let mut node = Node::new(first % 2 == 1);
    node.repl.cron(node.now);
    node.act();
    for piece in data.chunks(1 + usize::from(*second) * usize::from(*second)) {
        node.hears(piece);
        node.act();
        if node.links > 8 {
            break;
        }
    }
    // The end of the connection, wherever it was.
    node.repl.following_mut().expect("it stays a replica").closed(None, node.now);
    node.act();
    node.repl.cron(node.now + 100_000);
    node.act();
    node.repl.promote(node.now);
});
