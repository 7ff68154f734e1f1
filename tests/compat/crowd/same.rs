//! Replies without what must differ between two servers: addresses, moments, how long things took, sizes in memory, and the
//! order of what lies in a table.

use crate::harness::Value;
use crate::harness::value::parse;
use std::collections::BTreeMap;

/// Who has which port.
pub type Ports = BTreeMap<u16, String>;

/// Fields of a client that must differ, or that are of our own. What a pause holds stays in our query buffer.
const DIFFERENT: &[&str] = &[
    "laddr",
    "fd",
    "age",
    "idle",
    "qbuf",
    "qbuf-free",
    "rbs",
    "rbp",
    "obl",
    "oll",
    "omem",
    "tot-mem",
    "lib-name",
    "lib-ver",
];

/// Fields of INFO that count what clients did. Hits and misses are not among them: Redis looks up the streams of XREADGROUP twice.
const COUNTED: &[&str] = &[
    "connected_clients",
    "blocked_clients",
    "tracking_clients",
    "clients_in_timeout_table",
    "total_connections_received",
    "total_commands_processed",
    "expired_keys",
    "evicted_clients",
    "pubsub_channels",
    "pubsub_patterns",
    "pubsubshard_channels",
    "tracking_total_keys",
    "tracking_total_items",
    "tracking_total_prefixes",
    "unexpected_error_replies",
    "client_query_buffer_limit_disconnections",
    "client_output_buffer_limit_disconnections",
];

/// All replies in these bytes, and what is left over.
pub fn replies(bytes: &[u8], ports: &Ports) -> (Vec<Value>, Vec<u8>) {
    let (mut all, mut at) = (Vec::new(), 0);
    while at < bytes.len()
        && let Ok(Some((value, len))) = parse(&bytes[at..])
    {
        all.push(value);
        at += len;
    }
    let all = all.into_iter().map(|value| plain(value, ports));
    // What of our own a monitor sees first, before or behind a pause, is chance.
    let own = |value: &Value| matches!(value, Value::Simple(line) if line.starts_with(b"0 <control>"));
    (in_order(all.filter(|value| !own(value)).collect()), bytes[at..].to_vec())
}

/// A reply without what differs.
pub fn plain(value: Value, ports: &Ports) -> Value {
    match value {
        Value::Bulk(bytes) => Value::Bulk(text(bytes, ports)),
        Value::Verbatim(bytes) => Value::Verbatim(text(bytes, ports)),
        Value::Simple(bytes) => Value::Simple(monitored(bytes, ports)),
        Value::Set(items) => {
            let mut items: Vec<Value> = items.into_iter().map(|item| plain(item, ports)).collect();
            items.sort();
            Value::Set(items)
        }
        Value::Push(items) => Value::Push(items.into_iter().map(|item| plain(item, ports)).collect()),
        Value::Array(items) => Value::Array(aggregate(items, ports)),
        Value::Map(items) => Value::Map(aggregate(items, ports)),
        other => other,
    }
}

fn aggregate(items: Vec<Value>, ports: &Ports) -> Vec<Value> {
    // An entry of the slow log: its number, which differences before it move on, its moment, and how long it took.
    let slow = items.len() == 6 && matches!(items[1], Value::Int(n) if n > 1 << 30);
    let mut items: Vec<Value> = items.into_iter().map(|item| plain(item, ports)).collect();
    if slow {
        items[0] = Value::Null;
        items[1] = Value::Null;
        items[2] = Value::Null;
    }
    // Whether something of our own was logged before or behind a short wait is chance.
    let own = |item: &Value| matches!(item, Value::Array(of) if of.len() == 6 && of[4] == Value::Bulk(b"<control>".to_vec()));
    items.retain(|item| !own(item));
    for at in 1..items.len() {
        if let Value::Bulk(name) = &items[at - 1]
            && [&b"age-seconds"[..], b"histogram_usec", b"version"].contains(&name.as_slice())
        {
            items[at] = Value::Null;
        }
    }
    // The histograms of commands, names and maps in turn.
    let of_commands = items.len() > 2
        && items.chunks(2).all(|pair| {
            let figures = match pair.get(1) {
                Some(Value::Array(of) | Value::Map(of)) => of,
                _ => return false,
            };
            matches!(figures.first(), Some(Value::Bulk(name)) if name == b"calls")
        });
    if of_commands {
        let mut pairs: Vec<_> = items.chunks(2).map(<[Value]>::to_vec).collect();
        pairs.sort();
        return pairs.concat();
    }
    // Channels, the flags of a command.
    let channels = items.iter().all(|item| matches!(item, Value::Bulk(name) if is_channel(name)));
    if channels || items.iter().all(|item| matches!(item, Value::Simple(_))) {
        items.sort();
    }
    in_order(items)
}

/// The names of channels that `draw` draws.
fn is_channel(name: &[u8]) -> bool {
    name.starts_with(b"__") || (name.len() == 2 && matches!(name[0], b'c' | b's'))
}

/// The messages of a channel by several patterns, and the ends of several subscriptions, lie in a table's order. An
/// invalidation may stand elsewhere among the events of the command that caused it.
fn in_order(mut values: Vec<Value>) -> Vec<Value> {
    for run in values.chunk_by_mut(|a, b| is_message(a) && is_message(b)) {
        run.sort_by_key(is_invalidation);
    }
    // Who tracks is told of a flush in the order of the clients, which Redis changes every now and then.
    for run in values.chunk_by_mut(|a, b| is_of_flush(a) && is_of_flush(b)) {
        run.sort();
    }
    for run in values.chunk_by_mut(in_any_order) {
        let mut names: Vec<Value> = run.iter().filter_map(|value| parts(value)?.get(1)).cloned().collect();
        if run.len() > 1 {
            names.sort();
            for (value, name) in run.iter_mut().zip(names) {
                if let Value::Array(items) | Value::Push(items) = value {
                    items[1] = name;
                }
            }
        }
    }
    values
}

