//! Replies in both protocols, as they reach a socket.

use super::*;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

#[test]
fn a_reply_beyond_the_limit_is_not_kept() {
    let mut reply = Reply::new();
    reply.set_limit(Some(100_000));
    for _ in 0..50 {
        reply.bulk(&[b'x'; 1000]);
    }
    assert!(!reply.overflowed() && reply.pending() > 50_000);
    for _ in 0..10_000 {
        reply.bulk(&[b'x'; 1000]);
    }
    let (tail, sealed) = reply.memory();
    assert!(reply.overflowed() && tail + sealed < 200_000, "{tail} {sealed}");
}

#[test]
fn long_strings_reach_the_socket_at_once_and_whole_however_much_it_takes() {
    for len in [LONG_MIN - 1, LONG_MIN, 100_000, 3_000_000] {
        let (server, mut client) = UnixStream::pair().expect("a pair");
        server.set_nonblocking(true).expect("a socket");
        let mut reply = Reply::new();
        reply.set_socket(Some(server.as_raw_fd()));
        let string: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
        reply.bulk(&string);
        reply.bulk(&string);
        reply.set_socket(None);
        let (at_once, later) = (reply.take_written_at_once(), reply.to_vec());
        assert_eq!(at_once > 0, len >= LONG_MIN, "{len}");
        let mut got = vec![0; at_once];
        client.read_exact(&mut got).expect("written");
        got.extend_from_slice(&later);
        let one = [format!("${len}\r\n").as_bytes(), &string, b"\r\n"].concat();
        assert!(got == one.repeat(2), "{len}");
        assert_eq!(reply.take_written_at_once(), 0);
    }
}

#[test]
fn nothing_overtakes_what_waits_and_nothing_is_lost_on_a_broken_socket() {
    let mut reply = Reply::new();
    reply.set_socket(Some(-1));
    let string = vec![b'x'; LONG_MIN];
    reply.ok();
    reply.bulk(&string);
    assert_eq!(reply.pending(), 5 + 8 + LONG_MIN + 2);
    reply.clear();
    reply.bulk(&string);
    assert_eq!(reply.pending(), 8 + LONG_MIN + 2);
    reply.clear();
    reply.set_muted(true);
    reply.bulk(&string);
    assert_eq!((reply.pending(), reply.take_written_at_once()), (0, 0));
}

#[test]
fn what_is_sent_in_pieces_is_what_was_written() {
    let mut reply = Reply::new();
    let mut expected = Vec::new();
    for i in 0..5000i64 {
        reply.bulk_int(i);
        let text = i.to_string();
        expected.extend_from_slice(format!("${}\r\n{text}\r\n", text.len()).as_bytes());
    }
    assert_eq!(reply.to_vec(), expected);
    let mut sent = Vec::new();
    let mut step = 1;
    while !reply.is_empty() {
        let mut slices = smallvec::SmallVec::new();
        reply.gather(&mut slices);
        let take: Vec<u8> = slices.iter().flat_map(|s| s.iter().copied()).take(step).collect();
        drop(slices);
        reply.advance(take.len());
        sent.extend_from_slice(&take);
        step = step * 7 % 9973 + 1;
    }
    assert!(sent == expected);
}

#[test]
fn what_was_written_can_be_taken_back_from_any_position() {
    for position in [0, 1, 5, 20_000, 40_000, 100_000, 149_999, 150_000] {
        let mut reply = Reply::new();
        for i in 0..15_000 {
            reply.raw(format!("{i:08}\r\n").as_bytes());
        }
        let all = reply.to_vec();
        assert_eq!(reply.position(), 150_000);
        let taken = reply.split_off(position);
        assert!(taken == all[position..] && reply.position() == position, "{position}");
        reply.raw_unmuted(&taken);
        assert!(reply.to_vec() == all);
    }
}

