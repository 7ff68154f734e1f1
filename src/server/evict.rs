//! maxmemory: before a command runs, keys make room as maxmemory-policy says.
//!
//! ```text
//! command --> make_room --+-- under the limit -------------------------> runs
//!                         +-- evicts until it is, or time is up -------> runs; the loop goes on evicting
//!                         +-- nothing more may go ---------------------> -OOM, if it is one that adds data
//! ```
//!
//! How long one call may evict follows from maxmemory-eviction-tenacity. When that is not enough, each turn of the loop
//! evicts for as long again, until there is room.
//!
//! What counts is what has been allocated and the backlog up to its configured size. What replicas yet have to read
//! beyond that is not counted: keys evicted for it would have their DELs written there, and make it longer.

use super::Server;
use crate::config::NotifyFlags;
use crate::config::values::MaxmemoryPolicy;
use crate::keyspace::evict::{EvictionPolicy, Victim};
use crate::sys::memory;
use std::time::{Duration, Instant};

/// Keys evicted between two looks at the clock.
const KEYS_PER_CLOCK_READ: usize = 16;
/// Keys evicted before replicas are written to, so that what they have to read does not pile up.
const KEYS_PER_FLUSH: usize = 256;
/// How long to sleep at a time while only the lazyfree thread can still free anything.
const LAZYFREE_POLL_MAX: Duration = Duration::from_millis(1);

/// Whether there is memory for what a command may add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// There is, or will be: keys are being evicted.
    Enough,
    /// There is none, and nothing to evict.
    None,
}

/// What the server keeps for eviction.
#[derive(Debug, Default)]
pub struct Eviction {
    /// The limit is exceeded and time was up: the loop goes on.
    pub running: bool,
    /// Keys evicted.
    pub evicted_keys: u64,
    /// Some of them in this turn.
    pub in_this_turn: bool,
    /// Since when the limit is exceeded, monotonic microseconds.
    exceeded_since_us: Option<u64>,
    /// How long it was in all, before that.
    exceeded_us: u64,
    /// What the lazyfree thread had freed when the allocator was last asked for its sum.
    seen_freed: usize,
}

impl Eviction {
    /// CONFIG RESETSTAT.
    pub fn reset_stats(&mut self) {
        *self = Eviction { running: self.running, seen_freed: self.seen_freed, ..Eviction::default() };
    }

    /// For how long the limit has been exceeded, in all and this time, milliseconds.
    #[must_use]
    pub fn exceeded_ms(&self, now_us: u64) -> (u64, u64) {
        let current = self.exceeded_since_us.map_or(0, |since| now_us.saturating_sub(since));
        ((self.exceeded_us + current) / 1000, current / 1000)
    }
}

impl Server {
    /// Bytes in use: what has been allocated, and the backlog, which is mapped.
    #[inline]
    #[must_use]
    pub fn used_memory(&self) -> usize {
        memory::allocated_now() + self.backlog_memory()
    }

    /// What of [`Server::used_memory`] no key is evicted for: what the backlog holds for replicas beyond its
    /// configured size.
    #[must_use]
    pub fn memory_not_counted(&self) -> usize {
        self.replica_buffer_memory()
    }

    /// Bytes over maxmemory.
    fn excess(&self) -> usize {
        let limit = usize::try_from(self.config.maxmemory).unwrap_or(usize::MAX);
        self.used_memory().saturating_sub(self.memory_not_counted()).saturating_sub(limit)
    }

    /// Makes room for a command, by the rules of maxmemory. With maxmemory 0 there is always enough.
    #[inline]
    pub fn make_room(&mut self) -> Room {
        if self.config.maxmemory == 0 || !self.may_evict() {
            return Room::Enough;
        }
        if self.excess() == 0 {
            self.limit_is_kept();
            return Room::Enough;
        }
        self.evict_excess()
    }

    /// A turn's share of an eviction that goes on.
    pub fn evict_slice(&mut self) {
        if self.eviction.running {
            self.eviction.running = false;
            self.begin_command(false);
            self.make_room();
        }
    }

    /// The limit was changed: if it is exceeded now, the loop evicts.
    pub fn maxmemory_changed(&mut self) {
        let limit = self.config.maxmemory;
        if limit == 0 {
            self.limit_is_kept();
            return;
        }
        let _ = memory::allocated();
        let used = self.used_memory().saturating_sub(self.memory_not_counted());
        if limit < used as u64 {
            crate::log_warning!(
                "WARNING: the new maxmemory value set via CONFIG SET ({limit}) is smaller than the current memory \
                 usage ({used}). This will result in key eviction and/or the inability to accept new write commands \
                 depending on the maxmemory-policy."
            );
        }
        self.eviction.running = true;
    }

    /// The data may be changed by us: not while they are loaded, not where they are a primary's, and not while a pause
    /// keeps them as they are.
    fn may_evict(&self) -> bool {
        !(self.loading
            || self.is_replica() && self.config.replica_ignore_maxmemory
            || self.pause.holds().is_some())
    }

    #[cold]
    fn evict_excess(&mut self) -> Room {
        self.free_discarded();
        // What the lazyfree thread has freed since is not in the count yet.
        if self.lazyfree_went_on() && self.sync_excess() == 0 {
            self.limit_is_kept();
            return Room::Enough;
        }
        let began_us = self.clock.measure_us();
        let room = match self.eviction_policy() {
            Some(policy) => self.evict_by(policy),
            None => Room::None,
        };
        self.sample_latency("eviction-cycle", self.clock.measure_us() - began_us);
        if room == Room::Enough && !self.eviction.running {
            self.limit_is_kept();
        } else {
            self.eviction.exceeded_since_us.get_or_insert(self.clock.measure_us());
        }
        room
    }

