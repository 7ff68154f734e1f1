//! The keys in a full command, for COMMAND GETKEYS and for those who may not use every key.

use crate::acl::Access;
use crate::protocol::args::c_str;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{BeginSearch, Command, FindKeys, Flags, KeyFlags, KeySpec, Registry};
use smallvec::SmallVec;

/// Keys of one command are mostly no more than this.
const KEYS_ON_STACK: usize = 4;

/// Positions of keys, and what the client must be allowed to do with each.
pub type Accesses = SmallVec<[(usize, Access); KEYS_ON_STACK]>;

/// Positions of the keys among `args`, which begin with the command's name, and what is done with each.
///
/// # Errors
/// There is no such command, it has no keys, or the arguments do not fit it.
pub fn of(registry: &Registry, args: Args<'_>) -> CmdResult<Vec<(usize, KeyFlags)>> {
    let unknown = || CmdError::err("Invalid command specified");
    let id = registry.resolve(args).ok_or_else(unknown)?;
    let known = &registry[id];
    if !known.subcommands.is_empty() && args.len() > 1 {
        return Err(unknown());
    }
    let command = known.command;
    if command.keys.iter().all(|spec| spec.flags.contains(KeyFlags::NOT_KEY)) {
        return Err(CmdError::err("The command has no key arguments"));
    }
    if !command.accepts(args.len()) {
        return Err(CmdError::err("Invalid number of arguments specified for command"));
    }
    match positions(command, args) {
        Ok(keys) if !keys.is_empty() => Ok(keys),
        _ if command.has(Flags::NO_MANDATORY_KEYS) => Ok(Vec::new()),
        Ok(_) => Err(CmdError::err("Invalid arguments specified for command")),
        Err(error) => Err(error),
    }
}

const RO_ACCESS: KeyFlags = KeyFlags::RO.union(KeyFlags::ACCESS);
const RW_ACCESS_UPDATE: KeyFlags = KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::UPDATE);
const RW_ACCESS_DELETE: KeyFlags = KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::DELETE);
const OW_UPDATE: KeyFlags = KeyFlags::OW.union(KeyFlags::UPDATE);

/// Positions of a command's keys. Of some the row does not tell all.
fn positions(command: &Command, args: Args<'_>) -> CmdResult<Vec<(usize, KeyFlags)>> {
    match command.name {
        "set" => Ok(vec![(1, set_flags(args))]),
        "bitfield" => Ok(vec![(1, bitfield_flags(args))]),
        "sort" => Ok(sort_keys(args)),
        "sort_ro" => Ok(vec![(1, RO_ACCESS)]),
        "migrate" => Ok(migrate_keys(args).map(|at| (at, RW_ACCESS_DELETE)).collect()),
        _ => command.keys_of(args),
    }
}

/// Positions of a command's keys, and what its client must be allowed to do with them. There are none where the arguments
/// do not fit: the command itself will say so.
#[inline]
#[must_use]
pub fn accesses(command: &Command, args: Args<'_>) -> Accesses {
    /// With these the row does not tell all.
    const UNRELIABLE: KeyFlags =
        KeyFlags::NOT_KEY.union(KeyFlags::VARIABLE_FLAGS).union(KeyFlags::INCOMPLETE);
    match command.keys {
        [] => SmallVec::new(),
        [KeySpec { flags, begin: BeginSearch::Index(at), find: FindKeys::Range { last: 0, .. }, .. }]
            if !flags.intersects(UNRELIABLE) && (*at as usize) < args.len() =>
        {
            one(*at as usize, access(*flags))
        }
        [_] if command.name == "set" => one(1, access(set_flags(args))),
        _ => {
            let keys = positions(command, args).unwrap_or_else(|_| guessed(command, args));
            let told = keys.into_iter().map(|(at, flags)| (at, access(flags)));
            told.chain(stored_at(command, args).map(|at| (at, Access::WRITE))).collect()
        }
    }
}

