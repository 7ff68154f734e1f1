//! AUTH: becoming a user. Without a name that is `default`, whose password is requirepass.

use crate::acl::users::DEFAULT_NAME;
use crate::client::ClientId;
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};

/// `AUTH`
pub static AUTH: Command = Command {
    name: "auth",
    arity: -2,
    flags: flags!(NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY),
    acl: acl!(FAST | CONNECTION),
    keys: &[],
    group: Group::Connection,
    tips: &[],
    run: Run::Server(auth),
    subcommands: &[],
};

fn auth(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    // Too many arguments may be a password with a space in it.
    server.redact(1..args.len());
    if args.len() > 3 {
        return Err(CmdError::SYNTAX);
    }
    let (user, password) = match args.get(2) {
        Some(password) => (args.at(1), password),
        None if server.acl.users.default_user().nopass => {
            return Err(CmdError::err(
                "AUTH <password> called without any password configured for the default user. Are you sure your \
                 configuration is correct?",
            ));
        }
        None => (DEFAULT_NAME, args.at(1)),
    };
    if !server.log_in(id, user, password, args.at(0)) {
        return Err(CmdError::WRONG_PASS);
    }
    server.reply(id).ok();
    Ok(())
}
