//! The string group over a bare keyspace: replies, and what is propagated.

use crate::commands::testing::{Bench, NOW};
use crate::keyspace::ExpiryMode;
use crate::protocol::reply::Resp;

#[test]
fn an_expiry_time_is_propagated_as_a_moment_in_ms() {
    let mut b = Bench::new();
    let at = NOW + 10_000;
    for line in [
        "set k v EX 10".to_owned(),
        "set k v px 10000 NX".to_owned(),
        format!("set k v exat {}", at / 1000),
        format!("set k v GET pxat {at}"),
        "setex k 10 v".to_owned(),
        "psetex k 10000 v".to_owned(),
    ] {
        b.run("del k");
        assert_eq!(b.propagated(&line), [format!("SET k v PXAT {at}")], "{line}");
        assert_eq!(b.ks.get_expire(0, b"k"), Some(at));
    }
}

#[test]
fn set_drops_the_expiry_time_unless_told_to_keep_it() {
    let mut b = Bench::new();
    b.run("set k v ex 10");
    assert_eq!(b.propagated("set k w keepttl"), ["set k w keepttl"]);
    assert_eq!(b.reply("ttl k"), ":10\\r\\n");
    b.run("set k w");
    assert_eq!(b.reply("ttl k"), ":-1\\r\\n");
}

#[test]
fn options_that_contradict_each_other_are_a_syntax_error() {
    let mut b = Bench::new();
    for options in [
        "nx xx",
        "xx nx",
        "ex 1 px 1",
        "px 1 exat 1",
        "keepttl ex 1",
        "ex 1 keepttl",
        "ex",
        "persist",
        "pxat",
        "ex 1 nx pxat 1",
        "foo",
        "keepttl keepttl px 1",
    ] {
        assert_eq!(b.reply(&format!("set k v {options}")), "-ERR syntax error\\r\\n", "{options}");
    }
    for options in ["nx", "keepttl", "get", "ex 1 persist", "persist ex 1", "ex 1 px 1", "exat"] {
        assert_eq!(b.reply(&format!("getex k {options}")), "-ERR syntax error\\r\\n", "{options}");
    }
    assert_eq!(b.reply("set k v nx nx ex 5 ex 7 get"), "$-1\\r\\n");
    assert_eq!(b.reply("ttl k"), ":7\\r\\n");
    assert_eq!(b.reply("getex k persist persist"), "$1\\r\\nv\\r\\n");
}

#[test]
fn an_expiry_time_must_be_positive_and_must_not_overflow() {
    let mut b = Bench::new();
    for (line, name) in [
        ("set k v ex 0", "set"),
        ("set k v px -1", "set"),
        ("set k v exat 0", "set"),
        ("set k v ex 9223372036854775807", "set"),
        ("set k v ex 9223372036854775", "set"),
        ("set k v px 9223372036854775807", "set"),
        ("setex k 0 v", "setex"),
        ("psetex k 9223372036854775807 v", "psetex"),
    ] {
        let expected = format!("-ERR invalid expire time in \\'{name}\\' command\\r\\n");
        assert_eq!(b.reply(line), expected, "{line}");
    }
    assert_eq!(b.reply("set k v ex 1x"), "-ERR value is not an integer or out of range\\r\\n");
    assert_eq!(b.reply("getex k ex 0"), "$-1\\r\\n");
    b.run("set k v");
    assert_eq!(b.reply("getex k ex 0"), "-ERR invalid expire time in \\'getex\\' command\\r\\n");
    assert_eq!(b.reply("set k v pxat 9223372036854775807"), "+OK\\r\\n");
}

#[test]
fn conditions_look_at_the_key_and_get_answers_in_place_of_ok() {
    let mut b = Bench::new();
    assert_eq!(b.reply("set k 1 xx"), "$-1\\r\\n");
    assert_eq!(b.reply("set k 1 nx"), "+OK\\r\\n");
    assert_eq!(b.run("set k 2 nx").propagated, [""; 0]);
    assert_eq!(b.reply("set k 2 nx get"), "$1\\r\\n1\\r\\n");
    assert_eq!(b.reply("get k"), "$1\\r\\n1\\r\\n");
    let outcome = b.run("SET k 3 Get XX GET");
    assert_eq!(outcome.reply, "$1\\r\\n1\\r\\n");
    assert_eq!(outcome.propagated, ["SET k 3 XX"]);
    assert_eq!(b.reply("setnx k 4"), ":0\\r\\n");
    let outcome = b.run("getset k 5");
    assert_eq!((outcome.reply.as_str(), outcome.propagated), ("$1\\r\\n3\\r\\n", vec!["SET k 5".to_owned()]));
}

