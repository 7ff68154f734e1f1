//! What the crowd says, drawn at random with a little knowledge of where each of them is: those in a transaction end it some
//! day, those who wait are helped, RESP2's subscribers unsubscribe.

use crate::harness::Rng;
use std::collections::BTreeMap;

/// Who there is. `d` is the one that others have named to be told in their stead. Besides, `p` pauses, and lets go on, so that
/// it must never wait itself; and `h` helps those who wait.
const EVERYBODY: &[&str] = &["a", "b", "c", "d", "e", "f"];
const ANYBODY: &[&str] = &["a", "b", "c", "d", "e", "f", "h", "p", "z"];

const KEYS: &[&str] = &["k1", "k1", "k2", "k3", "j", "k11"];
const CHANNELS: &[&str] = &[
    "c1",
    "c1",
    "c2",
    "c3",
    "__keyspace@0__:k1",
    "__keyspace@1__:j",
    "__keyevent@0__:set",
    "__keyevent@0__:expired",
    "__keyevent@1__:del",
    "__redis__:invalidate",
];
const PATTERNS: &[&str] =
    &["c*", "c1", "?2", "__key*__:*", "__keyspace@1*", "__keyevent@0__:*", "c[12]", "*"];
const SHARDS: &[&str] = &["s1", "s2", "c1"];
const USERS: &[&str] = &["u1", "u1", "u2", "u3"];
const RULES: &[&str] = &[
    "on",
    "on",
    "off",
    "nopass",
    "nopass",
    ">x",
    "<x",
    "resetpass",
    "~k*",
    "~*",
    "%R~j",
    "%W~k1",
    "allkeys",
    "resetkeys",
    "&c*",
    "&*",
    "&s1",
    "allchannels",
    "resetchannels",
    "+@all",
    "+@all",
    "-@all",
    "-@dangerous",
    "+@pubsub",
    "-@pubsub",
    "+@transaction",
    "-@write",
    "+get",
    "-set",
    "-client|list",
    "+client|id",
    "-publish",
    "-multi",
    "-exec",
    "(+set ~j)",
    "clearselectors",
    "reset",
    "bogus",
    "+nosuch",
];
const CLASSES: &[&str] =
    &["KEA", "KEA", "KEAm", "AKE", "Kg$", "El", "Kx", "KExe", "KEtdszh", "KEmn", "E$", "K", "''", "KEQ"];

type Group = (usize, &'static [&'static str]);

