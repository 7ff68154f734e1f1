//! CLIENT PAUSE: clients' commands wait, all of them or those that may write. Ours (a failover, a shutdown that waits
//! for replicas) and the operator's pauses stand side by side: the server is paused while any of them lasts.

/// Why the server is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Purpose {
    /// CLIENT PAUSE.
    Client = 0,
    /// SHUTDOWN waits for replicas.
    Shutdown = 1,
    /// FAILOVER: a replica is to get everything, then to take over.
    Failover = 2,
}

/// Which commands wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// Those that may write or be replicated.
    Writes,
    /// All.
    All,
}

/// The pauses now in force.
#[derive(Debug, Default)]
pub struct Pause {
    by_purpose: [Option<(Holds, u64)>; 3],
}

impl Pause {
    /// Pauses until `until_ms` (monotonic). A longer or stricter pause for the same purpose stays so.
    pub fn start(&mut self, purpose: Purpose, holds: Holds, until_ms: u64) {
        let slot = &mut self.by_purpose[purpose as usize];
        *slot = Some(match *slot {
            Some((held, until)) => (held.max(holds), until.max(until_ms)),
            None => (holds, until_ms),
        });
    }

    /// Ends a pause.
    pub fn stop(&mut self, purpose: Purpose) {
        self.by_purpose[purpose as usize] = None;
    }

    /// Whether there is a pause for this purpose.
    #[must_use]
    pub fn is_for(&self, purpose: Purpose) -> bool {
        self.by_purpose[purpose as usize].is_some()
    }

    /// Drops pauses whose time is over; `true` when the server was paused and now is less so.
    pub fn expire(&mut self, now_ms: u64) -> bool {
        let before = self.holds();
        for slot in &mut self.by_purpose {
            if slot.is_some_and(|(_, until)| until <= now_ms) {
                *slot = None;
            }
        }
        self.holds() != before
    }

    /// What waits now.
    #[must_use]
    pub fn holds(&self) -> Option<Holds> {
        self.by_purpose.iter().flatten().map(|(holds, _)| *holds).max()
    }

    /// Whether writes wait: then the server itself changes nothing either, by expiry or eviction.
    #[must_use]
    pub fn holds_writes(&self) -> bool {
        self.holds().is_some()
    }

    /// When the last pause ends, monotonic milliseconds.
    #[must_use]
    pub fn until_ms(&self) -> Option<u64> {
        self.by_purpose.iter().flatten().map(|(_, until)| *until).max()
    }
}
