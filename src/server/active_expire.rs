//! Active expiry: keys, and fields of hashes, whose time has come are removed though nobody asks for them.
//!
//! The keyspace knows them in order, so there is no searching and no guessing: while any is due, each turn of the loop
//! removes some, and the next poll does not sleep. A slice is as long as the rest of the turn was, times
//! active-expire-effort: clients keep at least half of the server's time at effort 1, and a turn without clients
//! costs a poll. A slice of a millisecond is the most that anybody waits.
//!
//! Their deletions go to the replicas like any write. When a replica cannot keep up, so that the backlog has grown
//! beyond its size to hold them, slices come no oftener than the cron.

use super::Server;
use crate::config::NotifyFlags;
use crate::keyspace::touched::{How, Touched};
use std::time::Duration;

/// The least and the most that a slice may take, microseconds.
const SLICE_US_MIN: u64 = 100;
const SLICE_US_MAX: u64 = 1000;

/// Where active expiry stands.
#[derive(Debug)]
pub struct ActiveExpiry {
    /// DEBUG SET-ACTIVE-EXPIRE.
    pub enabled: bool,
    /// The last slice left keys that are due.
    more: bool,
    /// When it ended, monotonic microseconds.
    ended_us: u64,
    /// The cron run in which it was.
    cron_loop: u64,
}

impl Default for ActiveExpiry {
    fn default() -> Self {
        ActiveExpiry { enabled: true, more: false, ended_us: 0, cron_loop: 0 }
    }
}

impl Server {
    /// Whether keys are due, and the next poll must not sleep before they are gone.
    #[must_use]
    pub fn expiry_is_busy(&self) -> bool {
        self.expiry.more && !self.replicas_hold_expiry_back()
    }

    /// Removes keys whose time has come, for a slice of time, and tells the replicas.
    pub fn expire_slice(&mut self) {
        let now_ms = self.clock.now_ms();
        // A replica waits for its primary's deletions, and nothing changes while writes are paused.
        let allowed = self.expiry.enabled
            && !self.is_replica()
            && !self.loading
            && !self.pause.holds_writes()
            && (self.keyspace.has_due(now_ms) || self.keyspace.has_due_fields(now_ms));
        if !allowed {
            self.expiry.more = false;
            return;
        }
        if self.replicas_hold_expiry_back() && self.expiry.cron_loop == self.cron_loops {
            return;
        }
        let began = self.clock.measure_us();
        let others = if self.expiry.more { began - self.expiry.ended_us } else { 0 };
        let effort = u64::from(self.config.active_expire_effort);
        let budget = (others * effort).clamp(SLICE_US_MIN, SLICE_US_MAX);
        let (wanted, verb) = (self.stream_wanted(), self.deletion_verb());
        let mut deletions = Deletions::default();
        let (mut watched_keys, mut watched_hashes) = (Vec::new(), Vec::new());
        let (watched, watches) = (self.keyspace.is_watched(), &self.watches);
        let (tracked, mut gone) = (self.tracking.is_active(), Touched::default());
        let (told, mut expired) = (self.keyspace.effects.notify.contains(NotifyFlags::EXPIRED), Vec::new());
        let due = self.keyspace.expire_due(now_ms, Duration::from_micros(budget), |db, key| {
            if wanted {
                deletions.add(db, &[verb, key]);
            }
            if watched && watches.has(db, key) {
                watched_keys.push((db, key.to_vec()));
            }
            if tracked {
                gone.push(db, key, How::Expired);
            }
            if told {
                expired.push((db, key.to_vec()));
            }
        });
        // Keys may take the whole slice, but fields are never left without any.
        let left = budget.saturating_sub(self.clock.measure_us() - began).max(SLICE_US_MIN);
        let more_fields =
            self.keyspace.expire_due_fields(now_ms, Duration::from_micros(left), |db, key, field| {
                if wanted {
                    deletions.add(db, &[b"HDEL", key, field]);
                }
                if watched && watches.has(db, key) {
                    watched_hashes.push((db, key.to_vec()));
                }
                if tracked {
                    gone.push(db, key, How::Expired);
                }
            });
        watched_keys.iter().for_each(|(db, key)| self.watched_key_deleted(*db, key));
        watched_hashes.iter().for_each(|(db, key)| self.watched_fields_deleted(*db, key));
        self.invalidate_touched(&gone, true, None);
        expired.iter().for_each(|(db, key)| self.notify(NotifyFlags::EXPIRED, "expired", *db, key));
        self.publish_events(None);
        for (db, commands) in deletions.by_db() {
            self.feed_stream(db, commands);
        }
        let ended = self.clock.measure_us();
        self.stats.expire_cycle_us += ended - began;
        self.sample_latency("expire-cycle", ended - began);
        self.expiry.more = due.more || more_fields;
        self.expiry.ended_us = ended;
        self.expiry.cron_loop = self.cron_loops;
    }

    /// Counts, once in a cron period, that there was more to expire than time for it.
    pub(super) fn count_expiry_behind(&mut self) {
        self.keyspace.stats.expired_time_cap_reached += u64::from(self.expiry.more);
    }

    fn replicas_hold_expiry_back(&self) -> bool {
        self.repl.machine.primary.backlog().is_some_and(|backlog| backlog.held() > backlog.size())
    }
}

/// Deletions on their way into the stream: encoded, one database after the other.
#[derive(Default)]
struct Deletions {
    bytes: Vec<u8>,
    /// Where in `bytes` the commands of a database begin.
    begins: Vec<(usize, usize)>,
}

impl Deletions {
    fn add(&mut self, db: usize, command: &[&[u8]]) {
        if self.begins.last().is_none_or(|(last, _)| *last != db) {
            self.begins.push((db, self.bytes.len()));
        }
        crate::protocol::args::encode_command(&mut self.bytes, command.iter().copied());
    }

    fn by_db(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let ends = self.begins.iter().skip(1).map(|(_, at)| *at).chain([self.bytes.len()]);
        self.begins.iter().zip(ends).map(|((db, at), end)| (*db, &self.bytes[*at..end]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deletions_are_encoded_by_database() {
        let mut deletions = Deletions::default();
        assert_eq!(deletions.by_db().count(), 0);
        for (db, key) in [(3, "a"), (3, "bc"), (0, ""), (3, "d")] {
            deletions.add(db, &[b"DEL", key.as_bytes()]);
        }
        let found: Vec<_> = deletions.by_db().collect();
        let expected: [(usize, &[u8]); 3] = [
            (3, b"*2\r\n$3\r\nDEL\r\n$1\r\na\r\n*2\r\n$3\r\nDEL\r\n$2\r\nbc\r\n"),
            (0, b"*2\r\n$3\r\nDEL\r\n$0\r\n\r\n"),
            (3, b"*2\r\n$3\r\nDEL\r\n$1\r\nd\r\n"),
        ];
        assert_eq!(found, expected);
    }
}
