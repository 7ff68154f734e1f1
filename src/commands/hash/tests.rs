//! The hash group over a bare keyspace.

use crate::commands::testing::Bench;
use crate::protocol::reply::Resp;
use crate::value::hash::Limits;

fn bench() -> Bench {
    let mut b = Bench::new();
    b.ks.limits.hash = Limits { max_listpack_entries: 128, max_listpack_value: 64 };
    b
}

#[test]
fn setting_counts_pairs_and_answers_new_ones() {
    let mut b = bench();
    let first = b.run("HSET h a 1 b 2 a 3");
    assert_eq!((first.reply.as_str(), first.dirty), (":2\\r\\n", 3));
    assert_eq!((first.events, first.propagated), (vec!["hset h".into()], vec!["HSET h a 1 b 2 a 3".into()]));
    assert_eq!(b.reply("HMSET h c x"), "+OK\\r\\n");
    assert_eq!(b.reply("HSETNX h c y"), ":0\\r\\n");
    assert_eq!(b.run("HSETNX h d y").events, ["hset h"]);
    assert_eq!(
        b.reply("HMGET h a b c d e"),
        "*5\\r\\n$1\\r\\n3\\r\\n$1\\r\\n2\\r\\n$1\\r\\nx\\r\\n$1\\r\\ny\\r\\n$-1\\r\\n"
    );
    assert_eq!(b.reply("HLEN h"), ":4\\r\\n");
    assert_eq!(b.reply("HSTRLEN h a"), ":1\\r\\n");
    assert_eq!(b.reply("HSTRLEN h e"), ":0\\r\\n");
    assert_eq!(b.reply("HEXISTS h e"), ":0\\r\\n");
    assert_eq!(b.reply("HSET h a 1 b"), "-ERR wrong number of arguments for \\'hset\\' command\\r\\n");
    assert_eq!(b.reply("HMSET h a b c"), "-ERR wrong number of arguments for \\'hmset\\' command\\r\\n");
}

#[test]
fn the_key_goes_with_its_last_field() {
    let mut b = bench();
    b.run("HSET h a 1 b 2");
    let none = b.run("HDEL h x");
    assert_eq!((none.reply.as_str(), none.dirty, none.events.len()), (":0\\r\\n", 0, 0));
    let all = b.run("HDEL h a a b c");
    assert_eq!((all.reply.as_str(), all.dirty), (":2\\r\\n", 2));
    assert_eq!(all.events, ["hdel h", "del h"]);
    assert_eq!(b.reply("EXISTS h"), ":0\\r\\n");
    assert_eq!(b.reply("HGETALL h"), "*0\\r\\n");
    b.resp = Resp::V3;
    assert_eq!(b.reply("HGETALL h"), "%0\\r\\n");
    assert_eq!(b.reply("HGET h a"), "_\\r\\n");
}

#[test]
fn increments_keep_to_their_kind_and_their_range() {
    let mut b = bench();
    assert_eq!(b.reply("HINCRBY h n 5"), ":5\\r\\n");
    b.run("HSET h max 9223372036854775807 s x f 10.5");
    assert_eq!(b.reply("HINCRBY h max 1"), "-ERR increment or decrement would overflow\\r\\n");
    assert_eq!(b.reply("HINCRBY h s 1"), "-ERR hash value is not an integer\\r\\n");
    assert_eq!(b.reply("HINCRBYFLOAT h s 1"), "-ERR hash value is not a float\\r\\n");
    assert_eq!(b.reply("HINCRBYFLOAT h f x"), "-ERR value is not a valid float\\r\\n");
    assert_eq!(b.reply("HINCRBYFLOAT h f inf"), "-ERR value is NaN or Infinity\\r\\n");
    assert_eq!(b.reply("HINCRBYFLOAT new f inf"), "-ERR value is NaN or Infinity\\r\\n");
    assert_eq!(b.reply("EXISTS new"), ":0\\r\\n");
    let sum = b.run("HINCRBYFLOAT h f 0.1");
    assert_eq!((sum.reply.as_str(), sum.dirty), ("$4\\r\\n10.6\\r\\n", 1));
    assert_eq!((sum.propagated, sum.events), (vec!["HSET h f 10.6".into()], vec!["hincrbyfloat h".into()]));
}

#[test]
fn a_key_of_another_type_is_refused() {
    let mut b = bench();
    b.run("SET k v");
    for line in [
        "HSET k a 1",
        "HSETNX k a 1",
        "HGET k a",
        "HMGET k a",
        "HDEL k a",
        "HLEN k",
        "HSTRLEN k a",
        "HEXISTS k a",
        "HKEYS k",
        "HVALS k",
        "HGETALL k",
        "HINCRBY k a 1",
        "HINCRBYFLOAT k a 1",
        "HRANDFIELD k",
        "HRANDFIELD k 1",
        "HSCAN k 0 nonsense",
    ] {
        let done = b.run(line);
        let wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value\\r\\n";
        assert_eq!((done.reply.as_str(), done.dirty), (wrong, 0), "{line}");
    }
}

#[test]
fn random_fields_come_in_the_form_of_the_protocol() {
    let mut b = bench();
    b.run("HSET h a 1");
    assert_eq!(b.reply("HRANDFIELD h"), "$1\\r\\na\\r\\n");
    assert_eq!(
        b.reply("HRANDFIELD h -2 WITHVALUES"),
        "*4\\r\\n$1\\r\\na\\r\\n$1\\r\\n1\\r\\n$1\\r\\na\\r\\n$1\\r\\n1\\r\\n"
    );
    assert_eq!(b.reply("HRANDFIELD h 2"), "*1\\r\\n$1\\r\\na\\r\\n");
    assert_eq!(b.reply("HRANDFIELD h 0"), "*0\\r\\n");
    assert_eq!(b.reply("HRANDFIELD none"), "$-1\\r\\n");
    assert_eq!(b.reply("HRANDFIELD none -5"), "*0\\r\\n");
    assert_eq!(b.reply("HRANDFIELD h 1 x"), "-ERR syntax error\\r\\n");
    assert_eq!(b.reply("HRANDFIELD h -9223372036854770000 withvalues"), "-ERR value is out of range\\r\\n");
    b.resp = Resp::V3;
    assert_eq!(b.reply("HRANDFIELD h 5 withvalues"), "*1\\r\\n*2\\r\\n$1\\r\\na\\r\\n$1\\r\\n1\\r\\n");
}

#[test]
fn a_packed_hash_is_scanned_whole() {
    let mut b = bench();
    b.run("HSET h a1 1 b 2 a3 3");
    let found =
        "*2\\r\\n$1\\r\\n0\\r\\n*4\\r\\n$2\\r\\na1\\r\\n$1\\r\\n1\\r\\n$2\\r\\na3\\r\\n$1\\r\\n3\\r\\n";
    assert_eq!(b.reply("HSCAN h 7 COUNT 1 MATCH a*"), found);
    assert_eq!(b.reply("HSCAN h 0 NOVALUES MATCH b"), "*2\\r\\n$1\\r\\n0\\r\\n*1\\r\\n$1\\r\\nb\\r\\n");
    assert_eq!(b.reply("HSCAN h x"), "-ERR invalid cursor\\r\\n");
    assert_eq!(b.reply("HSCAN h 0 COUNT 0"), "-ERR syntax error\\r\\n");
    assert_eq!(b.reply("HSCAN none 0 nonsense"), "*2\\r\\n$1\\r\\n0\\r\\n*0\\r\\n");
}
