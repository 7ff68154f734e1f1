//! Sessions of the connection and server commands, line by line to both servers: odd arguments, log-in, what MONITOR,
//! SLOWLOG and INFO make of it.

use crate::harness::client::encode;
use crate::harness::value::show;
use crate::harness::{Client, PATIENCE, Program, Server, Value, wait_for};

pub fn servers() -> [Server; 2] {
    let config = &["enable-protected-configs yes"];
    [Server::start(Program::Oxidis, config), Server::start(Program::Redis, config)]
}

/// Sends every line to both servers, on one connection each, and compares the replies byte for byte.
#[track_caller]
pub fn compare(servers: &[Server; 2], greeting: &[&str], lines: &[&str]) {
    let mut clients = servers.each_ref().map(|server| server.client());
    for client in &mut clients {
        for line in greeting {
            client.cmd(line);
        }
    }
    let mut different = Vec::new();
    for line in lines {
        // `''` is an empty argument.
        let args: Vec<&str> = line.split(' ').map(|word| if word == "''" { "" } else { word }).collect();
        let [ours, real] = clients.each_mut().map(|client| {
            client.send(&args).expect("the server reads");
            client.read().unwrap_or_else(|e| panic!("{line}: {e}")).raw
        });
        if ours != real {
            different.push(format!("{line}\n    ours {}\n    real {}", show(&ours), show(&real)));
        }
    }
    assert!(different.is_empty(), "{} of {} differ:\n{}", different.len(), lines.len(), different.join("\n"));
}

const CONNECTION: &str = "PING;PING x;PING a b;ECHO;ECHO hi;SELECT;SELECT 3;SELECT 16;SELECT -1;SELECT x;SELECT 99999999999;SELECT 0
HELLO 1;HELLO 4;HELLO x;HELLO 3 AUTH;HELLO 3 AUTH a;HELLO 3 AUTH a b;HELLO 3 SETNAME;HELLO 3 FOO;AUTH;AUTH x;AUTH default x
AUTH a b;AUTH a b c;CLIENT;CLIENT FOO;CLIENT FOO BAR;CLIENT GETNAME;CLIENT SETNAME me;CLIENT GETNAME;CLIENT GETNAME x
CLIENT SETNAME '';CLIENT GETNAME;CLIENT SETNAME a\u{80};CLIENT ID x;CLIENT LIST x;CLIENT LIST TYPE;CLIENT LIST TYPE foo
CLIENT LIST TYPE pubsub;CLIENT LIST TYPE master;CLIENT LIST TYPE replica;CLIENT LIST ID;CLIENT LIST ID x
CLIENT LIST ID 99999;CLIENT LIST ID 99999 x;CLIENT KILL;CLIENT KILL x;CLIENT KILL 1.2.3.4:5;CLIENT KILL ID
CLIENT KILL ID 0;CLIENT KILL ID -1;CLIENT KILL ID x;CLIENT KILL ID 99999;CLIENT KILL TYPE foo;CLIENT KILL TYPE pubsub
CLIENT KILL SKIPME;CLIENT KILL SKIPME maybe;CLIENT KILL USER foo;CLIENT KILL ADDR x;CLIENT KILL LADDR x SKIPME no
CLIENT KILL ID 1 ID;CLIENT KILL FOO BAR;CLIENT NO-EVICT;CLIENT NO-EVICT on;CLIENT NO-EVICT off;CLIENT NO-EVICT x
CLIENT REPLY;CLIENT REPLY on;CLIENT REPLY x;CLIENT PAUSE;CLIENT PAUSE x;CLIENT PAUSE -1;CLIENT PAUSE 1 foo
CLIENT PAUSE 1 WRITE;CLIENT PAUSE 1;CLIENT PAUSE 1 ALL x;CLIENT UNPAUSE;CLIENT UNPAUSE x;CLIENT UNBLOCK;CLIENT UNBLOCK x
CLIENT UNBLOCK 1 FOO;CLIENT UNBLOCK 99999;CLIENT UNBLOCK 99999 error;CLIENT UNBLOCK 1 timeout x;RESET x;RESET;PING";

