//! The generic group over a bare keyspace: replies, and what is propagated.

use crate::commands::testing::{Bench, NOW};
use crate::keyspace::ExpiryMode;
use crate::net::kept::Kept;
use crate::protocol::reply::Resp;

#[test]
fn the_expire_family_goes_out_as_pexpireat_with_its_options() {
    let mut b = Bench::new();
    b.run("set k v");
    let at = NOW + 10_000;
    assert_eq!(b.propagated("expire k 10 Nx"), [format!("PEXPIREAT k {at} Nx")]);
    assert_eq!(b.propagated("pexpire k 10000"), [format!("PEXPIREAT k {at}")]);
    assert_eq!(b.propagated(&format!("expireat k {}", at / 1000)), [format!("PEXPIREAT k {at}")]);
    let line = format!("pexpireat k {at}");
    assert_eq!(b.propagated(&line), [line.as_str()]);
}

#[test]
fn an_expiry_in_the_past_deletes_on_a_primary_only() {
    let mut b = Bench::new();
    b.run("set k v");
    let outcome = b.run("expire k 0");
    assert_eq!((outcome.reply.as_str(), outcome.propagated), (":1\\r\\n", vec!["DEL k".to_owned()]));
    assert_eq!(b.reply("exists k"), ":0\\r\\n");
    b.config.lazyfree_lazy_expire = true;
    b.run("set k v");
    assert_eq!(b.propagated("pexpireat k -5"), ["UNLINK k"]);
    b.mode = ExpiryMode::Ignore;
    b.run("set k v");
    assert_eq!(b.propagated("expireat k -1"), ["PEXPIREAT k -1000"]);
    assert_eq!(b.ks.get_expire(0, b"k"), Some(-1000));
}

#[test]
fn conditions_compare_with_the_expiry_that_is_there() {
    let mut b = Bench::new();
    b.run("set k v");
    for (line, expected) in [
        ("expire k 10 xx", 0),
        ("expire k 10 gt", 0),
        ("expire k 10 lt", 1),
        ("expire k 20 nx", 0),
        ("expire k 20 lt", 0),
        ("expire k 10 gt", 0),
        ("expire k 20 gt xx", 1),
        ("expire k 20 lt", 0),
        ("expire k 10 xx lt", 1),
        ("expire x 10", 0),
    ] {
        assert_eq!(b.reply(line), format!(":{expected}\\r\\n"), "{line}");
    }
}

#[test]
fn expire_tells_what_is_wrong_in_order() {
    let mut b = Bench::new();
    for (line, text) in [
        ("expire k x foo", "Unsupported option foo"),
        ("expire k x nx xx", "NX and XX, GT or LT options at the same time are not compatible"),
        ("expire k x gt lt", "GT and LT options at the same time are not compatible"),
        ("expire k x gt", "value is not an integer or out of range"),
        ("expire k 9223372036854776", "invalid expire time in \\'expire\\' command"),
        ("expireat k -9223372036854776", "invalid expire time in \\'expireat\\' command"),
        ("pexpire k 9223372036854775807", "invalid expire time in \\'pexpire\\' command"),
    ] {
        assert_eq!(b.reply(line), format!("-ERR {text}\\r\\n"), "{line}");
    }
}

#[test]
fn ttl_rounds_and_tells_missing_from_lasting() {
    let mut b = Bench::new();
    b.run_all(&["set k v px 1499", "set lasting v"]);
    assert_eq!(b.reply("ttl k"), ":1\\r\\n");
    assert_eq!(b.reply("pttl k"), ":1499\\r\\n");
    assert_eq!(b.reply("pexpiretime k"), format!(":{}\\r\\n", NOW + 1499));
    assert_eq!(b.reply("expiretime k"), format!(":{}\\r\\n", NOW / 1000 + 1));
    assert_eq!(b.reply("ttl lasting"), ":-1\\r\\n");
    assert_eq!(b.reply("ttl x"), ":-2\\r\\n");
    assert_eq!(b.reply("persist k"), ":1\\r\\n");
    assert_eq!(b.reply("persist k"), ":0\\r\\n");
}

#[test]
fn deletions_are_counted_and_propagated_only_when_there_were_any() {
    let mut b = Bench::new();
    b.run("mset a 1 b 2");
    assert_eq!(b.run("del x y").propagated, [""; 0]);
    let outcome = b.run("del a b a");
    assert_eq!((outcome.reply.as_str(), outcome.dirty), (":2\\r\\n", 2));
    assert_eq!(outcome.propagated, ["del a b a"]);
    b.run("set a 1 px 5");
    b.now_ms += 6;
    let outcome = b.run("unlink a");
    assert_eq!((outcome.reply.as_str(), outcome.propagated), (":0\\r\\n", vec!["expired 0 a".to_owned()]));
}

