//! Client-side caching: sessions of several clients with both servers. What each client is sent, answers and invalidations,
//! must be the same.
//!
//! ```text
//! a GET k            client a sends this, and everybody's inbox is looked at
//! a MULTI;GET k;EXEC client a sends all of these at once
//! b-                 client b goes away; named again, it is another one
//! @b                 the number of client b
//! ```
//!
//! Behind each line everybody sends a PING of its own, and what comes before the answer to it belongs to the line.

use crate::harness::client::encode;
use crate::harness::value::show;
use crate::harness::{Client, PATIENCE, Program, Rng, Server, Value, seeds, wait_for, wait_in_sync};
use std::collections::BTreeMap;

struct Side {
    server: Server,
    marks: u32,
}

struct Talker {
    client: Client,
    number: i64,
}

impl Side {
    fn start(program: Program) -> Side {
        let server = Server::start(program, &[]);
        server.ok("DEBUG SET-ACTIVE-EXPIRE 0");
        Side { server, marks: 0 }
    }

    fn connect(&self) -> Talker {
        let mut client = self.server.client();
        let number = client.cmd("CLIENT ID").int();
        Talker { client, number }
    }

    /// Everything up to the answer to a PING that is sent behind it.
    fn inbox(&mut self, talker: &mut Talker, commands: &[u8]) -> Vec<Vec<u8>> {
        self.marks += 1;
        let mark = format!("mark-{}", self.marks);
        let mut bytes = commands.to_vec();
        bytes.extend(encode(&["PING", &mark]));
        talker.client.send_bytes(&bytes).expect("the server reads");
        let mut all = Vec::new();
        loop {
            let reply = talker.client.read().unwrap_or_else(|e| panic!("after {all:?}: {e}"));
            let is_mark = |value: &Value| matches!(value, Value::Bulk(text) if text == mark.as_bytes());
            let marked = match &reply.value {
                Value::Array(items) => items.last().is_some_and(is_mark),
                value => is_mark(value),
            };
            if marked {
                return all;
            }
            all.push(reply.raw);
        }
    }

    /// What everybody saw of a session.
    fn play(&mut self, lines: &[String]) -> Vec<String> {
        self.server.ok("FLUSHALL");
        let mut talkers: BTreeMap<&str, Talker> = BTreeMap::new();
        let (mut seen, mut numbers) = (Vec::new(), Vec::new());
        for line in lines {
            let (who, commands) = line.split_once(' ').unwrap_or((line, ""));
            if let Some(gone) = who.strip_suffix('-') {
                // It goes before it is waited for to have gone.
                let number = talkers.remove(gone).map(|talker| talker.number);
                if let Some(number) = number {
                    wait_for("the client to have gone", PATIENCE, || {
                        !self.server.cmd("CLIENT LIST").text().contains(&format!("id={number} "))
                    });
                }
                continue;
            }
            let mut bytes = Vec::new();
            for command in commands.split(';') {
                let args: Vec<String> = command
                    .split(' ')
                    .map(|word| match word.strip_prefix('@') {
                        Some(name) => talkers.get(name).map_or(999_999, |t| t.number).to_string(),
                        None => word.to_owned(),
                    })
                    .collect();
                bytes.extend(encode(&args));
            }
            let mut talker = talkers.remove(who).unwrap_or_else(|| self.connect());
            let mut inboxes = vec![(who.to_owned(), self.inbox(&mut talker, &bytes))];
            numbers.push((who, talker.number));
            talkers.insert(who, talker);
            for name in talkers.keys().copied().collect::<Vec<_>>() {
                let mut talker = talkers.remove(name).expect("a talker");
                inboxes.push((name.to_owned(), self.inbox(&mut talker, b"")));
                talkers.insert(name, talker);
            }
            for (name, inbox) in inboxes {
                for raw in inbox.iter().map(|raw| show(raw)).filter(|raw| !raw.contains("proto")) {
                    let about_clients = commands.contains("GETREDIR") || raw.contains("redir");
                    // The two count their clients from other numbers on.
                    let shown = numbers.iter().filter(|_| about_clients).fold(raw, |raw, (name, number)| {
                        raw.replace(&format!(":{number}\\r\\n"), &format!(":<{name}>"))
                    });
                    seen.push(format!("{line} | {name} {shown}"));
                }
            }
        }
        for field in ["clients", "total_keys", "total_items", "total_prefixes"] {
            seen.push(format!("{field} {}", self.server.info(&format!("tracking_{field}"))));
        }
        drop(talkers);
        wait_for("all to have gone", PATIENCE, || self.server.info_int("tracking_clients") == 0);
        // What is remembered of those who have gone goes with its keys.
        self.server.ok("FLUSHALL");
        seen
    }
}

