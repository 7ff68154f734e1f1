//! Random commands to a keyspace and to a twin made of ordered maps, compared after each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::*;
use crate::util::rng::Rng;
use crate::value::{Encoding, NewValue};

const DBS: usize = 3;

#[derive(Clone, Debug, PartialEq)]
struct TwinEntry {
    bytes: Vec<u8>,
    encoding: Encoding,
    expire: Option<i64>,
}

/// The keyspace as its contract reads, in the plainest way.
struct Twin {
    dbs: Vec<BTreeMap<Vec<u8>, TwinEntry>>,
    now_ms: i64,
    mode: ExpiryMode,
    expired: Vec<(usize, Vec<u8>)>,
    hits: u64,
    misses: u64,
}

impl Twin {
    /// The key as a command sees it; deletes it if it has expired and the mode or purpose asks for that.
    fn live(&mut self, db: usize, key: &[u8], writing: bool) -> Option<&mut TwinEntry> {
        let expired = self.dbs[db].get(key)?.expire.is_some_and(|ms| self.now_ms > ms);
        if expired && self.mode != ExpiryMode::Ignore {
            if writing || self.mode == ExpiryMode::Delete {
                self.dbs[db].remove(key);
                self.expired.push((db, key.to_vec()));
            }
            return None;
        }
        self.dbs[db].get_mut(key)
    }

    fn read(&mut self, db: usize, key: &[u8]) -> Option<TwinEntry> {
        let found = self.live(db, key, false).cloned();
        match found {
            Some(_) => self.hits += 1,
            None => self.misses += 1,
        }
        found
    }

    fn set(
        &mut self,
        db: usize,
        key: &[u8],
        (bytes, encoding): (Vec<u8>, Encoding),
        change: ExpireChange,
    ) -> bool {
        let old = self.live(db, key, true).map(|e| e.expire);
        let expire = match change {
            ExpireChange::Keep => old.flatten(),
            ExpireChange::Clear => None,
            ExpireChange::At(ms) => Some(ms),
        };
        self.dbs[db].insert(key.to_vec(), TwinEntry { bytes, encoding, expire });
        old.is_some()
    }
}

fn encode(bytes: &[u8]) -> (Vec<u8>, Encoding) {
    let text = std::str::from_utf8(bytes).unwrap_or("");
    let encoding = match text.parse::<i64>() {
        Ok(n) if n.to_string() == text => Encoding::Int,
        _ if bytes.len() <= 44 => Encoding::Embstr,
        _ => Encoding::Raw,
    };
    (bytes.to_vec(), encoding)
}

fn random_bytes(rng: &mut Rng) -> Vec<u8> {
    match rng.below(4) {
        0 => (rng.next_u64() as i64 >> rng.below(64)).to_string().into_bytes(),
        1 => vec![b'x'; rng.below(60) as usize],
        2 => vec![b'y'; rng.below(2500) as usize],
        _ => format!("0{}", rng.below(1000)).into_bytes(),
    }
}

