//! Damaged files: the server says where and why, exits with 1 and leaves the file as it was.

use crate::harness::server::Dir;
use crate::harness::{Program, Server};
use std::fs;
use std::rc::Rc;

/// A small file with what string snapshots can hold: expiries, two databases, integers, compressed text.
fn good_file() -> Vec<u8> {
    let server = Server::start(Program::Redis, &[]);
    for line in [
        "SET a b",
        "SET number 12345",
        "SET far away PXAT 4102444800123",
        &format!("SET long {}", "x".repeat(300)),
        "SELECT 3",
        "SET other database",
    ] {
        server.ok(line);
    }
    server.ok("SAVE");
    fs::read(server.path("dump.rdb")).expect("saved")
}

/// Starts Oxidis on this file; its log, having checked that it refused.
#[track_caller]
fn refusal(bytes: &[u8], what: &str) -> String {
    let dir = Rc::new(Dir::new());
    let file = dir.0.join("dump.rdb");
    fs::write(&file, bytes).expect("write");
    let mut server = Server::prepare(Program::Oxidis, dir, &[]);
    server.spawn();
    let status = server.wait_exit();
    let log = server.log();
    assert_eq!(status.code(), Some(1), "{what}: {status}\n{log}");
    assert!(fs::read(&file).expect("still there") == bytes, "{what}: the file was changed");
    assert!(!log.contains("panicked"), "{what}:\n{log}");
    log
}

#[test]
fn a_truncated_file_is_refused_wherever_it_ends() {
    let good = good_file();
    for len in (1..good.len()).step_by(7).chain([8, 9, 10, good.len() - 1, good.len() - 8, good.len() - 9]) {
        let log = refusal(&good[..len], &format!("{len} of {} bytes", good.len()));
        assert!(log.contains("offset"), "{len} bytes:\n{log}");
    }
}

#[test]
fn a_flipped_bit_is_noticed_wherever_it_is() {
    let good = good_file();
    for at in (0..good.len()).step_by(5) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        refusal(&bad, &format!("bit {} of byte {at}", at % 8));
    }
}

#[test]
fn the_reason_is_named() {
    let good = good_file();
    let mut wrong_magic = good.clone();
    wrong_magic[0] = b'X';
    assert!(refusal(&wrong_magic, "magic").contains("Wrong signature trying to load DB from file"));
    let mut newer = good.clone();
    newer[5..9].copy_from_slice(b"0099");
    assert!(refusal(&newer, "version").contains("Can't handle RDB format version 99"));
    let mut checksum = good.clone();
    let last = checksum.len() - 1;
    checksum[last] ^= 1;
    let log = refusal(&checksum, "checksum");
    assert!(log.contains("Wrong RDB checksum expected:"), "{log}");
    assert!(refusal(b"REDIS0010\xff\xff\xff", "garbage").contains("offset"));
}

/// Zero for a checksum means that none was computed.
#[test]
fn a_file_without_checksum_is_loaded() {
    let mut good = good_file();
    let len = good.len();
    good[len - 8..].fill(0);
    let dir = Rc::new(Dir::new());
    fs::write(dir.0.join("dump.rdb"), &good).expect("write");
    let server = Server::start_in(Program::Oxidis, dir, &[]);
    assert_eq!(server.cmd("GET number").text(), "12345");
}

/// Lengths that claim more than there is must not be believed: no allocation by them, no panic.
#[test]
fn absurd_lengths_are_refused_quickly() {
    let absurd: [&[u8]; 6] = [
        b"REDIS0010\x00\x81\xff\xff\xff\xff\xff\xff\xff\xffkey",
        b"REDIS0010\x00\x01k\x81\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"REDIS0010\x00\x01k\xc3\x81\xff\xff\xff\xff\xff\xff\xff\xff\x05abc",
        b"REDIS0010\x00\x01k\xc3\x05\x81\x7f\xff\xff\xff\xff\xff\xff\xff\x01abcd",
        b"REDIS0010\xfb\x81\xff\xff\xff\xff\xff\xff\xff\xff\x81\xff\xff\xff\xff\xff\xff\xff\xff\x00\x01k\x01v",
        b"REDIS0010\xfe\x81\xff\xff\xff\xff\xff\xff\xff\xff\x00\x01k\x01v\xff",
    ];
    for bytes in absurd {
        refusal(bytes, &bytes.escape_ascii().to_string());
    }
}
