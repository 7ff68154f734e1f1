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
    "    The categories, or the commands of one.",
    "DELUSER <username> [<username> ...]",
    "    Delete users and close their connections.",
    "DRYRUN <username> <command> [<arg> ...]",
    "    Whether the user may run this command, which is not run.",
    "GETUSER <username>",
    "    What the user is and may do.",
    "GENPASS [<bits>]",
    "    A random password, of 256 bits when not told otherwise.",
    "LIST",
    "    All users, as lines of a configuration file.",
    "LOAD",
    "    Take the users from the ACL file.",
    "LOG [<count> | RESET]",
    "    What was refused of late, or forget it.",
    "SAVE",
    "    Write the users to the ACL file.",
    "SETUSER <username> <attribute> [<attribute> ...]",
    "    Make a user, or change it.",
    "USERS",
    "    The names of all users.",
    "WHOAMI",
    "    The user of this connection.",
];

fn help(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    container::help(server.reply(id), args, HELP)
}