const SERVER: &str = "COMMAND FOO;COMMAND COUNT x;COMMAND LIST FILTERBY;COMMAND LIST FILTERBY x y;COMMAND LIST FILTERBY MODULE x
COMMAND LIST FILTERBY ACLCAT nosuch;COMMAND LIST FILTERBY PATTERN x y;COMMAND INFO nosuch;COMMAND INFO config|nosuch
COMMAND DOCS nosuch;COMMAND GETKEYS;COMMAND GETKEYS get;COMMAND GETKEYS nosuch x;COMMAND GETKEYS ping x
COMMAND GETKEYS config nosuch x;SLOWLOG;SLOWLOG FOO;SLOWLOG GET x;SLOWLOG GET -2;SLOWLOG GET 1 2;SLOWLOG LEN x;SLOWLOG RESET
SLOWLOG LEN;SLOWLOG GET;DBSIZE;DBSIZE x;FLUSHALL x;FLUSHALL sync x;FLUSHALL;FLUSHALL ASYNC;FLUSHDB SYNC;FLUSHDB x
SWAPDB;SWAPDB x 1;SWAPDB 1 x;SWAPDB 0 99;SWAPDB 99999999999 1;SWAPDB 0 1;TIME x;LOLWUT VERSION x;LASTSAVE x;ROLE;ROLE x
SHUTDOWN x;SHUTDOWN SAVE NOSAVE;SHUTDOWN ABORT NOW;SHUTDOWN ABORT;SAVE x;BGSAVE x;BGSAVE SCHEDULE x;MONITOR x;INFO nosuch
CONFIG;CONFIG FOO;CONFIG GET;CONFIG GET nosuch;CONFIG GET maxmemory;CONFIG SET;CONFIG SET a;CONFIG SET a b;CONFIG SET a b c
CONFIG SET hz x;CONFIG SET hz 10 hz 20;CONFIG SET daemonize yes;CONFIG SET maxmemory 100mb maxmemory-policy foo
CONFIG GET maxmemory;CONFIG SET dir /nosuch;CONFIG RESETSTAT;CONFIG RESETSTAT x;REPLICAOF;REPLICAOF no x;WAIT 0 x;WAIT 0 0
DEBUG;DEBUG FOO;DEBUG SLEEP;DEBUG SLEEP 0;DEBUG SLEEP 1 2;DEBUG DIGEST;DEBUG DIGEST-VALUE;DEBUG DIGEST-VALUE nosuch
DEBUG OBJECT nosuch;DEBUG HTSTATS 99;DEBUG HTSTATS x;DEBUG HTSTATS-KEY nosuch;DEBUG POPULATE;DEBUG POPULATE x
DEBUG POPULATE -1;DEBUG POPULATE 100;DEBUG DIGEST;DEBUG POPULATE 150 foo;DEBUG POPULATE 10 bar 5;DEBUG POPULATE 10 baz 50
DEBUG DIGEST;DBSIZE;SET a 1 EX 1000;SET b 12345;DEBUG DIGEST;DEBUG DIGEST-VALUE a b nosuch;DEBUG RELOAD;DEBUG DIGEST
DEBUG RELOAD NOFLUSH MERGE;DEBUG DIGEST;DEBUG RELOAD FOO;DEBUG ERROR oops;DEBUG LOG hello;DEBUG SET-ACTIVE-EXPIRE 1
DEBUG REPLICATE;DEBUG PROTOCOL string;DEBUG PROTOCOL integer;DEBUG PROTOCOL double;DEBUG PROTOCOL bignum;DEBUG PROTOCOL null
DEBUG PROTOCOL array;DEBUG PROTOCOL set;DEBUG PROTOCOL map;DEBUG PROTOCOL verbatim
DEBUG PROTOCOL true;DEBUG PROTOCOL false;DEBUG PROTOCOL foo;FLUSHALL;DEBUG DIGEST";

