//! Changing one key: its value, its expiry time, its being there at all.

use crate::config::NotifyFlags;
use crate::value::NewValue;

use super::discard::{Cause, takes_long};
use super::entry::Entry;
use super::fields::noted_expires;
use super::lookup::{For, is_expired};
use super::touched::How;
use super::{Db, ExpiryMode, Keyspace, freq, hash};

/// What a write does to the key's expiry time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExpireChange {
    /// Leaves it as it is (KEEPTTL).
    Keep,
    /// The key lives on without one.
    Clear,
    /// Unix time in ms.
    At(i64),
}

/// What a loaded key's use counts as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Used just now.
    Fresh,
    /// Idle for so many seconds.
    Idle(u64),
    /// With this LFU counter.
    Freq(u8),
}

/// The hash of a key, in the keyspace that gave it.
#[derive(Clone, Copy, Debug)]
pub struct KeyHash(u64);

impl Keyspace {
    /// Sets a key to a value, whether it was there or not; true if it was.
    pub fn set(&mut self, db: usize, key: &[u8], value: NewValue, expire: ExpireChange) -> bool {
        let hash = self.hash(key);
        let fresh = self.freq.fresh(self.now_ms);
        let lfu = self.freq.lfu;
        let lazy = self.lazy.says(Cause::Replaced);
        // Overwriting counts as a use.
        let touch = lfu && self.touch;
        let Some(entry) = self.find(db, hash, key, For::Writing, touch) else {
            let expire = match expire {
                ExpireChange::At(ms) => Some(ms),
                ExpireChange::Keep | ExpireChange::Clear => None,
            };
            self.add(db, hash, Entry::new(key, value.stored(), expire, fresh));
            return false;
        };
        let old = entry.expire();
        let (noted, object) = (noted_expires(entry), matches!(value, NewValue::Object(_)));
        let old_kind = entry.value().kind();
        let new = match expire {
            ExpireChange::Keep => old,
            ExpireChange::Clear => None,
            ExpireChange::At(ms) => Some(ms),
        };
        if takes_long(entry, lazy) {
            let lru = if lfu { entry.lru() } else { fresh };
            if let Some(replaced) = self.take(db, hash, key) {
                self.discard(replaced, Cause::Replaced);
            }
            self.insert(db, hash, Entry::new(key, value.stored(), new, lru));
            return true;
        }
        entry.set_value(value.stored(), new);
        let kind = entry.value().kind();
        // A new value is used just now, but how often its key was used lives on.
        if !lfu {
            entry.set_lru(fresh);
        }
        self.dbs[db].expiry.change(hash, old, new);
        if noted.is_some() || object {
            self.dbs[db].value_replaced(hash, key, noted);
        }
        self.effects.note_gone(db, key, old_kind);
        self.effects.note_ready(db, key, kind);
        true
    }

    /// Gives an existing key another value; its expiry time stays. False if there is no such key.
    pub fn replace_value(&mut self, db: usize, key: &[u8], value: NewValue) -> bool {
        let hash = self.hash(key);
        let Some(entry) = self.find(db, hash, key, For::Writing, false) else { return false };
        let expire = entry.expire();
        let noted = noted_expires(entry);
        entry.set_value(value.stored(), expire);
        self.dbs[db].value_replaced(hash, key, noted);
        true
    }

    /// Sets a key to an integer, in place where it is one already; its expiry time stays (INCR).
    pub fn set_int(&mut self, db: usize, key: &[u8], n: i64) {
        self.set(db, key, NewValue::Int(n), ExpireChange::Keep);
    }

    /// Adds `tail` to a string, or makes a new one of it as SET does; returns the length.
    pub fn append(&mut self, db: usize, key: &[u8], tail: &[u8]) -> usize {
        let hash = self.hash(key);
        if let Some(entry) = self.find(db, hash, key, For::Writing, false) {
            return entry.append(tail);
        }
        let fresh = self.freq.fresh(self.now_ms);
        self.add(db, hash, Entry::new(key, NewValue::Encode(tail).stored(), None, fresh));
        tail.len()
    }

