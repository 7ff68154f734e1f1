//! Replies, propagation and events of the stream commands.

use crate::commands::testing::{Bench, NOW};

#[test]
fn an_added_entry_travels_with_the_id_that_it_got() {
    let mut bench = Bench::new();
    let outcome = bench.run("XADD s * f v");
    assert_eq!(outcome.reply, format!("$15\\r\\n{NOW}-0\\r\\n"));
    assert_eq!(outcome.propagated, [format!("XADD s {NOW}-0 f v")]);
    assert_eq!(outcome.events, ["xadd s"]);
    assert_eq!(outcome.dirty, 1);
    assert_eq!(bench.propagated("XADD s * f v"), [format!("XADD s {NOW}-1 f v")]);
    let later = NOW + 5;
    assert_eq!(bench.propagated(&format!("XADD s {later}-* f v")), [format!("XADD s {later}-0 f v")]);
    assert_eq!(bench.propagated(&format!("XADD s {later} f v")), Vec::<String>::new());
    assert_eq!(bench.propagated(&format!("XADD s {later}-7 f v")), [format!("XADD s {later}-7 f v")]);
}

#[test]
fn trimming_of_whole_nodes_travels_as_what_it_came_to() {
    let mut bench = Bench::new();
    bench.ks.limits.stream.node_max_entries = 10;
    for n in 1..=55 {
        bench.run(&format!("XADD s {n} f v"));
    }
    let outcome = bench.run("XADD s MAXLEN ~ 22 56-0 f v");
    assert_eq!(outcome.propagated, ["XADD s MAXLEN = 26 56-0 f v"]);
    assert_eq!(outcome.events, ["xadd s", "xtrim s"]);
    assert_eq!(
        bench.propagated("XADD s MAXLEN ~ 5 LIMIT 5 57-0 f v"),
        ["XADD s MAXLEN = 27 LIMIT 5 57-0 f v"]
    );
    let outcome = bench.run("XTRIM s MINID ~ 45");
    assert_eq!(outcome.propagated, ["XTRIM s MINID = 41-0"]);
    assert_eq!((outcome.reply.as_str(), outcome.dirty), (":10\\r\\n", 10));
    assert_eq!(bench.propagated("XTRIM s MINID ~ 45"), Vec::<String>::new());
    assert_eq!(bench.propagated("XTRIM s MAXLEN 3"), ["XTRIM s MAXLEN 3"]);
    assert_eq!(bench.reply("XLEN s"), ":3\\r\\n");
}

#[test]
fn our_primary_says_exactly_what_is_to_go() {
    let mut bench = Bench::new();
    bench.ks.limits.stream.node_max_entries = 1;
    bench.run_all(&["XADD s 1 f v", "XADD s 2 f v", "XADD s 3 f v"]);
    bench.must_obey = true;
    assert_eq!(bench.reply("XTRIM s MAXLEN = 1 LIMIT 1"), ":2\\r\\n");
}

#[test]
fn a_stream_stays_when_it_is_empty() {
    let mut bench = Bench::new();
    bench.run_all(&["XADD s 1-1 f v", "XADD s 2-2 f v"]);
    let outcome = bench.run("XDEL s 1-1 2-2 2-2 9-9");
    assert_eq!((outcome.reply.as_str(), outcome.dirty), (":2\\r\\n", 2));
    assert_eq!(outcome.events, ["xdel s"]);
    assert_eq!(bench.reply("EXISTS s"), ":1\\r\\n");
    assert_eq!(bench.reply("XRANGE s - +"), "*0\\r\\n");
    assert!(bench.reply("XADD s 2-2 f v").starts_with("-ERR The ID specified in XADD is equal or smaller"));
    assert_eq!(bench.reply("XADD s NOMKSTREAM 2-3 f v"), "$3\\r\\n2-3\\r\\n");
    assert_eq!(bench.reply("XADD t NOMKSTREAM 2-3 f v"), "$-1\\r\\n");
    assert_eq!(bench.reply("EXISTS t"), ":0\\r\\n");
}

#[test]
fn ranges_take_their_ends_in_or_leave_them_out() {
    let mut bench = Bench::new();
    bench.run_all(&["XADD s 1-1 f 1", "XADD s 1-2 f 2", "XADD s 2-1 g 3 h x"]);
    let one = "*2\\r\\n$3\\r\\n1-1\\r\\n*2\\r\\n$1\\r\\nf\\r\\n$1\\r\\n1\\r\\n";
    let two = "*2\\r\\n$3\\r\\n1-2\\r\\n*2\\r\\n$1\\r\\nf\\r\\n$1\\r\\n2\\r\\n";
    let three =
        "*2\\r\\n$3\\r\\n2-1\\r\\n*4\\r\\n$1\\r\\ng\\r\\n$1\\r\\n3\\r\\n$1\\r\\nh\\r\\n$1\\r\\nx\\r\\n";
    assert_eq!(bench.reply("XRANGE s 1 1"), format!("*2\\r\\n{one}{two}"));
    assert_eq!(bench.reply("XRANGE s (1-1 +"), format!("*2\\r\\n{two}{three}"));
    assert_eq!(bench.reply("XREVRANGE s + -"), format!("*3\\r\\n{three}{two}{one}"));
    assert_eq!(bench.reply("XREVRANGE s (2-1 - COUNT 1"), format!("*1\\r\\n{two}"));
    assert_eq!(bench.reply("XRANGE s - + COUNT 0"), "*-1\\r\\n");
    assert_eq!(bench.reply("XRANGE t - + COUNT 0"), "*0\\r\\n");
    assert!(bench.reply("XRANGE s - (-").starts_with("-ERR Invalid stream ID"));
    assert!(bench.reply("XRANGE s - (0-0").starts_with("-ERR invalid end ID for the interval"));
}

