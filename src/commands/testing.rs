//! A bare keyspace and what a data command needs besides, for unit tests.

use super::TABLE;
use crate::config::{Config, NotifyFlags};
use crate::keyspace::effects::Propagate;
use crate::keyspace::{ExpiryMode, Keyspace};
use crate::net::kept::Kept;
use crate::protocol::Reply;
use crate::protocol::args::OwnedArgs;
use crate::protocol::reply::Resp;
use crate::server::command::{Blocking, Command, Exec, Run};
use crate::util::clock::Clock;
use crate::util::rng::Rng;

/// The moment at which a bench begins, ms since 1970.
pub const NOW: i64 = 1_700_000_000_000;

/// A keyspace with one client.
pub struct Bench {
    pub ks: Keyspace,
    pub config: Config,
    pub db: usize,
    pub now_ms: i64,
    pub mode: ExpiryMode,
    pub resp: Resp,
    pub must_obey: bool,
    clock: Clock,
    rng: Rng,
    pub links: Kept,
}

/// What came of one command.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The reply as it goes out, escaped.
    pub reply: String,
    /// What is propagated, a command each: keys that expired first; empty when the keyspace is not dirty.
    pub propagated: Vec<String>,
    /// Keyspace events: `hset key`.
    pub events: Vec<String>,
    /// How much dirtier the keyspace is.
    pub dirty: u64,
}

impl Default for Bench {
    fn default() -> Self {
        Bench {
            ks: Keyspace::with_seeds(16, [1, 2, 3, 4]),
            config: Config::default(),
            db: 0,
            now_ms: NOW,
            mode: ExpiryMode::Delete,
            resp: Resp::V2,
            must_obey: false,
            clock: Clock::new(),
            rng: Rng::seeded(1),
            links: Kept::default(),
        }
    }
}

impl Bench {
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a command of words without spaces.
    pub fn run(&mut self, line: &str) -> Outcome {
        let parts: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        self.run_parts(&parts)
    }

    /// Runs commands of which only the last one's outcome matters.
    pub fn run_all(&mut self, lines: &[&str]) -> Outcome {
        lines.iter().map(|line| self.run(line)).last().expect("there is a last line")
    }

    pub fn run_parts(&mut self, parts: &[&[u8]]) -> Outcome {
        let args = OwnedArgs::from_parts(parts);
        let command = find(&args);
        assert!(command.accepts(parts.len()), "wrong arity");
        let Run::Data(handler) = command.run else { panic!("{} is no data command", command.name) };
        let mut reply = Reply::new();
        reply.set_resp(self.resp);
        self.ks.effects.reset();
        self.ks.effects.notify = NotifyFlags::ALL - NotifyFlags::EXPIRED;
        self.ks.begin(self.now_ms, self.mode, true);
        let done = handler(&mut Exec {
            args: args.as_args(),
            command,
            db: self.db,
            ks: &mut self.ks,
            reply: &mut reply,
            config: &self.config,
            clock: &self.clock,
            rng: &mut self.rng,
            redacted: &mut Vec::new(),
            must_obey: self.must_obey,
            reads_every_key: true,
            skip_checksum: false,
            links: &mut self.links,
            blocking: Blocking::default(),
        });
        if let Err(error) = done {
            assert!(reply.is_empty(), "an error is the whole reply");
            reply.error(&error);
        }
        let effects = &self.ks.effects;
        let mut propagated: Vec<String> =
            effects.expired.iter().map(|(db, key)| format!("expired {db} {}", key.escape_ascii())).collect();
        propagated.extend(effects.gone_fields.iter().map(|gone| {
            format!("gone {} {} {}", gone.db, gone.key.escape_ascii(), gone.field.escape_ascii())
        }));
        let show = |parts: Vec<&[u8]>| {
            parts.into_iter().map(|part| part.escape_ascii().to_string()).collect::<Vec<_>>().join(" ")
        };
        match &effects.propagate {
            Propagate::Always => propagated.push(show(parts.to_vec())),
            _ if effects.dirty == 0 => {}
            Propagate::AsSent => propagated.push(show(parts.to_vec())),
            Propagate::Never => {}
            Propagate::Instead(commands) => {
                propagated.extend(commands.iter().map(|c| show(c.as_args().iter().collect())));
            }
        }
        let events = effects.events.iter().map(|e| format!("{} {}", e.name, e.key.escape_ascii())).collect();
        Outcome { events, reply: reply.to_vec().escape_ascii().to_string(), propagated, dirty: effects.dirty }
    }

    /// The reply alone.
    pub fn reply(&mut self, line: &str) -> String {
        self.run(line).reply
    }

    /// What is propagated alone.
    pub fn propagated(&mut self, line: &str) -> Vec<String> {
        self.run(line).propagated
    }
}

fn find(args: &OwnedArgs) -> &'static Command {
    let args = args.as_args();
    let command = TABLE.iter().find(|c| args.is(0, c.name)).expect("a known command");
    command.subcommands.iter().find(|c| args.is(1, c.name)).unwrap_or(command)
}
