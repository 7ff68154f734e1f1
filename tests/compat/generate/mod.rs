//! The generator: commands of the string, generic, connection and server groups, mostly sensible, often not. Those of the
//! other types are made by the modules below.
//!
//! What a command answers must not depend on the moment it runs, or two servers could differ and both be right.
//! So relative expiries are long and never close to each other, active expiry is off, and what remains
//! (TTL and its like) is compared with a tolerance. Keys do expire: by absolute times in the past, and by the
//! runner's own step that gives a key a millisecond and waits on both servers.

mod bitmap;
mod deterministic;
mod geo;
mod hash;
mod hyperloglog;
mod list;
mod set;
mod sort;
mod sorted_set;
mod stream;
mod stream_groups;
mod words;

use crate::harness::Rng;
use deterministic::deterministic;
use std::collections::VecDeque;
use words::*;

pub type Args = Vec<Vec<u8>>;

/// How the two replies to a command are compared.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Check {
    /// The same bytes.
    Exact,
    /// Integers: equal, or both positive and this close.
    Near(i64),
    /// The same elements in any order.
    Unordered,
    /// The same type of reply.
    Kind,
    /// OBJECT ENCODING: small lists and sets are listpacks since 7.2, which 7.0 does not have.
    Encoding,
    /// DUMP: a set's members and a hash's fields may stand in any order, a list's elements in any nodes: Redis's lists keep
    /// the limits of the time they were made in.
    Dump,
    /// The elements, which may be nested, in any order: what is stored in a hash table.
    Flattened,
    /// HELP: the same first line; the words are each program's own.
    Help,
    /// The same HELLO map but for the version and the client's id.
    Hello,
    /// DEBUG OBJECT's line but for the address, the references and the clock.
    DebugObject,
    /// What tells of moments and of times since them: these may differ by seconds. Integers that are neither are the same.
    Moments,
    /// OBJECT REFCOUNT: Redis knows whether a small integer is its shared object or was copied; we do not.
    References,
}

pub enum Step {
    Call(Args, Check),
    /// SCAN, or SSCAN of a key and its like, from 0 to 0 with these options; what is returned is compared as sets.
    Scan(Args, Args),
    /// RANDOMKEY, once SCAN has removed the expired keys: it would remove those it happens to meet.
    RandomKey,
    /// Give the key a millisecond and wait until both servers have seen it end.
    Expire(Vec<u8>),
    /// New connections, with this protocol version.
    Reconnect(u8),
    /// Options that decide on the forms of values, with their new values: CONFIG SET to both servers, or to ours where
    /// 7.0 does not know them.
    Limits(Vec<(&'static str, String)>),
}

pub struct Generator {
    pub rng: Rng,
    keys: Vec<Vec<u8>>,
    /// Payloads DUMP has returned, fed back by the runner.
    pub dumps: Vec<Vec<u8>>,
    /// Steps that come before any other.
    next: VecDeque<Step>,
}

/// Every command the generator makes, with its weight.
const COMMANDS: &[(&str, usize)] = &[
    ("APPEND", 10),
    ("DECR", 6),
    ("DECRBY", 8),
    ("GET", 16),
    ("GETDEL", 4),
    ("GETEX", 10),
    ("GETRANGE", 10),
    ("GETSET", 5),
    ("INCR", 8),
    ("INCRBY", 10),
    ("INCRBYFLOAT", 14),
    ("LCS", 10),
    ("MGET", 6),
    ("MSET", 8),
    ("MSETNX", 5),
    ("PSETEX", 4),
    ("SET", 40),
    ("SETEX", 4),
    ("SETNX", 5),
    ("SETRANGE", 12),
    ("STRLEN", 6),
    ("SUBSTR", 4),
    ("COPY", 10),
    ("DEL", 5),
    ("DUMP", 10),
    ("EXISTS", 6),
    ("EXPIRE", 10),
    ("EXPIREAT", 10),
    ("EXPIRETIME", 5),
    ("KEYS", 4),
    ("MIGRATE", 1),
    ("MOVE", 6),
    ("OBJECT", 14),
    ("PERSIST", 5),
    ("PEXPIRE", 10),
    ("PEXPIREAT", 10),
    ("PEXPIRETIME", 5),
    ("PTTL", 5),
    ("RANDOMKEY", 2),
    ("RENAME", 6),
    ("RENAMENX", 6),
    ("RESTORE", 14),
    ("SCAN", 4),
    ("TOUCH", 3),
    ("TTL", 5),
    ("TYPE", 5),
    ("UNLINK", 4),
    ("WAIT", 1),
    ("AUTH", 2),
    ("CLIENT", 12),
    ("ECHO", 2),
    ("HELLO", 4),
    ("PING", 3),
    ("QUIT", 1),
    ("RESET", 1),
    ("SELECT", 8),
    ("COMMAND", 6),
    ("CONFIG", 6),
    ("DBSIZE", 4),
    ("DEBUG", 8),
    ("FLUSHALL", 1),
    ("FLUSHDB", 1),
    ("LASTSAVE", 1),
    ("LOLWUT", 1),
    ("REPLCONF", 2),
    ("REPLICAOF", 1),
    ("ROLE", 1),
    ("SHUTDOWN", 1),
    ("SLAVEOF", 1),
    ("SLOWLOG", 3),
    ("SWAPDB", 3),
    ("TIME", 1),
    ("BGSAVE", 1),
    ("MONITOR", 1),
    ("PSYNC", 1),
    ("NOSUCHCOMMAND", 2),
];

/// The commands of one type of value: names with their weights, and what makes the arguments.
pub struct Group {
    commands: &'static [(&'static str, usize)],
    make: fn(&mut Generator, &str) -> (Args, Check),
}

