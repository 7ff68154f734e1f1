//! Commands of consumer groups. Times are the server's own, or told and long past, so that an entry is either idle for years
//! or for no time: what depends on that is asked for accordingly, and moments are compared roughly.

use super::{Args, Check, Generator, Group, args};
use Check::*;

pub const GROUP: Group = Group {
    commands: &[
        ("XACK", 10),
        ("XAUTOCLAIM", 10),
        ("XCLAIM", 14),
        ("XGROUP", 24),
        ("XINFO", 14),
        ("XPENDING", 12),
        ("XREADGROUP", 30),
    ],
    make,
};

fn group(g: &mut Generator) -> Vec<u8> {
    g.rng.pick(&["g", "g", "g", "h", "h", "", "a\0b"]).into()
}

fn consumer(g: &mut Generator) -> Vec<u8> {
    g.rng.pick(&["c", "d", "e", "f", "", "a\0\u{1}"]).into()
}

/// Mostly an id that entries of the keys have.
fn id(g: &mut Generator) -> Vec<u8> {
    match g.rng.below(16) {
        0 => g
            .rng
            .pick(&[
                "",
                "x",
                "-",
                "+",
                "$",
                "1-",
                "1-*",
                "18446744073709551615-18446744073709551615",
                "0-0",
                "18446744073709551616",
            ])
            .into(),
        1 => g.rng.below(30).to_string().into(),
        _ => format!("{}-{}", g.rng.below(30), g.rng.below(4)).into(),
    }
}

fn ids(g: &mut Generator) -> Args {
    (0..1 + g.rng.below(5)).map(|_| id(g)).collect()
}

fn bound(g: &mut Generator, end: &str) -> Vec<u8> {
    match g.rng.below(6) {
        0 => id(g),
        1 => [b"(".to_vec(), id(g)].concat(),
        _ => end.into(),
    }
}

/// No idle time at all, one between that of entries delivered now and in the past, or none that is valid.
fn idle(g: &mut Generator) -> Vec<u8> {
    g.rng.pick(&["0", "0", "0", "0", "1000000", "1000000", "-5", "9223372036854775807", "x"]).into()
}

fn count(g: &mut Generator) -> Vec<u8> {
    g.rng.pick(&["1", "2", "3", "10", "0", "-1", "x", "100"]).into()
}

fn claim_options(g: &mut Generator, args: &mut Args) {
    if g.rng.chance(30) {
        args.extend(args!["IDLE", g.rng.pick(&["0", "-1", "1000000000", "9223372036854775807", "x"])]);
    }
    if g.rng.chance(30) {
        args.extend(args!["TIME", g.rng.pick(&["0", "-1", "123456", "9223372036854775807", "x"])]);
    }
    if g.rng.chance(30) {
        args.extend(args![
            "RETRYCOUNT",
            g.rng.pick(&["0", "1", "7", "5000", "-1", "9223372036854775807", "x"])
        ]);
    }
    if g.rng.chance(20) {
        args.extend(args!["LASTID", id(g)]);
    }
    if g.rng.chance(40) {
        args.extend(args!["FORCE"]);
    }
    if g.rng.chance(40) {
        args.extend(args!["justid"]);
    }
    if g.rng.chance(3) {
        args.extend(args!["nothing"]);
    }
}

fn make(g: &mut Generator, name: &str) -> (Args, Check) {
    let key = g.key_of("stream");
    let args = match name {
        "XACK" => [args![key, group(g)], ids(g)].concat(),
        "XAUTOCLAIM" => {
            let mut args = args![key, group(g), consumer(g), idle(g), bound(g, "-")];
            if g.rng.chance(40) {
                args.extend(args!["COUNT", count(g)]);
            }
            if g.rng.chance(40) {
                args.extend(args!["JUSTID"]);
            }
            args
        }
        "XCLAIM" => {
            let mut args = [args![key, group(g), consumer(g), idle(g)], ids(g)].concat();
            claim_options(g, &mut args);
            args
        }
        "XGROUP" => xgroup(g, key),
        "XINFO" => {
            let args = match g.rng.below(8) {
                0 => args!["STREAM", key],
                1..=3 => args!["STREAM", key, "FULL"],
                4 => args!["STREAM", key, "full", "COUNT", count(g)],
                5 => args!["GROUPS", key],
                6 if g.rng.chance(10) => args!["HELP"],
                6 => args!["STREAM", key, "x"],
                _ => args!["CONSUMERS", key, group(g)],
            };
            return (args, Moments);
        }
        "XPENDING" => {
            let mut args = args![key, group(g)];
            if g.rng.chance(60) {
                if g.rng.chance(40) {
                    args.extend(args!["IDLE", idle(g)]);
                }
                args.extend(args![bound(g, "-"), bound(g, "+"), count(g)]);
                if g.rng.chance(40) {
                    args.push(consumer(g));
                }
            }
            return (args, Moments);
        }
        "XREADGROUP" => read(g),
        other => unreachable!("{other} has a weight but no generator"),
    };
    (args, Exact)
}

fn xgroup(g: &mut Generator, key: Vec<u8>) -> Args {
    let mut args = match g.rng.below(20) {
        0..=7 => {
            let id = g.rng.pick(&["$", "0", "0", "5-1", "-", "x"]);
            let mut args = args!["CREATE", key, group(g), id];
            if g.rng.chance(40) {
                args.extend(args!["MKSTREAM"]);
            }
            args
        }
        8..=11 => args!["SETID", key, group(g), id(g)],
        12..=14 => args!["CREATECONSUMER", key, group(g), consumer(g)],
        15..=16 => args!["DELCONSUMER", key, group(g), consumer(g)],
        17..=18 if g.rng.chance(50) => args!["DESTROY", key, group(g)],
        19 if g.rng.chance(20) => args!["HELP"],
        _ => args!["SETID", key, group(g), "0"],
    };
    if g.rng.chance(20) {
        args.extend(args![
            "ENTRIESREAD",
            g.rng.pick(&["0", "1", "5", "-1", "-2", "9223372036854775807", "x"])
        ]);
    }
    args
}

fn read(g: &mut Generator) -> Args {
    let mut args = args!["GROUP", group(g), consumer(g)];
    if g.rng.chance(60) {
        args.extend(args!["COUNT", count(g)]);
    }
    if g.rng.chance(15) {
        args.extend(args!["BLOCK", "1"]);
    }
    if g.rng.chance(15) {
        args.extend(args!["NOACK"]);
    }
    args.extend(args!["STREAMS"]);
    let streams = if g.rng.chance(20) { 2 } else { 1 };
    args.extend((0..streams).map(|_| g.key_of("stream")));
    args.extend((0..streams).map(|_| if g.rng.chance(70) { b">".to_vec() } else { id(g) }));
    args
}
