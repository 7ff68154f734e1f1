//! Clients that wait for keys: the same sessions of several clients with both servers. What each client is answered, what
//! replicas are sent and what is left of the data must be the same.
//!
//! ```text
//! a LPUSH k x        client a sends this and is answered
//! b? BLPOP k 0       client b sends this and waits
//! b!                 client b, which has waited, is answered
//! b-                 client b goes away
//! b* CLIENT UNBLOCK  ... and the id of the client named last
//! ```

use crate::harness::replica::RawReplica;
use crate::harness::value::show;
use crate::harness::{Client, PATIENCE, Program, Server, wait_for};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

const CONFIG: &[&str] = &["repl-ping-replica-period 3600", "repl-timeout 7200"];

pub struct Side {
    pub server: Server,
    replica: RawReplica,
    markers: u32,
}

impl Side {
    pub fn start(program: Program) -> Side {
        let server = Server::start(program, CONFIG);
        let replica = RawReplica::attach(server.client(), "PSYNC ? -1").expect("a snapshot");
        wait_for("the listener to be online", PATIENCE, || server.info("slave0").contains("state=online"));
        Side { server, replica, markers: 0 }
    }

    /// What everybody saw of a session.
    fn play(&mut self, script: &str) -> Vec<String> {
        let mut seen = Vec::new();
        let mut clients: BTreeMap<String, Client> = BTreeMap::new();
        let mut control = self.server.client();
        control.ok("FLUSHALL");
        let mut waiting = 0;
        let blocked = |waiting: i64, line: &str| {
            wait_for(&format!("{waiting} to wait after {line}"), PATIENCE, || {
                self.server.info_int("blocked_clients") == waiting
            });
        };
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (who, what) = line.split_once(' ').unwrap_or((line, ""));
            let name = who.trim_end_matches(['?', '!', '-', '*']).to_owned();
            let client = clients.entry(name.clone()).or_insert_with(|| self.server.client());
            let mut args: Vec<String> = what.split(' ').map(|word| word.replace('_', "")).collect();
            match who.chars().last() {
                Some('?') => {
                    client.send(&args).expect("the server reads");
                    waiting += 1;
                    blocked(waiting, line);
                }
                Some('!') => {
                    let reply = client.read().unwrap_or_else(|e| panic!("{line}: {e}"));
                    waiting -= 1;
                    seen.push(format!("{line} {}", show(&reply.raw)));
                }
                Some('-') => {
                    clients.remove(&name);
                    waiting -= 1;
                    blocked(waiting, line);
                }
                Some('*') => {
                    let other = args.pop().expect("a client");
                    // A client that waits answers nothing, so that its id is looked for in the list.
                    let list = control.cmd("CLIENT LIST").text();
                    let port = format!(":{} ", clients[&other].local_port());
                    let line_of = list.lines().find(|line| line.contains(&port)).expect("it is connected");
                    let id = line_of.split([' ', '=']).nth(1).expect("an id").to_owned();
                    args.insert(2.min(args.len()), id);
                    let client = clients.get_mut(&name).expect("it was made above");
                    client.send(&args).expect("the server reads");
                    seen.push(format!("{line} {}", show(&client.read().expect("an answer").raw)));
                }
                _ => {
                    client.send(&args).expect("the server reads");
                    let reply = client.read().unwrap_or_else(|e| panic!("{line}: {e}"));
                    // The version and the client's number differ.
                    if args[0] != "HELLO" {
                        seen.push(format!("{line} {}", show(&reply.raw)));
                    }
                }
            }
        }
        blocked(waiting, "the end");
        drop(clients);
        wait_for("all to have gone", PATIENCE, || self.server.info_int("blocked_clients") == 0);
        seen.extend(self.left_behind());
        seen
    }

    /// The data's digest, and what the replica has been sent since the last time. All data is then gone.
    pub fn left_behind(&mut self) -> Vec<String> {
        let mut seen = vec![self.server.digest()];
        self.markers += 1;
        let marker = format!("marker {}", self.markers).into_bytes();
        let mut control = self.server.client();
        control.call(&[b"SET".to_vec(), marker.clone(), b"x".to_vec()]);
        let stream = self.replica.until_marker(&marker, PATIENCE).expect("the stream");
        for command in stream {
            let shown = |arg: &Vec<u8>| if is_of_today(arg) { "<moment>".to_owned() } else { show(arg) };
            seen.push(command.iter().map(shown).collect::<Vec<_>>().join(" "));
        }
        control.ok("FLUSHALL");
        seen
    }
}

