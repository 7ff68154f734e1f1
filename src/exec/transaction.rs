//! EXEC: runs what a client has queued, one command after the other, with nobody in between.

use super::{call, permission};
use crate::client::transaction::Commands;
use crate::client::{ClientFlags, ClientId};
use crate::keyspace::PREFETCH_KEYS;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, CommandId};

/// Runs a client's transaction, or says why not.
///
/// # Errors
/// There is none, or one of its commands was refused when it was to be queued.
pub fn exec(server: &mut Server, id: ClientId) -> CmdResult {
    if !server.client_mut(id).flags.contains(ClientFlags::MULTI) {
        return Err(CmdError::err("EXEC without MULTI"));
    }
    let expired = server.watched_key_expired(id);
    let client = server.client_mut(id);
    if client.flags.contains(ClientFlags::DIRTY_EXEC) {
        server.discard_transaction(id);
        return Err(CmdError::EXEC_ABORT);
    }
    if expired || client.flags.contains(ClientFlags::DIRTY_CAS) {
        client.reply.null_array();
        server.discard_transaction(id);
        return Ok(());
    }
    server.unwatch_all(id);
    let queue = server.client_mut(id).queue.as_mut();
    let commands = queue.expect("a client has a queue between MULTI and EXEC").take();
    server.reply(id).array(commands.len());
    server.exec_begins();
    let mut refused = false;
    for i in 0..commands.len() {
        if i.is_multiple_of(PREFETCH_KEYS) {
            prefetch(server, id, &commands, i);
        }
        let (command, args) = commands.get(i);
        let command = CommandId(command);
        let restricted = server.client_mut(id).flags.contains(ClientFlags::RESTRICTED);
        let refusal = restricted.then(|| permission::refusal_in_exec(server, id, command, args)).flatten();
        refused = refusal.is_some();
        match refusal {
            None => call(server, id, command, args),
            Some(error) => refuse_in_exec(server, id, error),
        }
    }
    server.exec_ended(id);
    // An error that no command's end has taken for its own counts as EXEC's.
    if refused && let Some(exec) = server.client_mut(id).last_command {
        server.stats.command(CommandId(exec)).failed += 1;
    }
    // What one of them may have queued or watched, had it been allowed to, would go with the rest.
    let queue = server.client_mut(id).queue.take();
    if let Some(queue) = queue {
        server.keep_room(commands, queue);
    }
    server.discard_transaction(id);
    Ok(())
}

/// The rights of the client's user have changed since it queued a command.
fn refuse_in_exec(server: &mut Server, id: ClientId, error: CmdError) {
    server.stats.count_error(error.code());
    let reply = server.reply(id);
    reply.error(&error);
    reply.take_last_error();
}

/// The keys of the commands to come are brought into the cache, as those of a pipeline are.
fn prefetch(server: &mut Server, id: ClientId, commands: &Commands, from: usize) {
    let db = server.client_mut(id).db;
    let to = commands.len().min(from + PREFETCH_KEYS);
    if to - from > 1 {
        let keys = (from..to).filter_map(|i| commands.get(i).1.get(1));
        server.keyspace.prefetch(db, keys);
    }
}

/// Keeps a command for EXEC. One that comes when EXEC can do nothing any more takes no memory.
pub(super) fn queue(server: &mut Server, id: ClientId, command: CommandId, args: Args<'_>) {
    let flags = server.registry[command].command.flags;
    let client = server.client_mut(id);
    if !client.flags.intersects(ClientFlags::DIRTY_CAS | ClientFlags::DIRTY_EXEC)
        && let Some(queue) = &mut client.queue
    {
        queue.push(command.0, flags.bits(), args);
    }
    client.reply.simple("QUEUED");
}

/// A request of a client is refused: if it is in a transaction that fails, at once if this was its EXEC. Returns what is to
/// be answered.
pub(super) fn refused(
    server: &mut Server,
    id: ClientId,
    command: Option<CommandId>,
    error: CmdError,
) -> CmdError {
    if command.is_some_and(|command| is_exec(server.registry[command].command)) {
        server.discard_transaction(id);
        let reason = error.text();
        let reason = reason.strip_prefix(b"ERR ").unwrap_or(reason);
        return CmdError::new([b"EXECABORT Transaction discarded because of: ", reason].concat());
    }
    let client = server.client_mut(id);
    if client.flags.contains(ClientFlags::MULTI) {
        client.flags.insert(ClientFlags::DIRTY_EXEC);
    }
    error
}

/// Whether it is EXEC, which is judged by what it runs.
pub(super) fn is_exec(command: &Command) -> bool {
    command.name == "exec"
}
