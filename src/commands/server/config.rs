//! CONFIG: the options at run time.

use crate::client::ClientId;
use crate::commands::container::{self, ServerFn, sub};
use crate::commands::row::{acl, flags};
use crate::config::{Protected, SetError, SetRights, is_sensitive};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};
use crate::sys::errno::strerror;
use crate::{log_notice, log_warning};

/// `CONFIG`
pub static CONFIG: Command = Command {
    name: "config",
    arity: -2,
    flags: flags!(),
    acl: acl!(SLOW),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Container,
    subcommands: &[
        row("get", -3, get),
        Command { flags: flags!(LOADING | STALE), acl: acl!(SLOW), ..row("help", 2, help) },
        row("resetstat", 2, resetstat),
        row("rewrite", 2, rewrite),
        Command {
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            ..row("set", -4, set)
        },
    ],
};

const fn row(name: &'static str, arity: i32, run: ServerFn) -> Command {
    let flags = flags!(ADMIN | NOSCRIPT | LOADING | STALE);
    sub(Group::Server, name, arity, flags, acl!(ADMIN | SLOW | DANGEROUS), run)
}

const HELP: &[&str] = &[
    "GET <pattern>",
    "    Return parameters matching the glob-like <pattern> and their values.",
    "SET <directive> <value>",
    "    Set the configuration <directive> to <value>.",
    "RESETSTAT",
    "    Reset statistics reported by the INFO command.",
    "REWRITE",
    "    Rewrite the configuration file.",
];

fn get(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let patterns: Vec<&[u8]> = args.rest(2).iter().collect();
    let found = server.config.get(&patterns);
    let reply = server.reply(id);
    reply.map(found.len());
    for (name, value) in found {
        reply.bulk(&name);
        reply.bulk(&value);
    }
    Ok(())
}

fn help(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    container::help(server.reply(id), args, HELP)
}

fn resetstat(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    server.reset_stats();
    server.reply(id).ok();
    Ok(())
}

fn rewrite(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    if server.config.config_file.is_none() {
        return Err(CmdError::err("The server is running without a config file"));
    }
    if let Err(error) = server.config.rewrite(&server.user_lines(), false) {
        let reason = strerror(&error);
        log_warning!("CONFIG REWRITE failed: {reason}");
        return Err(CmdError::err(format!("Rewriting config file: {reason}")));
    }
    log_notice!("CONFIG REWRITE executed with success.");
    server.reply(id).ok();
    Ok(())
}

fn set(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    if !args.len().is_multiple_of(2) {
        // With a word too many, or too few, any may be the value.
        if (2..args.len()).any(|at| is_sensitive(args.at(at))) {
            server.redact(2..args.len());
        }
        return Err(CmdError::SYNTAX);
    }
    for name in (2..args.len()).step_by(2).filter(|name| is_sensitive(args.at(*name))) {
        server.redact(name + 1..name + 2);
    }
    let pairs: Vec<(&[u8], &[u8])> =
        (2..args.len()).step_by(2).map(|name| (args.at(name), args.at(name + 1))).collect();
    let protected = match server.config.enable_protected_configs {
        Protected::Yes => true,
        Protected::Local => server.client_mut(id).conn.is_local(),
        Protected::No => false,
    };
    let rights = SetRights { loading: server.loading || server.async_loading(), protected };
    let changes = server.config.set(&pairs, rights).map_err(refusal)?;
    if let Err(fault) = server.apply_changes(changes) {
        log_warning!(
            "Failed applying new configuration. Possibly related to new {} setting. Restoring previous settings.",
            fault.option
        );
        return Err(refusal(SetError::failed(fault.option, &fault.reason)));
    }
    server.reply(id).ok();
    Ok(())
}

fn refusal(error: SetError) -> CmdError {
    match error {
        SetError::Loading => CmdError::LOADING,
        error => CmdError::err(error.text()),
    }
}
