//! ACL CAT, DRYRUN and GENPASS.

use crate::acl::{Denied, category};
use crate::client::ClientId;
use crate::commands::container::{c_str, misused};
use crate::commands::parse::integer;
use crate::exec::permission;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::util::rng::fill_secret;

pub(super) fn cat(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let Some(name) = args.get(2) else {
        server.reply(id).bulks(category::NAMES.iter().map(|name| name.as_bytes()));
        return Ok(());
    };
    if args.len() > 3 {
        return Err(misused(args));
    }
    let name = c_str(name);
    let category = category::Categories::by_name(name)
        .ok_or_else(|| CmdError::err([b"Unknown category '", &name[..name.len().min(128)], b"'"].concat()))?;
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    let registry = &server.registry;
    let names: Vec<&str> = registry
        .ids()
        .map(|command| &registry[command])
        .filter(|entry| entry.command.acl.contains(category))
        .map(|entry| entry.full_name.as_str())
        .collect();
    client.reply.bulks(names.iter().map(|name| name.as_bytes()));
    Ok(())
}

pub(super) fn dryrun(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let user = server
        .acl
        .users
        .find(args.at(2))
        .ok_or_else(|| CmdError::err([b"User '", c_str(args.at(2)), b"' not found"].concat()))?;
    let call = args.rest(3);
    let registry = &server.registry;
    let found = registry.find(call.at(0)).and_then(|command| match call.get(1) {
        Some(sub) if !registry[command].subcommands.is_empty() => registry.find_sub(command, sub),
        _ => Some(command),
    });
    let command =
        found.ok_or_else(|| CmdError::err([b"Command '", c_str(call.at(0)), b"' not found"].concat()))?;
    let entry = &registry[command];
    if !entry.command.accepts(call.len()) {
        return Err(CmdError::wrong_arity(&entry.full_name));
    }
    let denied = permission::check(&server.acl, registry, user, command, call);
    let text = denied.err().map(|denied| {
        let (what, name, kind) = match denied {
            Denied::Command => ("run", entry.full_name.as_bytes(), "command"),
            Denied::Key(at) => ("access", c_str(call.at(at)), "key"),
            Denied::Channel(at) => ("access", c_str(call.at(at)), "channel"),
        };
        let begin = format!("This user has no permissions to {what} the '");
        [begin.as_bytes(), name, b"' ", kind.as_bytes()].concat()
    });
    let reply = server.reply(id);
    match text {
        Some(text) => reply.bulk(&text),
        None => reply.ok(),
    }
    Ok(())
}

/// Bits of a password when not told otherwise, and at most.
const BITS: i64 = 256;
const BITS_MAX: i64 = 4096;

pub(super) fn genpass(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let bits = match args.len() {
        2 => BITS,
        3 => integer(args.at(2))?,
        _ => return Err(misused(args)),
    };
    if !(1..=BITS_MAX).contains(&bits) {
        return Err(CmdError::err(format!(
            "ACL GENPASS argument must be the number of bits for the output password, a positive number up to {BITS_MAX}"
        )));
    }
    let digits = (bits as usize).div_ceil(4);
    let mut password = vec![0; digits];
    fill_secret(&mut password);
    for byte in &mut password {
        *byte = b"0123456789abcdef"[usize::from(*byte & 15)];
    }
    server.reply(id).bulk(&password);
    Ok(())
}
