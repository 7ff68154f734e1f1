//! UNSUBSCRIBE, PUNSUBSCRIBE and SUNSUBSCRIBE.

use super::shard_channels;
use super::subscribe::SUBSCRIBE;
use crate::client::ClientId;
use crate::client::subscribed::Listens;
use crate::protocol::{Args, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Run};

/// `UNSUBSCRIBE`
pub static UNSUBSCRIBE: Command = Command {
    name: "unsubscribe",
    arity: -1,
    run: Run::Server(|server, id, args| unsubscribe(server, id, args, Listens::ToChannel)),
    ..SUBSCRIBE
};

/// `PUNSUBSCRIBE`
pub static PUNSUBSCRIBE: Command = Command {
    name: "punsubscribe",
    arity: -1,
    run: Run::Server(|server, id, args| unsubscribe(server, id, args, Listens::ToPattern)),
    ..SUBSCRIBE
};

/// `SUNSUBSCRIBE`
pub static SUNSUBSCRIBE: Command = Command {
    name: "sunsubscribe",
    arity: -1,
    keys: &[shard_channels(-1)],
    run: Run::Server(|server, id, args| unsubscribe(server, id, args, Listens::ToShard)),
    ..SUBSCRIBE
};

fn unsubscribe(server: &mut Server, id: ClientId, args: Args<'_>, how: Listens) -> CmdResult {
    if args.len() == 1 {
        server.unsubscribe_all(id, how);
    }
    for name in args.iter().skip(1) {
        server.unsubscribe(id, how, name);
    }
    server.leave_if_unsubscribed(id);
    Ok(())
}