/// By how often something of a group is said. Words of one capital letter stand for any of a kind.
const GROUPS: &[Group] = &[
    (
        34,
        &[
            "GET K",
            "GET K",
            "MGET K J",
            "EXISTS K J",
            "SET K V",
            "SET K V",
            "SET K V GET",
            "SET K V EX 1000",
            "MSET K V J V",
            "MSETNX K V J V",
            "INCR K",
            "APPEND K x",
            "SETNX K V",
            "GETDEL K",
            "GETEX K PERSIST",
            "DEL K J",
            "UNLINK K",
            "SADD K x",
            "SREM K x",
            "SMEMBERS K",
            "SMOVE K J x",
            "SUNIONSTORE K J",
            "LPUSH K 1",
            "RPUSH K 1 2",
            "LPOP K",
            "LMOVE K J LEFT RIGHT",
            "LRANGE K 0 -1",
            "LLEN K",
            "HSET K f V",
            "HDEL K f",
            "HGETALL K",
            "ZADD K 1 m",
            "ZADD K 2 m",
            "ZPOPMIN K",
            "ZSCORE K m",
            "PFADD K x",
            "SETBIT K 3 1",
            "BITFIELD K GET u8 0",
            "XADD K MAXLEN 3 5-* f v",
            "XGROUP CREATE K g $ MKSTREAM",
            "XGROUP SETID K g 0",
            "XGROUP DESTROY K g",
            "XGROUP CREATECONSUMER K g c",
            "XGROUP DELCONSUMER K g c",
            "XLEN K",
            "TYPE K",
            "STRLEN K",
            "TOUCH K J",
            "DBSIZE",
        ],
    ),
    (
        6,
        &[
            "RENAME K J",
            "RENAMENX K J",
            "COPY K J",
            "COPY K J REPLACE",
            "COPY K J DB 1",
            "MOVE K 1",
            "SWAPDB 0 1",
            "SWAPDB 1 2",
            "FLUSHDB",
            "FLUSHALL",
            "EXPIRE K 1000",
            "EXPIRE K 1000 NX",
            "EXPIRE K -1",
            "PEXPIREAT K 1",
            "EXPIREAT K 4000000000",
            "EXPIRETIME K",
            "PERSIST K",
            "SET K V PX 1",
            "SET K V PX 1",
            "PEXPIRE K 1",
            "GETEX K PX 1",
        ],
    ),
    (
        14,
        &[
            "WATCH K",
            "WATCH K J",
            "WATCH K J K",
            "UNWATCH",
            "EXEC",
            "DISCARD",
            "MULTI",
            "EXEC x",
            "MULTI x",
            "WATCH",
            "NOSUCH",
            "SET K",
            "CONFIG NOSUCH",
        ],
    ),
    (
        16,
        &[
            "SUBSCRIBE C",
            "SUBSCRIBE C C",
            "SUBSCRIBE C",
            "PSUBSCRIBE P",
            "PSUBSCRIBE P P",
            "SSUBSCRIBE S",
            "SSUBSCRIBE S S",
            "UNSUBSCRIBE",
            "UNSUBSCRIBE C",
            "UNSUBSCRIBE C C",
            "PUNSUBSCRIBE",
            "PUNSUBSCRIBE P",
            "SUNSUBSCRIBE",
            "SUNSUBSCRIBE S",
            "PUBLISH C V",
            "PUBLISH C V",
            "PUBLISH C V",
            "SPUBLISH S V",
            "SPUBLISH S V",
            "PUBSUB CHANNELS",
            "PUBSUB CHANNELS P",
            "PUBSUB NUMSUB",
            "PUBSUB NUMSUB C C",
            "PUBSUB NUMPAT",
            "PUBSUB SHARDCHANNELS",
            "PUBSUB SHARDCHANNELS P",
            "PUBSUB SHARDNUMSUB S S",
            "PUBSUB NOSUCH",
            "SUBSCRIBE",
            "PUBLISH C",
        ],
    ),
    (
        14,
        &[
            "CLIENT TRACKING on",
            "CLIENT TRACKING on",
            "CLIENT TRACKING on NOLOOP",
            "CLIENT TRACKING on OPTIN",
            "CLIENT TRACKING on OPTOUT",
            "CLIENT TRACKING on REDIRECT @d",
            "CLIENT TRACKING on NOLOOP REDIRECT @d",
            "CLIENT TRACKING on OPTIN REDIRECT @d",
            "CLIENT TRACKING off",
            "CLIENT TRACKING off",
            "CLIENT TRACKING on BCAST",
            "CLIENT TRACKING on BCAST NOLOOP",
            "CLIENT TRACKING on BCAST PREFIX k",
            "CLIENT TRACKING on BCAST PREFIX k1 PREFIX j",
            "CLIENT TRACKING on BCAST PREFIX k PREFIX k1",
            "CLIENT TRACKING on BCAST PREFIX k1 REDIRECT @d",
            "CLIENT TRACKING on BCAST OPTIN",
            "CLIENT TRACKING on REDIRECT @z",
            "CLIENT TRACKING maybe",
            "CLIENT CACHING yes",
            "CLIENT CACHING yes;GET K",
            "CLIENT CACHING no",
            "CLIENT CACHING no;MGET K J",
            "CLIENT CACHING maybe",
            "CLIENT GETREDIR",
            "CLIENT TRACKINGINFO",
            "CLIENT TRACKINGINFO",
        ],
    ),
    (
        10,
        &[
            "CLIENT NO-EVICT on",
            "CLIENT NO-EVICT off",
            "CLIENT NO-EVICT maybe",
            "CLIENT REPLY ON",
            "CLIENT REPLY OFF",
            "CLIENT REPLY SKIP",
            "CLIENT REPLY SKIP;GET K;GET J",
            "CLIENT REPLY maybe",
            "CLIENT SETNAME n1",
            "CLIENT SETNAME n2",
            "CLIENT SETNAME ''",
            "CLIENT SETNAME a\tb",
            "CLIENT GETNAME",
            "CLIENT ID",
            "CLIENT INFO",
            "CLIENT INFO",
            "CLIENT LIST",
            "CLIENT LIST",
            "CLIENT LIST ID @A @A 999999",
            "CLIENT LIST ID x",
            "CLIENT LIST TYPE normal",
            "CLIENT LIST TYPE pubsub",
            "CLIENT LIST TYPE replica",
            "CLIENT LIST TYPE master",
            "CLIENT LIST TYPE nosuch",
            "CLIENT LIST ID",
            "CLIENT UNBLOCK 999999",
            "CLIENT UNBLOCK x",
            "CLIENT PAUSE x",
            "CLIENT UNPAUSE x",
            "CLIENT NOSUCH",
            "CLIENT",
        ],
    ),
    (
        3,
        &[
            "CLIENT KILL ID @A",
            "CLIENT KILL ID @A",
            "CLIENT KILL ID @A ID @A",
            "CLIENT KILL ID @A SKIPME no",
            "CLIENT KILL ID @A SKIPME yes",
            "CLIENT KILL ADDR &A",
            "CLIENT KILL &A",
            "CLIENT KILL LADDR LADDRESS ID @A",
            "CLIENT KILL USER U",
            "CLIENT KILL USER U SKIPME no",
            "CLIENT KILL USER default",
            "CLIENT KILL USER nosuch",
            "CLIENT KILL TYPE pubsub",
            "CLIENT KILL TYPE pubsub SKIPME no",
            "CLIENT KILL TYPE normal",
            "CLIENT KILL TYPE normal USER default ID @A",
            "CLIENT KILL TYPE master",
            "CLIENT KILL TYPE nosuch",
            "CLIENT KILL ID x",
            "CLIENT KILL ID",
            "CLIENT KILL SKIPME maybe",
            "CLIENT KILL nosuch",
        ],
    ),
    (4, &["CONFIG SET notify-keyspace-events E", "CONFIG GET notify-keyspace-events"]),
    (
        8,
        &[
            "ACL SETUSER U R",
            "ACL SETUSER U R R",
            "ACL SETUSER U on nopass +@all ~* &*",
            "ACL SETUSER U on >x +@all ~k* &c*",
            "ACL DELUSER U",
            "ACL DELUSER U nosuch",
            "ACL LOG",
            "ACL LOG 2",
            "ACL LOG RESET",
            "ACL LOG x",
            "ACL WHOAMI",
            "ACL WHOAMI",
            "ACL USERS",
            "ACL LIST",
            "ACL GETUSER U",
            "ACL DRYRUN U GET K",
            "ACL DRYRUN U SET K V",
            "ACL DRYRUN U PUBLISH C V",
            "ACL DRYRUN U NOSUCH",
            "ACL NOSUCH",
            "AUTH U x",
            "AUTH U x",
            "AUTH U y",
            "AUTH x",
            "AUTH default x",
        ],
    ),
    (
        8,
        &[
            "SLOWLOG GET",
            "SLOWLOG GET 3",
            "SLOWLOG GET -1",
            "SLOWLOG GET -2",
            "SLOWLOG LEN",
            "SLOWLOG RESET",
            "CONFIG SET slowlog-log-slower-than 0",
            "CONFIG SET slowlog-log-slower-than -1",
            "LATENCY HISTOGRAM",
            "LATENCY HISTOGRAM get set client|list nosuch",
            "LATENCY RESET",
            "LATENCY LATEST",
            "LATENCY HISTORY command",
            "CONFIG RESETSTAT",
            "COMMAND GETKEYS MSET K V J V",
            "COMMAND GETKEYS GET",
            "COMMAND GETKEYS NOSUCH",
            "COMMAND GETKEYS PING",
            "COMMAND GETKEYSANDFLAGS LMOVE K J LEFT LEFT",
            "COMMAND INFO get nosuch client|kill",
            "COMMAND LIST FILTERBY PATTERN subscrib*",
            "COMMAND LIST FILTERBY NOSUCH x",
            "COMMAND NOSUCH",
            "INFO commandstats",
            "INFO errorstats",
            "INFO stats",
            "INFO clients keyspace",
            "MONITOR",
            "ECHO V",
            "PING",
            "PING V",
            "CONFIG SET masterauth V",
            "CONFIG SET masterauth ''",
            "CONFIG SET nosuch secret masterauth V",
            "MIGRATE 127.0.0.1 1 '' 0 10 AUTH2 U V KEYS none",
        ],
    ),
    (
        7,
        &[
            "BLPOP K J 0",
            "BRPOP K 0",
            "BLMOVE K J LEFT RIGHT 0",
            "BRPOPLPUSH K J 0",
            "BLMPOP 0 2 K J LEFT COUNT 2",
            "BZPOPMIN K 0",
            "BZMPOP 0 1 K MAX",
            "XREAD BLOCK 0 STREAMS K $",
            "XREADGROUP GROUP g c BLOCK 0 STREAMS K >",
            "BLPOP K 0.001",
            "BLMOVE K J LEFT LEFT 0.001",
            "XREAD BLOCK 1 STREAMS K $",
            "WAIT 0 0",
            "WAIT 1 1",
            "BLPOP K x",
            "BLPOP K -1",
        ],
    ),
    (
        8,
        &[
            "HELLO",
            "HELLO 2",
            "HELLO 3",
            "HELLO 3",
            "HELLO 3 SETNAME n3",
            "HELLO 3 AUTH U x",
            "HELLO 3 AUTH U wrong",
            "HELLO 2 AUTH U x SETNAME n4",
            "HELLO 4",
            "HELLO x",
            "HELLO 3 NOSUCH",
            "SELECT 0",
            "SELECT 0",
            "SELECT 1",
            "SELECT 1",
            "SELECT 2",
            "SELECT 99",
            "RESET",
            "QUIT",
        ],
    ),
];

