//! COMMAND: what the registry knows, for clients, proxies and completion.

mod describe;
mod document;

use crate::client::ClientId;
use crate::commands::container::{self, ServerFn, sub};
use crate::commands::parse::is_word;
use crate::commands::row::{acl, flags};
use crate::exec::keys;
use crate::protocol::{Args, CmdError, CmdResult, Reply};
use crate::server::Server;
use crate::server::command::{Acl, Command, CommandId, Group, Registry, Run};
use c_compat::glob;

/// `COMMAND`
pub static COMMAND: Command = Command {
    name: "command",
    arity: -1,
    flags: flags!(LOADING | STALE),
    acl: acl!(SLOW | CONNECTION),
    keys: &[],
    group: Group::Server,
    tips: &["nondeterministic_output_order"],
    run: Run::Server(command),
    subcommands: &[
        row("count", 2, count),
        Command { tips: &["nondeterministic_output_order"], ..row("docs", -2, docs) },
        row("getkeys", -4, getkeys),
        row("getkeysandflags", -4, getkeysandflags),
        row("help", 2, help),
        Command { tips: &["nondeterministic_output_order"], ..row("info", -2, info) },
        Command { tips: &["nondeterministic_output_order"], ..row("list", -2, list) },
    ],
};

const fn row(name: &'static str, arity: i32, run: ServerFn) -> Command {
    sub(Group::Server, name, arity, flags!(LOADING | STALE), acl!(SLOW | CONNECTION), run)
}

const HELP: &[&str] = &[
    "(no subcommand)",
    "    Return details about all Redis commands.",
    "COUNT",
    "    Return the total number of commands in this Redis server.",
    "LIST",
    "    Return a list of all commands in this Redis server.",
    "INFO [<command-name> ...]",
    "    Return details about multiple Redis commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "DOCS [<command-name> ...]",
    "    Return documentation details about multiple Redis commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "GETKEYS <full-command>",
    "    Return the keys from a full Redis command.",
    "GETKEYSANDFLAGS <full-command>",
    "    Return the keys and the access flags from a full Redis command.",
];

/// The registry, and where to answer.
fn parts(server: &mut Server, id: ClientId) -> (&Registry, &mut Reply) {
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    (&server.registry, &mut client.reply)
}

fn command(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let (registry, reply) = parts(server, id);
    describe::all(registry, reply);
    Ok(())
}

fn count(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let (registry, reply) = parts(server, id);
    reply.int(registry.top_level().count() as i64);
    Ok(())
}

fn docs(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let (registry, reply) = parts(server, id);
    let commands: Vec<CommandId> = if args.len() == 2 {
        registry.top_level().collect()
    } else {
        args.rest(2).iter().filter_map(|name| registry.find_full(name)).collect()
    };
    reply.map(commands.len());
    for command in commands {
        document::entry(registry, command, reply);
    }
    Ok(())
}

fn getkeys(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let (registry, reply) = parts(server, id);
    let args = args.rest(2);
    let keys = keys::of(registry, args)?;
    reply.array(keys.len());
    for (at, _) in keys {
        reply.bulk(args.at(at));
    }
    Ok(())
}

fn getkeysandflags(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let (registry, reply) = parts(server, id);
    let args = args.rest(2);
    let keys = keys::of(registry, args)?;
    reply.array(keys.len());
    for (at, flags) in keys {
        reply.array(2);
        reply.bulk(args.at(at));
        describe::key_flags(flags, reply);
    }
    Ok(())
}

fn help(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    container::help(server.reply(id), args, HELP)
}

fn info(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let (registry, reply) = parts(server, id);
    if args.len() == 2 {
        describe::all(registry, reply);
        return Ok(());
    }
    reply.array(args.len() - 2);
    for name in args.rest(2).iter() {
        match registry.find_full(name) {
            Some(command) => describe::entry(registry, command, reply),
            None => reply.null(),
        }
    }
    Ok(())
}

/// What COMMAND LIST lets through.
enum Filter<'a> {
    All,
    Module,
    Category(Option<Acl>),
    Pattern(&'a [u8]),
}

impl<'a> Filter<'a> {
    fn parse(args: Args<'a>) -> CmdResult<Self> {
        match args.len() {
            2 => Ok(Filter::All),
            5 if is_word(args.at(2), "filterby") => match args.at(3) {
                by if is_word(by, "module") => Ok(Filter::Module),
                by if is_word(by, "aclcat") => Ok(Filter::Category(Acl::by_name(args.at(4)))),
                by if is_word(by, "pattern") => Ok(Filter::Pattern(args.at(4))),
                _ => Err(CmdError::SYNTAX),
            },
            _ => Err(CmdError::SYNTAX),
        }
    }

    fn passes(&self, command: &Command, full_name: &str) -> bool {
        match *self {
            Filter::All => true,
            Filter::Module => false,
            Filter::Category(category) => category.is_some_and(|c| command.acl.contains(c)),
            Filter::Pattern(pattern) => glob::matches(pattern, full_name.as_bytes(), true),
        }
    }
}

fn list(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let filter = Filter::parse(args)?;
    let (registry, reply) = parts(server, id);
    let names: Vec<&str> = registry
        .ids()
        .map(|command| &registry[command])
        .filter(|entry| filter.passes(entry.command, &entry.full_name))
        .map(|entry| entry.full_name.as_str())
        .collect();
    reply.bulks(names.iter().map(|name| name.as_bytes()));
    Ok(())
}
