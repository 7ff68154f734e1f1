//! Whether a command may run now. The refusals stand in Redis's order, since a request that several of them fit gets
//! the error of the first.

use super::permission;
use super::transaction::is_exec;
use crate::client::{Client, ClientFlags, ClientId};
use crate::config::Protected;
use crate::protocol::{Args, CmdError};
use crate::server::Server;
use crate::server::command::{Command, CommandId, Entry, Flags, Group};
use crate::server::evict::Room;
use crate::server::pause::Holds;

/// May it run?
pub enum Verdict {
    /// Yes.
    Run,
    /// Later, with the others of its client's transaction.
    Queue,
    /// No: answer this.
    Refuse(CmdError),
    /// Not while the server is paused.
    Wait,
}

/// Whether a command may run without being looked at: none of the refusals could fit it.
#[inline]
pub fn needs_no_look(server: &Server, client: &Client, entry: &Entry) -> bool {
    const LOOKED_AT: ClientFlags = ClientFlags::RESTRICTED.union(ClientFlags::MULTI);
    is_simple(server, client, entry) && !client.flags.intersects(LOOKED_AT)
}

/// Whether all that is to be asked about a command is who its client is, and whether it is in a transaction.
#[inline]
fn is_simple(server: &Server, client: &Client, entry: &Entry) -> bool {
    const LOOKED_AT: ClientFlags = ClientFlags::PRIMARY
        .union(ClientFlags::REPLICA)
        .union(ClientFlags::MONITOR)
        .union(ClientFlags::PUBSUB);
    server.calm && client.authenticated && !client.flags.intersects(LOOKED_AT) && !entry.guarded
}

/// Looks at a command before it runs.
pub fn admit(server: &mut Server, id: ClientId, command: CommandId, args: Args<'_>) -> Verdict {
    let entry = &server.registry[command];
    if let Some(client) = server.clients.get(id)
        && is_simple(server, client, entry)
        && !(client.flags.contains(ClientFlags::MULTI) && entry.command.has(Flags::NO_MULTI))
    {
        let queued = client.flags.contains(ClientFlags::MULTI) && !entry.command.has(Flags::NOT_QUEUED);
        if client.flags.contains(ClientFlags::RESTRICTED)
            && let Some(error) = permission::refusal(server, id, command, args)
        {
            return Verdict::Refuse(error);
        }
        return if queued { Verdict::Queue } else { Verdict::Run };
    }
    match refusal(server, id, command, args) {
        Some(error) => Verdict::Refuse(error),
        None if must_wait(server, id, command) => Verdict::Wait,
        None if is_queued(server, id, command) => Verdict::Queue,
        None => Verdict::Run,
    }
}

fn refusal(server: &mut Server, id: ClientId, command: CommandId, args: Args<'_>) -> Option<CmdError> {
    let declared = server.registry[command].command;
    let flags = declared.flags;
    if server.registry[command].guarded
        && let Some(error) = protected(server, id, command)
    {
        return Some(error);
    }
    let client = server.clients.get(id)?;
    if server.must_log_in(client) && !flags.contains(Flags::NO_AUTH) {
        return Some(CmdError::NO_AUTH);
    }
    let in_multi = client.flags.contains(ClientFlags::MULTI);
    if in_multi && flags.contains(Flags::NO_MULTI) {
        return Some(CmdError::err("Command not allowed inside a transaction"));
    }
    let flags = if in_multi { flags_with_queue(client, declared) } else { flags };
    if client.flags.contains(ClientFlags::RESTRICTED)
        && let Some(error) = permission::refusal(server, id, command, args)
    {
        return Some(error);
    }
    // Every command makes room, not only those that add data; and our primary's are held to it too, if we are told to.
    let room = server.make_room();
    if server.tracking.is_active() {
        server.tell_own_invalidations();
        server.limit_tracked_keys();
    }
    let takes_memory =
        || flags.contains(Flags::DENYOOM) || in_multi && !ends_transaction(&server.registry[command]);
    if room == Room::None && takes_memory() {
        return Some(CmdError::OUT_OF_MEMORY);
    }
    let client = server.clients.get(id)?;
    let config = &server.config;
    let writes = flags.contains(Flags::WRITE);
    if client.must_obey() {
        if writes && server.refuses_writes_for_disk() {
            server.obeys_without_disk();
        }
        return None;
    }
    if server.refuses_writes_for_disk() && (writes || is_ping(declared)) {
        return Some(CmdError::BGSAVE_ERROR);
    }
    if writes {
        let replicas_wanted = config.min_replicas_to_write as usize;
        if replicas_wanted > 0
            && config.min_replicas_max_lag > 0
            && !server.is_replica()
            && server.good_replicas() < replicas_wanted
        {
            return Some(CmdError::NO_REPLICAS);
        }
        if server.is_replica() && config.replica_read_only {
            return Some(CmdError::READ_ONLY);
        }
    }
    if client.flags.contains(ClientFlags::PUBSUB)
        && !client.reply.resp3()
        && !may_listener(&server.registry[command])
    {
        // In RESP2 an answer could not be told from a message.
        let name = &server.registry[command].full_name;
        return Some(CmdError::err(format!(
            "Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this \
             context"
        )));
    }
    if !config.replica_serve_stale_data && !flags.contains(Flags::STALE) && !server.primary_link_up() {
        return Some(CmdError::MASTER_DOWN);
    }
    if server.loading && !flags.contains(Flags::LOADING) {
        return Some(CmdError::LOADING);
    }
    if server.async_loading() && flags.contains(Flags::NO_ASYNC_LOADING) {
        return Some(CmdError::LOADING);
    }
    let touches_keys = flags.intersects(Flags::WRITE | Flags::READONLY | Flags::MAY_REPLICATE);
    if client.flags.intersects(ClientFlags::REPLICA | ClientFlags::MONITOR) && touches_keys {
        return Some(CmdError::REPLICA_KEYSPACE);
    }
    None
}

