//! Sessions of subscribers and publishers with both servers: after every line all bytes that each client has got must be
//! the same, so that the order of messages and replies is compared too.
//!
//! A line is a client's letter and its command. Left out is what Redis 7.0 does that is no valid RESP3: messages inside of an
//! array, as ZPOPMIN has them; here they come behind it.

use crate::harness::client::encode;
use crate::harness::value::show;
use crate::harness::{Program, Server};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

const SESSIONS: &[&str] = &[
    // RESP2: what a subscriber is told and may say.
    "a SUBSCRIBE ch\n b PUBLISH ch hello\n b PUBLISH other x\n a UNSUBSCRIBE ch\n b PUBLISH ch x\n a GET k",
    "a SUBSCRIBE a b a\n a UNSUBSCRIBE x\n a UNSUBSCRIBE b b\n a UNSUBSCRIBE\n a UNSUBSCRIBE\n a PING",
    "a PSUBSCRIBE n* n*\n a SUBSCRIBE news\n b PUBLISH news x\n a PUNSUBSCRIBE n*\n b PUBLISH news y\n a PUNSUBSCRIBE\n a UNSUBSCRIBE\n a PUNSUBSCRIBE",
    "a SSUBSCRIBE s\n a SUBSCRIBE s\n b SPUBLISH s x\n b PUBLISH s y\n a SUNSUBSCRIBE\n a SUNSUBSCRIBE\n a SUNSUBSCRIBE q\n b SPUBLISH s z",
    "a SUBSCRIBE ch\n a GET k\n a PING\n a PING x\n a PING x y\n a ECHO x\n a HELLO 3\n a PUBLISH ch x\n a CONFIG GET x\n a MULTI\n a NOSUCH\n a GET\n a SUBSCRIBE\n a UNSUBSCRIBE ch\n a PING",
    "a SUBSCRIBE ch\n a RESET\n b PUBLISH ch x\n a GET k\n b PUBSUB NUMSUB ch\n a SUBSCRIBE ch\n a QUIT\n b PUBSUB CHANNELS",
    "a PSUBSCRIBE h?lla h[ae]llo h\\*llo x*\n b PUBLISH h*llo 1\n b PUBLISH hello 2\n b PUBLISH halla 3\n a PUNSUBSCRIBE h?lla x*\n b PUBLISH xy 4\n b PUBLISH hallo 5\n a PUNSUBSCRIBE h[ae]llo h\\*llo\n b PUBLISH hello 6",
    // PUBSUB.
    "a PUBSUB\n a PUBSUB NOSUCH\n a PUBSUB CHANNELS\n a PUBSUB CHANNELS a b\n a PUBSUB NUMSUB\n a PUBSUB NUMPAT\n a PUBSUB NUMPAT x\n a PUBSUB SHARDCHANNELS x y\n a PUBSUB SHARDNUMSUB",
    "a SUBSCRIBE x\n b SUBSCRIBE x\n a PSUBSCRIBE p q\n b PSUBSCRIBE p\n a SSUBSCRIBE s\n c PUBSUB CHANNELS\n c PUBSUB CHANNELS y*\n c PUBSUB CHANNELS x*\n c PUBSUB NUMSUB x y x\n c PUBSUB NUMPAT\n c PUBSUB SHARDCHANNELS\n c PUBSUB SHARDNUMSUB s x\n c PUBLISH x m\n c PUBLISH\n c PUBLISH x\n c PUBLISH x y z\n c SPUBLISH s",
    // RESP3: everything may be said, and messages are pushes.
    "a HELLO 3\n a SUBSCRIBE ch\n b PUBLISH ch hello\n a GET k\n a PUBLISH ch own\n a PING\n a PING x\n a UNSUBSCRIBE\n a UNSUBSCRIBE\n a PUNSUBSCRIBE\n a SUNSUBSCRIBE",
    "a HELLO 3\n a SUBSCRIBE ch\n a PSUBSCRIBE c*\n a SSUBSCRIBE ch\n a PUBLISH ch x\n a SPUBLISH ch y\n a HELLO 2\n b PUBLISH ch z\n a GET k\n a RESET\n a GET k",
    // Replies may be turned off, messages not.
    "a HELLO 3\n a SUBSCRIBE ch\n a CLIENT REPLY OFF\n b PUBLISH ch 2\n a SUBSCRIBE d\n a CLIENT REPLY ON\n a CLIENT REPLY SKIP\n a PUBLISH ch 3\n a PUBLISH ch 4",
    "a CLIENT REPLY OFF\n a SUBSCRIBE ch\n b PUBLISH ch x\n a PING\n a UNSUBSCRIBE ch\n a PING\n a CLIENT REPLY ON",
    // In transactions.
    "a MULTI\n a SUBSCRIBE ch\n a PING\n a GET k\n a PUBLISH ch x\n a UNSUBSCRIBE ch\n a EXEC\n a PING",
    "a MULTI\n a SUBSCRIBE ch\n a PSUBSCRIBE c*\n a PUBLISH ch x\n a EXEC\n a PING\n a MULTI",
    "a MULTI\n a SSUBSCRIBE ch\n a SUNSUBSCRIBE\n a EXEC\n a HELLO 3\n a SUBSCRIBE ch\n a MULTI\n a PUBLISH ch x\n b PUBLISH ch y\n a PUBLISH ch z\n a EXEC",
    "b SUBSCRIBE ch\n a MULTI\n a PUBLISH ch 1\n a SET k v\n a PUBLISH ch 2\n a EXEC",
    // Keyspace notifications, and where they stand in one's own replies.
    "a CONFIG SET notify-keyspace-events KEA\n b PSUBSCRIBE __key*\n a SET k 1\n a SET k 2 EX 100\n a INCR k\n a APPEND k x\n a SETRANGE k 0 y\n a GETSET k 1\n a INCRBYFLOAT k 1\n a GETEX k PERSIST\n a GETEX k EX 10\n a PERSIST k\n a GETDEL k\n a GETDEL k",
    "a CONFIG SET notify-keyspace-events KEA\n b PSUBSCRIBE __key*\n a MSET a 1 b 2\n a RENAME a c\n a COPY c d DB 3\n a MOVE b 4\n a COPY c d\n a DEL c d none\n a SET e 1 EX 10\n a EXPIRE e 0\n a SET e 1 PX 1\n a DEBUG SLEEP 0.01\n a GET e\n a SELECT 3\n a UNLINK d",
    "a HELLO 3\n a CONFIG SET notify-keyspace-events KEA\n a PSUBSCRIBE __key*\n a SET k 1\n a SET k 2 EX 100\n a SET k 3 GET\n a INCR k\n a APPEND k x\n a SETRANGE k 0 y\n a GETSET k 1\n a INCRBYFLOAT k 1\n a EXPIRE k 100\n a PERSIST k\n a GETEX k EX 10\n a GETEX k PXAT 1\n a MSET a 1 b 2\n a RENAME a c\n a COPY c d\n a DEL b c d\n a SET e 1\n a EXPIREAT e 1\n a SET e 1\n a GETDEL e\n a SETEX s 100 v\n a RESTORE s 0 x REPLACE\n a MOVE s 2",
    "a HELLO 3\n a CONFIG SET notify-keyspace-events KEA\n a PSUBSCRIBE __key*\n a RPUSH l 1 2 3\n a LPUSHX l 0\n a LPOP l\n a RPOP l 1\n a LMOVE l m LEFT RIGHT\n a LINSERT m BEFORE 1 0\n a LSET m 0 x\n a LREM m 0 x\n a LTRIM m 5 6\n a LMPOP 1 l LEFT\n a BLPOP l 1\n a RPUSH l 1 2\n a BLMPOP 0 1 l RIGHT COUNT 5\n a RPUSH l 1\n a BLMOVE l m LEFT LEFT 0\n a RPOPLPUSH m m",
    "a HELLO 3\n a CONFIG SET notify-keyspace-events KEA\n a PSUBSCRIBE __key*\n a SADD s 1 2 3\n a SREM s 1\n a SMOVE s t 2\n a SPOP s\n a SPOP t 5\n a SADD s 1 2\n a SUNIONSTORE u s\n a SINTERSTORE u s s\n a SORT s STORE l\n a SORT none STORE l\n a SRANDMEMBER s 0",
    "a HELLO 3\n a CONFIG SET notify-keyspace-events KEA\n a PSUBSCRIBE __key*\n a ZADD z 1 a 2 b 3 c\n a ZADD z INCR 1 a\n a ZINCRBY z 1 a\n a ZREM z a b c\n a ZADD z 1 a 2 b\n a ZREMRANGEBYRANK z 0 0\n a ZUNIONSTORE y 1 z\n a ZRANGESTORE x z 0 -1\n a ZRANGESTORE x z 5 9\n a GEOADD g 1 1 p\n a GEOSEARCHSTORE h g FROMMEMBER p BYRADIUS 1 m\n a GEORADIUS g 1 1 1 m STORE h",
    "a HELLO 3\n a CONFIG SET notify-keyspace-events KEA\n a PSUBSCRIBE __key*\n a HSET h a 1 b 2\n a HSETNX h c 1\n a HINCRBY h a 1\n a HINCRBYFLOAT h a 1.5\n a HMSET h d 1\n a HDEL h a b c d\n a SETBIT b 1 1\n a BITOP NOT c b\n a BITOP AND c none\n a BITFIELD b SET u8 0 1\n a PFADD p a\n a PFMERGE q p\n a PFCOUNT p q",
    "a HELLO 3\n a CONFIG SET notify-keyspace-events KEAmn\n a PSUBSCRIBE __key*\n a GET none\n a SET k 1\n a SET k 1\n a EXISTS none\n a TTL none\n a TYPE none\n a OBJECT ENCODING none\n a RPUSH l 1\n a RENAME k j\n a COPY j k\n a LPOP none\n a STRLEN none",
    "a HELLO 3\n a CONFIG SET notify-keyspace-events KEA\n a PSUBSCRIBE __key*\n a MULTI\n a SET k 1\n a DEL k\n a LPUSH l 1\n a EXEC\n a MULTI\n a EXEC",
    "a CONFIG SET notify-keyspace-events KEA\n b PSUBSCRIBE __key*\n c BLPOP l 0\n a RPUSH l 1\n c BLMOVE l m LEFT LEFT 0\n d BLPOP m 0\n a RPUSH l 2\n a MULTI\n a SET k 1\n a RPUSH x 1\n a EXEC",
    "a CONFIG SET notify-keyspace-events E$\n b PSUBSCRIBE __key*\n a SET k 1 EX 10\n a DEL k\n a CONFIG SET notify-keyspace-events Kg\n a SET k 1 EX 10\n a DEL k\n a CONFIG SET notify-keyspace-events AE\n a SET k 1\n a CONFIG SET notify-keyspace-events A\n a SET k 1\n a FLUSHALL",
    "a CONFIG SET notify-keyspace-events KEA\n b SUBSCRIBE __keyspace@0__:k __keyevent@3__:set\n a SET k 1\n a SET j 1\n a SELECT 3\n a SET k 1\n b UNSUBSCRIBE __keyspace@0__:k __keyevent@3__:set\n a SET k 2",
];

