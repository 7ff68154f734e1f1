//! Clients that are too many, too slow, too greedy, or gone.

use crate::harness::client::encode;
use crate::harness::{Client, PATIENCE, Program, Server, Value, wait_for};
use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn clients_beyond_the_limit_are_told_and_closed() {
    for program in [Program::Oxidis, Program::Redis] {
        let server = Server::start(program, &["maxclients 10"]);
        let mut clients: Vec<Client> = Vec::new();
        let refused = loop {
            let mut client = Client::connect(server.port);
            match client.try_cmd("PING") {
                Ok(reply) if reply.is_error() => break reply.text(),
                Ok(_) => clients.push(client),
                Err(e) => panic!("{e}"),
            }
            assert!(clients.len() <= 10);
        };
        assert_eq!(refused, "ERR max number of clients reached");
        assert_eq!(clients.len(), 10);
        clients.pop();
        wait_for("a place to be free again", PATIENCE, || {
            Client::try_connect(server.port)
                .is_ok_and(|mut client| client.try_cmd("PING").is_ok_and(|r| !r.is_error()))
        });
        assert!(clients[0].cmd("INFO stats").text().contains("rejected_connections:"), "{program:?}");
    }
}

#[test]
fn ten_thousand_clients_are_served() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("up to the hard limit");
    let count = 10_000.min(hard.saturating_sub(500) as usize);
    let server = Server::start(Program::Oxidis, &["maxclients 20000", "tcp-backlog 511"]);
    let mut streams = Vec::new();
    for _ in 0..count {
        streams.push(TcpStream::connect(("127.0.0.1", server.port)).expect("connect"));
    }
    wait_for("all to be accepted", PATIENCE, || server.info_int("connected_clients") > count as i64);
    for stream in &mut streams {
        std::io::Write::write_all(stream, b"INCR n\r\n").expect("written");
    }
    for stream in &mut streams {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("answered");
        assert_eq!(&byte, b":");
    }
    assert_eq!(server.cmd("GET n").text(), count.to_string());
    drop(streams);
    wait_for("all to be gone", PATIENCE, || server.info_int("connected_clients") < 10);
}

/// What one turn reads can ask for more than there is memory: a pipeline goes no further than its client's limit.
#[test]
fn a_pipeline_stops_at_the_output_limit() {
    let server = Server::start(Program::Oxidis, &["client-output-buffer-limit normal 100kb 0 0"]);
    let mut client = server.client();
    client.call(&[b"SET".as_slice(), b"k", &vec![b'x'; 10_000]]);
    client.send_bytes(&encode(&["GET", "k"]).repeat(2000)).expect("the server reads");
    assert_eq!(client.read_to_end().unwrap_or_default(), b"");
    let calls = server.cmd("INFO commandstats").text();
    let calls =
        calls.lines().find_map(|line| line.strip_prefix("cmdstat_get:calls=")).expect("it was called");
    let calls: u32 = calls.split(',').next().and_then(|calls| calls.parse().ok()).expect("a number");
    assert!((10..30).contains(&calls), "{calls}");
}

/// One client's endless pipeline must not keep another one waiting.
#[test]
fn a_huge_pipeline_does_not_starve_others() {
    let server = Server::start(Program::Oxidis, &[]);
    let mut other = server.client();
    other.ok(&format!("SET key {}", "x".repeat(100)));
    const COMMANDS: usize = 1_000_000;
    let mut reader = Client::connect(server.port);
    let mut writer = reader.try_clone().expect("a second handle");
    let sending = std::thread::spawn(move || {
        let chunk = encode(&["GET", "key"]).repeat(COMMANDS / 100);
        for _ in 0..100 {
            writer.send_bytes(&chunk).expect("the server reads");
        }
    });
    let receiving = std::thread::spawn(move || {
        for _ in 0..COMMANDS {
            reader.read_exact(b"$100\r\n\r\n".len() + 100).expect("answered");
        }
    });
    let mut rounds = 0;
    let mut longest = Duration::ZERO;
    let start = Instant::now();
    while !receiving.is_finished() {
        let before = Instant::now();
        other.cmd("PING");
        longest = longest.max(before.elapsed());
        rounds += 1;
    }
    let whole = start.elapsed();
    sending.join().expect("the writer does not panic");
    receiving.join().expect("the reader does not panic");
    assert!(rounds > 20, "{rounds} answers in {whole:?}");
    assert!(longest < whole / 4, "an answer took {longest:?} of {whole:?}");
}

