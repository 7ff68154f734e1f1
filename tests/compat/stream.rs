//! What a primary sends its replicas: the same commands go to both servers, a listener is attached to each, and the
//! two streams are compared command by command. Times that follow from the clock may differ by a little.

use crate::generate::{Args, Generator, Step};
use crate::harness::replica::RawReplica;
use crate::harness::value::show;
use crate::harness::{Client, PATIENCE, Program, Server, Value, seeds, steps, wait_for};
use crate::pair::set_limits;
use std::time::Duration;

pub type Commands = Vec<Args>;

struct Listened {
    servers: [Server; 2],
    clients: [Client; 2],
    replicas: [RawReplica; 2],
    markers: u32,
}

const CONFIG: &[&str] = &["repl-ping-replica-period 3600", "repl-timeout 7200"];

fn listen(config: &[&str]) -> Listened {
    let config: Vec<&str> = CONFIG.iter().chain(config).copied().collect();
    let servers = [Program::Oxidis, Program::Redis].map(|program| Server::start(program, &config));
    let replicas = servers
        .each_ref()
        .map(|server| RawReplica::attach(server.client(), "PSYNC ? -1").expect("a snapshot"));
    let clients = servers.each_ref().map(Server::client);
    for server in &servers {
        // FLUSHALL would end a child that still lives, and the listener with it.
        wait_for("the listener to be online", PATIENCE, || server.info("slave0").contains("state=online"));
        server.ok("DEBUG SET-ACTIVE-EXPIRE 0");
    }
    Listened { servers, clients, replicas, markers: 0 }
}

impl Listened {
    fn call(&mut self, args: &Args) {
        for client in &mut self.clients {
            client.call(args);
        }
    }

    /// What both sent since the last time, up to a write that marks the end.
    fn streams(&mut self) -> [Commands; 2] {
        self.markers += 1;
        let marker = format!("marker {}", self.markers).into_bytes();
        self.call(&vec![b"SET".to_vec(), marker.clone(), b"x".to_vec()]);
        self.replicas.each_mut().map(|replica| replica.until_marker(&marker, PATIENCE).expect("the stream"))
    }
}

fn shown(command: &Args) -> String {
    command.iter().map(|arg| show(arg)).collect::<Vec<_>>().join(" ")
}

/// Equal but for moments, in milliseconds, that lie close together.
fn same(ours: &Args, real: &Args) -> bool {
    let moment =
        |arg: &[u8]| -> Option<i64> { std::str::from_utf8(arg).ok()?.parse().ok().filter(|n| *n > 1 << 40) };
    ours.len() == real.len()
        && ours.iter().zip(real).all(|(a, b)| {
            a == b || matches!((moment(a), moment(b)), (Some(a), Some(b)) if (a - b).abs() < 10_000)
        })
}

pub fn differences(ours: &Commands, real: &Commands) -> Option<String> {
    if ours.len() == real.len() && ours.iter().zip(real).all(|(a, b)| same(a, b)) {
        return None;
    }
    let list = |commands: &Commands| commands.iter().map(shown).collect::<Vec<_>>().join("\n         ");
    Some(format!("    ours {}\n    real {}", list(ours), list(real)))
}

