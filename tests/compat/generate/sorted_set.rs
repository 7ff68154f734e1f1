//! Commands of the sorted set group.
//!
//! Where scores differ, what is in a range of members depends, in a skip list, on chance. So the commands that ask for one
//! get a key of their own, filled anew with equal scores for each row of them.

use super::list::SOON;
use super::{Args, Check, Generator, Group, PATTERNS, Step, args};
use Check::*;

pub const GROUP: Group = Group {
    commands: &[
        ("BZMPOP", 2),
        ("BZPOPMAX", 2),
        ("BZPOPMIN", 2),
        ("ZADD", 60),
        ("ZCARD", 4),
        ("ZCOUNT", 8),
        ("ZDIFF", 4),
        ("ZDIFFSTORE", 4),
        ("ZINCRBY", 12),
        ("ZINTER", 5),
        ("ZINTERCARD", 4),
        ("ZINTERSTORE", 5),
        ("ZLEXCOUNT", 2),
        ("ZMPOP", 5),
        ("ZMSCORE", 4),
        ("ZPOPMAX", 4),
        ("ZPOPMIN", 4),
        ("ZRANDMEMBER", 6),
        ("ZRANGE", 16),
        ("ZRANGEBYLEX", 2),
        ("ZRANGEBYSCORE", 12),
        ("ZRANGESTORE", 8),
        ("ZRANK", 6),
        ("ZREM", 10),
        ("ZREMRANGEBYLEX", 2),
        ("ZREMRANGEBYRANK", 3),
        ("ZREMRANGEBYSCORE", 3),
        ("ZREVRANGE", 6),
        ("ZREVRANGEBYLEX", 2),
        ("ZREVRANGEBYSCORE", 8),
        ("ZREVRANK", 5),
        ("ZSCAN", 5),
        ("ZSCORE", 8),
        ("ZUNION", 5),
        ("ZUNIONSTORE", 5),
    ],
    make,
};

/// What no other command touches.
const LEX_KEY: &str = "lex";

fn member(g: &mut Generator) -> Vec<u8> {
    match g.rng.below(8) {
        0..5 => g.rng.below(40).to_string().into_bytes(),
        5 => format!("member {}", g.rng.below(30)).into_bytes(),
        _ => g.value(),
    }
}

fn score(g: &mut Generator) -> Vec<u8> {
    match g.rng.below(10) {
        0 => g.rng.pick(&["inf", "-inf", "+inf", "-0", "4611686018427387904", "1e17", "1e100"]).into(),
        1..4 => g.float(),
        _ => g.rng.between(-20, 100).to_string().into(),
    }
}

fn score_end(g: &mut Generator) -> Vec<u8> {
    let open = if g.rng.chance(30) { "(" } else { "" };
    let end = match g.rng.below(12) {
        0 => g.rng.pick(&["", " 5", "nan", "1e999", "0x10", "x", "(1", "1\0x"]).into(),
        1..4 => g.rng.pick(&["-inf", "+inf", "inf"]).into(),
        _ => score(g),
    };
    [open.as_bytes(), &end].concat()
}

fn lex_end(g: &mut Generator) -> Vec<u8> {
    match g.rng.below(12) {
        0 => g.rng.pick(&["", "a", "-x", "+\0x", "(", "["]).into(),
        1..4 => b"-".into(),
        4..7 => b"+".into(),
        _ => [g.rng.pick(&["[", "("]).as_bytes(), &member(g)].concat(),
    }
}

fn limit(g: &mut Generator, args: &mut Args) {
    if g.rng.chance(40) {
        let number = |g: &mut Generator| match g.rng.below(12) {
            0 => g.integer(),
            1 => b"-1".to_vec(),
            _ => g.rng.below(8).to_string().into_bytes(),
        };
        args.extend(args!["LIMIT", number(g), number(g)]);
    }
}

/// `numkeys key [key ...]`
fn counted_keys(g: &mut Generator) -> Args {
    let kinds = ["zset", "zset", "zset", "set"];
    let keys: Args = (0..=g.rng.below(3))
        .map(|_| {
            let kind = g.rng.pick(&kinds);
            g.key_of(kind)
        })
        .collect();
    let count = if g.rng.chance(6) { g.integer() } else { keys.len().to_string().into_bytes() };
    [args![count], keys].concat()
}

fn aggregation(g: &mut Generator, args: &mut Args, keys: usize) {
    if g.rng.chance(30) {
        args.push("WEIGHTS".into());
        for _ in 0..keys {
            let weight = score(g);
            args.push(weight);
        }
    }
    if g.rng.chance(30) {
        args.extend(args!["AGGREGATE", g.rng.pick(&["SUM", "min", "MAX", "avg"])]);
    }
}

/// A range by rank or by score, and the options that ZRANGE and ZRANGESTORE take.
fn range(g: &mut Generator) -> Args {
    let mut args = if g.rng.chance(50) {
        let mut args = args![score_end(g), score_end(g), "BYSCORE"];
        limit(g, &mut args);
        args
    } else {
        args![g.integer(), g.integer()]
    };
    g.options(&mut args, 30, &["REV"]);
    g.options(&mut args, 2, &["BYLEX", "LIMIT"]);
    args
}