/// Plays a session with both: from where on they differ.
fn differences(sides: &mut [Side; 2], lines: &[String]) -> Option<String> {
    let [ours, real] = sides.each_mut().map(|side| side.play(lines));
    let at = ours.iter().zip(&real).take_while(|(a, b)| a == b).count();
    let rest = |lines: &[String]| lines[at..].iter().take(8).cloned().collect::<Vec<_>>().join("\n         ");
    let script = lines.join("\n");
    (ours != real).then(|| format!("{script}\n    ours {}\n    real {}", rest(&ours), rest(&real)))
}

const SESSIONS: &[&str] = &[
    // What is refused, in which order.
    "a CLIENT TRACKING\n a CLIENT TRACKING x\n a CLIENT TRACKING on x\n a CLIENT TRACKING off x\n a CLIENT TRACKING on REDIRECT
    a CLIENT TRACKING on REDIRECT x\n a CLIENT TRACKING on REDIRECT 999999\n a CLIENT TRACKING on REDIRECT -1\n a CLIENT TRACKING on REDIRECT 0
    a CLIENT TRACKING on REDIRECT @a REDIRECT @a\n a CLIENT TRACKING on PREFIX\n a CLIENT TRACKING on PREFIX x\n a CLIENT TRACKING x PREFIX x
    a CLIENT TRACKING off PREFIX x\n a CLIENT TRACKING on BCAST OPTIN\n a CLIENT TRACKING on BCAST OPTOUT\n a CLIENT TRACKING on OPTIN OPTOUT
    a CLIENT TRACKING on BCAST PREFIX foo PREFIX foobar\n a CLIENT TRACKING on BCAST PREFIX foobar PREFIX foo
    a CLIENT TRACKING on BCAST PREFIX foo PREFIX foo\n a CLIENT TRACKING on BCAST PREFIX foo PREFIX bar\n a CLIENT TRACKING on BCAST PREFIX fo
    a CLIENT TRACKING on BCAST PREFIX foo\n a CLIENT TRACKING on BCAST PREFIX barb\n a CLIENT TRACKING on\n a CLIENT TRACKING on OPTIN
    a CLIENT TRACKING on BCAST\n a CLIENT TRACKINGINFO\n a CLIENT TRACKING on BCAST PREFIX x\n a CLIENT TRACKING off\n a CLIENT TRACKING off
    a CLIENT CACHING\n a CLIENT CACHING yes\n a CLIENT CACHING x\n a CLIENT TRACKING on\n a CLIENT CACHING yes\n a CLIENT CACHING no
    a CLIENT CACHING x\n a CLIENT TRACKING on OPTIN\n a CLIENT CACHING no\n a CLIENT CACHING yes x\n a CLIENT TRACKING on OPTOUT
    a CLIENT TRACKING on BCAST\n a CLIENT TRACKING on\n a CLIENT TRACKING on OPTOUT\n a CLIENT CACHING yes\n a CLIENT CACHING no
    a CLIENT TRACKINGINFO\n a CLIENT TRACKINGINFO x\n a CLIENT GETREDIR\n a CLIENT GETREDIR x\n a CLIENT TRACKING off\n a CLIENT GETREDIR",
    // What it says of itself.
    "a HELLO 3\n b PING\n a CLIENT TRACKINGINFO\n a CLIENT TRACKING on REDIRECT @b NOLOOP\n a CLIENT TRACKINGINFO\n a CLIENT GETREDIR
    a CLIENT TRACKING on\n a CLIENT TRACKINGINFO\n a CLIENT TRACKING on OPTIN\n a CLIENT CACHING yes\n a CLIENT TRACKINGINFO
    a CLIENT CACHING yes;CLIENT TRACKINGINFO;PING;CLIENT TRACKINGINFO\n a CLIENT CACHING yes;MULTI;CLIENT TRACKINGINFO;PING;CLIENT TRACKINGINFO;EXEC;CLIENT TRACKINGINFO
    a CLIENT CACHING yes;NOSUCH;CLIENT TRACKINGINFO;CLIENT CACHING yes;CLIENT NOSUCH;CLIENT TRACKINGINFO;GET;CLIENT TRACKINGINFO
    a CLIENT CACHING yes;CLIENT TRACKING on OPTIN;CLIENT TRACKINGINFO\n a RESET\n a CLIENT TRACKINGINFO",
    // A redirect that breaks.
    "a HELLO 3\n b HELLO 3\n a CLIENT TRACKING on REDIRECT @b\n a GET k\n c SET k 1\n b-\n c SET k 2\n a GET k\n c SET k 3
    a CLIENT TRACKINGINFO\n c FLUSHALL\n a GET k\n a SET k 1\n a CLIENT TRACKING on\n a CLIENT TRACKINGINFO\n a GET k\n c SET k 3",
    "b HELLO 3\n a CLIENT TRACKING on BCAST REDIRECT @b\n c SET k 1\n b-\n c SET k 2\n a CLIENT TRACKINGINFO\n a HELLO 3\n c SET k 3",
    // A client that switches its protocol goes on.
    "a CLIENT TRACKING on\n a GET k\n c SET k 1\n a GET k\n a HELLO 3\n c SET k 2\n a GET k\n a HELLO 2\n c SET k 3\n a HELLO 3\n c SET k 4",
    // The null of a flush is in the protocol of the client that tracks.
    "b HELLO 3\n a CLIENT TRACKING on REDIRECT @b\n c FLUSHALL\n a FLUSHDB\n c SELECT 5\n c FLUSHDB",
    "a HELLO 3\n a CLIENT TRACKING on NOLOOP\n a GET k\n a FLUSHALL\n a MULTI;SET k 1;GET k;FLUSHDB;GET k;SET k 2;GET k;EXEC\n c SET k 1",
    // A message of the channel, for whoever is in pub/sub in RESP2, whatever it has subscribed to.
    "b SUBSCRIBE other\n a CLIENT TRACKING on REDIRECT @b\n a MGET k j\n c SET k 1;SET j 1\n b UNSUBSCRIBE\n a GET k\n c SET k 1\n b PSUBSCRIBE x
    a MULTI;GET k;SET k 1;GET k;EXEC\n c FLUSHALL\n a HELLO 3\n c FLUSHALL\n b SUBSCRIBE __redis__:invalidate\n a GET k\n c SET k 1\n c PUBLISH __redis__:invalidate x
    b RESET\n a GET k\n c SET k 1\n b HELLO 3\n a GET k\n c SET k 1\n a CLIENT TRACKINGINFO\n b SUBSCRIBE __redis__:invalidate\n a GET k\n c SET k 1",
    "b SUBSCRIBE __redis__:invalidate\n a CLIENT TRACKING on BCAST PREFIX k REDIRECT @b\n c MSET k1 1 k2 2 j 1\n c FLUSHALL\n a CLIENT TRACKING off\n c SET k1 1",
    // Keys of commands.
    "a HELLO 3\n a CLIENT TRACKING on\n a MGET k1 k2 k1\n a SINTER k3 k4\n a ZUNION 2 k5 k6\n a SORT_RO k7 BY k8_*\n a EXISTS k8 k9
    a OBJECT ENCODING k10\n a BITFIELD_RO k11 GET u8 0\n a GEORADIUS_RO k12 1 1 1 m\n a LCS k13 k14\n a STRLEN k15\n a MEMORY USAGE k16
    a ZINTERCARD 2 k17 k18\n a SINTERCARD 9 k19 k20\n a TOUCH k21\n a GEOSEARCH k22 FROMLONLAT 1 1 BYRADIUS 1 m\n a PFCOUNT k23 k24
    a SORT k25\n a GETEX k26\n a SCAN 0\n a RANDOMKEY\n a DUMP k27\n a WATCH k28\n a SUBSTR k29 0 1\n a GETRANGE k30 0 1\n a LLEN k31
    c MSET k1 1 k2 1 k3 1 k4 1 k5 1 k6 1 k7 1 k8 1 k9 1 k10 1\n c MSET k11 1 k12 1 k13 1 k14 1 k15 1 k16 1 k17 1 k18 1 k19 1 k20 1 k21 1
    c MSET k22 1 k23 1 k24 1 k25 1 k26 1 k27 1 k28 1 k29 1 k30 1 k31 1",
    // Commands that change what they do not name, or only some of what they name.
    "a HELLO 3\n a CLIENT TRACKING on\n c SADD s x y\n c SADD t x z\n c RPUSH l 1 2\n c ZADD z 1 m\n c HSET h f v
    a MGET s t l m z h d\n c SMOVE s t nosuch\n c SMOVE s t x\n a MGET s t\n c SMOVE s t y\n a MGET s t d\n c SINTERSTORE d s t\n c SUNIONSTORE d s t
    a MGET l m\n c LMPOP 2 m l LEFT\n a MGET l m\n c BLMPOP 0 2 m l LEFT\n a MGET l m z\n c ZMPOP 2 m z MIN\n c RPUSH l 1\n a MGET l
    a MGET m\n c RPOPLPUSH m m\n a MGET m h\n c HDEL h g\n c HSETNX h f w\n c HDEL h f\n a MGET m k\n c SORT m STORE k\n a MGET m k\n c COPY k m\n c COPY k m REPLACE
    a MGET m k\n c RENAME m k\n a MGET m k\n c RENAMENX k m\n a MGET m k\n c MOVE m 1\n c MSETNX m 1 k 1\n a MGET m k\n c MSETNX m 1 j 1\n c DEL m nosuch k",
    // Clients that wait.
    "a HELLO 3\n a CLIENT TRACKING on\n a MGET l m k\n b HELLO 3\n b CLIENT TRACKING on\n b MGET l m\n c MULTI;RPUSH l 1;SET k 2;EXEC\n a LMOVE l m LEFT LEFT
    c RPUSH l 1\n b MGET l m\n a MGET m l\n c LMOVE l m LEFT LEFT\n b MGET l m\n a MGET m l\n c RPOPLPUSH m l",
    // Keys that expire when they are come upon.
    "a HELLO 3\n a CLIENT TRACKING on\n c SET k 1 PX 1;SET j 1 PX 1;SET i 1\n a MGET i\n c SET l 1 PX 20;GET l\n a MGET l k\n c DEBUG SLEEP 0.03\n a MGET i l j
    a GET l\n c SET l 1 PX 1;SET m 1 PX 1\n c DEBUG SLEEP 0.005\n a MSET i 1 l 2\n c DEL l m\n c SET k 1 PX 1\n a GET k\n c DEBUG SLEEP 0.005\n c EXISTS k",
    "a HELLO 3\n a CLIENT TRACKING on NOLOOP\n c SET k 1 PX 20;SET j 1 PX 20;GET k\n a MGET k j\n c DEBUG SLEEP 0.03\n a GET k\n c GET j
    b HELLO 3\n b CLIENT TRACKING on BCAST NOLOOP\n b SET k 1 PX 1\n b DEBUG SLEEP 0.005\n b MULTI;SET j 1;GET k;EXEC\n b SET k 1 PX 1\n c DEBUG SLEEP 0.005\n b MSET k 2 j 2",
    // Prefixes.
    "a HELLO 3\n a CLIENT TRACKING on BCAST PREFIX k PREFIX j\n b HELLO 3\n b CLIENT TRACKING on BCAST\n c MSET k1 1 k0 1 k1 1 j 1 i 1;DEL k1 nosuch;APPEND i x
    b SET k 1\n a SET k 1;SET j 1;CLIENT TRACKING off;SET k 1\n a CLIENT TRACKING on BCAST PREFIX i NOLOOP\n a MSET i 1 i2 1;SET x 1\n c SET i 2\n a SET i 1\n a CLIENT TRACKINGINFO",
    "a HELLO 3\n a CLIENT TRACKING on BCAST PREFIX k NOLOOP\n b HELLO 3\n b CLIENT TRACKING on BCAST PREFIX k\n a MULTI;SET k1 1;SET k2 1;EXEC\n b SET k1 2\n b CLIENT TRACKING off\n c SET k1 2\n c FLUSHALL",
    // Other databases.
    "a HELLO 3\n a CLIENT TRACKING on\n a GET k\n c SELECT 3;SET k 1\n a GET k\n c SWAPDB 0 3\n c SET k 2\n a SELECT 3\n a GET k\n c MOVE k 4\n c SELECT 4;DEL k\n a GET k\n c DEL k",
];