fn parts(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(items) | Value::Push(items) => Some(items),
        _ => None,
    }
}

fn kind(value: &Value) -> &[u8] {
    match parts(value).and_then(<[Value]>::first) {
        Some(Value::Bulk(kind)) => kind,
        _ => b"",
    }
}

fn is_invalidation(value: &Value) -> bool {
    let channel = Value::Bulk(b"__redis__:invalidate".to_vec());
    let told_in_resp2 = || parts(value).is_some_and(|items| items.len() == 3 && items[1] == channel);
    kind(value) == b"invalidate" || kind(value) == b"message" && told_in_resp2()
}

fn is_of_flush(value: &Value) -> bool {
    let last = parts(value).and_then(<[Value]>::last);
    is_invalidation(value) && matches!(last, Some(Value::Null | Value::NullBulk))
}

fn is_message(value: &Value) -> bool {
    [&b"message"[..], b"pmessage", b"invalidate"].contains(&kind(value))
}

fn in_any_order(a: &Value, b: &Value) -> bool {
    kind(a) == kind(b)
        && match kind(a) {
            b"pmessage" => parts(a).map(|items| &items[2..]) == parts(b).map(|items| &items[2..]),
            b"unsubscribe" | b"sunsubscribe" => true,
            _ => false,
        }
}

fn text(bytes: Vec<u8>, ports: &Ports) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&bytes) else { return bytes };
    let lines = text.strip_prefix("txt:").unwrap_or(text);
    if lines.starts_with("id=") {
        let client = |line: &str| {
            // EXEC's arguments are those of the last of its commands that replicas are sent in another form.
            let in_exec = line.contains(" cmd=exec ");
            let fields = line.split(' ').filter_map(|field| field.split_once('='));
            let same =
                fields.filter(|(name, _)| !(DIFFERENT.contains(name) || in_exec && *name == "argv-mem"));
            let shown = same.map(|(name, value)| match (name, value) {
                // Redis marks those that it has let go and not yet gone on with.
                ("flags", "u") => "flags=N".into(),
                _ => format!("{name}={}", address(value, ports)),
            });
            shown.collect::<Vec<_>>().join(" ")
        };
        // The replica and whoever looked whether the server had started are nobody's, and what our own is at may be chance; which
        // client comes first, Redis changes every now and then.
        let is_named = |line: &String| !line.contains("addr=? ") && !line.contains("addr=<control> ");
        let mut named: Vec<_> = lines.lines().map(client).filter(is_named).collect();
        named.sort();
        return named.join("\n").into_bytes();
    }
    if lines.starts_with("# ") {
        return info(lines, false).into_bytes();
    }
    if lines.contains("-@all") || lines.contains("+@all") {
        return rules(lines).into_bytes();
    }
    address(text, ports).into_bytes()
}

/// The rules of a user, its single commands in an order: Redis has them in that of a table.
fn rules(text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    let single = |word: &str| word.starts_with(['+', '-']) && !word[1..].starts_with('@');
    for run in words.chunk_by_mut(|a, b| single(a) && single(b)) {
        run.sort_unstable();
    }
    words.join(" ")
}

/// What INFO counts. With `all` the errors too: our own waiting makes some.
pub fn info(text: &str, all: bool) -> String {
    let mut lines: Vec<String> = text
        .lines()
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            if name.starts_with("cmdstat_") || name.starts_with("db") {
                // Redis counts the error of a client that is unblocked with one as that of the command which did it, too.
                let unblocks = name == "cmdstat_client|unblock";
                let counts = value.split(',').filter(|count| {
                    let not_same = ["usec", "avg_ttl"].iter().any(|field| count.starts_with(field));
                    !(not_same || unblocks && count.starts_with("failed"))
                });
                Some(format!("{name} {}", counts.collect::<Vec<_>>().join(" ")))
            } else if name == "errorstat_ERR" || name == "total_error_replies" {
                all.then(|| line.to_owned())
            } else {
                (name.starts_with("errorstat_") || COUNTED.contains(&name)).then(|| line.to_owned())
            }
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

/// `127.0.0.1:port` as who has the port.
fn address(text: &str, ports: &Ports) -> String {
    let Some(port) = text.strip_prefix("127.0.0.1:") else { return text.to_owned() };
    port.parse()
        .ok()
        .and_then(|port: u16| ports.get(&port))
        .map_or_else(|| "?".into(), |name| format!("<{name}>"))
}

/// A line of MONITOR without its moment.
fn monitored(bytes: Vec<u8>, ports: &Ports) -> Vec<u8> {
    let line = String::from_utf8_lossy(&bytes);
    let parts = line.split_once(" [").and_then(|(time, rest)| {
        let (db, rest) = rest.split_once(' ')?;
        let (who, what) = rest.split_once("] ")?;
        time.starts_with(|c: char| c.is_ascii_digit()).then(|| format!("{db} {} {what}", address(who, ports)))
    });
    parts.map_or(bytes.clone(), String::into_bytes)
}
