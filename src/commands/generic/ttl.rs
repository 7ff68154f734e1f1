//! TTL, PTTL, EXPIRETIME and PEXPIRETIME.

use crate::commands::parse::{Since, Unit};
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};

/// `TTL`
pub static TTL: Command = Command {
    name: "ttl",
    arity: 2,
    flags: flags!(READONLY | FAST),
    acl: acl!(KEYSPACE | READ | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Generic,
    tips: &["nondeterministic_output"],
    run: Run::Data(ttl),
    subcommands: &[],
};

fn ttl(e: &mut Exec<'_>) -> CmdResult {
    reply_expiry(e, Since::Now, Unit::Seconds)
}

/// `PTTL`
pub static PTTL: Command = Command {
    name: "pttl",
    arity: 2,
    flags: flags!(READONLY | FAST),
    acl: acl!(KEYSPACE | READ | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Generic,
    tips: &["nondeterministic_output"],
    run: Run::Data(pttl),
    subcommands: &[],
};

fn pttl(e: &mut Exec<'_>) -> CmdResult {
    reply_expiry(e, Since::Now, Unit::Millis)
}

/// `EXPIRETIME`
pub static EXPIRETIME: Command = Command {
    name: "expiretime",
    arity: 2,
    flags: flags!(READONLY | FAST),
    acl: acl!(KEYSPACE | READ | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(expiretime),
    subcommands: &[],
};

fn expiretime(e: &mut Exec<'_>) -> CmdResult {
    reply_expiry(e, Since::Epoch, Unit::Seconds)
}

/// `PEXPIRETIME`
pub static PEXPIRETIME: Command = Command {
    name: "pexpiretime",
    arity: 2,
    flags: flags!(READONLY | FAST),
    acl: acl!(KEYSPACE | READ | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(pexpiretime),
    subcommands: &[],
};

fn pexpiretime(e: &mut Exec<'_>) -> CmdResult {
    reply_expiry(e, Since::Epoch, Unit::Millis)
}

/// The key's expiry time; -1 when it has none, -2 when there is no key.
fn reply_expiry(e: &mut Exec<'_>, since: Since, unit: Unit) -> CmdResult {
    let key = e.args.at(1);
    let answer = if e.ks.lookup_read_no_touch(e.db, key).is_none() {
        -2
    } else if let Some(at_ms) = e.ks.get_expire(e.db, key) {
        let ms = match since {
            Since::Now => at_ms.saturating_sub(e.ks.now_ms()).max(0),
            Since::Epoch => at_ms.max(0),
        };
        match unit {
            Unit::Millis => ms,
            Unit::Seconds => ((ms as u64 + 500) / 1000) as i64,
        }
    } else {
        -1
    };
    e.reply.int(answer);
    Ok(())
}
