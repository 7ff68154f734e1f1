//! How much a client is subscribed to. What it is, the server knows.

/// The ways to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listens {
    /// To channels: SUBSCRIBE.
    ToChannel,
    /// To all channels that match a pattern: PSUBSCRIBE.
    ToPattern,
    /// To the channels of a shard, a name space of their own: SSUBSCRIBE.
    ToShard,
}

impl Listens {
    /// All of them.
    pub const ALL: [Listens; 3] = [Listens::ToChannel, Listens::ToPattern, Listens::ToShard];
}

/// A client's subscriptions, counted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subscribed {
    counts: [u32; 3],
    /// What they take, bytes.
    pub bytes: usize,
}

impl Subscribed {
    /// One more, which takes so many bytes.
    pub fn add(&mut self, how: Listens, bytes: usize) {
        self.counts[how as usize] += 1;
        self.bytes += bytes;
    }

    /// One less.
    pub fn remove(&mut self, how: Listens, bytes: usize) {
        self.counts[how as usize] -= 1;
        self.bytes -= bytes;
    }

    /// How many of a kind there are.
    #[must_use]
    pub fn count(&self, how: Listens) -> u32 {
        self.counts[how as usize]
    }

    /// How many the client is told that it has: channels and patterns together.
    #[must_use]
    pub fn told(&self, how: Listens) -> u32 {
        match how {
            Listens::ToChannel | Listens::ToPattern => {
                self.count(Listens::ToChannel) + self.count(Listens::ToPattern)
            }
            Listens::ToShard => self.count(Listens::ToShard),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts == [0; 3]
    }
}