#[test]
fn clients_are_told_what_redis_tells_them() {
    let mut sides = [Program::Oxidis, Program::Redis].map(Side::start);
    let different: Vec<_> = SESSIONS
        .iter()
        .filter_map(|script| {
            let lines: Vec<String> = script.lines().map(|line| line.trim().to_owned()).collect();
            differences(&mut sides, &lines)
        })
        .collect();
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n\n"));
}

/// What a client may do; `K` and `J` are any keys. No expired key is left lying. Redis tears the replies of a client apart
/// that others have named to be told in their stead, so that one, client d, only reads.
const STEPS: &[&str] = &[
    "GET K",
    "GET K",
    "MGET K J",
    "MGET K J",
    "EXISTS K",
    "SMEMBERS K",
    "SUNION K J",
    "LLEN K",
    "HGET K f",
    "CLIENT CACHING yes;GET K",
    "CLIENT CACHING no;GET K",
    "CLIENT CACHING yes;MULTI;GET K;GET J;EXEC",
    "CLIENT CACHING yes",
    "SET K 1",
    "SET K 1",
    "SET K 1;SET J 2;GET K",
    "MSET K 1 J 2",
    "MSETNX K 1 J 2",
    "INCR K",
    "DEL K J",
    "SADD K x",
    "SREM K x",
    "SMOVE K J x",
    "LPUSH K 1",
    "LPOP K",
    "RPOPLPUSH K K",
    "BLPOP K J 0.001",
    "RENAME K J",
    "RENAMENX K J",
    "COPY K J REPLACE",
    "MOVE K 1",
    "SWAPDB 0 1",
    "FLUSHDB",
    "EXPIRE K 100",
    "EXPIRE K -1",
    "PERSIST K",
    "SUNIONSTORE K J",
    "APPEND K x",
    "GETDEL K",
    "GETEX K",
    "HSET K f v",
    "HDEL K f",
    "ZADD K 1 m",
    "PFADD K x",
    "PFCOUNT K",
    "SETBIT K 3 1",
    "BITFIELD K GET u8 0",
    "SELECT 1",
    "SELECT 0",
    "NOSUCH",
    "SET K",
    "MULTI;SET K 1;GET K;SET J 1;GET J;EXEC",
    "MULTI;GET K;INCR K;LPUSH J x;EXEC",
    "MULTI;GET J;FLUSHDB;SET K 1;EXEC",
    "SET K 1 PX 1;DEBUG SLEEP 0.003;GET K",
    "SET K 1 PX 1;SET J 1 PX 1;DEBUG SLEEP 0.003;MGET J K",
    "SET K 1 PX 1;DEBUG SLEEP 0.003;MSET J 1 K 2",
    "CLIENT TRACKING on",
    "CLIENT TRACKING on NOLOOP",
    "CLIENT TRACKING on OPTIN",
    "CLIENT TRACKING on OPTOUT",
    "CLIENT TRACKING on REDIRECT @d",
    "CLIENT TRACKING on NOLOOP REDIRECT @d",
    "CLIENT TRACKING off",
    "CLIENT TRACKING off;CLIENT TRACKING on",
    "CLIENT TRACKING off;CLIENT TRACKING on BCAST",
    "CLIENT TRACKING off;CLIENT TRACKING on BCAST NOLOOP",
    "CLIENT TRACKING off;CLIENT TRACKING on BCAST PREFIX k PREFIX j",
    "CLIENT TRACKING off;CLIENT TRACKING on BCAST PREFIX k1 REDIRECT @d",
    "CLIENT TRACKING on BCAST PREFIX k2",
    "CLIENT TRACKINGINFO",
    "HELLO 3",
    "HELLO 3",
    "HELLO 2",
    "RESET;HELLO 3",
    "-",
];

