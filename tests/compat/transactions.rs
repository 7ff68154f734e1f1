//! Transactions of several clients with both servers, in the form of the sessions of those who wait (`blocking`): what each
//! client is answered, what replicas are sent and what is left of the data must be the same.

use crate::blocking::{Side, differences};
use crate::harness::value::show;
use crate::harness::{Client, PATIENCE, Program, Rng, Server, Value, seeds, wait_for, wait_in_sync};

const SESSIONS: &[&str] = &[
    // What is queued, what is refused, and what EXEC then makes of it.
    "a MULTI\n a SET k 1\n b GET k\n a INCR k\n a GET k\n a EXEC\n a EXEC\n a DISCARD\n a MULTI\n a EXEC",
    "a MULTI\n a SET k 1\n a DISCARD\n a EXISTS k\n a EXEC\n a MULTI x\n a EXEC x\n a DISCARD x\n a WATCH\n a UNWATCH x",
    "a MULTI\n a SET k\n a SET k 1\n a EXEC\n a EXISTS k\n a MULTI\n a NOSUCH\n a EXEC\n a MULTI\n a CONFIG NOSUCH\n a EXEC",
    "a MULTI\n a SET k 1\n a EXEC x\n a EXEC\n a EXISTS k\n a EXEC x y",
    "a MULTI\n a DISCARD x\n a EXEC\n a MULTI\n a CONFIG\n a EXEC\n a MULTI\n a OBJECT HELP x\n a EXEC",
    "a MULTI\n a MULTI\n a WATCH k\n a SET k 1\n a EXEC\n a MULTI\n a UNWATCH\n a PING\n a EXEC",
    "a MULTI\n a SAVE\n a EXEC\n a MULTI\n a SHUTDOWN\n a EXEC\n a MULTI\n a PSYNC ? -1\n a EXEC\n a MULTI\n a MONITOR\n a PING\n a EXEC",
    "a HELLO 3\n a MULTI\n a HGETALL k\n a LPOP k\n a GET k\n a EXEC\n a WATCH k\n b SET k 1\n a MULTI\n a EXEC\n a EXEC",
    "a MULTI\n a INCR k\n a LPUSH k x\n a INCR k x\n a EXEC\n a SET s x\n a MULTI\n a INCR s\n a SET t 1\n a EXEC\n a GET t",
    "a MULTI\n a RESET\n a EXEC\n a MULTI\n a SET k\n a RESET\n a MULTI\n a EXEC\n a WATCH k\n a RESET\n b SET k 1\n a MULTI\n a EXEC",
    "a MULTI\n a PING\n a ECHO x\n a SELECT 3\n a SET k 1\n a SELECT 99\n a EXEC\n a GET k\n b GET k",
    // Nobody waits within a transaction.
    "a SET k 1\n a MULTI\n a BLPOP l 0\n a BRPOP l 0\n a BLMOVE l m LEFT LEFT 0\n a BRPOPLPUSH l m 0\n a BLMPOP 0 1 l LEFT\n a WAIT 5 0\n a EXEC",
    "a HELLO 3\n a MULTI\n a BLPOP l 0\n a BLMOVE l m LEFT LEFT 0\n a BLMPOP 0 1 l LEFT\n a EXEC",
    "a MULTI\n a RPUSH l 1 2\n a BLPOP l 0\n a BLMOVE l m LEFT LEFT 0\n a EXEC",
    // Those who wait see what is left at the end.
    "a? BLPOP l 0\n b MULTI\n b LPUSH l x\n b DEL l\n b LPUSH l y\n b EXEC\n a!",
    "a? BLPOP l 0\n b MULTI\n b LPUSH l x\n b DEL l\n b EXEC\n b LPUSH l z\n a!",
    "a? BLPOP l 0\n b MULTI\n b LPUSH l x\n b LPUSH l y z\n b SET k 1\n b EXEC\n a!\n b LRANGE l 0 -1",
    "a? BLPOP l 0\n a2? BLPOP m 0\n b MULTI\n b LPUSH m x\n b LPUSH l y\n b EXEC\n a!\n a2!",
    // What goes to replicas.
    "a MULTI\n a SET k 1\n a EXEC",
    "a MULTI\n a GET k\n a EXEC\n a MULTI\n a GET k\n a SET k 1\n a DEL none\n a EXEC\n a MULTI\n a DEL none\n a EXEC",
    "a SELECT 2\n a MULTI\n a SET k 1\n a SELECT 3\n a SET k 1 EX 1000\n a SELECT 2\n a GET k\n a EXEC\n b SET k 2\n a SET k 3",
    "a SELECT 2\n a MULTI\n a SELECT 3\n a SET k 1\n a EXEC\n b SELECT 3\n b SET k 2\n a MULTI\n a INCR k\n a INCR k\n a EXEC",
    "a MULTI\n a SET k 1\n a INCRBYFLOAT k 0.5\n a GETEX k EX 100\n a SPOP s\n a FLUSHDB\n a SWAPDB 0 1\n a EXEC",
    "a SADD s 1\n a MULTI\n a SPOP s\n a SADD s 2\n a SPOP s 5\n a FLUSHALL\n a EXEC\n a MULTI\n a FLUSHALL\n a EXEC",
    "a SET x 1 PX 1\n a SET y 1 PX 1\n a DEBUG SLEEP 0.005\n a MULTI\n a GET x\n a EXEC\n a MULTI\n a SET z 1\n a MGET y z\n a EXEC",
    "a SET x 1 PX 1\n a SET y 1 PX 1\n a DEBUG SLEEP 0.005\n a MULTI\n a MGET x y\n a EXEC",
    "a SET x 1 PX 1\n a DEBUG SLEEP 0.005\n a MULTI\n a RANDOMKEY\n a SCAN 0\n a EXEC",
    "a MULTI\n a SET k 1 PXAT 1\n a SET j 1\n a PEXPIREAT j 1\n a EXPIRE j 0\n a EXEC",
    // Watched keys, changed by somebody.
    "a WATCH k\n b SET k 1\n a MULTI\n a PING\n a EXEC\n a MULTI\n a PING\n a EXEC",
    "a WATCH k\n a SET k 1\n a MULTI\n a PING\n a EXEC",
    "a WATCH k\n b GET k\n b SET j 1\n b DEL k\n a MULTI\n a SET k 2\n a EXEC\n a SET k 3\n a MULTI\n a EXEC",
    "a WATCH k j\n b SET j 1\n a UNWATCH\n a MULTI\n a PING\n a EXEC\n a WATCH k\n b SET k 1\n a WATCH j\n a MULTI\n a EXEC",
    "a WATCH k\n b SET k 1\n a MULTI\n a SET k 2\n a DISCARD\n a MULTI\n a PING\n a EXEC",
    "a WATCH k\n a MULTI\n a SET k 2\n b SET k 1\n a GET k\n a EXEC\n a GET k",
    "a WATCH k\n b SET k 1\n a MULTI\n a SET k\n a EXEC\n a MULTI\n a EXEC",
    "a WATCH k k k\n a WATCH k\n a UNWATCH\n b SET k 1\n a MULTI\n a EXEC",
    "a WATCH k\n c WATCH k j\n b SET k 1\n a MULTI\n a EXEC\n c MULTI\n c EXEC\n a WATCH j\n b SET j 1\n c MULTI\n c EXEC\n a MULTI\n a EXEC",
    "a SELECT 1\n a WATCH k\n b SET k 1\n a MULTI\n a EXEC\n a WATCH k\n b SELECT 1\n b SET k 1\n a SELECT 0\n a MULTI\n a EXEC",
    "a WATCH k\n a SELECT 1\n a WATCH k\n b SET k 1\n a MULTI\n a PING\n a EXEC",
    // Commands that change nothing, or not this one.
    "b SADD s x\n b SET n 1\n a WATCH s n none\n b SADD s x\n b DEL none\n b SREM s y\n b PERSIST n\n b SETNX n 2\n b EXPIRE none 5\n a MULTI\n a EXEC",
    "b SET n 1\n a WATCH n none\n b DEL none other\n b MSETNX n 1 none 2\n b RENAMENX n n\n b RENAME none n\n b COPY none n\n a MULTI\n a EXEC",
    "b SET n 1\n a WATCH none\n b DEL n none\n a MULTI\n a EXEC\n b SADD s x\n a WATCH s\n b SUNIONSTORE t s s\n a MULTI\n a EXEC",
    "b RPUSH l 1\n a WATCH l m\n b LPOP m\n b LREM l 0 x\n b LPUSHX m 1\n b LINSERT l BEFORE x y\n b LMPOP 1 m LEFT\n a MULTI\n a EXEC",
    "b RPUSH l 1 2\n a WATCH m\n b LMPOP 2 m l LEFT\n b BLPOP m l 0\n a MULTI\n a EXEC",
    "b SADD s x\n b SADD t x\n a WATCH t\n b TOUCH t\n b SCARD t\n b SINTERSTORE d s t\n a MULTI\n a EXEC",
    "b SADD s x y\n b SADD t x\n a WATCH t\n b SMOVE s t x\n a MULTI\n a EXEC\n a WATCH s t\n b SMOVE s t y\n a MULTI\n a EXEC",
    "b HSET h f v\n a WATCH h\n b HSETNX h f w\n b HDEL h g\n a MULTI\n a EXEC\n a WATCH h\n b HSET h f v\n a MULTI\n a EXEC",
    "b ZADD z 1 m\n a WATCH z\n b ZADD z 1 m\n b ZREM z n\n b ZADD z NX 2 m\n a MULTI\n a EXEC\n a WATCH z\n b ZINCRBY z 0 m\n a MULTI\n a EXEC",
    "b SET k v\n a WATCH k\n b GETEX k\n b GETRANGE k 0 1\n b SETRANGE k 5 _\n a MULTI\n a EXEC\n a WATCH k\n b APPEND k x\n a MULTI\n a EXEC",
    "b SETBIT k 3 1\n a WATCH k\n b SETBIT k 3 1\n b BITFIELD k GET u8 0\n a MULTI\n a EXEC\n a WATCH k\n b PFADD p x\n b PFADD p x\n a MULTI\n a EXEC",
    // Keys as wholes.
    "b SET k 1\n a WATCH k\n b RENAME k j\n a MULTI\n a EXEC\n a WATCH k\n b RENAME j k\n a MULTI\n a EXEC\n a WATCH k\n b RENAME k k\n a MULTI\n a EXEC",
    "b SET k 1\n a WATCH j\n b COPY k j\n a MULTI\n a EXEC\n a WATCH k\n b COPY k i\n a MULTI\n a EXEC",
    "a SELECT 1\n a WATCH k\n b SET k 1\n b MOVE k 1\n a MULTI\n a EXEC\n a WATCH k\n b SET k 2\n b MOVE k 1\n a MULTI\n a EXEC\n a WATCH k\n b COPY k k DB 1 REPLACE\n a MULTI\n a EXEC",
    "b SET k 1\n a WATCH k\n b MOVE k 1\n a MULTI\n a EXEC\n a WATCH k\n b GETDEL k\n a MULTI\n a EXEC\n a WATCH k\n b SET k 1\n b DEL k\n a MULTI\n a EXEC",
    "b SET k 1\n a WATCH k none\n b FLUSHDB\n a MULTI\n a EXEC\n a WATCH k none\n b FLUSHALL\n a MULTI\n a EXEC\n b SET k 1\n a WATCH k\n b FLUSHALL\n a MULTI\n a EXEC",
    "a SELECT 1\n a SET k 1\n a WATCH k\n b FLUSHDB\n a MULTI\n a EXEC\n a WATCH k\n b FLUSHALL\n a MULTI\n a EXEC",
    "b SET k 1\n a WATCH k\n b SWAPDB 0 1\n a MULTI\n a EXEC\n a WATCH k\n b SWAPDB 0 1\n a MULTI\n a EXEC\n a WATCH none\n b SWAPDB 0 1\n a MULTI\n a EXEC",
    "b SET k 1\n a WATCH k\n b SWAPDB 0 0\n b SWAPDB 3 4\n a MULTI\n a EXEC\n b SELECT 1\n b SET k 1\n a WATCH k\n b SWAPDB 1 0\n a MULTI\n a EXEC",
    // Time.
    "b SET k 1 PX 1\n b DEBUG SLEEP 0.005\n a WATCH k\n a MULTI\n a PING\n a EXEC\n a WATCH k\n b GET k\n a MULTI\n a EXEC\n a WATCH k\n b SET k 1\n a MULTI\n a EXEC",
    "b SET k 1 PX 1\n b DEBUG SLEEP 0.005\n a WATCH k\n b SET k 2\n a MULTI\n a PING\n a EXEC",
    "b SET k 1 PX 1\n b DEBUG SLEEP 0.005\n a WATCH k\n b DEL k\n a MULTI\n a PING\n a EXEC",
    "b SET k 1 PX 1\n b DEBUG SLEEP 0.005\n a WATCH k\n b FLUSHALL\n a MULTI\n a PING\n a EXEC",
    "b SET k 1 PX 1\n b DEBUG SLEEP 0.005\n a WATCH k\n b SWAPDB 0 1\n a MULTI\n a PING\n a EXEC\n b SWAPDB 0 1",
    "b SELECT 1\n b SET k 1 PX 1\n b DEBUG SLEEP 0.005\n a WATCH k\n b SWAPDB 0 1\n a MULTI\n a PING\n a EXEC",
    "b SELECT 1\n b SET k 1 PX 1\n b DEBUG SLEEP 0.005\n a WATCH k\n b SWAPDB 0 1\n a GET k\n a MULTI\n a PING\n a EXEC",
    "b SET k 1 PX 50\n a WATCH k\n b DEBUG SLEEP 0.06\n a MULTI\n a PING\n a EXEC\n a MULTI\n a PING\n a EXEC",
    "b SET k 1 PX 50\n a WATCH k\n b DEBUG SLEEP 0.06\n b GET k\n a MULTI\n a PING\n a EXEC",
    "b SET k 1\n a WATCH k\n b EXPIRE k 1000\n a MULTI\n a EXEC\n a WATCH k\n b PERSIST k\n a MULTI\n a EXEC\n a WATCH k\n b EXPIRE k -1\n a MULTI\n a EXEC",
    // In other clients' transactions, and by those who are woken.
    "a WATCH k\n b MULTI\n b SET j 1\n b SET k 1\n b EXEC\n a MULTI\n a EXEC\n a WATCH k\n b MULTI\n b SET k 1\n b DISCARD\n a MULTI\n a EXEC",
    "c? BLPOP l 0\n a WATCH l\n b LPUSH l 1\n c!\n a MULTI\n a EXEC\n c? BLMOVE l m LEFT LEFT 0\n a WATCH m\n b LPUSH l 1\n c!\n a MULTI\n a EXEC",
];

