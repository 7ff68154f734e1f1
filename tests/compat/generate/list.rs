//! Commands of the list group. Those that wait do so for a millisecond, with nobody to serve them.

use super::{Args, Check, Generator, Group, args};
use Check::*;

pub const GROUP: Group = Group {
    commands: &[
        ("BLMOVE", 2),
        ("BLMPOP", 2),
        ("BLPOP", 2),
        ("BRPOP", 2),
        ("BRPOPLPUSH", 2),
        ("LINDEX", 6),
        ("LINSERT", 10),
        ("LLEN", 3),
        ("LMOVE", 8),
        ("LMPOP", 5),
        ("LPOP", 8),
        ("LPOS", 8),
        ("LPUSH", 16),
        ("LPUSHX", 4),
        ("LRANGE", 10),
        ("LREM", 8),
        ("LSET", 8),
        ("LTRIM", 5),
        ("RPOP", 8),
        ("RPOPLPUSH", 5),
        ("RPUSH", 16),
        ("RPUSHX", 4),
    ],
    make,
};

/// How long commands wait that find nothing.
pub const SOON: &str = "0.001";

fn element(g: &mut Generator) -> Vec<u8> {
    match g.rng.below(10) {
        0 => g.value(),
        1 => g
            .rng
            .pick(&["9223372036854775807", "-9223372036854775808", "4294967296", "01", "-0", "+1", ""])
            .into(),
        2 => (g.rng.next() as i64 >> g.rng.below(64)).to_string().into(),
        3 => {
            let len = *g.rng.pick(&[&63, &64, &127, &4095, &4096, &8180, &8192, &9000]);
            if g.rng.chance(20) { vec![b'x'; len] } else { g.rng.bytes(len % 200) }
        }
        4..=6 => g.rng.below(12).to_string().into(),
        _ => {
            let len = g.rng.below(40);
            (0..len).map(|_| b"ab"[g.rng.below(2)]).collect()
        }
    }
}

fn elements(g: &mut Generator) -> Args {
    let most = if g.rng.chance(10) { 60 } else { 4 };
    (0..1 + g.rng.below(most)).map(|_| element(g)).collect()
}

fn index(g: &mut Generator) -> Vec<u8> {
    match g.rng.below(12) {
        0 => g.integer(),
        1..=5 => g.rng.between(-3, 3).to_string().into(),
        _ => g.rng.between(-200, 200).to_string().into(),
    }
}

fn end(g: &mut Generator) -> Vec<u8> {
    g.rng.pick(&["LEFT", "RIGHT", "left", "Right", "LEFT", "RIGHT", "LEFT", "RIGHT", "middle"]).into()
}

fn pop_from(g: &mut Generator) -> Args {
    let least = i64::from(!g.rng.chance(5));
    let count = g.rng.between(least, 3);
    let mut args = args![count.to_string()];
    args.extend((0..count.max(1)).map(|_| g.key_of("list")));
    args.push(end(g));
    if g.rng.chance(50) {
        args.extend(args!["COUNT", g.rng.between(0, 20).to_string()]);
    }
    args
}

fn make(g: &mut Generator, name: &str) -> (Args, Check) {
    let key = g.key_of("list");
    let args = match name {
        "LPUSH" | "RPUSH" | "LPUSHX" | "RPUSHX" => [args![key], elements(g)].concat(),
        "LPOP" | "RPOP" if g.rng.chance(50) => {
            let most = if g.rng.chance(10) { 1000 } else { 12 };
            args![key, g.rng.between(-1, most).to_string()]
        }
        "LPOP" | "RPOP" | "LLEN" => args![key],
        "LINDEX" => args![key, index(g)],
        "LINSERT" => {
            let side = *g.rng.pick(&[&"BEFORE", &"AFTER", &"before", &"after", &"beside"]);
            args![key, side, element(g), element(g)]
        }
        "LSET" => args![key, index(g), element(g)],
        "LRANGE" => args![key, index(g), index(g)],
        // Mostly of the ends, so that lists live.
        "LTRIM" if g.rng.chance(70) => {
            args![key, g.rng.below(4).to_string(), g.rng.between(-4, -1).to_string()]
        }
        "LTRIM" => args![key, index(g), index(g)],
        "LREM" => args![key, g.rng.between(-3, 3).to_string(), element(g)],
        "LPOS" => {
            let mut args = args![key, element(g)];
            for word in ["RANK", "COUNT", "MAXLEN"] {
                if g.rng.chance(40) {
                    args.extend(args![word, index(g)]);
                }
            }
            args
        }
        "LMOVE" => args![key, g.key_of("list"), end(g), end(g)],
        "RPOPLPUSH" => args![key, g.key_of("list")],
        "BLPOP" | "BRPOP" => args![key, g.key_of("list"), SOON],
        "BLMOVE" => args![key, g.key_of("list"), end(g), end(g), SOON],
        "BRPOPLPUSH" => args![key, g.key_of("list"), SOON],
        "LMPOP" => pop_from(g),
        "BLMPOP" => [args![SOON], pop_from(g)].concat(),
        other => unreachable!("{other} has a weight but no generator"),
    };
    (args, Exact)
}

impl Generator {
    /// A command on lists, or one that shows or moves what they hold.
    pub fn list_command(&mut self) -> (Args, Check) {
        let others = ["DEL", "RENAME", "COPY", "DUMP", "DEBUG", "TYPE"];
        let total: usize = GROUP.commands.iter().map(|c| c.1).sum();
        let mut at = self.rng.below(total + 2 * others.len());
        if at >= total {
            let (key, other) = (self.key_of("list"), self.key_of("list"));
            let args = match others[(at - total) / 2] {
                "RENAME" => args!["RENAME", key, other],
                "COPY" => args!["COPY", key, other, "REPLACE"],
                "DEBUG" => args!["DEBUG", "DIGEST-VALUE", key],
                "DEL" if self.rng.chance(60) => args!["LLEN", key],
                name => args![name, key],
            };
            return (args, Exact);
        }
        let (name, _) = GROUP
            .commands
            .iter()
            .find(|(_, weight)| {
                let found = at < *weight;
                at = at.wrapping_sub(*weight);
                found
            })
            .expect("below the sum of the weights");
        let (args, check) = make(self, name);
        ([args![*name], args].concat(), check)
    }
}
