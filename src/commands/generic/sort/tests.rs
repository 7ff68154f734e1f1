//! What SORT answers, stores, propagates and tells of.

use crate::commands::testing::Bench;

/// A reply of strings, as one line.
fn line(bench: &mut Bench, command: &str) -> String {
    let reply = bench.reply(command);
    let mut words: Vec<&str> = Vec::new();
    for part in reply.split("\\r\\n").filter(|part| !part.is_empty()) {
        match part {
            "$-1" => words.push("nil"),
            _ if part.starts_with('$') || part.starts_with('*') => {}
            word => words.push(word),
        }
    }
    words.join(" ")
}

#[test]
fn numbers_are_sorted_as_numbers_and_equal_ones_by_their_bytes() {
    let mut bench = Bench::new();
    bench.run("RPUSH l 10 9 1.0 1 -3 inf 1e1");
    assert_eq!(line(&mut bench, "SORT l"), "-3 1 1.0 9 10 1e1 inf");
    assert_eq!(line(&mut bench, "SORT l DESC"), "inf 1e1 10 9 1.0 1 -3");
    assert_eq!(line(&mut bench, "SORT l LIMIT 1 2"), "1 1.0");
    assert_eq!(line(&mut bench, "SORT l LIMIT -5 1"), "-3");
    assert_eq!(line(&mut bench, "SORT l LIMIT 10 1"), "");
    assert_eq!(line(&mut bench, "SORT l LIMIT 0 -1 DESC LIMIT 5 -7"), "1 -3");
    bench.run("RPUSH l x");
    assert_eq!(line(&mut bench, "SORT l"), "-ERR One or more scores can\\'t be converted into double");
    assert_eq!(line(&mut bench, "SORT l ALPHA LIMIT 0 3"), "-3 1 1.0");
    assert_eq!(bench.reply("SORT none"), "*0\\r\\n");
}

#[test]
fn by_and_get_find_strings_and_fields() {
    let mut bench = Bench::new();
    bench.run_all(&[
        "RPUSH l a b c",
        "SET w_a 3",
        "SET w_b 2",
        "SET w_c 1",
        "HSET h_a n 5 t x",
        "HSET h_c n 7",
    ]);
    assert_eq!(line(&mut bench, "SORT l BY w_*"), "c b a");
    assert_eq!(line(&mut bench, "SORT l BY h_*->n"), "b a c");
    assert_eq!(line(&mut bench, "SORT l BY h_*->n ALPHA DESC"), "c a b");
    assert_eq!(
        line(&mut bench, "SORT l BY w_* GET # GET h_*->t GET w_* GET w_a"),
        "c nil 1 nil b nil 2 nil a x 3 nil"
    );
    assert_eq!(line(&mut bench, "SORT l BY nosort DESC LIMIT 0 2"), "c b");
    assert_eq!(line(&mut bench, "SORT l BY nosort LIMIT 1 2"), "b c");
    // An arrow with nothing behind it is part of the key's name.
    bench.run("SET k_a-> here");
    assert_eq!(line(&mut bench, "SORT l BY nosort GET k_*->"), "here nil nil");
}

#[test]
fn a_stored_result_is_a_list_and_an_empty_one_deletes_the_target() {
    let mut bench = Bench::new();
    bench.run_all(&["SADD s c a b", "ZADD z 1 x 2 y 3 z", "SET d old"]);
    let stored = bench.run("SORT s BY nosort STORE d");
    assert_eq!((stored.reply.as_str(), stored.dirty), (":3\\r\\n", 3));
    assert_eq!(stored.events, ["sortstore d"]);
    assert_eq!(stored.propagated, ["SORT s BY nosort STORE d"]);
    assert_eq!(line(&mut bench, "LRANGE d 0 -1"), "a b c");
    assert_eq!(line(&mut bench, "SORT z BY nosort DESC LIMIT 0 2"), "z y");
    assert_eq!(line(&mut bench, "SORT z BY nosort LIMIT 1 1"), "y");
    assert_eq!(bench.reply("SORT z ALPHA DESC GET # GET none_* STORE d"), ":6\\r\\n");
    assert_eq!(bench.reply("LLEN d"), ":6\\r\\n");
    let gone = bench.run("SORT none STORE d");
    assert_eq!((gone.reply.as_str(), gone.dirty), (":0\\r\\n", 1));
    assert_eq!(gone.events, ["del d"]);
    assert!(bench.run("SORT none STORE d").propagated.is_empty());
}

#[test]
fn texts_end_at_a_zero_byte_unless_they_are_stored() {
    let mut bench = Bench::new();
    bench.run_parts(&[b"RPUSH", b"l", b"a\0c", b"a\0b"]);
    assert_eq!(line(&mut bench, "SORT l ALPHA"), "a\\x00c a\\x00b");
    bench.run("SORT l ALPHA STORE d");
    assert_eq!(line(&mut bench, "LRANGE d 0 -1"), "a\\x00b a\\x00c");
}

#[test]
fn wrong_requests_are_refused() {
    let mut bench = Bench::new();
    bench.run_all(&["HSET h f v", "SET s v"]);
    for command in ["SORT h", "SORT s", "SORT_RO h"] {
        assert!(bench.reply(command).starts_with("-WRONGTYPE"));
    }
    for command in ["SORT l LIMIT 1", "SORT l BY", "SORT l nothing", "SORT_RO l STORE x", "SORT h GET"] {
        assert_eq!(bench.reply(command), "-ERR syntax error\\r\\n", "{command}");
    }
    assert_eq!(bench.reply("SORT l LIMIT x 1"), "-ERR value is not an integer or out of range\\r\\n");
}
