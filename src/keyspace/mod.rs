//! All databases, and what the running command does to them.
//!
//! The server calls [`Keyspace::begin`] before each command, which fixes the command's clock, what is to
//! become of expired keys, and whether reads mark keys as used. Data commands then call the methods below;
//! whatever others must learn of it (dirty count, propagation, keys deleted by expiry) collects in
//! [`Keyspace::effects`].
//!
//! A database is named by its index, which callers have checked against [`Keyspace::db_count`].
//!
//! | file    | what                                                            |
//! |---------|-----------------------------------------------------------------|
//! | entry   | a key with its value, in one allocation                       |
//! | lookup  | reading: hits and misses, lazy expiry, marking as used          |
//! | write   | set, append, delete, expiry times, loading                      |
//! | collection | values with members: found, made, deleted when empty          |
//! | discard | what becomes of entries that are taken out                      |
//! | whole   | rename, move, copy, swap, flush: entries and databases as wholes |
//! | scan    | SCAN, KEYS, RANDOMKEY, iteration for snapshots                  |
//! | expire  | the order in which keys expire; active expiry                   |
//! | evict   | which key goes when memory is full                              |
//! | fields  | hashes whose fields expire                                       |
//! | watch   | which keys clients watch, so that changes are noted           |
//! | touched | the notes of them                                             |
//! | freq    | the LRU clock and LFU counter                                   |
//! | effects | what a command leaves behind                                    |

mod collection;
pub mod discard;
pub mod effects;
pub mod entry;
pub mod evict;
mod expire;
mod fields;
pub mod freq;
mod lookup;
mod scan;
pub mod touched;
pub mod watch;
mod whole;
mod write;

#[cfg(test)]
mod tests;

use std::time::Duration;

use ahash::RandomState;

use crate::ds::hashing;
use crate::ds::table::{Table, dict_size};
use crate::util::rng::Rng;
use crate::value::{Encoding, Limits, ValueRef};
use smallvec::SmallVec;

use discard::LazyPolicy;
use effects::Effects;
use entry::Entry;
use evict::Pool;
use expire::ExpiryIndex;
use fields::FieldIndex;
use freq::FreqPolicy;
use watch::WatchedHashes;

pub use expire::Due;
pub use fields::GoneField;
pub use lookup::StrMut;
pub use scan::EntryRef;
pub use whole::Flushed;
pub use write::{Access, ExpireChange, KeyHash};

/// How many keys [`Keyspace::prefetch`] takes at a time.
pub const PREFETCH_KEYS: usize = 16;
/// So many keys, with their buckets some hundred KB, are in the cache if they are used at all: to fetch them is to look
/// them up twice.
const CACHED_KEYS: usize = 4096;

/// What happens to keys whose time has passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExpiryMode {
    /// A primary: a command that meets one deletes it and reports it in [`Effects::expired`].
    Delete,
    /// A replica (or a primary whose clients are paused): they look absent and stay. Only writing to one
    /// deletes it.
    Hide,
    /// The stream from our primary, and loading: they are keys like any other.
    Ignore,
}

/// Counters that INFO shows and CONFIG RESETSTAT clears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub hits: u64,
    pub misses: u64,
    /// Keys deleted because their time had passed, lazily or actively.
    pub expired_keys: u64,
    /// Fields of hashes, likewise.
    pub expired_fields: u64,
    /// Cron periods at whose end active expiry had not removed all that was due.
    pub expired_time_cap_reached: u64,
}

/// What DEBUG OBJECT tells of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryInfo {
    pub address: usize,
    pub encoding: Encoding,
    pub lru: u32,
}

/// One database.
#[derive(Default)]
struct Db {
    table: Table<Entry>,
    expiry: ExpiryIndex,
    fields: FieldIndex,
}

impl Db {
    /// An entry is no longer in the table.
    #[inline]
    fn forget(&mut self, hash: u64, entry: &Entry) {
        self.expiry.change(hash, entry.expire(), None);
        self.fields.forget(hash, entry);
    }
}

