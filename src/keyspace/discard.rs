//! What becomes of entries that are taken out: most are freed on the spot, those with many parts are kept for the
//! server, which has them freed on a thread of its own.
//!
//! Redis leaves what has up to 64 parts to the main thread, and what has more too unless the option of the case
//! (lazyfree-lazy-*) or UNLINK says otherwise. Values so large that the main thread would stand still go to the thread
//! whatever the options say.

use super::Keyspace;
use super::entry::Entry;

/// Freeing so many parts is quicker than handing them over.
const EFFORT_MAX: usize = 64;
/// Freeing more parts than this is felt by every client: at 50 ns each it takes most of a millisecond.
pub(super) const EFFORT_FELT: usize = 16 * 1024;

/// lazyfree-lazy-*: in which cases entries are freed in the background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LazyPolicy {
    /// A key's time has passed.
    pub expire: bool,
    /// A command replaces a key as part of what it does.
    pub server_del: bool,
    /// DEL.
    pub user_del: bool,
}

/// Why an entry goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A client deletes it.
    Deleted,
    /// A client deletes it and wants it freed in the background.
    Unlinked,
    /// Another takes its place.
    Replaced,
    Expired,
}

/// Is it better freed in the background? `lazy`: it is if that is not slower.
#[inline]
pub fn takes_long(entry: &Entry, lazy: bool) -> bool {
    let effort = entry.value().free_effort();
    effort > EFFORT_MAX && (lazy || effort > EFFORT_FELT)
}

impl LazyPolicy {
    #[inline]
    pub(super) fn says(self, cause: Cause) -> bool {
        match cause {
            Cause::Deleted => self.user_del,
            Cause::Unlinked => true,
            Cause::Replaced => self.server_del,
            Cause::Expired => self.expire,
        }
    }
}

impl Keyspace {
    /// Frees an entry that was taken out, or keeps it in [`Keyspace::discarded`].
    #[inline]
    pub(super) fn discard(&mut self, entry: Entry, cause: Cause) {
        if takes_long(&entry, self.lazy.says(cause)) {
            self.discarded.push(entry);
        }
    }
}
