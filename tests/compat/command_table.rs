//! COMMAND INFO, GETKEYS and GETKEYSANDFLAGS: for every command Oxidis knows, what redis-server says of it.

use crate::harness::value::show;
use crate::harness::{Client, Program, Rng, Server, Value};
use std::collections::BTreeSet;

/// Commands that Redis 7.0 does not have; their descriptions have nothing to be compared with.
const NEWER: &[&str] = &[
    "client|no-touch",
    "client|setinfo",
    "hexpire",
    "hexpireat",
    "hexpiretime",
    "hgetdel",
    "hgetex",
    "hpersist",
    "hpexpire",
    "hpexpireat",
    "hpexpiretime",
    "hpttl",
    "hsetex",
    "httl",
];

const REQUIRED: &str = "append decr decrby get getdel getex getrange getset incr incrby incrbyfloat lcs mget mset msetnx
    psetex set setex setnx setrange strlen substr
    copy del dump exists expire expireat expiretime keys migrate move object object|encoding object|freq object|help
    object|idletime object|refcount persist pexpire pexpireat pexpiretime pttl randomkey rename renamenx restore scan touch
    ttl type unlink wait
    auth client client|caching client|getname client|getredir client|help client|id client|info client|kill client|list client|no-evict client|pause
    client|reply client|setname client|tracking client|trackinginfo client|unblock client|unpause echo hello ping quit reset select
    bgsave command command|count command|docs command|getkeys command|getkeysandflags command|help command|info command|list
    config config|get config|help config|resetstat config|rewrite config|set dbsize debug flushall flushdb info lastsave
    latency latency|doctor latency|graph latency|help latency|histogram latency|history latency|latest latency|reset lolwut monitor psync replconf replicaof role save shutdown slaveof slowlog slowlog|get slowlog|help slowlog|len
    slowlog|reset swapdb sync time
    geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore
    bzmpop bzpopmax bzpopmin zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop zmscore zpopmax zpopmin
    zrandmember zrange zrangebylex zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank zremrangebyscore
    zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion zunionstore";

fn names(client: &mut Client) -> BTreeSet<String> {
    client.cmd("COMMAND LIST").items().iter().map(Value::text).collect()
}

fn pair() -> [Server; 2] {
    [Server::start(Program::Oxidis, &[]), Server::start(Program::Redis, &[])]
}

/// The commands both know, containers' subcommands included.
fn common(clients: &mut [Client; 2]) -> Vec<String> {
    let [ours, real] = clients;
    let (ours, real) = (names(ours), names(real));
    let missing: Vec<_> = REQUIRED.split_whitespace().filter(|name| !ours.contains(*name)).collect();
    assert!(missing.is_empty(), "commands missing: {missing:?}");
    let unknown: Vec<_> = ours.difference(&real).filter(|name| !NEWER.contains(&name.as_str())).collect();
    assert!(unknown.is_empty(), "commands that redis-server does not know: {unknown:?}");
    ours.intersection(&real).cloned().collect()
}

/// Commands that take more arguments since 7.2, so that their arity is another.
const LONGER: &[&str] = &["zrank", "zrevrank"];

/// COMMAND INFO's entry without the list of subcommands, whose order is that of a hash table: each is asked for by name.
fn entry(client: &mut Client, name: &str) -> Value {
    match client.cmd(&format!("COMMAND INFO {name}")) {
        Value::Array(mut entries) => match entries.pop() {
            Some(Value::Array(mut fields)) => {
                fields.truncate(9);
                if LONGER.contains(&name) {
                    fields.remove(1);
                }
                Value::Array(fields)
            }
            other => panic!("COMMAND INFO {name}: {other:?}"),
        },
        other => panic!("COMMAND INFO {name}: {other:?}"),
    }
}

