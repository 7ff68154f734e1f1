//! Commands of the hash group, as 7.0 has them. Which fields are drawn at random is each server's own affair: they are
//! drawn only where all of them are, or where nothing depends on which.

use super::{Args, Check, Generator, Group, args};
use Check::*;

pub const GROUP: Group = Group {
    commands: &[
        ("HDEL", 14),
        ("HEXISTS", 5),
        ("HGET", 12),
        ("HGETALL", 6),
        ("HINCRBY", 12),
        ("HINCRBYFLOAT", 12),
        ("HKEYS", 4),
        ("HLEN", 5),
        ("HMGET", 6),
        ("HMSET", 5),
        ("HRANDFIELD", 6),
        ("HSCAN", 5),
        ("HSET", 40),
        ("HSETNX", 6),
        ("HSTRLEN", 6),
        ("HVALS", 4),
    ],
    make,
};

fn field(g: &mut Generator) -> Vec<u8> {
    match g.rng.below(8) {
        0..5 => g.rng.below(30).to_string().into_bytes(),
        5 => format!("field {}", g.rng.below(20)).into_bytes(),
        _ => g.value(),
    }
}

fn fields(g: &mut Generator) -> Args {
    (0..=g.rng.below(4)).map(|_| field(g)).collect()
}

fn pairs(g: &mut Generator) -> Args {
    // Many at a time too, so that hashes outgrow their encoding.
    if g.rng.chance(3) {
        let from = g.rng.below(1000);
        let count = 100 + g.rng.below(100);
        return (from..from + count)
            .flat_map(|n| [format!("n{n}"), n.to_string()])
            .map(String::into_bytes)
            .collect();
    }
    let mut pairs: Args = (0..=g.rng.below(3)).flat_map(|_| [field(g), g.value()]).collect();
    if g.rng.chance(3) {
        pairs.pop();
    }
    pairs
}

fn make(g: &mut Generator, name: &str) -> (Args, Check) {
    let key = g.key_of("hash");
    let args = match name {
        "HSET" | "HMSET" => [args![key], pairs(g)].concat(),
        "HSETNX" => args![key, field(g), g.value()],
        "HGET" | "HEXISTS" | "HSTRLEN" => args![key, field(g)],
        "HMGET" | "HDEL" => [args![key], fields(g)].concat(),
        "HLEN" => args![key],
        "HGETALL" | "HKEYS" | "HVALS" => return (args![key], Flattened),
        "HINCRBY" => args![key, field(g), g.integer()],
        "HINCRBYFLOAT" => args![key, field(g), g.float()],
        "HRANDFIELD" => match g.rng.below(5) {
            0 => args![key, g.rng.pick(&["0", "x", "-9223372036854775808"])],
            1 => return (args![key, "-3"], Kind),
            2 => args![key, "9223372036854775807", "WITHVALUES"],
            3 => return (args![key, "100000", "withvalues"], Flattened),
            _ => return (args![key, "100000"], Unordered),
        },
        "HSCAN" => args![key, "x", "COUNT", "1"],
        other => unreachable!("{other} is no command of hashes"),
    };
    (args, Exact)
}
