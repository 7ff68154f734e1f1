//! SORT and SORT_RO of lists and sets. Not made is what leaves the order of members open, which depends, in Redis, on how
//! it walks a set or on its partial sort: see [`is_deterministic`].

use super::{Args, Check, Generator, Group, args};
use Check::*;

pub const GROUP: Group = Group { commands: &[("SORT", 25), ("SORT_RO", 5)], make };

fn pattern(g: &mut Generator) -> Vec<u8> {
    g.rng
        .pick(&[
            "key:*",
            "key:*",
            "hash:*->5",
            "hash:*->1",
            "hash:*->",
            "*",
            "none_*",
            "k*y",
            "list:*",
            "key:*\0x",
        ])
        .into()
}

fn make(g: &mut Generator, name: &str) -> (Args, Check) {
    let kind = g.rng.pick(&["list", "set"]);
    let mut args = args![g.key_of(kind)];
    if g.rng.chance(60) {
        args.push("ALPHA".into());
    } else if g.rng.chance(40) {
        let by = if g.rng.chance(30) { b"nosort".to_vec() } else { pattern(g) };
        args.extend(args!["BY", by]);
    }
    g.options(&mut args, 20, &["DESC", "asc", "alpha"]);
    if g.rng.chance(40) {
        args.extend(args!["LIMIT", g.integer(), g.integer()]);
    }
    for _ in 0..g.rng.below(3) {
        let get = if g.rng.chance(50) { b"#".to_vec() } else { pattern(g) };
        args.extend(args!["GET", get]);
    }
    if name == "SORT" && g.rng.chance(40) || g.rng.chance(3) {
        args.extend(args!["STORE", g.key_of("list")]);
    }
    (args, Exact)
}

/// Members whose texts by which they are sorted are equal may stand in any order, and so may those of a set that is not
/// sorted, unless the result is stored.
pub fn is_deterministic(args: &Args) -> bool {
    let has = |word: &str| args.iter().any(|arg| arg.eq_ignore_ascii_case(word.as_bytes()));
    let by = args.windows(2).filter(|two| two[0].eq_ignore_ascii_case(b"BY"));
    let is_constant =
        |pattern: &[u8]| !pattern.split(|byte| *byte == 0).next().unwrap_or(b"").contains(&b'*');
    let (constant, real): (Vec<_>, Vec<_>) = by.partition(|two| is_constant(&two[1]));
    if constant.is_empty() { real.is_empty() || !has("ALPHA") } else { has("STORE") }
}
