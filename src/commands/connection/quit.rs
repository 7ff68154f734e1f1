//! QUIT, and RESET, which makes a connection as good as new.

use crate::client::{ClientFlags, ClientId};
use crate::commands::row::{acl, flags};
use crate::protocol::reply::Resp;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `QUIT`
pub static QUIT: Command = Command {
    name: "quit",
    arity: -1,
    flags: flags!(NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY | NOT_QUEUED),
    acl: acl!(FAST | CONNECTION),
    keys: &[],
    group: Group::Connection,
    tips: &[],
    run: Run::Server(quit),
    subcommands: &[],
};

fn quit(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    server.reply(id).ok();
    server.close_after_reply(id);
    Ok(())
}

/// `RESET`
pub static RESET: Command = Command {
    name: "reset",
    arity: 1,
    flags: flags!(NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY | NOT_QUEUED),
    acl: acl!(FAST | CONNECTION),
    keys: &[],
    group: Group::Connection,
    tips: &[],
    run: Run::Server(reset),
    subcommands: &[],
};

fn reset(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let client = server.client_mut(id);
    let monitors = client.flags.contains(ClientFlags::MONITOR);
    if client.must_obey() || client.flags.contains(ClientFlags::REPLICA) && !monitors {
        return Err(CmdError::err("can only reset normal client connections"));
    }
    server.discard_transaction(id);
    server.track_no_more(id);
    server.leave_pubsub(id);
    let client = server.client_mut(id);
    client.flags.remove(ClientFlags::MONITOR | ClientFlags::REPLICA);
    client.flags.remove(ClientFlags::REPLY_OFF | ClientFlags::REPLY_SKIP_NEXT | ClientFlags::NO_TOUCH);
    client.reply.set_muted(client.flags.contains(ClientFlags::REPLY_SKIP));
    client.reply.set_resp(Resp::V2);
    client.db = 0;
    client.name = None;
    client.reply.simple("RESET");
    server.log_out(id);
    if monitors {
        server.monitors.retain(|monitor| *monitor != id);
    }
    Ok(())
}
