//! Streams, their groups and what is pending in them, as XINFO STREAM FULL tells of them, field by field.

use crate::harness::load::fill_streams;
use crate::harness::streams::{NEWER, all};
use crate::harness::{Client, Program, Server};
use std::rc::Rc;

/// Streams of one node and of many, without entries, with entries that are gone, with ids at the end of all.
fn all_kinds_of_streams(client: &mut Client) {
    fill_streams(client, 5, 4000);
    for n in 0..3000 {
        client.call(&["XADD", "long", &format!("{}-1", n + 1), "field", &n.to_string()]);
    }
    client.ok("XGROUP CREATE long g 500");
    client.cmd("XREADGROUP GROUP g c COUNT 1000 STREAMS long >");
    client.cmd("XREADGROUP GROUP g d COUNT 1000 STREAMS long >");
    client.cmd("XTRIM long MAXLEN 1700");
    for line in [
        "XADD empty 1-1 f v",
        "XDEL empty 1-1",
        "XGROUP CREATE nothing g $ MKSTREAM",
        "XGROUP CREATECONSUMER nothing g c",
        "XADD last 18446744073709551615-18446744073709551615 f v",
        "XGROUP CREATE last g 0",
        "XREADGROUP GROUP g c STREAMS last >",
        "XADD claimed 1-1 f v",
        "XGROUP CREATE claimed g 0 ENTRIESREAD 9223372036854775807",
        "XCLAIM claimed g c 0 1-1 FORCE JUSTID TIME 0 RETRYCOUNT 9223372036854775807",
        "XSETID claimed 9-9 ENTRIESADDED 9223372036854775807 MAXDELETEDID 9-9",
    ] {
        let reply = client.cmd(line);
        assert!(!reply.is_error(), "{line}: {reply:?}");
    }
    client.call(&[b"XADD".as_slice(), b"binary", b"1-1", b"\0\xff", &[b'x'; 70_000], b"", b""]);
    client.call(&[b"XGROUP".as_slice(), b"CREATE", b"binary", b"\0\r\n", b"0"]);
    client.call(&[b"XREADGROUP".as_slice(), b"GROUP", b"\0\r\n", b"", b"STREAMS", b"binary", b">"]);
}

#[track_caller]
fn assert_same(
    here: &Server,
    before: &std::collections::BTreeMap<(usize, String), String>,
    without: &[&str],
) {
    let now = all(here, 1, without);
    for (key, stream) in before {
        assert_eq!(Some(stream), now.get(key), "{key:?}");
    }
    assert_eq!(before.len(), now.len());
}

#[test]
fn streams_are_what_they_were_once_they_are_loaded() {
    let pairs = [
        (Program::Oxidis, Program::Oxidis),
        (Program::Oxidis, Program::Redis),
        (Program::Redis, Program::Oxidis),
        (Program::Oxidis, Program::Redis8),
        (Program::Redis8, Program::Oxidis),
        (Program::Oxidis, Program::Valkey9),
        (Program::Valkey9, Program::Oxidis),
    ];
    for (writer, reader) in pairs {
        if !writer.is_here() || !reader.is_here() {
            continue;
        }
        let mut writer = Server::start(writer, &[]);
        all_kinds_of_streams(&mut writer.client());
        let in_full = [Program::Oxidis, Program::Redis];
        let same_words = in_full.contains(&writer.program) && in_full.contains(&reader);
        let without = if same_words { &[] } else { NEWER };
        let before = all(&writer, 1, without);
        assert!(before.len() > 20, "{:?}", before.keys());
        writer.ok("DEBUG RELOAD");
        assert_same(&writer, &before, without);
        writer.ok("SAVE");
        let digest = writer.digest();
        writer.kill();
        let reader = Server::start_in(reader, Rc::clone(&writer.dir), &[]);
        assert_same(&reader, &before, without);
        assert_eq!(reader.digest(), digest);
    }
}