    /// The bytes of a string to change in place, made raw and zero-padded to `min_len`; a missing key is
    /// created.
    pub fn string_mut(&mut self, db: usize, key: &[u8], min_len: usize) -> &mut [u8] {
        let hash = self.hash(key);
        if self.find(db, hash, key, For::Writing, false).is_none() {
            let fresh = self.freq.fresh(self.now_ms);
            self.add(db, hash, Entry::new(key, NewValue::Raw(b"").stored(), None, fresh));
        }
        let entry = self.dbs[db].table.find_mut(hash, |e| e.key() == key);
        entry.expect("found or inserted above").string_mut(min_len)
    }

    /// Deletes a key; false if there is none, or only one that had expired.
    pub fn delete(&mut self, db: usize, key: &[u8]) -> bool {
        self.delete_as(db, key, Cause::Deleted)
    }

    /// Deletes a key, which says how its memory is given back; otherwise as [`Keyspace::delete`].
    pub fn delete_as(&mut self, db: usize, key: &[u8], cause: Cause) -> bool {
        let hash = self.hash(key);
        // What makes place for an empty result need not be alive.
        let taken = self.take_from(db, hash, key, cause != Cause::Replaced);
        let deleted = taken.is_some();
        if let Some(entry) = taken {
            self.discard(entry, cause);
        }
        deleted
    }

    /// Sets the time at which a key expires, Unix time in ms; false if there is no such key.
    pub fn set_expire(&mut self, db: usize, key: &[u8], at_ms: i64) -> bool {
        self.change_expire(db, key, Some(at_ms)).is_some()
    }

    /// Removes a key's expiry time; false if there is no such key or it had none.
    pub fn persist(&mut self, db: usize, key: &[u8]) -> bool {
        self.change_expire(db, key, None).flatten().is_some()
    }

    /// RESTORE IDLETIME: the key counts as unused for `seconds`.
    pub fn set_idle(&mut self, db: usize, key: &[u8], seconds: u64) {
        let bits = freq::lru_idle_bits(seconds, self.now_ms);
        self.set_bits(db, key, bits);
    }

    /// RESTORE FREQ: the key's LFU counter.
    pub fn set_lfu_counter(&mut self, db: usize, key: &[u8], counter: u8) {
        let bits = freq::lfu_bits(self.now_ms, counter);
        self.set_bits(db, key, bits);
    }

    /// Adds a key that was in a snapshot or payload, expired or not. With `is_new` the caller knows that it is not
    /// there yet, and no search is made; else false tells that it was, and nothing has changed.
    pub fn insert_loaded(
        &mut self,
        db: usize,
        key: &[u8],
        value: NewValue,
        expire: Option<i64>,
        access: Access,
        is_new: bool,
    ) -> bool {
        let hash = self.hash(key);
        if !is_new && self.dbs[db].table.find(hash, |e| e.key() == key).is_some() {
            return false;
        }
        let bits = self.access_bits(access);
        self.add(db, hash, Entry::new(key, value.stored(), expire, bits));
        true
    }

    /// As [`Keyspace::insert_loaded`], for one of many keys, which are first hashed and prefetched
    /// ([`Keyspace::hash_to_insert`]) and then added. False: there is such a key.
    pub fn insert_one_of_many(
        &mut self,
        db: usize,
        KeyHash(hash_of_key): KeyHash,
        key: &[u8],
        value: NewValue,
        expire: Option<i64>,
        access: Access,
    ) -> bool {
        let bits = self.access_bits(access);
        let Keyspace { dbs, hasher, .. } = self;
        let Db { table, expiry, fields } = &mut dbs[db];
        if table.find(hash_of_key, |e| e.key() == key).is_some() {
            return false;
        }
        if let Some(ms) = expire {
            expiry.add_loaded(hash_of_key, ms);
        }
        let mut entry = Entry::new(key, value.stored(), expire, bits);
        fields.adopt_loaded(hash_of_key, &mut entry);
        table.insert(hash_of_key, entry, |e| hash(hasher, e.key()));
        true
    }