#[test]
fn command_info_says_what_redis_says() {
    let servers = pair();
    for protocol in [2, 3] {
        let mut clients = [servers[0].client(), servers[1].client()];
        for client in &mut clients {
            assert!(!client.cmd(&format!("HELLO {protocol}")).is_error());
        }
        let names = common(&mut clients);
        let mut different = Vec::new();
        for name in &names {
            let [ours, real] = &mut clients;
            let (ours, real) = (entry(ours, name), entry(real, name));
            if ours != real {
                different.push(format!("{name}\n    ours {ours:?}\n    real {real:?}"));
            }
        }
        assert!(
            different.is_empty(),
            "RESP{protocol}: {} of {} differ\n{}",
            different.len(),
            names.len(),
            different.join("\n")
        );
        let nothing =
            clients.each_mut().map(|c| c.cmd("COMMAND INFO nosuch get nosuch|x config|nosuch get|x"));
        assert_eq!(nothing[0].items()[0], nothing[1].items()[0]);
        assert_eq!(nothing[0], nothing[1]);
    }
}

#[test]
fn command_getkeys_finds_what_redis_finds() {
    let servers = pair();
    let mut clients = [servers[0].client(), servers[1].client()];
    let names = common(&mut clients);
    let words = [
        "a", "b", "1", "2", "3", "0", "-1", "GET", "KEYS", "NX", "EX", "STORE", "BY", "COPY", "", "ENCODING",
        "help", "AUTH",
    ];
    let mut rng = Rng::new(5);
    let mut different = Vec::new();
    let mut found = 0;
    for name in names.iter().filter(|name| !LONGER.contains(&name.as_str())) {
        for count in 0..8 {
            for what in ["GETKEYS", "GETKEYSANDFLAGS"] {
                let mut args = vec!["COMMAND".to_string(), what.to_string()];
                args.extend(name.split('|').map(str::to_string));
                args.extend((0..count).map(|_| rng.pick(&words).to_string()));
                let [ours, real] = clients.each_mut().map(|client| {
                    client.send(&args).expect("the server reads");
                    client.read().unwrap_or_else(|e| panic!("{args:?}: {e}"))
                });
                found += usize::from(!real.value.is_error());
                if ours.raw != real.raw {
                    different.push(format!(
                        "{args:?}\n    ours {}\n    real {}",
                        show(&ours.raw),
                        show(&real.raw)
                    ));
                }
            }
        }
    }
    assert!(
        different.is_empty(),
        "{} differ\n{}",
        different.len(),
        different[..different.len().min(30)].join("\n")
    );
    assert!(found > 200, "only {found} calls had keys");
}

#[test]
fn command_list_filters_as_redis_does() {
    let servers = pair();
    let mut clients = [servers[0].client(), servers[1].client()];
    let known: BTreeSet<String> = common(&mut clients).into_iter().collect();
    for filter in [
        "ACLCAT read",
        "ACLCAT STRING",
        "ACLCAT keyspace",
        "ACLCAT dangerous",
        "ACLCAT connection",
        "ACLCAT nosuch",
        "PATTERN get*",
        "PATTERN *|*",
        "PATTERN CLIENT|k*",
        "PATTERN [^a-m]*",
        "MODULE nosuch",
    ] {
        let [ours, real] = clients.each_mut().map(|client| {
            let reply = client.cmd(&format!("COMMAND LIST FILTERBY {filter}"));
            reply.items().iter().map(Value::text).filter(|name| known.contains(name)).collect::<BTreeSet<_>>()
        });
        assert_eq!(ours, real, "COMMAND LIST FILTERBY {filter}");
    }
}

/// COMMAND DOCS by name: group, since and arguments, which redis-cli's hints come from.
#[test]
fn command_docs_describe_the_same_syntax() {
    let servers = pair();
    let mut clients = [servers[0].client(), servers[1].client()];
    let names = common(&mut clients);
    let mut different = Vec::new();
    for name in &names {
        let [ours, real] = clients.each_mut().map(|client| {
            let reply = client.cmd(&format!("COMMAND DOCS {name}"));
            let docs = reply.items().get(1).cloned().unwrap_or(Value::Array(Vec::new()));
            let field = |field: &str| {
                let pairs = docs.items().chunks(2);
                pairs.filter(|pair| pair[0].text() == field).map(|pair| pair[1].clone()).next()
            };
            let versions = field("history").map(|history| {
                history.items().iter().map(|change| change.items()[0].text()).collect::<Vec<_>>()
            });
            let fields = ["group", "since", "doc_flags", "deprecated_since", "replaced_by", "arguments"];
            (fields.map(field), versions)
        });
        if ours != real {
            different.push(format!("{name}\n    ours {ours:?}\n    real {real:?}"));
        }
    }
    assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
}