    /// Evicts until there is room, nothing is left to evict, or time is up.
    fn evict_by(&mut self, policy: EvictionPolicy) -> Room {
        let started = Instant::now();
        let limit = time_limit(self.config.maxmemory_eviction_tenacity);
        let lazy = self.config.lazyfree_lazy_eviction;
        let verb: &[u8] = if lazy { b"UNLINK" } else { b"DEL" };
        let now_ms = self.clock.now_ms();
        let mut evicted = 0usize;
        // What the DELs themselves take, here and in buffers, is not held against the keys.
        let mut left = self.excess() as i64;
        while left > 0 {
            let Some((db, entry)) = self.keyspace.evict(policy, now_ms) else {
                return self.wait_for_lazyfree(started, limit);
            };
            if self.stream_wanted() {
                self.feed_command(db, [verb, entry.key()].into_iter());
            }
            if self.keyspace.is_watched() {
                self.watched_key_deleted(db, entry.key());
            }
            if self.tracking.is_active() {
                self.invalidate_key(entry.key(), None);
            }
            self.notify(NotifyFlags::EVICTED, "evicted", db, entry.key());
            let before = memory::allocated_now();
            if self.config.latency_monitor_threshold > 0 {
                let began_us = self.clock.measure_us();
                self.discard(entry, lazy);
                self.sample_latency("eviction-del", self.clock.measure_us() - began_us);
            } else {
                self.discard(entry, lazy);
            }
            left -= before as i64 - memory::allocated_now() as i64;
            self.eviction.evicted_keys += 1;
            self.eviction.in_this_turn = true;
            evicted += 1;
            if evicted.is_multiple_of(KEYS_PER_FLUSH) {
                self.flush_replicas();
            }
            if evicted.is_multiple_of(KEYS_PER_CLOCK_READ) {
                if self.lazyfree_went_on() && self.sync_excess() == 0 {
                    break;
                }
                if started.elapsed() > limit {
                    self.eviction.running = true;
                    break;
                }
            }
        }
        Room::Enough
    }

    /// Nothing is left to evict; but what was given to the lazyfree thread may be room enough once it is freed.
    fn wait_for_lazyfree(&mut self, started: Instant, limit: Duration) -> Room {
        let began_us = self.clock.measure_us();
        let room = loop {
            let pending = self.lazyfree.pending() > 0;
            if self.lazyfree_went_on() && self.sync_excess() == 0 {
                break Room::Enough;
            }
            if !pending || started.elapsed() >= limit {
                break Room::None;
            }
            std::thread::sleep(limit.min(LAZYFREE_POLL_MAX));
        };
        self.sample_latency("eviction-lazyfree", self.clock.measure_us() - began_us);
        room
    }

    /// Whether the lazyfree thread has freed anything that is not in the count.
    fn lazyfree_went_on(&self) -> bool {
        self.lazyfree.pending() > 0 || self.lazyfree.freed_ever() != self.eviction.seen_freed
    }

    /// Bytes over maxmemory, by the allocator's own sum.
    fn sync_excess(&mut self) -> usize {
        self.eviction.seen_freed = self.lazyfree.freed_ever();
        let _ = memory::allocated();
        self.excess()
    }

    fn limit_is_kept(&mut self) {
        if let Some(since) = self.eviction.exceeded_since_us.take() {
            self.eviction.exceeded_us += self.clock.measure_us().saturating_sub(since);
        }
    }

    fn eviction_policy(&self) -> Option<EvictionPolicy> {
        use MaxmemoryPolicy::*;
        let victim = match self.config.maxmemory_policy {
            NoEviction => return None,
            VolatileLru | AllkeysLru => Victim::LeastRecent,
            VolatileLfu | AllkeysLfu => Victim::LeastFrequent,
            VolatileRandom | AllkeysRandom => Victim::Random,
            VolatileTtl => Victim::SoonestToExpire,
        };
        let volatile =
            matches!(self.config.maxmemory_policy, VolatileLru | VolatileLfu | VolatileRandom | VolatileTtl);
        let samples = self.config.maxmemory_samples as usize;
        Some(EvictionPolicy { victim, volatile, samples })
    }
}

/// How long a call may evict: up to 10 in steps of 50 microseconds, beyond that 15% more for each step, at 100 as long
/// as it takes.
fn time_limit(tenacity: u32) -> Duration {
    match tenacity {
        0..=10 => Duration::from_micros(50 * u64::from(tenacity)),
        11..100 => Duration::from_micros((500.0 * 1.15f64.powi(tenacity as i32 - 10)) as u64),
        _ => Duration::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenacity_is_a_time_that_grows() {
        assert_eq!(time_limit(0), Duration::ZERO);
        assert_eq!(time_limit(10), Duration::from_micros(500));
        let minutes = time_limit(99).as_secs() / 60;
        assert!((2..3).contains(&minutes), "{minutes}");
        assert_eq!(time_limit(100), Duration::MAX);
        assert!((0..100).all(|tenacity| time_limit(tenacity) < time_limit(tenacity + 1)));
    }
}
