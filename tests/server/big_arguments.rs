//! Arguments that are read apart from their requests: what they take while they come, and what becomes of them.

use crate::harness::client::encode;
use crate::harness::tls::{Certificates, TlsClient, TlsServer};
use crate::harness::{Client, PATIENCE, Program, Rng, Server, Value, value, wait_for};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A field of the line that CLIENT LIST has for the client of this name.
fn field(server: &Server, name: &str, field: &str) -> usize {
    let list = server.cmd("CLIENT LIST").text();
    let line = list.lines().find(|line| line.contains(&format!(" name={name} "))).unwrap_or_default();
    let begin = format!("{field}=");
    let value = line.split(' ').find_map(|word| word.strip_prefix(&begin));
    value.and_then(|n| n.parse().ok()).unwrap_or(0)
}

fn named(server: &Server, name: &str) -> Client {
    let mut client = server.client();
    client.ok(&format!("CLIENT SETNAME {name}"));
    client
}

fn used(server: &Server) -> i64 {
    server.info_int("used_memory")
}

#[test]
fn what_is_only_announced_takes_little_memory() {
    let server = Server::start(Program::Oxidis, &[]);
    let before = used(&server);
    let mut client = named(&server, "liar");
    client.send_bytes(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nabc").expect("the server reads");
    wait_for("the header to be read", PATIENCE, || field(&server, "liar", "qbuf") == 3);
    assert!(field(&server, "liar", "tot-mem") < 2 << 20);
    assert!(used(&server) - before < 4 << 20, "{} more", used(&server) - before);
    // What has come is counted, and more is made room for.
    client.send_bytes(&vec![b'x'; 20 << 20]).expect("the server reads");
    wait_for("it to be read", PATIENCE, || field(&server, "liar", "qbuf") == (20 << 20) + 3);
    assert!(field(&server, "liar", "tot-mem") >= 20 << 20);
    assert!(field(&server, "liar", "argv-mem") < 100);
}

#[test]
fn a_client_that_dies_in_the_middle_of_an_argument_leaves_nothing() {
    let server = Server::start(Program::Oxidis, &[]);
    let before = used(&server);
    let mut client = named(&server, "gone");
    let request = encode(&[b"MSET".as_slice(), b"a", &vec![b'a'; 30 << 20], b"b", &vec![b'b'; 40 << 20]]);
    client.send_bytes(&request[..50 << 20]).expect("the server reads");
    wait_for("it to be read", PATIENCE, || field(&server, "gone", "argv-mem") > 30 << 20);
    wait_for("it to be read", PATIENCE, || used(&server) - before > 50 << 20);
    let total = field(&server, "gone", "tot-mem");
    assert!((50 << 20..90 << 20).contains(&total), "{total}");
    drop(client);
    wait_for("its memory to be free", PATIENCE, || used(&server) - before < 2 << 20);
    assert_eq!(server.cmd("DBSIZE").int(), 0);
}

#[test]
fn room_that_waits_in_vain_is_given_back() {
    let server = Server::start(Program::Oxidis, &[]);
    let mut client = named(&server, "slow");
    let value = Rng::new(3).bytes(1_000_000);
    let request = encode(&[b"SET".as_slice(), b"k", &value]);
    client.send_bytes(&request[..200_000]).expect("the server reads");
    wait_for("it to be read", PATIENCE, || field(&server, "slow", "qbuf") > 199_000);
    wait_for("the room to shrink", PATIENCE, || field(&server, "slow", "tot-mem") < 300_000);
    client.send_bytes(&request[200_000..]).expect("the server reads");
    assert!(client.read().expect("answered").value.is_ok());
    assert!(server.client().cmd("GET k") == Value::Bulk(value));
}

#[test]
fn clients_that_send_too_much_together_are_closed() {
    let server = Server::start(Program::Oxidis, &["maxmemory-clients 20mb"]);
    let mut client = named(&server, "large");
    let _ = client.send_bytes(b"*2\r\n$4\r\nECHO\r\n$100000000\r\n");
    let _ = client.send_bytes(&vec![b'x'; 25 << 20]);
    wait_for("the client to be closed", PATIENCE, || server.info("evicted_clients") == "1");
    assert_eq!(server.cmd("PING").text(), "PONG");
}

/// Each way in which a string can be set, again and again so that the argument is read apart, and what is left of one that
/// is used otherwise.
#[test]
fn every_command_finds_its_big_arguments() {
    let server = Server::start(Program::Oxidis, &[]);
    let mut client = server.client();
    for len in [49_152, 100_000, 3_000_000] {
        let [a, b] = [1, 2].map(|seed| Rng::new(seed + len as u64).bytes(len));
        let both = [a.clone(), b.clone()].concat();
        for _ in 0..3 {
            client.ok("FLUSHALL");
            let mut set = |args: &[&[u8]]| {
                let reply = client.call(args);
                assert!(!reply.is_error(), "{reply:?}");
                reply
            };
            set(&[b"SET", b"plain", &a]);
            set(&[b"SET", b"ttl", &a, b"EX", b"1000"]);
            set(&[b"SETEX", b"setex", b"1000", &a]);
            set(&[b"PSETEX", b"psetex", b"1000000", &a]);
            set(&[b"SETNX", b"setnx", &a]);
            set(&[b"SETNX", b"setnx", &b]);
            set(&[b"MSET", b"mset", &a, b"mset", &b, b"other", &a]);
            set(&[b"MSETNX", b"msetnx", &a, b"mset", &b]);
            assert!(set(&[b"GETSET", b"mset", &a]) == Value::Bulk(b.clone()));
            set(&[b"APPEND", b"append", &a]);
            set(&[b"APPEND", b"append", &b]);
            set(&[b"SET", &a, b"key"]);
            set(&[b"RPUSH", b"list", &a, &b]);
            set(&[b"SET", b"shared", &a]);
            set(&[b"APPEND", b"shared", &b]);
            for key in ["plain", "ttl", "setex", "psetex", "setnx", "mset", "other"] {
                assert!(client.cmd(&format!("GET {key}")) == Value::Bulk(a.clone()), "{key}");
            }
            for key in ["append", "shared"] {
                assert!(client.cmd(&format!("GET {key}")) == Value::Bulk(both.clone()), "{key}");
            }
            assert!(client.call(&[b"GET", a.as_slice()]) == Value::Bulk(b"key".to_vec()));
            assert!(client.cmd("LPOP list") == Value::Bulk(a.clone()));
            assert_eq!(client.cmd("EXISTS msetnx").int(), 0);
        }
    }
}

#[test]
fn transactions_and_clients_that_wait_keep_big_arguments() {
    let server = Server::start(Program::Oxidis, &[]);
    let [a, b] = [1, 2].map(|seed| Rng::new(seed).bytes(200_000));
    let both = [a.clone(), b.clone()].concat();
    let mut client = server.client();
    for _ in 0..2 {
        client.ok("MULTI");
        for args in [[b"SET".as_slice(), b"k", &a], [b"APPEND", b"k", &b], [b"SET", b"other", &b]] {
            assert_eq!(client.call(&args).text(), "QUEUED");
        }
        client.cmd("EXEC");
        assert!(client.cmd("GET k") == Value::Bulk(both.clone()));
        assert!(client.cmd("GET other") == Value::Bulk(b.clone()));
    }
    // A pipeline behind a command that waits; and a write that is held back.
    let mut waiting = named(&server, "waiting");
    let mut pipeline = encode(&["BLPOP", "none", "0"]);
    for (key, value) in [("x", &a), ("y", &b), ("z", &a)] {
        pipeline.extend(encode(&[b"SET", key.as_bytes(), value]));
    }
    let mut sender = waiting.try_clone().expect("a second handle");
    let sending = std::thread::spawn(move || sender.send_bytes(&pipeline).expect("the server reads"));
    wait_for("it to wait", PATIENCE, || server.info("blocked_clients") == "1");
    client.cmd("RPUSH none value");
    sending.join().expect("it has sent all");
    waiting.read().expect("what was pushed");
    for (key, value) in [("x", &a), ("y", &b), ("z", &a)] {
        assert!(waiting.read().expect("answered").value.is_ok());
        assert!(client.cmd(&format!("GET {key}")) == Value::Bulk(value.clone()));
    }
    client.ok("CLIENT PAUSE 100000 WRITE");
    waiting.send(&[b"SET".as_slice(), b"paused", &a]).expect("the server reads");
    waiting.send(&[b"SET".as_slice(), b"paused", &both]).expect("the server reads");
    wait_for("it to wait", PATIENCE, || server.info("blocked_clients") == "1");
    assert!(field(&server, "waiting", "tot-mem") > 200_000);
    client.ok("CLIENT UNPAUSE");
    assert!(waiting.read().expect("answered").value.is_ok());
    assert!(waiting.read().expect("answered").value.is_ok());
    assert!(client.cmd("GET paused") == Value::Bulk(both));
}

/// A connection of any kind, and what has come of the next reply.
struct Wire {
    name: &'static str,
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
}

trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

impl Wire {
    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server reads");
        self.stream.flush().expect("the server reads");
    }

    /// In pieces of all lengths, small ones where arguments begin and end.
    fn send_in_pieces(&mut self, bytes: &[u8], seed: u64) {
        let mut rng = Rng::new(seed);
        let mut sent = 0;
        while sent < bytes.len() {
            let near_an_end = sent < 300 || bytes.len() - sent < 300;
            let max = if near_an_end { 40 } else { [100, 16_400, 70_000, 3_000_000][rng.below(4)] };
            let n = (1 + rng.below(max)).min(bytes.len() - sent);
            self.send(&bytes[sent..sent + n]);
            sent += n;
        }
    }

    fn read(&mut self) -> Value {
        let mut piece = vec![0; 1 << 20];
        loop {
            // A reply of 70 MB is not parsed again for each piece of it.
            if self.buffer.ends_with(b"\r\n")
                && let Some((reply, len)) = value::parse(&self.buffer).expect("the protocol's")
            {
                self.buffer.drain(..len);
                return reply;
            }
            let n = self.stream.read(&mut piece).expect("an answer");
            assert!(n > 0, "{}: closed", self.name);
            self.buffer.extend_from_slice(&piece[..n]);
        }
    }

    fn call(&mut self, args: &[&[u8]]) -> Value {
        self.send(&encode(args));
        self.read()
    }
}