    /// What an entry is to keep of its use.
    fn access_bits(&self, access: Access) -> u32 {
        match access {
            Access::Idle(seconds) if !self.freq.lfu => freq::lru_idle_bits(seconds, self.now_ms),
            Access::Freq(counter) if self.freq.lfu => freq::lfu_bits(self.now_ms, counter),
            _ => self.freq.fresh(self.now_ms),
        }
    }

    /// The hash of a key that is going to be added, whose bucket is brought into the cache.
    #[inline]
    pub fn hash_to_insert(&self, db: usize, key: &[u8]) -> KeyHash {
        let hash = self.hash(key);
        self.dbs[db].table.prefetch(hash);
        KeyHash(hash)
    }

    /// There are no more loaded keys to come: what was gathered on the way is put in order.
    pub fn loaded(&mut self) {
        for db in &mut self.dbs {
            db.expiry.settle();
            db.fields.settle();
        }
        self.effects.all_ready = self.effects.awaited;
    }

    /// Makes room for so many keys in an empty database, of which `expires` have an expiry time.
    pub fn presize(&mut self, db: usize, keys: usize, _expires: usize) {
        self.dbs[db].table.presize(keys);
    }

    /// Puts in an entry whose key is a new one.
    pub(super) fn add(&mut self, db: usize, hash_of_key: u64, entry: Entry) {
        self.effects.notify(NotifyFlags::NEW, "new", db, entry.key());
        self.insert(db, hash_of_key, entry);
    }

    /// Puts in an entry whose key is not in the table.
    pub(super) fn insert(&mut self, db: usize, hash_of_key: u64, mut entry: Entry) {
        let Keyspace { dbs, hasher, effects, watched, .. } = self;
        if effects.awaited {
            effects.note_ready(db, entry.key(), entry.value().kind());
        }
        if watched.may_hold(hash_of_key) {
            effects.touched.push(db, entry.key(), How::Written);
        }
        let db = &mut dbs[db];
        db.fields.adopt(hash_of_key, &mut entry);
        db.expiry.change(hash_of_key, None, entry.expire());
        db.table.insert(hash_of_key, entry, |e| hash(hasher, e.key()));
    }

    /// Takes out a key; one that has expired counts as gone already.
    pub(super) fn take(&mut self, db: usize, hash: u64, key: &[u8]) -> Option<Entry> {
        self.take_from(db, hash, key, true)
    }

    fn take_from(&mut self, db: usize, hash: u64, key: &[u8], alive: bool) -> Option<Entry> {
        let Keyspace { dbs, effects, stats, watched, now_ms, mode, .. } = self;
        let base = &mut dbs[db];
        let entry = base.table.remove(hash, |e| e.key() == key)?;
        base.forget(hash, &entry);
        effects.note_gone(db, key, entry.value().kind());
        if alive && *mode != ExpiryMode::Ignore && is_expired(&entry, *now_ms) {
            stats.expired_keys += 1;
            effects.expired.push((db, key.into()));
            effects.notify(NotifyFlags::EXPIRED, "expired", db, key);
            if watched.may_hold(hash) {
                effects.touched.push(db, key, How::Expired);
            }
            self.discard(entry, Cause::Expired);
            return None;
        }
        if watched.may_hold(hash) {
            effects.touched.push(db, key, How::Written);
        }
        Some(entry)
    }

    /// The expiry time a key had, if there is such a key.
    fn change_expire(&mut self, db: usize, key: &[u8], new: Option<i64>) -> Option<Option<i64>> {
        let hash = self.hash(key);
        let entry = self.find(db, hash, key, For::Writing, false)?;
        let old = entry.expire();
        entry.set_expire(new);
        self.dbs[db].expiry.change(hash, old, new);
        Some(old)
    }

    fn set_bits(&mut self, db: usize, key: &[u8], bits: u32) {
        let hash = self.hash(key);
        if let Some(entry) = self.dbs[db].table.find_mut(hash, |e| e.key() == key) {
            entry.set_lru(bits);
        }
    }
}
