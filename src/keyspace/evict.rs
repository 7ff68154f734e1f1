//! Which key goes when memory is full.
//!
//! LRU and LFU are Redis's: some keys are drawn from each database, and the best candidates of all draws so far
//! wait in a pool of 16. The best of the pool goes. A candidate is known by its hash and by the clock bits it had: one
//! that has been used since is no candidate any more. Scores are worked out from those bits when they are compared, so
//! that one drawn a minute ago is compared fairly with one drawn now.
//!
//! Keys are drawn from the table in whole buckets (`Table::sample`), keys with an expiry time from the order in which
//! they expire. That order is also why volatile-ttl samples nothing: the key that expires first is known, and goes.

use super::entry::Entry;
use super::freq::{self, FreqPolicy};
use super::{Db, Keyspace, hash};

/// How many candidates wait.
const POOL_SIZE: usize = 16;
/// Draws from the expiry index whose entries are brought into the cache together.
const DRAWN_TOGETHER: usize = 16;

/// Which key goes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Victim {
    /// The one unused for the longest time.
    LeastRecent,
    /// The one used least often.
    LeastFrequent,
    /// The one that expires first.
    SoonestToExpire,
    Random,
}

/// maxmemory-policy, but for noeviction, and maxmemory-samples.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EvictionPolicy {
    pub victim: Victim,
    /// Only keys with an expiry time go.
    pub volatile: bool,
    /// How many keys are drawn from each database.
    pub samples: usize,
}

/// A key that may go.
#[derive(Clone, Copy)]
struct Candidate {
    db: usize,
    hash: u64,
    /// Its clock bits when it was drawn.
    bits: u32,
}

/// The best candidates so far, in no order.
#[derive(Default)]
pub struct Pool {
    candidates: Vec<Candidate>,
    /// The policy they were drawn under: to another one they mean nothing.
    policy: Option<(Victim, bool)>,
}

/// How good a candidate is that has such clock bits.
#[derive(Clone, Copy)]
struct Scale {
    victim: Victim,
    freq: FreqPolicy,
    now_ms: i64,
}

impl Scale {
    fn score(self, bits: u32) -> u64 {
        match self.victim {
            Victim::LeastFrequent => 255 - u64::from(self.freq.decayed(bits, self.now_ms)),
            _ => freq::lru_idle_ms(bits, self.now_ms),
        }
    }
}

impl Pool {
    /// Takes an entry in if it is better than the worst, or there is room. Its key is hashed only then.
    fn offer(&mut self, scale: Scale, db: usize, bits: u32, hash: impl FnOnce() -> u64) {
        let new = |hash| Candidate { db, hash, bits };
        if self.candidates.len() < POOL_SIZE {
            let hash = hash();
            if !self.holds(db, hash) {
                self.candidates.push(new(hash));
            }
            return;
        }
        let scores = self.candidates.iter().map(|c| scale.score(c.bits));
        let (worst, score) =
            scores.enumerate().min_by_key(|(_, score)| *score).expect("a full pool is not empty");
        if scale.score(bits) > score {
            let hash = hash();
            if !self.holds(db, hash) {
                self.candidates[worst] = new(hash);
            }
        }
    }

    fn holds(&self, db: usize, hash: u64) -> bool {
        self.candidates.iter().any(|c| c.hash == hash && c.db == db)
    }

    fn take_best(&mut self, scale: Scale) -> Option<Candidate> {
        let scores = self.candidates.iter().map(|c| scale.score(c.bits));
        let (best, _) = scores.enumerate().max_by_key(|(_, score)| *score)?;
        Some(self.candidates.swap_remove(best))
    }
}

impl Keyspace {
    /// Takes out the key that is to go by this policy, and tells its database; `None` when there is none that may.
    /// It counts neither as deleted nor as expired.
    pub fn evict(&mut self, policy: EvictionPolicy, now_ms: i64) -> Option<(usize, Entry)> {
        let (db, entry) = match policy.victim {
            Victim::LeastRecent | Victim::LeastFrequent => self.evict_best(policy, now_ms),
            Victim::SoonestToExpire => self.evict_soonest(),
            Victim::Random => self.evict_random(policy.volatile),
        }?;
        self.effects.note_gone(db, entry.key(), entry.value().kind());
        Some((db, entry))
    }

