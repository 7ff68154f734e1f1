//! ACL: users, what they may do, and what they were refused.

mod log;
mod tell;
mod users;

use crate::client::ClientId;
use crate::commands::container::{self, ServerFn, sub};
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `ACL`
pub static ACL: Command = Command {
    name: "acl",
    arity: -2,
    flags: flags!(),
    acl: acl!(SLOW),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Container,
    subcommands: &[
        anyone("cat", -2, tell::cat),
        operators("deluser", -3, users::deluser),
        operators("dryrun", -4, tell::dryrun),
        anyone("genpass", -2, tell::genpass),
        operators("getuser", 3, users::getuser),
        Command { flags: flags!(LOADING | STALE), ..anyone("help", 2, help) },
        operators("list", 2, users::list),
        operators("load", 2, users::load),
        operators("log", -2, log::log),
        operators("save", 2, users::save),
        operators("setuser", -3, users::setuser),
        operators("users", 2, users::names),
        anyone("whoami", 2, users::whoami),
    ],
};

const fn anyone(name: &'static str, arity: i32, run: ServerFn) -> Command {
    sub(Group::Server, name, arity, flags!(NOSCRIPT | LOADING | STALE), acl!(SLOW), run)
}

const fn operators(name: &'static str, arity: i32, run: ServerFn) -> Command {
    let flags = flags!(ADMIN | NOSCRIPT | LOADING | STALE);
    sub(Group::Server, name, arity, flags, acl!(ADMIN | SLOW | DANGEROUS), run)
}

const HELP: &[&str] = &[
    "CAT [<category>]",
    "    List all commands that belong to <category>, or all command categories",
    "    when no category is specified.",
    "DELUSER <username> [<username> ...]",
    "    Delete a list of users.",
    "DRYRUN <username> <command> [<arg> ...]",
    "    Returns whether the user can execute the given command without executing the command.",
    "GETUSER <username>",
    "    Get the user's details.",
    "GENPASS [<bits>]",
    "    Generate a secure 256-bit user password. The optional `bits` argument can",
    "    be used to specify a different size.",
    "LIST",
    "    Show users details in config file format.",
    "LOAD",
    "    Reload users from the ACL file.",
    "LOG [<count> | RESET]",
    "    Show the ACL log entries.",
    "SAVE",
    "    Save the current config to the ACL file.",
    "SETUSER <username> <attribute> [<attribute> ...]",
    "    Create or modify a user with the specified attributes.",
    "USERS",
    "    List all the registered usernames.",
    "WHOAMI",
    "    Return the current connection username.",
];

fn help(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    container::help(server.reply(id), args, HELP)
}