#[test]
fn rename_takes_the_expiry_along_and_overwrites() {
    let mut b = Bench::new();
    b.run_all(&["set a 1 ex 10", "set b 2"]);
    assert_eq!(b.reply("rename x b"), "-ERR no such key\\r\\n");
    assert_eq!(b.reply("renamenx a b"), ":0\\r\\n");
    assert_eq!(b.run("rename a a").dirty, 0);
    assert_eq!(b.propagated("rename a b"), ["rename a b"]);
    assert_eq!(b.reply("ttl b"), ":10\\r\\n");
    assert_eq!(b.reply("get b"), "$1\\r\\n1\\r\\n");
    assert_eq!(b.reply("renamenx b c"), ":1\\r\\n");
    assert_eq!(b.reply("renamenx c c"), ":0\\r\\n");
}

#[test]
fn copy_and_move_need_a_free_name() {
    let mut b = Bench::new();
    b.run_all(&["set a 1 ex 10", "set b 2"]);
    assert_eq!(b.reply("copy a b"), ":0\\r\\n");
    assert_eq!(b.propagated("copy a b replace"), ["copy a b replace"]);
    assert_eq!(b.reply("ttl b"), ":10\\r\\n");
    assert_eq!(b.reply("copy a a db 3"), ":1\\r\\n");
    assert_eq!(b.reply("move a 3"), ":0\\r\\n");
    assert_eq!(b.reply("move b 3"), ":1\\r\\n");
    assert_eq!(b.reply("exists b"), ":0\\r\\n");
    assert_eq!(b.reply("copy x y"), ":0\\r\\n");
    let same = "-ERR source and destination objects are the same\\r\\n";
    assert_eq!(b.reply("copy a a"), same);
    assert_eq!(b.reply("move a 0"), same);
    assert_eq!(b.reply("move a 16"), "-ERR DB index is out of range\\r\\n");
    assert_eq!(b.reply("copy a b db -1"), "-ERR DB index is out of range\\r\\n");
    assert_eq!(b.reply("copy a b db"), "-ERR syntax error\\r\\n");
}

#[test]
fn scan_filters_and_keys_counts_before_it_replies() {
    let mut b = Bench::new();
    b.run_all(&["set one 1", "set two 2", "set gone 3 px 1"]);
    b.now_ms += 2;
    assert_eq!(b.reply("keys *one"), "*1\\r\\n$3\\r\\none\\r\\n");
    assert_eq!(b.reply("scan 0 match t* count 100"), "*2\\r\\n$1\\r\\n0\\r\\n*1\\r\\n$3\\r\\ntwo\\r\\n");
    assert_eq!(b.reply("scan 0 count 100 type LIST"), "*2\\r\\n$1\\r\\n0\\r\\n*0\\r\\n");
    assert_eq!(b.reply("scan 1x"), "-ERR invalid cursor\\r\\n");
    assert_eq!(b.reply("scan 0 count 0"), "-ERR syntax error\\r\\n");
    assert_eq!(b.reply("scan 0 count x"), "-ERR value is not an integer or out of range\\r\\n");
    assert_eq!(b.reply("scan 0 match"), "-ERR syntax error\\r\\n");
}

#[test]
fn object_tells_the_encoding_and_refuses_the_figure_of_the_other_policy() {
    let mut b = Bench::new();
    b.run_all(&["set i 9999", "set e abc", "append e d"]);
    assert_eq!(b.reply("object encoding i"), "$3\\r\\nint\\r\\n");
    assert_eq!(b.reply("object refcount i"), ":2147483647\\r\\n");
    assert_eq!(b.reply("object encoding e"), "$3\\r\\nraw\\r\\n");
    assert_eq!(b.reply("object refcount e"), ":1\\r\\n");
    b.now_ms += 3000;
    assert_eq!(b.reply("object idletime e"), ":3\\r\\n");
    assert!(b.reply("object freq e").starts_with("-ERR An LFU maxmemory policy is not selected"));
    b.resp = Resp::V3;
    assert_eq!(b.reply("object freq x"), "_\\r\\n");
    b.ks.freq.lfu = true;
    assert!(b.reply("object idletime e").starts_with("-ERR An LFU maxmemory policy is selected"));
}

