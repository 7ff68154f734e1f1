//! What operators look at: after sessions of several clients the figures of commands and errors, the slow log, what MONITOR
//! showed, the histograms and the list of clients must be those of redis-server. HELP and the latency monitor besides.
//!
//! A session's lines: `a SET k v` is answered, `a? BLPOP k 0` waits, `a!` is answered at last.

use crate::harness::value::show;
use crate::harness::{Client, PATIENCE, Program, Server, Value, wait_for};
use std::collections::BTreeMap;

const SESSIONS: &[&str] = &[
    "a SET k 1|a GET k|a GET|a NOSUCH|a INCR k|a LPUSH k 1|a CONFIG SET hz x|a CONFIG NOSUCH|a CLIENT|a AUTH pw|a AUTH u pw",
    "a? BLPOP l 0|b RPUSH l x|a!|a? BLPOP l 0|b LPUSH l y z|a!|b DEL l|a? BLMPOP 0 1 l LEFT|b RPUSH l 1|a!",
    "a BLPOP l 0.01|a PING|a WAIT 1 10|a BLPOP l x",
    "a? BLPOP l 0|b PING|b CLIENT UNBLOCK 99999",
    "a MULTI|a SET k 1|a GET k|a INCR nosuch|a LPUSH k x|a EXEC|a MULTI|a BLPOP l 0|a WAIT 1 0|a EXEC",
    "a MULTI|a SET k|a EXEC|a MULTI|a NOSUCH|a DISCARD|a MULTI|a SET k 1|a SET longer value",
    "a WATCH k|b SET k 2|a MULTI|a PING|b WATCH k|b MULTI|b PING|b EXEC",
    "a MULTI|a AUTH pw|a CONFIG SET masterauth secret|a HELLO 3 AUTH u pw|a EXEC|a CONFIG SET masterauth ''",
    "a SELECT 4|a CLIENT NO-EVICT on|a CLIENT REPLY ON|a CLIENT SETNAME other|a CLIENT GETNAME|b RESET|b PING",
    "a CONFIG SET masteruser u maxmemory 0|a CONFIG SET nosuch secret masterauth pw",
    "a MIGRATE 127.0.0.1 1 k 0 10 AUTH pass KEYS a b|a MIGRATE 127.0.0.1 1 '' 0 10 AUTH2 u pass KEYS a b",
    "a LATENCY|a LATENCY NOSUCH|a LATENCY HELP|a LATENCY HISTORY|a LATENCY HISTORY x|a LATENCY LATEST|a LATENCY GRAPH x",
    "a LATENCY RESET|a LATENCY RESET a b|a LATENCY HISTOGRAM nosuch|a LATENCY DOCTOR x|a LATENCY HELP x|a LATENCY GRAPH",
    "a SET k v EX 100|a GETEX k PERSIST|a EXPIRE k 100|a SET k v PXAT 99999999999999|a INCRBYFLOAT n 1|a GEOADD g 1 1 m",
    "a DEBUG SLEEP 0|a DEBUG ERROR oops|a DEBUG NOSUCH|a OBJECT FREQ k|a OBJECT HELP|a COMMAND COUNT x|a COMMAND GETKEYS get x",
    "a SLOWLOG LEN|a SLOWLOG RESET|a PING|a SLOWLOG GET x",
    "a SWAPDB 0 1|a FLUSHALL|a FLUSHDB ASYNC|a SELECT 99|a SELECT x|a SORT no BY x GET #|a LINDEX k x|a HSET h|a REPLCONF listening-port 5",
    "a CLIENT KILL 1.2.3.4:5|a CLIENT KILL ID 0|a CLIENT KILL TYPE pubsub|a CLIENT LIST TYPE master|a CLIENT PAUSE 0|a CLIENT UNPAUSE",
    "a SUBSCRIBE x y|b PUBLISH x 1|b PUBLISH none 1|b PSUBSCRIBE p*|b GET k",
    "a CONFIG RESETSTAT|a PING|a INFO commandstats",
];

/// Fields of CLIENT LIST that must differ, or are of our own.
const DIFFERENT: &[&str] = &[
    "id",
    "addr",
    "laddr",
    "fd",
    "age",
    "idle",
    "qbuf-free",
    "rbs",
    "rbp",
    "obl",
    "tot-mem",
    "lib-name",
    "lib-ver",
];

fn servers(config: &[&str]) -> [Server; 2] {
    [Server::start(Program::Oxidis, config), Server::start(Program::Redis, config)]
}

