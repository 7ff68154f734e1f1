//! FAILOVER.

use crate::client::ClientId;
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::repl::failover::Request;
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `FAILOVER`
pub static FAILOVER: Command = Command {
    name: "failover",
    arity: -1,
    flags: flags!(ADMIN | NOSCRIPT | STALE),
    acl: acl!(ADMIN | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Server(failover),
    subcommands: &[],
};

fn failover(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    if args.len() == 2 && is_word(args.at(1), "abort") {
        if !server.abort_failover() {
            return Err(CmdError::err("No failover in progress."));
        }
    } else {
        server.failover(&parse(args)?).map_err(CmdError::err)?;
    }
    server.reply(id).ok();
    Ok(())
}

fn parse(args: Args<'_>) -> CmdResult<Request> {
    let mut request = Request::default();
    let mut at = 1;
    while let Some(word) = args.get(at) {
        if is_word(word, "timeout") && at + 1 < args.len() && request.timeout_ms.is_none() {
            let ms = integer(args.at(at + 1))?;
            let ms = u64::try_from(ms).ok().filter(|ms| *ms > 0);
            request.timeout_ms =
                Some(ms.ok_or_else(|| CmdError::err("FAILOVER timeout must be greater than 0"))?);
            at += 2;
        } else if is_word(word, "to") && at + 2 < args.len() && request.to.is_none() {
            let port = integer(args.at(at + 2))?;
            request.to = Some((String::from_utf8_lossy(args.at(at + 1)).into_owned(), port));
            at += 3;
        } else if is_word(word, "force") && !request.force {
            request.force = true;
            at += 1;
        } else {
            return Err(CmdError::SYNTAX);
        }
    }
    Ok(request)
}