const MEMORY: &str = "MEMORY;MEMORY FOO;MEMORY USAGE;MEMORY USAGE nosuch;SET a 1;MEMORY USAGE a SAMPLES;MEMORY USAGE a SAMPLES -1
MEMORY USAGE a SAMPLES x;MEMORY USAGE a FOO;MEMORY USAGE a SAMPLES 1 FOO;MEMORY USAGE nosuch SAMPLES 0 SAMPLES 5
MEMORY STATS x;MEMORY DOCTOR x;MEMORY MALLOC-STATS x;MEMORY PURGE;MEMORY PURGE x;OBJECT FREQ a;OBJECT FREQ nosuch
OBJECT IDLETIME nosuch;CONFIG SET maxmemory-policy volatile-lfu lfu-log-factor 0;OBJECT IDLETIME a;OBJECT IDLETIME nosuch
SET b foo;OBJECT FREQ b;GET b;OBJECT FREQ b;SET b bar;OBJECT FREQ b;STRLEN b;APPEND b x;OBJECT FREQ b;OBJECT FREQ nosuch;CONFIG SET maxmemory-policy allkeys-lru
SET c foo;OBJECT FREQ c;OBJECT IDLETIME c;CONFIG SET maxmemory-policy noeviction;CONFIG SET maxmemory 1;SET d 1;GET a
SET d 1 2 3;EXISTS a b;APPEND a 1;INCR a;GETSET a 1;GETDEL a;EXPIRE b 100;PERSIST b;RENAME b e;COPY e f;MSET a 1 b 2;PING
RESTORE a 0 x;SETRANGE a 0 x;GETEX e;UNLINK e c;DBSIZE;FLUSHALL;CONFIG SET maxmemory-policy allkeys-lru;SET a 1;DBSIZE
CONFIG SET maxmemory-policy volatile-ttl;SET a 1 EX 100;CONFIG SET maxmemory 0;SET a 1;CONFIG SET maxmemory-policy noeviction
FLUSHALL";

/// The names and types of what MEMORY STATS gives, in order.
fn fields(value: &Value) -> String {
    let items = value.items();
    let pair = |pair: &[Value]| {
        let inner = match &pair[1] {
            Value::Int(_) => "int".to_owned(),
            Value::Bulk(_) => "text".to_owned(),
            Value::Double(_) => "double".to_owned(),
            Value::Map(_) | Value::Array(_) => fields(&pair[1]),
            other => panic!("{other:?}"),
        };
        format!("{}: {inner}", pair[0].text())
    };
    items.chunks(2).map(pair).collect::<Vec<_>>().join("\n")
}

#[test]
fn memory_stats_has_redis_fields_in_redis_order() {
    let servers = servers();
    for protocol in [2, 3] {
        let [ours, real] = servers.each_ref().map(|server| {
            let mut client = server.client();
            client.cmd(&format!("HELLO {protocol}"));
            client.ok("SET a 1");
            client.ok("SELECT 9");
            client.ok("SET b 1 EX 1000");
            fields(&client.cmd("MEMORY STATS"))
        });
        assert_eq!(ours, real);
    }
}

#[test]
fn odd_arguments_get_the_same_answers() {
    let servers = servers();
    for greeting in [&["HELLO 2"], &["HELLO 3"]] {
        for script in [CONNECTION, SERVER, MEMORY] {
            let lines: Vec<&str> = script.split([';', '\n']).collect();
            compare(&servers, greeting, &lines);
        }
    }
}

#[test]
fn a_password_is_asked_for_and_taken_as_by_redis() {
    let servers = servers();
    for server in &servers {
        server.ok("CONFIG SET requirepass pw");
    }
    let lines = [
        "PING",
        "HELLO",
        "HELLO 3",
        "NOSUCH",
        "GET",
        "AUTH x",
        "AUTH default x",
        "AUTH foo pw",
        "RESET",
        "HELLO 2 SETNAME me",
        "CLIENT ID",
        "AUTH pw",
        "CLIENT GETNAME",
        "RESET",
        "PING",
        "HELLO 2 AUTH default pw FOO",
        "PING",
        "AUTH x",
        "PING",
        "CONFIG SET requirepass ''",
        "AUTH default anything",
    ];
    compare(&servers, &[], &lines);
}