/// What a session's clients were answered, and what can be seen of it afterwards, as lines that begin with what they are.
fn play(server: &Server, session: &str, protocol: u8) -> Vec<String> {
    let mut control = server.client();
    control.ok("FLUSHALL");
    control.ok("CONFIG SET slowlog-log-slower-than 0");
    let mut monitor = server.client();
    assert!(monitor.cmd("MONITOR").is_ok());
    control.ok("SLOWLOG RESET");
    control.ok("CONFIG RESETSTAT");
    let mut clients: BTreeMap<&str, Client> = BTreeMap::new();
    let mut seen = Vec::new();
    let mut waiting = 0;
    for line in session.split('|') {
        let (who, what) = line.split_once(' ').unwrap_or((line, ""));
        let name = who.trim_end_matches(['?', '!']);
        let client = clients.entry(name).or_insert_with(|| {
            let mut client = server.client();
            assert!(!client.cmd(&format!("HELLO {protocol}")).is_error());
            client.ok(&format!("CLIENT SETNAME {name}"));
            client
        });
        if !who.ends_with('!') {
            let args: Vec<&str> = what.split(' ').map(|arg| if arg == "''" { "" } else { arg }).collect();
            client.send(&args).expect("the server reads");
        }
        if who.ends_with('?') {
            waiting += 1;
            wait_for("the client to wait", PATIENCE, || {
                control.cmd("CLIENT LIST").text().matches("flags=b").count() == waiting
            });
            continue;
        }
        waiting -= usize::from(who.ends_with('!'));
        let reply = client.read().unwrap_or_else(|e| panic!("{line}: {e}"));
        // What it lists is compared below.
        let shown = if what.starts_with("INFO") { "...".into() } else { show(&reply.raw) };
        seen.push(format!("{line} -> {shown}"));
    }
    let list = control.cmd("CLIENT LIST").text();
    seen.extend(list.lines().map(|line| format!("client {}", without_chance(line))));
    seen.extend(figures(&control.cmd("INFO everything").text()));
    let mut histograms: Vec<String> = control
        .cmd("LATENCY HISTOGRAM")
        .items()
        .chunks(2)
        .filter(|pair| pair[0].text() != "client|list")
        .map(|pair| format!("histogram {} {:?}", pair[0].text(), pair[1].items()[1]))
        .collect();
    histograms.sort();
    seen.append(&mut histograms);
    let slow = control.cmd("SLOWLOG GET -1");
    let ours = |entry: &&Value| entry.items()[5].text() != "";
    let shown = |entry: &Value| format!("slow {:?} {}", entry.items()[3], entry.items()[5].text());
    seen.extend(slow.items().iter().filter(ours).map(shown));
    control.cmd("ECHO the_end");
    loop {
        let line = String::from_utf8(monitor.read_line().expect("a line")).expect("text");
        if line.contains("the_end") {
            break;
        }
        let (_, rest) = line.split_once('[').expect("a database and an address");
        let (db, rest) = rest.split_once(' ').expect("a database and an address");
        let shown = rest.split_once(']').expect("an address").1;
        // How often we looked whether somebody waits is chance.
        if !shown.contains("\"CLIENT\" \"LIST\"") {
            seen.push(format!("monitor {db} {shown}"));
        }
    }
    drop(clients);
    control.ok("CONFIG SET slowlog-log-slower-than -1");
    wait_for("the clients to go", PATIENCE, || server.info_int("connected_clients") <= 3);
    seen
}