/// One file a group.
const GROUPS: &[Group] = &[
    bitmap::GROUP,
    geo::GROUP,
    hash::GROUP,
    hyperloglog::GROUP,
    list::GROUP,
    set::GROUP,
    sort::GROUP,
    sorted_set::GROUP,
    stream::GROUP,
    stream_groups::GROUP,
];

fn commands() -> impl Iterator<Item = (&'static str, usize)> {
    COMMANDS.iter().chain(GROUPS.iter().flat_map(|group| group.commands)).copied()
}

/// The names the generator draws from; those that must have succeeded at least once in a run.
pub fn names_that_succeed() -> impl Iterator<Item = &'static str> {
    const ONLY_ERRORS: &[&str] = &["SHUTDOWN", "BGSAVE", "MONITOR", "PSYNC", "NOSUCHCOMMAND", "AUTH", "QUIT"];
    // Drawn so seldom that a run may have none of it.
    const RARE: &[&str] = &["REPLCONF"];
    commands().map(|c| c.0).filter(|name| !ONLY_ERRORS.contains(name) && !RARE.contains(name))
}

/// The steps over collections, and the kind of their keys.
const SCANS: &[(&str, &str)] = &[("HSCAN", "hash"), ("SSCAN", "set"), ("ZSCAN", "zset")];

/// What keys of collections are called: `set:0` and so on.
const KINDS: &[&str] = &["bitmap", "geo", "hash", "hll", "list", "set", "stream", "zset"];
const KEYS_OF_A_KIND: usize = 6;

/// From which sizes on values have another form. What is not said here is drawn small, or left large.
const LIMITS: &[&str] = &[
    "hash-max-listpack-entries",
    "hash-max-listpack-value",
    "hll-sparse-max-bytes",
    "list-compress-depth",
    "list-max-listpack-size",
    "set-max-intset-entries",
    "set-max-listpack-entries",
    "set-max-listpack-value",
    "stream-node-max-bytes",
    "stream-node-max-entries",
    "zset-max-listpack-entries",
    "zset-max-listpack-value",
];