#[test]
fn transactions_are_those_of_redis() {
    let mut sides = [Program::Oxidis, Program::Redis].map(Side::start);
    for side in &sides {
        side.server.ok("DEBUG SET-ACTIVE-EXPIRE 0");
    }
    let different: Vec<_> = SESSIONS.iter().filter_map(|script| differences(&mut sides, script)).collect();
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n\n"));
}

/// What a client may do to three keys in two databases, `K` and `J` being any of them. No expired key is left lying: Redis
/// finds some of them still there where Oxidis does not.
const STEPS: &[&str] = &[
    "WATCH K",
    "WATCH K",
    "WATCH K J",
    "UNWATCH",
    "MULTI",
    "MULTI",
    "MULTI",
    "EXEC",
    "EXEC",
    "EXEC",
    "DISCARD",
    "SELECT 0",
    "SELECT 1",
    "SET K 1",
    "SET K 1 EX 1000",
    "GET K",
    "INCR K",
    "DEL K J",
    "SADD K x",
    "SREM K x",
    "LPUSH K 1",
    "LPOP K",
    "RENAME K J",
    "RENAMENX K J",
    "COPY K J",
    "COPY K J REPLACE",
    "MOVE K 1",
    "SWAPDB 0 1",
    "FLUSHDB",
    "EXPIRE K 100",
    "PERSIST K",
    "MSET K 1 J 2",
    "MSETNX K 1 J 2",
    "SUNIONSTORE K J",
    "LMOVE K J LEFT LEFT",
    "BLPOP K J 0.001",
    "NOSUCH",
    "SET K",
    "APPEND K x",
    "SETNX K 1",
    "GETDEL K",
    "HSET K f v",
    "HDEL K f",
    "ZADD K 1 m",
    "ZADD K 2 m",
    "EXPIRE K -1",
    "RESET",
];