fn without_chance(line: &str) -> String {
    let fields = line.split_ascii_whitespace().filter_map(|field| field.split_once('='));
    let same = fields.filter(|(name, _)| !DIFFERENT.contains(name));
    same.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// The lines of INFO about commands and errors, without what took how long and without those that `play` uses itself.
fn figures(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| !["client|list", "info", "slowlog|get"].iter().any(|own| line.contains(own)))
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            if name.starts_with("cmdstat_") {
                let counts = value.split(',').filter(|count| !count.starts_with("usec"));
                Some(format!("{name} {}", counts.collect::<Vec<_>>().join(" ")))
            } else if name.starts_with("errorstat_") || name == "total_error_replies" {
                Some(line.to_owned())
            } else {
                name.starts_with("latency_percentiles").then(|| name.to_owned())
            }
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn sessions_leave_the_figures_and_logs_that_they_leave_with_redis() {
    let servers = servers(&[]);
    let mut different = Vec::new();
    for protocol in [2, 3] {
        for session in SESSIONS {
            let [ours, real] = servers.each_ref().map(|server| play(server, session, protocol));
            if ours != real {
                let only = |of: &[String], other: &[String]| {
                    of.iter()
                        .filter(|line| !other.contains(line))
                        .cloned()
                        .collect::<Vec<_>>()
                        .join("\n      ")
                };
                different.push(format!(
                    "RESP{protocol} {session}\n    ours\n      {}\n    real\n      {}",
                    only(&ours, &real),
                    only(&real, &ours)
                ));
            }
        }
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

/// DEBUG's lists what it can do here, which is another matter.
#[test]
fn help_is_redis_help() {
    let servers = servers(&[]);
    let mut clients = servers.each_ref().map(|server| server.client());
    let names = clients.each_mut().map(|client| {
        let names = client.cmd("COMMAND LIST");
        names.items().iter().map(Value::text).filter(|name| name.ends_with("|help")).collect::<Vec<_>>()
    });
    let [ours, real] = &names;
    let mut compared = 0;
    for name in ours.iter().filter(|name| real.contains(name)) {
        let container = name.trim_end_matches("|help");
        let [ours, real] = clients.each_mut().map(|client| client.cmd(&format!("{container} HELP")));
        assert_eq!(ours, real, "{container} HELP");
        compared += 1;
    }
    assert!(compared >= 7, "{compared} containers compared: {names:?}");
}

#[test]
fn what_takes_long_is_sampled() {
    for server in &servers(&["latency-monitor-threshold 100"]) {
        let mut client = server.client();
        client.cmd("HELLO 3");
        client.ok("DEBUG SLEEP 0.15");
        let latest = client.cmd("LATENCY LATEST");
        let of_commands = latest.items().iter().find(|event| event.items()[0].text() == "command");
        let Some([_, time, last, longest]) = of_commands.map(Value::items) else { panic!("{latest:?}") };
        assert!(time.int() > 1_600_000_000 && last.int() >= 150 && longest.int() >= last.int(), "{latest:?}");
        let history = client.cmd("LATENCY HISTORY command");
        assert_eq!(history.items().last().map(Value::items), Some([time.clone(), last.clone()].as_slice()));
        assert!(client.cmd("LATENCY HISTORY COMMAND").items().is_empty());
        let graph = client.cmd("LATENCY GRAPH command").text();
        assert!(graph.starts_with("command - high ") && graph.contains(&"-".repeat(80)), "{graph}");
        assert!(client.cmd("LATENCY DOCTOR").text().contains("command: 1 latency spikes (average "));
        assert_eq!(client.cmd("LATENCY RESET nosuch COMMAND command").int(), 1);
        assert!(client.cmd("LATENCY HISTORY command").items().is_empty());
    }
}

#[test]
fn histograms_count_up_to_powers_of_two() {
    for server in &servers(&[]) {
        let mut client = server.client();
        client.ok("CONFIG RESETSTAT");
        for _ in 0..50 {
            client.ok("DEBUG SLEEP 0.0005");
        }
        let reply = client.cmd("LATENCY HISTOGRAM debug");
        let [name, map] = reply.items() else { panic!("{reply:?}") };
        let [calls, count, steps_of, steps] = map.items() else { panic!("{reply:?}") };
        assert_eq!((name.text(), calls.text(), count.int()), ("debug".into(), "calls".into(), 50));
        assert_eq!(steps_of.text(), "histogram_usec");
        let steps: Vec<i64> = steps.items().iter().map(Value::int).collect();
        // The largest value of the bucket that a power of two stands in: a little more than the power.
        let bucket = |us: i64| {
            let power = (us * 1000).ilog2();
            us == ((1_i64 << power) + (1 << (power - 7)) - 1) / 1000
        };
        assert!(steps.chunks(2).all(|step| bucket(step[0])), "{:?}: {steps:?}", server.program);
        assert!(steps.chunks(2).map(|step| step[1]).is_sorted() && steps.last() == Some(&50), "{steps:?}");
    }
}

#[test]
fn commands_that_were_renamed_away_are_in_no_list() {
    let servers =
        servers(&["rename-command FLUSHALL ''", "rename-command CONFIG ''", "rename-command GET fetch"]);
    let mut lists = servers.each_ref().map(|server| {
        let mut client = server.client();
        let names: Vec<String> = client.cmd("COMMAND LIST").items().iter().map(Value::text).collect();
        let shown =
            ["flushall", "config", "config|get", "get", "fetch"].map(|name| names.iter().any(|n| n == name));
        let tops = names.iter().filter(|name| !name.contains('|')).count() as i64;
        assert_eq!(client.cmd("COMMAND COUNT").int(), tops);
        assert_eq!(client.cmd("COMMAND").items().len() as i64, tops);
        let replies = ["COMMAND INFO flushall get", "FLUSHALL", "GET k", "FETCH k", "CONFIG GET x"];
        (shown, replies.map(|line| client.cmd(line)), client.cmd("COMMAND INFO fetch"))
    });
    // The order of flags and categories in a description is compared elsewhere; here, that there is one.
    assert_eq!(lists[0].2.items()[0].items()[0].text(), "get");
    for list in &mut lists {
        list.2 = Value::Null;
    }
    assert_eq!(lists[0], lists[1]);
}
