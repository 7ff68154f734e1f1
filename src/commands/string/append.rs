//! APPEND and STRLEN.

use super::check_length;
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::StrRef;

/// `APPEND`
pub static APPEND: Command = Command {
    name: "append",
    arity: 3,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | STRING | FAST),
    keys: &[key_at(1, access!(RW | INSERT))],
    group: Group::String,
    tips: &[],
    run: Run::Data(append),
    subcommands: &[],
};

fn append(e: &mut Exec<'_>) -> CmdResult {
    let (key, tail) = (e.args.at(1), e.args.at(2));
    if let Some(len) = e.ks.read_str_to_write(e.db, key)?.map(StrRef::len) {
        check_length(e, len, tail.len())?;
    }
    let len = e.ks.append(e.db, key, tail);
    e.ks.effects.dirty += 1;
    e.notify(NotifyFlags::STRING, "append", key);
    e.reply.int(len as i64);
    Ok(())
}

/// `STRLEN`
pub static STRLEN: Command = Command {
    name: "strlen",
    arity: 2,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | STRING | FAST),
    keys: &[key_at(1, access!(RO))],
    group: Group::String,
    tips: &[],
    run: Run::Data(strlen),
    subcommands: &[],
};

fn strlen(e: &mut Exec<'_>) -> CmdResult {
    let len = e.ks.read_str(e.db, e.args.at(1))?.map_or(0, StrRef::len);
    e.reply.int(len as i64);
    Ok(())
}