const STEPS_OF_D: &[&str] = &[
    "HELLO 3",
    "HELLO 2",
    "MGET K J",
    "SUBSCRIBE __redis__:invalidate",
    "SUBSCRIBE __redis__:invalidate",
    "SUBSCRIBE x",
    "UNSUBSCRIBE x",
    "RESET",
    "CLIENT TRACKING on",
    "CLIENT TRACKING off",
    "CLIENT TRACKINGINFO",
    "-",
];

#[test]
fn clients_that_track_at_random_are_told_what_redis_tells_them() {
    for seed in seeds(&[1, 2, 3]) {
        let mut sides = [Program::Oxidis, Program::Redis].map(Side::start);
        let mut rng = Rng::new(seed);
        for round in 0..40 {
            let mut lines: Vec<String> = Vec::new();
            lines.push("d HELLO 3".to_owned());
            for who in ["a", "b", "c"] {
                let hello = ["HELLO 3", "HELLO 3", "HELLO 2"];
                lines.push(format!("{who} {}", rng.pick(&hello)));
                let tracking = STEPS.iter().copied().filter(|step| step.contains("TRACKING on"));
                lines.push(format!("{who} {}", rng.pick(&tracking.collect::<Vec<_>>())));
            }
            for _ in 0..80 {
                let who = rng.pick(&["a", "b", "c", "d"]);
                let step = rng.pick(if who == "d" { STEPS_OF_D } else { STEPS });
                lines.push(if step == "-" { format!("{who}-") } else { format!("{who} {step}") });
            }
            let keys = ["k1", "k2", "k3", "j", "k11"];
            let lines: Vec<String> = lines
                .iter()
                .map(|line| {
                    let (first, second) = (rng.pick(&keys), rng.pick(&keys));
                    let word = |word: &str| match word {
                        "K" => first.to_owned(),
                        "J" => second.to_owned(),
                        other => other.to_owned(),
                    };
                    let command = |command: &str| command.split(' ').map(word).collect::<Vec<_>>().join(" ");
                    line.split(';').map(command).collect::<Vec<_>>().join(";")
                })
                .collect();
            let how = differences(&mut sides, &lines);
            assert!(how.is_none(), "seed {seed}, round {round}:\n{}", how.unwrap_or_default());
        }
    }
}