#[test]
fn clients_that_race_see_what_they_see_of_redis() {
    for seed in seeds(&[1, 2, 3]) {
        let mut sides = [Program::Oxidis, Program::Redis].map(Side::start);
        for side in &sides {
            side.server.ok("DEBUG SET-ACTIVE-EXPIRE 0");
        }
        let mut rng = Rng::new(seed);
        let mut executed = 0;
        for round in 0..60 {
            let script: Vec<String> = (0..60)
                .map(|_| {
                    let client = rng.pick(&["a", "b", "c"]);
                    let mut key = || rng.pick(&["k1", "k2", "k3"]);
                    let (first, second) = (key(), key());
                    let words = rng.pick(STEPS).split(' ').map(|word| match word {
                        "K" => first,
                        "J" => second,
                        other => other,
                    });
                    format!("{client} {}", words.collect::<Vec<_>>().join(" "))
                })
                .collect();
            executed += script.iter().filter(|line| line.ends_with("EXEC")).count();
            let how = differences(&mut sides, &script.join("\n"));
            assert!(how.is_none(), "seed {seed}, round {round}:\n{}", how.unwrap_or_default());
        }
        assert!(executed > 100, "only {executed} times EXEC");
    }
}

/// What EXEC is refused for though its commands had been queued.
#[test]
fn exec_is_refused_when_the_state_of_the_server_has_changed() {
    for changes in [
        &["CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"][..],
        &["CONFIG SET min-replicas-to-write 5", "CONFIG SET min-replicas-to-write 0"],
        &["REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"],
    ] {
        let [ours, real] = [Program::Oxidis, Program::Redis].map(|program| {
            let server = Server::start(program, &["min-replicas-max-lag 10", "replica-serve-stale-data no"]);
            let (mut writer, mut reader, mut other) = (server.client(), server.client(), server.client());
            let mut late = server.client();
            let mut seen = Vec::new();
            let mut call = |client: &mut Client, line: &str| {
                client.send(&line.split(' ').collect::<Vec<_>>()).expect("the server reads");
                seen.push(format!("{line} {}", show(&client.read().expect("an answer").raw)));
            };
            for line in ["MULTI", "SET k 1", "GET k"] {
                call(&mut writer, line);
            }
            for line in ["MULTI", "PING", "CLIENT GETNAME"] {
                call(&mut reader, line);
            }
            call(&mut late, "MULTI");
            call(&mut other, changes[0]);
            call(&mut late, "SET k 1");
            call(&mut late, "GET k");
            for client in [&mut writer, &mut reader, &mut late] {
                call(client, "EXEC");
                call(client, "EXEC");
                call(client, "MULTI");
                call(client, "DISCARD");
            }
            call(&mut other, changes[1]);
            call(&mut writer, "EXISTS k");
            seen.push(server.info("errorstat_EXECABORT"));
            seen.push(server.info("errorstat_ERR"));
            seen
        });
        assert_eq!(ours, real, "{changes:?}");
    }
}

