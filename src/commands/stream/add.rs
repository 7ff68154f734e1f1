//! XADD.

use super::options::{Options, exact_threshold};
use super::reply_id;
use crate::commands::row::{access, acl, flags};
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{BeginSearch, Command, Exec, FindKeys, Group, KeySpec, Run};
use crate::value::stream::{AppendError, IdText, NewId, StreamId};
use crate::value::{Collection, Stream, Type};

/// `XADD`
pub static XADD: Command = Command {
    name: "xadd",
    arity: -5,
    flags: flags!(WRITE | DENYOOM | FAST),
    acl: acl!(WRITE | STREAM | FAST),
    keys: &[KeySpec {
        flags: access!(RW | UPDATE),
        begin: BeginSearch::Index(1),
        find: FindKeys::Range { last: 0, step: 1, limit: 0 },
        notes: "UPDATE instead of INSERT because of the optional trimming feature",
    }],
    group: Group::Stream,
    tips: &["nondeterministic_output"],
    run: Run::Data(xadd),
    subcommands: &[],
};

fn xadd(e: &mut Exec<'_>) -> CmdResult {
    let options = Options::parse(e, true)?;
    let pairs = e.args.rest(options.id_at + 1);
    if pairs.len() < 2 || pairs.len() % 2 == 1 {
        return Err(CmdError::wrong_arity("xadd"));
    }
    if options.id == Some(NewId::Given(StreamId::MIN)) {
        return Err(CmdError::err("The ID specified in XADD must be greater than 0-0"));
    }
    let id = options.id.unwrap_or(NewId::Auto(e.ks.now_ms() as u64));
    let (db, key, limits) = (e.db, e.args.at(1), e.ks.limits.stream);
    let mut trimmed = 0;
    let mut threshold = None;
    // A stream that is there already is looked up once.
    let added = match e.ks.write_as::<Stream>(db, key)? {
        Some(stream) if stream.last_id == StreamId::MAX => {
            return Err(CmdError::err(
                "The stream has exhausted the last possible ID, unable to add more items",
            ));
        }
        Some(stream) => {
            let added = stream.append(id, pairs.iter(), &limits).map_err(refused)?;
            if let Some(trimming) = &options.trimming {
                trimmed = stream.trim(trimming.trim, trimming.whole_nodes, trimming.limit);
                threshold = trimming.whole_nodes.then(|| exact_threshold(stream, trimming.trim));
            }
            e.ks.effects.note_ready(db, key, Type::Stream);
            added
        }
        None if options.no_mkstream => {
            e.reply.null();
            return Ok(());
        }
        None => {
            let mut stream = Stream::new();
            let added = stream.append(id, pairs.iter(), &limits).map_err(refused)?;
            if let Some(trimming) = &options.trimming {
                trimmed = stream.trim(trimming.trim, trimming.whole_nodes, trimming.limit);
                threshold = trimming.whole_nodes.then(|| exact_threshold(&stream, trimming.trim));
            }
            e.ks.create(db, key, stream);
            added
        }
    };
    reply_id(e.reply, added);
    e.notify(NotifyFlags::STREAM, "xadd", key);
    if trimmed > 0 {
        e.notify(NotifyFlags::STREAM, "xtrim", key);
    }
    e.ks.effects.dirty += 1;
    let id_is_given = matches!(options.id, Some(NewId::Given(_)));
    if !e.ks.effects.unheard && (!id_is_given || threshold.is_some()) {
        let mut room = IdText::new();
        let id = added.text(&mut room);
        let threshold_at = options.trimming.map_or(0, |trimming| trimming.at);
        let args = e.args.iter().enumerate().map(|(i, arg)| match &threshold {
            _ if i == options.id_at && !id_is_given => id,
            Some(_) if i == threshold_at - 1 => b"=",
            Some(threshold) if i == threshold_at => threshold.as_bytes(),
            _ => arg,
        });
        e.ks.effects.propagate_instead(args);
    }
    Ok(())
}

fn refused(error: AppendError) -> CmdError {
    CmdError::err(match error {
        AppendError::NotGreater => {
            "The ID specified in XADD is equal or smaller than the target stream top item"
        }
        AppendError::TooLarge => "Elements are too large to be stored",
    })
}