/// A replica's clients are told of what its primary does: of its writes, and of its data that come in place of others.
#[test]
fn clients_of_a_replica_are_told_what_its_primary_does() {
    for (load, program) in [
        ("disabled", Program::Oxidis),
        ("swapdb", Program::Oxidis),
        ("disabled", Program::Redis),
        ("swapdb", Program::Redis),
    ] {
        let primary = Server::start(Program::Redis, &["repl-diskless-sync-delay 0"]);
        let replica = Server::start(program, &[&format!("repl-diskless-load {load}")]);
        primary.cmd("SET k 1");
        let (mut reader, mut all) = (replica.client(), replica.client());
        for (client, options) in [(&mut reader, ""), (&mut all, "BCAST PREFIX x")] {
            client.cmd("HELLO 3");
            client.ok(&format!("CLIENT TRACKING on {options}"));
        }
        reader.cmd("GET k");
        replica.replicate(&primary);
        for client in [&mut reader, &mut all] {
            let told = client.read().expect("an invalidation").value;
            assert_eq!(told, Value::Push(vec![Value::Bulk(b"invalidate".to_vec()), Value::Null]), "{load}");
        }
        wait_in_sync(&primary, &[&replica]);
        assert_eq!(replica.info("tracking_total_keys"), "0");
        let told = |client: &mut Client, keys: &str| {
            let raw = show(&client.read().expect("an invalidation").raw);
            assert!(raw.ends_with(keys), "{raw} is not about {keys}");
        };
        assert_eq!(reader.cmd("GET k").text(), "1");
        reader.cmd("MGET e f x");
        primary.cmd("MSET k 2 x 1 other 1");
        told(&mut reader, "invalidate\\r\\n*1\\r\\n$1\\r\\nk\\r\\n\"");
        told(&mut reader, "*1\\r\\n$1\\r\\nx\\r\\n\"");
        told(&mut all, "*1\\r\\n$1\\r\\nx\\r\\n\"");
        primary.cmd("SET f 1 PX 1");
        told(&mut reader, "*1\\r\\n$1\\r\\nf\\r\\n\"");
        primary.cmd("FLUSHALL");
        told(&mut reader, "invalidate\\r\\n_\\r\\n\"");
    }
}