fn run(seed: u64, steps: usize) {
    let mut rng = Rng::seeded(seed);
    let mut ks = Keyspace::with_seeds(DBS, [seed, 1, 2, 3]);
    let mut twin = Twin {
        dbs: vec![BTreeMap::new(); DBS],
        now_ms: 1_000_000,
        mode: ExpiryMode::Delete,
        expired: Vec::new(),
        hits: 0,
        misses: 0,
    };
    for step in 0..steps {
        let at = format!("seed {seed} step {step}");
        twin.now_ms += rng.below(4) as i64;
        twin.mode = match rng.below(6) {
            0 => ExpiryMode::Hide,
            1 => ExpiryMode::Ignore,
            _ => ExpiryMode::Delete,
        };
        ks.begin(twin.now_ms, twin.mode, rng.below(2) == 0);
        let db = rng.below(DBS as u64) as usize;
        let key = format!("key:{}", rng.below(300)).into_bytes();
        let other = format!("key:{}", rng.below(300)).into_bytes();
        let other_db = rng.below(DBS as u64) as usize;
        let change = match rng.below(3) {
            0 => ExpireChange::Keep,
            1 => ExpireChange::Clear,
            _ => ExpireChange::At(twin.now_ms + rng.below(500) as i64 - 10),
        };
        match rng.below(18) {
            0..4 => {
                let bytes = random_bytes(&mut rng);
                let existed = twin.set(db, &key, encode(&bytes), change);
                assert_eq!(ks.set(db, &key, NewValue::Encode(&bytes), change), existed, "{at}");
            }
            4 => {
                let n = rng.next_u64() as i64 >> rng.below(64);
                twin.set(db, &key, (n.to_string().into_bytes(), Encoding::Int), ExpireChange::Keep);
                ks.set_int(db, &key, n);
            }
            5 => {
                let tail = random_bytes(&mut rng);
                let len = match twin.live(db, &key, true) {
                    Some(entry) => {
                        entry.bytes.extend_from_slice(&tail);
                        entry.encoding = Encoding::Raw;
                        entry.bytes.len()
                    }
                    None => {
                        twin.set(db, &key, encode(&tail), ExpireChange::Clear);
                        tail.len()
                    }
                };
                assert_eq!(ks.append(db, &key, &tail), len, "{at}");
            }
            6 => {
                let min_len = rng.below(1500) as usize;
                if twin.live(db, &key, true).is_none() {
                    twin.set(db, &key, (Vec::new(), Encoding::Raw), ExpireChange::Clear);
                }
                let entry = twin.live(db, &key, true).expect("just set");
                entry.encoding = Encoding::Raw;
                let len = entry.bytes.len().max(min_len);
                entry.bytes.resize(len, 0);
                assert_eq!(ks.string_mut(db, &key, min_len), entry.bytes, "{at}");
            }
            7..9 => {
                let existed = twin.live(db, &key, true).is_some() && twin.dbs[db].remove(&key).is_some();
                assert_eq!(ks.delete(db, &key), existed, "{at}");
            }
            9 => {
                let ms = twin.now_ms + rng.below(500) as i64;
                let entry = twin.live(db, &key, true);
                assert_eq!(ks.set_expire(db, &key, ms), entry.is_some(), "{at}");
                if let Some(entry) = entry {
                    entry.expire = Some(ms);
                }
            }
            10 => {
                let had = twin.live(db, &key, true).and_then(|e| e.expire.take()).is_some();
                assert_eq!(ks.persist(db, &key), had, "{at}");
            }
            11 if key != other => {
                let moved = twin.live(db, &key, true).is_some().then(|| twin.dbs[db].remove(&key)).flatten();
                assert_eq!(ks.rename(db, &key, &other), moved.is_some(), "{at}");
                if let Some(entry) = moved {
                    twin.live(db, &other, true);
                    twin.dbs[db].insert(other, entry);
                }
            }
            12 if db != other_db => {
                let blocked = twin.live(other_db, &key, true).is_some();
                let moves = !blocked && twin.live(db, &key, true).is_some();
                assert_eq!(ks.move_key(db, &key, other_db), moves, "{at}");
                if moves {
                    let entry = twin.dbs[db].remove(&key).expect("live");
                    twin.dbs[other_db].insert(key, entry);
                }
            }
            13 if (db, &key) != (other_db, &other) => {
                let copy = twin.live(db, &key, false).cloned();
                assert_eq!(ks.copy(db, &key, other_db, &other), copy.is_some(), "{at}");
                if let Some(entry) = copy {
                    twin.live(other_db, &other, true);
                    twin.dbs[other_db].insert(other, entry);
                }
            }
            14 if rng.below(100) == 0 => {
                twin.dbs.swap(db, other_db);
                ks.swap(db, other_db);
            }
            15 if rng.below(300) == 0 => {
                let len = twin.dbs[db].len();
                assert_eq!(ks.flush(db).len(), len, "{at}");
                twin.dbs[db].clear();
            }
            16 if rng.below(20) == 0 => {
                let mut told = BTreeSet::new();
                let due = ks.expire_due(twin.now_ms, Duration::from_secs(60), |db, key| {
                    told.insert((db, key.to_vec()));
                });
                assert_eq!((due.deleted, due.more), (told.len(), false), "{at}");
                let mut expected = BTreeSet::new();
                for (db, keys) in twin.dbs.iter_mut().enumerate() {
                    let gone = keys.extract_if(.., |_, e| e.expire.is_some_and(|ms| twin.now_ms > ms));
                    expected.extend(gone.map(|(key, _)| (db, key)));
                }
                assert_eq!(told, expected, "{at}");
            }
            _ => {
                let expected = twin.read(db, &key);
                let read = ks.read_str(db, &key).expect("a string").map(|v| v.to_vec());
                assert_eq!(read, expected.map(|e| e.bytes), "{at}");
            }
        }
        let reported = ks.effects.expired.drain(..).map(|(db, key)| (db, key.into_vec()));
        assert!(
            reported.eq(twin.expired.drain(..)),
            "{at}: the same keys are reported expired, in the same order"
        );
        assert_eq!((ks.stats.hits, ks.stats.misses), (twin.hits, twin.misses), "{at}");
        for db in 0..DBS {
            assert_eq!(ks.len(db), twin.dbs[db].len(), "{at}");
        }
        if rng.below(200) == 0 {
            for db in 0..DBS {
                compare(&ks, db, &twin, &at);
            }
        }
    }
}

/// Every entry with all it holds, and the figures about expiry.
fn compare(ks: &Keyspace, db: usize, twin: &Twin, at: &str) {
    let mut held = BTreeMap::new();
    for entry in ks.iter(db) {
        let value = TwinEntry {
            bytes: entry.value().as_str().expect("a string").to_vec(),
            encoding: entry.encoding(),
            expire: entry.expire(),
        };
        assert_eq!(ks.get_expire(db, entry.key()), value.expire, "{at}");
        assert!(held.insert(entry.key().to_vec(), value).is_none(), "{at}: each key once");
    }
    assert_eq!(held, twin.dbs[db], "{at}");
    let times: Vec<i64> = twin.dbs[db].values().filter_map(|e| e.expire).collect();
    assert_eq!(ks.expires_len(db), times.len(), "{at}");
    let mean = times.iter().sum::<i64>().checked_div(times.len() as i64).unwrap_or(twin.now_ms);
    assert_eq!(ks.avg_ttl_ms(db, twin.now_ms), (mean - twin.now_ms).max(0), "{at}");
}

#[test]
fn the_keyspace_does_what_its_contract_says() {
    for seed in 0..12 {
        run(seed, 6_000);
    }
}
