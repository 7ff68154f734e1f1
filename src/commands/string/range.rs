//! GETRANGE, its old name SUBSTR, and SETRANGE.

use super::check_length;
use crate::commands::parse::integer;
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::{IntBuf, StrRef};
use std::ops::Range;

/// `GETRANGE`
pub static GETRANGE: Command = Command {
    name: "getrange",
    arity: 4,
    flags: flags!(READONLY),
    acl: acl!(READ | STRING | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::String,
    tips: &[],
    run: Run::Data(getrange),
    subcommands: &[],
};

fn getrange(e: &mut Exec<'_>) -> CmdResult {
    let (start, end) = (integer(e.args.at(2))?, integer(e.args.at(3))?);
    let mut digits = IntBuf::new();
    let bytes = e.ks.read_str(e.db, e.args.at(1))?.map_or(&b""[..], |value| value.bytes(&mut digits));
    e.reply.bulk(&bytes[slice(start, end, bytes.len())]);
    Ok(())
}

/// `SUBSTR`
pub static SUBSTR: Command = Command {
    name: "substr",
    arity: 4,
    flags: flags!(READONLY),
    acl: acl!(READ | STRING | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::String,
    tips: &[],
    run: Run::Data(getrange),
    subcommands: &[],
};

/// `SETRANGE`
pub static SETRANGE: Command = Command {
    name: "setrange",
    arity: 4,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | STRING | SLOW),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::String,
    tips: &[],
    run: Run::Data(setrange),
    subcommands: &[],
};

fn setrange(e: &mut Exec<'_>) -> CmdResult {
    let (key, patch) = (e.args.at(1), e.args.at(3));
    let offset = usize::try_from(integer(e.args.at(2))?).map_err(|_| CmdError::OFFSET_OUT_OF_RANGE)?;
    let len = e.ks.read_str_to_write(e.db, key)?.map_or(0, StrRef::len);
    if patch.is_empty() {
        e.reply.int(len as i64);
        return Ok(());
    }
    check_length(e, offset, patch.len())?;
    let string = e.ks.string_mut(e.db, key, offset + patch.len());
    string[offset..offset + patch.len()].copy_from_slice(patch);
    let len = string.len();
    e.ks.effects.dirty += 1;
    e.notify(NotifyFlags::STRING, "setrange", key);
    e.reply.int(len as i64);
    Ok(())
}

/// The bytes from `start` to `end`, both included; negative ones count from the end of `len` bytes.
fn slice(start: i64, end: i64, len: usize) -> Range<usize> {
    if start < 0 && end < 0 && start > end {
        return 0..0;
    }
    let len = len as i64;
    let from_start = |i: i64| if i < 0 { (i + len).max(0) } else { i };
    let (start, end) = (from_start(start), from_start(end).min(len - 1));
    if start > end { 0..0 } else { start as usize..end as usize + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_clamped_as_in_redis() {
        assert_eq!(slice(0, -1, 5), 0..5);
        assert_eq!(slice(-3, -1, 5), 2..5);
        assert_eq!(slice(-100, 1, 5), 0..2);
        assert_eq!(slice(3, 100, 5), 3..5);
        assert_eq!(slice(5, 6, 5), 0..0);
        assert_eq!(slice(-1, -3, 5), 0..0);
        assert_eq!(slice(-10, -8, 5), 0..1);
        assert_eq!(slice(0, 0, 0), 0..0);
        assert_eq!(slice(i64::MIN, i64::MAX, 2), 0..2);
        assert_eq!(slice(i64::MAX, i64::MIN, 2), 0..0);
    }
}