/// A server with a connection by a Unix socket and two by TLS.
fn with_wires(more: &[&str]) -> (Certificates, TlsServer) {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[&["unixsocket big.sock"], more].concat());
    (certificates, server)
}

fn wires(certificates: &Certificates, server: &TlsServer) -> [Wire; 3] {
    let tls = |protocols| {
        let context = certificates.context_with("client", |options| options.protocols = Some(protocols));
        let client = TlsClient::ping(server.tls_port, &context).expect("let in");
        Wire { name: protocols, stream: Box::new(client.tls), buffer: Vec::new() }
    };
    let unix = UnixStream::connect(server.path("big.sock")).expect("listening");
    unix.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
    unix.set_write_timeout(Some(Duration::from_secs(20))).expect("a socket");
    [Wire { name: "unix", stream: Box::new(unix), buffer: Vec::new() }, tls("TLSv1.2"), tls("TLSv1.3")]
}

fn big_value(len: usize) -> Vec<u8> {
    Rng::new(len as u64).bytes(65_521).into_iter().cycle().take(len).collect()
}

#[test]
fn big_arguments_come_whole_over_unix_sockets_and_tls() {
    let (certificates, server) = with_wires(&[]);
    for mut wire in wires(&certificates, &server) {
        for (seed, len) in [50_000, 49_152, 1 << 20, 70 << 20, 50_001].into_iter().enumerate() {
            let value = big_value(len);
            let set = encode(&[b"SET".as_slice(), b"big", &value]);
            let pipeline =
                [encode(&["SET", "a", "1"]), set, encode(&["INCR", "a"]), encode(&["STRLEN", "big"])]
                    .concat();
            wire.send_in_pieces(&pipeline, seed as u64);
            let name = wire.name;
            assert!(wire.read().is_ok() && wire.read().is_ok(), "{name}, {len}");
            assert_eq!([wire.read(), wire.read()], [Value::Int(2), Value::Int(len as i64)], "{name}, {len}");
            assert!(wire.call(&[b"GET", b"big"]) == Value::Bulk(value), "{name}, {len}");
        }
        // Several of them in a row, at once.
        let values: Vec<Vec<u8>> = (0..20).map(|i| big_value(48_000 + i * 1000)).collect();
        let sets = values.iter().enumerate();
        let pipeline: Vec<u8> = sets
            .flat_map(|(i, value)| {
                let set = encode(&[b"SET".as_slice(), format!("k{i}").as_bytes(), value]);
                [set, encode(&["PING"])].concat()
            })
            .collect();
        wire.send(&pipeline);
        for _ in &values {
            assert!(wire.read().is_ok() && wire.read() == Value::Simple(b"PONG".to_vec()));
        }
        for (i, value) in values.into_iter().enumerate() {
            assert!(
                wire.call(&[b"GET", format!("k{i}").as_bytes()]) == Value::Bulk(value),
                "{} {i}",
                wire.name
            );
        }
    }
}

