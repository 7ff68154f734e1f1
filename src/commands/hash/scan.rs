//! HSCAN.

use super::reply_item;
use crate::commands::generic::scan::ScanOptions;
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Hash;
use crate::value::hash::FieldRef;
use c_compat::listpack::IntText;
use c_compat::number::int;

/// `HSCAN`
pub static HSCAN: Command = Command {
    name: "hscan",
    arity: -3,
    flags: flags!(READONLY),
    acl: acl!(READ | HASH | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Hash,
    tips: &["nondeterministic_output"],
    run: Run::Data(hscan),
    subcommands: &[],
};

fn hscan(e: &mut Exec<'_>) -> CmdResult {
    let cursor = int::parse_cursor(e.args.at(2)).ok_or(CmdError::INVALID_CURSOR)?;
    let moment = e.ks.field_moment();
    let hash = e.ks.read_as::<Hash>(e.db, e.args.at(1))?;
    let mut found: Vec<FieldRef<'_>> = Vec::new();
    let (mut next, mut no_values) = (0, false);
    // Without a hash the options are not looked at, as in Redis.
    if let Some(hash) = hash {
        let options = ScanOptions::of_hash(e.args.rest(3))?;
        no_values = options.no_values;
        next = hash.scan(cursor, options.count, |f| {
            if !f.is_gone(moment) && options.matches(f.field.text(&mut IntText::new())) {
                found.push(f);
            }
        });
    }
    e.reply.array(2);
    e.reply.bulk(itoa::Buffer::new().format(next).as_bytes());
    e.reply.array(if no_values { found.len() } else { 2 * found.len() });
    for f in found {
        reply_item(e.reply, f.field);
        if !no_values {
            reply_item(e.reply, f.value);
        }
    }
    Ok(())
}
