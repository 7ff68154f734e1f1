//! WATCH: the EXEC of a client does nothing if one of the keys that it watches has been changed meanwhile, by whomever.
//!
//! A key changes when a command that changed anything at all had found it to write to, made it or deleted it; when it
//! expires, is evicted or flushed; and when its database is swapped for one that has it. A key whose time had passed
//! already when it was watched is as good as gone: its deletion changes nothing. One whose time passes without anybody
//! noticing is found by EXEC itself.
//!
//! A client that watches is marked by the first change, and watches nothing any more. There are as many watched keys as
//! clients name, each held with its client, and counted in its memory.

use super::Server;
use crate::client::{ClientFlags, ClientId, Clients};
use crate::ds::hashing;
use crate::keyspace::touched::{How, Touched};
use crate::keyspace::{Flushed, Keyspace};
use smallvec::SmallVec;
use std::collections::HashMap;

/// Who watches each key of a database, sorted by client.
type Keys = HashMap<Box<[u8]>, SmallVec<[Watcher; 1]>, ahash::RandomState>;

/// Who watches which keys.
#[derive(Default)]
pub struct Watches {
    /// By database.
    keys: Vec<Keys>,
}

#[derive(Debug, Clone, Copy)]
struct Watcher {
    id: ClientId,
    /// The key's time had passed when it was watched, and it has not been deleted since.
    expired: bool,
}

/// What stands where a key was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Now {
    Absent,
    /// It is there, but its time has passed.
    Expired,
    There,
}

impl Now {
    fn of(keyspace: &Keyspace, db: usize, key: &[u8], now_ms: i64) -> Now {
        if keyspace.peek(db, key).is_none() {
            Now::Absent
        } else if keyspace.has_expired(db, key, now_ms) {
            Now::Expired
        } else {
            Now::There
        }
    }
}

fn no_keys() -> Keys {
    let [a, b, c, d] = hashing::seeds();
    HashMap::with_hasher(ahash::RandomState::with_seeds(a, b, c, d))
}

impl Watches {
    fn watchers(&mut self, db: usize, key: &[u8]) -> Option<&mut SmallVec<[Watcher; 1]>> {
        self.keys.get_mut(db)?.get_mut(key)
    }

    /// Whether anybody watches this key.
    #[must_use]
    pub fn has(&self, db: usize, key: &[u8]) -> bool {
        self.keys.get(db).is_some_and(|keys| keys.contains_key(key))
    }

    /// False if it watches the key already.
    fn add(&mut self, db: usize, key: &[u8], watcher: Watcher) -> bool {
        if self.keys.len() <= db {
            self.keys.resize_with(db + 1, no_keys);
        }
        let watchers = match self.keys[db].get_mut(key) {
            Some(watchers) => watchers,
            None => self.keys[db].entry(key.into()).or_default(),
        };
        match watchers.binary_search_by_key(&watcher.id, |w| w.id) {
            Ok(_) => false,
            Err(at) => {
                watchers.insert(at, watcher);
                true
            }
        }
    }

    fn remove(&mut self, db: usize, key: &[u8], id: ClientId) {
        let Some(watchers) = self.watchers(db, key) else { return };
        if let Ok(at) = watchers.binary_search_by_key(&id, |w| w.id) {
            watchers.remove(at);
        }
        if watchers.is_empty() {
            self.keys[db].remove(key);
        }
    }
}

// What clients ask for.
impl Server {
    /// WATCH, of one key in the client's database.
    pub fn watch_key(&mut self, id: ClientId, key: &[u8]) {
        let db = self.client_mut(id).db;
        let expired = !self.loading && self.keyspace.has_expired(db, key, self.clock.now_ms());
        if self.watches.add(db, key, Watcher { id, expired }) {
            self.keyspace.watch(key);
            self.client_mut(id).watched.push(db, key, cost(key));
        }
    }

    /// Ends all that a client watches; what it was marked with stays.
    pub fn unwatch_all(&mut self, id: ClientId) {
        unwatch_all(&mut self.clients, &mut self.watches, &mut self.keyspace, id);
    }

    /// Whether the time of a key has passed since the client watched it.
    #[must_use]
    pub fn watched_key_expired(&mut self, id: ClientId) -> bool {
        let Some(client) = self.clients.get(id) else { return false };
        let now_ms = self.clock.now_ms();
        !self.loading
            && client.watched.iter().any(|(db, key)| {
                self.keyspace.has_expired(*db, key, now_ms)
                    && self.watches.watchers(*db, key).is_some_and(|watchers| {
                        watchers.iter().any(|watcher| watcher.id == id && !watcher.expired)
                    })
            })
    }
}

fn unwatch_all(clients: &mut Clients, watches: &mut Watches, keyspace: &mut Keyspace, id: ClientId) {
    let Some(client) = clients.get_mut(id) else { return };
    if client.watched.is_empty() {
        return;
    }
    for (db, key) in client.watched.drain() {
        watches.remove(db, &key, id);
        keyspace.unwatch(&key);
    }
    client.watched.give_back();
}

/// What a watched key takes, bytes: with its client, and in the table of all. That one may be shared; counted for each, no
/// client looks cheaper than it is.
fn cost(key: &[u8]) -> usize {
    let own = size_of::<(usize, Box<[u8]>)>() + key.len();
    own + size_of::<(Box<[u8]>, SmallVec<[Watcher; 1]>)>() + key.len()
}

