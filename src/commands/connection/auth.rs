//! AUTH. There is one user, `default`, whose password is requirepass.

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
    if args.len() > 3 {
        return Err(CmdError::SYNTAX);
    }
    server.redact(1..args.len());
    if args.len() == 3 {
        log_in(server, id, args.at(1), args.at(2))?;
    } else if server.config.requirepass.is_empty() {
        return Err(CmdError::err(
            "AUTH <password> called without any password configured for the default user. Are you sure your \
             configuration is correct?",
        ));
    } else {
        log_in(server, id, b"default", args.at(1))?;
    }
    server.reply(id).ok();
    Ok(())
}

/// Logs a client in as `user`.
///
/// # Errors
/// There is no such user, or the password is another.
pub fn log_in(server: &mut Server, id: ClientId, user: &[u8], password: &[u8]) -> CmdResult {
    let wanted = &server.config.requirepass;
    if user != b"default" || !(wanted.is_empty() || equal_in_constant_time(wanted, password)) {
        return Err(CmdError::WRONG_PASS);
    }
    server.client_mut(id).authenticated = true;
    Ok(())
}

/// Compares without telling by its duration where the two differ: the time depends on the length of `given` alone.
fn equal_in_constant_time(wanted: &[u8], given: &[u8]) -> bool {
    let mut differs = u8::from(wanted.len() != given.len());
    for (i, byte) in given.iter().enumerate() {
        differs |= byte ^ wanted[i % wanted.len()];
    }
    std::hint::black_box(differs) == 0
}

#[cfg(test)]
mod tests {
    use super::equal_in_constant_time;

    #[test]
    fn only_the_very_same_bytes_are_equal() {
        assert!(equal_in_constant_time(b"secret", b"secret"));
        for other in [b"secre".as_slice(), b"secrets", b"secretsecret", b"", b"Secret", b"secreu"] {
            assert!(!equal_in_constant_time(b"secret", other), "{other:?}");
        }
    }
}
