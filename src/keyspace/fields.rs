//! Hashes whose fields expire: what a command sees of fields whose time has passed, and active expiry of fields.
//!
//! A database knows of each such hash when the next of its fields expires, with 32 bits of its key's hash, as it knows the
//! times of keys. The hash notes what the database knows, so a command that changed a hash costs no search of the order
//! unless that time has changed too. What has no such fields is in no order and costs nothing.

use std::time::{Duration, Instant};

use crate::config::NotifyFlags;
use crate::ds::timeline::Timeline;
use crate::value::{Collection, Hash, ValueRef};

use super::discard::Cause;
use super::entry::Entry;
use super::touched::How;
use super::{Db, ExpiryMode, Keyspace, hash};

/// How many fields of a hash active expiry deletes between two looks at the clock.
const FIELDS_PER_CLOCK_READ: usize = 64;

/// The hashes of a database whose fields expire.
#[derive(Default)]
pub struct FieldIndex {
    order: Timeline,
    count: usize,
}

impl FieldIndex {
    pub fn len(&self) -> usize {
        self.count
    }

    /// What it takes, bytes, in about.
    pub fn memory(&self) -> usize {
        self.order.memory(self.count)
    }

    fn change(&mut self, id: u32, old: Option<i64>, new: Option<i64>) {
        if let Some(ms) = old {
            let known = self.order.remove(ms, id);
            debug_assert!(known, "what a hash has noted is in the order");
            self.count -= 1;
        }
        if let Some(ms) = new {
            self.order.insert(ms, id);
            self.count += 1;
        }
    }

    /// An entry leaves the database, or its value the entry.
    #[inline]
    pub fn forget(&mut self, hash: u64, entry: &Entry) {
        if self.count > 0 {
            self.change(hash as u32, noted_expires(entry), None);
        }
    }

    /// An entry comes into the database, or a value into the entry.
    #[inline]
    pub fn adopt(&mut self, hash: u64, entry: &mut Entry) {
        if let Some(value) = entry.collection_mut::<Hash>() {
            value.note_expires();
            self.change(hash as u32, None, value.noted_expires());
        }
    }

    /// As [`FieldIndex::adopt`], for one of many entries that are loaded.
    #[inline]
    pub fn adopt_loaded(&mut self, hash: u64, entry: &mut Entry) {
        if let Some(value) = entry.collection_mut::<Hash>() {
            value.note_expires();
            if let Some(ms) = value.noted_expires() {
                self.order.gather(ms, hash as u32);
                self.count += 1;
            }
        }
    }

    /// There are no more loaded entries to come.
    pub fn settle(&mut self) {
        self.order.settle();
    }

    /// A hash that stays where it is has been changed.
    fn note(&mut self, hash: u64, value: &mut Hash) {
        let (old, new) = (value.noted_expires(), value.next_expires());
        if old != new {
            self.change(hash as u32, old, new);
            value.note_expires();
        }
    }
}

/// What the database knows of when the next field of an entry's hash expires.
#[inline]
pub fn noted_expires(entry: &Entry) -> Option<i64> {
    match entry.value() {
        ValueRef::Hash(value) => value.noted_expires(),
        _ => None,
    }
}

impl Db {
    /// An entry has another value in place of one of which this had been noted.
    pub fn value_replaced(&mut self, hash: u64, key: &[u8], noted: Option<i64>) {
        self.fields.change(hash as u32, noted, None);
        if let Some(entry) = self.table.find_mut(hash, |e| e.key() == key) {
            self.fields.adopt(hash, entry);
        }
    }
}

/// A field that was deleted because its time had passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoneField {
    pub db: usize,
    pub key: Box<[u8]>,
    pub field: Box<[u8]>,
}

impl Keyspace {
    /// Fields whose times are before this look absent to the running command.
    #[inline]
    pub fn field_moment(&self) -> i64 {
        if self.mode == ExpiryMode::Ignore { i64::MIN } else { self.now_ms }
    }

    /// How many hashes have fields that expire.
    pub fn expiring_hashes(&self, db: usize) -> usize {
        self.dbs[db].fields.len()
    }

