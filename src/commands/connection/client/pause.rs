//! CLIENT PAUSE and UNPAUSE.

use crate::client::ClientId;
use crate::commands::container::misused;
use crate::commands::parse::is_word;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::pause::{Holds, Purpose};
use c_compat::number::int;

pub(super) fn pause(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let holds = match args.len() {
        3 => Holds::All,
        4 if is_word(args.at(3), "write") => Holds::Writes,
        4 if is_word(args.at(3), "all") => Holds::All,
        4 => return Err(CmdError::err("CLIENT PAUSE mode must be WRITE or ALL")),
        _ => return Err(misused(args)),
    };
    let timeout = int::parse(args.at(2)).ok_or(CmdError::TIMEOUT_NOT_INTEGER)?;
    let timeout = u64::try_from(timeout).map_err(|_| CmdError::TIMEOUT_NEGATIVE)?;
    server.pause.start(Purpose::Client, holds, server.clock.monotonic_ms().saturating_add(timeout));
    server.reply(id).ok();
    Ok(())
}

pub(super) fn unpause(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    server.pause.stop(Purpose::Client);
    server.wake_paused();
    server.reply(id).ok();
    Ok(())
}
