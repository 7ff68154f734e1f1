//! Snapshots: SAVE, BGSAVE, LASTSAVE.

use crate::client::ClientId;
use crate::commands::parse::is_word;
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `BGSAVE`
pub static BGSAVE: Command = Command {
    name: "bgsave",
    arity: -1,
    flags: flags!(ADMIN | NOSCRIPT | NO_ASYNC_LOADING),
    acl: acl!(ADMIN | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Server(bgsave),
    subcommands: &[],
};

fn bgsave(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    // SCHEDULE waits for a child that does other work than saving; there is no such child yet.
    if args.len() > 2 || args.get(1).is_some_and(|word| !is_word(word, "schedule")) {
        return Err(CmdError::SYNTAX);
    }
    server.bgsave()?;
    let answer = if server.in_exec() { "Background saving scheduled" } else { "Background saving started" };
    server.reply(id).simple(answer);
    Ok(())
}

/// `LASTSAVE`
pub static LASTSAVE: Command = Command {
    name: "lastsave",
    arity: 1,
    flags: flags!(LOADING | STALE | FAST),
    acl: acl!(ADMIN | FAST | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &["nondeterministic_output"],
    run: Run::Server(lastsave),
    subcommands: &[],
};

fn lastsave(server: &mut Server, id: ClientId, _: Args<'_>) -> CmdResult {
    let last_save_s = server.persist.snapshots.last_save_s();
    server.reply(id).int(last_save_s);
    Ok(())
}

/// `SAVE`
pub static SAVE: Command = Command {
    name: "save",
    arity: 1,
    flags: flags!(ADMIN | NOSCRIPT | NO_ASYNC_LOADING | NO_MULTI),
    acl: acl!(ADMIN | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Server(save),
    subcommands: &[],
};

fn save(server: &mut Server, id: ClientId, _: Args<'_>) -> CmdResult {
    server.save()?;
    server.reply(id).ok();
    Ok(())
}
