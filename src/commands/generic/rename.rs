//! RENAME and RENAMENX.

use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};

/// `RENAME`
pub static RENAME: Command = Command {
    name: "rename",
    arity: 3,
    flags: flags!(WRITE),
    acl: acl!(KEYSPACE | WRITE | SLOW),
    keys: &[key_at(1, access!(RW | ACCESS | DELETE)), key_at(2, access!(OW | UPDATE))],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(rename),
    subcommands: &[],
};

fn rename(e: &mut Exec<'_>) -> CmdResult {
    let (from, to) = (e.args.at(1), e.args.at(2));
    check_source(e, from)?;
    if from != to {
        change_name(e, from, to);
    }
    e.reply.ok();
    Ok(())
}

/// `RENAMENX`
pub static RENAMENX: Command = Command {
    name: "renamenx",
    arity: 3,
    flags: flags!(WRITE | FAST),
    acl: acl!(KEYSPACE | WRITE | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | DELETE)), key_at(2, access!(OW | INSERT))],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(renamenx),
    subcommands: &[],
};

fn renamenx(e: &mut Exec<'_>) -> CmdResult {
    let (from, to) = (e.args.at(1), e.args.at(2));
    check_source(e, from)?;
    let done = from != to && e.ks.lookup_write(e.db, to).is_none();
    if done {
        change_name(e, from, to);
    }
    e.reply.int(i64::from(done));
    Ok(())
}

fn change_name(e: &mut Exec<'_>, from: &[u8], to: &[u8]) {
    e.ks.rename(e.db, from, to);
    e.ks.effects.dirty += 1;
    e.notify(NotifyFlags::GENERIC, "rename_from", from);
    e.notify(NotifyFlags::GENERIC, "rename_to", to);
}

fn check_source(e: &mut Exec<'_>, key: &[u8]) -> CmdResult {
    e.ks.lookup_write(e.db, key).map(|_| ()).ok_or(CmdError::NO_SUCH_KEY)
}
