//! PUBLISH and SPUBLISH.

use super::shard_channels;
use crate::client::ClientId;
use crate::commands::row::{acl, flags};
use crate::keyspace::effects::Propagate;
use crate::protocol::{Args, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `PUBLISH`
pub static PUBLISH: Command = Command {
    name: "publish",
    arity: 3,
    flags: flags!(PUBSUB | LOADING | STALE | FAST | MAY_REPLICATE),
    acl: acl!(PUBSUB | FAST),
    keys: &[],
    group: Group::Pubsub,
    tips: &[],
    run: Run::Server(publish),
    subcommands: &[],
};

fn publish(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let sent = server.publish(args.at(1), args.at(2));
    published(server, id, sent)
}

/// `SPUBLISH`
pub static SPUBLISH: Command =
    Command { name: "spublish", keys: &[shard_channels(0)], run: Run::Server(publish_in_shard), ..PUBLISH };

fn publish_in_shard(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let sent = server.publish_in_shard(args.at(1), args.at(2));
    published(server, id, sent)
}

/// Those who listen at our replicas get it too.
fn published(server: &mut Server, id: ClientId, sent: usize) -> CmdResult {
    server.keyspace.effects.propagate = Propagate::Always;
    server.reply(id).int(sent as i64);
    Ok(())
}
