//! PING and ECHO.

use crate::commands::row::{acl, flags};
use crate::protocol::{CmdError, CmdResult};
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
    run: Run::Data(ping),
    subcommands: &[],
};

fn ping(e: &mut Exec<'_>) -> CmdResult {
    match e.args.len() {
        1 => e.reply.simple("PONG"),
        2 => e.reply.bulk(e.args.at(1)),
        _ => return Err(CmdError::wrong_arity("ping")),
    }
    Ok(())
}