#[test]
fn figures_monitors_and_the_slow_log_know_each_command_of_a_transaction() {
    let [ours, real] = [Program::Oxidis, Program::Redis].map(|program| {
        let server = Server::start(program, &["slowlog-log-slower-than 0"]);
        let (mut client, mut monitor, mut other) = (server.client(), server.client(), server.client());
        other.cmd("SLOWLOG RESET");
        assert!(monitor.cmd("MONITOR").is_ok());
        for line in [
            "WATCH w",
            "MULTI",
            "SET k 1",
            "INCR k",
            "LPUSH k 1",
            "EXEC",
            "MULTI",
            "NOSUCH",
            "EXEC",
            "MULTI",
            "EXEC x",
        ] {
            client.cmd(line);
        }
        let slow = other.cmd("SLOWLOG GET -1");
        let slow: Vec<_> = slow.items().iter().map(|entry| format!("{:?}", entry.items()[3])).collect();
        client.cmd("ECHO end");
        let mut seen = Vec::new();
        while seen.last().is_none_or(|line: &String| !line.contains("end")) {
            let line = monitor.read().expect("a line").value.text();
            seen.push(line.split_once("] ").expect("a command").1.to_owned());
        }
        let stats = server.cmd("INFO commandstats").text();
        let mut calls: Vec<String> = ["multi", "exec", "set", "incr", "lpush", "watch"]
            .iter()
            .filter_map(|name| stats.lines().find(|line| line.starts_with(&format!("cmdstat_{name}:"))))
            .map(|line| line.split(',').filter(|f| f.contains("calls")).collect::<Vec<_>>().join(" "))
            .collect();
        calls.push(server.info("total_error_replies"));
        (slow, seen, calls)
    });
    assert_eq!(ours, real);
}

