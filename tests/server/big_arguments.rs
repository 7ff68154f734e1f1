//! Arguments that are read apart from their requests: what they take while they come, and what becomes of them.

use crate::harness::client::encode;
use crate::harness::{Client, PATIENCE, Program, Rng, Server, Value, wait_for};

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
