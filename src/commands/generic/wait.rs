//! WAIT: until replicas have what this client wrote.

use crate::client::ClientId;
use crate::commands::parse::integer;
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `WAIT`
pub static WAIT: Command = Command {
    name: "wait",
    arity: 3,
    flags: flags!(NOSCRIPT),
    acl: acl!(SLOW | CONNECTION),
    keys: &[],
    group: Group::Generic,
    tips: &["request_policy:all_shards", "response_policy:agg_min"],
    run: Run::Server(wait),
    subcommands: &[],
};

fn wait(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    if server.is_replica() {
        return Err(CmdError::err(
            "WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is \
             configured to be writable (which is not the default) writes to replicas are just local and are not \
             propagated.",
        ));
    }
    let replicas = integer(args.at(1))?;
    let timeout_ms = integer(args.at(2)).map_err(|_| CmdError::TIMEOUT_NOT_INTEGER)?;
    if timeout_ms < 0 {
        return Err(CmdError::TIMEOUT_NEGATIVE);
    }
    if timeout_ms.checked_add(server.clock.now_ms()).is_none() {
        return Err(CmdError::err("timeout is out of range"));
    }
    server.wait_for_replicas(id, replicas, timeout_ms);
    Ok(())
}
