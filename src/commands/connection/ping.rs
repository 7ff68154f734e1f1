//! PING and ECHO.

use crate::client::{ClientFlags, ClientId};
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Exec, Group, Run};

/// `ECHO`
pub static ECHO: Command = Command {
    name: "echo",
    arity: 2,
    flags: flags!(LOADING | STALE | FAST),
    acl: acl!(FAST | CONNECTION),
    keys: &[],
    group: Group::Connection,
    tips: &[],
    run: Run::Data(echo),
    subcommands: &[],
};

fn echo(e: &mut Exec<'_>) -> CmdResult {
    e.reply.bulk(e.args.at(1));
    Ok(())
}

/// `PING`
pub static PING: Command = Command {
    name: "ping",
    arity: -1,
    flags: flags!(FAST),
    acl: acl!(FAST | CONNECTION),
    keys: &[],
    group: Group::Connection,
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    run: Run::Server(ping),
    subcommands: &[],
};

fn ping(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let client = server.client_mut(id);
    let reply = &mut client.reply;
    if args.len() > 2 {
        return Err(CmdError::wrong_arity("ping"));
    }
    if client.flags.contains(ClientFlags::PUBSUB) && !reply.resp3() {
        // Whoever listens to channels expects messages.
        reply.array(2);
        reply.bulk(b"pong");
        reply.bulk(args.get(1).unwrap_or_default());
        return Ok(());
    }
    match args.get(1) {
        None => reply.simple("PONG"),
        Some(text) => reply.bulk(text),
    }
    Ok(())
}
