//! XSETID.

use super::ids::strict_id;
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Stream;
use crate::value::stream::StreamId;

/// `XSETID`
pub static XSETID: Command = Command {
    name: "xsetid",
    arity: -3,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | STREAM | FAST),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Stream,
    tips: &[],
    run: Run::Data(xsetid),
    subcommands: &[],
};

fn xsetid(e: &mut Exec<'_>) -> CmdResult {
    let id = strict_id(e.args.at(2), 0)?;
    let (mut entries_added, mut max_deleted) = (None, StreamId::MIN);
    let mut at = 3;
    while at < e.args.len() {
        let word = e.args.at(at);
        let Some(value) = e.args.get(at + 1) else { return Err(CmdError::SYNTAX) };
        if is_word(word, "entriesadded") {
            let n = integer(value)?;
            let n = u64::try_from(n).map_err(|_| CmdError::err("entries_added must be positive"))?;
            entries_added = Some(n);
        } else if is_word(word, "maxdeletedid") {
            max_deleted = strict_id(value, 0)?;
            if id < max_deleted {
                return Err(CmdError::err(
                    "The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
                ));
            }
        } else {
            return Err(CmdError::SYNTAX);
        }
        at += 2;
    }
    let key = e.args.at(1);
    let Some(stream) = e.ks.write_as::<Stream>(e.db, key)? else { return Err(CmdError::NO_SUCH_KEY) };
    if stream.last_entry_id().is_some_and(|last| id < last) {
        return Err(CmdError::err("The ID specified in XSETID is smaller than the target stream top item"));
    }
    if entries_added.is_some_and(|added| added < stream.entries()) {
        return Err(CmdError::err(
            "The entries_added specified in XSETID is smaller than the target stream length",
        ));
    }
    stream.last_id = id;
    if let Some(added) = entries_added {
        stream.entries_added = added;
    }
    if max_deleted != StreamId::MIN {
        stream.max_deleted_id = max_deleted;
    }
    e.reply.ok();
    e.ks.effects.dirty += 1;
    e.notify(NotifyFlags::STREAM, "xsetid", key);
    Ok(())
}
