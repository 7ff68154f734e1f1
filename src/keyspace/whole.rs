//! Entries and databases moved as wholes: RENAME, MOVE, COPY, SWAPDB, FLUSHDB.

use std::mem;

use super::discard::Cause;
use super::discard::EFFORT_FELT;
use super::lookup::For;
use super::{Db, Keyspace};

/// What a flush took out. Dropping it frees the values, here or on the thread it is sent to.
pub struct Flushed(Vec<Db>);

impl Flushed {
    /// The number of keys taken out.
    pub fn len(&self) -> usize {
        self.0.iter().map(|db| db.table.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Would every client feel it if it were freed at once?
    pub fn takes_long(&self) -> bool {
        let mut left = EFFORT_FELT.checked_sub(self.len());
        for entry in self.0.iter().flat_map(|db| db.table.iter()) {
            let Some(effort) = left else { return true };
            left = effort.checked_sub(entry.value().free_effort());
        }
        left.is_none()
    }
}

impl Keyspace {
    /// Gives a key another name, expiry time and all; a key of that name is overwritten. False if there is no
    /// `from`.
    pub fn rename(&mut self, db: usize, from: &[u8], to: &[u8]) -> bool {
        if from == to {
            return self.peek(db, from).is_some();
        }
        let Some(mut entry) = self.take(db, self.hash(from), from) else { return false };
        let hash = self.hash(to);
        self.replace(db, hash, to);
        entry.set_key(to);
        self.add(db, hash, entry);
        true
    }

    /// Moves a key to another database; false if it is not there, or the other one has such a key.
    pub fn move_key(&mut self, from_db: usize, key: &[u8], to_db: usize) -> bool {
        let hash = self.hash(key);
        if from_db == to_db || self.find(to_db, hash, key, For::Writing, false).is_some() {
            return false;
        }
        let Some(entry) = self.take(from_db, hash, key) else { return false };
        self.add(to_db, hash, entry);
        true
    }

    /// Copies a key with its expiry time, over whatever the other name holds; false if there is no `from`.
    pub fn copy(&mut self, from_db: usize, from: &[u8], to_db: usize, to: &[u8]) -> bool {
        let fresh = self.freq.fresh(self.now_ms);
        let from_hash = self.hash(from);
        let Some(entry) = self.find(from_db, from_hash, from, For::Reading, false) else { return false };
        let copy = entry.copy_as(to, fresh);
        let hash = self.hash(to);
        self.replace(to_db, hash, to);
        self.add(to_db, hash, copy);
        true
    }

    /// Takes out what has the name that another is about to get.
    fn replace(&mut self, db: usize, hash: u64, key: &[u8]) {
        if let Some(entry) = self.take(db, hash, key) {
            self.discard(entry, Cause::Replaced);
        }
    }

    /// SWAPDB: each index now shows the other's keys.
    pub fn swap(&mut self, a: usize, b: usize) {
        self.dbs.swap(a, b);
        if self.is_watched() && a != b {
            self.effects.swapped.push((a, b));
        }
        self.effects.all_ready = self.effects.awaited;
    }

    /// Empties a database.
    pub fn flush(&mut self, db: usize) -> Flushed {
        Flushed(vec![self.take_db(db)])
    }

    /// Empties all databases.
    pub fn flush_all(&mut self) -> Flushed {
        Flushed((0..self.dbs.len()).map(|db| self.take_db(db)).collect())
    }

    /// Exchanges the data with a keyspace that was filled on the side; context, effects and statistics stay.
    pub fn swap_data(&mut self, other: &mut Keyspace) {
        mem::swap(&mut self.dbs, &mut other.dbs);
        mem::swap(&mut self.hasher, &mut other.hasher);
        self.effects.all_ready = self.effects.awaited;
        self.pause_resize(self.resize_paused);
        other.pause_resize(other.resize_paused);
    }

    fn take_db(&mut self, db: usize) -> Db {
        self.effects.all_ready = self.effects.awaited;
        let mut fresh = Db::default();
        fresh.table.pause_resize(self.resize_paused);
        mem::replace(&mut self.dbs[db], fresh)
    }
}
