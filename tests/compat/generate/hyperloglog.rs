//! Commands of the hyperloglog group.

use super::{Args, Check, Generator, Group, args};
use Check::*;

pub const GROUP: Group =
    Group { commands: &[("PFADD", 25), ("PFCOUNT", 12), ("PFDEBUG", 4), ("PFMERGE", 6)], make };

fn elements(g: &mut Generator) -> Args {
    // Many at a time too, so that sparse ones become dense.
    if g.rng.chance(4) {
        let from = g.rng.below(100_000);
        return (from..from + 300 + g.rng.below(700)).map(|n| n.to_string().into_bytes()).collect();
    }
    (0..g.rng.below(6)).map(|_| g.value()).collect()
}

fn keys(g: &mut Generator) -> Args {
    (0..g.rng.below(4)).map(|_| g.key_of("hll")).collect()
}

fn make(g: &mut Generator, name: &str) -> (Args, Check) {
    let key = g.key_of("hll");
    let args = match name {
        "PFADD" => [args![key], elements(g)].concat(),
        "PFCOUNT" | "PFMERGE" => [args![key], keys(g)].concat(),
        "PFDEBUG" => {
            let word =
                g.rng.pick(&["ENCODING", "encoding", "DECODE", "DECODE", "TODENSE", "GETREG", "nothing"]);
            args![word, key]
        }
        other => unreachable!("{other} is no command of HyperLogLogs"),
    };
    (args, Exact)
}