const SESSIONS: &[&str] = &[
    // Sorted sets, from either end.
    "a? BZPOPMIN k 0\n b ZADD k 2 y 1 x 3 z\n a!\n b ZRANGE k 0 -1 WITHSCORES",
    "a? BZPOPMAX k 0\n b ZADD k 2 y 1 x 3 z\n a!\n b ZRANGE k 0 -1 WITHSCORES",
    "a? BZPOPMIN k 0\n c? BZPOPMAX k 0\n d? BZPOPMIN k 0\n b ZADD k 1 x 2 y\n a!\n c!\n b EXISTS k\n b ZADD k 1.5 z\n d!\n b EXISTS k",
    "a? BZPOPMIN k1 k2 k3 0\n b ZADD k2 -inf x\n a!\n b ZADD k1 1 y\n a BZPOPMAX k2 k1 0\n b DBSIZE",
    "a? BZMPOP 0 2 k1 k2 MIN COUNT 10\n b ZADD k2 1 x 2 y 3 z\n a!\n b EXISTS k2",
    "a? BZMPOP 0 2 k1 k2 MAX COUNT 2\n c? BZMPOP 0 1 k2 MIN\n b ZADD k2 1 x 2 y 3 z 4 w\n a!\n c!\n b ZRANGE k2 0 -1",
    "b ZADD k 1 x 2 y 3 z\n a BZMPOP 0 1 k MIN COUNT 2\n a BZMPOP 1 1 k MAX\n a? BZMPOP 0 1 k MIN\n b ZADD k 1 x\n a!",
    "a HELLO 3\n a? BZPOPMIN k 0\n b ZADD k 1.5 x\n a!\n a? BZMPOP 0 1 k MAX COUNT 2\n b ZADD k 1 x 2 y\n a!\n a BZPOPMIN k 0.01\n a BZMPOP 0.01 1 k MIN",
    "a BZPOPMIN k 0.01\n a BZPOPMAX k j 0.01\n a BZMPOP 0.01 1 k MIN\n a BZPOPMIN k x\n a BZPOPMAX k -1\n a BZPOPMIN k inf\n a BZPOPMIN k nan",
    "a BZMPOP 0 0 k MIN\n a BZMPOP 0 x k MIN\n a BZMPOP 0 1 k x\n a BZMPOP 0 2 k MIN\n a BZMPOP 0 1 k MIN COUNT 0\n a BZMPOP x 1 k MIN COUNT\n a BZMPOP -1 1 k MIN",
    "b SET k x\n a BZPOPMIN k 0\n a BZPOPMAX j k 0\n a BZMPOP 0 1 k MIN\n b ZADD j 1 x\n a BZPOPMIN j k 0\n a BZPOPMIN k j 0",
    "a? BZPOPMIN k 0\n b LPUSH k x\n b DEL k\n b ZADD k 1 x\n a!\n a? BLPOP k 0\n b ZADD k 1 x\n b DEL k\n b RPUSH k y\n a!",
    "a? BZPOPMIN k 0\n c? BLPOP k 0\n b RPUSH k x\n c!\n b ZADD k 1 y\n a!",
    "a? BZPOPMIN k 0\n b ZADD o 1 x 2 y\n b RENAME o k\n a!\n b ZRANGE k 0 -1",
    "a? BZPOPMAX k 0\n b ZADD o 1 x 2 y\n b COPY o k\n a!\n b ZUNIONSTORE k 1 o\n b ZRANGE k 0 -1",
    "a? BZPOPMAX k 0\n b ZADD o 1 x 2 y\n b ZUNIONSTORE k 1 o\n a!\n b ZRANGE k 0 -1\n a? BZPOPMIN r 0\n b ZRANGESTORE r o 0 -1\n a!",
    "a? BZPOPMAX k 0\n b GEOADD o 13 38 x\n b GEOSEARCHSTORE k o FROMLONLAT 13 38 BYRADIUS 1 km\n a!\n a? BZPOPMIN k 0\n b GEOADD k 13 38 x\n a!",
    "a? BZPOPMIN k 0\n b SELECT 1\n b ZADD k 1 x\n b MOVE k 0\n a!\n a? BZPOPMIN k 0\n b ZADD k 1 x\n b SWAPDB 0 1\n a!",
    "a? BZPOPMIN k 0\n b MULTI\n b ZADD k 1 x\n b DEL k\n b ZADD k 2 y\n b EXEC\n a!",
    "a? BZPOPMIN k 0\n b ZINCRBY k 3 x\n a!\n b MULTI\n b BZPOPMIN k 0\n b BZPOPMAX k 0\n b BZMPOP 0 1 k MIN\n b EXEC",
    "a? BZPOPMIN k 0\n b* CLIENT UNBLOCK a\n a!\n a? BZMPOP 0 1 k MIN\n b* CLIENT UNBLOCK ERROR a\n a!\n a? BZPOPMAX k 0\n a-\n b ZADD k 1 x\n b ZCARD k",
    "b SADD s c a b\n a? BLPOP l 0\n b SORT s ALPHA STORE l\n a!\n b LRANGE l 0 -1",
    "a? BLPOP k 0\n b RPUSH k 1 2 3\n a!\n b LRANGE k 0 -1",
    "a? BRPOP k 0\n b RPUSH k 1 2 3\n a!\n b LRANGE k 0 -1",
    // First come, first served, and whoever finds nothing waits on.
    "a? BLPOP k 0\n c? BLPOP k 0\n d? BRPOP k 0\n b RPUSH k 1 2\n a!\n c!\n b EXISTS k\n b RPUSH k 3\n d!\n b EXISTS k",
    "a? BLPOP k 0\n c? BLPOP k 0\n a-\n b RPUSH k 1\n c!",
    // Several keys.
    "a? BLPOP k1 k2 k3 0\n b RPUSH k2 x\n a!\n b RPUSH k1 y\n b LLEN k1",
    "a? BLPOP k k k 0\n b RPUSH k 1 2\n a!\n b LRANGE k 0 -1",
    "b RPUSH k2 x\n b RPUSH k1 y\n a BLPOP k1 k2 0\n a BLPOP k1 k2 0\n a? BRPOP k1 k2 0\n b LPUSH k2 z\n a!",
    "a? BLPOP k1 k2 0\n c? BLPOP k2 k1 0\n b LPUSH k2 1\n a!\n b LPUSH k1 2\n c!",
    // A key of another type is nothing to wait for, and a wrong type is told at once only if it is there already.
    "a? BLPOP k 0\n b SET k x\n b DEL k\n b LPUSH k 1\n a!",
    "a? BLPOP k 0\n b SADD k x\n b DEL k\n b LPUSH k 1\n a!",
    "b SET k x\n a BLPOP k 0\n a BLMOVE k d LEFT LEFT 0\n a BLMPOP 0 1 k LEFT\n a BRPOPLPUSH k d 0",
    "b SET k2 x\n a BLPOP k1 k2 0\n b LPUSH k1 v\n a BLPOP k1 k2 0",
    // Moves.
    "a? BLMOVE s d LEFT RIGHT 0\n b RPUSH s 1 2\n a!\n b LRANGE d 0 -1",
    "a? BRPOPLPUSH s d 0\n b RPUSH s 1 2\n a!\n b LRANGE d 0 -1\n b LRANGE s 0 -1",
    "b RPUSH s 1 2 3\n a BLMOVE s d right Left 0\n a BRPOPLPUSH s d 0\n a BLMOVE s s LEFT LEFT 0",
    "b SET d x\n a? BLMOVE s d LEFT RIGHT 0\n b RPUSH s 1 2\n a!\n b LRANGE s 0 -1",
    "b SET d x\n a? BRPOPLPUSH s d 0\n c? BLPOP s 0\n b RPUSH s 1 2\n a!\n c!\n b LRANGE s 0 -1",
    "a? BLMOVE k k LEFT RIGHT 0\n b RPUSH k 1 2 3\n a!\n b LRANGE k 0 -1",
    "a? BLMOVE k k LEFT RIGHT 0\n b RPUSH k 1\n a!\n b LRANGE k 0 -1",
    // Chains and circles of moves.
    "a? BLMOVE l1 l2 RIGHT LEFT 0\n c? BLMOVE l2 l3 LEFT RIGHT 0\n b RPUSH l1 x\n a!\n c!\n b LRANGE l3 0 -1",
    "a? BLMOVE l1 l2 LEFT LEFT 0\n c? BLMOVE l2 l1 LEFT LEFT 0\n b RPUSH l1 x\n a!\n c!\n b LRANGE l1 0 -1",
    "c? BLPOP l2 0\n a? BLMOVE l1 l2 LEFT LEFT 0\n b RPUSH l1 x\n a!\n c!\n b DBSIZE",
    "a? BLMOVE l1 l2 LEFT LEFT 0\n d? BLMOVE l1 l2 LEFT LEFT 0\n c? BLPOP l2 0\n b RPUSH l1 x y\n a!\n d!\n c!\n b KEYS *",
    // Several elements.
    "a? BLMPOP 0 2 k1 k2 LEFT COUNT 10\n b RPUSH k2 1 2 3\n a!\n b EXISTS k2",
    "a? BLMPOP 0 2 k1 k2 RIGHT COUNT 2\n c? BLMPOP 0 1 k2 LEFT\n b RPUSH k2 1 2 3 4\n a!\n c!\n b LRANGE k2 0 -1",
    "b RPUSH k 1 2 3\n a BLMPOP 0 1 k LEFT COUNT 2\n a BLMPOP 1 1 k RIGHT\n a? BLMPOP 0 1 k LEFT\n b LPUSH k x\n a!",
    // Any command that makes a list wakes.
    "a? BLPOP k 0\n b RPUSH o 1 2\n b RENAME o k\n a!\n b LRANGE k 0 -1",
    "a? BLPOP k 0\n b RPUSH o 1 2\n b RENAMENX o k\n a!",
    "a? BLPOP k 0\n b RPUSH o 1 2\n b COPY o k\n a!",
    "a? BLPOP k 0\n b SELECT 1\n b RPUSH k 1 2\n b MOVE k 0\n a!",
    "a? BLPOP k 0\n b SELECT 1\n b RPUSH k 1 2\n b SWAPDB 0 1\n a!",
    "a? BLPOP k 0\n b SELECT 1\n b RPUSH k 1 2\n b EXISTS k\n b SELECT 0\n b RPUSH k 3\n a!",
    "a? BLPOP k 0\n b RPUSH o 1 2\n b LMOVE o k LEFT LEFT\n a!\n b RPOPLPUSH o k\n b LLEN k",
    "a SELECT 2\n a? BLPOP k 0\n b SELECT 2\n b LPUSH k 1\n a!\n a PING",
    "a? BLPOP k 0\n b LPUSHX k 1\n b LINSERT k BEFORE a b\n b RPUSH k 1\n a!",
    // Time.
    "a BLPOP k 0.01\n a BRPOP k k 0.01\n a BLMOVE k d LEFT LEFT 0.01\n a BRPOPLPUSH k d 0.01\n a BLMPOP 0.01 1 k LEFT",
    "a HELLO 3\n a BLPOP k 0.01\n a BLMOVE k d LEFT LEFT 0.01\n a? BLPOP k 0\n b LPUSH k 1\n a!",
    "a BLPOP k x\n a BLPOP k -1\n a BLPOP k _\n a BLPOP k 1e30\n a BLPOP k inf\n a BLPOP k nan\n a BLPOP k 0x_\n a BLPOP 1",
    "a BLMOVE k d LEFT x 0\n a BLMOVE k d x LEFT 0\n a BLMOVE k d LEFT LEFT -1\n a BRPOPLPUSH k d x\n a BLMPOP -1 1 k LEFT",
    "a BLMPOP 0 0 k LEFT\n a BLMPOP 0 x k LEFT\n a BLMPOP 0 1 k x\n a BLMPOP 0 2 k LEFT\n a BLMPOP 0 1 k LEFT COUNT 0",
    "a BLMPOP x 1 k LEFT COUNT\n a BLMPOP x 1 k LEFT COUNT 1 COUNT 1\n a BLMPOP x 1 k LEFT COUNT 1\n a BLMPOP 0 9223372036854775807 k LEFT",
    "a? BLPOP k 1000000\n b LPUSH k 1\n a!",
    // CLIENT UNBLOCK.
    "a? BLPOP k 0\n b* CLIENT UNBLOCK a\n a!\n b LPUSH k 1\n b LLEN k\n b* CLIENT UNBLOCK a\n a PING",
    "a? BLMOVE k d LEFT LEFT 0\n b* CLIENT UNBLOCK TIMEOUT a\n a!\n a PING",
    "a? BLPOP k 0\n b* CLIENT UNBLOCK ERROR a\n a!\n a PING",
    "a HELLO 3\n a? BLPOP k 0\n b* CLIENT UNBLOCK a\n a!",
    "a? BLPOP k 0\n b* CLIENT KILL ID a\n b LPUSH k 1\n b LLEN k\n c? BLPOP x 0\n b LPUSH x 1\n c!",
    // An expiry time ends with the list.
    "a? BLPOP k 0\n b LPUSH o 1 2\n b PEXPIREAT o 4000000000000\n b RENAME o k\n a!\n b DEL k",
    "a? BLPOP k1 0\n a2? BLPOP k2 0\n b LPUSH k2 v\n a2!\n b LPUSH k1 v\n a!",
    // Consumer groups of streams.
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b XADD k 1-1 f v\n a!\n b XPENDING k g\n b XINFO GROUPS k",
    "b XGROUP CREATE k g $ MKSTREAM\n b XGROUP CREATE k h $\n a? XREADGROUP GROUP g c1 BLOCK 0 STREAMS k >\n c? XREADGROUP GROUP g c2 BLOCK 0 STREAMS k >\n d? XREADGROUP GROUP h c3 BLOCK 0 STREAMS k >\n e? XREAD BLOCK 0 STREAMS k $\n b XADD k 1-1 f v\n a!\n d!\n e!\n b XADD k 2-1 f v\n c!\n b XPENDING k g\n b XPENDING k h",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c1 COUNT 2 BLOCK 0 STREAMS k >\n c? XREADGROUP GROUP g c2 COUNT 1 BLOCK 0 STREAMS k >\n b MULTI\n b XADD k 1-1 f v\n b XADD k 1-2 f v\n b XADD k 1-3 f v\n b XADD k 1-4 f v\n b EXEC\n a!\n c!\n b XPENDING k g\n b XINFO GROUPS k",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b DEL k\n a!",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b UNLINK k\n a!\n b XADD k 1-1 f v\n a XREADGROUP GROUP g c BLOCK 0 STREAMS k >",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n c? XREADGROUP GROUP g c2 BLOCK 0 STREAMS k >\n b SET k x\n a!\n c!",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b MULTI\n b DEL k\n b SADD k x\n b EXEC\n a!",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b MULTI\n b DEL k\n b XADD k 1-1 f v\n b EXEC\n a!",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n c? XREAD BLOCK 0 STREAMS k 0\n b DEL k\n a!\n b XADD k 1-1 f v\n c!",
    "b XGROUP CREATE k g $ MKSTREAM\n b XGROUP CREATE k h $\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n c? XREADGROUP GROUP h c BLOCK 0 STREAMS k >\n b XGROUP DESTROY k g\n a!\n b XADD k 1-1 f v\n c!",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b FLUSHALL\n a!\n b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b FLUSHDB\n a!",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b SWAPDB 0 1\n a!",
    "b XGROUP CREATE k g $ MKSTREAM\n b XADD k 1-1 f v\n b SELECT 1\n b XGROUP CREATE k g $ MKSTREAM\n a SELECT 1\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b SWAPDB 0 1\n a!",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b RENAME k j\n a!\n b XGROUP CREATE k g $ MKSTREAM\n b XADD j 1-1 f v\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b RENAME j k\n a!",
    "b XGROUP CREATE k g $ MKSTREAM\n b XGROUP CREATE j g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k j > >\n b XADD j 1-1 f v\n a!\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k j > >\n b DEL j\n a!",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b PEXPIRE k 1\n a!",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b MULTI\n b XADD k 1-1 f v\n b XDEL k 1-1\n b EXEC\n a!\n b XINFO GROUPS k",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b XGROUP SETID k g 0\n b XADD k 1-1 f v\n a!\n b XGROUP SETID k g 0\n a XREADGROUP GROUP g d BLOCK 0 STREAMS k >\n b XPENDING k g",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c NOACK BLOCK 0 STREAMS k >\n b XADD k 1-1 f v\n a!\n b XPENDING k g\n b XINFO GROUPS k",
    "a HELLO 3\n b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b XADD k 1-1 f v\n a!\n a XREADGROUP GROUP g c BLOCK 1 STREAMS k >\n a XREADGROUP GROUP g c STREAMS k 0\n a XREADGROUP GROUP g c BLOCK 1 STREAMS k 5",
    "b XGROUP CREATE k g $ MKSTREAM\n a XREADGROUP GROUP g c BLOCK 1 STREAMS k >\n a XREADGROUP GROUP g c BLOCK -1 STREAMS k >\n a XREADGROUP GROUP g c BLOCK x STREAMS k >\n a XREADGROUP GROUP g c STREAMS k >\n a XREADGROUP GROUP g c BLOCK 0 STREAMS k 0\n b MULTI\n b XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b EXEC",
    "b XGROUP CREATE k g $ MKSTREAM\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b* CLIENT UNBLOCK a\n a!\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b* CLIENT UNBLOCK ERROR a\n a!\n a? XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n a-\n b XADD k 1-1 f v\n b XPENDING k g",
    "b LPUSH l x\n a XREADGROUP GROUP g c BLOCK 0 STREAMS l >\n a XREADGROUP GROUP g c BLOCK 0 STREAMS none >\n b XADD k 1-1 f v\n a XREADGROUP GROUP g c BLOCK 0 STREAMS k >\n b XGROUP CREATE k g 0\n a XREADGROUP GROUP g c BLOCK 0 STREAMS k none > >\n a XREADGROUP GROUP g c BLOCK 0 STREAMS k >",
];

