//! HTTL, HPTTL, HEXPIRETIME and HPEXPIRETIME: when fields expire.

use super::options::{NOT_POSITIVE, fields};
use crate::commands::parse::{Since, Unit};
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::Hash;

/// `HEXPIRETIME`
pub static HEXPIRETIME: Command = Command {
    name: "hexpiretime",
    arity: -5,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | HASH | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hexpiretime),
    subcommands: &[],
};

fn hexpiretime(e: &mut Exec<'_>) -> CmdResult {
    tell(e, Since::Epoch, Unit::Seconds)
}

/// `HPEXPIRETIME`
pub static HPEXPIRETIME: Command = Command {
    name: "hpexpiretime",
    arity: -5,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | HASH | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Hash,
    tips: &[],
    run: Run::Data(hpexpiretime),
    subcommands: &[],
};

fn hpexpiretime(e: &mut Exec<'_>) -> CmdResult {
    tell(e, Since::Epoch, Unit::Millis)
}

/// `HPTTL`
pub static HPTTL: Command = Command {
    name: "hpttl",
    arity: -5,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | HASH | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Hash,
    tips: &["nondeterministic_output"],
    run: Run::Data(hpttl),
    subcommands: &[],
};

fn hpttl(e: &mut Exec<'_>) -> CmdResult {
    tell(e, Since::Now, Unit::Millis)
}

/// `HTTL`
pub static HTTL: Command = Command {
    name: "httl",
    arity: -5,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | HASH | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Hash,
    tips: &["nondeterministic_output"],
    run: Run::Data(httl),
    subcommands: &[],
};

fn httl(e: &mut Exec<'_>) -> CmdResult {
    tell(e, Since::Now, Unit::Seconds)
}

/// Answers -2 for a field that is not there, -1 for one that does not expire.
fn tell(e: &mut Exec<'_>, since: Since, unit: Unit) -> CmdResult {
    let (now, moment) = (e.ks.now_ms(), e.ks.field_moment());
    e.ks.read_as::<Hash>(e.db, e.args.at(1))?;
    let fields = fields(e, 2, NOT_POSITIVE)?;
    let hash = e.ks.peek_as::<Hash>(e.db, e.args.at(1));
    e.reply.array(fields.len());
    for field in fields.iter() {
        let found = hash.and_then(|hash| hash.find(field)).filter(|f| !f.is_gone(moment));
        e.reply.int(match found.map(|found| found.expires) {
            None => -2,
            Some(None) => -1,
            Some(Some(at_ms)) => {
                let ms = if since == Since::Now { (at_ms - now).max(0) } else { at_ms };
                // Begun seconds count.
                if unit == Unit::Seconds { (ms + 999) / 1000 } else { ms }
            }
        });
    }
    Ok(())
}
