//! The sorted set commands over a bare keyspace: replies in both protocols, dirty counts, propagation, events.

use crate::commands::testing::{Bench, Outcome};
use crate::protocol::reply::Resp;
use crate::value::sorted_set::Limits;

fn outcome(reply: &str, propagated: &[&str], events: &[&str], dirty: u64) -> Outcome {
    let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
    Outcome { reply: reply.to_owned(), propagated: owned(propagated), events: owned(events), dirty }
}

fn nothing(reply: &str) -> Outcome {
    outcome(reply, &[], &[], 0)
}

/// With the limits that Redis has.
fn empty() -> Bench {
    let mut b = Bench::new();
    b.ks.limits.sorted_set = Limits { max_listpack_entries: 128, max_listpack_value: 64 };
    b
}

/// A bench with `z` holding a, b, c, d with the scores 1 to 4.
fn bench() -> Bench {
    let mut b = empty();
    b.run("ZADD z 1 a 2 b 3 c 4 d");
    b
}

#[test]
fn zadd_counts_what_it_added_and_changed() {
    let mut b = Bench::new();
    assert_eq!(b.run("ZADD z 1 a 2 b"), outcome(":2\\r\\n", &["ZADD z 1 a 2 b"], &["zadd z"], 2));
    assert_eq!(b.run("ZADD z 1 a 3 b"), outcome(":0\\r\\n", &["ZADD z 1 a 3 b"], &["zadd z"], 1));
    assert_eq!(
        b.run("ZADD z CH 1 a 4 b 5 c"),
        outcome(":2\\r\\n", &["ZADD z CH 1 a 4 b 5 c"], &["zadd z"], 2)
    );
    assert_eq!(b.run("ZADD z 1 a"), nothing(":0\\r\\n"));
    assert_eq!(b.run("ZADD nokey XX 1 a"), nothing(":0\\r\\n"));
    assert_eq!(b.run("EXISTS nokey"), nothing(":0\\r\\n"));
    assert_eq!(b.run("ZADD z NX 9 a"), nothing(":0\\r\\n"));
    assert_eq!(b.run("ZADD z GT CH 0 a"), nothing(":0\\r\\n"));
    assert_eq!(b.run("ZADD z LT CH 0 a").reply, ":1\\r\\n");
    assert_eq!(
        b.run("ZADD z XX INCR 2.5 a"),
        outcome("$3\\r\\n2.5\\r\\n", &["ZADD z XX INCR 2.5 a"], &["zincr z"], 1)
    );
    assert_eq!(b.run("ZADD z NX INCR 1 a"), nothing("$-1\\r\\n"));
    assert_eq!(b.run("ZINCRBY z 0 a"), nothing("$3\\r\\n2.5\\r\\n"));
}