#[test]
fn the_list_of_clients_tells_of_transactions() {
    let [ours, real] = [Program::Oxidis, Program::Redis].map(|program| {
        let server = Server::start(program, &[]);
        let (mut client, mut other) = (server.client(), server.client());
        let mut seen = Vec::new();
        let look = |other: &mut Client, seen: &mut Vec<String>| {
            let list = other.cmd("CLIENT LIST").text();
            let line =
                list.lines().find(|line| line.contains("name=me ")).expect("it is connected").to_owned();
            let field =
                |name: &str| line.split(' ').find(|f| f.starts_with(name)).unwrap_or_default().to_owned();
            seen.push(format!("{} {} {}", field("flags="), field("multi="), field("cmd=")));
        };
        client.cmd("CLIENT SETNAME me");
        for line in
            ["WATCH k", "MULTI", "GET k", "SET k 1", "EXEC", "WATCH k", "SET k 2", "MULTI", "GET k", "EXEC"]
        {
            client.cmd(line);
            look(&mut other, &mut seen);
        }
        client.cmd("MULTI");
        client.cmd("CLIENT INFO");
        let info = client.cmd("EXEC").items()[0].text();
        let fields = info.split(' ').filter(|f| f.starts_with("flags=") || f.starts_with("multi="));
        seen.extend(fields.map(str::to_owned));
        seen
    });
    assert_eq!(ours, real);
}

