//! The commands that take entries out: XDEL and XTRIM.

use super::ids::strict_id;
use super::options::{Options, exact_threshold};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Stream;
use crate::value::stream::StreamId;
use smallvec::SmallVec;

/// `XDEL`
pub static XDEL: Command = Command {
    name: "xdel",
    arity: -3,
    flags: flags!(WRITE | FAST),
    acl: acl!(WRITE | STREAM | FAST),
    keys: &[key_at(1, access!(RW | DELETE))],
    group: Group::Stream,
    tips: &[],
    run: Run::Data(xdel),
    subcommands: &[],
};

fn xdel(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    let Some(stream) = e.ks.write_as::<Stream>(e.db, key)? else {
        e.reply.int(0);
        return Ok(());
    };
    let ids: SmallVec<[StreamId; 8]> =
        e.args.rest(2).iter().map(|id| strict_id(id, 0)).collect::<CmdResult<_>>()?;
    let mut deleted = 0;
    for id in ids {
        if stream.remove(id) {
            stream.max_deleted_id = stream.max_deleted_id.max(id);
            deleted += 1;
        }
    }
    if deleted > 0 {
        stream.update_first_id();
        e.notify(NotifyFlags::STREAM, "xdel", key);
        e.ks.effects.dirty += deleted;
    }
    e.reply.int(deleted as i64);
    Ok(())
}

/// `XTRIM`
pub static XTRIM: Command = Command {
    name: "xtrim",
    arity: -4,
    flags: flags!(WRITE),
    acl: acl!(WRITE | STREAM | SLOW),
    keys: &[key_at(1, access!(RW | DELETE))],
    group: Group::Stream,
    tips: &["nondeterministic_output"],
    run: Run::Data(xtrim),
    subcommands: &[],
};

fn xtrim(e: &mut Exec<'_>) -> CmdResult {
    let options = Options::parse(e, false)?;
    let trimming = options.trimming.expect("XTRIM without a threshold is refused");
    let key = e.args.at(1);
    let Some(stream) = e.ks.write_as::<Stream>(e.db, key)? else {
        e.reply.int(0);
        return Ok(());
    };
    let deleted = stream.trim(trimming.trim, trimming.whole_nodes, trimming.limit);
    if deleted > 0 {
        if trimming.whole_nodes {
            let threshold = exact_threshold(stream, trimming.trim);
            let args = e.args.iter().enumerate().map(|(i, arg)| match i + 1 {
                i if i == trimming.at => b"=",
                i if i == trimming.at + 1 => threshold.as_bytes(),
                _ => arg,
            });
            e.ks.effects.propagate_instead(args);
        }
        e.notify(NotifyFlags::STREAM, "xtrim", key);
        e.ks.effects.dirty += deleted;
    }
    e.reply.int(deleted as i64);
    Ok(())
}
