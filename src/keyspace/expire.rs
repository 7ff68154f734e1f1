//! Which keys of a database expire, in the order of their times, and active expiry.
//!
//! The index keeps each key's time with 32 bits of its hash, by which the table finds it. So active expiry
//! deletes exactly the keys that are due, however many there are besides.

use std::time::{Duration, Instant};

use crate::ds::timeline::Timeline;

use super::discard::takes_long;
use super::entry::Entry;
use super::{Db, Keyspace, PREFETCH_KEYS, hash};

#[derive(Default)]
pub struct ExpiryIndex {
    order: Timeline,
    count: usize,
    /// The sum of all expiry times, for an exact mean.
    sum_ms: i128,
}

impl ExpiryIndex {
    pub fn len(&self) -> usize {
        self.count
    }

    /// How long the keys have to live on average; 0 when there are none.
    pub fn avg_ttl_ms(&self, now_ms: i64) -> i64 {
        if self.count == 0 {
            return 0;
        }
        (self.sum_ms / self.count as i128 - i128::from(now_ms)).clamp(0, i128::from(i64::MAX)) as i64
    }

    /// A key of this hash got, lost or changed its expiry time.
    #[inline]
    pub fn change(&mut self, hash: u64, old_ms: Option<i64>, new_ms: Option<i64>) {
        if old_ms != new_ms {
            self.change_order(hash as u32, old_ms, new_ms);
        }
    }

    /// A key that was loaded has this expiry time.
    #[inline]
    pub fn add_loaded(&mut self, hash: u64, ms: i64) {
        self.order.gather(ms, hash as u32);
        self.count_in(ms);
    }

    /// There are no more loaded keys to come.
    pub fn settle(&mut self) {
        self.order.settle();
    }

    fn change_order(&mut self, id: u32, old_ms: Option<i64>, new_ms: Option<i64>) {
        if let Some(ms) = old_ms {
            let known = self.order.remove(ms, id);
            debug_assert!(known, "an entry's expiry time is in the index");
            self.count_out(ms);
        }
        if let Some(ms) = new_ms {
            self.order.insert(ms, id);
            self.count_in(ms);
        }
    }

    /// What it takes, bytes, in about.
    pub fn memory(&self) -> usize {
        self.order.memory(self.count)
    }

    /// The key that expires first: its time, and 32 bits of its hash.
    pub fn first(&mut self) -> Option<(i64, u32)> {
        self.order.first()
    }

    /// A key drawn at random, in the same form.
    pub fn random(&mut self, rng: impl FnMut() -> u64) -> Option<(i64, u32)> {
        self.order.random(rng)
    }

    /// Takes out the first key whose time has passed: its time, and 32 bits of its hash.
    fn pop_due(&mut self, now_ms: i64) -> Option<(i64, u32)> {
        let due = self.order.pop_before(now_ms)?;
        self.count_out(due.0);
        Some(due)
    }

    fn count_in(&mut self, ms: i64) {
        self.count += 1;
        self.sum_ms += i128::from(ms);
    }

    fn count_out(&mut self, ms: i64) {
        self.count -= 1;
        self.sum_ms -= i128::from(ms);
    }
}

/// What a slice of active expiry came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub deleted: usize,
    /// The time was up before all due keys were gone.
    pub more: bool,
}

impl Keyspace {
    /// Is any key's time over?
    #[inline]
    pub fn has_due(&self, now_ms: i64) -> bool {
        self.dbs.iter().any(|db| db.expiry.order.is_due(now_ms))
    }

    /// How many of a hundred keys that expire are due and not yet deleted.
    pub fn due_percent(&self, now_ms: i64) -> f64 {
        let all: usize = self.dbs.iter().map(|db| db.expiry.len()).sum();
        let due: usize = self.dbs.iter().map(|db| db.expiry.order.count_before(now_ms)).sum();
        100.0 * due as f64 / all.max(1) as f64
    }

    /// Active expiry: deletes keys whose time has passed, for at most `budget`, and tells the caller of each,
    /// who propagates it. Only a primary does this. Databases take turns when time runs out.
    pub fn expire_due(
        &mut self,
        now_ms: i64,
        budget: Duration,
        mut on_expired: impl FnMut(usize, &[u8]),
    ) -> Due {
        let Keyspace { dbs, hasher, expire_next_db, stats, lazy, discarded, effects, .. } = self;
        let mut due = Due { deleted: 0, more: false };
        let mut started = None;
        let count = dbs.len();
        'dbs: for _ in 0..count {
            let index = *expire_next_db % count;
            *expire_next_db = index + 1;
            let Db { table, expiry, fields } = &mut dbs[index];
            while expiry.order.is_due(now_ms) {
                if started.get_or_insert_with(Instant::now).elapsed() >= budget {
                    due.more = true;
                    break 'dbs;
                }
                let mut batch = [(0, 0); PREFETCH_KEYS];
                let mut len = 0;
                while len < batch.len()
                    && let Some(key) = expiry.pop_due(now_ms)
                {
                    table.prefetch(key.1.into());
                    batch[len] = key;
                    len += 1;
                }
                batch[..len].iter().for_each(|(_, id)| table.prefetch_entry(u64::from(*id)));
                for (at_ms, id) in &batch[..len] {
                    let is_it = |e: &Entry| e.expire() == Some(*at_ms) && hash(hasher, e.key()) as u32 == *id;
                    let entry = table.remove(u64::from(*id), is_it);
                    let entry = entry.expect("what the index holds is in the table");
                    fields.forget(u64::from(*id), &entry);
                    on_expired(index, entry.key());
                    effects.note_gone(index, entry.key(), entry.value().kind());
                    if takes_long(&entry, lazy.expire) {
                        discarded.push(entry);
                    }
                }
                due.deleted += len;
            }
        }
        stats.expired_keys += due.deleted as u64;
        due
    }
}
