//! MULTI, EXEC and DISCARD.

use crate::client::{ClientFlags, ClientId};
use crate::commands::row::{acl, flags};
use crate::exec::transaction;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `MULTI`
pub static MULTI: Command = Command {
    name: "multi",
    arity: 1,
    flags: flags!(NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY | NOT_QUEUED),
    acl: acl!(TRANSACTION | FAST),
    keys: &[],
    group: Group::Transactions,
    tips: &[],
    run: Run::Server(multi),
    subcommands: &[],
};

fn multi(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    if server.client_mut(id).flags.contains(ClientFlags::MULTI) {
        return Err(CmdError::err("MULTI calls can not be nested"));
    }
    server.begin_transaction(id);
    server.reply(id).ok();
    Ok(())
}

/// `EXEC`
pub static EXEC: Command = Command {
    name: "exec",
    arity: 1,
    flags: flags!(NOSCRIPT | LOADING | STALE | SKIP_SLOWLOG | NOT_QUEUED),
    acl: acl!(TRANSACTION | SLOW),
    run: Run::Server(|server, id, _args| transaction::exec(server, id)),
    ..MULTI
};

/// `DISCARD`
pub static DISCARD: Command = Command { name: "discard", run: Run::Server(discard), ..MULTI };

fn discard(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    if !server.client_mut(id).flags.contains(ClientFlags::MULTI) {
        return Err(CmdError::err("DISCARD without MULTI"));
    }
    server.discard_transaction(id);
    server.reply(id).ok();
    Ok(())
}