/// Each line is a script; its effect on the stream is compared alone. `wait` gives a key's short life time to end.
const SCRIPTS: &[&str] = &[
    "SET a b",
    "SET a b EX 100",
    "SET a b PX 100000",
    "SET a b EXAT 4000000000",
    "SET a b PXAT 4000000000123",
    "SET a b EX 100 NX|SET a c EX 200 XX GET|SET a d KEEPTTL|SET a e NX",
    "SET a b GET|SET a c GET EX 50",
    "SETEX a 100 b|PSETEX a 100000 b",
    "SETNX a b|SETNX a c",
    "MSET a 1 b 2|MSETNX a 1 c 2|MSETNX d 1 e 2",
    "SET a 1|GETSET a 2|GETDEL a|GETDEL a",
    "SET a 1|GETEX a|GETEX a EX 100|GETEX a PX 100000|GETEX a EXAT 4000000000|GETEX a PERSIST|GETEX a PERSIST",
    "SET a 1|GETEX a PXAT 1|SET b 1|GETEX b EXAT 1",
    "INCR n|DECR n|INCRBY n 5|DECRBY n 3",
    "INCRBYFLOAT f 1.5|INCRBYFLOAT f 2.5e3|SET t 1 EX 100|INCRBYFLOAT t 0.1",
    "APPEND a x|APPEND a y|SETRANGE a 1 zz|SETRANGE none 0 _|SETRANGE a 3 x",
    "SET a 1|EXPIRE a 100|PEXPIRE a 100000|EXPIREAT a 4000000000|PEXPIREAT a 4000000000123|PERSIST a|PERSIST a",
    "SET a 1|EXPIRE a 100 NX|EXPIRE a 200 NX|EXPIRE a 50 GT|EXPIRE a 300 GT|EXPIRE a 10 LT|EXPIRE a 20 XX",
    "SET a 1|EXPIRE a 0|SET a 1|EXPIRE a -1|SET a 1|PEXPIREAT a 1|SET a 1|EXPIREAT a 1",
    "SET a b PXAT 1|GET a",
    "SET a b EXAT 1|SET a c",
    "DEL none|SET a 1|SET b 1|DEL a none b|SET a 1|UNLINK a none",
    "SET a 1|RENAME a b|RENAME b b|SET a 1|RENAMENX a b|RENAMENX b c",
    "SET a 1 EX 100|COPY a b|COPY a b|COPY a b REPLACE|COPY a b DB 3",
    "SET a 1|MOVE a 2|MOVE a 2|SELECT 2|GET a|SET c 1|SELECT 0",
    "SELECT 1|SET a 1|SELECT 0|SET a 1|SELECT 1|GET a|SELECT 0|SET b 1",
    "SET a 1|SWAPDB 0 1|SWAPDB 0 1|SWAPDB 2 2",
    "FLUSHDB|SET a 1|FLUSHDB|FLUSHDB ASYNC|FLUSHALL|FLUSHALL SYNC",
    "SET a hello|DUMP a|TOUCH a|OBJECT ENCODING a|TYPE a|STRLEN a|GETRANGE a 0 -1|LCS a a|MGET a b|TTL a",
    "SET a 1 PX 1|wait a|GET a",
    "SET a 1 PX 1|wait a|SET a 2",
    "SET a 1 PX 1|wait a|INCR a",
    "SET a 1 PX 1|wait a|APPEND a x",
    "SET a 1 PX 1|SET b 1 PX 1|wait a|wait b|MGET a b",
    "SET a 1 PX 1|SET b 1 PX 1|wait a|wait b|DEL a b",
    "SET a 1 PX 1|SET b 1 PX 1|wait a|wait b|EXISTS a b",
    "SET a 1 PX 1|SET b 1 PX 1|wait a|wait b|MSET a 1 b 2",
    "SET a 1 PX 1|SET b 1 PX 1|wait a|wait b|MSETNX a 1 b 2",
    "SET a 1 PX 1|wait a|RENAME a b|EXPIRE a 10|PERSIST a|COPY a b|MOVE a 3|GETDEL a|GETEX a EX 10",
    "SET a 1 PX 1|SET b 1|wait a|RENAME b a",
    "SET a 1 PX 1|SET b 1|wait a|RENAMENX b a",
    "SET a 1 PX 1|SET b 1|wait a|COPY b a",
    "SET a 1 PX 1|SELECT 3|SET a 2 PX 1|SELECT 0|wait a|SELECT 3|wait a|SELECT 0|MOVE a 3|SELECT 3|SET x 1|SELECT 0",
    "SET a 1 PX 1|wait a|SCAN 0|KEYS *|RANDOMKEY",
    "SET a 1 PX 1|wait a|TTL a|TYPE a|OBJECT ENCODING a",
    "SET a 1 PX 1|wait a|SETNX a 2|SETRANGE a 5 x",
    "SET a 1 PX 1|wait a|SET a 2 XX|SET a 3 NX GET",
    "SET a 1 PX 1|wait a|UNLINK a",
    "set a 1|sEt b 2|dEl a",
    "RPUSH l 1 2 3|LPUSHX l 0|RPUSHX none 1|LPOP l|RPOP l 2|LPOP l 5|LPOP l|LPOP l 0",
    "RPUSH l a b c b|LINSERT l AFTER b x|LINSERT l AFTER no x|LSET l 0 y|LSET l 9 y|LREM l 0 b|LREM l 0 b|LTRIM l 0 -1|LTRIM l 1 0",
    "RPUSH l 1 2 3|LMOVE l m LEFT right|RPOPLPUSH l m|RPOPLPUSH m m|LMOVE none m LEFT LEFT|LMPOP 2 none m LEFT COUNT 9|LMPOP 1 m LEFT",
    "RPUSH l 1 2 3 4 5|BLPOP l 0|BRPOP none l 0|BLMOVE l m left RIGHT 0|BRPOPLPUSH l m 0|BLMPOP 0 1 m RIGHT COUNT 9|BLPOP m 0.001",
    "RPUSH l 1|PEXPIRE l 1|wait l|LPUSH l 2|PEXPIRE l 1|wait l|LPOP l|BLPOP l 0.001|LLEN l",
    "SADD s x|SPOP s|SADD s 1 2 3|SPOP s 3|SADD s x y|SPOP s 5|SADD s x|SMOVE s t x|SADD s x y|SMOVE s t x|SUNIONSTORE u s t|SINTERSTORE u s v",
    "HSET h f 1|HINCRBY h f 2|HINCRBYFLOAT h f 1.5|HINCRBYFLOAT h g 2|HSETNX h f 9|HDEL h f g|HMSET h a 1 b 2",
    "ZADD z 1 a 2 b 3 c|ZADD z GT 0 a|ZADD z INCR 1.5 a|ZINCRBY z 1 b|ZPOPMIN z|ZPOPMAX z 9|ZADD z 1 a 2 b|ZMPOP 2 none z MIN COUNT 5|ZADD z 1 a|ZREMRANGEBYRANK z 0 -1",
    "ZADD z 1 a 2 b 3 c|BZPOPMIN none z 0|BZPOPMAX z 0|BZMPOP 0 2 none z MAX COUNT 9|BZPOPMIN z 0.001|ZADD z 1 a|ZRANGESTORE y z 0 -1|ZUNIONSTORE y 2 y z WEIGHTS 2 3|ZDIFFSTORE y 2 y z",
    "GEOADD g 13 38 a 15 37 b|GEOADD g XX 1 1 c|GEORADIUS g 14 37 200 km STORE s|GEOSEARCHSTORE s g FROMLONLAT 14 37 BYRADIUS 200 km STOREDIST|GEORADIUS g 14 37 1 m STOREDIST s",
    "SETBIT b 7 1|BITFIELD b SET u8 0 9|BITFIELD b GET u8 0|BITOP NOT c b|BITOP AND c none|PFADD p a b|PFADD p a|PFMERGE q p|PFCOUNT q|PFADD none",
    "RPUSH l b a|SORT l ALPHA STORE m|SORT none STORE m|SADD s b a|SORT s ALPHA LIMIT 0 1 STORE m|EXPIRE l 100|SORT l ALPHA STORE l|TTL l",
    "XGROUP CREATE s g $ MKSTREAM|XADD s 1-1 f v|XADD s 1-2 f v|XADD s 2-1 f v|XREADGROUP GROUP g c COUNT 1 STREAMS s >|XREADGROUP GROUP g c STREAMS s >|XREADGROUP GROUP g c STREAMS s 0|XREADGROUP GROUP g c STREAMS s >|XACK s g 1-1 9-9|XACK s g 1-1|XREADGROUP GROUP g d STREAMS s >",
    "XGROUP CREATE s g 0 MKSTREAM ENTRIESREAD 5|XADD s 1-1 f v|XADD s 1-2 f v|XREADGROUP GROUP g c NOACK STREAMS s >|XREADGROUP GROUP g c NOACK STREAMS s >|XREADGROUP GROUP g d NOACK STREAMS s 0|XADD s 3-1 f v|XREADGROUP GROUP g c NOACK COUNT 1 STREAMS s >",
    "XADD s 1-1 f v|XADD t 1-1 f v|XGROUP CREATE s g 0|XGROUP CREATE t g 0|XREADGROUP GROUP g c STREAMS s t > >|XADD s 2-1 f v|XREADGROUP GROUP g d STREAMS s t > 0|XREADGROUP GROUP g e STREAMS s s 0 0",
    "XADD s 1-1 f v|XADD s 1-2 f v|XGROUP CREATE s g 0|XREADGROUP GROUP g c STREAMS s >|XCLAIM s g d 0 1-1|XCLAIM s g d 0 1-1 1-2 JUSTID|XCLAIM s g e 0 1 1-1 TIME 1000 RETRYCOUNT 7|XCLAIM s g e 10000000 1-1|XCLAIM s g e 0 9-9 FORCE|XCLAIM s g f 0 1-2 IDLE 100000000 LASTID 5-5|XCLAIM s g f 0 9-9 LASTID 6-6|XCLAIM s g f 0 9-9 LASTID 6-6|XACK s g 1-1|XCLAIM s g n 0 1-1 FORCE|XCLAIM s g n 0 1-2 LASTID 0",
    "XADD s 1-1 f v|XADD s 1-2 f v|XADD s 1-3 f v|XGROUP CREATE s g 0|XREADGROUP GROUP g c STREAMS s >|XDEL s 1-2|XCLAIM s g d 0 1-2 1-1|XDEL s 1-1|XAUTOCLAIM s g d 0 - COUNT 1|XAUTOCLAIM s g d 0 -|XAUTOCLAIM s g e 0 1-1 JUSTID|XAUTOCLAIM s g e 100000000 -|XDEL s 1-3|XAUTOCLAIM s g e 100000000 -",
    "XGROUP CREATE s g $|XGROUP CREATE s g $ MKSTREAM|XGROUP CREATE s g $|XGROUP SETID s g 5-5|XGROUP SETID s g $ ENTRIESREAD 3|XGROUP CREATECONSUMER s g c|XGROUP CREATECONSUMER s g c|XGROUP DELCONSUMER s g c|XGROUP DELCONSUMER s g c|XGROUP DESTROY s g|XGROUP DESTROY s g|XGROUP SETID s g 1",
    "XADD s 1-1 f v|XGROUP CREATE s g 0|XREADGROUP GROUP g c STREAMS s >|XGROUP DELCONSUMER s g c|XPENDING s g|XINFO STREAM s FULL|XINFO GROUPS s|XGROUP SETID s g 0|MULTI|XREADGROUP GROUP g c STREAMS s >|XACK s g 1-1|EXEC|XGROUP SETID s g 0|XREADGROUP GROUP g c BLOCK 0 STREAMS s >|XREADGROUP GROUP g c BLOCK 1 STREAMS s >",
    "XADD s 1-1 f v|XGROUP CREATE s g 0|XREADGROUP GROUP g c STREAMS s >|XGROUP SETID s g 0|XREADGROUP GROUP g d STREAMS s >|XREADGROUP GROUP g d STREAMS s 0|XACK s g 1-1|XACK s h 1-1|XACK none g 1-1",
    "XADD s 1-1 f v|XGROUP CREATE s g 0|PEXPIRE s 1|wait s|XREADGROUP GROUP g c STREAMS s >|XADD s 1-1 f v|XGROUP CREATE s g 0|PEXPIRE s 1|wait s|XGROUP CREATE s g 0 MKSTREAM|PEXPIRE s 1|wait s|XACK s g 1-1|XGROUP CREATE s g 0 MKSTREAM|PEXPIRE s 1|wait s|XAUTOCLAIM s g c 0 -",
    "SET a|INCR|nosuch|SET a b XX NX|EXPIRE a x|GET a b",
    "REPLCONF capa eof|PING|ECHO x|CLIENT SETNAME x|CONFIG SET hz 10|WAIT 0 1|SET a b",
];