macro_rules! args {
    ($($arg:expr),* $(,)?) => { vec![$(Vec::<u8>::from($arg)),*] };
}

use args;

impl Generator {
    pub fn new(seed: u64) -> Generator {
        let mut rng = Rng::new(seed);
        let mut keys: Vec<Vec<u8>> = (0..16).map(|i| format!("key:{i}").into_bytes()).collect();
        keys.extend([
            b"".to_vec(),
            b"a b".to_vec(),
            b"\0\xff\r\n".to_vec(),
            b"k[e]y*?\\".to_vec(),
            b"12345".to_vec(),
        ]);
        keys.push(vec![b'L'; 300]);
        keys.push(rng.bytes(17));
        Generator { rng, keys, dumps: Vec::new(), next: VecDeque::new() }
    }

    pub fn keys(&self) -> Vec<Vec<u8>> {
        let typed = KINDS.iter().flat_map(|kind| (0..KEYS_OF_A_KIND).map(move |i| format!("{kind}:{i}")));
        self.keys.iter().cloned().chain(typed.map(String::into_bytes)).collect()
    }

    /// Mostly one of the keys that string commands use, sometimes one of another type's.
    pub fn key(&mut self) -> Vec<u8> {
        if self.rng.chance(20) {
            let kind = self.rng.pick(KINDS);
            return self.key_of(kind);
        }
        let at = self.rng.below(self.keys.len());
        self.keys[at].clone()
    }

    /// Mostly one of the keys that commands of this type use: of the few that [`KINDS`] has, any.
    fn key_of(&mut self, kind: &str) -> Vec<u8> {
        if self.rng.chance(5) {
            let at = self.rng.below(self.keys.len());
            return self.keys[at].clone();
        }
        format!("{kind}:{}", self.rng.below(KEYS_OF_A_KIND)).into_bytes()
    }

    fn integer(&mut self) -> Vec<u8> {
        match self.rng.below(10) {
            0 => self.rng.pick(ODD_NUMBERS).into(),
            1..=5 => self.rng.pick(INTEGERS).into(),
            _ => self.rng.between(-40, 60).to_string().into(),
        }
    }

    fn float(&mut self) -> Vec<u8> {
        match self.rng.below(10) {
            0 => self.rng.pick(ODD_FLOATS).into(),
            1 => format!("{}.{}", self.rng.between(-1000, 1000), self.rng.below(1_000_000)).into(),
            2 => format!("{}e{}", self.rng.between(-99, 99), self.rng.between(-30, 30)).into(),
            3 => self.integer(),
            _ => self.rng.pick(FLOATS).into(),
        }
    }

    fn value(&mut self) -> Vec<u8> {
        match self.rng.below(16) {
            0..=3 => self.rng.pick(INTEGERS).into(),
            4 => self.rng.pick(ODD_NUMBERS).into(),
            5 => self.rng.pick(FLOATS).into(),
            6 => self.rng.pick(ODD_FLOATS).into(),
            7 => Vec::new(),
            // Around the limits of embstr (44), of compression (20), of one and two length bytes (63, 16383).
            8 => {
                let len = *self.rng.pick(&[&11, &12, &20, &21, &43, &44, &45, &63, &64, &65]);
                vec![b'a'; len]
            }
            9 => {
                let len = *self.rng.pick(&[&20, &21, &44, &45, &64, &300]);
                self.rng.bytes(len)
            }
            10 if self.rng.chance(10) => vec![b'z'; *self.rng.pick(&[&16383, &16384, &16385])],
            10 if self.rng.chance(3) => self.rng.bytes(70_000),
            11 => b"a text that says the same, that says the same, ".repeat(1 + self.rng.below(6)),
            12 => {
                let len = self.rng.below(60);
                (0..len).map(|_| b"abc"[self.rng.below(3)]).collect()
            }
            _ => {
                let len = self.rng.below(30);
                self.rng.bytes(len)
            }
        }
    }