/// Keys of a command whose number of keys is none. It is going to fail, but as in Redis not before its client is known to
/// have something to do with these.
fn guessed(command: &Command, args: Args<'_>) -> Vec<(usize, KeyFlags)> {
    let mut keys = Vec::new();
    for spec in command.keys {
        match (spec.begin, spec.find) {
            (BeginSearch::Index(begin), FindKeys::KeyNum { at, first, .. }) => {
                let first = (begin + first) as usize;
                let digits = args.get((begin + at) as usize).unwrap_or_default();
                let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
                let count = digits
                    .fold(0usize, |n, byte| n.saturating_mul(10).saturating_add(usize::from(byte - b'0')));
                if count == 0 || count > args.len().saturating_sub(first) {
                    return Vec::new();
                }
                keys.extend((first..first + count).map(|at| (at, KeyFlags::empty())));
            }
            (BeginSearch::Index(at), FindKeys::Range { last: 0, .. }) => {
                keys.push((at as usize, KeyFlags::empty()));
            }
            _ => return Vec::new(),
        }
    }
    keys
}

/// Where GEORADIUS and its like may store: the last STORE counts for it, while its row tells of the first.
fn stored_at(command: &Command, args: Args<'_>) -> impl Iterator<Item = usize> {
    let stores = matches!(command.name, "georadius" | "georadiusbymember");
    let words = if stores { 5..args.len().saturating_sub(1) } else { 0..0 };
    words.filter(move |at| is(args.at(*at), "store") || is(args.at(*at), "storedist")).map(|at| at + 1)
}

fn one(at: usize, access: Access) -> Accesses {
    let mut keys = SmallVec::new();
    keys.push((at, access));
    keys
}

/// What a client must be allowed to do. Whether a key is there, and of what kind, may be known to whoever may do anything
/// with it.
const fn access(flags: KeyFlags) -> Access {
    const WRITES: KeyFlags = KeyFlags::INSERT.union(KeyFlags::DELETE).union(KeyFlags::UPDATE);
    let reads = if flags.contains(KeyFlags::ACCESS) { Access::READ } else { Access::empty() };
    if flags.intersects(WRITES) { reads.union(Access::WRITE) } else { reads }
}

fn is(arg: &[u8], word: &str) -> bool {
    c_str(arg).eq_ignore_ascii_case(word.as_bytes())
}

/// SET with GET reads as well: its row cannot tell.
fn set_flags(args: Args<'_>) -> KeyFlags {
    if args.rest(3).iter().any(|arg| is(arg, "get")) { RW_ACCESS_UPDATE } else { OW_UPDATE }
}

/// BITFIELD that only gets does not write: its row cannot tell.
fn bitfield_flags(args: Args<'_>) -> KeyFlags {
    let mut at = 2;
    while let Some(word) = args.get(at) {
        let left = args.len() - at - 1;
        at += match word {
            word if is(word, "get") && left >= 2 => 3,
            word if is(word, "overflow") && left >= 1 => 2,
            _ => return RW_ACCESS_UPDATE,
        };
    }
    RO_ACCESS
}

/// SORT's own key, and the one behind the last STORE.
fn sort_keys(args: Args<'_>) -> Vec<(usize, KeyFlags)> {
    let mut store = None;
    let mut at = 2;
    while let Some(word) = args.get(at) {
        at += match word {
            word if is(word, "limit") => 3,
            word if is(word, "get") || is(word, "by") => 2,
            word => {
                if is(word, "store") && at + 1 < args.len() {
                    store = Some((at + 1, OW_UPDATE));
                }
                1
            }
        };
    }
    [(1, RO_ACCESS)].into_iter().chain(store).collect()
}

/// MIGRATE has one key, or, if that is empty, those behind KEYS: its row knows only where the one stands. With both
/// there is none, and the command itself tells what is wrong.
fn migrate_keys(args: Args<'_>) -> std::ops::Range<usize> {
    // As the last word, KEYS is not looked at.
    let has_keys = (1..args.len() - 1).any(|at| args.at(at).eq_ignore_ascii_case(b"keys"));
    let mut at = if has_keys { 6 } else { args.len() };
    while let Some(word) = args.get(at) {
        if is(word, "keys") {
            return if args.at(3).is_empty() { at + 1..args.len() } else { 0..0 };
        }
        // A password may read like an option.
        at += if is(word, "auth") {
            2
        } else if is(word, "auth2") {
            3
        } else {
            1
        };
    }
    3..4
}