#[test]
fn the_stream_to_replicas_is_the_one_redis_sends() {
    let mut both = listen(&[]);
    // The first write selects the database; from then on only changes do.
    both.call(&vec![b"SET".to_vec(), b"first".to_vec(), b"x".to_vec()]);
    let streams = both.streams();
    assert_eq!(differences(&streams[0], &streams[1]), None);
    let mut different = Vec::new();
    let mut seen = 0;
    for script in SCRIPTS {
        for line in ["FLUSHALL"].into_iter().chain(script.split('|')) {
            let args: Args = line.split(' ').map(|word| word.replace('_', "").into_bytes()).collect();
            match line.strip_prefix("wait ") {
                // Asking a replica's way would remove the key; so does any other look at it.
                Some(_) => std::thread::sleep(Duration::from_millis(5)),
                None => both.call(&args),
            }
        }
        let streams = both.streams();
        seen += streams[1].len();
        if let Some(how) = differences(&streams[0], &streams[1]) {
            different.push(format!("{script}\n{how}"));
        }
    }
    assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
    assert!(seen > 150, "only {seen} commands were sent");
}

/// From the second on big arguments come apart from their requests.
#[test]
fn big_arguments_are_sent_on_as_they_are() {
    let mut both = listen(&[]);
    for len in [49_152, 70_000, 300_000] {
        for _ in 0..2 {
            let value = vec![b'v'; len];
            let calls: [&[&[u8]]; 9] = [
                &[b"SET", b"a", &value],
                &[b"SET", b"a", &value, b"EX", b"1000"],
                &[b"MSET", b"a", &value, b"b", b"small", b"c", &value],
                &[b"GETSET", b"a", &value],
                &[b"MULTI"],
                &[b"SETEX", b"a", b"1000", &value],
                &[b"SET", b"b", &value],
                &[b"EXEC"],
                &[b"APPEND", b"a", &value],
            ];
            for call in calls {
                both.call(&call.iter().map(|arg| arg.to_vec()).collect());
            }
            let [ours, real] = both.streams();
            assert!(real.len() >= 9 && differences(&ours, &real).is_none(), "{len}");
        }
    }
}