#[test]
fn a_client_that_does_not_read_is_dropped() {
    for program in [Program::Oxidis, Program::Redis] {
        let server = Server::start(program, &["client-output-buffer-limit normal 1mb 0 0"]);
        let mut client = server.client();
        client.call(&[b"SET".as_slice(), b"big", &vec![b'x'; 500_000]]);
        let mut greedy = server.client();
        greedy.send_bytes(&encode(&["GET", "big"]).repeat(100)).expect("the server reads");
        wait_for("the client to be dropped", PATIENCE, || {
            server.log().contains("scheduled to be closed ASAP for overcoming of output buffer limits")
        });
        wait_for("it to be gone", PATIENCE, || {
            server.info("client_output_buffer_limit_disconnections") != "0"
                || server.info_int("connected_clients") <= 2
        });
        let got = greedy.read_to_end().map_or(0, |bytes| bytes.len());
        assert!(got < 50_000_000, "{got}");
        assert_eq!(client.cmd("PING").text(), "PONG");
    }
}

/// A subscriber's messages are held to the limit of subscribers, not to the one under which it subscribed.
#[test]
fn a_subscriber_is_held_to_the_limit_of_its_class() {
    for program in [Program::Oxidis, Program::Redis] {
        let server = Server::start(program, &["client-output-buffer-limit normal 1mb 0 0 pubsub 0 0 0"]);
        let mut client = server.client();
        let mut subscriber = server.client();
        subscriber.cmd("SUBSCRIBE ch");
        let message = vec![b'x'; 200_000];
        for _ in 0..100 {
            assert_eq!(client.call(&[b"PUBLISH".as_slice(), b"ch", &message]).int(), 1);
        }
        for _ in 0..100 {
            let heard = subscriber.read().expect("a message").value;
            assert!(heard.items()[2] == Value::Bulk(message.clone()));
        }
    }
}

#[test]
fn a_request_that_is_too_long_ends_the_client() {
    for program in [Program::Oxidis, Program::Redis] {
        let server = Server::start(program, &["client-query-buffer-limit 1mb"]);
        let mut client = server.client();
        // The server may close before all is written.
        let _ = client.send_bytes(b"*2\r\n$3\r\nGET\r\n$10000000\r\n");
        let _ = client.send_bytes(&vec![b'x'; 5_000_000]);
        wait_for("the client to be dropped", PATIENCE, || {
            server.log().contains("Closing client that reached max query buffer length")
        });
        assert_eq!(server.cmd("PING").text(), "PONG");
    }
}

#[test]
fn proto_max_bulk_len_limits_arguments_and_values() {
    let scripts: Vec<Vec<u8>> = vec![
        b"*2\r\n$3\r\nGET\r\n$1048577\r\n".to_vec(),
        encode(&["SETRANGE", "a", "1048576", "x"]),
        encode(&["SETRANGE", "a", "1048575", "x"]),
        encode(&["APPEND", "a", "x"]),
        encode(&["STRLEN", "a"]),
    ];
    let [ours, real] = [Program::Oxidis, Program::Redis].map(|program| {
        let server = Server::start(program, &["proto-max-bulk-len 1mb"]);
        scripts
            .iter()
            .map(|script| {
                let mut client = server.client();
                client.send_bytes(script).expect("the server reads");
                client.read().expect("answered").raw
            })
            .collect::<Vec<_>>()
    });
    assert_eq!(ours, real);
}

#[test]
fn an_idle_client_is_closed_after_its_timeout() {
    for program in [Program::Oxidis, Program::Redis] {
        let server = Server::start(program, &["timeout 1"]);
        let mut idle = server.client();
        let mut busy = server.client();
        idle.cmd("PING");
        wait_for("the idle client to be closed", PATIENCE, || idle_is_gone(&mut busy));
        idle.set_timeout(Duration::from_secs(10));
        assert_eq!(idle.read_to_end().expect("closed by the server"), b"");
        assert_eq!(busy.cmd("PING").text(), "PONG");
    }
}

fn idle_is_gone(busy: &mut Client) -> bool {
    !busy.cmd("CLIENT LIST").text().contains("cmd=ping")
}

/// Clients that close with requests unanswered, half-sent or half-read leave nothing behind.
#[test]
fn clients_that_vanish_are_forgotten() {
    let server = Server::start(Program::Oxidis, &[]);
    server.ok(&format!("SET big {}", "x".repeat(100_000)));
    for round in 0..300 {
        let mut client = Client::connect(server.port);
        let bytes: &[u8] = match round % 6 {
            0 => b"",
            1 => b"PING\r\n",
            2 => b"*2\r\n$3\r\nGET\r\n$3\r\nbi",
            3 => b"GET big\r\nGET big\r\nGET big\r\n",
            4 => b"*2\r\n$3\r\nGET\r\n$100000\r\nabc",
            _ => b"MONITOR\r\nPING\r\n",
        };
        client.send_bytes(bytes).expect("the server reads");
        if round % 2 == 0 {
            client.finish_sending();
        }
    }
    wait_for("all to be gone", PATIENCE, || server.info_int("connected_clients") <= 2);
    assert_eq!(server.cmd("CLIENT LIST").text().lines().count(), 1);
}

