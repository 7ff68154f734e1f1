//! Finding a key: lazy expiry, hit and miss counts, marking as used.

use crate::config::NotifyFlags;
use crate::ds::table::{Found, Verdict};
use crate::protocol::{CmdError, CmdResult};
use crate::value::{Stored, StrRef, ValueRef};

use super::discard::takes_long;
use super::effects::Effects;
use super::entry::Entry;
use super::touched::How;
use super::{Db, EntryInfo, ExpiryMode, Keyspace, Stats, freq};

/// What a lookup is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    Reading,
    /// An expired key is deleted even in [`ExpiryMode::Hide`], so that a writable replica's writes start
    /// afresh.
    Writing,
}

/// A string found for writing. The key's expiry time stays whatever is done to the value.
pub struct StrMut<'a>(&'a mut Entry);

impl<'a> StrMut<'a> {
    /// The string's bytes to change in place, made raw and zero-padded to `min_len`; and whether it was shorter.
    pub fn grow(self, min_len: usize) -> (&'a mut [u8], bool) {
        let grown = self.value().len() < min_len;
        (self.0.string_mut(min_len), grown)
    }

    #[inline]
    pub fn value(&self) -> StrRef<'_> {
        self.0.value().as_str().expect("only a string is found as one")
    }

    #[inline]
    pub fn set_int(&mut self, n: i64) {
        let expire = self.0.expire();
        self.0.set_value(Stored::Int(n), expire);
    }

    /// Adds `tail` to the string, which becomes raw; returns its length.
    pub fn append(&mut self, tail: &[u8]) -> usize {
        self.0.append(tail)
    }
}

