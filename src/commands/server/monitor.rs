//! MONITOR.

use crate::client::{ClientFlags, ClientId};
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `MONITOR`
pub static MONITOR: Command = Command {
    name: "monitor",
    arity: 1,
    flags: flags!(ADMIN | NOSCRIPT | LOADING | STALE),
    acl: acl!(ADMIN | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Server(monitor),
    subcommands: &[],
};

fn monitor(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    if server.in_exec() {
        return Err(CmdError::err("MONITOR isn't allowed for DENY BLOCKING client"));
    }
    let client = server.client_mut(id);
    // A replica has no business here, and a second MONITOR changes nothing.
    if client.flags.intersects(ClientFlags::REPLICA | ClientFlags::MONITOR) {
        return Ok(());
    }
    client.flags.insert(ClientFlags::MONITOR);
    client.reply.ok();
    server.monitors.push(id);
    Ok(())
}
