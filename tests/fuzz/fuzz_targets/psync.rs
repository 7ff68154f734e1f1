//! What replicas say to us, whatever it is and whenever it comes. A line each:
//!
//! ```text
//! 0 REPLCONF capa eof      connection 0 (to 3) says so; `@` stands for our id, `$` for the next byte of the stream
//! w text     a write      t     a second passes          s     sockets take a part of what is theirs
//! a          sockets take all                            x..   a connection goes: as many as there are letters
//! e, f       the child ends well, or fails               r, n  we become a replica, a primary again
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use oxidis::client::ClientId;
use oxidis::protocol::inline::split_words;
use oxidis::repl::id::ReplId;
use oxidis::repl::primary::full_sync::SnapshotEnd;
use oxidis::repl::primary::psync::{SyncOutcome, SyncRequest};
use oxidis::repl::primary::{Action, Child, Config, Outgoing, SnapshotKind};
use oxidis::repl::replica;
use oxidis::repl::role::Replication;
use oxidis::util::log::{Level, set_level};

const CONNECTIONS: u64 = 4;

struct Server {
    repl: Replication,
    child: Option<SnapshotKind>,
    now: u64,
}

fn client(number: u64) -> ClientId {
    ClientId { number, slot: 0 }
}

impl Server {
    fn new(diskless: bool) -> Server {
        let mut made = 0;
        let new_id = move || {
            made += 1;
            ReplId::from_random([made; 20])
        };
        let config = Config { backlog_size: 4096, diskless, diskless_delay_s: 1, ..Config::default() };
        Server { repl: Replication::new(config, Box::new(new_id), 0), child: None, now: 0 }
    }

    fn child(&self) -> Child {
        match self.child {
            None => Child::None,
            Some(SnapshotKind::Disk) => Child::RdbToDisk,
            Some(SnapshotKind::Socket) => Child::RdbToSockets,
        }
    }