#[test]
fn those_who_wait_are_served_as_by_redis() {
    let mut sides = [Program::Oxidis, Program::Redis].map(Side::start);
    // A killed client leaves the count of those who wait without an answer.
    let scripts = SESSIONS.iter().map(|script| script.replace("CLIENT KILL ID a", "CLIENT KILL ID a\n a-"));
    let different: Vec<_> = scripts.filter_map(|script| differences(&mut sides, &script)).collect();
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n\n"));
}

/// Milliseconds since 1970 that follow from the clock.
fn is_of_today(arg: &[u8]) -> bool {
    let moment = std::str::from_utf8(arg).ok().and_then(|text| text.parse::<u64>().ok());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    moment.is_some_and(|moment| moment.abs_diff(now) < 10_000_000)
}

/// Plays a session with both: from where on they differ.
pub fn differences(sides: &mut [Side; 2], script: &str) -> Option<String> {
    let [ours, real] = sides.each_mut().map(|side| side.play(script));
    let at = ours.iter().zip(&real).take_while(|(a, b)| a == b).count();
    let rest = |lines: &[String]| lines[at..].join("\n         ");
    (ours != real).then(|| format!("{script}\n    ours {}\n    real {}", rest(&ours), rest(&real)))
}

#[test]
fn what_was_sent_behind_a_waiting_command_runs_once_it_is_served() {
    for program in [Program::Oxidis, Program::Redis] {
        let server = Server::start(program, &[]);
        let (mut waiter, mut other) = (server.client(), server.client());
        for line in ["BLPOP k 0", "SET after 1", "BLPOP k 0", "INCR after"] {
            waiter.send(&line.split(' ').collect::<Vec<_>>()).expect("the server reads");
        }
        wait_for("the client to wait", PATIENCE, || server.info_int("blocked_clients") == 1);
        assert_eq!(other.cmd("EXISTS after").int(), 0);
        other.cmd("RPUSH k 1");
        assert_eq!(waiter.read().expect("an answer").value.items()[1].text(), "1");
        assert!(waiter.read().expect("an answer").value.is_ok());
        wait_for("the client to wait again", PATIENCE, || server.info_int("blocked_clients") == 1);
        assert_eq!(other.cmd("GET after").text(), "1");
        other.cmd("RPUSH k 2");
        assert_eq!(waiter.read().expect("an answer").value.items()[1].text(), "2");
        assert_eq!(waiter.read().expect("an answer").value.int(), 2);
    }
}

