//! Transactions: MULTI, EXEC, DISCARD, and WATCH and UNWATCH.

pub mod exec;
pub mod watch;
