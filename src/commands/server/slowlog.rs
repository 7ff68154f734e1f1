//! SLOWLOG.

use crate::client::ClientId;
use crate::commands::container::{self, ServerFn, misused, sub};
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};
use c_compat::number::int;

/// `SLOWLOG`
pub static SLOWLOG: Command = Command {
    name: "slowlog",
    arity: -2,
    flags: flags!(),
    acl: acl!(SLOW),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Container,
    subcommands: &[
        Command { tips: &["request_policy:all_nodes", "nondeterministic_output"], ..row("get", -2, get) },
        Command { flags: flags!(LOADING | STALE), acl: acl!(SLOW), ..row("help", 2, help) },
        Command {
            tips: &["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
            ..row("len", 2, len)
        },
        Command {
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            ..row("reset", 2, reset)
        },
    ],
};

const fn row(name: &'static str, arity: i32, run: ServerFn) -> Command {
    sub(Group::Server, name, arity, flags!(ADMIN | LOADING | STALE), acl!(ADMIN | SLOW | DANGEROUS), run)
}

const HELP: &[&str] = &[
    "GET [<count>]",
    "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
    "    Entries are made of:",
    "    id, timestamp, time in microseconds, arguments array, client IP and port,",
    "    client name",
    "LEN",
    "    Return the length of the slowlog.",
    "RESET",
    "    Reset the slowlog.",
];

/// Entries that GET without a count gives.
const COUNT_DEFAULT: usize = 10;

fn get(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let count = match args.len() {
        2 => COUNT_DEFAULT,
        3 => {
            let count = int::parse(args.at(2)).filter(|count| *count >= -1);
            let count = count.ok_or_else(|| CmdError::err("count should be greater than or equal to -1"))?;
            usize::try_from(count).unwrap_or(usize::MAX)
        }
        _ => return Err(misused(args)),
    };
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    let reply = &mut client.reply;
    reply.array(server.slowlog.len().min(count));
    for entry in server.slowlog.iter().take(count) {
        reply.array(6);
        reply.int(entry.id as i64);
        reply.int(entry.time_s);
        reply.int(entry.usec as i64);
        reply.bulks(entry.args.as_args().iter());
        reply.bulk(entry.peer.as_bytes());
        reply.bulk(&entry.client_name);
    }
    Ok(())
}

fn help(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    container::help(server.reply(id), args, HELP)
}

fn len(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let len = server.slowlog.len();
    server.reply(id).int(len as i64);
    Ok(())
}

fn reset(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    server.slowlog.clear();
    server.reply(id).ok();
    Ok(())
}
