//! What a client has asked for with CLIENT TRACKING.

use super::ClientId;
use bitflags::bitflags;
use std::collections::BTreeSet;
use std::ops::Bound;

bitflags! {
    /// How a client tracks.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct TrackingModes: u8 {
        /// It is told of all keys with certain prefixes, whether it has read them or not.
        const BCAST = 1 << 0;
        /// Keys are remembered only when CLIENT CACHING YES was said before.
        const OPTIN = 1 << 1;
        /// Keys are remembered but when CLIENT CACHING NO was said before.
        const OPTOUT = 1 << 2;
        /// It is not told of what it has changed itself.
        const NOLOOP = 1 << 3;
        /// CLIENT CACHING was said: it holds for the next command or transaction.
        const CACHING = 1 << 4;
        /// The client that its invalidations go to was found to be gone.
        const BROKEN_REDIRECT = 1 << 5;
    }
}

/// A client that tracks.
#[derive(Debug, Default)]
pub struct ClientTracking {
    /// How.
    pub modes: TrackingModes,
    /// Who is told in its stead.
    pub redirect: Option<ClientId>,
    prefixes: BTreeSet<Box<[u8]>>,
    prefix_bytes: usize,
}

impl ClientTracking {
    /// Whether the keys that it reads are remembered.
    #[must_use]
    pub fn remembers_keys(&self) -> bool {
        let has = |mode| self.modes.contains(mode);
        let caching = has(TrackingModes::CACHING);
        let left_out = has(TrackingModes::OPTIN) && !caching || has(TrackingModes::OPTOUT) && caching;
        !has(TrackingModes::BCAST) && !left_out
    }

    /// Adds a prefix. It stands in the list of all prefixes too, with its client.
    pub fn add_prefix(&mut self, prefix: &[u8]) {
        if self.prefixes.insert(prefix.into()) {
            self.prefix_bytes += 2 * (size_of::<Box<[u8]>>() + prefix.len()) + size_of::<ClientId>();
        }
    }

    /// With [`TrackingModes::BCAST`] the prefixes, sorted.
    pub fn prefixes(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.prefixes.iter().map(|prefix| &**prefix)
    }

    /// The first prefix that begins this one or begins with it: that of all keys, if it is among them; else, since no two of
    /// the others are so to each other, it is next to where this one would stand.
    #[must_use]
    pub fn overlapping(&self, prefix: &[u8]) -> Option<&[u8]> {
        if let Some(of_all) = self.prefixes.first().filter(|known| known.is_empty()) {
            return Some(of_all);
        }
        let up_to = (Bound::Unbounded, Bound::Included(prefix));
        let from = (Bound::Excluded(prefix), Bound::Unbounded);
        let before =
            self.prefixes.range::<[u8], _>(up_to).next_back().filter(|known| prefix.starts_with(known));
        let behind = || self.prefixes.range::<[u8], _>(from).next().filter(|known| known.starts_with(prefix));
        before.or_else(behind).map(|known| &**known)
    }

    /// What it takes, bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.prefix_bytes
    }
}
