//! Which keys clients watch, roughly: enough for a write to know, from the key's hash, that nobody watches it.
//!
//! While anybody does, keys that a command finds to write to, adds or takes out, are noted in
//! [`super::effects::Effects::touched`] if their hash is among the watched ones. The server looks at the notes after the
//! command: it knows whether the command changed anything, and who watches. When nobody watches, a write costs one look at
//! a flag. While clients track what they have cached, every key is noted: who has it is for the server to find out.

use super::Keyspace;

/// Counters of hashes: as many as make it unlikely that two of a few dozen keys share one.
const COUNTERS: usize = 4096;

/// Counts of watched keys by some bits of their hash.
#[derive(Default)]
pub struct WatchedHashes {
    watched: usize,
    /// Every key is to be noted.
    all: bool,
    /// Empty until a key is watched for the first time.
    counts: Vec<u32>,
}

impl WatchedHashes {
    /// Whether any key is watched.
    #[inline(always)]
    pub fn any(&self) -> bool {
        self.watched > 0
    }

    /// Whether a key of this hash is to be noted.
    #[inline(always)]
    pub fn may_hold(&self, hash: u64) -> bool {
        self.all || self.any() && self.counts[hash as usize % COUNTERS] > 0
    }

    fn add(&mut self, hash: u64) {
        self.counts.resize(COUNTERS, 0);
        self.counts[hash as usize % COUNTERS] += 1;
        self.watched += 1;
    }

    fn remove(&mut self, hash: u64) {
        self.counts[hash as usize % COUNTERS] -= 1;
        self.watched -= 1;
    }
}

impl Keyspace {
    /// A key is watched, in whichever database, until [`Keyspace::unwatch`] is called as often. All keyspaces of a process
    /// hash alike, so that this holds for data that are put in place of these.
    pub fn watch(&mut self, key: &[u8]) {
        let hash = self.hash(key);
        self.watched.add(hash);
    }

    /// A key is watched no more.
    pub fn unwatch(&mut self, key: &[u8]) {
        let hash = self.hash(key);
        self.watched.remove(hash);
    }

    /// Whether any key is watched.
    #[inline]
    pub fn is_watched(&self) -> bool {
        self.watched.any()
    }

    /// Whether every key that is written to or expires is to be noted, watched or not.
    pub fn note_all_touched(&mut self, all: bool) {
        self.watched.all = all;
    }

    /// Whether any touched keys may have been noted.
    #[inline]
    pub fn notes_touched(&self) -> bool {
        self.watched.all || self.watched.any()
    }

    /// Whether the time of a key has passed that is still there.
    pub fn has_expired(&self, db: usize, key: &[u8], now_ms: i64) -> bool {
        self.get_expire(db, key).is_some_and(|at_ms| now_ms > at_ms)
    }
}

#[cfg(test)]
mod tests {
    use crate::keyspace::touched::How;
    use crate::keyspace::{ExpireChange, ExpiryMode, Keyspace};
    use crate::value::NewValue;

    fn set(ks: &mut Keyspace, key: &[u8]) {
        ks.set(0, key, NewValue::Encode(b"v"), ExpireChange::Keep);
    }

    fn modified(ks: &mut Keyspace) -> Vec<String> {
        let notes = std::mem::take(&mut ks.effects.touched);
        notes.iter().map(|(db, key, _)| format!("{db} {}", key.escape_ascii())).collect()
    }

    #[test]
    fn only_keys_that_are_watched_and_written_to_are_noted() {
        let mut ks = Keyspace::with_seeds(4, [1, 2, 3, 4]);
        ks.begin(1000, ExpiryMode::Delete, true);
        set(&mut ks, b"k");
        assert!(modified(&mut ks).is_empty());
        ks.watch(b"k");
        ks.watch(b"k");
        set(&mut ks, b"other");
        ks.lookup_read(0, b"k");
        assert!(modified(&mut ks).is_empty());
        set(&mut ks, b"k");
        assert_eq!(modified(&mut ks), ["0 k"]);
        assert!(ks.rename(0, b"k", b"other"));
        assert_eq!(modified(&mut ks), ["0 k"]);
        assert!(ks.copy(0, b"other", 2, b"k",));
        assert_eq!(modified(&mut ks), ["2 k"]);
        assert!(ks.move_key(2, b"k", 0));
        assert_eq!(modified(&mut ks), ["2 k", "0 k"]);
        assert!(ks.set_expire(0, b"k", 2000));
        assert_eq!(modified(&mut ks), ["0 k"]);
        assert!(!ks.delete(1, b"k"));
        assert!(modified(&mut ks).is_empty());
        ks.unwatch(b"k");
        assert!(ks.delete(0, b"k"));
        assert_eq!(modified(&mut ks), ["0 k"]);
        ks.unwatch(b"k");
        set(&mut ks, b"k");
        assert!(modified(&mut ks).is_empty());
    }

    #[test]
    fn all_keys_are_noted_for_those_who_track_them_and_expired_ones_as_such() {
        let mut ks = Keyspace::with_seeds(4, [1, 2, 3, 4]);
        ks.begin(1000, ExpiryMode::Delete, true);
        ks.note_all_touched(true);
        set(&mut ks, b"a");
        set(&mut ks, b"b");
        assert!(ks.set_expire(0, b"a", 2000) && ks.set_expire(0, b"b", 2000));
        assert_eq!(modified(&mut ks), ["0 a", "0 b", "0 a", "0 b"]);
        ks.begin(3000, ExpiryMode::Delete, true);
        set(&mut ks, b"c");
        assert!(ks.lookup_read(0, b"a").is_none() && !ks.delete(0, b"b"));
        let notes: Vec<_> = ks.effects.touched.iter().map(|(_, key, how)| (key, how)).collect();
        assert_eq!(notes, [(&b"c"[..], How::Written), (b"a", How::Expired), (b"b", How::Expired)]);
        ks.effects.touched.clear();
        ks.note_all_touched(false);
        set(&mut ks, b"a");
        assert!(modified(&mut ks).is_empty());
    }
}
