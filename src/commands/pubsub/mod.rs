//! Messages: SUBSCRIBE and its kin, PUBLISH, and PUBSUB, which tells who listens.

pub mod publish;
pub mod subscribe;
pub mod unsubscribe;

use crate::client::{ClientId, Clients};
use crate::commands::container::{self, ServerFn, misused, sub};
use crate::commands::row::{access, acl, flags, keys_at};
use crate::protocol::{Args, CmdResult, Reply};
use crate::server::Server;
use crate::server::command::{Command, Group, KeySpec, Run};
use crate::server::pubsub::index::Index;
use c_compat::glob;

/// Channels of shards stand where keys would: a cluster tells by them which of its servers is meant.
const fn shard_channels(last: i32) -> KeySpec {
    keys_at(1, last, 1, access!(NOT_KEY))
}

/// `PUBSUB`
pub static PUBSUB: Command = Command {
    name: "pubsub",
    arity: -2,
    flags: flags!(),
    acl: acl!(SLOW),
    keys: &[],
    group: Group::Pubsub,
    tips: &[],
    run: Run::Container,
    subcommands: &[
        own("channels", -2, channels),
        sub(Group::Pubsub, "help", 2, flags!(LOADING | STALE), acl!(SLOW), help),
        own("numpat", 2, numpat),
        own("numsub", -2, numsub),
        own("shardchannels", -2, shardchannels),
        own("shardnumsub", -2, shardnumsub),
    ],
};

const fn own(name: &'static str, arity: i32, run: ServerFn) -> Command {
    sub(Group::Pubsub, name, arity, flags!(PUBSUB | LOADING | STALE), acl!(PUBSUB | SLOW), run)
}

const HELP: &[&str] = &[
    "CHANNELS [<pattern>]",
    "    Return the currently active channels matching a <pattern> (default: '*').",
    "NUMPAT",
    "    Return number of subscriptions to patterns.",
    "NUMSUB [<channel> ...]",
    "    Return the number of subscribers for the specified channels, excluding",
    "    pattern subscriptions(default: no channels).",
    "SHARDCHANNELS [<pattern>]",
    "    Return the currently active shard level channels matching a <pattern> (default: '*').",
    "SHARDNUMSUB [<shardchannel> ...]",
    "    Return the number of subscribers for the specified shard level channel(s)",
];

fn help(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    container::help(server.reply(id), args, HELP)
}

fn channels(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let Server { clients, pubsub, .. } = server;
    list(&pubsub.channels, reply_of(clients, id), args)
}

fn shardchannels(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let Server { clients, pubsub, .. } = server;
    list(&pubsub.shard_channels, reply_of(clients, id), args)
}

fn list(index: &Index, reply: &mut Reply, args: Args<'_>) -> CmdResult {
    if args.len() > 3 {
        return Err(misused(args));
    }
    let wanted = |name: &&[u8]| args.get(2).is_none_or(|pattern| glob::matches(pattern, name, false));
    let names: Vec<&[u8]> = index.names().filter(wanted).collect();
    reply.bulks(names.into_iter());
    Ok(())
}

fn numpat(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let count = server.pubsub.patterns.len();
    server.reply(id).int(count as i64);
    Ok(())
}

fn numsub(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let Server { clients, pubsub, .. } = server;
    count(&pubsub.channels, reply_of(clients, id), args)
}

fn shardnumsub(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let Server { clients, pubsub, .. } = server;
    count(&pubsub.shard_channels, reply_of(clients, id), args)
}

fn count(index: &Index, reply: &mut Reply, args: Args<'_>) -> CmdResult {
    reply.array(2 * (args.len() - 2));
    for channel in args.iter().skip(2) {
        reply.bulk(channel);
        reply.int(index.subscribers(channel).len() as i64);
    }
    Ok(())
}

fn reply_of(clients: &mut Clients, id: ClientId) -> &mut Reply {
    &mut clients.get_mut(id).expect("a client lives while its command runs").reply
}