    fn offset(&mut self) -> Vec<u8> {
        match self.rng.below(12) {
            // An offset just below the limit would make values of half a gigabyte.
            0 => self.rng.pick(&["536870912", "536870913", "4294967296", "9223372036854775807", "-1"]).into(),
            1 => self.rng.pick(ODD_NUMBERS).into(),
            2 => self.rng.between(0, 20_000).to_string().into(),
            _ => self.rng.between(0, 80).to_string().into(),
        }
    }

    /// A relative time to live: hours at least, unlike any other, or not valid at all.
    fn ttl(&mut self) -> Vec<u8> {
        match self.rng.below(12) {
            0 => self.rng.pick(ODD_NUMBERS).into(),
            1 => self.rng.pick(&["0", "-1", "-1000", "9223372036854775807", "-9223372036854775808"]).into(),
            2 => self.rng.pick(&["9223372036854775", "9223372036854776", "9223372036853000"]).into(),
            _ => self.rng.between(20_000_000, 2_000_000_000).to_string().into(),
        }
    }

    /// An absolute time: the past, the far future, or not valid.
    fn moment(&mut self, ms: bool) -> Vec<u8> {
        let unit = if ms { 1000 } else { 1 };
        match self.rng.below(12) {
            0 => self.rng.pick(ODD_NUMBERS).into(),
            1 => self.rng.pick(&["9223372036854775807", "-9223372036854775808", "9223372036854775"]).into(),
            2 => self.rng.pick(&["0", "1", "-1", "1000"]).into(),
            3 => (1_600_000_000 * unit).to_string().into(),
            _ => ((4_000_000_000 + self.rng.between(0, 3)) * unit).to_string().into(),
        }
    }

    fn options(&mut self, args: &mut Args, percent: usize, words: &[&str]) {
        for word in words {
            if self.rng.chance(percent) {
                args.push(word.as_bytes().to_vec());
            }
        }
    }

    pub fn step(&mut self) -> Step {
        if let Some(step) = self.next.pop_front() {
            return step;
        }
        let total: usize = commands().map(|c| c.1).sum();
        let mut at = self.rng.below(total + 9);
        if at == total {
            return Step::Limits(self.limits());
        }
        if at > total {
            return Step::Expire(self.key());
        }
        let name = commands()
            .find(|(_, weight)| {
                let found = at < *weight;
                at = at.wrapping_sub(*weight);
                found
            })
            .expect("below the sum of the weights")
            .0;
        if name == "QUIT" {
            return Step::Reconnect(if self.rng.chance(50) { 3 } else { 2 });
        }
        if name == "RANDOMKEY" {
            return Step::RandomKey;
        }
        if name == "SCAN" && self.rng.chance(80) {
            let mut options = Args::new();
            if self.rng.chance(50) {
                options.extend(args!["MATCH", self.rng.pick(PATTERNS)]);
            }
            if self.rng.chance(50) {
                options.extend(args!["COUNT", self.rng.between(1, 30).to_string()]);
            }
            if self.rng.chance(30) {
                options.extend(args![
                    "TYPE",
                    self.rng.pick(&["string", "STRING", "list", "hash", "set", "nothing"])
                ]);
            }
            return Step::Scan(args!["SCAN"], options);
        }
        if let Some(kind) = SCANS.iter().find(|scan| scan.0 == name).map(|scan| scan.1)
            && self.rng.chance(80)
        {
            let mut options = Args::new();
            if self.rng.chance(50) {
                options.extend(args!["MATCH", self.rng.pick(PATTERNS)]);
            }
            if self.rng.chance(50) {
                options.extend(args!["COUNT", self.rng.between(1, 30).to_string()]);
            }
            return Step::Scan(args![name, self.key_of(kind)], options);
        }
        let group = GROUPS.iter().find(|group| group.commands.iter().any(|c| c.0 == name));
        let (mut args, check) = match group {
            Some(group) => (group.make)(self, name),
            None => self.command(name),
        };
        args.insert(0, name.into());
        let mut check = check;
        if self.rng.chance(7) {
            self.mutate(&mut args);
            if name.ends_with("RANDMEMBER") || name == "HRANDFIELD" || SCANS.iter().any(|scan| scan.0 == name)
            {
                // It may have become one that does not ask for all, or a cursor that points anywhere.
                check = Check::Kind;
            }
        }
        if self.rng.chance(5) {
            args[0].make_ascii_lowercase();
        }
        let own_client = name == "CLIENT"
            && args.get(1).is_some_and(|word| {
                [b"INFO".as_slice(), b"LIST", b"ID"].iter().any(|own| word.eq_ignore_ascii_case(own))
            });
        // A mutation may have taken the count, and left one member drawn at random.
        let random = ["SRANDMEMBER", "ZRANDMEMBER", "HRANDFIELD"].contains(&name) && args.len() == 2;
        let help = args.len() == 2 && args[1].eq_ignore_ascii_case(b"HELP");
        let check = match check {
            _ if own_client || random => Check::Kind,
            Check::Exact if help => Check::Help,
            check => check,
        };
        if !deterministic(&args) {
            return self.step();
        }
        Step::Call(args, check)
    }

