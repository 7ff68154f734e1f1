//! CLIENT: this connection, and the others.

mod kill;
mod list;
pub mod name;
mod pause;
mod tracking;
mod unblock;

use crate::client::{ClientClass, ClientFlags, ClientId};
use crate::commands::container::{self, ServerFn, c_str, sub};
use crate::commands::parse::is_word;
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdError, CmdResult, Reply};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `CLIENT`
pub static CLIENT: Command = Command {
    name: "client",
    arity: -2,
    flags: flags!(),
    acl: acl!(SLOW),
    keys: &[],
    group: Group::Connection,
    tips: &[],
    run: Run::Container,
    subcommands: &[
        own("caching", 3, tracking::caching),
        own("getname", 2, name::getname),
        own("getredir", 2, tracking::getredir),
        Command { flags: flags!(LOADING | STALE), ..own("help", 2, help) },
        own("id", 2, id),
        Command { tips: &["nondeterministic_output"], ..own("info", 2, list::info) },
        others("kill", -3, kill::kill),
        Command { tips: &["nondeterministic_output"], ..others("list", -2, list::list) },
        others("no-evict", 3, no_evict),
        own("no-touch", 3, no_touch),
        others("pause", -3, pause::pause),
        own("reply", 3, reply),
        own("setinfo", 4, name::setinfo),
        own("setname", 3, name::setname),
        own("tracking", -3, tracking::tracking),
        own("trackinginfo", 2, tracking::trackinginfo),
        others("unblock", -3, unblock::unblock),
        others("unpause", 2, pause::unpause),
    ],
};

/// A subcommand about the connection itself.
const fn own(name: &'static str, arity: i32, run: ServerFn) -> Command {
    sub(Group::Connection, name, arity, flags!(NOSCRIPT | LOADING | STALE), acl!(SLOW | CONNECTION), run)
}

/// A subcommand for operators.
const fn others(name: &'static str, arity: i32, run: ServerFn) -> Command {
    Command {
        flags: flags!(ADMIN | NOSCRIPT | LOADING | STALE),
        acl: acl!(ADMIN | SLOW | DANGEROUS | CONNECTION),
        ..own(name, arity, run)
    }
}

const HELP: &[&str] = &[
    "CACHING (YES|NO)",
    "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
    "GETREDIR",
    "    Return the client ID we are redirecting to when tracking is enabled.",
    "GETNAME",
    "    Return the name of the current connection.",
    "ID",
    "    Return the ID of the current connection.",
    "INFO",
    "    Return information about the current client connection.",
    "KILL <ip:port>",
    "    Kill connection made from <ip:port>.",
    "KILL <option> <value> [<option> <value> [...]]",
    "    Kill connections. Options are:",
    "    * ADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made from the specified address",
    "    * LADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made to specified local address",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Kill connections by type.",
    "    * USER <username>",
    "      Kill connections authenticated by <username>.",
    "    * SKIPME (YES|NO)",
    "      Skip killing current connection (default: yes).",
    "LIST [options ...]",
    "    Return information about client connections. Options:",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Return clients of specified type.",
    "UNPAUSE",
    "    Stop the current client pause, resuming traffic.",
    "PAUSE <timeout> [WRITE|ALL]",
    "    Suspend all, or just write, clients for <timeout> milliseconds.",
    "REPLY (ON|OFF|SKIP)",
    "    Control the replies sent to the current connection.",
    "SETNAME <name>",
    "    Assign the name <name> to the current connection.",
    "UNBLOCK <clientid> [TIMEOUT|ERROR]",
    "    Unblock the specified blocked client.",
    "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
    "         [OPTIN] [OPTOUT] [NOLOOP]",
    "    Control server assisted client side caching.",
    "TRACKINGINFO",
    "    Report tracking status for the current connection.",
    "NO-EVICT (ON|OFF)",
    "    Protect current client connection from eviction.",
];

fn help(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    container::help(server.reply(id), args, HELP)
}

fn id(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    server.reply(id).int(id.number as i64);
    Ok(())
}

fn no_evict(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    set_flag(server, id, args, ClientFlags::NO_EVICT)
}

fn no_touch(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    set_flag(server, id, args, ClientFlags::NO_TOUCH)
}

fn set_flag(server: &mut Server, id: ClientId, args: Args<'_>, flag: ClientFlags) -> CmdResult {
    let on = match args.at(2) {
        word if is_word(word, "on") => true,
        word if is_word(word, "off") => false,
        _ => return Err(CmdError::SYNTAX),
    };
    let client = server.client_mut(id);
    client.flags.set(flag, on);
    client.reply.ok();
    Ok(())
}

fn reply(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let client = server.client_mut(id);
    match args.at(2) {
        word if is_word(word, "on") => {
            client.flags.remove(ClientFlags::REPLY_OFF | ClientFlags::REPLY_SKIP);
            client.reply.set_muted(false);
            client.reply.unmuted(Reply::ok);
        }
        word if is_word(word, "off") => {
            client.flags.insert(ClientFlags::REPLY_OFF);
            client.reply.set_muted(true);
        }
        word if is_word(word, "skip") => {
            if !client.flags.contains(ClientFlags::REPLY_OFF) {
                client.flags.insert(ClientFlags::REPLY_SKIP_NEXT);
            }
        }
        _ => return Err(CmdError::SYNTAX),
    }
    Ok(())
}

/// The class of clients that a TYPE option names.
fn class(name: &[u8]) -> CmdResult<ClientClass> {
    match name {
        name if is_word(name, "normal") => Ok(ClientClass::Normal),
        name if is_word(name, "slave") || is_word(name, "replica") => Ok(ClientClass::Replica),
        name if is_word(name, "pubsub") => Ok(ClientClass::Pubsub),
        name if is_word(name, "master") => Ok(ClientClass::Primary),
        _ => Err(CmdError::err([b"Unknown client type '", c_str(name), b"'"].concat())),
    }
}