/// All databases.
pub struct Keyspace {
    dbs: Vec<Db>,
    hasher: RandomState,
    rng: Rng,
    now_ms: i64,
    /// The LRU clock at `now_ms`.
    lru_clock: u32,
    mode: ExpiryMode,
    touch: bool,
    /// The database that active expiry looks at next.
    expire_next_db: usize,
    /// The same, for fields of hashes.
    expire_fields_next_db: usize,
    /// Candidates for eviction.
    eviction_pool: Pool,
    /// The database that random eviction looks at next.
    evict_next_db: usize,
    resize_paused: bool,
    /// Keys that a SCAN step found expired, by hash; empty between calls.
    scan_expired: Vec<u64>,
    /// What is watched.
    watched: WatchedHashes,
    /// How entries count their use.
    pub freq: FreqPolicy,
    /// At which sizes collections change their encoding.
    pub limits: Limits,
    /// Which entries are freed in the background.
    pub lazy: LazyPolicy,
    /// Entries taken out that take long to free: for the server to take from here, in the same turn of its loop.
    pub discarded: Vec<Entry>,
    pub effects: Effects,
    pub stats: Stats,
}

impl Keyspace {
    /// Empty databases. Hashing is keyed with seeds drawn once for the process.
    pub fn new(databases: usize) -> Keyspace {
        Keyspace::with_seeds(databases, hashing::seeds())
    }

    /// Empty databases with known hash and random seeds, for tests that can be repeated.
    pub fn with_seeds(databases: usize, seeds: [u64; 4]) -> Keyspace {
        Keyspace {
            dbs: (0..databases).map(|_| Db::default()).collect(),
            hasher: RandomState::with_seeds(seeds[0], seeds[1], seeds[2], seeds[3]),
            rng: Rng::seeded(seeds[0] ^ seeds[3]),
            now_ms: 0,
            lru_clock: 0,
            mode: ExpiryMode::Ignore,
            touch: true,
            expire_next_db: 0,
            expire_fields_next_db: 0,
            eviction_pool: Pool::default(),
            evict_next_db: 0,
            resize_paused: false,
            scan_expired: Vec::new(),
            watched: WatchedHashes::default(),
            freq: FreqPolicy::default(),
            limits: Limits::default(),
            lazy: LazyPolicy::default(),
            discarded: Vec::new(),
            effects: Effects::default(),
            stats: Stats::default(),
        }
    }

    /// Sets the context of the next command: its clock, what becomes of expired keys, and whether accesses
    /// mark keys as used (not while a child lives).
    #[inline]
    pub fn begin(&mut self, now_ms: i64, mode: ExpiryMode, touch: bool) {
        if now_ms != self.now_ms {
            self.now_ms = now_ms;
            self.lru_clock = freq::lru_clock(now_ms);
        }
        self.mode = mode;
        self.touch = touch;
    }

    /// What the next command does counts as no use of keys: its client asked for NO-TOUCH.
    pub fn count_no_use(&mut self) {
        self.touch = false;
    }

    /// The running command's clock, Unix time in ms.
    #[inline]
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    pub fn mode(&self) -> ExpiryMode {
        self.mode
    }

    pub fn db_count(&self) -> usize {
        self.dbs.len()
    }

    /// The number of keys, expired but not yet deleted ones included (DBSIZE).
    pub fn len(&self, db: usize) -> usize {
        self.dbs[db].table.len()
    }

    pub fn is_empty(&self, db: usize) -> bool {
        self.len(db) == 0
    }

    /// The number of keys that have an expiry time.
    pub fn expires_len(&self, db: usize) -> usize {
        self.dbs[db].expiry.len()
    }

    /// How long keys with an expiry time have to live on average, exactly; 0 when there are none.
    pub fn avg_ttl_ms(&self, db: usize, now_ms: i64) -> i64 {
        self.dbs[db].expiry.avg_ttl_ms(now_ms)
    }

    #[inline]
    fn hash(&self, key: &[u8]) -> u64 {
        hash(&self.hasher, key)
    }