#[test]
fn commands_of_many_clients_do_not_mix() {
    let server = Server::start(Program::Oxidis, &[]);
    let port = server.port;
    let threads: Vec<_> = (0..8)
        .map(|n| {
            std::thread::spawn(move || {
                let mut client = Client::connect(port);
                client.ok(&format!("SELECT {}", n % 4));
                for i in 0..2000 {
                    client.cmd("INCR shared");
                    client.ok(&format!("SET own:{n} {i}"));
                    assert_eq!(client.cmd(&format!("GET own:{n}")).text(), i.to_string());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("each client sees its own writes");
    }
    let mut client = server.client();
    for db in 0..4 {
        client.ok(&format!("SELECT {db}"));
        assert_eq!(client.cmd("GET shared").text(), "4000");
    }
}

/// As Redis 7.2 and later have it: 7.0 does not know the command.
#[test]
fn what_a_client_with_no_touch_reads_is_not_used() {
    let server = Server::start(Program::Oxidis, &["maxmemory-policy allkeys-lfu", "lfu-log-factor 0"]);
    let mut client = server.client();
    client.ok("SET k v");
    let before = client.cmd("OBJECT FREQ k").int();
    client.ok("CLIENT NO-TOUCH on");
    assert!(client.cmd("CLIENT INFO").text().contains(" flags=T "));
    for line in ["GET k", "STRLEN k", "MGET k k"] {
        client.cmd(line);
    }
    client.call(&["MULTI"]);
    client.cmd("GET k");
    client.cmd("EXEC");
    assert_eq!(client.cmd("OBJECT FREQ k").int(), before);
    client.cmd("TOUCH k");
    assert_eq!(client.cmd("OBJECT FREQ k").int(), before + 1);
    client.ok("CLIENT NO-TOUCH off");
    client.cmd("GET k");
    assert_eq!(client.cmd("OBJECT FREQ k").int(), before + 2);
    client.ok("CLIENT NO-TOUCH on");
    client.cmd("RESET");
    client.cmd("GET k");
    assert_eq!(client.cmd("OBJECT FREQ k").int(), before + 3);
    assert!(client.cmd("CLIENT NO-TOUCH x").is_error());
}

/// The figure of a client in CLIENT LIST, by its name.
fn field(server: &Server, name: &str, field: &str) -> Option<i64> {
    let list = server.cmd("CLIENT LIST").text();
    let line = list.lines().find(|line| line.contains(&format!("name={name} ")))?.to_owned();
    let value = line.split(' ').find_map(|part| part.strip_prefix(field)?.strip_prefix('='))?;
    Some(value.parse().expect("a number"))
}

#[test]
fn the_largest_clients_go_until_the_rest_are_within_maxmemory_clients() {
    const MB: usize = 1 << 20;
    for program in [Program::Oxidis, Program::Redis] {
        let server = Server::start(program, &[]);
        let half_a_request = |name: &str, len: usize| {
            let mut client = server.client();
            client.ok(&format!("CLIENT SETNAME {name}"));
            if name == "spared" {
                client.ok("CLIENT NO-EVICT on");
            }
            client.send_bytes(format!("*2\r\n${len}\r\n").as_bytes()).expect("the server reads");
            client.send_bytes(&vec![b'x'; len]).expect("the server reads");
            wait_for("the argument to have come", PATIENCE, || {
                field(&server, name, "qbuf").is_some_and(|bytes| bytes as usize >= len)
            });
            client
        };
        let sizes = [("small", MB / 8), ("middle", MB), ("large", 3 * MB), ("spared", 3 * MB)];
        let clients = sizes.map(|(name, len)| half_a_request(name, len));
        let there = || sizes.map(|(name, _)| field(&server, name, "tot-mem").is_some());
        assert_eq!(there(), [true; 4], "{program:?}");
        server.ok("CONFIG SET maxmemory-clients 6mb");
        wait_for("the large one to go", PATIENCE, || there() == [true, true, false, true]);
        server.ok(&format!("CONFIG SET maxmemory {} maxmemory-clients 5%", 100 * MB * 8 / 10));
        wait_for("the middle one to go", PATIENCE, || there() == [true, false, false, true]);
        assert_eq!(server.info_int("evicted_clients"), 2, "{program:?}");
        server.ok("CONFIG SET maxmemory-clients 0");
        let again = half_a_request("again", 20 * MB);
        assert_eq!(there(), [true, false, false, true], "{program:?}");
        drop((clients, again));
    }
}

/// A client is counted with what it is about to run, with what it has queued and with what it is to be sent.
#[test]
fn a_client_is_closed_for_whatever_it_takes() {
    const LIMIT: usize = 3_000_000;
    for program in [Program::Oxidis, Program::Redis] {
        let server = Server::start(program, &[&format!("maxmemory-clients {LIMIT}")]);
        server.cmd("SETRANGE k 200000 v");
        let big = "v".repeat(LIMIT);
        let part = "v".repeat(LIMIT / 4);
        let mut argument = server.client();
        argument.ok("CLIENT SETNAME argument");
        // Whether the write or the read meets the end depends on how fast the server is.
        let _ = argument.send(&["SET", "other", &big]);
        let mut queue = server.client();
        queue.ok("CLIENT SETNAME queue");
        queue.ok("MULTI");
        for _ in 0..5 {
            let _ = queue.send(&["SET", "other", &part]);
        }
        let mut output = server.client();
        output.ok("CLIENT SETNAME output");
        while field(&server, "output", "tot-mem").is_some_and(|bytes| bytes < LIMIT as i64) {
            let _ = output.send(&["GET", "k"]);
        }
        for name in ["argument", "queue", "output"] {
            wait_for("the client to be closed", PATIENCE, || field(&server, name, "id").is_none());
        }
        assert_eq!(server.cmd("EXISTS other").int(), 0, "{program:?}");
        assert_eq!(server.info_int("evicted_clients"), 3, "{program:?}");
    }
}

/// What it has asked for is counted with what it takes in the server's tables, and no longer than it lasts.
#[test]
fn all_that_a_client_has_asked_for_counts_as_its_memory() {
    const NAMES: usize = 5000;
    let server = Server::start(Program::Oxidis, &["maxmemory-clients 100mb"]);
    let kinds = [
        ("watches", "WATCH", "", ""),
        ("channels", "SUBSCRIBE", "", ""),
        ("patterns", "PSUBSCRIBE", "", ""),
        ("shard channels", "SSUBSCRIBE", "", ""),
        ("prefixes", "CLIENT TRACKING on BCAST", "PREFIX", ""),
        ("waits", "BLPOP", "", "0"),
        ("queue", "MULTI", "GET", ""),
    ];
    for (kind, command, before_each, behind) in kinds {
        let mut client = server.client();
        client.ok("CLIENT SETNAME it");
        let little = field(&server, "it", "tot-mem").expect("it is there");
        let used = server.info_int("used_memory");
        let name = |n: usize| format!("{n:05}-{}", "x".repeat(90));
        if kind == "queue" {
            client.ok(command);
            let all: Vec<u8> = (0..NAMES).flat_map(|n| encode(&[before_each, &name(n)])).collect();
            client.send_bytes(&all).expect("the server reads");
        } else {
            let mut args: Vec<String> = command.split(' ').map(str::to_owned).collect();
            for n in 0..NAMES {
                args.extend([before_each.to_owned(), name(n)].into_iter().filter(|arg| !arg.is_empty()));
            }
            args.extend(Some(behind.to_owned()).filter(|arg| !arg.is_empty()));
            client.send(&args).expect("the server reads");
        }
        let answers = match kind {
            "waits" => 0,
            "watches" | "prefixes" => 1,
            _ => NAMES,
        };
        for _ in 0..answers {
            assert!(!client.read().expect("an answer").value.is_error(), "{kind}");
        }
        let told = || field(&server, "it", "tot-mem").expect("it is there") - little;
        wait_for("it to take so much", PATIENCE, || told() > (NAMES * 100) as i64);
        let (told, used) = (told(), server.info_int("used_memory") - used);
        assert!(told * 10 > used * 4 && told * 10 < used * 25, "{kind}: {told} bytes told of {used}");
        if kind == "waits" {
            let id = field(&server, "it", "id").expect("it is there");
            assert_eq!(server.cmd(&format!("CLIENT UNBLOCK {id}")).int(), 1);
            client.read().expect("an answer");
        }
        client.cmd("RESET");
        client.ok("CLIENT SETNAME it");
        wait_for("it to take little again", PATIENCE, || {
            field(&server, "it", "tot-mem").expect("it is there") < little + 50_000
        });
    }
}