    fn evict_best(&mut self, policy: EvictionPolicy, now_ms: i64) -> Option<(usize, Entry)> {
        let scale = Scale { victim: policy.victim, freq: self.freq, now_ms };
        let mut pool = std::mem::take(&mut self.eviction_pool);
        if pool.policy != Some((policy.victim, policy.volatile)) {
            pool.candidates.clear();
            pool.policy = Some((policy.victim, policy.volatile));
        }
        let mut evicted = None;
        while evicted.is_none() && self.draw_candidates(policy, scale, &mut pool) {
            while evicted.is_none()
                && let Some(candidate) = pool.take_best(scale)
            {
                evicted = self.take_candidate(candidate, policy.volatile);
            }
        }
        self.eviction_pool = pool;
        evicted
    }

    /// Draws keys from every database and offers them to the pool; false when there are none.
    fn draw_candidates(&mut self, policy: EvictionPolicy, scale: Scale, pool: &mut Pool) -> bool {
        let Keyspace { dbs, hasher, rng, .. } = self;
        let mut any = false;
        for (index, Db { table, expiry, .. }) in dbs.iter_mut().enumerate() {
            let mut offer = |e: &Entry| pool.offer(scale, index, e.lru(), || hash(hasher, e.key()));
            if !policy.volatile {
                any |= !table.is_empty();
                table.sample(policy.samples, || rng.next_u64(), &mut offer);
            } else if expiry.len() > 0 {
                any = true;
                let mut left = policy.samples.min(2 * expiry.len());
                while left > 0 {
                    let mut drawn = [(0, 0); DRAWN_TOGETHER];
                    let drawn = &mut drawn[..left.min(DRAWN_TOGETHER)];
                    for key in drawn.iter_mut() {
                        *key = expiry.random(|| rng.next_u64()).expect("there are keys that expire");
                        table.prefetch(key.1.into());
                    }
                    drawn.iter().for_each(|(_, id)| table.prefetch_entry(u64::from(*id)));
                    for &(at_ms, id) in drawn.iter() {
                        let entry = table.find(id.into(), |e| is_indexed(e, at_ms, id, hasher));
                        offer(entry.expect("what the index holds is in the table"));
                    }
                    left -= drawn.len();
                }
            }
        }
        any
    }

    /// Takes out a candidate, if it is still there and has not been used since it was drawn.
    fn take_candidate(&mut self, candidate: Candidate, volatile: bool) -> Option<(usize, Entry)> {
        let Keyspace { dbs, hasher, .. } = self;
        let Candidate { db, hash: key_hash, bits } = candidate;
        let base = &mut dbs[db];
        let still = |e: &Entry| {
            e.lru() == bits && (!volatile || e.expire().is_some()) && hash(hasher, e.key()) == key_hash
        };
        let entry = base.table.remove(key_hash, still)?;
        base.forget(key_hash, &entry);
        Some((db, entry))
    }

    fn evict_soonest(&mut self) -> Option<(usize, Entry)> {
        let first = |(index, db): (usize, &mut Db)| db.expiry.first().map(|(ms, id)| (ms, index, id));
        let (ms, db, id) = self.dbs.iter_mut().enumerate().filter_map(first).min()?;
        Some((db, self.take_indexed(db, ms, id)))
    }

    /// Databases take turns.
    fn evict_random(&mut self, volatile: bool) -> Option<(usize, Entry)> {
        let count = self.dbs.len();
        for _ in 0..count {
            let index = self.evict_next_db % count;
            self.evict_next_db = index + 1;
            let Keyspace { dbs, hasher, rng, .. } = self;
            let Db { table, expiry, fields } = &mut dbs[index];
            if volatile {
                if let Some((ms, id)) = expiry.random(|| rng.next_u64()) {
                    return Some((index, self.take_indexed(index, ms, id)));
                }
            } else if let Some(entry) = table.random(|| rng.next_u64()) {
                let (key_hash, address) = (hash(hasher, entry.key()), entry.address());
                let entry =
                    table.remove(key_hash, |e| e.address() == address).expect("it was found just now");
                expiry.change(key_hash, entry.expire(), None);
                fields.forget(key_hash, &entry);
                return Some((index, entry));
            }
        }
        None
    }

    /// Takes out the key that the expiry index knows by these.
    fn take_indexed(&mut self, db: usize, at_ms: i64, id: u32) -> Entry {
        let Keyspace { dbs, hasher, .. } = self;
        let base = &mut dbs[db];
        let entry = base.table.remove(id.into(), |e| is_indexed(e, at_ms, id, hasher));
        let entry = entry.expect("what the index holds is in the table");
        base.forget(id.into(), &entry);
        entry
    }
}

/// Is this the entry that the expiry index knows by these?
fn is_indexed(entry: &Entry, at_ms: i64, id: u32, hasher: &ahash::RandomState) -> bool {
    entry.expire() == Some(at_ms) && hash(hasher, entry.key()) as u32 == id
}
