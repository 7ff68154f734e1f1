//! OBJECT: how a key is held.

use crate::commands::container;
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::Config;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::{StrRef, ValueRef};

/// `OBJECT`
pub static OBJECT: Command = Command {
    name: "object",
    arity: -2,
    flags: flags!(),
    acl: acl!(SLOW),
    keys: &[],
    group: Group::Generic,
    tips: &[],
    run: Run::Container,
    subcommands: &[
        Command {
            name: "encoding",
            arity: 3,
            flags: flags!(READONLY),
            acl: acl!(KEYSPACE | READ | SLOW),
            keys: &[key_at(2, access!(RO))],
            group: Group::Generic,
            tips: &["nondeterministic_output"],
            run: Run::Data(encoding),
            subcommands: &[],
        },
        Command {
            name: "freq",
            arity: 3,
            flags: flags!(READONLY),
            acl: acl!(KEYSPACE | READ | SLOW),
            keys: &[key_at(2, access!(RO))],
            group: Group::Generic,
            tips: &["nondeterministic_output"],
            run: Run::Data(freq),
            subcommands: &[],
        },
        Command {
            name: "help",
            arity: 2,
            flags: flags!(LOADING | STALE),
            acl: acl!(KEYSPACE | SLOW),
            keys: &[],
            group: Group::Generic,
            tips: &[],
            run: Run::Data(help),
            subcommands: &[],
        },
        Command {
            name: "idletime",
            arity: 3,
            flags: flags!(READONLY),
            acl: acl!(KEYSPACE | READ | SLOW),
            keys: &[key_at(2, access!(RO))],
            group: Group::Generic,
            tips: &["nondeterministic_output"],
            run: Run::Data(idletime),
            subcommands: &[],
        },
        Command {
            name: "refcount",
            arity: 3,
            flags: flags!(READONLY),
            acl: acl!(KEYSPACE | READ | SLOW),
            keys: &[key_at(2, access!(RO))],
            group: Group::Generic,
            tips: &["nondeterministic_output"],
            run: Run::Data(refcount),
            subcommands: &[],
        },
    ],
};

/// Integers below this are one object for all keys that hold them.
const SHARED_INTEGERS: i64 = 10_000;
/// The number of references that such an object shows.
const SHARED_REFERENCES: i64 = i32::MAX as i64;

fn encoding(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(2);
    let there = e.ks.lookup_read_quietly(e.db, key).is_some();
    match e.ks.entry_info(e.db, key).filter(|_| there) {
        Some(info) => e.reply.bulk(info.encoding.name().as_bytes()),
        None => e.reply.null(),
    }
    Ok(())
}

fn freq(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(2);
    if e.ks.lookup_read_quietly(e.db, key).is_none() {
        e.reply.null();
        return Ok(());
    }
    if !e.ks.freq.lfu {
        return Err(CmdError::err(concat!(
            "An LFU maxmemory policy is not selected, access frequency not tracked. ",
            "Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."
        )));
    }
    e.reply.int(e.ks.lfu_counter(e.db, key).map_or(0, i64::from));
    Ok(())
}

fn help(e: &mut Exec<'_>) -> CmdResult {
    const LINES: &[&str] = &[
        "ENCODING <key>",
        "    Return the kind of internal representation used in order to store the value",
        "    associated with a <key>.",
        "FREQ <key>",
        "    Return the access frequency index of the <key>. The returned integer is",
        "    proportional to the logarithm of the recent access frequency of the key.",
        "IDLETIME <key>",
        "    Return the idle time of the <key>, that is the approximated number of",
        "    seconds elapsed since the last access to the key.",
        "REFCOUNT <key>",
        "    Return the number of references of the value associated with the specified",
        "    <key>.",
    ];
    container::help(e.reply, e.args, LINES)
}

fn idletime(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(2);
    if e.ks.lookup_read_quietly(e.db, key).is_none() {
        e.reply.null();
        return Ok(());
    }
    if e.ks.freq.lfu {
        return Err(CmdError::err(concat!(
            "An LFU maxmemory policy is selected, idle time not tracked. ",
            "Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."
        )));
    }
    e.reply.int(e.ks.idle_ms(e.db, key).unwrap_or(0) as i64 / 1000);
    Ok(())
}

fn refcount(e: &mut Exec<'_>) -> CmdResult {
    match e.ks.lookup_read_quietly(e.db, e.args.at(2)) {
        Some(value) => e.reply.int(references(value, e.config)),
        None => e.reply.null(),
    }
    Ok(())
}

/// How many references Redis would have to a value: its small integers are shared by all keys.
pub(in crate::commands) fn references(value: ValueRef<'_>, config: &Config) -> i64 {
    // An eviction policy that looks at single objects leaves none shared.
    let policy = config.maxmemory_policy;
    let shared = config.maxmemory == 0 || !(policy.is_lru() || policy.is_lfu());
    match value {
        ValueRef::Str(StrRef::Int(0..SHARED_INTEGERS)) if shared => SHARED_REFERENCES,
        _ => 1,
    }
}