    fn mutate(&mut self, args: &mut Args) {
        let at = self.rng.below(args.len());
        match self.rng.below(6) {
            0 if args.len() > 1 => drop(args.pop()),
            1 => args.push(self.rng.pick(&["x", "", "NX", "EX", "10000000", "GET", "REPLACE"]).into()),
            2 if at > 0 => args[at] = self.integer(),
            3 if at > 0 => args[at] = self.rng.bytes(6),
            4 if at > 0 => args.insert(at, args[at].clone()),
            5 if at > 0 => args[at].make_ascii_lowercase(),
            _ => args.truncate(1),
        }
    }

    fn command(&mut self, name: &str) -> (Args, Check) {
        use Check::*;
        let key = self.key();
        let args = match name {
            "APPEND" | "GETSET" | "SETNX" => args![key, self.value()],
            "DECR" | "INCR" | "GET" | "GETDEL" | "STRLEN" | "PERSIST" | "TYPE" => args![key],
            "DUMP" => return (args![key], Dump),
            "DECRBY" | "INCRBY" => args![key, self.integer()],
            "INCRBYFLOAT" => args![key, self.float()],
            "GETRANGE" | "SUBSTR" => args![key, self.integer(), self.integer()],
            "SETRANGE" => args![key, self.offset(), self.value()],
            "SETEX" | "PSETEX" => args![key, self.ttl(), self.value()],
            "GETEX" => {
                let mut args = args![key];
                self.expiry_option(&mut args, "PERSIST");
                args
            }
            "SET" => {
                let mut args = args![key, self.value()];
                if self.rng.chance(50) {
                    self.options(&mut args, 15, &["NX", "xx", "GET"]);
                    self.expiry_option(&mut args, "KEEPTTL");
                    self.options(&mut args, 5, &["GET", "XX"]);
                }
                args
            }
            "LCS" => {
                let mut args = args![key, self.key()];
                self.options(&mut args, 30, &["LEN", "IDX", "WITHMATCHLEN"]);
                if self.rng.chance(30) {
                    args.extend(args!["MINMATCHLEN", self.integer()]);
                }
                args
            }
            "MGET" | "DEL" | "UNLINK" | "EXISTS" | "TOUCH" => {
                (0..=self.rng.below(4)).map(|_| self.key()).collect()
            }
            "MSET" | "MSETNX" => {
                let pairs = 1 + self.rng.below(3);
                (0..pairs).flat_map(|_| [self.key(), self.value()]).collect()
            }
            "COPY" => {
                let mut args = args![key, self.key()];
                if self.rng.chance(40) {
                    args.extend(args!["DB", self.database()]);
                }
                self.options(&mut args, 40, &["REPLACE"]);
                args
            }
            "EXPIRE" | "PEXPIRE" | "EXPIREAT" | "PEXPIREAT" => {
                let time = match name {
                    "EXPIREAT" => self.moment(false),
                    "PEXPIREAT" => self.moment(true),
                    _ => self.ttl(),
                };
                let mut args = args![key, time];
                if self.rng.chance(50) {
                    self.options(&mut args, 25, &["NX", "XX", "GT", "lt"]);
                }
                args
            }
            "EXPIRETIME" | "TTL" => return (args![key], Near(3)),
            "PEXPIRETIME" | "PTTL" => return (args![key], Near(3000)),
            "KEYS" => return (args![self.rng.pick(PATTERNS)], Unordered),
            "MIGRATE" => {
                let mut args = args!["127.0.0.1", "1", key, "0", "100"];
                self.options(&mut args, 20, &["COPY", "REPLACE", "AUTH", "AUTH2", "KEYS", "x"]);
                args
            }
            "MOVE" => args![key, self.database()],
            "OBJECT" => match self.rng.below(8) {
                0 => args!["HELP"],
                // Redis's small integers are one object for all keys, with one clock.
                1 => return (args!["IDLETIME", key], Kind),
                2 => args!["FREQ", key],
                3 => return (args!["REFCOUNT", key], References),
                4 => args![self.rng.pick(&["nothing", "", "encoding", "FREQ"])],
                _ => return (args!["ENCODING", key], Encoding),
            },
            "RENAME" | "RENAMENX" => args![key, self.key()],
            "RESTORE" => self.restore(key),
            "SCAN" => {
                let mut args = args![self.rng.pick(&["abc", "-1", "", "1x", "18446744073709551616", " 1"])];
                self.options(&mut args, 30, &["COUNT", "0", "MATCH", "*", "TYPE", "string"]);
                return (args, Kind);
            }
            "WAIT" => args![self.rng.pick(&["0", "-1", "x"]), self.rng.pick(&["1", "-1", "x", "0"])],
            "AUTH" => match self.rng.below(3) {
                0 => args!["wrong"],
                1 => args!["default", "wrong"],
                _ => args!["nobody", ""],
            },
            "CLIENT" => self.client(),
            "ECHO" => args![self.value()],
            "PING" => {
                if self.rng.chance(50) {
                    args![]
                } else {
                    args![self.value()]
                }
            }
            "HELLO" => {
                let mut args =
                    args![self.rng.pick(&["2", "3", "3", "4", "1", "abc", "-3", "9999999999999999999"])];
                if self.rng.chance(30) {
                    args.extend(args!["SETNAME", self.rng.pick(&["me", "bad name", "bad\nname", ""])]);
                }
                if self.rng.chance(20) {
                    args.extend(args!["AUTH", "default", self.rng.pick(&["", "wrong"])]);
                }
                self.options(&mut args, 5, &["SETNAME", "AUTH"]);
                return (args, Hello);
            }
            "SELECT" => args![self.database()],
            "COMMAND" => match self.rng.below(8) {
                0 => args!["INFO", "get", "nosuchcommand", "SET", "config|get", "config|nothing"],
                1 => args!["GETKEYS", "MSET", "a", "b", "c", "d"],
                2 => args!["GETKEYSANDFLAGS", "SET", "a", "b", "GET"],
                3 => args!["GETKEYS", self.rng.pick(&["GET", "PING", "nothing", "COPY"]), "x"],
                4 => args!["LIST", "FILTERBY", self.rng.pick(&["x", "MODULE", "ACLCAT"]), "x"],
                5 => args!["DOCS", "nosuchcommand"],
                6 => args!["HELP"],
                _ => args!["nothing", "x"],
            },
            "CONFIG" => match self.rng.below(7) {
                0 => args!["GET", self.rng.pick(&["nothing", "maxmemory", "save", "hz", "MAXMEM[O]RY"])],
                1 => args!["SET", "nothing", "x"],
                2 => args!["SET", "maxmemory", self.rng.pick(&["x", "-1", "1zb", "0"])],
                3 => args!["SET", "hz", "10", "hz", "20"],
                4 => args!["SET", "maxmemory-policy", self.rng.pick(&["none", "noeviction"])],
                5 => args!["nothing"],
                _ => args!["HELP"],
            },
            "DBSIZE" | "RESET" | "ROLE" => args![],
            "DEBUG" => match self.rng.below(8) {
                0 => args!["nothing"],
                1 => args!["SLEEP", "0"],
                2 => args!["SLEEP", "0", "x"],
                3 | 4 => return (args!["OBJECT", key], DebugObject),
                5 => args!["DIGEST"],
                _ => args!["DIGEST-VALUE", key, self.key()],
            },
            "FLUSHALL" | "FLUSHDB" => {
                let mut args = args![];
                self.options(&mut args, 30, &["ASYNC", "sync"]);
                args
            }
            "LASTSAVE" | "TIME" => return (args![], Kind),
            "LOLWUT" => return (args!["VERSION", "5", "1", "1", "1"], Kind),
            "REPLCONF" => self.choose(&[
                "listening-port x",
                "nothing 1",
                "capa eof",
                "rdb-only 2",
                "capa",
                "ip-address",
            ]),
            "REPLICAOF" | "SLAVEOF" => {
                self.choose(&["NO ONE", "localhost abc", "localhost -1", "localhost 65536 x"])
            }
            "SHUTDOWN" => self.choose(&["nothing", "SAVE NOSAVE", "ABORT", "ABORT NOW", "NOW x"]),
            "SLOWLOG" => {
                self.choose(&["GET", "LEN", "RESET", "GET -1", "GET -2", "GET x", "HELP", "nothing"])
            }
            "SWAPDB" => args![self.database(), self.database()],
            "BGSAVE" => args!["nothing"],
            "MONITOR" => args!["x"],
            "PSYNC" => args!["x"],
            "NOSUCHCOMMAND" => (0..self.rng.below(5)).map(|_| self.value()).collect(),
            other => unreachable!("{other} has a weight but no generator"),
        };
        (args, Exact)
    }