#[test]
fn a_touch_ends_idleness_and_exists_does_not() {
    let mut b = Bench::new();
    b.run("mset a 1 b 2");
    b.now_ms += 5000;
    assert_eq!(b.reply("exists a b a x"), ":3\\r\\n");
    assert_eq!(b.reply("touch a x"), ":1\\r\\n");
    assert_eq!(b.reply("object idletime a"), ":0\\r\\n");
    assert_eq!(b.reply("object idletime b"), ":5\\r\\n");
    assert_eq!(b.reply("type a"), "+string\\r\\n");
    assert_eq!(b.reply("type x"), "+none\\r\\n");
}

// `DUMP` of a real redis-server 7.0.15 for the value 10.
const TEN: &[u8] = b"\x00\xc0\n\n\x00n\x9fWE\x0e\xaec\xbb";

#[test]
fn restore_makes_what_dump_gave() {
    let mut b = Bench::new();
    b.run("set k 10");
    assert_eq!(b.run("dump k").reply, format!("$13\\r\\n{}\\r\\n", TEN.escape_ascii()));
    assert_eq!(b.reply("dump x"), "$-1\\r\\n");
    assert_eq!(
        b.run_parts(&[b"restore", b"k", b"0", TEN]).reply,
        "-BUSYKEY Target key name already exists.\\r\\n"
    );
    assert_eq!(b.run_parts(&[b"restore", b"n", b"0", TEN]).reply, "+OK\\r\\n");
    assert_eq!(b.reply("object encoding n"), "$3\\r\\nint\\r\\n");
    let payload = TEN.escape_ascii().to_string();
    let outcome = b.run_parts(&[b"Restore", b"k", b"500", TEN, b"replace"]);
    assert_eq!(outcome.propagated, [format!("Restore k {} {payload} replace ABSTTL", NOW + 500)]);
    assert_eq!(b.reply("pttl k"), ":500\\r\\n");
}

#[test]
fn restore_with_a_time_in_the_past_only_deletes() {
    let mut b = Bench::new();
    let parts: [&[u8]; 6] = [b"restore", b"k", b"5", TEN, b"absttl", b"replace"];
    let outcome = b.run_parts(&parts);
    assert_eq!((outcome.reply.as_str(), outcome.propagated.len()), ("+OK\\r\\n", 0));
    b.run("set k v");
    assert_eq!(b.run_parts(&parts).propagated, ["DEL k"]);
    assert_eq!(b.reply("exists k"), ":0\\r\\n");
}

#[test]
fn restore_tells_what_is_wrong_in_order() {
    let mut b = Bench::new();
    b.run("set k v");
    let mut bad = TEN.to_vec();
    bad[12] ^= 1;
    let cases: [(&[&[u8]], &str); 9] = [
        (&[b"k", b"x", &bad, b"foo"], "ERR syntax error"),
        (&[b"k", b"x", &bad, b"idletime", b"-1"], "ERR Invalid IDLETIME value, must be >= 0"),
        (&[b"k", b"x", &bad, b"freq", b"256"], "ERR Invalid FREQ value, must be >= 0 and <= 255"),
        (&[b"k", b"x", &bad, b"freq", b"1", b"idletime", b"1"], "ERR syntax error"),
        (&[b"k", b"x", &bad], "BUSYKEY Target key name already exists."),
        (&[b"n", b"x", &bad], "ERR value is not an integer or out of range"),
        (&[b"n", b"-1", &bad], "ERR Invalid TTL value, must be >= 0"),
        (&[b"n", b"0", &bad], "ERR DUMP payload version or checksum are wrong"),
        (&[b"n", b"0", TEN, b"idletime"], "ERR syntax error"),
    ];
    for (args, text) in cases {
        let parts: Vec<&[u8]> = [&b"restore"[..]].into_iter().chain(args.iter().copied()).collect();
        assert_eq!(b.run_parts(&parts).reply, format!("-{text}\\r\\n"));
    }
    assert_eq!(b.run_parts(&[b"restore", b"n", b"0", TEN, b"idletime", b"77"]).reply, "+OK\\r\\n");
    assert_eq!(b.reply("object idletime n"), ":77\\r\\n");
}

