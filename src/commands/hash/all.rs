//! HGETALL, HKEYS and HVALS.

use super::reply_item;
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Hash;
use crate::value::hash::FieldRef;
use c_compat::listpack::Entry;

/// `HGETALL`
pub static HGETALL: Command = Command {
    name: "hgetall",
    arity: 2,
    flags: flags!(READONLY),
    acl: acl!(READ | HASH | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Hash,
    tips: &["nondeterministic_output_order"],
    run: Run::Data(hgetall),
    subcommands: &[],
};

fn hgetall(e: &mut Exec<'_>) -> CmdResult {
    let moment = e.ks.field_moment();
    let Some(hash) = e.ks.read_as::<Hash>(e.db, e.args.at(1))? else {
        e.reply.map(0);
        return Ok(());
    };
    e.reply.map(hash.len_at(moment));
    for f in hash.iter_at(moment) {
        reply_item(e.reply, f.field);
        reply_item(e.reply, f.value);
    }
    Ok(())
}

/// `HKEYS`
pub static HKEYS: Command = Command {
    name: "hkeys",
    arity: 2,
    flags: flags!(READONLY),
    acl: acl!(READ | HASH | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Hash,
    tips: &["nondeterministic_output_order"],
    run: Run::Data(hkeys),
    subcommands: &[],
};

fn hkeys(e: &mut Exec<'_>) -> CmdResult {
    reply_each(e, |f| f.field)
}

/// `HVALS`
pub static HVALS: Command = Command {
    name: "hvals",
    arity: 2,
    flags: flags!(READONLY),
    acl: acl!(READ | HASH | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Hash,
    tips: &["nondeterministic_output_order"],
    run: Run::Data(hvals),
    subcommands: &[],
};

fn hvals(e: &mut Exec<'_>) -> CmdResult {
    reply_each(e, |f| f.value)
}

/// This half of every field.
fn reply_each(e: &mut Exec<'_>, half: impl Fn(FieldRef<'_>) -> Entry<'_>) -> CmdResult {
    let moment = e.ks.field_moment();
    let hash = e.ks.read_as::<Hash>(e.db, e.args.at(1))?;
    e.reply.array(hash.map_or(0, |hash| hash.len_at(moment)));
    hash.into_iter().flat_map(|hash| hash.iter_at(moment)).for_each(|f| reply_item(e.reply, half(f)));
    Ok(())
}
