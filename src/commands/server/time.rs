//! TIME.

use crate::commands::row::{acl, flags};
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};

/// `TIME`
pub static TIME: Command = Command {
    name: "time",
    arity: 1,
    flags: flags!(LOADING | STALE | FAST),
    acl: acl!(FAST),
    keys: &[],
    group: Group::Server,
    tips: &["nondeterministic_output"],
    run: Run::Data(time),
    subcommands: &[],
};

fn time(e: &mut Exec<'_>) -> CmdResult {
    let us = e.clock.now_us();
    e.reply.array(2);
    e.reply.bulk_int(us / 1_000_000);
    e.reply.bulk_int(us % 1_000_000);
    Ok(())
}
