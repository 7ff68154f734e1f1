//! The keys in a full command, for COMMAND GETKEYS and GETKEYSANDFLAGS.

use crate::commands::parse::is_word;
use crate::commands::row::access;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{Flags, KeyFlags, Registry};

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
    let keys = match command.name {
        "set" => Ok(vec![(1, set_flags(args))]),
        "bitfield" => Ok(vec![(1, bitfield_flags(args))]),
        "sort" => Ok(sort_keys(args)),
        "sort_ro" => Ok(vec![(1, access!(RO | ACCESS))]),
        "migrate" => Ok(migrate_keys(args).map(|at| (at, RW_ACCESS_DELETE)).collect()),
        _ => command.keys_of(args),
    };
    match keys {
        Ok(keys) if !keys.is_empty() => Ok(keys),
        _ if command.has(Flags::NO_MANDATORY_KEYS) => Ok(Vec::new()),
        Ok(_) => Err(CmdError::err("Invalid arguments specified for command")),
        Err(error) => Err(error),
    }
}

/// SET with GET reads as well: its row cannot tell.
fn set_flags(args: Args<'_>) -> KeyFlags {
    if args.rest(3).iter().any(|arg| is_word(arg, "get")) {
        KeyFlags::RW | KeyFlags::ACCESS | KeyFlags::UPDATE
    } else {
        KeyFlags::OW | KeyFlags::UPDATE
    }
}

/// BITFIELD that only gets does not write: its row cannot tell.
fn bitfield_flags(args: Args<'_>) -> KeyFlags {
    let mut at = 2;
    while let Some(word) = args.get(at) {
        let left = args.len() - at - 1;
        at += match word {
            word if is_word(word, "get") && left >= 2 => 3,
            word if is_word(word, "overflow") && left >= 1 => 2,
            _ => return access!(RW | ACCESS | UPDATE),
        };
    }
    access!(RO | ACCESS)
}

/// SORT's own key, and the one behind the last STORE.
fn sort_keys(args: Args<'_>) -> Vec<(usize, KeyFlags)> {
    let mut store = None;
    let mut at = 2;
    while let Some(word) = args.get(at) {
        at += match word {
            word if is_word(word, "limit") => 3,
            word if is_word(word, "get") || is_word(word, "by") => 2,
            word => {
                if is_word(word, "store") && at + 1 < args.len() {
                    store = Some((at + 1, access!(OW | UPDATE)));
                }
                1
            }
        };
    }
    [(1, access!(RO | ACCESS))].into_iter().chain(store).collect()
}

const RW_ACCESS_DELETE: KeyFlags = access!(RW | ACCESS | DELETE);

/// MIGRATE has one key, or, if that is empty, those behind KEYS: its row knows only where the one stands. With both
/// there is none, and the command itself tells what is wrong.
fn migrate_keys(args: Args<'_>) -> std::ops::Range<usize> {
    // As the last word, KEYS is not looked at.
    let has_keys = (1..args.len() - 1).any(|at| args.at(at).eq_ignore_ascii_case(b"keys"));
    let mut at = if has_keys { 6 } else { args.len() };
    while let Some(word) = args.get(at) {
        if is_word(word, "keys") {
            return if args.at(3).is_empty() { at + 1..args.len() } else { 0..0 };
        }
        // A password may read like an option.
        at += if is_word(word, "auth") {
            2
        } else if is_word(word, "auth2") {
            3
        } else {
            1
        };
    }
    3..4
}