/// Clients by their letters.
struct Side<'a> {
    server: &'a Server,
    clients: BTreeMap<&'a str, TcpStream>,
}

impl<'a> Side<'a> {
    /// Sends a line; returns what each client has got by the time when it has been dealt with.
    fn line(&mut self, letter: &'a str, command: &str) -> String {
        let port = self.server.port;
        let client = self.clients.entry(letter).or_insert_with(|| connect(port));
        let words: Vec<&str> = command.split(' ').collect();
        // One that was closed is seen below.
        let _ = client.write_all(&encode(&words));
        // The first may be answered in the turn in which the line is read, but not the second.
        for _ in 0..2 {
            self.server.ok("CONFIG RESETSTAT");
        }
        let mut got = String::new();
        for (letter, client) in &mut self.clients {
            let (bytes, closed) = read_all(client);
            if !bytes.is_empty() || closed {
                got.push_str(&format!(
                    "\n      {letter} {}{}",
                    show(&bytes),
                    if closed { " closed" } else { "" }
                ));
            }
        }
        got
    }
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server accepts");
    stream.set_nonblocking(true).expect("a socket");
    stream
}

/// What has come, and whether it was the last.
fn read_all(stream: &mut TcpStream) -> (Vec<u8>, bool) {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (all, true),
            Ok(n) => all.extend_from_slice(&buffer[..n]),
            Err(e) if e.kind() == ErrorKind::WouldBlock => return (all, false),
            Err(_) => return (all, true),
        }
    }
}

#[test]
fn subscribers_and_publishers_get_the_same_bytes_in_the_same_order() {
    let servers = [Program::Oxidis, Program::Redis].map(|program| Server::start(program, &[]));
    let mut differences = Vec::new();
    for session in SESSIONS {
        let mut sides = servers.each_ref().map(|server| {
            server.ok("FLUSHALL");
            server.ok("DEBUG SET-ACTIVE-EXPIRE 0");
            let off = server.client().call(&["CONFIG", "SET", "notify-keyspace-events", ""]);
            assert!(off.is_ok(), "{off:?}");
            Side { server, clients: BTreeMap::new() }
        });
        for line in session.split("\n ") {
            let (letter, command) = line.split_once(' ').expect("a letter and a command");
            // Its id is in it.
            let hidden = command.starts_with("HELLO");
            let [ours, real] = sides.each_mut().map(|side| side.line(letter, command));
            if ours != real && !hidden {
                let why = format!("{line}\n    ours{ours}\n    real{real}\n  in {session:?}");
                differences.push(why);
            }
        }
    }
    assert!(differences.is_empty(), "{} lines differ:\n{}", differences.len(), differences.join("\n"));
}
