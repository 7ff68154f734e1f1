//! The generic group: what can be done with keys of any type.

pub mod copy;
pub mod del;
pub mod dump;
pub mod exists;
pub mod expire;
pub mod keys;
pub mod migrate;
pub mod object;
pub mod rename;
#[cfg(any(test, fuzzing))]
pub mod restore_fuzz;
pub mod scan;
pub mod sort;
#[cfg(test)]
mod tests;
pub mod ttl;
pub mod wait;

/// The command that a deletion is propagated as.
pub(super) fn deletion_name(lazy: bool) -> &'static [u8] {
    if lazy { b"UNLINK" } else { b"DEL" }
}