#[test]
fn streams_are_read_behind_an_id() {
    let mut bench = Bench::new();
    bench.run_all(&["XADD s 1-1 f 1", "XADD s 1-2 f 2", "XADD t 5-5 f 3"]);
    let two = "*2\\r\\n$3\\r\\n1-2\\r\\n*2\\r\\n$1\\r\\nf\\r\\n$1\\r\\n2\\r\\n";
    let of_t = "*2\\r\\n$3\\r\\n5-5\\r\\n*2\\r\\n$1\\r\\nf\\r\\n$1\\r\\n3\\r\\n";
    assert_eq!(
        bench.reply("XREAD STREAMS s t 1-1 9"),
        format!("*1\\r\\n*2\\r\\n$1\\r\\ns\\r\\n*1\\r\\n{two}")
    );
    assert_eq!(bench.reply("XREAD STREAMS s t $ $"), "*-1\\r\\n");
    assert_eq!(
        bench.reply("XREAD COUNT 1 STREAMS s t + 0"),
        format!("*2\\r\\n*2\\r\\n$1\\r\\ns\\r\\n*1\\r\\n{two}*2\\r\\n$1\\r\\nt\\r\\n*1\\r\\n{of_t}")
    );
    assert!(bench.reply("XREAD STREAMS s >").starts_with("-ERR The > ID can be specified only"));
    assert!(bench.reply("XREAD STREAMS s t 1").starts_with("-ERR Unbalanced XREAD list of streams"));
    bench.resp = crate::protocol::reply::Resp::V3;
    assert_eq!(bench.reply("XREAD STREAMS s 1-1"), format!("%1\\r\\n$1\\r\\ns\\r\\n*1\\r\\n{two}"));
}

#[test]
fn the_last_id_is_set_no_lower_than_an_entry() {
    let mut bench = Bench::new();
    assert_eq!(bench.reply("XSETID s 1-1"), "-ERR no such key\\r\\n");
    bench.run_all(&["XADD s 5-1 f v", "XADD s 7-1 f v", "XDEL s 7-1"]);
    assert!(
        bench.reply("XSETID s 4-1").starts_with("-ERR The ID specified in XSETID is smaller than the target")
    );
    assert_eq!(bench.run("XSETID s 6-1 ENTRIESADDED 9 MAXDELETEDID 6-1").events, ["xsetid s"]);
    assert_eq!(bench.reply("XADD s 6-2 f v"), "$3\\r\\n6-2\\r\\n");
    assert!(bench.reply("XSETID s 9-1 ENTRIESADDED 1").starts_with("-ERR The entries_added specified"));
    assert!(bench.reply("XSETID s 9-1 ENTRIESADDED").starts_with("-ERR syntax error"));
    assert!(
        bench
            .reply("XSETID s 9-1 MAXDELETEDID 9-2")
            .starts_with("-ERR The ID specified in XSETID is smaller than the provided")
    );
}

#[test]
fn arguments_are_checked_in_order() {
    let mut bench = Bench::new();
    for (command, error) in [
        ("XADD s MAXLEN 5 1-1", "wrong number of arguments for 'xadd' command"),
        ("XADD s MAXLEN -1 * f v", "The MAXLEN argument must be >= 0."),
        ("XADD s MAXLEN 5 LIMIT 3 * f v", "syntax error, LIMIT cannot be used without the special ~ option"),
        ("XADD s LIMIT 3 * f v", "syntax error, LIMIT cannot be used without specifying a trimming strategy"),
        ("XADD s MAXLEN ~ 3 LIMIT -1 * f v", "The LIMIT argument must be >= 0."),
        ("XADD s 0-0 f v", "The ID specified in XADD must be greater than 0-0"),
        (
            "XADD s MINID 5 MAXLEN 3 * f v",
            "syntax error, MAXLEN and MINID options at the same time are not compatible",
        ),
        ("XADD s x f v", "Invalid stream ID specified as stream command argument"),
        ("XTRIM s LIMIT 0", "syntax error, XTRIM must be called with a trimming strategy"),
        ("XTRIM s NOMKSTREAM x", "syntax error"),
    ] {
        assert_eq!(
            bench.reply(command),
            format!("-ERR {}\\r\\n", error.as_bytes().escape_ascii()),
            "{command}"
        );
    }
    assert_eq!(bench.reply("EXISTS s"), ":0\\r\\n");
}
