//! Generated commands on lists, in the forms that options give them: replies, payloads of DUMP and digests are Redis's.

use crate::generate::{Check, Generator};
use crate::harness::seeds;
use crate::pair::Pair;

const STEPS: usize = 15_000;

/// list-max-listpack-size, list-compress-depth, and the size from which elements lie by themselves.
const FORMS: &[(&str, &str, &str)] = &[
    ("-2", "0", "0"),
    ("-1", "1", "0"),
    ("3", "0", "0"),
    ("1", "2", "0"),
    ("10", "1", "30"),
    ("-5", "3", "8"),
];

fn run(seed: u64, protocol: u8) {
    let mut pair = Pair::start();
    pair.reconnect(protocol);
    for (form, (size, depth, threshold)) in FORMS.iter().enumerate() {
        for server in [&pair.ours, &pair.real] {
            server.ok(&format!("CONFIG SET list-max-listpack-size {size} list-compress-depth {depth}"));
            server.ok(&format!("DEBUG QUICKLIST-PACKED-THRESHOLD {threshold}"));
            server.ok("FLUSHALL");
        }
        let mut generator = Generator::new(seed * 100 + form as u64);
        for n in 1..=STEPS / FORMS.len() {
            pair.steps += 1;
            let (args, check) = generator.list_command();
            // A small list of ours is a listpack, in which nothing lies by itself.
            let same_nodes = *threshold == "0" || args[0] != b"DUMP";
            pair.call(&args, if same_nodes { check } else { Check::Kind });
            if n % 250 == 0 {
                pair.compare_digests();
            }
        }
    }
    pair.finish(&format!("seed {seed}, RESP{protocol}"));
}

#[test]
fn lists_are_answered_as_by_redis() {
    for seed in seeds(&[1, 2]) {
        run(seed, 2);
        run(seed + 1000, 3);
    }
}