    fn limits(&mut self) -> Vec<(&'static str, String)> {
        let mut limits = Vec::new();
        for name in LIMITS {
            let value = match (*name, self.rng.below(4)) {
                (_, 0) => continue,
                ("list-max-listpack-size", _) => match self.rng.between(-5, 12) {
                    // Elements without number would lie in nodes of one each.
                    0 => 128,
                    size => size,
                },
                ("list-compress-depth", _) => self.rng.between(0, 3),
                // Below the 4096 bytes that a node begins with, 7.0 comes to hold a node that it has freed: the listpack of a
                // new node that grows into the place where the one before it has just been shrunk from is not put back.
                ("stream-node-max-bytes", _) => *self.rng.pick(&[&0, &4096, &5000, &20_000]),
                ("hll-sparse-max-bytes", 1) => 3000,
                ("hll-sparse-max-bytes", _) => self.rng.between(0, 400),
                (_, 1) => 512,
                (_, 2) => self.rng.between(0, 8),
                _ => self.rng.between(8, 80),
            };
            limits.push((*name, value.to_string()));
        }
        limits
    }

    fn choose(&mut self, lines: &[&str]) -> Args {
        self.rng.pick(lines).split(' ').map(Vec::from).collect()
    }

    fn database(&mut self) -> Vec<u8> {
        match self.rng.below(10) {
            0 => self.rng.pick(&["15", "16", "-1", "9223372036854775807", "4294967296"]).into(),
            1 => self.rng.pick(ODD_NUMBERS).into(),
            _ => self.rng.below(3).to_string().into(),
        }
    }

