//! The keys in a full command, for COMMAND GETKEYS and GETKEYSANDFLAGS.

use crate::commands::parse::is_word;
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
    match command.keys_of(args) {
        Ok(keys) if !keys.is_empty() => {
            Ok(keys.into_iter().map(|(at, flags)| (at, settled(flags, args))).collect())
        }
        _ if command.has(Flags::NO_MANDATORY_KEYS) => Ok(Vec::new()),
        Ok(_) => Err(CmdError::err("Invalid arguments specified for command")),
        Err(error) => Err(error),
    }
}

/// What these arguments make of flags that depend on the arguments. SET alone has such: with GET it reads as well.
fn settled(flags: KeyFlags, args: Args<'_>) -> KeyFlags {
    if !flags.contains(KeyFlags::VARIABLE_FLAGS) {
        flags
    } else if args.rest(3).iter().any(|arg| is_word(arg, "get")) {
        KeyFlags::RW | KeyFlags::ACCESS | KeyFlags::UPDATE
    } else {
        KeyFlags::OW | KeyFlags::UPDATE
    }
}
