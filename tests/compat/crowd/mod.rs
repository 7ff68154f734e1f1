//! A crowd on each of the two servers: clients of both protocols, of several users and databases, who come and go, and whose
//! transactions, subscriptions, caches, waits and views of the server get mixed up at random. What each of them is sent after
//! each line, what operators see after an episode and what replicas were sent meanwhile must be the same.
//!
//! ```text
//! a GET k1;SET k2 v    client a sends both at once; it connects first if it has gone
//! a-                   client a goes away
//! =                    until the end of a pause of everything
//! @b &b                the number, the address of client b
//! ```
//!
//! `draw` makes the lines, `side` plays them, `same` takes away what must differ. An episode whose outcomes differ is
//! played again and again without some of its lines, and what is left of it is shown.
//!
//! ```sh
//! OXIDIS_TEST_STEPS=50000 OXIDIS_TEST_SEED=7 cargo test --release --test compat crowd
//! ```

mod draw;
mod same;
mod side;

use crate::harness::value::show;
use crate::harness::{Value, seeds, steps};
use crate::stream;
use draw::Crowd;
use same::replies;
use side::Side;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Lines until all is compared and everybody begins anew.
const EPISODE: usize = 250;
const STEPS: usize = 5000;
/// So many episodes that differ are shown.
const DIFFERENT_MAX: usize = 5;

/// How long what one of them has said may be on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

/// Words that cause something a few milliseconds later.
pub const BRIEF: &[&str] = &[" PX 1", "PEXPIRE", " 0.001", "BLOCK 1 ", "WAIT 1 1"];

struct World {
    sides: [Side; 2],
    /// Who has said what will take effect soon, but perhaps not now; and whether it waits for EXEC.
    brief: BTreeMap<String, bool>,
    patience: Duration,
    /// Somebody has set the figures back: whether the errors of our own waiting were before or behind that is chance.
    set_back: bool,
}

#[derive(Default)]
struct Heard {
    answered: bool,
    queued: bool,
    gone: Vec<String>,
}

impl World {
    fn line(&mut self, line: &str) -> Result<Heard, String> {
        self.set_back |= line.contains("RESETSTAT");
        for side in &mut self.sides {
            side.send(line);
        }
        for side in &mut self.sides {
            side.wait();
        }
        let who = line.split([' ', '-']).next().unwrap_or_default();
        if BRIEF.iter().any(|words| line.contains(words)) {
            self.brief.entry(who.to_owned()).or_default();
        }
        // What follows a short wait may itself be short.
        let said = BRIEF.iter().map(|words| line.matches(words).count()).sum::<usize>();
        for _ in 0..said.max(usize::from(!self.brief.is_empty())) {
            for side in &mut self.sides {
                side.pass();
                side.wait();
            }
        }
        let heard = self.compare(who).map_err(|how| format!("after {line}: {how}"))?;
        if let Some(waits) = self.brief.get_mut(who) {
            *waits |= heard.queued;
            let over = ["EXEC", "DISCARD", "RESET"].iter().any(|word| line.contains(word));
            if heard.answered && (over || !*waits) {
                self.brief.remove(who);
            }
        }
        self.brief.retain(|name, _| !heard.gone.contains(name) && line.strip_suffix('-') != Some(name));
        Ok(heard)
    }