    fn expiry_option(&mut self, args: &mut Args, keep: &str) {
        match self.rng.below(8) {
            0 => args.extend(args!["EX", self.ttl()]),
            1 => args.extend(args!["px", self.ttl()]),
            2 => args.extend(args!["EXAT", self.moment(false)]),
            3 => args.extend(args!["PXAT", self.moment(true)]),
            4 => args.push(keep.into()),
            5 if self.rng.chance(30) => args.extend(args![keep, "EX", self.ttl()]),
            6 if self.rng.chance(30) => args.push("EX".into()),
            _ => {}
        }
    }

    fn restore(&mut self, key: Vec<u8>) -> Args {
        let mut payload = match self.dumps.len() {
            0 => b"nothing".to_vec(),
            n => self.dumps[self.rng.below(n)].clone(),
        };
        match self.rng.below(12) {
            0 => {
                let at = self.rng.below(payload.len());
                payload[at] ^= 1 << self.rng.below(8);
            }
            1 => {
                let len = self.rng.below(payload.len());
                payload.truncate(len);
            }
            2 => payload.push(b'x'),
            _ => {}
        }
        let absolute = self.rng.chance(20);
        let ttl = match absolute {
            _ if self.rng.chance(50) => b"0".to_vec(),
            true => self.moment(true),
            false => self.ttl(),
        };
        let mut args = args![key, ttl, payload];
        self.options(&mut args, 60, &["REPLACE"]);
        if absolute {
            args.push("ABSTTL".into());
        }
        if self.rng.chance(10) {
            // Small ones: longer ones stick, in Redis, to the shared integer that some other key then has too.
            let number = self.rng.pick(&["0", "1", "2", "-1", "abc", "1.5"]);
            args.extend(args![self.rng.pick(&["IDLETIME", "FREQ"]), number]);
        }
        args
    }