// What changes keys.
impl Server {
    /// Marks the clients that watch what the running command has changed.
    pub(super) fn mark_watchers(&mut self, touched: &Touched, wrote: bool) {
        for at in 0..self.keyspace.effects.expired.len() {
            let (db, key) = &self.keyspace.effects.expired[at];
            if self.watches.has(*db, key) {
                let (db, key) = (*db, key.clone());
                self.watched_key_deleted(db, &key);
            }
        }
        for at in 0..self.keyspace.effects.gone_fields.len() {
            let gone = &self.keyspace.effects.gone_fields[at];
            if self.watches.has(gone.db, &gone.key) {
                let (db, key) = (gone.db, gone.key.clone());
                self.watched_key_changed(db, &key, Now::There);
            }
        }
        let now_ms = self.clock.now_ms();
        for (db, key, how) in touched.iter().filter(|_| wrote) {
            if how == How::Written && self.watches.has(db, key) {
                let now = Now::of(&self.keyspace, db, key, now_ms);
                self.watched_key_changed(db, key, now);
            }
        }
        for (a, b) in std::mem::take(&mut self.keyspace.effects.swapped) {
            for (db, before) in [(a, b), (b, a)] {
                // What was in the one database is in the other now.
                self.database_changed(
                    db,
                    |server, key| server.keyspace.peek(before, key).is_some(),
                    |server, key| Now::of(&server.keyspace, db, key, now_ms),
                );
            }
        }
    }

    /// A key was deleted by expiry or eviction.
    pub fn watched_key_deleted(&mut self, db: usize, key: &[u8]) {
        self.watched_key_changed(db, key, Now::Absent);
    }

    /// Fields of a hash were deleted by expiry.
    pub fn watched_fields_deleted(&mut self, db: usize, key: &[u8]) {
        self.watched_key_changed(db, key, Now::There);
    }

    fn watched_key_changed(&mut self, db: usize, key: &[u8], now: Now) {
        let Some(watchers) = self.watches.watchers(db, key) else { return };
        let mut marked: SmallVec<[ClientId; 8]> = SmallVec::new();
        for watcher in watchers {
            if watcher.expired && now == Now::Absent {
                watcher.expired = false;
            } else {
                marked.push(watcher.id);
            }
        }
        self.mark(&marked);
    }

    fn mark(&mut self, ids: &[ClientId]) {
        for id in ids {
            if let Some(client) = self.clients.get_mut(*id) {
                client.flags.insert(ClientFlags::DIRTY_CAS);
            }
            self.unwatch_all(*id);
        }
    }

    /// Another content stands in a database: marks who watches keys that were in the one or are in the other. A key that
    /// only seems to be there, since its time has passed, is none.
    fn database_changed(
        &mut self,
        db: usize,
        was_there: impl Fn(&Server, &[u8]) -> bool,
        now: impl Fn(&Server, &[u8]) -> Now,
    ) {
        let Some(keys) = self.watches.keys.get_mut(db) else { return };
        let mut keys = std::mem::replace(keys, no_keys());
        let mut marked = Vec::new();
        for (key, watchers) in &mut keys {
            let (was_there, now) = (was_there(self, key), now(self, key));
            if !was_there && now == Now::Absent {
                continue;
            }
            for watcher in watchers {
                if watcher.expired && now == Now::Absent {
                    watcher.expired = false;
                } else if !watcher.expired && !was_there && now == Now::Expired {
                    watcher.expired = true;
                } else if !(watcher.expired && now == Now::Expired) {
                    marked.push(watcher.id);
                }
            }
        }
        self.watches.keys[db] = keys;
        self.mark(&marked);
    }

    /// Empties a database, or all.
    pub fn flush_data(&mut self, only: Option<usize>) -> Flushed {
        if self.keyspace.is_watched() {
            let dbs = only.map_or(0..self.keyspace.db_count(), |db| db..db + 1);
            for db in dbs {
                let was_there = |server: &Server, key: &[u8]| server.keyspace.peek(db, key).is_some();
                self.database_changed(db, was_there, |_, _| Now::Absent);
            }
        }
        self.invalidate_everything();
        match only {
            Some(db) => self.keyspace.flush(db),
            None => self.keyspace.flush_all(),
        }
    }

    /// Puts other data in the place of ours, and ours there.
    pub fn swap_data(&mut self, beside: &mut Keyspace) {
        if self.keyspace.is_watched() {
            let now_ms = self.clock.now_ms();
            for db in 0..self.keyspace.db_count() {
                self.database_changed(
                    db,
                    |server, key| server.keyspace.peek(db, key).is_some(),
                    |_, key| Now::of(beside, db, key, now_ms),
                );
            }
        }
        self.invalidate_everything();
        self.keyspace.swap_data(beside);
    }

    /// Data were loaded into empty databases: marks who watches keys that have come to be.
    pub fn loaded_under_watchers(&mut self) {
        self.keyspace.effects.touched.clear();
        if self.keyspace.is_watched() {
            let now_ms = self.clock.now_ms();
            for db in 0..self.keyspace.db_count() {
                self.database_changed(
                    db,
                    |_, _| false,
                    |server, key| Now::of(&server.keyspace, db, key, now_ms),
                );
            }
        }
    }
}
