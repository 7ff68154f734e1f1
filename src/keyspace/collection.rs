//! Values with members: found by type, made when a command adds to a missing key, deleted with the last member.

use crate::protocol::{CmdError, CmdResult};
use crate::value::{Collection, NewValue, Object, Stored};

use super::discard::Cause;
use super::entry::Entry;
use super::lookup::For;
use super::{ExpireChange, Keyspace};

impl Keyspace {
    /// Reads a collection as [`Keyspace::lookup_read`] does.
    ///
    /// # Errors
    /// The key holds a value of another type.
    pub fn read_as<C: Collection>(&mut self, db: usize, key: &[u8]) -> CmdResult<Option<&C>> {
        match self.lookup_read(db, key) {
            None => Ok(None),
            Some(value) => C::of(value).map(Some).ok_or(CmdError::WRONG_TYPE),
        }
    }

    /// A collection as it lies, for a command that has looked the key up already.
    pub fn peek_as<C: Collection>(&self, db: usize, key: &[u8]) -> Option<&C> {
        C::of(self.peek(db, key)?)
    }

    /// Reads a collection as [`Keyspace::lookup_read`] does, to change what does not count as its value: who has read
    /// how far in a stream. Those who watch the key are not told.
    ///
    /// # Errors
    /// The key holds a value of another type.
    pub fn read_as_mut<C: Collection>(&mut self, db: usize, key: &[u8]) -> CmdResult<Option<&mut C>> {
        let touch = self.touch;
        match self.read_entry(db, key, touch, true) {
            None => Ok(None),
            Some(entry) => entry.collection_mut().map(Some).ok_or(CmdError::WRONG_TYPE),
        }
    }

    /// As [`Keyspace::read_as_mut`], but counts no hit or miss.
    ///
    /// # Errors
    /// The key holds a value of another type.
    pub fn find_as_mut<C: Collection>(&mut self, db: usize, key: &[u8]) -> CmdResult<Option<&mut C>> {
        let hash = self.hash(key);
        let touch = self.touch;
        match self.find(db, hash, key, For::Reading, touch) {
            None => Ok(None),
            Some(entry) => entry.collection_mut().map(Some).ok_or(CmdError::WRONG_TYPE),
        }
    }

    /// As [`Keyspace::peek_as`], to change what [`Keyspace::read_as_mut`] says.
    pub fn peek_as_mut<C: Collection>(&mut self, db: usize, key: &[u8]) -> Option<&mut C> {
        let hash = self.hash(key);
        self.dbs[db].table.find_mut(hash, |e| e.key() == key)?.collection_mut()
    }

    /// Finds a collection to change in place, as [`Keyspace::lookup_write`] finds keys. Whoever takes its last member
    /// calls [`Keyspace::delete_if_empty`].
    ///
    /// # Errors
    /// The key holds a value of another type.
    pub fn write_as<C: Collection>(&mut self, db: usize, key: &[u8]) -> CmdResult<Option<&mut C>> {
        let hash = self.hash(key);
        let touch = self.touch;
        match self.find(db, hash, key, For::Writing, touch) {
            None => Ok(None),
            Some(entry) => entry.collection_mut().map(Some).ok_or(CmdError::WRONG_TYPE),
        }
    }

    /// As [`Keyspace::write_as`], but makes a collection where there is no key. It is empty, and the caller puts
    /// something in.
    ///
    /// # Errors
    /// The key holds a value of another type.
    pub fn write_or_create<C: Collection>(&mut self, db: usize, key: &[u8]) -> CmdResult<&mut C> {
        if self.lookup_write(db, key).is_none() {
            return Ok(self.create(db, key, C::new()));
        }
        let hash = self.hash(key);
        let entry = self.dbs[db].table.find_mut(hash, |e| e.key() == key);
        entry.expect("found above").collection_mut().ok_or(CmdError::WRONG_TYPE)
    }

    /// Puts a collection under a key that is not there; as in [`Keyspace::write_or_create`] it is about to be filled.
    pub fn create<C: Collection>(&mut self, db: usize, key: &[u8], value: C) -> &mut C {
        let hash = self.hash(key);
        let fresh = self.freq.fresh(self.now_ms);
        self.add(db, hash, Entry::new(key, NewValue::Object(value.into()).stored(), None, fresh));
        let entry = self.dbs[db].table.find_mut(hash, |e| e.key() == key);
        entry.and_then(Entry::collection_mut).expect("inserted above")
    }

    /// Takes all members out of a collection, whose memory is given back as that of a deleted key. The caller sees to it
    /// that the key does not stay.
    pub fn clear<C: Collection>(&mut self, db: usize, key: &[u8]) {
        let hash = self.hash(key);
        let entry = self.dbs[db].table.find_mut(hash, |e| e.key() == key);
        if let Some(collection) = entry.and_then(Entry::collection_mut::<C>) {
            let members: Object = std::mem::replace(collection, C::new()).into();
            self.discard(Entry::new(b"", Stored::Object(members), None, 0), Cause::Deleted);
        }
    }

    /// Deletes a collection that has no members left; true if it had none.
    pub fn delete_if_empty<C: Collection>(&mut self, db: usize, key: &[u8]) -> bool {
        let empty = self.peek_as::<C>(db, key).is_some_and(Collection::is_empty);
        if empty {
            self.delete(db, key);
        }
        empty
    }

    /// Puts a collection in the place of whatever the key holds; it has no expiry time (SUNIONSTORE and their like).
    /// An empty one deletes the key. True if there was a key.
    pub fn store<C: Collection>(&mut self, db: usize, key: &[u8], value: C) -> bool {
        if value.is_empty() {
            return self.delete_as(db, key, Cause::Replaced);
        }
        let value: Object = value.into();
        self.set(db, key, NewValue::Object(value), ExpireChange::Clear)
    }
}