fn lex_command(g: &mut Generator, name: &str) -> Args {
    let mut args = args![name, LEX_KEY, lex_end(g), lex_end(g)];
    match name {
        "ZRANGEBYLEX" | "ZREVRANGEBYLEX" => limit(g, &mut args),
        "ZRANGE" => {
            args.push("BYLEX".into());
            g.options(&mut args, 50, &["REV"]);
            limit(g, &mut args);
        }
        "ZRANGESTORE" => {
            args.insert(1, "lex:stored".into());
            args.push("BYLEX".into());
            limit(g, &mut args);
        }
        _ => {}
    }
    args
}

/// To follow: the key of its own is deleted and filled, then asked for ranges of members, by `name` first.
fn lex_row(g: &mut Generator, name: &str) {
    const NAMES: [&str; 6] =
        ["ZLEXCOUNT", "ZRANGEBYLEX", "ZREVRANGEBYLEX", "ZREMRANGEBYLEX", "ZRANGE", "ZRANGESTORE"];
    let count = if g.rng.chance(20) { 150 } else { 1 + g.rng.below(20) };
    let mut fill = args!["ZADD", LEX_KEY];
    for _ in 0..count {
        fill.extend(args!["7", member(g)]);
    }
    let mut row = vec![args!["DEL", LEX_KEY], fill, lex_command(g, name)];
    for _ in 0..g.rng.below(6) {
        let name = *g.rng.pick(&NAMES.each_ref());
        row.push(lex_command(g, name));
    }
    g.next.extend(row.into_iter().map(|args| Step::Call(args, Exact)));
}

fn make(g: &mut Generator, name: &str) -> (Args, Check) {
    let key = g.key_of("zset");
    let args = match name {
        "ZADD" => {
            let mut args = args![key];
            if g.rng.chance(30) {
                g.options(&mut args, 20, &["NX", "xx", "GT", "lt", "CH", "INCR"]);
            }
            let count = if g.rng.chance(4) { 60 + g.rng.below(100) } else { 1 + g.rng.below(4) };
            for _ in 0..count {
                args.extend(args![score(g), member(g)]);
            }
            args
        }
        "ZINCRBY" => args![key, score(g), member(g)],
        "ZCARD" => args![key],
        "ZSCORE" | "ZRANK" | "ZREVRANK" => args![key, member(g)],
        "ZMSCORE" | "ZREM" => {
            let members: Args = (0..=g.rng.below(4)).map(|_| member(g)).collect();
            [args![key], members].concat()
        }
        "ZCOUNT" | "ZREMRANGEBYSCORE" => args![key, score_end(g), score_end(g)],
        "ZREMRANGEBYRANK" => args![key, g.integer(), g.integer()],
        "ZRANGE" => {
            let mut args = [args![key], range(g)].concat();
            g.options(&mut args, 40, &["WITHSCORES"]);
            args
        }
        "ZREVRANGE" => {
            let mut args = args![key, g.integer(), g.integer()];
            g.options(&mut args, 40, &["withscores"]);
            args
        }
        "ZRANGEBYSCORE" | "ZREVRANGEBYSCORE" => {
            let mut args = args![key, score_end(g), score_end(g)];
            g.options(&mut args, 30, &["WITHSCORES"]);
            limit(g, &mut args);
            args
        }
        "ZRANGESTORE" => [args![g.key_of("zset"), key], range(g)].concat(),
        "ZUNION" | "ZINTER" | "ZDIFF" => {
            let mut args = counted_keys(g);
            let keys = args.len() - 1;
            if name != "ZDIFF" || g.rng.chance(5) {
                aggregation(g, &mut args, keys);
            }
            g.options(&mut args, 50, &["WITHSCORES"]);
            args
        }
        "ZUNIONSTORE" | "ZINTERSTORE" | "ZDIFFSTORE" => {
            let mut args = [args![key], counted_keys(g)].concat();
            let keys = args.len() - 2;
            if name != "ZDIFFSTORE" || g.rng.chance(5) {
                aggregation(g, &mut args, keys);
            }
            args
        }
        "ZINTERCARD" => {
            let mut args = counted_keys(g);
            if g.rng.chance(40) {
                args.extend(args!["LIMIT", g.integer()]);
            }
            args
        }
        "ZPOPMIN" | "ZPOPMAX" => {
            let mut args = args![key];
            if g.rng.chance(50) {
                let count = if g.rng.chance(30) { g.integer() } else { b"2".to_vec() };
                args.push(count);
            }
            args
        }
        "BZPOPMIN" | "BZPOPMAX" => args![key, g.key_of("zset"), SOON],
        "ZMPOP" | "BZMPOP" => {
            let mut args = counted_keys(g);
            if name == "BZMPOP" {
                args.insert(0, SOON.into());
            }
            args.push(g.rng.pick(&["MIN", "max", "MAX", "MID"]).into());
            if g.rng.chance(50) {
                args.extend(args!["COUNT", g.integer()]);
            }
            args
        }
        "ZRANDMEMBER" => match g.rng.below(5) {
            0 => return (args![key], Kind),
            1 => args![key, g.rng.pick(&["0", "x", "-9223372036854775808", "1.5"])],
            2 => args![key, "-9223372036854770000", "WITHSCORES"],
            3 => return (args![key, "-3"], Kind),
            _ => return (args![key, "100000", "WITHSCORES"], Flattened),
        },
        "ZSCAN" => args![key, "x", "MATCH", g.rng.pick(PATTERNS)],
        _ => {
            lex_row(g, name);
            args![key, "a", g.rng.pick(&["[a", "+"])]
        }
    };
    (args, Exact)
}