/// Commands of which MONITOR and SLOWLOG must not tell all.
const WATCHED: &[&[&str]] = &[
    &["SET", "a", "b c\"\\\n\r\t\x07\x08\x01"],
    &["AUTH", "secret"],
    &["AUTH", "default", "secret"],
    &["HELLO", "2", "AUTH", "default", "secret", "SETNAME", "me"],
    &["CONFIG", "SET", "masterauth", "secret", "maxmemory", "0"],
    &["CONFIG", "SET", "masterauth", ""],
    &["ACL", "SETUSER", "secretive", ">secret"],
    &["MIGRATE", "127.0.0.1", "1", "nosuch", "0", "10", "AUTH2", "user", "secret"],
    &["SELECT", "3"],
    &["NOSUCH", "a"],
    &["GET"],
    &["EXPIRE", "a", "100"],
    &["COMMAND", "COUNT"],
    &["SLOWLOG", "LEN"],
    &["INFO", "cpu"],
    &["DBSIZE"],
];

fn watched(server: &Server) -> (Vec<String>, String) {
    server.ok("CONFIG SET slowlog-log-slower-than 0");
    server.ok("SLOWLOG RESET");
    let mut monitor = server.client();
    assert!(monitor.cmd("MONITOR").is_ok());
    let mut client = server.client();
    let long = "v".repeat(200);
    for args in WATCHED.iter().copied().chain([["SET", "long", &long].as_slice(), &["MSET"; 51]]) {
        client.call(args);
    }
    client.send_bytes(b"ECHO 'the last'\r\n").expect("the server reads");
    client.read().expect("an answer");
    let mut seen = Vec::new();
    while seen.last().is_none_or(|line: &String| !line.contains("the last")) {
        let line = String::from_utf8(monitor.read_line().expect("a line")).expect("text");
        // Time and address differ.
        let (_, rest) = line.split_once('[').expect("a database and an address");
        let (db, rest) = rest.split_once(' ').expect("a database and an address");
        seen.push(format!("{db} {}", rest.split_once(']').expect("an address").1));
    }
    server.ok("CONFIG SET slowlog-log-slower-than -1");
    let slow = server.cmd("SLOWLOG GET -1");
    // Of each entry the number, the arguments and the client's name.
    let slow: Vec<_> = slow.items().iter().map(|e| [0, 3, 5].map(|i| e.items()[i].clone())).collect();
    (seen, format!("{slow:#?}"))
}

#[test]
fn monitor_and_slowlog_show_what_redis_shows() {
    let [ours, real] = servers().each_ref().map(watched);
    assert_eq!(ours.0, real.0, "MONITOR");
    assert_eq!(ours.1, real.1, "SLOWLOG");
}

/// A client's line without what must differ: addresses, descriptors, memory.
fn shape(client: &mut Client, command: &str) -> Vec<String> {
    const DIFFERENT: &[&str] = &[
        "id",
        "addr",
        "laddr",
        "fd",
        "qbuf-free",
        "rbs",
        "rbp",
        "obl",
        "tot-mem",
        "user",
        "lib-name",
        "lib-ver",
    ];
    let line = client.cmd(command).text();
    let fields = line.split_ascii_whitespace().filter_map(|field| field.split_once('='));
    fields
        .filter(|(name, _)| !name.starts_with("lib-"))
        .map(
            |(name, value)| {
                if DIFFERENT.contains(&name) { name.to_owned() } else { format!("{name}={value}") }
            },
        )
        .collect()
}