#[test]
fn a_zadd_that_fails_changes_nothing() {
    let mut b = Bench::new();
    b.run("ZADD z inf a");
    b.run("SET s x");
    for (line, error) in [
        ("ZADD z 1 b x c", "-ERR value is not a valid float"),
        ("ZADD z nan b", "-ERR value is not a valid float"),
        ("ZADD z 1 b 2", "-ERR syntax error"),
        ("ZADD z CH NX INCR", "-ERR syntax error"),
        ("ZADD z XX NX 1 b", "-ERR XX and NX options at the same time are not compatible"),
        ("ZADD z GT LT 1 b", "-ERR GT, LT, and/or NX options at the same time are not compatible"),
        ("ZADD z INCR 1 b 2 c", "-ERR INCR option supports a single increment-element pair"),
        ("ZADD s x b", "-ERR value is not a valid float"),
        ("ZADD s 1 b", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZINCRBY z -inf a", "-ERR resulting score is not a number (NaN)"),
        ("ZINCRBY z nx a", "-ERR syntax error"),
    ] {
        assert_eq!(b.run(line), nothing(&format!("{}\\r\\n", error.replace('\'', "\\'"))), "{line}");
    }
    assert_eq!(b.reply("ZRANGE z 0 -1 WITHSCORES"), "*2\\r\\n$1\\r\\na\\r\\n$3\\r\\ninf\\r\\n");
}

#[test]
fn a_key_is_deleted_with_its_last_member() {
    let mut b = bench();
    assert_eq!(b.run("ZREM z a x b"), outcome(":2\\r\\n", &["ZREM z a x b"], &["zrem z"], 2));
    assert_eq!(b.run("ZREM z c d e"), outcome(":2\\r\\n", &["ZREM z c d e"], &["zrem z", "del z"], 2));
    assert_eq!(b.run("ZREM z c"), nothing(":0\\r\\n"));
    let mut b = bench();
    assert_eq!(
        b.run("ZREMRANGEBYRANK z 1 -2"),
        outcome(":2\\r\\n", &["ZREMRANGEBYRANK z 1 -2"], &["zremrangebyrank z"], 2)
    );
    assert_eq!(b.run("ZREMRANGEBYSCORE z (1 (4"), nothing(":0\\r\\n"));
    assert_eq!(
        b.run("ZREMRANGEBYSCORE z 1 inf"),
        outcome(":2\\r\\n", &["ZREMRANGEBYSCORE z 1 inf"], &["zremrangebyscore z", "del z"], 2)
    );
    let mut b = bench();
    assert_eq!(
        b.run("ZREMRANGEBYLEX z - (c"),
        outcome(":2\\r\\n", &["ZREMRANGEBYLEX z - (c"], &["zremrangebylex z"], 2)
    );
}

#[test]
fn ranges_are_replied_in_the_form_of_the_protocol() {
    let mut b = bench();
    assert_eq!(b.reply("ZRANGE z 1 2"), "*2\\r\\n$1\\r\\nb\\r\\n$1\\r\\nc\\r\\n");
    assert_eq!(b.reply("ZRANGE z 5 9"), "*0\\r\\n");
    assert_eq!(b.reply("ZRANGE z 0 0 WITHSCORES"), "*2\\r\\n$1\\r\\na\\r\\n$1\\r\\n1\\r\\n");
    assert_eq!(b.reply("ZREVRANGE z -1 -1"), "*1\\r\\n$1\\r\\na\\r\\n");
    assert_eq!(b.reply("ZREVRANGEBYSCORE z 3 (1 LIMIT 1 5"), "*1\\r\\n$1\\r\\nb\\r\\n");
    assert_eq!(b.reply("ZRANGE z (4 2 REV BYSCORE LIMIT 0 1"), "*1\\r\\n$1\\r\\nc\\r\\n");
    assert_eq!(b.reply("ZRANGEBYSCORE z -inf +inf LIMIT -1 2"), "*0\\r\\n");
    assert_eq!(b.reply("ZRANGEBYLEX z [b + LIMIT 1 -1"), "*2\\r\\n$1\\r\\nc\\r\\n$1\\r\\nd\\r\\n");
    assert_eq!(b.reply("ZCOUNT z (1 4"), ":3\\r\\n");
    assert_eq!(b.reply("ZLEXCOUNT z (a [b"), ":1\\r\\n");
    b.resp = Resp::V3;
    assert_eq!(b.reply("ZRANGE z 0 0 WITHSCORES"), "*1\\r\\n*2\\r\\n$1\\r\\na\\r\\n,1\\r\\n");
    assert_eq!(b.reply("ZMSCORE z a x"), "*2\\r\\n,1\\r\\n_\\r\\n");
    assert_eq!(b.reply("ZRANK z b WITHSCORE"), "*2\\r\\n:1\\r\\n,2\\r\\n");
    assert_eq!(b.reply("ZREVRANK z b"), ":2\\r\\n");
}

#[test]
fn what_a_range_cannot_be_is_told() {
    let mut b = bench();
    for (line, error) in [
        ("ZRANGE z a 1", "value is not an integer or out of range"),
        (
            "ZRANGE z 0 1 LIMIT 0 1",
            "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
        ),
        ("ZRANGE z - + BYLEX WITHSCORES", "syntax error, WITHSCORES not supported in combination with BYLEX"),
        ("ZRANGE z 0 1 BYSCORE BYLEX", "syntax error"),
        ("ZREVRANGE z 0 1 REV", "syntax error"),
        ("ZRANGEBYSCORE z a 1", "min or max is not a float"),
        ("ZRANGEBYLEX z a [b", "min or max not valid string range item"),
        ("ZRANGESTORE d z 0 1 WITHSCORES", "syntax error"),
        ("ZRANK z a b", "wrong number of arguments for 'zrank' command"),
    ] {
        assert_eq!(b.run(line), nothing(&format!("-ERR {}\\r\\n", error.replace('\'', "\\'"))), "{line}");
    }
}

#[test]
fn pops_travel_as_pops() {
    let mut b = bench();
    assert_eq!(
        b.run("ZPOPMIN z"),
        outcome("*2\\r\\n$1\\r\\na\\r\\n$1\\r\\n1\\r\\n", &["ZPOPMIN z"], &["zpopmin z"], 1)
    );
    assert_eq!(
        b.run("ZMPOP 2 y z MAX COUNT 2"),
        outcome(
            "*2\\r\\n$1\\r\\nz\\r\\n*2\\r\\n*2\\r\\n$1\\r\\nd\\r\\n$1\\r\\n4\\r\\n*2\\r\\n$1\\r\\nc\\r\\n$1\\r\\n3\\r\\n",
            &["ZPOPMAX z 2"],
            &["zpopmax z"],
            2
        )
    );
    assert_eq!(b.run("ZPOPMAX z 0"), nothing("*0\\r\\n"));
    b.resp = Resp::V3;
    assert_eq!(
        b.run("ZMPOP 1 z MIN COUNT 10"),
        outcome(
            "*2\\r\\n$1\\r\\nz\\r\\n*1\\r\\n*2\\r\\n$1\\r\\nb\\r\\n,2\\r\\n",
            &["ZPOPMIN z 1"],
            &["zpopmin z", "del z"],
            1
        )
    );
    assert_eq!(b.run("ZMPOP 1 z MIN"), nothing("_\\r\\n"));
    assert_eq!(b.reply("ZPOPMIN z -1"), "-ERR value is out of range, must be positive\\r\\n");
    assert_eq!(b.reply("ZMPOP 0 z MIN"), "-ERR numkeys should be greater than 0\\r\\n");
    assert_eq!(b.reply("ZMPOP 1 z MIN COUNT 0"), "-ERR count should be greater than 0\\r\\n");
    assert_eq!(b.reply("ZMPOP 9223372036854775807 z MIN"), "-ERR syntax error\\r\\n");
}

#[test]
fn unions_and_intersections_weigh_and_aggregate() {
    let mut b = bench();
    b.run("ZADD y 10 b 20 c 30 x");
    b.run("SADD s c x q");
    assert_eq!(
        b.reply("ZUNION 2 z y WEIGHTS 2 0.5 WITHSCORES"),
        "*10\\r\\n$1\\r\\na\\r\\n$1\\r\\n2\\r\\n$1\\r\\nd\\r\\n$1\\r\\n8\\r\\n$1\\r\\nb\\r\\n$1\\r\\n9\\r\\n$1\\r\\nx\\r\\n$2\\r\\n15\\r\\n$1\\r\\nc\\r\\n$2\\r\\n16\\r\\n"
    );
    assert_eq!(b.reply("ZINTER 3 z y s AGGREGATE MAX WITHSCORES"), "*2\\r\\n$1\\r\\nc\\r\\n$2\\r\\n20\\r\\n");
    assert_eq!(b.reply("ZDIFF 2 z s"), "*3\\r\\n$1\\r\\na\\r\\n$1\\r\\nb\\r\\n$1\\r\\nd\\r\\n");
    assert_eq!(b.reply("ZINTERCARD 2 z y LIMIT 1"), ":1\\r\\n");
    assert_eq!(
        b.run("ZINTERSTORE d 2 z y"),
        outcome(":2\\r\\n", &["ZINTERSTORE d 2 z y"], &["zinterstore d"], 1)
    );
    assert_eq!(b.run("ZDIFFSTORE d 2 z z"), outcome(":0\\r\\n", &["ZDIFFSTORE d 2 z z"], &["del d"], 1));
    assert_eq!(b.run("ZUNIONSTORE d 1 nokey"), nothing(":0\\r\\n"));
    b.run("SET str x");
    for (line, error) in [
        ("ZUNION 0 z", "-ERR at least 1 input key is needed for 'zunion' command"),
        ("ZUNIONSTORE d 3 z y", "-ERR syntax error"),
        ("ZUNION 1 str nothing", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("ZUNION 2 z y WEIGHTS 1 x", "-ERR weight value is not a float"),
        ("ZUNION 2 z y WEIGHTS 1", "-ERR syntax error"),
        ("ZDIFF 1 z WEIGHTS 1", "-ERR syntax error"),
        ("ZINTERCARD 1 z LIMIT -1", "-ERR LIMIT can't be negative"),
        ("ZUNIONSTORE d 1 z WITHSCORES", "-ERR syntax error"),
    ] {
        assert_eq!(b.run(line), nothing(&format!("{}\\r\\n", error.replace('\'', "\\'"))), "{line}");
    }
}

#[test]
fn a_stored_range_takes_the_place_of_what_was_there() {
    let mut b = bench();
    b.run("SET d x");
    assert_eq!(
        b.run("ZRANGESTORE d z (1 3 BYSCORE LIMIT 0 1"),
        outcome(":1\\r\\n", &["ZRANGESTORE d z (1 3 BYSCORE LIMIT 0 1"], &["zrangestore d"], 1)
    );
    assert_eq!(b.reply("ZRANGE d 0 -1 WITHSCORES"), "*2\\r\\n$1\\r\\nb\\r\\n$1\\r\\n2\\r\\n");
    assert_eq!(
        b.run("ZRANGESTORE d nokey 0 -1"),
        outcome(":0\\r\\n", &["ZRANGESTORE d nokey 0 -1"], &["del d"], 1)
    );
}

#[test]
fn random_members_are_different_unless_the_count_is_negative() {
    let mut b = Bench::new();
    let pairs: Vec<String> = (0..300).map(|n| format!("{n} m{n:03}")).collect();
    b.run(&format!("ZADD z {}", pairs.join(" ")));
    for count in [1, 5, 18, 100, 299, 300, 1000] {
        let reply = b.reply(&format!("ZRANDMEMBER z {count}"));
        let mut members: Vec<&str> = reply.split("\\r\\n").filter(|part| part.starts_with('m')).collect();
        let expected = count.min(300);
        assert!(reply.starts_with(&format!("*{expected}\\r\\n")));
        members.sort_unstable();
        members.dedup();
        assert_eq!(members.len(), expected);
    }
    assert!(b.reply("ZRANDMEMBER z -500 WITHSCORES").starts_with("*1000\\r\\n"));
    assert_eq!(b.reply("ZRANDMEMBER nokey"), "$-1\\r\\n");
    assert_eq!(b.reply("ZRANDMEMBER z 0"), "*0\\r\\n");
    assert_eq!(
        b.reply("ZRANDMEMBER z -9223372036854775808"),
        "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807\\r\\n"
    );
    assert_eq!(b.reply("ZRANDMEMBER z -9223372036854770000 WITHSCORES"), "-ERR value is out of range\\r\\n");
}

#[test]
fn a_small_one_is_scanned_whole_with_its_scores() {
    let mut b = empty();
    b.run("ZADD z 1.5 a 2 b 1e18 ab");
    assert_eq!(
        b.reply("ZSCAN z 0 MATCH a* COUNT 1"),
        "*2\\r\\n$1\\r\\n0\\r\\n*4\\r\\n$1\\r\\na\\r\\n$3\\r\\n1.5\\r\\n$2\\r\\nab\\r\\n$19\\r\\n1000000000000000000\\r\\n"
    );
}