    fn client(&mut self) -> Args {
        match self.rng.below(12) {
            0 => args!["ID"],
            1 => args![self.rng.pick(&["INFO", "LIST"])],
            2 => args!["GETNAME"],
            3 => args!["SETNAME", self.rng.pick(&["me", "", "bad name", "bad\n", "b\u{e9}", "x{y}"])],
            4 => args!["NO-EVICT", self.rng.pick(&["on", "OFF", "maybe"])],
            5 => self.choose(&[
                "UNPAUSE",
                "PAUSE x",
                "PAUSE -1",
                "PAUSE 1 nothing",
                "PAUSE 0 WRITE",
                "PAUSE 0",
            ]),
            6 => self.choose(&["REPLY", "REPLY nothing", "REPLY ON"]),
            7 => self.choose(&["UNBLOCK 999999", "UNBLOCK x", "UNBLOCK 1 nothing", "UNBLOCK 99999 ERROR"]),
            8 => self.choose(&[
                "KILL",
                "KILL 1.2.3.4:5",
                "KILL ID 999999",
                "KILL ID x",
                "KILL ID 0",
                "KILL ID",
                "KILL TYPE nothing",
                "KILL TYPE pubsub",
                "KILL SKIPME maybe",
                "KILL ADDR 1.2.3.4:5 LADDR 1.2.3.4:5",
                "KILL USER nobody",
                "KILL nothing nothing",
            ]),
            9 => self.choose(&[
                "LIST TYPE nothing",
                "LIST TYPE",
                "LIST ID",
                "LIST ID x",
                "LIST nothing",
                "LIST ID 99999",
            ]),
            10 => self.choose(&["ID x", "GETNAME x", "INFO x", "SETNAME"]),
            _ => self.choose(&["nothing", "NOTHING x y", ""]),
        }
    }
}