/// Payloads go through RESTORE with their time as an absolute one.
#[test]
fn restore_is_sent_with_an_absolute_time() {
    let mut both = listen(&[]);
    both.call(&vec![b"SET".to_vec(), b"a".to_vec(), b"some value".to_vec()]);
    let Value::Bulk(payload) = both.clients[1].cmd("DUMP a") else { panic!("no payload") };
    for (ttl, options) in [
        ("0", ""),
        ("100000", "REPLACE"),
        ("0", "REPLACE"),
        ("4000000000000", "REPLACE ABSTTL"),
        ("1", "REPLACE ABSTTL"),
        ("100000", "REPLACE IDLETIME 10"),
        ("0", "REPLACE FREQ 10"),
    ] {
        let mut args = vec![b"RESTORE".to_vec(), b"b".to_vec(), ttl.into(), payload.clone()];
        args.extend(options.split_whitespace().map(Vec::from));
        both.call(&args);
        let streams = both.streams();
        assert_eq!(differences(&streams[0], &streams[1]), None, "RESTORE {ttl} {options}");
        assert!(!streams[1].is_empty());
    }
}

/// Expired keys found by chance have nothing to do with each other: their deletions are no transaction.
#[test]
fn expired_keys_found_by_chance_are_deleted_each_for_itself() {
    let mut both = listen(&[]);
    // FLUSHALL would end the children that have sent the snapshots, if they are not gone yet, and their replicas.
    for server in &both.servers {
        wait_for("the child to be gone", PATIENCE, || server.info("rdb_bgsave_in_progress") == "0");
    }
    for command in ["RANDOMKEY", "SCAN 0"] {
        for line in ["FLUSHALL", "SET a 1 PX 1", "SET b 1 PX 1"] {
            both.call(&line.split(' ').map(Vec::from).collect());
        }
        std::thread::sleep(Duration::from_millis(5));
        both.call(&command.split(' ').map(Vec::from).collect());
        let mut streams = both.streams();
        for stream in &mut streams {
            // Which one is found first is chance too.
            stream.sort();
        }
        assert_eq!(differences(&streams[0], &streams[1]), None, "{command}");
    }
}