/// Ways out of RESP2's subscriptions.
const UNSUBSCRIBING: &[&str] = &[
    "UNSUBSCRIBE",
    "PUNSUBSCRIBE",
    "SUNSUBSCRIBE",
    "UNSUBSCRIBE;PUNSUBSCRIBE;SUNSUBSCRIBE",
    "RESET",
    "PING",
    "PING V",
    "QUIT",
];

/// Redis tears the replies apart of a client that others have named to be told in their stead, so that one only reads, one
/// key at a time.
const OF_D: &[&str] = &[
    "HELLO 3",
    "HELLO 3",
    "HELLO 2",
    "GET K",
    "STRLEN K",
    "SUBSCRIBE __redis__:invalidate",
    "SUBSCRIBE C",
    "PSUBSCRIBE P",
    "UNSUBSCRIBE C",
    "PUNSUBSCRIBE P",
    "SSUBSCRIBE S",
    "RESET",
    "CLIENT TRACKING on",
    "CLIENT TRACKING off",
    "CLIENT TRACKINGINFO",
    "CLIENT INFO",
    "CLIENT LIST",
    "PUBLISH C V",
    "ACL WHOAMI",
    "PING",
    "MONITOR",
    "SELECT 1",
];

#[derive(Default)]
struct Where {
    in_multi: bool,
    subscribed: bool,
    resp3: bool,
    /// Lines that were not answered.
    silent: u32,
}