    fn says(&mut self, id: ClientId, line: &[u8]) {
        let Some(words) = split_words(line) else { return };
        let history = &self.repl.primary.history;
        let next = (history.offset + 1).to_string();
        let replid = history.replid;
        let meant = |word: &'_ [u8]| match word {
            b"@" => replid.as_bytes().to_vec(),
            b"$" => next.as_bytes().to_vec(),
            other => other.to_vec(),
        };
        let words: Vec<Vec<u8>> = words.as_args().iter().map(meant).collect();
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let Some((name, args)) = words.split_first() else { return };
        if name.eq_ignore_ascii_case(b"REPLCONF") {
            self.repl.primary.replconf(id, args.iter().copied(), self.now);
        } else if name.eq_ignore_ascii_case(b"PSYNC") && args.len() >= 2 {
            self.sync(id, Some((args[0], args[1])));
        } else if name.eq_ignore_ascii_case(b"SYNC") {
            self.sync(id, None);
        }
    }

    fn sync(&mut self, id: ClientId, psync: Option<(&[u8], &[u8])>) {
        let request = SyncRequest {
            id,
            peer_ip: Some("10.0.0.9"),
            psync,
            has_pending_replies: false,
            link_is_down: self.repl.link_is_down(),
            failing_over: false,
            child: self.child(),
            now: self.now,
        };
        let was_one = self.repl.primary.is_replica(id);
        let outcome = self.repl.primary.sync(&request);
        assert_eq!(was_one, outcome == SyncOutcome::Ignored);
        assert_eq!(self.repl.primary.is_replica(id), !matches!(outcome, SyncOutcome::Refused(_)));
    }

    /// Every socket takes a part, or all, of what is its own.
    fn send(&mut self, part: usize) {
        for id in (0..CONNECTIONS).map(client) {
            let n = match self.repl.primary.outgoing(id) {
                Outgoing::Nothing => continue,
                Outgoing::Bytes(bytes) => bytes.len(),
                Outgoing::File { len, .. } => len as usize,
            };
            self.repl.primary.sent(id, n.min(part), self.now);
        }
    }

    fn child_ends(&mut self, well: bool) {
        let end = match (self.child, well) {
            (None, _) => return,
            (Some(_), false) => SnapshotEnd::Failed,
            (Some(SnapshotKind::Disk), true) => SnapshotEnd::File { size: 40 },
            (Some(SnapshotKind::Socket), true) => {
                if self.repl.primary.wants_chunk() {
                    self.repl.primary.stream_chunk(b"snapshot".to_vec(), self.now);
                    self.send(usize::MAX);
                }
                if self.repl.primary.wants_chunk() {
                    self.repl.primary.stream_ended();
                }
                SnapshotEnd::Streamed
            }
        };
        self.act();
        if self.child.take().is_some() {
            self.repl.primary.snapshot_ended(&end, self.now);
        }
    }

    fn act(&mut self) {
        loop {
            let actions = self.repl.primary.take_actions();
            self.repl.take_link_actions();
            self.repl.take_log();
            if actions.is_empty() {
                return;
            }
            for action in actions {
                match action {
                    Action::StartSnapshot { kind, filter } => {
                        // The file that is written is the server's dump: it must have everything.
                        assert!(kind == SnapshotKind::Socket || !filter.is_partial(), "{filter:?} to disk");
                        if self.child.is_some() {
                            self.repl.primary.snapshot_refused();
                        } else {
                            self.child = Some(kind);
                            self.repl.primary.snapshot_started(kind, filter);
                        }
                    }
                    Action::KillSnapshot => {
                        if self.child.take().is_some() {
                            self.repl.primary.snapshot_ended(&SnapshotEnd::Failed, self.now);
                        }
                    }
                    Action::ReleaseSnapshot => {}
                    Action::Close(id) | Action::CloseOverLimit(id) | Action::CloseAfterHead(id) => {
                        self.repl.primary.detach(id, false, self.now);
                    }
                }
            }
        }
    }

    fn role(&mut self, op: u8) {
        match op {
            b'r' => {
                let config = replica::Config { timeout_s: 5, ..replica::Config::default() };
                self.repl.replicaof("primary", 1, config, self.now);
            }
            b'n' => _ = self.repl.promote(self.now),
            _ => {}
        }
    }

    fn check(&self) {
        let primary = &self.repl.primary;
        let Some(window) = primary.window() else { return };
        assert!(window.first <= window.end && window.end == primary.history.offset + 1);
        for replica in primary.replicas() {
            if let Some(cursor) = replica.state.cursor() {
                assert!(window.first <= cursor && cursor <= window.end, "{cursor} is outside {window:?}");
            }
            replica.lag_s(self.now);
            replica.shown_ip();
        }
        assert!(primary.shown_window().is_some());
        primary.count_acks(primary.history.offset);
        primary.enough_good_replicas(self.now);
        self.repl.snapshot_stream_db();
    }
}

fuzz_target!(init: set_level(Level::Warning), |data: &[u8]| {
    let mut server = Server::new(data.len() % 2 == 0);
    for line in data.split(|byte| *byte == b'\n') {
        let Some((op, rest)) = line.split_first() else { continue };
        match op {
            b'0'..=b'3' => server.says(client(u64::from(op - b'0')), rest),
            b'w' => server.repl.primary.feed_command(0, [b"SET".as_slice(), b"key", rest].into_iter()),
            b't' => {
                server.now += 1000;
                server.repl.cron(server.now);
                server.repl.primary.start_pending(server.child(), server.now);
            }
            b's' => server.send(1 + rest.len() * 7),
            b'a' => server.send(usize::MAX),
            b'e' | b'f' => server.child_ends(*op == b'e'),
            b'x' => server.repl.primary.detach(client(rest.len() as u64 % CONNECTIONS), false, server.now),
            op => server.role(*op),
        }
        server.act();
        server.check();
    }
});