/// The stream of a primary, and a full sync, change keys under those who watch them on a replica.
#[test]
fn keys_that_replication_changes_are_changed_for_those_who_watch_them() {
    for (load, program) in
        [("disabled", Program::Oxidis), ("swapdb", Program::Oxidis), ("swapdb", Program::Redis)]
    {
        let primary = Server::start(Program::Redis, &[]);
        let replica = Server::start(program, &[&format!("repl-diskless-load {load}")]);
        for key in ["same", "changed"] {
            primary.cmd(&format!("SET {key} 1"));
            replica.cmd(&format!("SET {key} 0"));
        }
        let watch = |key: &str| {
            let mut client = replica.client();
            assert!(client.cmd(&format!("WATCH {key}")).is_ok());
            client
        };
        let (changed, none) = (watch("changed"), watch("none"));
        replica.replicate(&primary);
        wait_in_sync(&primary, &[&replica]);
        let (written, unwritten) = (watch("written"), watch("same"));
        primary.cmd("SET written 1");
        wait_for("the write to arrive", PATIENCE, || replica.cmd("GET written").text() == "1");
        for (mut client, runs) in [(changed, false), (none, true), (written, false), (unwritten, true)] {
            client.cmd("MULTI");
            client.cmd("PING");
            assert_eq!(client.cmd("EXEC") == Value::NullArray, !runs);
        }
    }
}