    /// To be called when a command may have changed when the next field of a hash expires.
    pub fn note_field_expires(&mut self, db: usize, key: &[u8]) {
        let hash = self.hash(key);
        let Db { table, fields, .. } = &mut self.dbs[db];
        if let Some(value) = table.find_mut(hash, |e| e.key() == key).and_then(Entry::collection_mut) {
            fields.note(hash, value);
        }
    }

    /// A command came upon fields whose time has passed: they are deleted, and the key if they were the last. On a replica
    /// they stay, hidden.
    pub fn delete_gone_fields(&mut self, db: usize, key: &[u8], gone: &[&[u8]]) {
        if self.mode != ExpiryMode::Delete {
            return;
        }
        let key_hash = self.hash(key);
        let Db { table, fields, .. } = &mut self.dbs[db];
        let found = table.find_mut(key_hash, |e| e.key() == key).and_then(Entry::collection_mut::<Hash>);
        let Some(value) = found else { return };
        let before = self.effects.gone_fields.len();
        for field in gone.iter().filter(|field| value.remove(field)) {
            self.effects.gone_fields.push(GoneField { db, key: key.into(), field: (*field).into() });
        }
        fields.note(key_hash, value);
        let deleted = self.effects.gone_fields.len() - before;
        if deleted > 0 && self.watched.may_hold(key_hash) {
            self.effects.touched.push(db, key, How::Expired);
        }
        self.stats.expired_fields += deleted as u64;
        if deleted > 0 {
            self.effects.notify(NotifyFlags::HASH, "hexpired", db, key);
        }
        if self.delete_if_empty::<Hash>(db, key) {
            self.effects.notify(NotifyFlags::GENERIC, "del", db, key);
        }
    }

    /// Is there any field that expires?
    pub fn has_expiring_fields(&self) -> bool {
        self.dbs.iter().any(|db| db.fields.count > 0)
    }

    /// Is any field's time over?
    #[inline]
    pub fn has_due_fields(&self, now_ms: i64) -> bool {
        self.dbs.iter().any(|db| db.fields.count > 0 && db.fields.order.is_due(now_ms))
    }

    /// Active expiry of fields: deletes those whose time has passed, for at most `budget`, and tells the caller of each,
    /// who propagates it. Databases take turns when time runs out. True when there is more to do.
    pub fn expire_due_fields(
        &mut self,
        now_ms: i64,
        budget: Duration,
        mut on_gone: impl FnMut(usize, &[u8], &[u8]),
    ) -> bool {
        let mut started = None;
        let count = self.dbs.len();
        for _ in 0..count {
            let index = self.expire_fields_next_db % count;
            while self.dbs[index].fields.order.is_due(now_ms) {
                if started.get_or_insert_with(Instant::now).elapsed() >= budget {
                    return true;
                }
                self.expire_fields_of_next(index, now_ms, &mut on_gone);
            }
            self.expire_fields_next_db = index + 1;
        }
        false
    }

    /// Deletes some fields, whose time has passed, of the hash that is the first to have such.
    fn expire_fields_of_next(
        &mut self,
        index: usize,
        now_ms: i64,
        on_gone: &mut impl FnMut(usize, &[u8], &[u8]),
    ) {
        let Keyspace { dbs, hasher, stats, effects, .. } = self;
        let Db { table, expiry, fields } = &mut dbs[index];
        let Some((ms, id)) = fields.order.pop_before(now_ms) else { return };
        fields.count -= 1;
        let is_it = |e: &Entry| noted_expires(e) == Some(ms) && hash(hasher, e.key()) as u32 == id;
        let entry = table.find_mut(id.into(), is_it).expect("what the order holds is in the table");
        let key: Box<[u8]> = entry.key().into();
        let value = entry.collection_mut::<Hash>().expect("it was found by being one");
        let gone = value.remove_gone(now_ms, FIELDS_PER_CLOCK_READ, |field| on_gone(index, &key, field));
        value.note_expires();
        fields.change(id, None, value.noted_expires());
        stats.expired_fields += gone as u64;
        effects.notify(NotifyFlags::HASH, "hexpired", index, &key);
        if !value.is_empty() {
            return;
        }
        effects.notify(NotifyFlags::GENERIC, "del", index, &key);
        let empty = |e: &Entry| e.key() == &*key;
        let entry = table.remove(id.into(), empty).expect("it was found just now");
        expiry.change(id.into(), entry.expire(), None);
        self.discard(entry, Cause::Deleted);
    }
}
