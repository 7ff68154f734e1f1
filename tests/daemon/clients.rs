//! Clients at the limits: of what they may leave unread, of what they may send, of what they may see.

use crate::harness::client::encode;
use crate::harness::{PATIENCE, Program, Server, wait_for};

/// A field of CLIENT INFO.
fn field(info: &str, name: &str) -> usize {
    let found = info.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    found.and_then(|value| value.trim().parse().ok()).unwrap_or_else(|| panic!("no {name} in {info}"))
}

#[test]
fn a_soft_output_limit_runs_out_by_time_alone() {
    let server =
        Server::start(Program::Oxidis, &["client-output-buffer-limit normal 0 1mb 1", "latency-tracking no"]);
    let value = vec![b'v'; 1 << 20];
    assert!(server.client().call(&[b"SET".as_slice(), b"big", &value]).is_ok());
    let mut client = server.client();
    let requests: Vec<u8> = (0..30).flat_map(|_| encode(&["GET", "big"])).collect();
    client.send_bytes(&requests).expect("sent");
    wait_for("the client that reads nothing to be closed", PATIENCE, || {
        server.log().contains("for overcoming of output buffer limits")
    });
    let read = client.read_to_end().expect("what the kernel still held");
    assert!(read.len() < 30 << 20);
}

#[test]
fn a_subscriber_that_reads_nothing_is_closed_by_the_limits_of_its_class() {
    let message = vec![b'm'; 100_000];
    for limit in ["pubsub 1mb 0 0", "pubsub 0 1mb 1"] {
        let limits = format!("client-output-buffer-limit {limit}");
        let server = Server::start(Program::Oxidis, &[&limits]);
        let mut listener = server.client();
        listener.cmd("SUBSCRIBE news");
        let mut publisher = server.client();
        let mut published = 0;
        wait_for("the listener to be closed", PATIENCE, || {
            // Enough for the sockets' own buffers to be full, and then for the limit to be reached.
            for _ in 0..10 {
                published += 1;
                publisher.call(&[b"PUBLISH".as_slice(), b"news", &message]);
            }
            server.log().contains("for overcoming of output buffer limits")
        });
        assert!(published * message.len() > 1 << 20, "{limit}: {published}");
        assert!(
            listener.read_to_end().expect("what the kernel still held").len() < published * message.len()
        );
        assert_eq!(publisher.call(&[b"PUBLISH".as_slice(), b"news", b"m"]).int(), 0);
    }
}

#[test]
fn the_room_that_a_big_argument_took_is_given_back_with_it() {
    let server = Server::start(Program::Oxidis, &[]);
    let mut client = server.client();
    let value = vec![b'v'; 32 << 20];
    assert!(client.call(&[b"SET".as_slice(), b"big", &value]).is_ok());
    let info = client.cmd("CLIENT INFO").text();
    assert!(field(&info, "tot-mem") < 1 << 20, "{info}");
}

#[test]
fn a_client_over_its_query_buffer_limit_is_closed_once() {
    let server = Server::start(Program::Oxidis, &["client-query-buffer-limit 1mb"]);
    let mut client = server.client();
    let mut request = b"*2\r\n$4\r\nECHO\r\n$4000000\r\n".to_vec();
    request.resize(3_900_000, b'x');
    // It may be closed while we still send.
    let _ = client.send_bytes(&request);
    let closed = client.read_to_end();
    assert!(closed.is_err() || closed.is_ok_and(|bytes| bytes.is_empty()));
    assert_eq!(server.log().matches("reached max query buffer length").count(), 1);
}

#[test]
fn a_monitor_may_not_touch_keys() {
    let server = Server::start(Program::Oxidis, &[]);
    let mut monitor = server.client();
    monitor.ok("MONITOR");
    for request in ["GET a", "SET a 1"] {
        let reply = monitor.cmd(request);
        assert_eq!(reply.text(), "ERR Replica can't interact with the keyspace", "{request}");
    }
    // Nor may it become a replica: that is ignored without a word.
    monitor.send(&["PSYNC", "?", "-1"]).and_then(|()| monitor.send(&["PING"])).expect("sent");
    assert_eq!(monitor.read().expect("the reply to PING").value.text(), "PONG");
}

#[test]
fn an_empty_request_is_what_reply_skip_skips() {
    let server = Server::start(Program::Oxidis, &[]);
    let mut client = server.client();
    let mut requests = encode(&["CLIENT", "REPLY", "SKIP"]);
    requests.extend_from_slice(b"\r\nECHO one\r\n");
    client.send_bytes(&requests).expect("sent");
    assert_eq!(client.read().expect("the reply to ECHO").value.text(), "one");
}
