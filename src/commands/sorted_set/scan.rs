//! ZSCAN.

use crate::commands::generic::scan::ScanOptions;
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::args::OwnedArgs;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::SortedSet;
use c_compat::listpack::IntText;
use c_compat::number::int;

/// `ZSCAN`
pub static ZSCAN: Command = Command {
    name: "zscan",
    arity: -3,
    flags: flags!(READONLY),
    acl: acl!(READ | SORTEDSET | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::SortedSet,
    tips: &["nondeterministic_output"],
    run: Run::Data(zscan),
    subcommands: &[],
};

fn zscan(e: &mut Exec<'_>) -> CmdResult {
    let cursor = int::parse_cursor(e.args.at(2)).ok_or(CmdError::INVALID_CURSOR)?;
    let set = e.ks.read_as::<SortedSet>(e.db, e.args.at(1))?;
    let mut found = OwnedArgs::new();
    let mut next = 0;
    // Without a sorted set the options are not looked at, as in Redis.
    if let Some(set) = set {
        let options = ScanOptions::of_collection(e.args.rest(3))?;
        let (mut room, mut score) = (IntText::new(), Vec::new());
        next = set.scan(cursor, options.count, |item| {
            let member = item.member.text(&mut room);
            if options.matches(member) {
                score.clear();
                item.append_score(&mut score);
                found.push(member);
                found.push(&score);
            }
        });
    }
    e.reply.array(2);
    e.reply.bulk(itoa::Buffer::new().format(next).as_bytes());
    e.reply.bulks(found.as_args().iter());
    Ok(())
}