#[test]
fn a_message_is_the_same_bytes_short_or_long_and_a_push_in_resp3() {
    for len in [0, 5, 100, 8191, 8192, 100_000] {
        let payload = vec![b'p'; len];
        let mut message = Message::default();
        let mut replies = [Reply::new(), Reply::new()];
        replies[1].set_resp(Resp::V3);
        let mut expected = [Vec::new(), Vec::new()];
        for strings in [&[b"message".as_slice(), b"ch"][..], &[b"pmessage", b"c*", b"ch"]] {
            message.compose(strings, &payload);
            for (reply, expected) in replies.iter_mut().zip(&mut expected) {
                reply.set_muted(true);
                reply.message(&message);
                reply.set_muted(false);
                reply.ok();
                let mut twin = Reply::new();
                twin.set_resp(reply.resp());
                twin.push(strings.len() + 1);
                strings.iter().for_each(|string| twin.bulk(string));
                twin.bulk(&payload);
                twin.ok();
                expected.extend(twin.to_vec());
                // Some of it is sent before the next message comes.
                reply.advance(3);
                expected.drain(..3);
            }
        }
        message.sent();
        for (reply, expected) in replies.iter_mut().zip(&expected) {
            assert!(reply.to_vec() == *expected, "{len}");
            assert_eq!(reply.pending(), expected.len());
            let mut got = Vec::new();
            while !reply.is_empty() {
                let mut slices = smallvec::SmallVec::new();
                reply.gather(&mut slices);
                let some: Vec<u8> = slices.iter().flat_map(|s| s.iter().copied()).take(777).collect();
                drop(slices);
                reply.advance(some.len());
                got.extend(some);
            }
            assert!(got == *expected && reply.memory().1 == 0);
        }
    }
}

#[test]
fn an_array_may_turn_out_longer_or_shorter_than_guessed() {
    for (guess, len) in [(0, 0), (3, 3), (9, 10), (2000, 7), (1, 5000), (100_000, 5000)] {
        let mut reply = Reply::new();
        reply.ok();
        let outer = reply.begin_array(2);
        let inner = reply.begin_array(guess);
        (0..len).for_each(|n| reply.int(n));
        reply.end_array(inner, len as usize);
        reply.end_array(outer, 1);
        let mut expected = format!("+OK\r\n*1\r\n*{len}\r\n");
        (0..len).for_each(|n| expected += &format!(":{n}\r\n"));
        assert!(reply.to_vec() == expected.as_bytes(), "{guess} {len}");
        assert_eq!(reply.pending(), expected.len());
    }
}

#[test]
fn both_protocols_have_their_nulls() {
    let mut reply = Reply::new();
    reply.null();
    reply.null_array();
    reply.set_resp(Resp::V3);
    reply.null();
    reply.bool(true);
    reply.map(2);
    assert_eq!(reply.to_vec(), b"$-1\r\n*-1\r\n_\r\n#t\r\n%2\r\n");
}

#[test]
fn a_double_is_a_bulk_of_its_own_length_in_resp2() {
    let mut reply = Reply::new();
    for value in [0.0, -0.0, 1.5, 123456789.0, 1234567890.0, 0.1, f64::NEG_INFINITY, 1e300] {
        reply.double(value);
    }
    reply.set_resp(Resp::V3);
    reply.double(f64::INFINITY);
    reply.double(-2.5);
    let expected: &[u8] = b"$1\r\n0\r\n$2\r\n-0\r\n$3\r\n1.5\r\n$9\r\n123456789\r\n$10\r\n1234567890\r\n\
        $19\r\n0.10000000000000001\r\n$4\r\n-inf\r\n$23\r\n1.0000000000000001e+300\r\n,inf\r\n,-2.5\r\n";
    assert_eq!(reply.to_vec().escape_ascii().to_string(), expected.escape_ascii().to_string());
}

#[test]
fn behind_the_last_reply_nothing_is_written() {
    let mut reply = Reply::new();
    reply.ok();
    reply.end();
    reply.int(1);
    reply.set_muted(false);
    reply.int(2);
    reply.unmuted(|reply| reply.push(1));
    assert_eq!(reply.to_vec(), b"+OK\r\n");
}

#[test]
fn a_muted_reply_counts_errors_and_writes_nothing() {
    let mut reply = Reply::new();
    reply.set_muted(true);
    reply.ok();
    reply.error(&CmdError::SYNTAX);
    assert!(reply.is_empty());
    assert_eq!(reply.error_count(), 1);
    reply.unmuted(|reply| reply.push(1));
    reply.ok();
    assert_eq!(reply.to_vec(), b"*1\r\n");
}
