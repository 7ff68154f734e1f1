//! COMMAND INFO's description of a command: an array of ten.
//!
//! ```text
//! name arity flags first-key last-key key-step acl-categories tips key-specs subcommands
//! ```

use crate::protocol::Reply;
use crate::server::command::{BeginSearch, Command, CommandId, FindKeys, Flags, KeyFlags, KeySpec, Registry};

/// Flags in the order in which they are listed; those not here are not shown to clients.
const FLAG_NAMES: &[(Flags, &str)] = &[
    (Flags::WRITE, "write"),
    (Flags::READONLY, "readonly"),
    (Flags::DENYOOM, "denyoom"),
    (Flags::ADMIN, "admin"),
    (Flags::PUBSUB, "pubsub"),
    (Flags::NOSCRIPT, "noscript"),
    (Flags::BLOCKING, "blocking"),
    (Flags::LOADING, "loading"),
    (Flags::STALE, "stale"),
    (Flags::SKIP_MONITOR, "skip_monitor"),
    (Flags::SKIP_SLOWLOG, "skip_slowlog"),
    (Flags::ASKING, "asking"),
    (Flags::FAST, "fast"),
    (Flags::NO_AUTH, "no_auth"),
    (Flags::NO_MANDATORY_KEYS, "no_mandatory_keys"),
    (Flags::NO_ASYNC_LOADING, "no_async_loading"),
    (Flags::NO_MULTI, "no_multi"),
    (Flags::MOVABLEKEYS, "movablekeys"),
    (Flags::ALLOW_BUSY, "allow_busy"),
];

const KEY_FLAG_NAMES: &[(KeyFlags, &str)] = &[
    (KeyFlags::RO, "RO"),
    (KeyFlags::RW, "RW"),
    (KeyFlags::OW, "OW"),
    (KeyFlags::RM, "RM"),
    (KeyFlags::ACCESS, "access"),
    (KeyFlags::UPDATE, "update"),
    (KeyFlags::INSERT, "insert"),
    (KeyFlags::DELETE, "delete"),
    (KeyFlags::NOT_KEY, "not_key"),
    (KeyFlags::INCOMPLETE, "incomplete"),
    (KeyFlags::VARIABLE_FLAGS, "variable_flags"),
];

/// Every command that stands by itself.
pub fn all(registry: &Registry, reply: &mut Reply) {
    reply.array(registry.top_level().count());
    for id in registry.top_level() {
        entry(registry, id, reply);
    }
}

/// One command, with its subcommands.
pub fn entry(registry: &Registry, id: CommandId, reply: &mut Reply) {
    let known = &registry[id];
    let command = known.command;
    let range = legacy_range(command);
    reply.array(10);
    reply.bulk(known.full_name.as_bytes());
    reply.int(command.arity.into());
    let mut flags = command.flags;
    flags.set(Flags::MOVABLEKEYS, range.movable);
    let flags: Vec<&str> =
        FLAG_NAMES.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, name)| *name).collect();
    simples(flags, reply);
    reply.int(range.first.into());
    reply.int(range.last.into());
    reply.int(range.step.into());
    reply.set(command.acl.iter_names().count());
    for (category, _) in command.acl.iter_names() {
        reply.simple(&format!("@{}", category.to_ascii_lowercase()));
    }
    reply.set(command.tips.len());
    for tip in command.tips {
        reply.bulk(tip.as_bytes());
    }
    reply.set(command.keys.len());
    for spec in command.keys {
        key_spec(spec, reply);
    }
    if known.subcommands.is_empty() {
        reply.set(0);
        return;
    }
    reply.array(known.subcommands.len());
    for sub in &known.subcommands {
        entry(registry, *sub, reply);
    }
}

/// What is done with a key.
pub fn key_flags(flags: KeyFlags, reply: &mut Reply) {
    simples(
        KEY_FLAG_NAMES.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, name)| *name).collect(),
        reply,
    );
}

fn simples(names: Vec<&str>, reply: &mut Reply) {
    reply.set(names.len());
    for name in names {
        reply.simple(name);
    }
}

fn key_spec(spec: &KeySpec, reply: &mut Reply) {
    reply.map(if spec.notes.is_empty() { 3 } else { 4 });
    if !spec.notes.is_empty() {
        reply.bulk(b"notes");
        reply.bulk(spec.notes.as_bytes());
    }
    reply.bulk(b"flags");
    key_flags(spec.flags, reply);
    reply.bulk(b"begin_search");
    match spec.begin {
        BeginSearch::Index(index) => spec_part(reply, "index", &[("index", Part::Int(index))]),
        BeginSearch::Keyword(word, from) => {
            spec_part(reply, "keyword", &[("keyword", Part::Text(word)), ("startfrom", Part::Int(from))]);
        }
        BeginSearch::Unknown => spec_part(reply, "unknown", &[]),
    }
    reply.bulk(b"find_keys");
    match spec.find {
        FindKeys::Range { last, step, limit } => spec_part(
            reply,
            "range",
            &[("lastkey", Part::Int(last)), ("keystep", Part::Int(step)), ("limit", Part::Int(limit))],
        ),
        FindKeys::KeyNum { at, first, step } => spec_part(
            reply,
            "keynum",
            &[("keynumidx", Part::Int(at)), ("firstkey", Part::Int(first)), ("keystep", Part::Int(step))],
        ),
        FindKeys::Unknown => spec_part(reply, "unknown", &[]),
    }
}

enum Part {
    Int(i32),
    Text(&'static str),
}

fn spec_part(reply: &mut Reply, kind: &str, fields: &[(&str, Part)]) {
    reply.map(2);
    reply.bulk(b"type");
    reply.bulk(kind.as_bytes());
    reply.bulk(b"spec");
    reply.map(fields.len());
    for (name, value) in fields {
        reply.bulk(name.as_bytes());
        match value {
            Part::Int(n) => reply.int((*n).into()),
            Part::Text(text) => reply.bulk(text.as_bytes()),
        }
    }
}

/// Keys as clients older than key specs know them: from `first` to `last`, each `step`-th.
#[derive(Default, Debug, PartialEq)]
struct LegacyRange {
    first: i32,
    last: i32,
    step: i32,
    /// There are keys that these three do not find.
    movable: bool,
}

fn legacy_range(command: &Command) -> LegacyRange {
    let mut range = LegacyRange::default();
    let single = command.keys.len() == 1;
    for spec in command.keys {
        let (BeginSearch::Index(first), FindKeys::Range { last, step, .. }) = (spec.begin, spec.find) else {
            range.movable = true;
            continue;
        };
        // Several specs make one range only where each begins behind the one before.
        let follows = range.first == 0 || range.last == first - 1;
        if !single && (step != 1 || !follows) {
            range.movable = true;
            continue;
        }
        range.movable |= spec.flags.contains(KeyFlags::INCOMPLETE);
        range.first = if range.first == 0 { first } else { range.first.min(first) };
        range.last = if last >= 0 { first + last } else { last };
        range.step = step;
    }
    range
}
