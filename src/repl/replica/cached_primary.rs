//! What is remembered of a primary whose link is down: enough to ask for the rest of its stream.

use crate::repl::id::ReplId;

/// Where we stand in a primary's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedPrimary {
    pub replid: ReplId,
    /// The last byte of its stream that our data contains.
    pub offset: i64,
    /// The database that its stream is at: a partial resync does not begin with SELECT.
    pub db: u32,
}

impl CachedPrimary {
    /// What PSYNC asks for: the first byte that we do not have.
    pub fn wanted(&self) -> i64 {
        self.offset + 1
    }
}
