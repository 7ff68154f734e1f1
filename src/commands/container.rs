//! What containers share: rows of subcommands, and the answer of their HELP. The text of a HELP is a list of lines: a
//! subcommand with its arguments, then what it does, indented.

use crate::client::ClientId;
pub use crate::protocol::args::c_str;
use crate::protocol::{Args, CmdError, CmdResult, Reply};
use crate::server::Server;
use crate::server::command::{Acl, Command, Flags, Group, Run};

/// The handler of a command that works on the whole server.
pub type ServerFn = fn(&mut Server, ClientId, Args<'_>) -> CmdResult;

/// A subcommand without keys and tips. `arity` counts the container's name too.
#[must_use]
pub const fn sub(
    group: Group,
    name: &'static str,
    arity: i32,
    flags: Flags,
    acl: Acl,
    run: ServerFn,
) -> Command {
    Command { name, arity, flags, acl, keys: &[], group, tips: &[], run: Run::Server(run), subcommands: &[] }
}

/// Answers HELP of the container that `args` begins with.
///
/// # Errors
/// None: it stands at the end of a handler.
pub fn help(reply: &mut Reply, args: Args<'_>, lines: &[&str]) -> CmdResult {
    let name = String::from_utf8_lossy(args.at(0)).to_ascii_uppercase();
    reply.array(lines.len() + 3);
    reply.simple(&format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    for line in lines {
        reply.simple(line);
    }
    reply.simple("HELP");
    reply.simple("    Prints this help.");
    Ok(())
}

/// The error for a subcommand that exists, with arguments that it does not take.
#[must_use]
pub fn misused(args: Args<'_>) -> CmdError {
    let name = args.at(0).to_ascii_uppercase();
    let shown = c_str(args.at(1));
    let shown = &shown[..shown.len().min(128)];
    CmdError::err(
        [b"unknown subcommand or wrong number of arguments for '", shown, b"'. Try ", &name, b" HELP."]
            .concat(),
    )
}