/// Active expiry sends the same deletions, by the name that lazyfree-lazy-expire asks for.
#[test]
fn expired_keys_are_deleted_in_the_stream() {
    for (config, word) in [("lazyfree-lazy-expire no", "DEL"), ("lazyfree-lazy-expire yes", "UNLINK")] {
        let mut both = listen(&[config, "hz 100"]);
        for n in 0..50 {
            both.call(&vec![
                b"SET".to_vec(),
                format!("key:{n}").into(),
                b"x".to_vec(),
                b"PX".to_vec(),
                b"1".to_vec(),
            ]);
        }
        both.streams();
        for server in &both.servers {
            server.ok("DEBUG SET-ACTIVE-EXPIRE 1");
            wait_for("the keys to expire", PATIENCE, || server.info("expired_keys") == "50");
        }
        let mut streams = both.streams();
        for stream in &mut streams {
            stream.sort();
        }
        assert_eq!(differences(&streams[0], &streams[1]), None);
        assert_eq!(streams[1].len(), 50);
        assert_eq!(streams[1][0][0], word.as_bytes());
    }
}

/// What may befall a key whose time is over; `KEY` stands for it.
const ON_EXPIRED: &[&str] = &[
    "GET KEY",
    "SET KEY x",
    "SET KEY x NX",
    "SET KEY x XX",
    "SET KEY x KEEPTTL",
    "SET KEY x GET EX 1000",
    "SETNX KEY x",
    "GETSET KEY x",
    "GETDEL KEY",
    "GETEX KEY EX 1000",
    "GETRANGE KEY 0 1",
    "APPEND KEY x",
    "SETRANGE KEY 3 x",
    "INCR KEY",
    "INCRBYFLOAT KEY 1.5",
    "MSET KEY x other y KEY z",
    "MSETNX KEY x",
    "MGET KEY KEY",
    "DEL KEY KEY",
    "UNLINK KEY",
    "EXPIRE KEY 1000",
    "PERSIST KEY",
    "RENAME KEY other",
    "RENAME other KEY",
    "COPY KEY other REPLACE",
    "COPY other KEY",
    "MOVE KEY 2",
    "TOUCH KEY",
    "TYPE KEY",
    "DUMP KEY",
    "STRLEN KEY",
    "OBJECT ENCODING KEY",
];

