//! CLIENT UNBLOCK.

use crate::client::{Blocked, ClientId};
use crate::commands::container::misused;
use crate::commands::parse::is_word;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::CommandId;
use c_compat::number::int;

pub(super) fn unblock(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let with_error = match args.len() {
        3 => false,
        4 if is_word(args.at(3), "timeout") => false,
        4 if is_word(args.at(3), "error") => true,
        4 => return Err(CmdError::err("CLIENT UNBLOCK reason should be TIMEOUT or ERROR")),
        _ => return Err(misused(args)),
    };
    let number = int::parse(args.at(2)).ok_or(CmdError::NOT_INTEGER)?;
    let target = u64::try_from(number).ok().and_then(|number| server.clients.by_number(number));
    let waits_for = |target| match server.clients.get(target)?.blocked {
        Some(Blocked::Wait { offset, .. }) => Some((target, Some(offset))),
        Some(Blocked::Keys(_)) => Some((target, None)),
        // A client that the pause or a shutdown holds waits for no key and no replica: it stays.
        Some(Blocked::Paused { .. } | Blocked::Shutdown) | None => None,
    };
    let Some((target, offset)) = target.and_then(waits_for) else {
        server.reply(id).int(0);
        return Ok(());
    };
    if with_error {
        server.unblock_with_error(target, &CmdError::UNBLOCKED);
    } else {
        match offset {
            Some(offset) => {
                let replicas = server.replicas_at(offset);
                server.reply(target).int(replicas as i64);
            }
            None => server.reply(target).null_array(),
        }
        server.unblock(target);
        server.queue_write(target);
    }
    // Redis counts it as failed whatever it was answered.
    if let Some(command) = server.client_mut(target).last_command {
        server.stats.unblocked(CommandId(command), 0, true, server.config.latency_tracking);
    }
    server.reply(id).int(1);
    Ok(())
}
