//! Going over a database: SCAN, KEYS, RANDOMKEY, and the snapshot's iteration.

use crate::config::NotifyFlags;
use crate::ds::table::Verdict;
use crate::sys::give_back::GiveBack;
use crate::value::{Encoding, ValueRef};

use super::discard::Cause;
use super::entry::Entry;
use super::freq::{FreqPolicy, lru_idle_ms};
use super::lookup::is_expired;
use super::touched::How;
use super::{ExpiryMode, Keyspace};

/// How many empty buckets a SCAN step may pass for each key it was asked for.
const SCAN_BUCKETS_PER_KEY: u64 = 10;
/// How often RANDOMKEY draws again after an expired key that it may not delete.
const RANDOM_TRIES: u32 = 100;

/// An entry as a snapshot sees it.
#[derive(Clone, Copy)]
pub struct EntryRef<'a>(&'a Entry);

impl<'a> EntryRef<'a> {
    pub fn key(self) -> &'a [u8] {
        self.0.key()
    }

    pub fn value(self) -> ValueRef<'a> {
        self.0.value()
    }

    pub fn encoding(self) -> Encoding {
        self.0.encoding()
    }

    /// Unix time in ms.
    pub fn expire(self) -> Option<i64> {
        self.0.expire()
    }

    /// Gives the entry's memory back, where a child has written all that lies beside it. Only a child can, and it looks
    /// at each entry once.
    pub fn give_back(self, pages: &mut GiveBack) {
        self.0.give_back(pages);
    }

    /// Time since the last access, in ms, under an LRU policy.
    pub fn idle_ms(self, now_ms: i64) -> u64 {
        lru_idle_ms(self.0.lru(), now_ms)
    }

    /// The LFU counter, under an LFU policy.
    pub fn lfu_counter(self, policy: FreqPolicy, now_ms: i64) -> u8 {
        policy.decayed(self.0.lru(), now_ms)
    }
}

impl Keyspace {
    /// One step of SCAN: visits at least `count` keys unless the end comes first, and returns the next
    /// cursor, 0 at the end. A key that is there from the first step to the last is visited, however the
    /// table is resized meanwhile; it may be visited more than once. Expired keys are passed over, and
    /// deleted if the mode says so.
    pub fn scan(
        &mut self,
        db: usize,
        cursor: u64,
        count: u64,
        mut visit: impl FnMut(&[u8], ValueRef),
    ) -> u64 {
        let now_ms = self.now_ms;
        let expires = self.mode != ExpiryMode::Ignore;
        let mut cursor = cursor;
        let mut seen = 0;
        let mut buckets = count.saturating_mul(SCAN_BUCKETS_PER_KEY);
        loop {
            let Keyspace { dbs, hasher, scan_expired, .. } = self;
            cursor = dbs[db].table.scan(cursor, |e| {
                seen += 1;
                if expires && is_expired(e, now_ms) {
                    scan_expired.push(super::hash(hasher, e.key()));
                } else {
                    visit(e.key(), e.value());
                }
            });
            if cursor == 0 || seen >= count || buckets == 0 {
                break;
            }
            buckets -= 1;
        }
        let found_expired = std::mem::take(&mut self.scan_expired);
        if self.mode == ExpiryMode::Delete {
            for &hash in &found_expired {
                self.expire_by_hash(db, hash);
            }
        }
        self.scan_expired = found_expired;
        self.scan_expired.clear();
        cursor
    }

    /// Visits every key that clients can see; expired ones stay where they are (KEYS).
    pub fn for_each<'a>(&'a self, db: usize, mut visit: impl FnMut(&'a [u8], ValueRef<'a>)) {
        let expires = self.mode != ExpiryMode::Ignore;
        for entry in self.dbs[db].table.iter() {
            if !(expires && is_expired(entry, self.now_ms)) {
                visit(entry.key(), entry.value());
            }
        }
    }

    /// Every entry, expired or not, in table order. Allocates nothing and writes nothing, as a forked child
    /// must.
    pub fn iter(&self, db: usize) -> impl Iterator<Item = EntryRef<'_>> {
        self.dbs[db].table.iter().map(EntryRef)
    }

    /// A key drawn at random; expired ones met on the way are deleted if the mode says so. On a replica where
    /// all keys may have expired, one of those is given after a while, as Redis does.
    pub fn random_key(&mut self, db: usize) -> Option<Vec<u8>> {
        let mut tries = RANDOM_TRIES;
        loop {
            let Keyspace { dbs, rng, .. } = self;
            let entry = dbs[db].table.random(|| rng.next_u64())?;
            tries -= 1;
            if self.mode == ExpiryMode::Ignore || !is_expired(entry, self.now_ms) {
                return Some(entry.key().to_vec());
            }
            if self.mode == ExpiryMode::Delete {
                let hash = super::hash(&self.hasher, entry.key());
                self.expire_by_hash(db, hash);
                tries = RANDOM_TRIES;
            } else if tries == 0 {
                return Some(entry.key().to_vec());
            }
        }
    }

    /// Deletes an expired key of this hash and reports it.
    fn expire_by_hash(&mut self, db: usize, hash: u64) {
        let now_ms = self.now_ms;
        let verdict = |e: &Entry| if is_expired(e, now_ms) { Verdict::Take } else { Verdict::Skip };
        let base = &mut self.dbs[db];
        if let Some(entry) = base.table.remove(hash, |e| verdict(e) == Verdict::Take) {
            base.forget(hash, &entry);
            self.stats.expired_keys += 1;
            self.effects.expired.push((db, entry.key().into()));
            self.effects.note_gone(db, entry.key(), entry.value().kind());
            self.effects.notify(NotifyFlags::EXPIRED, "expired", db, entry.key());
            if self.watched.may_hold(hash) {
                self.effects.touched.push(db, entry.key(), How::Expired);
            }
            self.discard(entry, Cause::Expired);
        }
    }
}