/// Between the commands no expired key is left lying: Oxidis reads all arguments before it looks at a key, so what
/// a faulty command leaves of one differs.
#[test]
fn generated_commands_are_sent_on_as_by_redis() {
    // Those that change how the connection is answered, which keys are met, or the link itself.
    const NOT_SENT: &[&str] =
        &["HELLO", "CLIENT", "REPLCONF", "RESET", "SCAN", "KEYS", "PSYNC", "REPLICAOF", "SLAVEOF", "CONFIG"];
    for seed in seeds(&[21, 22, 23]) {
        let mut both = listen(&[]);
        let mut generator = Generator::new(seed);
        let (mut different, mut sent, mut expired, mut script) = (Vec::new(), 0, 0, Vec::new());
        let clean: Args = [b"EXISTS".to_vec()].into_iter().chain(generator.keys().iter().cloned()).collect();
        let (mut step, steps) = (0, steps(8000));
        while step < steps && different.len() < 5 {
            let mut commands = Vec::new();
            match generator.step() {
                Step::Call(args, _) => commands.push(args),
                Step::Expire(key) => {
                    commands.push(vec![
                        b"SET".to_vec(),
                        key.clone(),
                        b"x".to_vec(),
                        b"PX".to_vec(),
                        b"1".to_vec(),
                    ]);
                    let line = generator.rng.pick(ON_EXPIRED);
                    let word = |word: &str| if word == "KEY" { key.clone() } else { word.into() };
                    commands.push(line.split(' ').map(word).collect());
                    expired += 1;
                }
                Step::Limits(limits) => {
                    both.servers.iter().for_each(|server| set_limits(server, &limits));
                    continue;
                }
                _ => continue,
            }
            let name = String::from_utf8_lossy(&commands[0][0]).to_ascii_uppercase();
            if NOT_SENT.contains(&name.as_str()) {
                continue;
            }
            if name == "PFADD"
                && let Some(key) = commands[0].get(1)
                && both.clients[1]
                    .call(&[b"PFCOUNT".to_vec(), key.clone(), b"no:such:key".to_vec()])
                    .is_error()
            {
                // Redis keeps what it had added before it met the damage, and does not say so.
                continue;
            }
            step += 1;
            for args in &commands {
                script.push(shown(args));
                let replies = both.clients.each_mut().map(|client| client.call(args));
                if let Value::Bulk(payload) = &replies[1]
                    && name == "DUMP"
                {
                    generator.dumps.push(payload.clone());
                }
                if commands.len() == 2 {
                    std::thread::sleep(Duration::from_millis(3));
                }
            }
            both.call(&clean);
            if step % 20 == 0 {
                let streams = both.streams();
                sent += streams[1].len();
                if let Some(how) = differences(&streams[0], &streams[1]) {
                    different.push(format!("{}\n{how}", script.join("\n")));
                }
                script.clear();
            }
        }
        assert!(different.is_empty(), "seed {seed}: {} differ\n{}", different.len(), different.join("\n\n"));
        assert!(
            sent > steps / 4 && expired > 30,
            "seed {seed}: only {sent} commands sent, {expired} keys expired"
        );
    }
}
