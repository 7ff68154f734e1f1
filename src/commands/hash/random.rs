//! HRANDFIELD.

use super::reply_item;
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Hash;
use crate::value::hash::FieldRef;

/// `HRANDFIELD`
pub static HRANDFIELD: Command = Command {
    name: "hrandfield",
    arity: -2,
    flags: flags!(READONLY),
    acl: acl!(READ | HASH | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Hash,
    tips: &["nondeterministic_output"],
    run: Run::Data(hrandfield),
    subcommands: &[],
};

fn hrandfield(e: &mut Exec<'_>) -> CmdResult {
    if let Some(count) = e.args.get(2) {
        return many(e, count);
    }
    let moment = e.ks.field_moment();
    expire_fields(e);
    match e.ks.read_as::<Hash>(e.db, e.args.at(1))?.and_then(|hash| hash.random(moment, e.rng)) {
        Some(f) => reply_item(e.reply, f.field),
        None => e.reply.null(),
    }
    Ok(())
}

/// Deletes fields whose time has passed, so that there are less to draw in vain.
fn expire_fields(e: &mut Exec<'_>) {
    /// So many at a time.
    const FIELDS_MAX: usize = 1000;
    let (key, moment) = (e.args.at(1), e.ks.field_moment());
    let Some(hash) = e.ks.peek_as::<Hash>(e.db, key) else { return };
    if hash.next_expires().is_some_and(|ms| ms < moment) {
        let gone = hash.iter().filter(|f| f.is_gone(moment)).take(FIELDS_MAX);
        let gone: Vec<Vec<u8>> = gone.map(|f| f.field.to_vec()).collect();
        let gone: Vec<&[u8]> = gone.iter().map(Vec::as_slice).collect();
        e.ks.delete_gone_fields(e.db, key, &gone);
    }
}

fn many(e: &mut Exec<'_>, count: &[u8]) -> CmdResult {
    let count = integer(count)?;
    if count == i64::MIN {
        let range = format!("value is out of range, value must between {} and {}", -i64::MAX, i64::MAX);
        return Err(CmdError::err(range));
    }
    let with_values = e.args.len() > 3;
    if e.args.len() > 4 || with_values && !is_word(e.args.at(3), "withvalues") {
        return Err(CmdError::SYNTAX);
    }
    if with_values && !(-i64::MAX / 2..=i64::MAX / 2).contains(&count) {
        return Err(CmdError::err("value is out of range"));
    }
    let moment = e.ks.field_moment();
    expire_fields(e);
    let Some(hash) = e.ks.read_as::<Hash>(e.db, e.args.at(1))? else {
        e.reply.array(0);
        return Ok(());
    };
    let fields = hash.len_at(moment);
    let (asked, repeats) = (usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX), count < 0);
    let len = if repeats && fields > 0 { asked } else { asked.min(fields) };
    let reply = &mut *e.reply;
    let pairs = with_values && reply.resp3();
    reply.array(if with_values && !pairs { 2 * len } else { len });
    let show = |f: FieldRef<'_>| {
        if pairs {
            reply.array(2);
        }
        reply_item(reply, f.field);
        if with_values {
            reply_item(reply, f.value);
        }
    };
    if repeats || len == 1 {
        hash.random_many(len, moment, e.rng, show);
    } else if len == fields {
        hash.iter_at(moment).for_each(show);
    } else {
        hash.random_unique(len, moment, e.rng, show);
    }
    Ok(())
}