pub struct Crowd {
    rng: Rng,
    people: BTreeMap<&'static str, Where>,
    paused: bool,
    /// Lines until the end of a pause of everything is waited for.
    until_end: u32,
}

impl Crowd {
    pub fn new(seed: u64) -> Crowd {
        let people = EVERYBODY.iter().map(|name| (*name, Where::default())).collect();
        Crowd { rng: Rng::new(seed), people, paused: false, until_end: 0 }
    }

    /// Who sent the last line was answered, or was not; these have gone.
    pub fn learn(&mut self, line: &str, answered: bool, gone: &[String]) {
        let who = line.split([' ', '-']).next().unwrap_or_default();
        if let Some(place) = self.people.get_mut(who) {
            place.silent = if answered { 0 } else { place.silent + 1 };
        }
        for name in gone {
            if let Some(place) = self.people.get_mut(name.as_str()) {
                *place = Where::default();
            }
        }
    }

    pub fn line(&mut self) -> String {
        if self.until_end > 0 {
            self.until_end -= 1;
            if self.until_end == 0 {
                return "=".into();
            }
        }
        if self.rng.chance(2) {
            return self.operator();
        }
        let silent =
            self.people.iter().find(|(_, place)| place.silent > 0).map(|(name, place)| (*name, place.silent));
        if let Some((name, lines)) = silent
            && self.rng.chance(30)
        {
            return self.help(name, lines);
        }
        let who = self.rng.pick(EVERYBODY);
        if self.rng.chance(2) {
            self.people.insert(who, Where::default());
            return format!("{who}-");
        }
        let count = if self.rng.chance(75) { 1 } else { 2 + self.rng.below(3) };
        let commands: Vec<String> = (0..count).map(|_| self.command(who)).collect();
        format!("{who} {}", commands.join(";"))
    }

    fn operator(&mut self) -> String {
        let who = self.rng.pick(ANYBODY);
        match self.rng.below(10) {
            _ if self.until_end > 0 => "p PING".into(),
            0..=5 if self.paused => self.go_on(),
            0..=2 => {
                self.paused = true;
                "p CLIENT PAUSE 1000000 WRITE".into()
            }
            3 if !self.paused => {
                self.until_end = 3;
                // Together with a longer pause of some it would be a longer pause of all.
                "p CLIENT UNPAUSE;CLIENT PAUSE 100 ALL".into()
            }
            4..=8 => self.unblock(who),
            _ => "p INFO clients".into(),
        }
    }

    fn go_on(&mut self) -> String {
        self.paused = false;
        "p CLIENT UNPAUSE".into()
    }