#[test]
fn who_waits_on_a_primary_is_sent_away_when_it_becomes_a_replica() {
    for program in [Program::Oxidis, Program::Redis] {
        let (server, primary) = (Server::start(program, &[]), Server::start(program, &[]));
        let mut waiter = server.client();
        waiter.send(&["BLPOP", "k", "0"]).expect("the server reads");
        wait_for("the client to wait", PATIENCE, || server.info_int("blocked_clients") == 1);
        server.replicate(&primary);
        let answer = waiter.read().expect("an answer").value.text();
        assert!(answer.starts_with("UNBLOCKED force unblock"), "{answer}");
        assert_eq!(waiter.read_to_end().expect("closed"), b"");
    }
}

/// On a replica that takes writes; XREAD waits on any.
#[test]
fn who_waits_on_a_replica_is_woken_by_what_its_primary_does() {
    const WAITING: &[&str] = &[
        "XREAD BLOCK 0 STREAMS read $",
        "XREADGROUP GROUP g c BLOCK 0 STREAMS grouped >",
        "BLPOP list 0",
        "BZPOPMIN zset 0",
        "BLMOVE moved to LEFT LEFT 0",
        "BLPOP renamed 0",
        "BZPOPMAX copied 0",
        "BRPOP first second 0",
        "BLPOP swapped 0",
    ];
    const DONE: &[&str] = &[
        "XADD read 1-1 f v",
        "XADD grouped 1-1 f v",
        "RPUSH list a b",
        "ZADD zset 1 m",
        "RPUSH moved a",
        "RPUSH x a",
        "RENAME x renamed",
        "ZADD y 1 m",
        "COPY y copied",
        "MULTI",
        "RPUSH second b",
        "RPUSH first a",
        "EXEC",
        "SELECT 1",
        "RPUSH swapped a",
        "SWAPDB 0 1",
    ];
    let served = [
        (Program::Oxidis, Program::Oxidis),
        (Program::Redis, Program::Oxidis),
        (Program::Oxidis, Program::Redis),
        (Program::Redis, Program::Redis),
    ]
    .map(|(primary, replica)| {
        let primary = Server::start(primary, &[]);
        let replica = Server::start(replica, &["replica-read-only no"]);
        primary.ok("XGROUP CREATE grouped g $ MKSTREAM");
        replica.replicate(&primary);
        wait_for("the link", PATIENCE, || replica.info("master_link_status") == "up");
        let mut clients = Vec::new();
        for line in WAITING {
            let mut client = replica.client();
            client.send(&line.split(' ').collect::<Vec<_>>()).expect("the server reads");
            clients.push(client);
            wait_for(line, PATIENCE, || replica.info_int("blocked_clients") == clients.len() as i64);
        }
        let mut writer = primary.client();
        for line in DONE {
            assert!(!writer.cmd(line).is_error(), "{line}");
        }
        let answer = |client: &mut Client| show(&client.read().expect("an answer").raw);
        clients.iter_mut().map(answer).collect::<Vec<_>>()
    });
    for other in &served[..3] {
        assert_eq!(*other, served[3]);
    }
}

#[test]
fn figures_and_slow_log_know_a_waiting_command_as_redis_does() {
    let [ours, real] = [Program::Oxidis, Program::Redis].map(|program| {
        let server = Server::start(program, &["slowlog-log-slower-than 0", "latency-tracking yes"]);
        let (mut waiter, mut other) = (server.client(), server.client());
        waiter.send(&["BLPOP", "k", "0"]).expect("the server reads");
        wait_for("the client to wait", PATIENCE, || server.info_int("blocked_clients") == 1);
        other.cmd("SLOWLOG RESET");
        other.cmd("RPUSH k 1");
        waiter.read().expect("an answer");
        let slow = other.cmd("SLOWLOG GET -1");
        let slow: Vec<_> = slow.items().iter().map(|entry| entry.items()[3].clone()).collect();
        let stats = server.cmd("INFO commandstats").text();
        let calls = |name: &str| {
            let line = stats.lines().find(|l| l.starts_with(name)).unwrap_or_default().to_owned();
            line.split(',').filter(|f| f.contains("calls")).map(str::to_owned).collect::<Vec<_>>()
        };
        (format!("{slow:?}"), calls("cmdstat_blpop"), calls("cmdstat_rpush"))
    });
    assert_eq!(ours, real);
}
