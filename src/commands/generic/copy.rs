//! COPY, and MOVE, which is a copy to another database that leaves nothing behind.

use crate::commands::parse::{database, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};

/// `COPY`
pub static COPY: Command = Command {
    name: "copy",
    arity: -3,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(KEYSPACE | WRITE | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS)), key_at(2, access!(OW | UPDATE))],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(copy),
    subcommands: &[],
};

fn copy(e: &mut Exec<'_>) -> CmdResult {
    let (args, from, to) = (e.args, e.args.at(1), e.args.at(2));
    let (mut db, mut replace) = (e.db, false);
    let mut i = 3;
    while let Some(word) = args.get(i) {
        if is_word(word, "replace") {
            replace = true;
        } else if is_word(word, "db")
            && let Some(arg) = args.get(i + 1)
        {
            db = database(arg, e.ks)?;
            i += 1;
        } else {
            return Err(CmdError::SYNTAX);
        }
        i += 1;
    }
    if db == e.db && from == to {
        return Err(CmdError::SAME_OBJECT);
    }
    let free = |e: &mut Exec<'_>| e.ks.lookup_write(db, to).is_none();
    let done =
        e.ks.lookup_read(e.db, from).is_some() && (free(e) || replace) && e.ks.copy(e.db, from, db, to);
    if done {
        e.ks.effects.dirty += 1;
        e.notify_in(db, NotifyFlags::GENERIC, "copy_to", to);
    }
    e.reply.int(i64::from(done));
    Ok(())
}

/// `MOVE`
pub static MOVE: Command = Command {
    name: "move",
    arity: 3,
    flags: flags!(WRITE | FAST),
    acl: acl!(KEYSPACE | WRITE | FAST),
    keys: &[key_at(1, access!(RW | ACCESS | UPDATE))],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(move_to_db),
    subcommands: &[],
};

fn move_to_db(e: &mut Exec<'_>) -> CmdResult {
    let (key, db) = (e.args.at(1), database(e.args.at(2), e.ks)?);
    if db == e.db {
        return Err(CmdError::SAME_OBJECT);
    }
    let done = e.ks.lookup_write(e.db, key).is_some() && e.ks.move_key(e.db, key, db);
    if done {
        e.ks.effects.dirty += 1;
        e.notify(NotifyFlags::GENERIC, "move_from", key);
        e.notify_in(db, NotifyFlags::GENERIC, "move_to", key);
    }
    e.reply.int(i64::from(done));
    Ok(())
}