    /// Not one that a pause holds: that is the end of redis-server. Of one that waits its slow log would show a command without
    /// arguments.
    fn unblock(&mut self, name: &str) -> String {
        let how = self.rng.pick(&["", " TIMEOUT", " ERROR", " NOSUCH"]);
        format!("{};CONFIG SET slowlog-log-slower-than -1;CLIENT UNBLOCK @{name}{how}", self.go_on())
    }

    fn help(&mut self, name: &'static str, lines: u32) -> String {
        match self.rng.below(8) {
            _ if self.until_end > 0 => "p PING".into(),
            _ if lines > 6 => {
                self.people.insert(name, Where::default());
                format!("{name}-")
            }
            0 if self.paused => self.go_on(),
            0..=2 => self.unblock(name),
            3 | 4 => format!("{name} CLIENT REPLY ON"),
            _ => {
                let command =
                    self.rng.pick(&["RPUSH K 1", "LPUSH K 1 2", "ZADD K 1 m", "XADD K 9-* f v", "DEL K"]);
                format!("h {}", self.words(command))
            }
        }
    }

    fn command(&mut self, who: &'static str) -> String {
        let place = &self.people[who];
        let (in_multi, listens) = (place.in_multi, place.subscribed && !place.resp3);
        let command = if listens && self.rng.chance(40) {
            self.rng.pick(UNSUBSCRIBING)
        } else if who == "d" {
            self.rng.pick(OF_D)
        } else if in_multi && self.rng.chance(30) {
            self.rng.pick(&["EXEC", "EXEC", "EXEC", "EXEC", "EXEC", "EXEC", "DISCARD"])
        } else if !in_multi && self.rng.chance(7) {
            "MULTI"
        } else {
            let all: usize = GROUPS.iter().map(|(weight, _)| weight).sum();
            let mut at = self.rng.below(all);
            let group = GROUPS.iter().find(|(weight, _)| {
                let here = at < *weight;
                at = at.wrapping_sub(if here { 0 } else { *weight });
                here
            });
            self.rng.pick(group.expect("within the sum").1)
        };
        // Redis shows what it has let go, and not yet gone on with, as it was when it was paused.
        let command = if command.starts_with("CLIENT LIST") && (in_multi || self.paused || self.until_end > 0)
        {
            "CLIENT INFO"
        } else {
            command
        };
        // What follows a short wait in a pipeline that a pause has held may come before or behind what others were held with.
        let held = self.paused || self.until_end > 0;
        let brief = held && super::BRIEF.iter().any(|words| command.contains(words));
        let command = if brief { "PING" } else { command };
        // EXEC's array would end among channels that lie in a table's order.
        let many = in_multi && command.split(';').any(|part| part == "UNSUBSCRIBE" || part == "SUNSUBSCRIBE");
        let command = if many { "UNSUBSCRIBE C" } else { command };
        // EXEC's array would not have as many elements as it says.
        let silences = in_multi && command.starts_with("CLIENT REPLY");
        let command = if silences { "CLIENT REPLY ON" } else { command };
        let place = self.people.get_mut(who).expect("one of them");
        match command.split(' ').next().unwrap_or_default() {
            "MULTI" => place.in_multi = true,
            "EXEC" | "DISCARD" => place.in_multi = false,
            "RESET" | "QUIT" => *place = Where::default(),
            "SUBSCRIBE" | "PSUBSCRIBE" | "SSUBSCRIBE" => place.subscribed = true,
            "HELLO" if command.contains('3') => place.resp3 = true,
            "HELLO" if command.contains('2') => place.resp3 = false,
            _ => {}
        }
        self.words(command)
    }

    fn words(&mut self, command: &str) -> String {
        let rng = &mut self.rng;
        let mut word = |word: &str| match word {
            "K" | "J" => rng.pick(KEYS).to_owned(),
            "C" => rng.pick(CHANNELS).to_owned(),
            "P" => rng.pick(PATTERNS).to_owned(),
            "S" => rng.pick(SHARDS).to_owned(),
            "U" => rng.pick(USERS).to_owned(),
            "R" => rng.pick(RULES).to_owned(),
            "E" => rng.pick(CLASSES).to_owned(),
            "V" => rng.pick(&["1", "2", "v", "value"]).to_owned(),
            "@A" => format!("@{}", rng.pick(ANYBODY)),
            "&A" => format!("&{}", rng.pick(ANYBODY)),
            other => other.to_owned(),
        };
        let mut line = |command: &str| command.split(' ').map(&mut word).collect::<Vec<_>>().join(" ");
        command.split(';').map(&mut line).collect::<Vec<_>>().join(";")
    }
}
