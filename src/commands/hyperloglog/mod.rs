//! The hyperloglog group: estimates of how many different elements were added, on strings whose bytes are Redis's
//! ([`c_compat::hyperloglog`]).

pub mod add;
pub mod count;
pub mod debug;
pub mod merge;
#[cfg(test)]
mod tests;

use crate::protocol::{CmdError, CmdResult};
use crate::value::StrRef;
use c_compat::hyperloglog::{Corrupt, NotHyperLogLog, check};

/// The bytes of a string that is a HyperLogLog.
fn of(value: StrRef<'_>) -> CmdResult<&[u8]> {
    let bytes = match value {
        StrRef::Int(_) => return Err(not_one(NotHyperLogLog)),
        StrRef::Bytes(bytes) => bytes,
        StrRef::Long(long) => long.bytes(),
    };
    check(bytes).map(|_| bytes).map_err(not_one)
}

fn not_one(error: NotHyperLogLog) -> CmdError {
    CmdError::new(format!("WRONGTYPE {error}"))
}

fn corrupt(error: Corrupt) -> CmdError {
    CmdError::new(format!("INVALIDOBJ {error}"))
}
