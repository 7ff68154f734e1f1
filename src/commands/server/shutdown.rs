//! SHUTDOWN.

use crate::client::ClientId;
use crate::commands::parse::is_word;
use crate::commands::row::{acl, flags};
use crate::config::ShutdownFlags;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `SHUTDOWN`
pub static SHUTDOWN: Command = Command {
    name: "shutdown",
    arity: -1,
    flags: flags!(ADMIN | NOSCRIPT | LOADING | STALE | NO_MULTI | ALLOW_BUSY),
    acl: acl!(ADMIN | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Server(shutdown),
    subcommands: &[],
};

fn shutdown(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let mut flags = ShutdownFlags::empty();
    let mut abort = false;
    for word in args.rest(1).iter() {
        match word {
            word if is_word(word, "nosave") => flags.insert(ShutdownFlags::NOSAVE),
            word if is_word(word, "save") => flags.insert(ShutdownFlags::SAVE),
            word if is_word(word, "now") => flags.insert(ShutdownFlags::NOW),
            word if is_word(word, "force") => flags.insert(ShutdownFlags::FORCE),
            word if is_word(word, "abort") => abort = true,
            _ => return Err(CmdError::SYNTAX),
        }
    }
    let contradictory = ShutdownFlags::SAVE | ShutdownFlags::NOSAVE;
    if (abort && !flags.is_empty()) || flags.contains(contradictory) {
        return Err(CmdError::SYNTAX);
    }
    if abort {
        server.abort_shutdown()?;
        server.reply(id).ok();
        return Ok(());
    }
    server.shutdown_by_client(id, flags)
}
