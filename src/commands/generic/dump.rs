//! DUMP and RESTORE: a value as bytes that another server, of this or a later version, takes in.

use super::expire::already_expired;
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::keyspace::Access;
use crate::keyspace::discard::Cause;
use crate::persist::rdb::payload::{self, PayloadError};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};

/// `DUMP`
pub static DUMP: Command = Command {
    name: "dump",
    arity: 2,
    flags: flags!(READONLY),
    acl: acl!(KEYSPACE | READ | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Generic,
    tips: &["nondeterministic_output"],
    run: Run::Data(dump),
    subcommands: &[],
};

fn dump(e: &mut Exec<'_>) -> CmdResult {
    match e.ks.lookup_read(e.db, e.args.at(1)) {
        Some(value) => e.reply.bulk(&payload::dump(value, e.config.rdbcompression)),
        None => e.reply.null(),
    }
    Ok(())
}

/// `RESTORE`
pub static RESTORE: Command = Command {
    name: "restore",
    arity: -4,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(KEYSPACE | WRITE | SLOW | DANGEROUS),
    keys: &[key_at(1, access!(OW | UPDATE))],
    group: Group::Generic,
    tips: &[],
    run: Run::Data(restore),
    subcommands: &[],
};

fn restore(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    let Options { replace, absolute, access } = Options::parse(e.args)?;
    if !replace && e.ks.lookup_write(e.db, key).is_some() {
        return Err(CmdError::BUSY_KEY);
    }
    let ttl = integer(e.args.at(2))?;
    if ttl < 0 {
        return Err(CmdError::err("Invalid TTL value, must be >= 0"));
    }
    let mut value =
        payload::restore(e.args.at(3), e.skip_checksum, &e.ks.limits).map_err(|error| match error {
            PayloadError::Footer => CmdError::BAD_PAYLOAD,
            PayloadError::Format => CmdError::BAD_DATA_FORMAT,
        })?;
    let expire = match ttl {
        0 => None,
        _ if absolute => Some(ttl),
        // A sum that overflows lies in the past, as in Redis.
        _ => Some(ttl.wrapping_add(e.ks.now_ms())),
    };
    let deleted = replace && e.ks.delete_as(e.db, key, Cause::Replaced);
    if expire.is_some_and(|ms| already_expired(e, ms)) {
        if deleted {
            e.ks.effects.propagate_instead([b"DEL", key]);
            e.ks.effects.dirty += 1;
            e.notify(NotifyFlags::GENERIC, "del", key);
        }
        e.reply.ok();
        return Ok(());
    }
    let value = value.as_new().expect("an empty value is no payload");
    e.ks.insert_loaded(e.db, key, value, expire, access, true);
    if let Some(ms) = expire.filter(|_| !absolute) {
        let mut digits = itoa::Buffer::new();
        let head = [e.args.at(0), key, digits.format(ms).as_bytes()];
        let command = head.into_iter().chain(e.args.rest(3).iter()).chain([&b"ABSTTL"[..]]);
        e.ks.effects.propagate_instead(command);
    }
    e.ks.effects.dirty += 1;
    e.notify(NotifyFlags::GENERIC, "restore", key);
    e.reply.ok();
    Ok(())
}

/// `RESTORE-ASKING`
pub static RESTORE_ASKING: Command = Command {
    name: "restore-asking",
    arity: -4,
    flags: flags!(WRITE | DENYOOM | ASKING),
    acl: acl!(KEYSPACE | WRITE | SLOW | DANGEROUS),
    keys: &[key_at(1, access!(OW | UPDATE))],
    group: Group::Server,
    tips: &[],
    run: Run::Data(restore),
    subcommands: &[],
};

struct Options {
    replace: bool,
    absolute: bool,
    access: Access,
}

impl Options {
    fn parse(args: Args<'_>) -> CmdResult<Self> {
        let mut options = Options { replace: false, absolute: false, access: Access::Fresh };
        let mut i = 4;
        while let Some(word) = args.get(i) {
            let next = args.get(i + 1);
            if is_word(word, "replace") {
                options.replace = true;
            } else if is_word(word, "absttl") {
                options.absolute = true;
            } else if is_word(word, "idletime")
                && !matches!(options.access, Access::Freq(_))
                && let Some(arg) = next
            {
                let seconds = u64::try_from(integer(arg)?)
                    .map_err(|_| CmdError::err("Invalid IDLETIME value, must be >= 0"))?;
                options.access = Access::Idle(seconds);
                i += 1;
            } else if is_word(word, "freq")
                && !matches!(options.access, Access::Idle(_))
                && let Some(arg) = next
            {
                let counter = u8::try_from(integer(arg)?)
                    .map_err(|_| CmdError::err("Invalid FREQ value, must be >= 0 and <= 255"))?;
                options.access = Access::Freq(counter);
                i += 1;
            } else {
                return Err(CmdError::SYNTAX);
            }
            i += 1;
        }
        Ok(options)
    }
}