/// What EXEC is going to do is what its commands do: it may run as they may.
fn flags_with_queue(client: &Client, command: &Command) -> Flags {
    /// Whoever lacks one of these is refused in some states.
    const PERMITS: Flags = Flags::STALE.union(Flags::LOADING);
    match &client.queue {
        Some(queue) if is_exec(command) => {
            let any = Flags::from_bits_truncate(queue.any_flags());
            let lacking = Flags::from_bits_truncate(queue.lacking_flags());
            (command.flags | any.difference(PERMITS)).difference(lacking & PERMITS)
        }
        _ => command.flags,
    }
}

/// What a client of RESP2 may say while it listens to channels. SLOWLOG RESET is another reset.
fn may_listener(entry: &Entry) -> bool {
    let name = entry.full_name.as_str();
    matches!(name, "ping" | "quit" | "reset")
        || entry.command.group == Group::Pubsub && name.ends_with("subscribe")
}

/// These take no memory for their client's queue.
fn ends_transaction(entry: &Entry) -> bool {
    matches!(entry.full_name.as_str(), "exec" | "discard" | "quit" | "reset")
}

fn is_queued(server: &Server, id: ClientId, command: CommandId) -> bool {
    server.clients.get(id).is_some_and(|client| client.flags.contains(ClientFlags::MULTI))
        && !server.registry[command].command.has(Flags::NOT_QUEUED)
}

fn is_ping(command: &Command) -> bool {
    command.name == "ping"
}

/// DEBUG and MODULE are for those whom the configuration trusts.
fn protected(server: &Server, id: ClientId, command: CommandId) -> Option<CmdError> {
    let entry = &server.registry[command];
    let top = entry.parent.map_or(entry, |p| &server.registry[p]).command.name;
    let (name, option, allowed) = match top {
        "debug" => ("DEBUG", "enable-debug-command", server.config.enable_debug_command),
        "module" => ("MODULE", "enable-module-command", server.config.enable_module_command),
        _ => return None,
    };
    let local = server.clients.get(id).is_some_and(|c| c.conn.is_local());
    let allows = match allowed {
        Protected::Yes => true,
        Protected::Local => local,
        Protected::No => false,
    };
    (!allows).then(|| {
        CmdError::err(format!(
            "{name} command not allowed. If the {option} option is set to \"local\", you can run it from a local \
             connection, otherwise you need to set this option in the configuration file, and then restart the server."
        ))
    })
}

fn must_wait(server: &Server, id: ClientId, command: CommandId) -> bool {
    let Some(holds) = server.pause.holds() else { return false };
    let exempt = server
        .clients
        .get(id)
        .is_none_or(|c| c.flags.intersects(ClientFlags::REPLICA | ClientFlags::MONITOR));
    let declared = server.registry[command].command;
    let flags = server.clients.get(id).map_or(declared.flags, |client| flags_with_queue(client, declared));
    !exempt && (holds == Holds::All || flags.intersects(Flags::WRITE | Flags::MAY_REPLICATE))
}