#[test]
fn a_client_is_described_as_by_redis() {
    let [ours, real] = servers().each_ref().map(|server| {
        let mut client = server.client();
        let mut shapes = vec![shape(&mut client, "CLIENT LIST")];
        for line in ["CLIENT SETNAME me", "SELECT 2", "HELLO 3", "CLIENT NO-EVICT on"] {
            client.cmd(line);
        }
        shapes.push(shape(&mut client, "CLIENT INFO"));
        client.cmd("RESET");
        shapes.push(shape(&mut client, "CLIENT INFO"));
        shapes
    });
    assert_eq!(ours, real);
}

#[test]
fn killed_clients_are_gone_and_others_are_told() {
    for server in &servers() {
        let (mut killer, mut victim) = (server.client(), server.client());
        let address = format!("127.0.0.1:{}", victim.local_port());
        killer.ok(&format!("CLIENT KILL {address}"));
        assert!(victim.read().is_err(), "{:?}", server.program);
        assert!(killer.cmd(&format!("CLIENT KILL {address}")).is_error());
        let mut victim = server.client();
        let id = victim.cmd("CLIENT ID").int();
        assert_eq!(killer.cmd(&format!("CLIENT KILL ID {id} SKIPME yes")).int(), 1);
        assert!(victim.read().is_err());
        killer.ok(&format!("CLIENT KILL 127.0.0.1:{}", killer.local_port()));
        assert!(killer.read().is_err());
    }
}

#[test]
fn a_waiting_client_can_be_woken() {
    for server in &servers() {
        let (mut waker, mut sleeper) = (server.client(), server.client());
        let id = sleeper.cmd("CLIENT ID").int();
        assert_eq!(waker.cmd(&format!("CLIENT UNBLOCK {id}")).int(), 0, "it does not wait yet");
        for (how, answer) in
            [("", "0"), (" TIMEOUT", "0"), (" ERROR", "UNBLOCKED client unblocked via CLIENT UNBLOCK")]
        {
            sleeper.cmd("SET a b");
            sleeper.send(&["WAIT", "1", "0"]).expect("the server reads");
            sleeper.send(&["PING"]).expect("the server reads");
            wait_for("the client to wait", PATIENCE, || server.info_int("blocked_clients") == 1);
            assert_eq!(waker.cmd(&format!("CLIENT UNBLOCK {id}{how}")).int(), 1);
            assert_eq!(sleeper.read().expect("an answer").value.text(), answer);
            assert_eq!(sleeper.read().expect("an answer").value.text(), "PONG");
        }
    }
}

#[test]
fn a_write_waits_while_writes_are_paused_and_a_read_does_not() {
    for server in &servers() {
        let (mut writer, mut reader) = (server.client(), server.client());
        server.ok("CLIENT PAUSE 100000 WRITE");
        writer.send(&["SET", "paused", "1"]).expect("the server reads");
        wait_for("the writer to wait", PATIENCE, || server.info_int("blocked_clients") == 1);
        assert!(!reader.cmd("GET paused").is_error());
        assert_eq!(reader.cmd("EXISTS paused").int(), 0);
        server.ok("CLIENT UNPAUSE");
        assert!(writer.read().expect("an answer").value.is_ok());
        assert_eq!(reader.cmd("GET paused").text(), "1");
    }
}

#[test]
fn replies_are_switched_off_and_skipped_as_by_redis() {
    let requests: Vec<Vec<u8>> = "CLIENT REPLY SKIP|SET k 1|GET k|CLIENT REPLY OFF|PING|CLIENT REPLY SKIP|PING|NOSUCH
CLIENT REPLY ON|CLIENT REPLY SKIP|CLIENT REPLY ON|PING|CLIENT REPLY SKIP|CLIENT REPLY SKIP|ECHO 1|ECHO 2|QUIT"
        .split(['|', '\n'])
        .map(|line| encode(&line.split(' ').collect::<Vec<_>>()))
        .collect();
    let [ours, real] = servers().each_ref().map(|server| {
        let mut client = server.client();
        client.send_bytes(&requests.concat()).expect("the server reads");
        client.read_to_end().expect("the server closes")
    });
    assert_eq!(show(&ours), show(&real));
}
