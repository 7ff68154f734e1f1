//! SUBSCRIBE, PSUBSCRIBE and SSUBSCRIBE.

use super::shard_channels;
use crate::client::ClientId;
use crate::client::subscribed::Listens;
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `SUBSCRIBE`
pub static SUBSCRIBE: Command = Command {
    name: "subscribe",
    arity: -2,
    flags: flags!(PUBSUB | NOSCRIPT | LOADING | STALE),
    acl: acl!(PUBSUB | SLOW),
    keys: &[],
    group: Group::Pubsub,
    tips: &[],
    run: Run::Server(|server, id, args| subscribe(server, id, args, Listens::ToChannel)),
    subcommands: &[],
};

/// `PSUBSCRIBE`
pub static PSUBSCRIBE: Command = Command {
    name: "psubscribe",
    run: Run::Server(|server, id, args| subscribe(server, id, args, Listens::ToPattern)),
    ..SUBSCRIBE
};

/// `SSUBSCRIBE`
pub static SSUBSCRIBE: Command = Command {
    name: "ssubscribe",
    keys: &[shard_channels(-1)],
    run: Run::Server(|server, id, args| {
        // The others may: they did before anybody asked whether they should.
        if server.in_exec() {
            return Err(CmdError::err("SSUBSCRIBE isn't allowed for a DENY BLOCKING client"));
        }
        subscribe(server, id, args, Listens::ToShard)
    }),
    ..SUBSCRIBE
};

fn subscribe(server: &mut Server, id: ClientId, args: Args<'_>, how: Listens) -> CmdResult {
    for name in args.iter().skip(1) {
        server.subscribe(id, how, name);
    }
    Ok(())
}
