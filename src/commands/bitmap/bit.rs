//! SETBIT and GETBIT.

use super::bit_offset;
use crate::commands::parse::integer;
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::IntBuf;

/// `SETBIT`
pub static SETBIT: Command = Command {
    name: "setbit",
    arity: 4,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | BITMAP | SLOW),
    keys: &[key_at(1, access!(RW | ACCESS | UPDATE))],
    group: Group::Bitmap,
    tips: &[],
    run: Run::Data(setbit),
    subcommands: &[],
};

fn setbit(e: &mut Exec<'_>) -> CmdResult {
    let key = e.args.at(1);
    let offset = bit_offset(e, e.args.at(2), None)?;
    let new = match integer(e.args.at(3)) {
        Ok(0) => false,
        Ok(1) => true,
        _ => return Err(CmdError::err("bit is not an integer or out of range")),
    };
    let at = (offset >> 3) as usize;
    let (bytes, grown) = match e.ks.write_str(e.db, key)? {
        Some(string) => string.grow(at + 1),
        None => (e.ks.string_mut(e.db, key, at + 1), true),
    };
    let mask = 0x80 >> (offset & 7);
    let old = bytes[at] & mask != 0;
    if old != new {
        bytes[at] ^= mask;
    }
    if old != new || grown {
        e.ks.effects.dirty += 1;
        e.notify(NotifyFlags::STRING, "setbit", key);
    }
    e.reply.int(i64::from(old));
    Ok(())
}

/// `GETBIT`
pub static GETBIT: Command = Command {
    name: "getbit",
    arity: 3,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | BITMAP | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Bitmap,
    tips: &[],
    run: Run::Data(getbit),
    subcommands: &[],
};

fn getbit(e: &mut Exec<'_>) -> CmdResult {
    let offset = bit_offset(e, e.args.at(2), None)?;
    let mut digits = IntBuf::new();
    let bytes = e.ks.read_str(e.db, e.args.at(1))?.map_or(&b""[..], |value| value.bytes(&mut digits));
    let byte = bytes.get((offset >> 3) as usize).copied().unwrap_or(0);
    e.reply.int(i64::from(byte >> (7 - (offset & 7)) & 1));
    Ok(())
}