#[test]
fn whoever_dies_in_the_middle_of_an_argument_leaves_nothing_over_any_wire() {
    let (certificates, server) = with_wires(&[]);
    let before = used(&server);
    for mut wire in wires(&certificates, &server) {
        let name = wire.name;
        server.ok("FLUSHALL");
        assert!(wire.call(&[b"CLIENT", b"SETNAME", b"gone"]).is_ok());
        let set = encode(&[b"SET".as_slice(), b"big", &big_value(70 << 20)]);
        wire.send(&[encode(&["SET", "small", "value"]), set[..40 << 20].to_vec()].concat());
        assert!(wire.read().is_ok());
        wait_for("it to be read", PATIENCE, || field(&server, "gone", "qbuf") > 39 << 20);
        drop(wire);
        wait_for("its memory to be free", PATIENCE, || used(&server) - before < 2 << 20);
        assert_eq!(server.cmd("KEYS *").items().len(), 1, "{name}");
    }
}

#[test]
fn a_big_argument_that_there_is_no_memory_for_is_refused_over_any_wire() {
    let (certificates, server) = with_wires(&["maxmemory-policy noeviction"]);
    let before = used(&server);
    for mut wire in wires(&certificates, &server) {
        let name = wire.name;
        server.ok("FLUSHALL");
        wait_for("the last one's value to be free", PATIENCE, || used(&server) - before < 2 << 20);
        server.ok(&format!("CONFIG SET maxmemory {}", before + (8 << 20)));
        let value = big_value(20 << 20);
        let pipeline = [encode(&[b"SET".as_slice(), b"big", &value]), encode(&["PING"])].concat();
        wire.send_in_pieces(&pipeline, 1);
        let refused = wire.read();
        assert!(refused.text().starts_with("OOM command not allowed"), "{name}: {refused:?}");
        assert_eq!(wire.read(), Value::Simple(b"PONG".to_vec()), "{name}");
        wait_for("its memory to be free", PATIENCE, || used(&server) - before < 2 << 20);
        assert_eq!(server.cmd("DBSIZE").int(), 0, "{name}");
        server.ok("CONFIG SET maxmemory 0");
        assert!(wire.call(&[b"SET", b"big", &value]).is_ok(), "{name}");
        assert!(wire.call(&[b"GET", b"big"]) == Value::Bulk(value), "{name}");
    }
}