#[test]
fn migrate_uses_a_connection_again_that_is_still_there() {
    use std::io::{Read, Write};
    let mut b = Bench::new();
    b.run_all(&["set a 1", "set b 2", "set c 3"]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let server = std::thread::spawn(move || {
        let mut restored = Vec::new();
        // The first connection serves two calls and goes, the second one serves the third.
        for calls in [2, 1] {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut heard = String::new();
            for call in 1..=calls {
                while heard.matches("RESTORE").count() < call {
                    let mut piece = [0; 1024];
                    let n = stream.read(&mut piece).expect("something comes");
                    heard.push_str(&piece[..n].escape_ascii().to_string());
                }
                stream.write_all(b"+OK\r\n+OK\r\n").expect("the other side reads");
            }
            restored.push(heard.matches("RESTORE").count());
        }
        restored
    });
    for key in ["a", "b", "c"] {
        assert_eq!(b.reply(&format!("migrate 127.0.0.1 {port} {key} 0 5000")), "+OK\\r\\n", "{key}");
        assert_eq!(b.links.len(), 1);
    }
    assert_eq!(server.join().expect("no panic"), [2, 1]);
}

/// A server that says these lines to the first connection.
fn target(lines: &'static str) -> (u16, std::thread::JoinHandle<Vec<u8>>) {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.write_all(lines.as_bytes()).expect("the lines fit the socket's buffer");
        stream.shutdown(std::net::Shutdown::Write).expect("still connected");
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).expect("the other side closes");
        heard
    });
    (port, server)
}

#[test]
fn migrate_deletes_what_the_target_has_taken() {
    let mut b = Bench::new();
    b.run_all(&["mset a 1 b 2 c 3", "pexpire b 70"]);
    let (port, server) = target("+OK\r\n+OK\r\n-BUSYKEY no\r\n+OK\r\n");
    let port = port.to_string();
    let head: [&[u8]; 7] = [b"migrate", b"127.0.0.1", port.as_bytes(), b"", b"3", b"5000", b"keys"];
    let parts: Vec<&[u8]> = head.into_iter().chain([&b"a"[..], b"x", b"b", b"c"]).collect();
    let outcome = b.run_parts(&parts);
    assert_eq!(outcome.reply, "-ERR Target instance replied with error: BUSYKEY no\\r\\n");
    assert_eq!((outcome.dirty, outcome.propagated), (2, vec!["DEL a c".to_owned()]));
    assert_eq!(b.reply("exists a b c"), ":1\\r\\n");
    b.links = Kept::default();
    let heard = server.join().expect("no panic").escape_ascii().to_string();
    assert!(heard.starts_with(
        "*2\\r\\n$6\\r\\nSELECT\\r\\n$1\\r\\n3\\r\\n*4\\r\\n$7\\r\\nRESTORE\\r\\n$1\\r\\na\\r\\n$1\\r\\n0"
    ));
    assert!(heard.contains("$1\\r\\nb\\r\\n$2\\r\\n70\\r\\n"));
}

#[test]
fn migrate_keeps_copies_and_what_it_could_not_hand_over() {
    let mut b = Bench::new();
    b.run("set a 1");
    assert_eq!(b.reply("migrate h 1 x 0 100"), "+NOKEY\\r\\n");
    assert_eq!(b.reply("migrate h 1 a 0 x"), "-ERR value is not an integer or out of range\\r\\n");
    assert_eq!(b.reply("migrate h 1 a 0 1 auth2 u"), "-ERR syntax error\\r\\n");
    assert_eq!(
        b.reply("migrate h 1 a 0 1 keys a"),
        "-ERR When using MIGRATE KEYS option, the key argument must be set to the empty string\\r\\n"
    );
    let (port, server) = target("+OK\r\n+OK\r\n+OK\r\n");
    let outcome = b.run(&format!("migrate 127.0.0.1 {port} a 0 5000 copy replace auth2 u p"));
    assert_eq!((outcome.reply.as_str(), outcome.dirty), ("+OK\\r\\n", 0));
    b.links = Kept::default();
    let heard = server.join().expect("no panic").escape_ascii().to_string();
    assert!(heard.starts_with("*3\\r\\n$4\\r\\nAUTH\\r\\n$1\\r\\nu\\r\\n$1\\r\\np\\r\\n"));
    assert!(heard.ends_with("$7\\r\\nREPLACE\\r\\n"));
    // Nobody listens there any more.
    assert_eq!(
        b.reply(&format!("migrate 127.0.0.1 {port} a 0 5000")),
        "-IOERR error or timeout writing to target instance\\r\\n"
    );
    assert_eq!(b.reply("exists a"), ":1\\r\\n");
}
