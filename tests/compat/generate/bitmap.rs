//! Commands of the bitmap group.

use super::{Args, Check, Generator, Group, args};
use Check::*;

pub const GROUP: Group = Group {
    commands: &[
        ("BITCOUNT", 10),
        ("BITFIELD", 20),
        ("BITFIELD_RO", 5),
        ("BITOP", 10),
        ("BITPOS", 12),
        ("GETBIT", 5),
        ("SETBIT", 20),
    ],
    make,
};

/// Mostly near, sometimes just at the limit; so far that a value would be huge only where nothing is written.
fn offset(g: &mut Generator, writes: bool) -> Vec<u8> {
    match g.rng.below(12) {
        0 => g.rng.pick(&["4294967296", "4294967297", "9223372036854775807", "-1", "abc", "01", ""]).into(),
        1 if !writes => g.rng.pick(&["4294967295", "2147483648"]).into(),
        2 => g.rng.between(0, 20_000).to_string().into(),
        _ => g.rng.between(0, 300).to_string().into(),
    }
}

fn field(g: &mut Generator) -> Vec<u8> {
    match g.rng.below(12) {
        0 => g
            .rng
            .pick(&["u64", "i65", "u0", "i0", "i", "u", "x8", "", "u08", "i-1", "u8\0x", "i64", "u63"])
            .into(),
        _ => format!("{}{}", g.rng.pick(&["i", "u"]), 1 + g.rng.below(63)).into(),
    }
}

fn range(g: &mut Generator, args: &mut Args) {
    if g.rng.chance(60) {
        args.push(g.integer());
        if g.rng.chance(90) {
            args.push(g.integer());
            if g.rng.chance(60) {
                args.push(g.rng.pick(&["BIT", "BIT", "bit", "BYTE", "nothing"]).into());
            }
        }
    }
}

fn make(g: &mut Generator, name: &str) -> (Args, Check) {
    let key = if g.rng.chance(85) { g.key_of("bitmap") } else { g.key() };
    let args = match name {
        "SETBIT" => args![key, offset(g, true), g.rng.pick(&["0", "1", "1", "1", "2", "-1", "x"])],
        "GETBIT" => args![key, offset(g, false)],
        "BITCOUNT" => {
            let mut args = args![key];
            range(g, &mut args);
            args
        }
        "BITPOS" => {
            let mut args = args![key, g.rng.pick(&["0", "1", "0", "1", "2", "x"])];
            range(g, &mut args);
            args
        }
        "BITOP" => {
            let operation = g.rng.pick(&["AND", "OR", "XOR", "NOT", "and", "nothing"]);
            let sources = if operation.eq_ignore_ascii_case("NOT") { 0 } else { g.rng.below(4) };
            let mut args = args![operation, key];
            args.extend((0..=sources).map(|_| g.key_of("bitmap")));
            args
        }
        "BITFIELD" | "BITFIELD_RO" => {
            let mut args = args![key];
            for _ in 0..g.rng.below(5) {
                if g.rng.chance(30) {
                    args.extend(args!["OVERFLOW", g.rng.pick(&["WRAP", "SAT", "SAT", "FAIL", "nothing"])]);
                }
                let verb = match name {
                    "BITFIELD_RO" if g.rng.chance(90) => "GET",
                    _ => g.rng.pick(&["GET", "SET", "INCRBY", "INCRBY", "set", "nothing"]),
                };
                let offset = match g.rng.chance(30) {
                    true => format!("#{}", g.rng.below(20)).into(),
                    false => offset(g, true),
                };
                args.extend(args![verb, field(g), offset]);
                if !verb.eq_ignore_ascii_case("GET") {
                    args.push(g.integer());
                }
            }
            // Redis does not tell its replicas of a string that only operations that failed made longer.
            if args.iter().any(|arg| arg == b"FAIL") {
                args.extend(args!["OVERFLOW", "WRAP", "SET", "u1", "0", "1"]);
            }
            args
        }
        other => unreachable!("{other} is no command of bitmaps"),
    };
    (args, Exact)
}
