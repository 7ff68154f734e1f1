//! WATCH and UNWATCH.

use crate::client::{ClientFlags, ClientId};
use crate::commands::row::{access, acl, flags, keys_at};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `WATCH`
pub static WATCH: Command = Command {
    name: "watch",
    arity: -2,
    flags: flags!(NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY | NOT_QUEUED),
    acl: acl!(TRANSACTION | FAST),
    keys: &[keys_at(1, -1, 1, access!(RO))],
    group: Group::Transactions,
    tips: &[],
    run: Run::Server(watch),
    subcommands: &[],
};

fn watch(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let flags = server.client_mut(id).flags;
    if flags.contains(ClientFlags::MULTI) {
        return Err(CmdError::err("WATCH inside MULTI is not allowed"));
    }
    // Its EXEC will do nothing, whatever happens to these.
    if !flags.contains(ClientFlags::DIRTY_CAS) {
        for key in args.rest(1).iter() {
            server.watch_key(id, key);
        }
    }
    server.reply(id).ok();
    Ok(())
}

/// `UNWATCH`
pub static UNWATCH: Command = Command {
    name: "unwatch",
    arity: 1,
    flags: flags!(NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY),
    keys: &[],
    run: Run::Server(unwatch),
    ..WATCH
};

fn unwatch(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    server.unwatch_all(id);
    let client = server.client_mut(id);
    client.flags.remove(ClientFlags::DIRTY_CAS);
    client.reply.ok();
    Ok(())
}
