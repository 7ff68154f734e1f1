//! SSCAN.

use crate::commands::generic::scan::ScanOptions;
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::args::OwnedArgs;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Set;
use c_compat::listpack::IntText;
use c_compat::number::int;

/// `SSCAN`
pub static SSCAN: Command = Command {
    name: "sscan",
    arity: -3,
    flags: flags!(READONLY),
    acl: acl!(READ | SET | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Set,
    tips: &["nondeterministic_output"],
    run: Run::Data(sscan),
    subcommands: &[],
};

fn sscan(e: &mut Exec<'_>) -> CmdResult {
    let cursor = int::parse_cursor(e.args.at(2)).ok_or(CmdError::INVALID_CURSOR)?;
    let set = e.ks.read_as::<Set>(e.db, e.args.at(1))?;
    let mut found = OwnedArgs::new();
    let mut next = 0;
    // Without a set the options are not looked at, as in Redis.
    if let Some(set) = set {
        let options = ScanOptions::of_collection(e.args.rest(3))?;
        let mut room = IntText::new();
        next = set.scan(cursor, options.count, |member| {
            let member = member.text(&mut room);
            if options.matches(member) {
                found.push(member);
            }
        });
    }
    e.reply.array(2);
    e.reply.bulk(itoa::Buffer::new().format(next).as_bytes());
    e.reply.bulks(found.as_args().iter());
    Ok(())
}
