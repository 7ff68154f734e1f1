//! HELLO: the protocol version, and the log-in and name that go with it.

use super::client::name::set_name;
use crate::client::ClientId;
use crate::commands::container::c_str;
use crate::commands::parse::is_word;
use crate::commands::row::{acl, flags};
use crate::config::version::REDIS_VERSION;
use crate::protocol::reply::Resp;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};
use c_compat::number::int;

/// `HELLO`
pub static HELLO: Command = Command {
    name: "hello",
    arity: -1,
    flags: flags!(NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY),
    acl: acl!(FAST | CONNECTION),
    keys: &[],
    group: Group::Connection,
    tips: &[],
    run: Run::Server(hello),
    subcommands: &[],
};

fn hello(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    // Whatever becomes of it: what follows AUTH is for nobody else.
    if let Some(auth) = (1..args.len()).find(|at| is_word(args.at(*at), "auth")) {
        server.redact(auth + 1..args.len().min(auth + 3));
    }
    let version = match args.get(1).map(int::parse) {
        None => None,
        Some(Some(2)) => Some(Resp::V2),
        Some(Some(3)) => Some(Resp::V3),
        Some(Some(_)) => return Err(CmdError::NO_PROTO),
        Some(None) => return Err(CmdError::err("Protocol version is not an integer or out of range")),
    };
    // Options take hold one by one, even when a later one is refused.
    let mut at = 2;
    while let Some(option) = args.get(at) {
        let more = args.len() - at - 1;
        if is_word(option, "auth") && more >= 2 {
            server.redact(at + 1..at + 3);
            if !server.log_in(id, args.at(at + 1), args.at(at + 2), args.at(0)) {
                return Err(CmdError::WRONG_PASS);
            }
            at += 3;
        } else if is_word(option, "setname") && more >= 1 {
            set_name(server.client_mut(id), args.at(at + 1))?;
            at += 2;
        } else {
            return Err(CmdError::err([b"Syntax error in HELLO option '", c_str(option), b"'"].concat()));
        }
    }
    let role = if server.is_replica() { "replica" } else { "master" };
    let client = server.client_mut(id);
    if !client.authenticated {
        return Err(CmdError::new(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> \
             option can be used to authenticate the client and select the RESP protocol version at the same time",
        ));
    }
    if let Some(version) = version {
        client.reply.set_resp(version);
    }
    let reply = &mut client.reply;
    let proto = if reply.resp3() { 3 } else { 2 };
    reply.map(7);
    for (field, value) in [("server", "redis"), ("version", REDIS_VERSION)] {
        reply.bulk(field.as_bytes());
        reply.bulk(value.as_bytes());
    }
    for (field, value) in [("proto", proto), ("id", id.number as i64)] {
        reply.bulk(field.as_bytes());
        reply.int(value);
    }
    for (field, value) in [("mode", "standalone"), ("role", role)] {
        reply.bulk(field.as_bytes());
        reply.bulk(value.as_bytes());
    }
    reply.bulk(b"modules");
    reply.array(0);
    Ok(())
}
