//! Arguments that are ids of entries.

use crate::protocol::{CmdError, CmdResult};
use crate::value::stream::StreamId;

/// An argument is no id.
pub(super) fn invalid_id() -> CmdError {
    CmdError::err("Invalid stream ID specified as stream command argument")
}

/// An id, but not `-` or `+`; without a sequence number it has `missing_seq`.
///
/// # Errors
/// It is none.
pub(super) fn strict_id(arg: &[u8], missing_seq: u64) -> CmdResult<StreamId> {
    StreamId::parse_strict(arg, missing_seq).ok_or_else(invalid_id)
}

/// The first id of an interval.
///
/// # Errors
/// It is none, or leaves out the greatest id.
pub(super) fn start_bound(arg: &[u8]) -> CmdResult<StreamId> {
    let (id, exclusive) = StreamId::parse_bound(arg, 0).ok_or_else(invalid_id)?;
    let id = if exclusive { id.next() } else { Some(id) };
    id.ok_or_else(|| CmdError::err("invalid start ID for the interval"))
}

/// The last id of an interval.
///
/// # Errors
/// It is none, or leaves out the least id.
pub(super) fn end_bound(arg: &[u8]) -> CmdResult<StreamId> {
    let (id, exclusive) = StreamId::parse_bound(arg, u64::MAX).ok_or_else(invalid_id)?;
    let id = if exclusive { id.prev() } else { Some(id) };
    id.ok_or_else(|| CmdError::err("invalid end ID for the interval"))
}
