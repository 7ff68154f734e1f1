//! Commands of the stream group that are not about consumer groups. Ids are told, since those of the moment differ.

use super::{Args, Check, Generator, Group, args};
use Check::*;

pub const GROUP: Group = Group {
    commands: &[
        ("XADD", 60),
        ("XDEL", 12),
        ("XLEN", 4),
        ("XRANGE", 20),
        ("XREAD", 16),
        ("XREVRANGE", 16),
        ("XSETID", 6),
        ("XTRIM", 14),
    ],
    make,
};

/// Mostly one that an entry may have.
fn id(g: &mut Generator) -> Vec<u8> {
    match g.rng.below(20) {
        0 => g
            .rng
            .pick(&[
                "", "x", "-", "+", "$", ">", "1-", "-1", "1--2", "1--02", " 1-1", "+1-1", "01-02", "1-1\0x",
                "0-0", "(1-1",
            ])
            .into(),
        1 => g
            .rng
            .pick(&[
                "18446744073709551615-18446744073709551615",
                "18446744073709551616",
                "0-18446744073709551615",
            ])
            .into(),
        2..6 => g.rng.below(60).to_string().into(),
        _ => format!("{}-{}", g.rng.below(60), g.rng.below(4)).into(),
    }
}

fn bound(g: &mut Generator, end: &str) -> Vec<u8> {
    match g.rng.below(10) {
        0..3 => end.into(),
        3 => g
            .rng
            .pick(&["(", "(-", "(+", "+", "-", "(0", "(18446744073709551615-18446744073709551615"])
            .into(),
        4..6 => [b"(".to_vec(), id(g)].concat(),
        _ => id(g),
    }
}

fn count(g: &mut Generator) -> Vec<u8> {
    g.rng.pick(&["1", "2", "3", "10", "10", "100", "0", "-1", "x", "9223372036854775807"]).into()
}

/// MAXLEN or MINID, exact or not.
fn trim(g: &mut Generator, args: &mut Args) {
    let by_id = g.rng.chance(50);
    args.extend(args![if by_id { "MINID" } else { "maxlen" }]);
    let about = g.rng.chance(40);
    if about {
        args.extend(args!["~"]);
    } else if g.rng.chance(30) {
        args.extend(args!["="]);
    }
    args.push(match g.rng.below(20) {
        0 => g.rng.pick(&["-1", "x", "~"]).into(),
        _ if by_id => id(g),
        _ => g.rng.below(40).to_string().into(),
    });
    if g.rng.chance(if about { 30 } else { 3 }) {
        args.extend(args!["LIMIT", g.rng.pick(&["0", "1", "5", "20", "1000", "-1", "x"])]);
    }
}

fn add(g: &mut Generator) -> Args {
    let mut args = args![g.key_of("stream")];
    if g.rng.chance(10) {
        args.extend(args!["NOMKSTREAM"]);
    }
    if g.rng.chance(20) {
        trim(g, &mut args);
    }
    args.push(match g.rng.below(10) {
        0..2 => id(g),
        _ => format!("{}-*", g.rng.below(60)).into(),
    });
    let same = g.rng.chance(60);
    for n in 0..1 + g.rng.below(4) {
        args.push(if same { format!("field{n}").into() } else { g.value() });
        args.push(g.value());
    }
    args
}

fn make(g: &mut Generator, name: &str) -> (Args, Check) {
    let args = match name {
        "XADD" => add(g),
        "XDEL" => {
            let mut args = args![g.key_of("stream")];
            args.extend((0..1 + g.rng.below(5)).map(|_| id(g)));
            args
        }
        "XLEN" => args![g.key_of("stream")],
        "XRANGE" | "XREVRANGE" => {
            let (from, to) = if name == "XRANGE" { ("-", "+") } else { ("+", "-") };
            let mut args = args![g.key_of("stream"), bound(g, from), bound(g, to)];
            if g.rng.chance(40) {
                args.extend(args!["COUNT", count(g)]);
            }
            args
        }
        "XREAD" => {
            let mut args = args![];
            if g.rng.chance(50) {
                args.extend(args!["COUNT", count(g)]);
            }
            if g.rng.chance(10) {
                args.extend(args!["BLOCK", g.rng.pick(&["1", "2", "-1", "x"])]);
            }
            if g.rng.chance(3) {
                args.extend(args![g.rng.pick(&["NOACK", "GROUP", "x"])]);
            }
            args.extend(args!["STREAMS"]);
            let streams = 1 + g.rng.below(3);
            args.extend((0..streams).map(|_| g.key_of("stream")));
            for _ in 0..streams {
                // The last entry is asked for by a plus since 7.4.
                let mut after = id(g);
                if after == b"+" {
                    after = b"$".into();
                }
                args.push(after);
            }
            args
        }
        "XSETID" => {
            let mut args = args![g.key_of("stream"), format!("{}-{}", 40 + g.rng.below(30), g.rng.below(4))];
            if g.rng.chance(30) {
                args[1] = id(g);
            }
            if g.rng.chance(30) {
                args.extend(args!["ENTRIESADDED", g.rng.pick(&["0", "5", "100", "-1", "x"])]);
            }
            if g.rng.chance(30) {
                args.extend(args!["MAXDELETEDID", id(g)]);
            }
            args
        }
        "XTRIM" => {
            let mut args = args![g.key_of("stream")];
            trim(g, &mut args);
            args
        }
        other => unreachable!("{other} has a weight but no generator"),
    };
    (args, Exact)
}
