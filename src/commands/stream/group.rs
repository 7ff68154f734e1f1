//! XGROUP: consumer groups made, moved and removed, and their consumers.

use super::ids::{invalid_id, strict_id};
use crate::commands::container::{help as container_help, misused};
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::args::c_str;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Flags, Group, KeySpec, Run};
use crate::value::stream::StreamId;
use crate::value::{Stream, Type};

/// `XGROUP`
pub static XGROUP: Command = Command {
    name: "xgroup",
    arity: -2,
    flags: flags!(),
    acl: acl!(SLOW),
    keys: &[],
    group: Group::Stream,
    tips: &[],
    run: Run::Container,
    subcommands: &[
        sub("create", -5, flags!(WRITE | DENYOOM), &[key_at(2, access!(RW | INSERT))], create),
        sub(
            "createconsumer",
            5,
            flags!(WRITE | DENYOOM),
            &[key_at(2, access!(RW | INSERT))],
            create_consumer,
        ),
        sub("delconsumer", 5, flags!(WRITE), &[key_at(2, access!(RW | DELETE))], del_consumer),
        sub("destroy", 4, flags!(WRITE), &[key_at(2, access!(RW | DELETE))], destroy),
        Command {
            name: "help",
            arity: 2,
            flags: flags!(LOADING | STALE),
            acl: acl!(STREAM | SLOW),
            keys: &[],
            group: Group::Stream,
            tips: &[],
            run: Run::Data(help),
            subcommands: &[],
        },
        sub("setid", -5, flags!(WRITE), &[key_at(2, access!(RW | UPDATE))], set_id),
    ],
};

