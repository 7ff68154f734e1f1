//! What bitmap commands answer, propagate and tell of.

use crate::commands::testing::Bench;

#[test]
fn a_bit_that_changes_nothing_is_not_propagated() {
    let mut bench = Bench::new();
    let made = bench.run("SETBIT k 9 0");
    assert_eq!(made.propagated, ["SETBIT k 9 0"]);
    assert_eq!(made.events, ["setbit k"]);
    assert!(bench.run("SETBIT k 9 0").propagated.is_empty());
    assert_eq!(bench.run("SETBIT k 9 1").reply, ":0\\r\\n");
    assert_eq!(bench.reply("GET k"), "$2\\r\\n\\x00@\\r\\n");
    assert_eq!(bench.reply("GETBIT k 9"), ":1\\r\\n");
    assert_eq!(bench.reply("GETBIT k 100"), ":0\\r\\n");
}

#[test]
fn bits_beyond_the_longest_string_are_refused_but_from_the_primary() {
    let mut bench = Bench::new();
    bench.config.proto_max_bulk_len = 16;
    let error = "-ERR bit offset is not an integer or out of range\\r\\n";
    assert_eq!(bench.reply("SETBIT k 127 1"), ":0\\r\\n");
    assert_eq!(bench.reply("SETBIT k 128 1"), error);
    assert_eq!(bench.reply("SETBIT k -1 1"), error);
    assert_eq!(bench.reply("BITFIELD k SET u8 #16 1"), error);
    bench.must_obey = true;
    assert_eq!(bench.reply("SETBIT k 128 1"), ":0\\r\\n");
}

#[test]
fn an_integer_is_read_as_its_digits_and_becomes_raw_when_written() {
    let mut bench = Bench::new();
    bench.run("SET k 12");
    assert_eq!(bench.reply("BITCOUNT k"), ":6\\r\\n");
    assert_eq!(bench.reply("GETBIT k 2"), ":1\\r\\n");
    assert_eq!(bench.reply("BITFIELD_RO k GET u16 0"), "*1\\r\\n:12594\\r\\n");
    assert_eq!(bench.reply("SETBIT k 15 1"), ":0\\r\\n");
    assert_eq!(bench.reply("GET k"), "$2\\r\\n13\\r\\n");
    assert_eq!(bench.reply("OBJECT ENCODING k"), "$3\\r\\nraw\\r\\n");
}

#[test]
fn bitop_pads_with_zeros_and_deletes_the_target_when_there_is_nothing() {
    let mut bench = Bench::new();
    bench.run_all(&["SET a abc", "SET b A"]);
    assert_eq!(bench.reply("BITOP XOR d a b"), ":3\\r\\n");
    assert_eq!(bench.reply("GET d"), "$3\\r\\n bc\\r\\n");
    assert_eq!(bench.reply("BITOP AND d a b none"), ":3\\r\\n");
    assert_eq!(bench.reply("GET d"), "$3\\r\\n\\x00\\x00\\x00\\r\\n");
    let gone = bench.run("BITOP OR d none");
    assert_eq!((gone.reply.as_str(), gone.events[0].as_str()), (":0\\r\\n", "del d"));
    assert!(bench.run("BITOP OR d none").propagated.is_empty());
    // The target may be a source, an integer, or have a time to live.
    bench.run_all(&["SET n 12", "EXPIRE n 100", "SET a abc"]);
    assert_eq!(bench.reply("BITOP XOR n n a n"), ":3\\r\\n");
    assert_eq!(bench.reply("GET n"), "$3\\r\\nabc\\r\\n");
    assert_eq!(bench.reply("TTL n"), ":-1\\r\\n");
    bench.run("RPUSH l x");
    assert!(bench.reply("BITOP OR d a l").starts_with("-WRONGTYPE"));
    assert_eq!(bench.reply("BITOP NAND d a"), "-ERR syntax error\\r\\n");
    let error = "-ERR BITOP NOT must be called with a single source key.\\r\\n";
    assert_eq!(bench.reply("BITOP not d a b"), error);
}

