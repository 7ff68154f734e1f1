//! The string group.

pub mod append;
pub mod get;
pub mod incr;
pub mod lcs;
pub mod multi;
mod options;
pub mod range;
pub mod set;
#[cfg(test)]
mod tests;

use crate::protocol::{Args, CmdError, CmdResult, Reply};
use crate::server::command::Exec;
use crate::value::{NewValue, StrRef};

/// An argument as a value. One that was read apart is kept as it lies.
#[inline]
fn value_of(args: Args<'_>, at: usize) -> NewValue<'_> {
    match args.apart(at) {
        Some(string) => NewValue::Kept(string),
        None => NewValue::Encode(args.at(at)),
    }
}

/// Replies a string.
fn reply_value(reply: &mut Reply, value: StrRef<'_>) {
    match value {
        StrRef::Int(n) => reply.bulk_int(n),
        StrRef::Bytes(bytes) => reply.bulk(bytes),
        StrRef::Long(long) => reply.bulk_long(long),
    }
}

/// Replies the string at a key as GET does, null when there is none.
fn reply_key(e: &mut Exec<'_>, key: &[u8]) -> CmdResult {
    match e.ks.read_str(e.db, key)? {
        Some(value) => reply_value(e.reply, value),
        None => e.reply.null(),
    }
    Ok(())
}

/// Refuses to let a string grow beyond proto-max-bulk-len: `len` bytes and `more` behind them.
fn check_length(e: &Exec<'_>, len: usize, more: usize) -> CmdResult {
    let fits = len.checked_add(more).is_some_and(|total| total as u64 <= e.config.proto_max_bulk_len as u64);
    if fits || e.must_obey { Ok(()) } else { Err(CmdError::STRING_TOO_LONG) }
}