#[test]
fn a_key_whose_time_has_passed_is_deleted_before_a_write_sees_it() {
    let mut b = Bench::new();
    b.run("set k 5 px 10");
    b.now_ms += 11;
    assert_eq!(b.propagated("incr k"), ["expired 0 k", "incr k"]);
    assert_eq!(b.reply("get k"), "$1\\r\\n1\\r\\n");
}

#[test]
fn getdel_goes_out_as_the_deletion() {
    let mut b = Bench::new();
    b.run("set k v");
    assert_eq!(b.propagated("getdel k"), ["DEL k"]);
    assert_eq!(b.run("getdel k").propagated, [""; 0]);
    b.config.lazyfree_lazy_user_del = true;
    b.run("set k v");
    assert_eq!(b.propagated("getdel k"), ["UNLINK k"]);
}

#[test]
fn getex_goes_out_as_what_it_changed() {
    let mut b = Bench::new();
    b.run("set k v");
    assert_eq!(b.run("getex k").propagated, [""; 0]);
    assert_eq!(b.run("getex k persist").propagated, [""; 0]);
    assert_eq!(b.propagated("getex k ex 5"), [format!("PEXPIREAT k {}", NOW + 5000)]);
    assert_eq!(b.propagated("getex k persist"), ["PERSIST k"]);
    let outcome = b.run("getex k exat 1");
    assert_eq!((outcome.reply.as_str(), outcome.propagated), ("$1\\r\\nv\\r\\n", vec!["DEL k".to_owned()]));
    assert_eq!(b.reply("get k"), "$-1\\r\\n");
}

#[test]
fn a_replica_keeps_a_key_whose_new_time_has_passed() {
    let mut b = Bench::new();
    b.mode = ExpiryMode::Ignore;
    b.run_all(&["set k v", "getex k pxat 1"]);
    assert_eq!(b.ks.get_expire(0, b"k"), Some(1));
}

#[test]
fn integers_neither_overflow_nor_come_from_anything_but_integers() {
    let mut b = Bench::new();
    b.run("set k 9223372036854775806");
    assert_eq!(b.reply("incr k"), ":9223372036854775807\\r\\n");
    let overflow = "-ERR increment or decrement would overflow\\r\\n";
    assert_eq!(b.reply("incr k"), overflow);
    assert_eq!(b.reply("decrby k -1"), overflow);
    assert_eq!(b.reply("decrby k -9223372036854775808"), "-ERR decrement would overflow\\r\\n");
    assert_eq!(b.reply("incrby m -9223372036854775808"), ":-9223372036854775808\\r\\n");
    assert_eq!(b.reply("decr m"), overflow);
    let not_integer = "-ERR value is not an integer or out of range\\r\\n";
    assert_eq!(b.reply("incrby k 1.0"), not_integer);
    for value in ["+1", "01", "-0", "1x", "9223372036854775808"] {
        b.run(&format!("set n {value}"));
        assert_eq!(b.reply("incr n"), not_integer, "{value}");
    }
    b.run("set t 1 ex 100");
    b.run("incr t");
    assert_eq!(b.reply("ttl t"), ":100\\r\\n");
}

