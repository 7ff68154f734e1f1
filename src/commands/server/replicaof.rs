//! Whom we follow: REPLICAOF, and what we are: ROLE.

use crate::client::{ClientFlags, ClientId};
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `REPLICAOF`
pub static REPLICAOF: Command = Command {
    name: "replicaof",
    arity: 3,
    flags: flags!(ADMIN | NOSCRIPT | STALE | NO_ASYNC_LOADING),
    acl: acl!(ADMIN | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Server(replicaof),
    subcommands: &[],
};

/// `SLAVEOF`
pub static SLAVEOF: Command = Command {
    name: "slaveof",
    arity: 3,
    flags: flags!(ADMIN | NOSCRIPT | STALE | NO_ASYNC_LOADING),
    acl: acl!(ADMIN | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Server(replicaof),
    subcommands: &[],
};

fn replicaof(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let (host, port) = (args.at(1), args.at(2));
    if server.repl.machine.is_failing_over() {
        return Err(CmdError::err("REPLICAOF not allowed while failing over."));
    }
    if is_word(host, "no") && is_word(port, "one") {
        server.lead(id);
        server.reply(id).ok();
        return Ok(());
    }
    if server.client_mut(id).flags.contains(ClientFlags::REPLICA) {
        // It would lose its own link by what follows.
        return Err(CmdError::err("Command is not valid when client is a replica."));
    }
    let port = integer(port).ok().and_then(|port| u16::try_from(port).ok());
    let port = port.ok_or_else(|| CmdError::err("Invalid master port"))?;
    if server.follow(id, &String::from_utf8_lossy(host), port) {
        server.reply(id).ok();
    } else {
        server.reply(id).simple("OK Already connected to specified master");
    }
    Ok(())
}

/// `ROLE`
pub static ROLE: Command = Command {
    name: "role",
    arity: 1,
    flags: flags!(NOSCRIPT | LOADING | STALE | FAST),
    acl: acl!(ADMIN | FAST | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Server(role),
    subcommands: &[],
};

fn role(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let machine = &server.repl.machine;
    let Some(client) = server.clients.get_mut(id) else { return Ok(()) };
    let reply = &mut client.reply;
    if let Some(follower) = machine.following() {
        reply.array(5);
        reply.bulk(b"slave");
        reply.bulk(follower.host.as_bytes());
        reply.int(follower.port.into());
        reply.bulk(machine.link_state().as_bytes());
        reply.int(follower.stream().map_or(-1, |stream| stream.applied));
        return Ok(());
    }
    let online: Vec<_> = machine
        .primary
        .replicas()
        .iter()
        .filter(|replica| replica.state.is_online())
        .filter_map(|replica| Some((replica.shown_ip()?, replica)))
        .collect();
    reply.array(3);
    reply.bulk(b"master");
    reply.int(machine.primary.history.offset);
    reply.array(online.len());
    for (ip, replica) in online {
        reply.array(3);
        reply.bulk(ip.as_bytes());
        reply.bulk_int(replica.conf.listening_port);
        reply.bulk_int(replica.ack_offset);
    }
    Ok(())
}
