//! Commands of the geo group. Members stand at places of their own, since those that are equally far away may come in any
//! order.

use super::{Args, Check, Generator, Group, args};
use Check::*;

pub const GROUP: Group = Group {
    commands: &[
        ("GEOADD", 30),
        ("GEODIST", 8),
        ("GEOHASH", 5),
        ("GEOPOS", 5),
        ("GEORADIUS", 6),
        ("GEORADIUSBYMEMBER", 5),
        ("GEORADIUSBYMEMBER_RO", 4),
        ("GEORADIUS_RO", 4),
        ("GEOSEARCH", 14),
        ("GEOSEARCHSTORE", 8),
    ],
    make,
};

fn member(g: &mut Generator) -> Vec<u8> {
    match g.rng.below(10) {
        0 => g.value(),
        1 => b"none".to_vec(),
        _ => format!("place {}", g.rng.below(40)).into_bytes(),
    }
}

/// Most places lie in a few clusters, so that areas of all sizes hold some; the others anywhere, at the edges too.
fn place(g: &mut Generator) -> [Vec<u8>; 2] {
    let micro = |g: &mut Generator, near: i64, by: i64| {
        let n = near * 1_000_000 + g.rng.between(-by, by);
        let sign = if n < 0 { "-" } else { "" };
        format!("{sign}{}.{:06}", n.abs() / 1_000_000, n.abs() % 1_000_000).into_bytes()
    };
    match g.rng.below(20) {
        0 => [g.float(), g.float()],
        1 => {
            let longitude = g.rng.pick(&["180", "-180", "180.0001", "-180.1", "179.999999"]);
            [longitude.into(), micro(g, 0, 85_000_000)]
        }
        2 => {
            let latitude =
                g.rng.pick(&["85.05112878", "-85.05112878", "85.05112879", "-90", "85.0511287", "84.9"]);
            [micro(g, 0, 179_000_000), latitude.into()]
        }
        3..9 => [micro(g, 0, 179_000_000), micro(g, 0, 85_000_000)],
        at => {
            let (longitude, latitude) = [(13, 38), (179, 1), (-179, 0), (0, 84), (120, -84), (0, 0)][at % 6];
            let by = 10i64.pow(3 + g.rng.below(4) as u32);
            [micro(g, longitude, by.min(999_999)), micro(g, latitude, by)]
        }
    }
}

fn unit(g: &mut Generator) -> Vec<u8> {
    g.rng.pick(&["m", "km", "ft", "mi", "KM", "m", "km", "mi", "x"]).into()
}

fn length(g: &mut Generator) -> Vec<u8> {
    match g.rng.below(12) {
        0 => g.float(),
        1 => g.rng.pick(&["0", "-1", "1e300", "x", "6372797.560856", "20015086.79", "40075017"]).into(),
        _ => (g.rng.below(1000) * 10usize.pow(g.rng.below(6) as u32)).to_string().into(),
    }
}

fn key(g: &mut Generator) -> Vec<u8> {
    g.key_of("geo")
}

fn center(g: &mut Generator) -> Args {
    if g.rng.chance(50) {
        return args!["FROMMEMBER", member(g)];
    }
    let [longitude, latitude] = place(g);
    args!["FROMLONLAT", longitude, latitude]
}

fn shape(g: &mut Generator) -> Args {
    if g.rng.chance(50) {
        args!["BYRADIUS", length(g), unit(g)]
    } else {
        args!["BYBOX", length(g), length(g), unit(g)]
    }
}

fn options(g: &mut Generator, args: &mut Args, with: &[&str]) {
    g.options(args, 30, with);
    if g.rng.chance(40) {
        let count =
            if g.rng.chance(15) { g.integer() } else { (1 + g.rng.below(9)).to_string().into_bytes() };
        args.extend(args!["COUNT", count]);
        g.options(args, 30, &["ANY"]);
    }
    g.options(args, 25, &["ASC", "desc"]);
    g.options(args, 2, &["ANY", "COUNT", "BYBOX"]);
}

const WITH: &[&str] = &["WITHDIST", "withcoord", "WITHHASH"];

fn make(g: &mut Generator, name: &str) -> (Args, Check) {
    let first = key(g);
    let args = match name {
        "GEOADD" => {
            let mut args = args![first];
            if g.rng.chance(30) {
                g.options(&mut args, 25, &["NX", "xx", "CH"]);
            }
            let count = if g.rng.chance(5) { 130 } else { 1 + g.rng.below(4) };
            for _ in 0..count {
                args.extend(place(g));
                args.push(member(g));
            }
            args
        }
        "GEODIST" => {
            let mut args = args![first, member(g), member(g)];
            if g.rng.chance(60) {
                args.push(unit(g));
            }
            args
        }
        "GEOHASH" | "GEOPOS" => [args![first], (0..g.rng.below(5)).map(|_| member(g)).collect()].concat(),
        "GEORADIUS" | "GEORADIUS_RO" | "GEORADIUSBYMEMBER" | "GEORADIUSBYMEMBER_RO" => {
            let mut args = args![first];
            if name.contains("BYMEMBER") {
                args.push(member(g));
            } else {
                args.extend(place(g));
            }
            args.extend(args![length(g), unit(g)]);
            let with = if g.rng.chance(50) { WITH } else { &[] };
            options(g, &mut args, with);
            if g.rng.chance(if name.ends_with("_RO") { 3 } else { 30 }) {
                args.extend(args![g.rng.pick(&["STORE", "STOREDIST"]), key(g)]);
            }
            args
        }
        "GEOSEARCH" | "GEOSEARCHSTORE" => {
            let mut args = [args![first], center(g), shape(g)].concat();
            let stores = name == "GEOSEARCHSTORE";
            options(g, &mut args, if stores { &[] } else { WITH });
            if stores {
                args.insert(0, key(g));
                g.options(&mut args, 30, &["STOREDIST"]);
            }
            args
        }
        other => unreachable!("{other} is no command of geo"),
    };
    (args, Exact)
}
