//! Generated commands on lists, with either protocol and several forms that lists have: replies, payloads of DUMP and
//! digests are those of Redis.

use crate::generate::{Args, Check};
use crate::harness::{Rng, seeds};
use crate::pair::Pair;

const STEPS: usize = 15_000;

const COMMANDS: &[&str] = &[
    "LPUSH",
    "RPUSH",
    "LPUSH",
    "RPUSH",
    "LPUSHX",
    "RPUSHX",
    "LPOP",
    "RPOP",
    "LPOP",
    "RPOP",
    "LLEN",
    "LINDEX",
    "LINSERT",
    "LINSERT",
    "LSET",
    "LSET",
    "LRANGE",
    "LRANGE",
    "LTRIM",
    "LREM",
    "LREM",
    "LPOS",
    "LPOS",
    "LMOVE",
    "LMOVE",
    "RPOPLPUSH",
    "LMPOP",
    "BLPOP",
    "BRPOP",
    "BLMOVE",
    "BRPOPLPUSH",
    "BLMPOP",
    "DEL",
    "RENAME",
    "COPY",
    "DUMP",
    "DIGEST",
    "SET",
    "TYPE",
];

struct Lists {
    rng: Rng,
    keys: usize,
    /// How long elements mostly are.
    len: usize,
}

impl Lists {
    fn key(&mut self) -> Vec<u8> {
        format!("list:{}", self.rng.below(self.keys)).into_bytes()
    }

    fn value(&mut self) -> Vec<u8> {
        match self.rng.below(12) {
            0 => Vec::new(),
            1 => self
                .rng
                .pick(&["9223372036854775807", "-9223372036854775808", "4294967296", "01", "-0", "+1"])
                .into(),
            2 => (self.rng.next() as i64 >> self.rng.below(64)).to_string().into(),
            3 => {
                let len = *self.rng.pick(&[&63, &64, &127, &4095, &4096, &8180, &8192, &9000]);
                if self.rng.chance(20) { vec![b'x'; len] } else { self.rng.bytes(len % 200) }
            }
            4 | 5 => self.rng.below(12).to_string().into(),
            6 => {
                let len = self.rng.below(self.len);
                self.rng.bytes(len)
            }
            _ => {
                let len = self.rng.below(self.len);
                (0..len).map(|_| b"ab"[self.rng.below(2)]).collect()
            }
        }
    }

    fn values(&mut self) -> Vec<Vec<u8>> {
        let most = if self.rng.chance(10) { 60 } else { 4 };
        (0..1 + self.rng.below(most)).map(|_| self.value()).collect()
    }

    fn index(&mut self) -> Vec<u8> {
        match self.rng.below(20) {
            0 => self.rng.pick(&["x", "", "1.5", "9223372036854775807", "-9223372036854775808", "01"]).into(),
            1..=6 => self.rng.between(-3, 3).to_string().into(),
            _ => self.rng.between(-200, 200).to_string().into(),
        }
    }

    fn end(&mut self) -> Vec<u8> {
        self.rng.pick(&["LEFT", "RIGHT", "left", "Right", "LEFT", "RIGHT", "LEFT", "RIGHT", "middle"]).into()
    }

