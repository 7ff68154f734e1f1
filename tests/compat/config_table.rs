//! CONFIG: the options and defaults redis-server has, and its answers to values good and bad.

use crate::harness::value::show;
use crate::harness::{Client, Program, Server, Value};
use std::collections::BTreeMap;

fn pair() -> [Server; 2] {
    [Server::start(Program::Oxidis, &[]), Server::start(Program::Redis, &[])]
}

fn options(client: &mut Client) -> BTreeMap<String, String> {
    let reply = client.cmd("CONFIG GET *");
    reply.items().chunks(2).map(|pair| (pair[0].text(), pair[1].text())).collect()
}

/// What belongs to the one server.
const OWN: &[&str] = &["port", "dir", "bind", "pidfile", "logfile"];

#[test]
fn config_get_knows_every_option_with_its_default() {
    let servers = pair();
    let [ours, real] = [0, 1].map(|i| options(&mut servers[i].client()));
    assert!(real.len() > 150, "{}", real.len());
    let different: Vec<_> = real
        .iter()
        .filter(|(name, value)| !OWN.contains(&name.as_str()) && ours.get(*name) != Some(value))
        .map(|(name, value)| format!("{name}: ours {:?}, real {value:?}", ours.get(name)))
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Options whose value moves the server away from its client, or makes it do long work.
const NOT_TOUCHED: &[&str] = &[
    "port",
    "bind",
    "dir",
    "requirepass",
    "maxmemory",
    "maxclients",
    "appendonly",
    "slaveof",
    "replicaof",
    "tls-port",
    "timeout",
    "client-query-buffer-limit",
    "proto-max-bulk-len",
    "maxmemory-clients",
    "unixsocket",
    "aclfile",
    "masterauth",
    "masteruser",
    "repl-backlog-size",
    "client-output-buffer-limit",
    "activedefrag",
    "oom-score-adj",
    "cluster-port",
    "cluster-announce-hostname",
    "cluster-announce-port",
    "tls-cluster",
    "tls-replication",
    "oom-score-adj-values",
    "bio_cpulist",
    "server_cpulist",
    "aof_rewrite_cpulist",
    "bgsave_cpulist",
];

#[test]
fn config_set_takes_and_refuses_what_redis_does() {
    let servers = pair();
    let mut clients = [servers[0].client(), servers[1].client()];
    let names: Vec<String> = options(&mut clients[1]).into_keys().collect();
    let values = [
        "",
        "yes",
        "no",
        "0",
        "1",
        "-1",
        "10",
        "100000",
        "abc",
        "1mb",
        "1k",
        "2gb",
        "1.5",
        "99999999999999999999",
        "10%",
        "-10",
        "yes yes",
        "3600 1",
        "noeviction",
        "always",
        "warning",
        "18446744073709551615",
    ];
    let mut different = Vec::new();
    let (mut taken, mut refused) = (0, 0);
    for name in names.iter().filter(|name| !NOT_TOUCHED.contains(&name.as_str())) {
        for value in values {
            let request = ["CONFIG", "SET", name, value];
            let [ours, real] = clients.each_mut().map(|client| {
                client.send(&request).expect("the server reads");
                client.read().unwrap_or_else(|e| panic!("{request:?}: {e}")).raw
            });
            if ours != real {
                different.push(format!(
                    "CONFIG SET {name} {value:?}\n    ours {}\n    real {}",
                    show(&ours),
                    show(&real)
                ));
                continue;
            }
            if real.starts_with(b"-") {
                refused += 1;
                continue;
            }
            taken += 1;
            let [ours, real] = clients.each_mut().map(|client| client.call(&["CONFIG", "GET", name]));
            if ours != real {
                different
                    .push(format!("CONFIG GET {name} after {value:?}\n    ours {ours:?}\n    real {real:?}"));
            }
        }
    }
    assert!(taken > 200 && refused > 500, "{taken} taken, {refused} refused");
    assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
}

#[test]
fn config_set_of_several_options_is_all_or_nothing() {
    let servers = pair();
    let scripts: &[&[&str]] = &[
        &["SET", "hz", "20", "lfu-log-factor", "5"],
        &["SET", "hz", "30", "lfu-log-factor", "abc"],
        &["SET", "lfu-log-factor", "7", "nosuch", "1"],
        &["SET", "hz", "30", "hz", "40"],
        &["SET", "HZ", "50", "Lfu-Decay-Time", "2"],
        &["SET", "daemonize", "yes", "hz", "60"],
        &["SET", "hz"],
        &["SET", "hz", "1", "lfu-log-factor"],
        &["SET"],
        &["GET"],
        &["GET", "nosuch"],
        &["GET", "h[z]"],
        &["GET", "lfu-log-factor"],
        &["SET", "save", "900 1 300 10"],
        &["GET", "save"],
        &["SET", "save", "900"],
        &["SET", "save", "0 1"],
        &["SET", "save", ""],
        &["GET", "save"],
        &["SET", "client-output-buffer-limit", "replica 1mb 2mb 60"],
        &["SET", "client-output-buffer-limit", "normal 0 0 0 pubsub 1k 1k 1"],
        &["SET", "client-output-buffer-limit", "nosuch 0 0 0"],
        &["SET", "client-output-buffer-limit", "master 0 0 0"],
        &["SET", "client-output-buffer-limit", "normal 0 0"],
        &["GET", "client-output-buffer-limit"],
        &["SET", "repl-backlog-size", "100"],
        &["GET", "repl-backlog-size"],
        &["SET", "maxmemory", "1gb"],
        &["GET", "maxmemory"],
        &["SET", "maxmemory", "0"],
        &["SET", "slave-read-only", "no"],
        &["GET", "replica-read-only"],
        &["GET", "slave-read-only"],
        &["SET", "replica-announced", "no"],
        &["SET", "notify-keyspace-events", "KEA"],
        &["GET", "notify-keyspace-events"],
        &["SET", "notify-keyspace-events", "x?"],
        &["SET", "proc-title-template", "{title} {nosuch}"],
        &["SET", "proc-title-template", "{title} {port}"],
        &["SET", "loglevel", "NOTICE"],
        &["GET", "loglevel"],
        &["RESETSTAT"],
        &["RESETSTAT", "x"],
        &["REWRITE", "x"],
        &["nosuch"],
    ];
    let mut different = Vec::new();
    let mut clients = [servers[0].client(), servers[1].client()];
    for script in scripts {
        let request: Vec<&str> = ["CONFIG"].iter().chain(*script).copied().collect();
        let [ours, real] = clients.each_mut().map(|client| client.call(&request));
        if ours != real {
            different.push(format!("{request:?}\n    ours {ours:?}\n    real {real:?}"));
        }
        let [ours, real] = clients.each_mut().map(|client| {
            let reply: Vec<Value> = ["hz", "lfu-log-factor", "lfu-decay-time"]
                .iter()
                .map(|name| client.call(&["CONFIG", "GET", name]))
                .collect();
            reply
        });
        if ours != real {
            different.push(format!("after {request:?}\n    ours {ours:?}\n    real {real:?}"));
        }
    }
    assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
}