#[test]
fn bitfield_runs_its_operations_in_order() {
    let mut bench = Bench::new();
    let done = bench.run("BITFIELD k INCRBY i5 100 1 GET u4 0 SET u2 #3 3 OVERFLOW FAIL INCRBY u2 #3 1");
    assert_eq!(done.reply, "*4\\r\\n:1\\r\\n:0\\r\\n:0\\r\\n$-1\\r\\n");
    assert_eq!(done.dirty, 2);
    assert!(bench.run("BITFIELD k SET u2 #3 3").propagated.is_empty());
    let grown = bench.run("BITFIELD new OVERFLOW FAIL INCRBY u2 0 5");
    assert_eq!((grown.reply.as_str(), grown.dirty), ("*1\\r\\n$-1\\r\\n", 1));
    assert_eq!(bench.reply("STRLEN new"), ":1\\r\\n");
    assert_eq!(
        bench.reply("BITFIELD_RO k SET u2 0 1"),
        "-ERR BITFIELD_RO only supports the GET subcommand\\r\\n"
    );
    assert!(bench.reply("BITFIELD k GET u64 0").starts_with("-ERR Invalid bitfield type."));
    assert_eq!(bench.reply("BITFIELD k"), "*0\\r\\n");
}

#[test]
fn a_range_without_an_end_has_zeros_behind_it() {
    let mut bench = Bench::new();
    bench.run_parts(&[b"SET", b"k", b"\xff\xff\xff"]);
    assert_eq!(bench.reply("BITPOS k 0"), ":24\\r\\n");
    assert_eq!(bench.reply("BITPOS k 0 1"), ":24\\r\\n");
    assert_eq!(bench.reply("BITPOS k 0 0 -1"), ":-1\\r\\n");
    assert_eq!(bench.reply("BITPOS k 1 5 7 BIT"), ":5\\r\\n");
    assert_eq!(bench.reply("BITPOS k 0 3"), ":-1\\r\\n");
    assert_eq!(bench.reply("BITPOS none 0"), ":0\\r\\n");
    assert_eq!(bench.reply("BITPOS none 1"), ":-1\\r\\n");
    assert_eq!(bench.reply("BITCOUNT none x y z"), ":0\\r\\n");
    assert_eq!(bench.reply("BITCOUNT k 0"), "-ERR syntax error\\r\\n");
    assert_eq!(bench.reply("BITCOUNT k 5 -5 BIT"), ":15\\r\\n");
}

#[test]
fn long_strings_are_combined_piece_by_piece() {
    let mut bench = Bench::new();
    let mut rng = crate::util::rng::Rng::seeded(11);
    let mut random = |len: usize| (0..len).map(|_| rng.next_u64() as u8).collect::<Vec<u8>>();
    let sources = [random(50_000), random(16_384), random(33_000)];
    for (key, source) in [b"a", b"b", b"c"].into_iter().zip(&sources) {
        bench.run_parts(&[b"SET", key, source]);
    }
    let byte = |source: &Vec<u8>, at: usize| source.get(at).copied().unwrap_or(0);
    let [a, b, c] = &sources;
    let cases: [(&str, &dyn Fn(usize) -> u8); 4] = [
        ("BITOP AND d a b c", &|at| byte(a, at) & byte(b, at) & byte(c, at)),
        ("BITOP OR d b c a", &|at| byte(a, at) | byte(b, at) | byte(c, at)),
        ("BITOP NOT d a", &|at| !byte(a, at)),
        // Last, since its target is a source.
        ("BITOP XOR b a b c", &|at| byte(a, at) ^ byte(b, at) ^ byte(c, at)),
    ];
    for (command, expected) in cases {
        assert_eq!(bench.reply(command), ":50000\\r\\n");
        let target = command.split(' ').nth(2).expect("a target").as_bytes();
        let result = bench.ks.read_str(0, target).expect("a string").expect("is there").to_vec();
        assert!(result.iter().enumerate().all(|(at, byte)| *byte == expected(at)), "{command}");
    }
}
