//! INFO.

use crate::client::ClientId;
use crate::commands::row::{acl, flags};
use crate::info::{self, Sections};
use crate::protocol::{Args, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `INFO`
pub static INFO: Command = Command {
    name: "info",
    arity: -1,
    flags: flags!(LOADING | STALE),
    acl: acl!(SLOW | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    run: Run::Server(info),
    subcommands: &[],
};

fn info(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let text = info::text(server, Sections::named(args.rest(1).iter()));
    server.reply(id).verbatim("txt", text.as_bytes());
    Ok(())
}
