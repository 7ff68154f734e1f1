//! What a client has asked for with CLIENT TRACKING.

use super::ClientId;
use bitflags::bitflags;

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
    /// With [`TrackingModes::BCAST`] the prefixes, sorted.
    pub prefixes: Vec<Box<[u8]>>,
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

    /// What it takes, bytes: each prefix stands in the list of all prefixes too, with its client.
    #[must_use]
    pub fn memory(&self) -> usize {
        let each = |len: usize| 2 * (size_of::<Box<[u8]>>() + len) + size_of::<ClientId>();
        size_of::<Self>() + self.prefixes.iter().map(|prefix| each(prefix.len())).sum::<usize>()
    }
}
