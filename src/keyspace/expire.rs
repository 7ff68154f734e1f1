//! Which keys of a database expire, in the order of their times.
//!
//! The index holds `(ms, hash of the key)`. Active expiry takes the due ones from the front, so that it deletes
//! exactly those, however many keys there are. Two keys of equal 64-bit hash and equal time share an element: when one
//! of them goes, the other is left to lazy expiry. Count and sum are kept apart and stay exact.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::{Db, Keyspace};

#[derive(Default)]
pub struct ExpiryIndex {
    order: BTreeSet<(i64, u64)>,
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

    /// A key of this hash got, lost or changed its expiry.
    pub fn change(&mut self, hash: u64, old_ms: Option<i64>, new_ms: Option<i64>) {
        if old_ms == new_ms {
            return;
        }
        if let Some(ms) = old_ms {
            self.order.remove(&(ms, hash));
            self.count -= 1;
            self.sum_ms -= i128::from(ms);
        }
        if let Some(ms) = new_ms {
            self.order.insert((ms, hash));
            self.count += 1;
            self.sum_ms += i128::from(ms);
        }
    }

    /// The first element, if its time has passed.
    pub fn first_due(&self, now_ms: i64) -> Option<(i64, u64)> {
        self.order.first().copied().filter(|(ms, _)| *ms < now_ms)
    }

    /// Drops an element that no entry matches any more.
    pub fn forget(&mut self, element: (i64, u64)) {
        self.order.remove(&element);
    }
}

/// What a slice of active expiry came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub deleted: usize,
    /// The time was up before all due keys were gone.
    pub more: bool,
}

/// How many keys are deleted between two looks at the clock.
const KEYS_PER_CLOCK_READ: usize = 16;

impl Keyspace {
    /// Active expiry: deletes keys whose time has passed, for at most `budget`, and tells the caller of each, who
    /// propagates it. Only a primary does this. Databases take turns when time runs out.
    pub fn expire_due(
        &mut self,
        now_ms: i64,
        budget: Duration,
        mut on_expired: impl FnMut(usize, &[u8]),
    ) -> Due {
        let mut due = Due { deleted: 0, more: false };
        let mut started = None;
        for _ in 0..self.dbs.len() {
            let db = self.expire_next_db % self.dbs.len();
            let Db { table, expiry } = &mut self.dbs[db];
            while let Some(element) = expiry.first_due(now_ms) {
                if due.deleted.is_multiple_of(KEYS_PER_CLOCK_READ)
                    && started.get_or_insert_with(Instant::now).elapsed() >= budget
                {
                    due.more = true;
                    break;
                }
                let (at_ms, hash) = element;
                match table.remove(hash, |e| e.expire() == Some(at_ms)) {
                    Some(entry) => {
                        expiry.change(hash, Some(at_ms), None);
                        due.deleted += 1;
                        on_expired(db, entry.key());
                    }
                    None => expiry.forget(element),
                }
            }
            self.expire_next_db = db + 1;
            if due.more {
                self.stats.expired_time_cap_reached += 1;
                break;
            }
        }
        self.stats.expired_keys += due.deleted as u64;
        due
    }
}