#[test]
fn setrange_pads_with_zeros_and_holds_the_limit() {
    let mut b = Bench::new();
    assert_eq!(b.run_parts(&[b"setrange", b"k", b"5", b""]).reply, ":0\\r\\n");
    assert_eq!(b.reply("exists k"), ":0\\r\\n");
    assert_eq!(b.reply("setrange k 3 ab"), ":5\\r\\n");
    assert_eq!(b.reply("get k"), "$5\\r\\n\\x00\\x00\\x00ab\\r\\n");
    assert_eq!(b.reply("setrange k 1 x"), ":5\\r\\n");
    assert_eq!(b.reply("setrange k -1 x"), "-ERR offset is out of range\\r\\n");
    let too_long = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\\r\\n";
    assert_eq!(b.reply("setrange k 536870911 xx"), too_long);
    assert_eq!(b.reply("setrange k 9223372036854775807 x"), too_long);
    b.config.proto_max_bulk_len = 6;
    assert_eq!(b.reply("append k x"), ":6\\r\\n");
    assert_eq!(b.reply("append k x"), too_long);
    b.must_obey = true;
    assert_eq!(b.reply("append k x"), ":7\\r\\n");
}

#[test]
fn mset_sets_all_and_msetnx_all_or_none() {
    let mut b = Bench::new();
    let outcome = b.run("mset a 1 b 2 a 3");
    assert_eq!((outcome.dirty, outcome.propagated), (3, vec!["mset a 1 b 2 a 3".to_owned()]));
    assert_eq!(b.reply("mset a 1 b"), "-ERR wrong number of arguments for \\'mset\\' command\\r\\n");
    assert_eq!(b.run("msetnx c 1 a 2"), b.run("msetnx d 1 a 2"));
    assert_eq!(b.reply("msetnx c 1 d 2"), ":1\\r\\n");
    assert_eq!(b.reply("mget a b c x"), "*4\\r\\n$1\\r\\n3\\r\\n$1\\r\\n2\\r\\n$1\\r\\n1\\r\\n$-1\\r\\n");
}

#[test]
fn lcs_finds_the_subsequence_and_its_stretches() {
    let mut b = Bench::new();
    b.run("mset a ohmytext b mynewtext");
    assert_eq!(b.reply("lcs a b"), "$6\\r\\nmytext\\r\\n");
    assert_eq!(b.reply("lcs a b len"), ":6\\r\\n");
    assert_eq!(b.reply("lcs a x"), "$0\\r\\n\\r\\n");
    let head = "$7\\r\\nmatches\\r\\n";
    let long = "*2\\r\\n:4\\r\\n:7\\r\\n*2\\r\\n:5\\r\\n:8\\r\\n";
    let short = "*2\\r\\n:2\\r\\n:3\\r\\n*2\\r\\n:0\\r\\n:1\\r\\n";
    let tail = "$3\\r\\nlen\\r\\n:6\\r\\n";
    assert_eq!(b.reply("lcs a b idx"), format!("*4\\r\\n{head}*2\\r\\n*2\\r\\n{long}*2\\r\\n{short}{tail}"));
    b.resp = Resp::V3;
    assert_eq!(
        b.reply("lcs a b idx minmatchlen 4 withmatchlen"),
        format!("%2\\r\\n{head}*1\\r\\n*3\\r\\n{long}:4\\r\\n{tail}")
    );
    let both = "-ERR If you want both the length and indexes, please just use IDX.\\r\\n";
    assert_eq!(b.reply("lcs a b idx len"), both);
    assert_eq!(b.reply("lcs a b minmatchlen"), "-ERR syntax error\\r\\n");
    b.config.proto_max_bulk_len = 359;
    assert_eq!(
        b.reply("lcs a b"),
        "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len\\r\\n"
    );
}

#[test]
fn incrbyfloat_goes_out_as_the_sum_and_keeps_the_expiry() {
    let mut b = Bench::new();
    b.run("set k 10.50 ex 100");
    let outcome = b.run("incrbyfloat k 0.1");
    assert_eq!(outcome.reply, "$4\\r\\n10.6\\r\\n");
    assert_eq!(outcome.propagated, ["SET k 10.6 KEEPTTL"]);
    assert_eq!(b.reply("ttl k"), ":100\\r\\n");
    b.run("incrbyfloat n 3");
    assert_eq!(b.reply("object encoding n"), "$6\\r\\nembstr\\r\\n");
    assert_eq!(b.reply("incrbyfloat k x"), "-ERR value is not a valid float\\r\\n");
    assert_eq!(b.reply("incrbyfloat k inf"), "-ERR increment would produce NaN or Infinity\\r\\n");
}
