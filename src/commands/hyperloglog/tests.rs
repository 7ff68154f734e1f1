//! What HyperLogLog commands answer, propagate and tell of.

use crate::commands::testing::Bench;

#[test]
fn only_elements_that_change_a_register_are_propagated() {
    let mut bench = Bench::new();
    let made = bench.run("PFADD k");
    assert_eq!((made.reply.as_str(), made.dirty), (":1\\r\\n", 1));
    let added = bench.run("PFADD k a b c");
    assert_eq!((added.reply.as_str(), added.dirty), (":1\\r\\n", 3));
    assert_eq!(added.events, ["pfadd k"]);
    let again = bench.run("PFADD k a b");
    assert_eq!(again.reply, ":0\\r\\n");
    assert!(again.propagated.is_empty() && again.events.is_empty());
}

#[test]
fn a_count_that_is_computed_is_kept_and_propagated() {
    let mut bench = Bench::new();
    bench.run("PFADD k a b c");
    let first = bench.run("PFCOUNT k");
    assert_eq!((first.reply.as_str(), first.dirty), (":3\\r\\n", 1));
    assert!(bench.run("PFCOUNT k").propagated.is_empty());
    bench.run("PFADD l c d");
    let union = bench.run("PFCOUNT k l none");
    assert_eq!((union.reply.as_str(), union.dirty), (":4\\r\\n", 0));
    assert_eq!(bench.reply("PFCOUNT none"), ":0\\r\\n");
}

#[test]
fn a_merge_is_dense_when_one_of_its_sources_is() {
    let mut bench = Bench::new();
    bench.run_all(&["PFADD a 1 2", "PFADD b 2 3", "PFMERGE c a b"]);
    assert_eq!(bench.reply("PFCOUNT c"), ":3\\r\\n");
    assert_eq!(bench.reply("PFDEBUG ENCODING c"), "+sparse\\r\\n");
    assert_eq!(bench.run("PFDEBUG TODENSE a").reply, ":1\\r\\n");
    assert_eq!(bench.run("PFDEBUG TODENSE a").reply, ":0\\r\\n");
    let merged = bench.run("PFMERGE c a");
    assert_eq!((merged.reply.as_str(), merged.dirty), ("+OK\\r\\n", 1));
    assert_eq!(merged.events, ["pfadd c"]);
    assert_eq!(bench.reply("PFDEBUG encoding c"), "+dense\\r\\n");
    assert_eq!(bench.reply("PFDEBUG DECODE c"), "-ERR HLL encoding is not sparse\\r\\n");
    assert_eq!(bench.reply("PFADD c 1 2 3"), ":0\\r\\n");
    assert_eq!(bench.reply("PFADD c 4"), ":1\\r\\n");
    assert_eq!(bench.reply("PFCOUNT c"), ":4\\r\\n");
}

#[test]
fn hll_sparse_max_bytes_says_when_one_becomes_dense() {
    let mut bench = Bench::new();
    bench.config.hll_sparse_max_bytes = 30;
    for n in 0..20 {
        bench.run(&format!("PFADD k {n}"));
    }
    assert_eq!(bench.reply("PFDEBUG ENCODING k"), "+dense\\r\\n");
}

#[test]
fn other_strings_and_damaged_ones_are_refused_and_stay_as_they_are() {
    let mut bench = Bench::new();
    bench.run_all(&["SET s text", "SET n 12345678901234567", "RPUSH l x"]);
    let error = "-WRONGTYPE Key is not a valid HyperLogLog string value.\\r\\n";
    for line in ["PFADD s 1", "PFCOUNT s", "PFMERGE x s", "PFDEBUG ENCODING s", "PFADD n 1"] {
        assert_eq!(bench.reply(line), error, "{line}");
    }
    assert!(bench.reply("PFADD l 1").starts_with("-WRONGTYPE Operation"));
    bench.run("PFADD k 1");
    bench.run("APPEND k hello");
    let damaged = bench.reply("GET k");
    for line in ["PFCOUNT k", "PFCOUNT k s2", "PFMERGE x k", "PFDEBUG GETREG k"] {
        let outcome = bench.run(line);
        assert_eq!(outcome.reply, "-INVALIDOBJ Corrupted HLL object detected\\r\\n", "{line}");
        assert!(outcome.propagated.is_empty());
    }
    assert_eq!(bench.reply("GET k"), damaged);
}

#[test]
fn the_self_test_passes() {
    assert_eq!(Bench::new().reply("PFSELFTEST"), "+OK\\r\\n");
}