    fn command(&mut self) -> Args {
        let name = *COMMANDS.get(self.rng.below(COMMANDS.len())).expect("below its length");
        let mut args: Args = vec![name.into(), self.key()];
        let soon = || b"0.001".to_vec();
        match name {
            "LPUSH" | "RPUSH" | "LPUSHX" | "RPUSHX" => args.extend(self.values()),
            "LPOP" | "RPOP" if self.rng.chance(50) => {
                let most = if self.rng.chance(10) { 1000 } else { 12 };
                let count = self.rng.between(-1, most);
                args.push(count.to_string().into());
            }
            "LINDEX" => args.push(self.index()),
            "LINSERT" => {
                let side = *self.rng.pick(&[&"BEFORE", &"AFTER", &"before", &"after", &"beside"]);
                args.extend([side.into(), self.value(), self.value()]);
            }
            "LSET" => args.extend([self.index(), self.value()]),
            "LRANGE" => args.extend([self.index(), self.index()]),
            // Mostly of the ends, so that lists live.
            "LTRIM" if self.rng.chance(70) => {
                let (from, to) = (self.rng.below(4), self.rng.between(-4, -1));
                args.extend([from.to_string().into(), to.to_string().into()]);
            }
            "LTRIM" => args.extend([self.index(), self.index()]),
            "LREM" => args.extend([self.rng.between(-3, 3).to_string().into(), self.value()]),
            "LPOS" => {
                args.push(self.value());
                for word in ["RANK", "COUNT", "MAXLEN"] {
                    if self.rng.chance(40) {
                        args.extend([word.into(), self.index()]);
                    }
                }
            }
            "LMOVE" => args.extend([self.key(), self.end(), self.end()]),
            "RPOPLPUSH" | "RENAME" => args.push(self.key()),
            "COPY" => args.extend([self.key(), b"REPLACE".to_vec()]),
            "BLPOP" | "BRPOP" => args.extend([self.key(), soon()]),
            "BLMOVE" => args.extend([self.key(), self.end(), self.end(), soon()]),
            "BRPOPLPUSH" => args.extend([self.key(), soon()]),
            "LMPOP" | "BLMPOP" => {
                args.truncate(1);
                if name == "BLMPOP" {
                    args.push(soon());
                }
                let least = if self.rng.chance(5) { 0 } else { 1 };
                let count = self.rng.between(least, 3);
                args.push(count.to_string().into());
                args.extend((0..count.max(1)).map(|_| self.key()));
                args.push(self.end());
                if self.rng.chance(50) {
                    args.extend([b"COUNT".to_vec(), self.rng.between(0, 20).to_string().into()]);
                }
            }
            "DIGEST" => {
                args.splice(..1, ["DEBUG".into(), "DIGEST-VALUE".into()]);
            }
            "SET" if self.rng.chance(10) => args.push(self.value()),
            "SET" | "DEL" if self.rng.chance(60) => args[0] = "LLEN".into(),
            _ => {}
        }
        if self.rng.chance(2) {
            args.pop();
        }
        args
    }
}

/// Limits of a list, and of its elements.
const FORMS: &[(&str, &str, &str, usize)] = &[
    ("-2", "0", "0", 40),
    ("-1", "1", "0", 120),
    ("3", "0", "0", 40),
    ("1", "2", "0", 40),
    ("10", "1", "30", 60),
    ("-5", "3", "8", 300),
];

fn run(seed: u64, protocol: u8) {
    let mut pair = Pair::start();
    pair.reconnect(protocol);
    for (form, (size, depth, threshold, len)) in FORMS.iter().enumerate() {
        for server in [&pair.ours, &pair.real] {
            server.ok(&format!("CONFIG SET list-max-listpack-size {size} list-compress-depth {depth}"));
            server.ok(&format!("DEBUG QUICKLIST-PACKED-THRESHOLD {threshold}"));
            server.ok("FLUSHALL");
        }
        let mut lists = Lists { rng: Rng::new(seed * 100 + form as u64), keys: 5, len: *len };
        for n in 1..=STEPS / FORMS.len() {
            pair.steps += 1;
            let args = lists.command();
            // A small list of ours is a listpack, in which nothing lies by itself.
            let same_nodes = *threshold == "0" || args[0] != b"DUMP";
            pair.call(&args, if same_nodes { Check::Exact } else { Check::Kind });
            if n % 250 == 0 {
                pair.compare_digests();
            }
        }
    }
    pair.finish(&format!("seed {seed}, RESP{protocol}"));
}

#[test]
fn lists_are_answered_as_by_redis() {
    for seed in seeds(&[1, 2]) {
        run(seed, 2);
        run(seed + 1000, 3);
    }
}
