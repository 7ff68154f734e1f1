//! The set group over a bare keyspace.

use crate::commands::testing::Bench;
use std::collections::BTreeSet;

#[test]
fn adding_and_removing_count_what_changed() {
    let mut b = Bench::new();
    assert_eq!(b.reply("SADD s 1 2 2 x"), ":3\\r\\n");
    let again = b.run("SADD s 1");
    assert_eq!((again.reply.as_str(), again.dirty, again.events.len()), (":0\\r\\n", 0, 0));
    let gone = b.run("SREM s 1 2 x y");
    assert_eq!((gone.reply.as_str(), gone.dirty), (":3\\r\\n", 3));
    assert_eq!(gone.events, ["srem s", "del s"]);
    assert_eq!(b.reply("EXISTS s"), ":0\\r\\n");
}

#[test]
fn a_key_of_another_type_is_refused() {
    let mut b = Bench::new();
    b.run("SET k v");
    b.run("SADD s a");
    let wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value\\r\\n";
    for line in [
        "SADD k a",
        "SREM k a",
        "SISMEMBER k a",
        "SINTER s k",
        "SPOP k",
        "SMOVE s k a",
        "GET s",
        "INCR s",
        "SSCAN k 0",
    ] {
        let done = b.run(line);
        assert_eq!((done.reply.as_str(), done.dirty), (wrong, 0), "{line}");
    }
    assert_eq!(b.reply("MGET s k"), "*2\\r\\n$-1\\r\\n$1\\r\\nv\\r\\n");
}

#[test]
fn moving_a_member_may_delete_one_key_and_make_the_other() {
    let mut b = Bench::new();
    b.run("SADD a x");
    let moved = b.run("SMOVE a b x");
    assert_eq!((moved.reply.as_str(), moved.dirty), (":1\\r\\n", 2));
    assert_eq!(moved.events, ["srem a", "del a", "sadd b"]);
    assert_eq!(moved.propagated, ["SMOVE a b x"]);
    assert_eq!(b.reply("SMOVE b b x"), ":1\\r\\n");
    assert_eq!(b.reply("SMOVE b b y"), ":0\\r\\n");
    assert_eq!(b.reply("SMEMBERS b"), "*1\\r\\n$1\\r\\nx\\r\\n");
}

#[test]
fn popped_members_travel_as_removals() {
    let mut b = Bench::new();
    b.run("SADD s 1 2 3 4 5 6 7 8");
    let one = b.run("SPOP s");
    assert_eq!((one.dirty, one.propagated.len()), (1, 1));
    assert!(one.propagated[0].starts_with("SREM s "), "{one:?}");
    let some = b.run("SPOP s 3");
    assert_eq!((some.dirty, some.propagated.len()), (3, 3));
    let rest = b.run("SPOP s 100");
    assert_eq!(rest.propagated, ["DEL s"]);
    assert_eq!((rest.dirty, &rest.events[..]), (4, &["spop s".to_owned(), "del s".to_owned()][..]));
    assert_eq!(b.reply("SPOP s -1"), "-ERR value is out of range, must be positive\\r\\n");
}

#[test]
fn operations_on_sets_are_those_of_sets() {
    let mut b = Bench::new();
    b.run("SADD a 1 2 3 x y");
    b.run("SADD b 2 3 4 y z");
    b.run("SADD c 3");
    let mut members = |line: &str| -> BTreeSet<String> {
        let reply = b.reply(line);
        let all: Vec<&str> =
            reply.split("\\r\\n").filter(|part| !part.starts_with(['*', '$']) && !part.is_empty()).collect();
        let different: BTreeSet<String> = all.iter().map(|part| (*part).to_owned()).collect();
        assert_eq!(all.len(), different.len());
        different
    };
    let set = |members: &str| members.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(members("SINTER a b"), set("2 3 y"));
    assert_eq!(members("SINTER a b none"), set(""));
    assert_eq!(members("SUNION a b c none"), set("1 2 3 4 x y z"));
    assert_eq!(members("SDIFF a b"), set("1 x"));
    assert_eq!(members("SDIFF a c none b"), set("1 x"));
    assert_eq!(members("SDIFF a a"), set(""));
    assert_eq!(b.reply("SINTERCARD 2 a b"), ":3\\r\\n");
    assert_eq!(b.reply("SINTERCARD 2 a b LIMIT 2"), ":2\\r\\n");
    assert_eq!(b.reply("SINTERCARD 0 a"), "-ERR numkeys should be greater than 0\\r\\n");
    assert_eq!(
        b.reply("SINTERCARD 3 a b"),
        "-ERR Number of keys can\\'t be greater than number of args\\r\\n"
    );
    assert_eq!(b.run("SINTERSTORE a a c").events, ["sinterstore a"]);
    let emptied = b.run("SDIFFSTORE a a c");
    assert_eq!(
        (emptied.reply.as_str(), emptied.dirty, &emptied.events[..]),
        (":0\\r\\n", 1, &["del a".to_owned()][..])
    );
}