const fn sub(
    name: &'static str,
    arity: i32,
    flags: Flags,
    keys: &'static [KeySpec],
    run: fn(&mut Exec<'_>) -> CmdResult,
) -> Command {
    Command {
        name,
        arity,
        flags,
        acl: acl!(WRITE | STREAM | SLOW),
        keys,
        group: Group::Stream,
        tips: &[],
        run: Run::Data(run),
        subcommands: &[],
    }
}

/// What stands behind the id.
#[derive(Default)]
struct Options {
    make_stream: bool,
    entries_read: Option<i64>,
}

impl Options {
    fn parse(e: &Exec<'_>, may_make: bool) -> CmdResult<Self> {
        let mut options = Options::default();
        let mut at = 5;
        while let Some(word) = e.args.get(at) {
            if may_make && is_word(word, "MKSTREAM") {
                options.make_stream = true;
            } else if is_word(word, "ENTRIESREAD")
                && let Some(count) = e.args.get(at + 1)
            {
                let count = integer(count)?;
                if count < -1 {
                    return Err(CmdError::err("value for ENTRIESREAD must be positive or -1"));
                }
                options.entries_read = (count >= 0).then_some(count);
                at += 1;
            } else {
                return Err(misused(e.args));
            }
            at += 1;
        }
        Ok(options)
    }
}

/// The stream, which there must be.
fn existing<'k>(e: &'k mut Exec<'_>) -> CmdResult<&'k mut Stream> {
    e.ks.find_as_mut::<Stream>(e.db, e.args.at(2))?.ok_or_else(no_key)
}

fn no_key() -> CmdError {
    CmdError::err(
        "The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM \
         option to create an empty stream automatically.",
    )
}

/// There is no such key, or no such group.
pub(super) fn no_group(key: &[u8], group: &[u8]) -> CmdError {
    let text = [b"NOGROUP No such key '", c_str(key), b"' or consumer group '", c_str(group), b"'"];
    CmdError::new(text.concat())
}

/// The stream has no such group.
pub(super) fn no_group_for_key(group: &[u8], key: &[u8]) -> CmdError {
    let text = [b"NOGROUP No such consumer group '", c_str(group), b"' for key name '", c_str(key), b"'"];
    CmdError::new(text.concat())
}

/// A group of the stream has a consumer more.
pub(super) fn note_consumer(e: &mut Exec<'_>, key: &[u8]) {
    e.ks.effects.dirty += 1;
    e.notify(NotifyFlags::STREAM, "xgroup-createconsumer", key);
}

fn create(e: &mut Exec<'_>) -> CmdResult {
    let options = Options::parse(e, true)?;
    let (key, name, id) = (e.args.at(2), e.args.at(3), e.args.at(4));
    let stream = e.ks.find_as_mut::<Stream>(e.db, key)?;
    if stream.is_none() && !options.make_stream {
        return Err(no_key());
    }
    if e.args.len() > 8 {
        return Err(misused(e.args));
    }
    let id = match id {
        b"$" => stream.as_ref().map_or(StreamId::MIN, |stream| stream.last_id),
        id => strict_id(id, 0)?,
    };
    let stream = match stream {
        Some(stream) => stream,
        None => e.ks.write_or_create::<Stream>(e.db, key)?,
    };
    if !stream.groups.create(name, id, options.entries_read) {
        return Err(CmdError::new("BUSYGROUP Consumer Group name already exists"));
    }
    e.ks.effects.dirty += 1;
    e.reply.ok();
    e.notify(NotifyFlags::STREAM, "xgroup-create", key);
    Ok(())
}

fn set_id(e: &mut Exec<'_>) -> CmdResult {
    let options = Options::parse(e, false)?;
    let (key, name, id) = (e.args.at(2), e.args.at(3), e.args.at(4));
    let may_be = matches!(e.args.len(), 5 | 7);
    let args = e.args;
    let stream = existing(e)?;
    let last_id = stream.last_id;
    let group = stream.groups.get_mut(name).ok_or_else(|| no_group_for_key(name, key))?;
    if !may_be {
        return Err(misused(args));
    }
    group.last_id = match id {
        b"$" => last_id,
        id => StreamId::parse(id, 0).ok_or_else(invalid_id)?,
    };
    group.entries_read = options.entries_read;
    e.ks.effects.dirty += 1;
    e.reply.ok();
    e.notify(NotifyFlags::STREAM, "xgroup-setid", key);
    Ok(())
}

fn destroy(e: &mut Exec<'_>) -> CmdResult {
    let (key, name) = (e.args.at(2), e.args.at(3));
    let removed = existing(e)?.groups.remove(name);
    e.reply.int(removed.into());
    if removed {
        e.ks.effects.dirty += 1;
        e.notify(NotifyFlags::STREAM, "xgroup-destroy", key);
        // Who waits for entries as a consumer of it must learn.
        e.ks.effects.note_ready(e.db, key, Type::Stream);
    }
    Ok(())
}

fn create_consumer(e: &mut Exec<'_>) -> CmdResult {
    let (key, name, consumer) = (e.args.at(2), e.args.at(3), e.args.at(4));
    let now_ms = e.ks.now_ms();
    let group = existing(e)?.groups.get_mut(name).ok_or_else(|| no_group_for_key(name, key))?;
    let created = group.consumers_mut().create(consumer, now_ms).is_some();
    if created {
        note_consumer(e, key);
    }
    e.reply.int(created.into());
    Ok(())
}

fn del_consumer(e: &mut Exec<'_>) -> CmdResult {
    let (key, name, consumer) = (e.args.at(2), e.args.at(3), e.args.at(4));
    let group = existing(e)?.groups.get_mut(name).ok_or_else(|| no_group_for_key(name, key))?;
    let number = group.consumers().find(consumer);
    let pending = number.map_or(0, |number| group.remove_consumer(number));
    if number.is_some() {
        e.ks.effects.dirty += 1;
        e.notify(NotifyFlags::STREAM, "xgroup-delconsumer", key);
    }
    e.reply.int(pending as i64);
    Ok(())
}

fn help(e: &mut Exec<'_>) -> CmdResult {
    container_help(
        e.reply,
        e.args,
        &[
            "CREATE <key> <groupname> <id|$> [option]",
            "    Create a new consumer group. Options are:",
            "    * MKSTREAM",
            "      Create the empty stream if it does not exist.",
            "    * ENTRIESREAD entries_read",
            "      Set the group's entries_read counter (internal use).",
            "CREATECONSUMER <key> <groupname> <consumer>",
            "    Create a new consumer in the specified group.",
            "DELCONSUMER <key> <groupname> <consumer>",
            "    Remove the specified consumer.",
            "DESTROY <key> <groupname>",
            "    Remove the specified group.",
            "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
            "    Set the current group ID and entries_read counter.",
        ],
    )
}
