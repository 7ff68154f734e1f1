//! Whether a client's user may run a command, as far as it may not run everything.

use super::keys;
use crate::acl::log::{Origin, Reason};
use crate::acl::{Access, Acl, Denied, Request, UserId};
use crate::client::ClientId;
use crate::protocol::{Args, CmdError};
use crate::server::Server;
use crate::server::command::{Acl as Categories, Command, CommandId, Flags, Registry};
use smallvec::SmallVec;

type Channels = SmallVec<[(usize, bool); 4]>;

/// Whether a user may run a command.
///
/// # Errors
/// What it may not.
pub fn check(
    acl: &Acl,
    registry: &Registry,
    user: UserId,
    command: CommandId,
    args: Args<'_>,
) -> Result<(), Denied> {
    let declared = registry[command].command;
    let keys = keys::accesses(declared, args);
    let channels = if declared.acl.contains(Categories::PUBSUB) {
        channels(declared.name, args)
    } else {
        Channels::new()
    };
    let open = declared.has(Flags::NO_AUTH);
    acl.users[user].check(Request { command: command.0, open, args, keys: &keys, channels: &channels })
}

/// Whether what allows a user this command lets it read every key.
#[cold]
#[must_use]
pub fn reads_every_key(acl: &Acl, user: UserId, command: &Command, args: Args<'_>) -> bool {
    let keys = keys::accesses(command, args);
    let number = acl.commands.find(command.name.as_bytes());
    number.is_some_and(|command| {
        let request = Request { command, open: false, args, keys: &keys, channels: &[] };
        acl.users[user].allows_with_every_key(request, Access::READ)
    })
}

/// Positions of the channels that a command publishes to or subscribes to; true: of patterns of channels. Who leaves a
/// channel needs no right to.
fn channels(command: &str, args: Args<'_>) -> Channels {
    let (positions, are_patterns) = match command {
        "subscribe" | "ssubscribe" => (1..args.len(), false),
        "psubscribe" => (1..args.len(), true),
        "publish" | "spublish" => (1..args.len().min(2), false),
        _ => (0..0, false),
    };
    positions.map(|at| (at, are_patterns)).collect()
}

/// Why a command of a client is refused, which ACL LOG gets to know.
pub(super) fn refusal(
    server: &mut Server,
    id: ClientId,
    command: CommandId,
    args: Args<'_>,
) -> Option<CmdError> {
    let origin = server.origin(id);
    let denied = denied(server, id, command, args, origin)?;
    Some(match denied {
        Denied::Command => CmdError::new(format!(
            "NOPERM this user has no permissions to run the '{}' command",
            server.registry[command].full_name
        )),
        Denied::Key(_) => CmdError::NO_PERM_KEY,
        Denied::Channel(_) => CmdError::NO_PERM_CHANNEL,
    })
}

/// Why a command that was queued may not run any more.
pub(super) fn refusal_in_exec(
    server: &mut Server,
    id: ClientId,
    command: CommandId,
    args: Args<'_>,
) -> Option<CmdError> {
    let reason = match denied(server, id, command, args, Origin::Multi)? {
        Denied::Command => "no permission to execute the command or subcommand",
        Denied::Key(_) => "no permission to touch the specified keys",
        Denied::Channel(_) => "no permission to access one of the channels used as arguments",
    };
    Some(CmdError::new(format!(
        "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is \
         no longer allowed for the following reason: {reason}"
    )))
}

fn denied(
    server: &mut Server,
    id: ClientId,
    command: CommandId,
    args: Args<'_>,
    origin: Origin,
) -> Option<Denied> {
    let user = server.clients.get(id)?.user?;
    let denied = check(&server.acl, &server.registry, user, command, args).err()?;
    let name = server.registry[command].full_name.clone();
    let (reason, object) = match denied {
        Denied::Command => (Reason::Command, name.as_bytes()),
        Denied::Key(at) => (Reason::Key, args.at(at)),
        Denied::Channel(at) => (Reason::Channel, args.at(at)),
    };
    let user = server.acl.users[user].name.clone();
    if !server.in_exec() {
        // The log shows the client with them.
        server.client_mut(id).args_len = args.payload_len();
    }
    server.log_denied(id, reason, origin, object, &user);
    Some(denied)
}
