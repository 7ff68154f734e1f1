//! SELECT.

use crate::client::ClientId;
use crate::commands::parse;
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `SELECT`
pub static SELECT: Command = Command {
    name: "select",
    arity: 2,
    flags: flags!(LOADING | STALE | FAST),
    acl: acl!(FAST | CONNECTION),
    keys: &[],
    group: Group::Connection,
    tips: &[],
    run: Run::Server(select),
    subcommands: &[],
};

fn select(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let db = parse::database(args.at(1), &server.keyspace)?;
    let client = server.client_mut(id);
    client.db = db;
    client.reply.ok();
    Ok(())
}