    /// Brings keys that are about to be looked up into the cache, their misses overlapping: first all
    /// buckets, then all entries. To be called with as many keys at a time as there will be work before the
    /// first is used and the last is not yet evicted: up to [`PREFETCH_KEYS`], more are left out.
    pub fn prefetch<'a>(&self, db: usize, keys: impl IntoIterator<Item = &'a [u8]>) {
        if !self.is_worth_prefetching(db) {
            return;
        }
        // A pipeline about one key is common; different keys mostly differ at their end.
        let mut last: &[u8] = b"";
        let others = keys.into_iter().filter(|key| {
            let same = key.last() == last.last() && *key == last;
            last = key;
            !same
        });
        self.prefetch_in(others.map(|key| (db, key)));
    }

    /// Whether a database is too large for a cache to hold it anyway.
    #[inline]
    pub fn is_worth_prefetching(&self, db: usize) -> bool {
        self.len(db) >= CACHED_KEYS
    }

    /// As [`Keyspace::prefetch`], with the database of each key.
    pub fn prefetch_in<'a>(&self, keys: impl IntoIterator<Item = (usize, &'a [u8])>) {
        let mut places = [(0, 0); PREFETCH_KEYS];
        let mut count = 0;
        for (place, (db, key)) in places.iter_mut().zip(keys) {
            *place = (db, self.hash(key));
            self.dbs[db].table.prefetch(place.1);
            count += 1;
        }
        for (db, hash) in &places[..count] {
            self.dbs[*db].table.prefetch_entry(*hash);
        }
    }

    /// Brings members of large collections that are about to be looked up into the cache, given with their keys, which
    /// [`Keyspace::prefetch`] has fetched: first all buckets, then all members. More than [`PREFETCH_KEYS`] are left out.
    pub fn prefetch_members<'a>(&self, db: usize, members: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) {
        let mut places: SmallVec<[_; PREFETCH_KEYS]> = SmallVec::new();
        let mut last: Option<(&[u8], Option<ValueRef<'_>>)> = None;
        for (key, member) in members.into_iter().take(PREFETCH_KEYS) {
            let value = match last {
                Some((last_key, value)) if last_key == key => value,
                _ => self.peek(db, key),
            };
            last = Some((key, value));
            let hash = hashing::hash(member);
            places.extend(value.filter(|value| value.prefetch_bucket(hash)).map(|value| (value, hash)));
        }
        places.iter().for_each(|(value, hash)| value.prefetch_member(*hash));
    }

    /// Stops or allows table resizing: none while a snapshot child shares our pages, short of a hard fill.
    pub fn pause_resize(&mut self, paused: bool) {
        self.resize_paused = paused;
        for db in &mut self.dbs {
            db.table.pause_resize(paused);
        }
    }

    /// Goes on resizing tables for at most `budget`; true when there is more to do.
    pub fn rehash_for(&mut self, budget: Duration) -> bool {
        let hasher = &self.hasher;
        let mut more = false;
        for db in &mut self.dbs {
            more |= db.table.rehash_for(budget, |e| hash(hasher, e.key()));
        }
        more
    }

    /// What a database's table and the order in which its keys expire take, bytes.
    pub fn overhead(&self, db: usize) -> (usize, usize) {
        let Db { table, expiry, fields } = &self.dbs[db];
        (table.memory(), expiry.memory() + fields.memory())
    }

    /// What a key takes, bytes: its entry, and its part of the table and of the order in which keys expire. Of the
    /// members of a collection so many are looked at.
    pub fn memory_usage(&self, db: usize, key: &[u8], samples: usize) -> Option<usize> {
        let entry = self.entry(db, key)?;
        let Db { table, expiry, .. } = &self.dbs[db];
        let share = |bytes: usize, of: usize| bytes / of.max(1);
        let expires = if entry.expire().is_some() { share(expiry.memory(), expiry.len()) } else { 0 };
        Some(entry.memory(samples) + share(table.memory(), table.len()) + expires)
    }

    /// DEBUG HTSTATS: the tables of a database in figures.
    pub fn table_stats(&self, db: usize) -> String {
        let Db { table, expiry, .. } = &self.dbs[db];
        let dict = |name: &str, size, len| format!("[{name}]\n{}", table_figures(size, len));
        dict("Dictionary HT", table.table_size(), table.len())
            + &dict("Expires HT", dict_size(expiry.len()), expiry.len())
    }
}

/// DEBUG HTSTATS and HTSTATS-KEY: one table in figures.
pub fn table_figures(size: usize, len: usize) -> String {
    format!("Hash table 0 stats (main hash table):\n table size: {size}\n number of elements: {len}\n")
}

#[inline]
fn hash(state: &RandomState, key: &[u8]) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = state.build_hasher();
    hasher.write(key);
    hasher.finish()
}