impl Keyspace {
    /// Reads a key for a client: counts a hit or miss, deletes it if expired, marks it as used.
    pub fn lookup_read(&mut self, db: usize, key: &[u8]) -> Option<ValueRef<'_>> {
        let touch = self.touch;
        self.read(db, key, touch, true)
    }

    /// As [`Keyspace::lookup_read`], without marking the key as used (TTL, TYPE).
    pub fn lookup_read_no_touch(&mut self, db: usize, key: &[u8]) -> Option<ValueRef<'_>> {
        self.read(db, key, false, true)
    }

    /// As [`Keyspace::lookup_read_no_touch`]; that there is no such key is counted but no event (OBJECT).
    pub fn lookup_read_quietly(&mut self, db: usize, key: &[u8]) -> Option<ValueRef<'_>> {
        self.read(db, key, false, false)
    }

    /// Reads a key that is about to be changed: deletes it if expired, marks it as used, counts nothing.
    pub fn lookup_write(&mut self, db: usize, key: &[u8]) -> Option<ValueRef<'_>> {
        let hash = self.hash(key);
        let touch = self.touch;
        self.find(db, hash, key, For::Writing, touch).map(|e| e.value())
    }

    /// Reads a string as [`Keyspace::lookup_read`] does.
    ///
    /// # Errors
    /// The key holds a value of another type.
    #[inline]
    pub fn read_str(&mut self, db: usize, key: &[u8]) -> CmdResult<Option<StrRef<'_>>> {
        string(self.lookup_read(db, key))
    }

    /// Reads a string as [`Keyspace::lookup_write`] does.
    ///
    /// # Errors
    /// The key holds a value of another type.
    pub fn read_str_to_write(&mut self, db: usize, key: &[u8]) -> CmdResult<Option<StrRef<'_>>> {
        string(self.lookup_write(db, key))
    }

    /// Finds a string to change it in place; otherwise as [`Keyspace::lookup_write`].
    ///
    /// # Errors
    /// The key holds a value of another type.
    pub fn write_str(&mut self, db: usize, key: &[u8]) -> CmdResult<Option<StrMut<'_>>> {
        let hash = self.hash(key);
        let touch = self.touch;
        match self.find(db, hash, key, For::Writing, touch) {
            Some(entry) if entry.value().as_str().is_none() => Err(CmdError::WRONG_TYPE),
            found => Ok(found.map(StrMut)),
        }
    }

    /// Reads a key as it lies, expired or not, leaving no trace.
    pub fn peek(&self, db: usize, key: &[u8]) -> Option<ValueRef<'_>> {
        self.entry(db, key).map(Entry::value)
    }

    /// Is there such a key? Counts a hit or miss, does not mark it as used.
    pub fn exists(&mut self, db: usize, key: &[u8]) -> bool {
        self.lookup_read_no_touch(db, key).is_some()
    }

    /// TOUCH: marks a key as used; false if there is none.
    pub fn touch(&mut self, db: usize, key: &[u8]) -> bool {
        self.lookup_read(db, key).is_some()
    }

    /// The Unix time in ms at which a key expires; `None` too if there is no such key.
    pub fn get_expire(&self, db: usize, key: &[u8]) -> Option<i64> {
        self.entry(db, key)?.expire()
    }

    /// OBJECT IDLETIME in ms, under an LRU policy.
    pub fn idle_ms(&self, db: usize, key: &[u8]) -> Option<u64> {
        self.entry(db, key).map(|e| freq::lru_idle_ms(e.lru(), self.now_ms))
    }

    /// OBJECT FREQ, under an LFU policy.
    pub fn lfu_counter(&self, db: usize, key: &[u8]) -> Option<u8> {
        self.entry(db, key).map(|e| self.freq.decayed(e.lru(), self.now_ms))
    }

    /// Address, encoding and clock bits of a key, as it lies.
    pub fn entry_info(&self, db: usize, key: &[u8]) -> Option<EntryInfo> {
        let entry = self.entry(db, key)?;
        Some(EntryInfo { address: entry.address(), encoding: entry.encoding(), lru: entry.lru() })
    }

    #[inline]
    fn read(&mut self, db: usize, key: &[u8], touch: bool, told: bool) -> Option<ValueRef<'_>> {
        self.read_entry(db, key, touch, told).map(|entry| entry.value())
    }

    /// The entry of a key that is read for a client.
    #[inline]
    pub(super) fn read_entry(
        &mut self,
        db: usize,
        key: &[u8],
        touch: bool,
        told: bool,
    ) -> Option<&mut Entry> {
        let hash = self.hash(key);
        let (entry, stats, effects) = self.search(db, hash, key, For::Reading, touch);
        if entry.is_some() {
            stats.hits += 1;
        } else {
            stats.misses += 1;
            if told {
                effects.notify(NotifyFlags::KEY_MISS, "keymiss", db, key);
            }
        }
        entry
    }

    /// The entry of a key as it lies, expired or not.
    pub(super) fn entry(&self, db: usize, key: &[u8]) -> Option<&Entry> {
        self.dbs[db].table.find(self.hash(key), |e| e.key() == key)
    }

    /// The entry of a key that has not expired; one that has is deleted or hidden, as the mode asks.
    pub(super) fn find(
        &mut self,
        db: usize,
        hash: u64,
        key: &[u8],
        purpose: For,
        touch: bool,
    ) -> Option<&mut Entry> {
        self.search(db, hash, key, purpose, touch).0
    }

    #[inline(always)]
    fn search(
        &mut self,
        db: usize,
        hash: u64,
        key: &[u8],
        purpose: For,
        touch: bool,
    ) -> (Option<&mut Entry>, &mut Stats, &mut Effects) {
        let Keyspace {
            dbs,
            rng,
            effects,
            stats,
            freq,
            lazy,
            discarded,
            watched,
            now_ms,
            lru_clock,
            mode,
            ..
        } = self;
        let Db { table, expiry, fields } = &mut dbs[db];
        let expired = match mode {
            ExpiryMode::Ignore => Verdict::Keep,
            ExpiryMode::Hide if purpose == For::Reading => Verdict::Skip,
            ExpiryMode::Hide | ExpiryMode::Delete => Verdict::Take,
        };
        let found = table.find_or_take(hash, |e| {
            if e.key() != key {
                Verdict::Skip
            } else if is_expired(e, *now_ms) {
                expired
            } else {
                Verdict::Keep
            }
        });
        let entry = match found {
            Found::Kept(entry) => {
                if purpose == For::Writing && watched.may_hold(hash) {
                    effects.touched.push(db, key, How::Written);
                }
                if touch {
                    let bits =
                        if freq.lfu { freq.lfu_touched(entry.lru(), *now_ms, rng) } else { *lru_clock };
                    // Unchanged bits are not written: the cache line stays clean.
                    if bits != entry.lru() {
                        entry.set_lru(bits);
                    }
                }
                Some(entry)
            }
            Found::Taken(entry) => {
                expiry.change(hash, entry.expire(), None);
                fields.forget(hash, &entry);
                stats.expired_keys += 1;
                effects.expired.push((db, key.into()));
                effects.note_gone(db, key, entry.value().kind());
                effects.notify(NotifyFlags::EXPIRED, "expired", db, key);
                if watched.may_hold(hash) {
                    effects.touched.push(db, key, How::Expired);
                }
                if takes_long(&entry, lazy.expire) {
                    discarded.push(entry);
                }
                None
            }
            Found::Missing => None,
        };
        (entry, stats, effects)
    }
}

/// Has the key's time passed?
#[inline]
pub(super) fn is_expired(entry: &Entry, now_ms: i64) -> bool {
    entry.expire().is_some_and(|ms| now_ms > ms)
}

#[inline]
fn string(found: Option<ValueRef<'_>>) -> CmdResult<Option<StrRef<'_>>> {
    match found {
        None => Ok(None),
        Some(ValueRef::Str(s)) => Ok(Some(s)),
        Some(_) => Err(CmdError::WRONG_TYPE),
    }
}
