//! CLIENT GETNAME, SETNAME and SETINFO.

use crate::client::{Client, ClientId};
use crate::commands::container::c_str;
use crate::commands::parse::is_word;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;

pub(super) fn getname(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let client = server.client_mut(id);
    match &client.name {
        Some(name) => client.reply.bulk(name),
        None => client.reply.null(),
    }
    Ok(())
}

pub(super) fn setname(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let client = server.client_mut(id);
    set_name(client, args.at(2))?;
    client.reply.ok();
    Ok(())
}

/// Names a client; an empty name takes the name away.
///
/// # Errors
/// The name would break CLIENT LIST into other fields.
pub fn set_name(client: &mut Client, name: &[u8]) -> CmdResult {
    if !printable(name) {
        return Err(CmdError::err("Client names cannot contain spaces, newlines or special characters."));
    }
    client.name = (!name.is_empty()).then(|| name.into());
    Ok(())
}

pub(super) fn setinfo(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let (attribute, value) = (args.at(2), args.at(3));
    let client = server.client_mut(id);
    let field = match attribute {
        word if is_word(word, "lib-name") => &mut client.lib_name,
        word if is_word(word, "lib-ver") => &mut client.lib_ver,
        _ => return Err(CmdError::err([b"Unrecognized option '", c_str(attribute), b"'"].concat())),
    };
    if !printable(value) {
        let why = b" cannot contain spaces, newlines or special characters.";
        return Err(CmdError::err([c_str(attribute), why].concat()));
    }
    *field = (!value.is_empty()).then(|| value.into());
    client.reply.ok();
    Ok(())
}

/// Whether a value can stand in a line of fields parted by spaces.
fn printable(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_graphic)
}
