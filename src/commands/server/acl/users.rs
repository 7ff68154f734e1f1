//! ACL SETUSER and the other subcommands about users.

use crate::acl::rule::has_spaces;
use crate::acl::selector::Selector;
use crate::acl::users::DEFAULT_NAME;
use crate::acl::{Commands, describe};
use crate::client::ClientId;
use crate::protocol::{Args, CmdError, CmdResult, Reply};
use crate::server::Server;

pub(super) fn setuser(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    server.redact(2..args.len());
    let name = args.at(2);
    if has_spaces(name) {
        return Err(CmdError::err("Usernames can't contain spaces or null characters"));
    }
    let rules: Vec<&[u8]> = args.rest(3).iter().collect();
    server.set_user(name, &rules).map_err(CmdError::err)?;
    server.reply(id).ok();
    Ok(())
}

pub(super) fn deluser(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let names = args.rest(2);
    if names.iter().any(|name| name == DEFAULT_NAME) {
        return Err(CmdError::err("The 'default' user cannot be removed"));
    }
    let deleted = names.iter().filter(|name| server.delete_user(name, id)).count();
    server.reply(id).int(deleted as i64);
    server.replied_last(id);
    Ok(())
}

pub(super) fn getuser(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let acl = &server.acl;
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    let reply = &mut client.reply;
    let Some(user) = acl.users.find(args.at(2)).map(|user| &acl.users[user]) else {
        reply.null();
        return Ok(());
    };
    reply.map(6);
    reply.bulk(b"flags");
    let flags: Vec<&str> = describe::flags(user).collect();
    reply.set(flags.len());
    for flag in flags {
        reply.bulk(flag.as_bytes());
    }
    reply.bulk(b"passwords");
    reply.bulks(user.passwords.iter().map(|hash| hash.text().as_slice()));
    rules(user.root(), &acl.commands, reply);
    reply.bulk(b"selectors");
    reply.array(user.selectors.len() - 1);
    for selector in &user.selectors[1..] {
        reply.map(3);
        rules(selector, &acl.commands, reply);
    }
    Ok(())
}

/// Three fields of a map.
fn rules(selector: &Selector, commands: &Commands, reply: &mut Reply) {
    reply.bulk(b"commands");
    reply.bulk(&describe::command_rules(selector, commands));
    reply.bulk(b"keys");
    reply.bulk(&describe::key_rules(selector));
    reply.bulk(b"channels");
    reply.bulk(&describe::channel_rules(selector));
}

pub(super) fn list(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let lines: Vec<Vec<u8>> =
        server.user_lines().iter().map(|line| [b"user ", line.as_slice()].concat()).collect();
    server.reply(id).bulks(lines.iter().map(Vec::as_slice));
    Ok(())
}

pub(super) fn names(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    client.reply.bulks(server.acl.users.iter().map(|user| &*user.name));
    Ok(())
}

pub(super) fn whoami(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    match client.user {
        Some(user) => client.reply.bulk(&server.acl.users[user].name),
        None => client.reply.null(),
    }
    Ok(())
}

pub(super) fn load(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    has_file(server)?;
    server.reload_acl_file(id).map_err(CmdError::err)?;
    server.reply(id).ok();
    server.replied_last(id);
    Ok(())
}

pub(super) fn save(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    has_file(server)?;
    server.save_acl_file().map_err(|_| {
        CmdError::err(
            "There was an error trying to save the ACLs. Please check the server logs for more information",
        )
    })?;
    server.reply(id).ok();
    Ok(())
}

fn has_file(server: &Server) -> CmdResult {
    if server.config.aclfile.is_empty() {
        return Err(CmdError::err(
            "This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER \
             command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to \
             store users in the Redis configuration.",
        ));
    }
    Ok(())
}
