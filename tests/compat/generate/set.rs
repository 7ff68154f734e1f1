//! Commands of the set group. Which members are drawn at random is each server's own affair: they are drawn only where
//! all of them are, or where nothing depends on which.

use super::{Args, Check, Generator, Group, args};
use Check::*;

pub const GROUP: Group = Group {
    commands: &[
        ("SADD", 40),
        ("SCARD", 5),
        ("SDIFF", 6),
        ("SDIFFSTORE", 5),
        ("SINTER", 6),
        ("SINTERCARD", 6),
        ("SINTERSTORE", 5),
        ("SISMEMBER", 8),
        ("SMEMBERS", 6),
        ("SMISMEMBER", 6),
        ("SMOVE", 8),
        ("SPOP", 4),
        ("SRANDMEMBER", 6),
        ("SREM", 12),
        ("SSCAN", 5),
        ("SUNION", 6),
        ("SUNIONSTORE", 4),
    ],
    make,
};

fn member(g: &mut Generator) -> Vec<u8> {
    match g.rng.below(8) {
        0..5 => g.rng.below(40).to_string().into_bytes(),
        5 => format!("member {}", g.rng.below(30)).into_bytes(),
        _ => g.value(),
    }
}

fn members(g: &mut Generator) -> Args {
    // Many at a time too, so that sets outgrow their encodings.
    let count = if g.rng.chance(4) { 60 + g.rng.below(100) } else { 1 + g.rng.below(5) };
    let from = g.rng.below(1000);
    if count > 50 {
        return (from..from + count).map(|n| n.to_string().into_bytes()).collect();
    }
    (0..count).map(|_| member(g)).collect()
}

fn keys(g: &mut Generator) -> Args {
    (0..=g.rng.below(3)).map(|_| g.key_of("set")).collect()
}

fn make(g: &mut Generator, name: &str) -> (Args, Check) {
    let key = g.key_of("set");
    let args = match name {
        "SADD" | "SREM" | "SMISMEMBER" => [args![key], members(g)].concat(),
        "SISMEMBER" => args![key, member(g)],
        "SCARD" => args![key],
        "SMEMBERS" => return (args![key], Unordered),
        "SMOVE" => args![key, g.key_of("set"), member(g)],
        "SINTER" | "SUNION" | "SDIFF" => return (keys(g), Unordered),
        "SINTERSTORE" | "SUNIONSTORE" | "SDIFFSTORE" => [args![key], keys(g)].concat(),
        "SINTERCARD" => {
            let keys = keys(g);
            let count = if g.rng.chance(10) { g.integer() } else { keys.len().to_string().into_bytes() };
            let mut args = [args![count], keys].concat();
            if g.rng.chance(30) {
                args.extend(args!["LIMIT", g.integer()]);
            }
            args
        }
        "SPOP" => match g.rng.below(4) {
            0 => args![key, g.rng.pick(&["0", "-1", "x", "-9223372036854775808"])],
            _ => return (args![key, "100000"], Unordered),
        },
        "SRANDMEMBER" => match g.rng.below(4) {
            0 => return (args![key], Kind),
            1 => args![key, g.rng.pick(&["0", "x", "-9223372036854775808"])],
            2 => return (args![key, "-3"], Kind),
            _ => return (args![key, "100000"], Unordered),
        },
        "SSCAN" => args![key, "x", "COUNT", "1"],
        other => unreachable!("{other} is no command of sets"),
    };
    (args, Exact)
}
