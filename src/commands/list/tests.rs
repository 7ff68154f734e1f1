//! The list group over a bare keyspace: replies, events, and what is propagated.

use crate::commands::testing::Bench;
use crate::protocol::reply::Resp;

#[test]
fn the_last_element_takes_the_key_with_it() {
    let mut b = Bench::new();
    for line in
        ["lpop l", "rpop l 5", "ltrim l 5 9", "lrem l 0 a", "lmove l m left left", "lmpop 1 l left count 9"]
    {
        b.run("rpush l a");
        let outcome = b.run(line);
        assert_eq!(outcome.events.last().map(String::as_str), Some("del l"), "{line}");
        assert!(b.ks.peek(0, b"l").is_none(), "{line}");
    }
}

#[test]
fn what_is_taken_from_several_keys_travels_as_a_pop_of_the_one() {
    let mut b = Bench::new();
    b.run("rpush b 1 2 3");
    assert_eq!(b.propagated("lmpop 2 a b right count 2"), ["RPOP b 2"]);
    assert_eq!(b.propagated("lmpop 2 a b left count 2"), ["LPOP b 1"]);
    assert_eq!(b.reply("lmpop 2 a b left count 2"), r"*-1\r\n");
}

#[test]
fn a_list_moved_within_itself_turns() {
    let mut b = Bench::new();
    b.run("rpush l 1 2 3");
    let outcome = b.run("lmove l l left right");
    assert_eq!(outcome.reply, r"$1\r\n1\r\n");
    assert_eq!(outcome.events, ["rpush l", "lpop l"]);
    assert_eq!((outcome.dirty, outcome.propagated), (1, vec!["lmove l l left right".to_owned()]));
    assert_eq!(b.reply("lrange l 0 -1"), r"*3\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n1\r\n");
    b.run_all(&["del l", "rpush l x"]);
    assert_eq!(b.run("rpoplpush l l").events, ["lpush l", "rpop l"]);
    assert_eq!(b.reply("llen l"), r":1\r\n");
}

#[test]
fn a_wrong_destination_leaves_the_source_alone() {
    let mut b = Bench::new();
    b.run_all(&["rpush l 1 2", "set s x"]);
    let outcome = b.run("rpoplpush l s");
    assert!(outcome.reply.starts_with("-WRONGTYPE"), "{}", outcome.reply);
    assert_eq!((outcome.dirty, b.reply("llen l").as_str()), (0, r":2\r\n"));
    assert_eq!(b.reply("lmove nothing s left right"), r"$-1\r\n", "the source comes first");
}

#[test]
fn a_pop_with_a_count_answers_arrays_and_one_without_does_not() {
    let mut b = Bench::new();
    assert_eq!(b.reply("lpop l"), r"$-1\r\n");
    assert_eq!(b.reply("lpop l 3"), r"*-1\r\n");
    b.run("rpush l 1 2 3 4");
    assert_eq!(b.reply("lpop l 0"), r"*0\r\n");
    assert_eq!(b.reply("rpop l 2"), r"*2\r\n$1\r\n4\r\n$1\r\n3\r\n");
    assert_eq!(b.run("rpop l 9").dirty, 2);
    b.resp = Resp::V3;
    assert_eq!(b.reply("lpop l 3"), r"_\r\n");
    assert_eq!(b.reply("lpop l -1"), r"-ERR value is out of range, must be positive\r\n");
}

#[test]
fn positions_are_counted_from_the_head_wherever_the_search_begins() {
    let mut b = Bench::new();
    b.run("rpush l a b c 1 2 3 c c");
    assert_eq!(b.reply("lpos l c"), r":2\r\n");
    assert_eq!(b.reply("lpos l c rank -1"), r":7\r\n");
    assert_eq!(b.reply("lpos l c rank -1 count 2"), r"*2\r\n:7\r\n:6\r\n");
    assert_eq!(b.reply("lpos l c rank 2 count 0"), r"*2\r\n:6\r\n:7\r\n");
    assert_eq!(b.reply("lpos l c count 0 maxlen 7"), r"*2\r\n:2\r\n:6\r\n");
    assert_eq!(b.reply("lpos l x count 0"), r"*0\r\n");
    assert_eq!(b.reply("lpos l x"), r"$-1\r\n");
    assert!(b.reply("lpos l c rank 0").starts_with("-ERR RANK can"));
}

#[test]
fn an_insertion_or_replacement_that_finds_no_place_changes_nothing() {
    let mut b = Bench::new();
    assert_eq!(b.reply("linsert l before x y"), r":0\r\n");
    assert_eq!(b.reply("lset l 0 x"), r"-ERR no such key\r\n");
    b.run("rpush l a b");
    for (line, reply) in [
        ("linsert l after x y", r":-1\r\n"),
        ("linsert l beside a y", r"-ERR syntax error\r\n"),
        ("lset l 2 x", r"-ERR index out of range\r\n"),
        ("lset l -3 x", r"-ERR index out of range\r\n"),
        ("lset l x x", r"-ERR value is not an integer or out of range\r\n"),
        ("lrem l 0 x", r":0\r\n"),
    ] {
        let outcome = b.run(line);
        assert_eq!((outcome.reply.as_str(), outcome.dirty), (reply, 0), "{line}");
        assert!(outcome.events.is_empty() && outcome.propagated.is_empty(), "{line}");
    }
    assert_eq!(b.reply("linsert l after a y"), r":3\r\n");
    assert_eq!(b.reply("lindex l 1"), r"$1\r\ny\r\n");
}

#[test]
fn a_trim_counts_what_it_removes() {
    let mut b = Bench::new();
    b.run("rpush l 1 2 3 4 5");
    assert_eq!(b.run("ltrim l 0 -1").dirty, 0);
    assert_eq!(b.run("ltrim l -3 -2").dirty, 3);
    assert_eq!(b.reply("lrange l -100 100"), r"*2\r\n$1\r\n3\r\n$1\r\n4\r\n");
}

#[test]
fn an_encoding_follows_the_size_of_the_list_both_ways() {
    let mut b = Bench::new();
    b.ks.limits.list.max_listpack_size = 3;
    assert_eq!(b.run_all(&["rpush l 1 2 3", "object encoding l"]).reply, r"$8\r\nlistpack\r\n");
    assert_eq!(b.run_all(&["linsert l before no 0", "object encoding l"]).reply, r"$9\r\nquicklist\r\n");
    assert_eq!(
        b.run_all(&["rpush m 1 2 3", "lset m 9 x", "object encoding m"]).reply,
        r"$9\r\nquicklist\r\n"
    );
    assert_eq!(b.run_all(&["lset l 0 9", "object encoding l"]).reply, r"$9\r\nquicklist\r\n");
    assert_eq!(b.run_all(&["ltrim l 0 0", "object encoding l"]).reply, r"$8\r\nlistpack\r\n");
}
