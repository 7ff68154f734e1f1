//! What replicas say to us: PSYNC, SYNC, REPLCONF.

use crate::client::{ClientFlags, ClientId};
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `PSYNC`
pub static PSYNC: Command = Command {
    name: "psync",
    arity: -3,
    flags: flags!(ADMIN | NOSCRIPT | NO_ASYNC_LOADING | NO_MULTI),
    acl: acl!(ADMIN | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Server(psync),
    subcommands: &[],
};

fn psync(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    if is_fed_already(server, id) {
        return Ok(());
    }
    if args.is(3, "failover") {
        server.lead_for_failover(id, args.at(1))?;
    }
    server.sync_command(id, Some((args.at(1), args.at(2))))
}

/// `SYNC`
pub static SYNC: Command = Command {
    name: "sync",
    arity: 1,
    flags: flags!(ADMIN | NOSCRIPT | NO_ASYNC_LOADING | NO_MULTI),
    acl: acl!(ADMIN | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Server(sync),
    subcommands: &[],
};

fn sync(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    if is_fed_already(server, id) {
        return Ok(());
    }
    server.sync_command(id, None)
}

/// A replica, or a monitor: its socket carries a stream, in which neither another nor an answer has a place.
fn is_fed_already(server: &mut Server, id: ClientId) -> bool {
    server.client_mut(id).flags.intersects(ClientFlags::REPLICA | ClientFlags::MONITOR)
}

/// `REPLCONF`
pub static REPLCONF: Command = Command {
    name: "replconf",
    arity: -1,
    flags: flags!(ADMIN | NOSCRIPT | LOADING | STALE | ALLOW_BUSY),
    acl: acl!(ADMIN | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Server(replconf),
    subcommands: &[],
};

fn replconf(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    server.replconf_command(id, args)
}
