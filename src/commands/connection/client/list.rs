//! CLIENT LIST and INFO: a line of `field=value` for each client.

use super::class;
use crate::client::{Client, ClientFlags, ClientId};
use crate::commands::parse::is_word;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use c_compat::number::int;

pub(super) fn info(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let mut text = String::new();
    line(server, server.clients.get(id), &mut text);
    server.reply(id).verbatim("txt", text.as_bytes());
    Ok(())
}

pub(super) fn list(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let mut text = String::new();
    if args.len() > 3 && args.is(2, "id") {
        for number in args.rest(3).iter() {
            let number = int::parse(number).ok_or_else(|| CmdError::err("Invalid client ID"))?;
            let found = u64::try_from(number).ok().and_then(|number| server.clients.by_number(number));
            line(server, found.and_then(|id| server.clients.get(id)), &mut text);
        }
    } else {
        let wanted = match args.len() {
            2 => None,
            4 if is_word(args.at(2), "type") => Some(class(args.at(3))?),
            _ => return Err(CmdError::SYNTAX),
        };
        let mut clients: Vec<&Client> = server
            .clients
            .iter()
            .filter(|client| wanted.is_none_or(|class| client.class() == class))
            .collect();
        clients.sort_unstable_by_key(|client| client.id.number);
        for client in clients {
            line(server, Some(client), &mut text);
        }
    }
    server.reply(id).verbatim("txt", text.as_bytes());
    Ok(())
}

/// Adds the line of a client; none of one that is as good as gone.
fn line(server: &Server, client: Option<&Client>, text: &mut String) {
    if let Some(client) = client.filter(|client| !client.flags.contains(ClientFlags::CLOSE_ASAP)) {
        text.push_str(&server.describe(client));
        text.push('\n');
    }
}
