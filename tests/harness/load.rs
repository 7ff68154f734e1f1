//! A write load in a thread of its own: batches of seeded commands on keys of all types in several databases, with
//! binary and long values and short and long expiries.

use super::client::{Client, encode};
use super::rng::Rng;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the load writes.
#[derive(Clone)]
pub struct Profile {
    pub databases: usize,
    pub keys: usize,
    pub value_max: usize,
    /// Short expiries, so that keys expire while the test runs.
    pub expiries: bool,
    /// Fields of hashes expire as well.
    pub field_times: bool,
    /// A pause between batches of 16, to keep the volume down.
    pub pause: Duration,
}

impl Default for Profile {
    fn default() -> Profile {
        Profile {
            databases: 3,
            keys: 2000,
            value_max: 300,
            expiries: true,
            field_times: false,
            pause: Duration::from_millis(1),
        }
    }
}

pub struct Load {
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
    thread: Option<JoinHandle<Option<String>>>,
}

impl Load {
    pub fn start(port: u16, seed: u64, profile: Profile) -> Load {
        Load::start_on(Client::connect(port), seed, profile)
    }

    /// As `start`, on a connection that is there.
    pub fn start_on(mut client: Client, seed: u64, profile: Profile) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let written = Arc::new(AtomicU64::new(0));
        let (stopping, count) = (stop.clone(), written.clone());
        let thread = std::thread::spawn(move || {
            let mut rng = Rng::new(seed);
            while !stopping.load(Ordering::Relaxed) {
                let mut batch = Vec::new();
                for _ in 0..16 {
                    batch.extend_from_slice(&encode(&command(&mut rng, &profile)));
                }
                if client.send_bytes(&batch).is_err() {
                    return None;
                }
                for _ in 0..16 {
                    match client.read() {
                        Ok(reply) if reply.value.is_error() && !expected(&reply.raw) => {
                            eprintln!("the write load was answered {:?}", reply.value);
                            return Some(format!("{:?}", reply.value));
                        }
                        Ok(_) => count.fetch_add(1, Ordering::Relaxed),
                        Err(_) => return None,
                    };
                }
                std::thread::sleep(profile.pause);
            }
            None
        });
        Load { stop, written, thread: Some(thread) }
    }

    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Waits until this many more commands have been answered.
    #[track_caller]
    pub fn wait_written(&self, more: u64) {
        let target = self.written() + more;
        super::wait_for("the write load to go on", super::PATIENCE, || {
            let ended = self.thread.as_ref().is_none_or(JoinHandle::is_finished);
            assert!(!ended || self.written() >= target, "the write load has ended early");
            self.written() >= target
        });
    }

    /// Ends the load: the number of commands answered. Panics on an error reply that no load explains.
    #[track_caller]
    pub fn stop(mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        let problem = self.thread.take().expect("stopped once").join().expect("the load does not panic");
        assert_eq!(problem, None, "the write load got an error reply");
        self.written()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

// RENAME of a missing key, COPY onto itself, a group that is there or not: such errors belong to a random load.
fn expected(raw: &[u8]) -> bool {
    const EXPECTED: &[&str] = &[
        "-ERR value is not",
        "-ERR no such key",
        "-ERR source and",
        "-ERR The ID specified in X",
        "-ERR The XGROUP subcommand requires the key",
        "-NOGROUP",
        "-BUSYGROUP",
    ];
    EXPECTED.iter().any(|text| raw.starts_with(text.as_bytes()))
}

/// Fills a server with `count` keys in one go, the same for the same seed.
#[track_caller]
pub fn fill(client: &mut Client, seed: u64, count: usize, value_max: usize) {
    let mut rng = Rng::new(seed);
    let mut left = count;
    while left > 0 {
        let batch = left.min(200);
        let mut bytes = Vec::new();
        for i in 0..batch {
            let key = format!("fill:{}", left - i);
            bytes.extend_from_slice(&encode(&[
                b"SET".to_vec(),
                key.into_bytes(),
                value(&mut rng, value_max),
            ]));
        }
        client.send_bytes(&bytes).expect("the server reads");
        for _ in 0..batch {
            let reply = client.read().expect("the server answers");
            assert!(reply.value.is_ok(), "{:?}", reply.value);
        }
        left -= batch;
    }
}

/// Adds collections of every type and encoding, `per_type` of each, the same for the same seed: most small, some of them
/// of up to `members_max` members.
#[track_caller]
pub fn fill_collections(client: &mut Client, seed: u64, per_type: usize, members_max: usize) {
    let mut rng = Rng::new(seed);
    for n in 0..per_type {
        for kind in ["list", "set", "ints", "zset", "hash"] {
            let most = if n % 8 == 0 { members_max } else { 20 };
            let key = format!("{kind}:fill:{n}");
            let mut left = 1 + rng.below(most);
            while left > 0 {
                let now = left.min(100);
                let verb = match kind {
                    "list" => "RPUSH",
                    "zset" => "ZADD",
                    "hash" => "HSET",
                    _ => "SADD",
                };
                let mut parts = vec![verb.into(), key.clone().into_bytes()];
                for _ in 0..now {
                    match kind {
                        "ints" => parts.push(rng.between(-70_000, 70_000).to_string().into_bytes()),
                        "zset" => parts.extend([score(&mut rng), member(&mut rng)]),
                        "hash" => parts.extend([member(&mut rng), value(&mut rng, 100)]),
                        _ => parts.push(member(&mut rng)),
                    }
                }
                let reply = client.call(&parts);
                assert!(!reply.is_error(), "{reply:?}");
                left -= now;
            }
        }
    }
}

/// Adds streams with groups, consumers, entries that are pending and entries that are gone, the same for the same seed but
/// for moments.
#[track_caller]
pub fn fill_streams(client: &mut Client, seed: u64, commands: usize) {
    let mut rng = Rng::new(seed);
    let profile = Profile { expiries: false, ..Profile::default() };
    let mut batches = vec![200; commands / 200];
    batches.push(commands % 200);
    for batch in batches {
        let mut bytes = Vec::new();
        for _ in 0..batch {
            bytes.extend_from_slice(&encode(&stream_command(&mut rng, &profile)));
        }
        client.send_bytes(&bytes).expect("the server reads");
        for _ in 0..batch {
            let reply = client.read().expect("the server answers");
            assert!(!reply.value.is_error() || expected(&reply.raw), "{:?}", reply.value);
        }
    }
}

fn member(rng: &mut Rng) -> Vec<u8> {
    match rng.below(10) {
        0 => value(rng, 200),
        1..=4 => rng.between(-300, 300).to_string().into_bytes(),
        _ => format!("member:{}", rng.below(5000)).into_bytes(),
    }
}

fn score(rng: &mut Rng) -> Vec<u8> {
    match rng.below(8) {
        0 => b"inf".to_vec(),
        1 => b"-1e30".to_vec(),
        2 => format!("{}.{}", rng.between(-100, 100), rng.below(1000)).into_bytes(),
        _ => rng.between(-50, 50).to_string().into_bytes(),
    }
}

/// A command on a hash of which fields expire. Those that live for milliseconds are only set: what else is done to a field
/// whose time is over on the replica, but was not yet on the primary, Redis 8 lets be.
fn field_time_command(rng: &mut Rng, profile: &Profile) -> Vec<Vec<u8>> {
    let key = format!("hash:{}", rng.below(40));
    let brief = rng.chance(40);
    let field = format!("member:{}", rng.below(15) + if brief { 0 } else { 15 });
    let ttl = if brief { rng.between(1, 400) } else { rng.between(60_000, 9_000_000) }.to_string();
    let words =
        |words: &[&str]| -> Vec<Vec<u8>> { words.iter().map(|word| word.as_bytes().to_vec()).collect() };
    match rng.below(6) {
        0 | 1 if !brief => words(&["HPEXPIRE", &key, &ttl, "FIELDS", "1", &field]),
        2 if !brief => words(&["HPERSIST", &key, "FIELDS", "1", &field]),
        3 if !brief => words(&["HGETEX", &key, "PX", &ttl, "FIELDS", "1", &field]),
        _ => {
            let mut line = words(&["HSETEX", &key, "PX", &ttl, "FIELDS", "1", &field]);
            line.push(value(rng, profile.value_max));
            line
        }
    }
}

/// A command on a geo set or a hyperloglog.
fn counting_command(rng: &mut Rng) -> Vec<Vec<u8>> {
    let n = rng.below(6);
    let word = member(rng);
    match rng.below(4) {
        0 => {
            let (x, y) = (rng.between(-179, 179).to_string(), rng.between(-85, 85).to_string());
            vec![b"GEOADD".to_vec(), format!("geo:{n}").into_bytes(), x.into_bytes(), y.into_bytes(), word]
        }
        1 => vec![
            b"PFMERGE".to_vec(),
            format!("hll:{n}").into_bytes(),
            format!("hll:{}", rng.below(6)).into_bytes(),
        ],
        2 => vec![b"PFCOUNT".to_vec(), format!("hll:{n}").into_bytes()],
        _ => vec![b"PFADD".to_vec(), format!("hll:{n}").into_bytes(), word, value(rng, 20)],
    }
}

/// A command on a stream or its groups. Ids of some streams are those of the moment, those of the others lie close together,
/// so that entries are met again. No consumer reads its own entries once more: that is a delivery of which replicas are not
/// told.
fn stream_command(rng: &mut Rng, profile: &Profile) -> Vec<Vec<u8>> {
    let n = rng.below(20);
    let key = format!("stream:{n}");
    let id = |rng: &mut Rng| format!("{}-{}", rng.below(60), rng.below(6));
    let (one, two, three) = (id(rng), id(rng), id(rng));
    let new = if n.is_multiple_of(2) { "*".to_string() } else { format!("{}-*", rng.below(60)) };
    let most = rng.below(300).to_string();
    let other = format!("stream:{}", rng.below(20));
    let (group, consumer) = (rng.pick(&["g", "h"]), rng.pick(&["c", "d", "e"]));
    let count = rng.pick(&["1", "3", "20"]);
    let words =
        |words: &[&str]| -> Vec<Vec<u8>> { words.iter().map(|word| word.as_bytes().to_vec()).collect() };
    match rng.below(60) {
        0 => words(&["DEL", &key]),
        1 => words(&["COPY", &key, &other, "REPLACE"]),
        2 => words(&["RENAME", &key, &other]),
        3 if profile.expiries => words(&["PEXPIRE", &key, &rng.between(1, 100_000).to_string()]),
        4..=6 => words(&["XDEL", &key, &one, &two, &three]),
        7 => words(&["XTRIM", &key, "MAXLEN", &most]),
        8 => words(&["XTRIM", &key, "MAXLEN", "~", &most]),
        9 => words(&["XTRIM", &key, "MINID", &one]),
        10 => words(&["XSETID", &key, "60-0", "ENTRIESADDED", "100000", "MAXDELETEDID", &one]),
        11..=14 => words(&["XGROUP", "CREATE", &key, group, rng.pick(&["0", "$", "30"]), "MKSTREAM"]),
        15 => words(&["XGROUP", "SETID", &key, group, "0", "ENTRIESREAD", "0"]),
        16 => words(&["XGROUP", "DELCONSUMER", &key, group, consumer]),
        17 => words(&["XGROUP", "CREATECONSUMER", &key, group, consumer]),
        18 => words(&["XGROUP", "DESTROY", &key, group]),
        19..=26 => words(&["XREADGROUP", "GROUP", group, consumer, "COUNT", count, "STREAMS", &key, ">"]),
        27 | 28 => {
            words(&["XREADGROUP", "GROUP", group, consumer, "COUNT", count, "NOACK", "STREAMS", &key, ">"])
        }
        29..=31 => words(&["XACK", &key, group, &one, &two, &three]),
        32..=34 => words(&["XCLAIM", &key, group, consumer, "0", &one, &two, "FORCE"]),
        35 => words(&["XCLAIM", &key, group, consumer, "0", &one, "IDLE", "5000", "JUSTID", "LASTID", &two]),
        36..=38 => words(&["XAUTOCLAIM", &key, group, consumer, "0", &one, "COUNT", count]),
        39 | 40 => words(&["XADD", &key, "MAXLEN", "~", &most, &new, "field", "value"]),
        41 => words(&["XADD", &key, "MINID", "~", &one, "LIMIT", "100", &new, "field", "value"]),
        _ => {
            let mut line = words(&["XADD", &key, &new]);
            for _ in 0..1 + rng.below(3) {
                line.extend([rng.pick(&["field", "another", "7"]).as_bytes().to_vec(), member(rng)]);
            }
            line
        }
    }
}

/// A command on one of a few keys that hold collections.
fn collection_command(rng: &mut Rng, profile: &Profile) -> Vec<Vec<u8>> {
    if profile.field_times && rng.chance(20) {
        return field_time_command(rng, profile);
    }
    if rng.chance(15) {
        return counting_command(rng);
    }
    if rng.chance(20) {
        return stream_command(rng, profile);
    }
    let kind = ["list", "set", "zset", "hash"][rng.below(4)];
    let key = |rng: &mut Rng| format!("{kind}:{}", rng.below(40)).into_bytes();
    let line = |verb: &str, args: Vec<Vec<u8>>| [vec![verb.as_bytes().to_vec()], args].concat();
    let (this, other) = (key(rng), key(rng));
    match rng.below(40) {
        0 => return line("DEL", vec![this]),
        1 => return line("COPY", vec![this, other, b"REPLACE".to_vec()]),
        2 => return line("RENAME", vec![this, other]),
        3 if profile.expiries => {
            return line("PEXPIRE", vec![this, rng.between(1, 100_000).to_string().into_bytes()]);
        }
        _ => {}
    }
    let max = profile.value_max;
    let (a, b) = (member(rng), member(rng));
    match (kind, rng.below(8)) {
        ("list", 0..=2) => line("RPUSH", vec![this, a, value(rng, max)]),
        ("list", 3 | 4) => line("LPUSH", vec![this, a, b]),
        ("list", 5) => line("LPOP", vec![this]),
        ("list", 6) => line("RPOPLPUSH", vec![this, other]),
        ("list", _) => line("LINSERT", vec![this, b"AFTER".to_vec(), a, b]),
        ("set", 0..=4) => line("SADD", vec![this, a, b]),
        ("set", 5) => line("SREM", vec![this, a]),
        ("set", 6) => line("SPOP", vec![this]),
        ("set", _) => line("SUNIONSTORE", vec![this, other, key(rng)]),
        ("zset", 0..=4) => line("ZADD", vec![this, score(rng), a, score(rng), b]),
        ("zset", 5) => line("ZINCRBY", vec![this, rng.between(-5, 5).to_string().into_bytes(), a]),
        ("zset", 6) => line("ZREM", vec![this, a]),
        ("zset", _) => line("ZPOPMIN", vec![this]),
        (_, 0..=5) => line("HSET", vec![this, a, value(rng, max), b, b"1".to_vec()]),
        (_, 6) => line("HDEL", vec![this, a]),
        _ => line("HINCRBYFLOAT", vec![this, b"float".to_vec(), b"0.25".to_vec()]),
    }
}

fn value(rng: &mut Rng, max: usize) -> Vec<u8> {
    match rng.below(6) {
        0 => rng.between(-20_000, 20_000).to_string().into_bytes(),
        1 => (rng.next() as i64).to_string().into_bytes(),
        2 => vec![b'x'; rng.below(max + 1)],
        3 => b"the quick brown fox jumps over the lazy dog ".repeat(1 + rng.below(max / 44 + 1)),
        _ => {
            let len = rng.below(max + 1);
            rng.bytes(len)
        }
    }
}

fn command(rng: &mut Rng, profile: &Profile) -> Vec<Vec<u8>> {
    let key = |rng: &mut Rng| {
        let n = rng.below(profile.keys);
        if n.is_multiple_of(7) {
            [b"bin\0\r\n\xff".as_slice(), &n.to_be_bytes()].concat()
        } else {
            format!("key:{n}").into()
        }
    };
    let counter = |rng: &mut Rng| format!("counter:{}", rng.below(50)).into_bytes();
    let word = |s: &str| s.as_bytes().to_vec();
    let number = |n: i64| n.to_string().into_bytes();
    let max = profile.value_max;
    if profile.databases > 1 && rng.chance(5) {
        return vec![word("SELECT"), number(rng.below(profile.databases) as i64)];
    }
    let ttl_ms =
        |rng: &mut Rng| if rng.chance(50) { rng.between(1, 300) } else { rng.between(60_000, 9_000_000) };
    if rng.chance(25) {
        return collection_command(rng, profile);
    }
    match rng.below(if profile.expiries { 24 } else { 17 }) {
        0..=5 => vec![word("SET"), key(rng), value(rng, max)],
        6 | 7 => vec![word("INCR"), counter(rng)],
        8 => vec![word("INCRBY"), counter(rng), number(rng.between(-1000, 1000))],
        9 => vec![word("INCRBYFLOAT"), word("float"), word("0.37")],
        10 => vec![word("APPEND"), format!("log:{}", rng.below(20)).into_bytes(), value(rng, 40)],
        11 => vec![word("SETRANGE"), key(rng), number(rng.between(0, 60)), value(rng, 20)],
        12 => vec![word("MSET"), key(rng), value(rng, max), key(rng), value(rng, max)],
        13 => vec![word("DEL"), key(rng), key(rng)],
        14 => vec![word("GETDEL"), key(rng)],
        15 => vec![word("RENAME"), key(rng), key(rng)],
        16 => vec![word("SET"), format!("log:{}", rng.below(20)).into_bytes(), word("")],
        17 | 18 => vec![word("SET"), key(rng), value(rng, max), word("PX"), number(ttl_ms(rng))],
        19 => vec![word("PEXPIRE"), key(rng), number(ttl_ms(rng))],
        20 => vec![word("GETEX"), key(rng), word("PX"), number(ttl_ms(rng))],
        21 => vec![word("PERSIST"), key(rng)],
        22 => vec![word("COPY"), key(rng), key(rng), word("REPLACE")],
        _ => vec![word("GETSET"), key(rng), value(rng, max)],
    }
}