    /// Whether everybody was sent the same.
    fn compare(&mut self, who: &str) -> Result<Heard, String> {
        let until = Instant::now() + self.patience;
        while let Some(how) = self.difference() {
            if Instant::now() > until {
                return Err(how);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut heard = Heard::default();
        for side in &mut self.sides {
            let said = side.talkers.get(who).map(|talker| talker.said.as_slice());
            heard.answered = said.is_none_or(|said| !said.is_empty());
            heard.queued = said.is_some_and(|said| said.windows(7).any(|word| word == b"+QUEUED"));
            heard.gone =
                side.talkers.iter().filter(|(_, t)| t.closed).map(|(name, _)| name.clone()).collect();
            side.talkers.retain(|_, talker| !talker.closed);
            for talker in side.talkers.values_mut() {
                talker.said.clear();
            }
        }
        Ok(heard)
    }

    fn difference(&mut self) -> Option<String> {
        for side in &mut self.sides {
            side.read();
        }
        let [ours, real] = &self.sides;
        for (name, a) in &ours.talkers {
            let b = &real.talkers[name];
            if a.closed == b.closed
                && (a.said == b.said || replies(&a.said, &ours.ports) == replies(&b.said, &real.ports))
            {
                continue;
            }
            let closed = |closed| if closed { " and is closed" } else { "" };
            let [ours, real] = [(a, &ours.ports), (b, &real.ports)].map(|(talker, ports)| {
                format!(
                    "{:?}{}\n       {}",
                    replies(&talker.said, ports).0,
                    closed(talker.closed),
                    show(&talker.said)
                )
            });
            return Some(format!("{name} is told\n  ours {ours}\n  real {real}"));
        }
        None
    }

    fn end(&mut self) -> Result<usize, String> {
        for side in &mut self.sides {
            side.go_on();
            side.pass();
            side.wait();
        }
        self.compare("").map_err(|how| format!("at the end {how}"))?;
        let errors = !self.set_back && !self.sides.iter().any(|side| side.cut_off);
        let [(ours, our_stream), (real, their_stream)] = self.sides.each_mut().map(|side| side.views(errors));
        for ((what, a), (_, b)) in ours.into_iter().zip(real) {
            if a != b {
                return Err(format!("at the end {what}{}", parted(&a, &b)));
            }
        }
        match stream::differences(&our_stream, &their_stream) {
            Some(how) => Err(format!("replicas are sent\n{how}")),
            None => Ok(their_stream.len()),
        }
    }

    fn clean(&mut self) {
        self.brief.clear();
        self.set_back = false;
        for side in &mut self.sides {
            side.clean();
            side.cut_off = false;
        }
    }

    /// Plays lines that were drawn before.
    fn play(&mut self, lines: &[String]) -> Result<usize, String> {
        self.clean();
        for line in lines {
            self.line(line)?;
        }
        self.end()
    }

    /// Fewer lines whose outcomes differ in the same place.
    fn shrunk(&mut self, mut lines: Vec<String>, how: &str) -> Vec<String> {
        self.patience = Duration::from_millis(50);
        let mut piece = lines.len() / 2;
        while piece > 0 {
            let mut at = 0;
            while at < lines.len() {
                let rest = [&lines[..at], &lines[(at + piece).min(lines.len())..]].concat();
                if self.play(&rest).is_err_and(|other| other.lines().next() == how.lines().next()) {
                    lines = rest;
                } else {
                    at += piece;
                }
            }
            piece /= 2;
        }
        lines
    }
}

/// The lines, or elements, that only one of them has.
fn parted(ours: &Value, real: &Value) -> String {
    let pieces = |value: &Value| match value {
        Value::Array(items) | Value::Map(items) => items.iter().map(|item| format!("{item:?}")).collect(),
        other => other.text().lines().map(str::to_owned).collect::<Vec<_>>(),
    };
    let (ours, real) = (pieces(ours), pieces(real));
    let only = |of: &[String], other: &[String]| {
        of.iter().filter(|line| !other.contains(line)).cloned().collect::<Vec<_>>().join("\n       ")
    };
    format!("\n  ours {}\n  real {}", only(&ours, &real), only(&real, &ours))
}

#[test]
fn everybody_in_a_crowd_is_told_what_redis_tells_them() {
    for seed in seeds(&[1]) {
        let mut world =
            World { sides: Side::both(), brief: BTreeMap::new(), patience: ON_ITS_WAY, set_back: false };
        let steps = steps(STEPS);
        let (mut answered, mut sent, mut different) = (0, 0, Vec::new());
        for episode in 0..steps.div_ceil(EPISODE) {
            let mut crowd = Crowd::new(seed * 1_000_003 + episode as u64);
            let mut lines = Vec::new();
            world.clean();
            let outcome = (0..EPISODE)
                .try_for_each(|_| {
                    let line = crowd.line();
                    lines.push(line.clone());
                    let heard = world.line(&line)?;
                    answered += usize::from(heard.answered);
                    crowd.learn(&line, heard.answered, &heard.gone);
                    Ok(())
                })
                .and_then(|()| world.end());
            match outcome {
                Ok(commands) => sent += commands,
                Err(how) => {
                    let last = lines[lines.len().saturating_sub(30)..].join("\n  ");
                    let few = world.shrunk(lines, &how);
                    let again = world.play(&few).err().unwrap_or_else(|| "not again".into());
                    world.patience = ON_ITS_WAY;
                    let few = few.join("\n  ");
                    different.push(format!(
                        "episode {episode}, {how}\nthe last lines\n  {last}\nof these enough are\n  {few}\n{again}"
                    ));
                    if different.len() == DIFFERENT_MAX {
                        break;
                    }
                }
            }
        }
        println!("seed {seed}: {steps} lines, {answered} answered, {sent} commands sent to replicas");
        assert!(
            different.is_empty(),
            "seed {seed}: {} episodes differ\n{}",
            different.len(),
            different.join("\n\n")
        );
        assert!(
            answered > steps / 2 && sent > steps / 10,
            "seed {seed}: {answered} of {steps} lines answered, {sent} commands sent"
        );
    }
}

/// Who ends itself amid EXEC gets nothing behind that, and with its replies off is still there until it is sent a message.
const ENDS: &[&str] = &[
    "a MULTI;SET k1 1;CLIENT KILL ID @a SKIPME no;GET k1;SUBSCRIBE c1;CLIENT LIST;NOSUCH;EXEC;PING",
    "a HELLO 3;MULTI;CLIENT KILL ID @a SKIPME no;HGETALL k2;HELLO 2;PUBLISH c1 v;EXEC;PING",
    "a MULTI;CLIENT KILL &a;CLIENT REPLY ON;SET k1 2;INCR k1;EXEC;PING",
    "a CLIENT REPLY OFF;MULTI;CLIENT KILL ID @a SKIPME no;CLIENT REPLY ON;PING;SUBSCRIBE c1;EXEC",
    "a HELLO 3;SUBSCRIBE c1;MULTI;CLIENT KILL ID @a SKIPME no;PUBLISH c1 v;UNSUBSCRIBE c1;EXEC;PING",
    "a HELLO 3;CLIENT TRACKING on;GET k1;MULTI;CLIENT KILL ID @a SKIPME no;SET k1 3;FLUSHALL;EXEC;PING",
    "a CLIENT KILL ID @a SKIPME no;PING",
    "a AUTH u1 x;MULTI;ACL DELUSER u1;PING;ACL WHOAMI;EXEC;PING",
    "a CLIENT REPLY OFF;QUIT;PING",
    "b CLIENT LIST",
    "a PING",
    "a-",
    "a SUBSCRIBE c1;HELLO 3;CLIENT REPLY OFF;QUIT;PING",
    "a HELLO 3;SUBSCRIBE c1;CLIENT REPLY OFF;QUIT;PING",
    "b CLIENT LIST",
    "b PUBLISH c1 v",
    "b PUBLISH c1 v",
    "a HELLO 3;SUBSCRIBE c1 c2;CLIENT REPLY SKIP;QUIT;PING",
    "b SPUBLISH c1 v",
    "b MULTI;PUBLISH c1 v;PUBLISH c2 v;EXEC",
    "a HELLO 3;CLIENT TRACKING on;GET k1;CLIENT REPLY OFF;QUIT",
    "b SET k2 1",
    "b SET k1 1",
    "a HELLO 3;CLIENT TRACKING on;GET k1;CLIENT REPLY OFF;CLIENT KILL ID @a SKIPME no",
    "b SET k1 1",
    "b CLIENT LIST",
];

/// What crowds have found once.
const FOUND: &[&str] = &[
    // An error that no command has taken for its own is EXEC's.
    "a MULTI;SET k1 1;ACL SETUSER u2 on >x +@all ~k* &c*;AUTH u2 x;GET k1;SET j 1;EXEC",
    "a MULTI;SET j 1;SET k1 1;EXEC",
    // A key is new behind the value that it did not have before.
    "b HELLO 3;SUBSCRIBE __keyspace@0__:k3;CONFIG SET notify-keyspace-events KEAmn",
    "b SET k3 1 GET;SET k3 2 GET;DEL k3;GETSET k3 1;GETSET k3 2;GETDEL k3",
    "b MULTI;SET k3 1 GET;DEL k3;GETSET k3 1;EXEC",
    "b RESET",
    // Who waited and got something has not changed the key, but with some commands.
    "c HELLO 3;CLIENT TRACKING on BCAST NOLOOP",
    "c BLPOP k2 0",
    "a RPUSH k2 1",
    "c BRPOP k2 0",
    "a RPUSH k2 1 2",
    "c BLMPOP 0 1 k2 LEFT",
    "a RPUSH k2 1",
    "c DEL k2;BLMOVE k2 k3 LEFT LEFT 0",
    "a RPUSH k2 1",
    "c BRPOPLPUSH k2 k2 0",
    "a RPUSH k2 1",
    "c DEL k2;BZPOPMIN k2 0",
    "a ZADD k2 1 m 2 n",
    // What is skipped may be said later.
    "d CLIENT REPLY SKIP;WAIT 1 1",
    "d CLIENT REPLY SKIP;BLPOP k1 k11 0.001",
    "d PING",
    "d CLIENT REPLY SKIP;WAIT 5 0",
    "a CLIENT UNBLOCK @d ERROR",
    "d PING",
];

#[test]
fn what_crowds_found_once_is_as_in_redis() {
    let mut world =
        World { sides: Side::both(), brief: BTreeMap::new(), patience: ON_ITS_WAY, set_back: false };
    world.clean();
    for line in FOUND {
        world.line(line).unwrap_or_else(|how| panic!("{how}"));
    }
    world.end().unwrap_or_else(|how| panic!("{how}"));
}

#[test]
fn who_ends_itself_gets_nothing_behind_that() {
    let mut world =
        World { sides: Side::both(), brief: BTreeMap::new(), patience: ON_ITS_WAY, set_back: false };
    world.clean();
    world.line("z ACL SETUSER u1 on >x +@all ~* &*").expect("the same");
    for line in ENDS {
        world.line(line).unwrap_or_else(|how| panic!("{how}"));
    }
    world.end().unwrap_or_else(|how| panic!("{how}"));
}
