//! The prefixes that clients in broadcasting mode have asked for, and the keys with these prefixes that were changed
//! in this turn of the loop.
//!
//! Which prefixes a key has is found by going down from the key in their order: the last prefix that is not above it
//! either is one, or shows how much of the key the next candidates have in common with it. So a thousand prefixes that a
//! key does not have cost a search or two. The keys of a turn are bounded by what clients can send in it.

use crate::client::ClientId;
use crate::protocol::args::encode_command;
use std::collections::BTreeMap;
use std::ops::Bound;

/// All prefixes.
#[derive(Default)]
pub struct Prefixes {
    all: BTreeMap<Box<[u8]>, Prefix>,
    /// Some have changed keys.
    pending: bool,
}

/// Who has asked for a prefix, and its keys that were changed.
#[derive(Default)]
pub struct Prefix {
    /// Sorted.
    clients: Vec<ClientId>,
    changed: Changed,
}

/// Changed keys, in the order in which they were, each with who did it.
#[derive(Default)]
struct Changed {
    bytes: Vec<u8>,
    keys: Vec<(usize, By)>,
}

/// Who has changed a key, which NOLOOP is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// Nobody's command: it expired, or was evicted.
    Itself,
    /// A client.
    Client(ClientId),
    /// A client that was waiting got something of it: the change is that of the one who put it there.
    Served,
}

/// Room for changed keys that is kept for the next turn, bytes.
const KEPT_MAX: usize = 4096;

impl Prefixes {
    /// A client asks for a prefix. False: it has done so before.
    pub fn add(&mut self, prefix: &[u8], client: ClientId) -> bool {
        let entry = match self.all.get_mut(prefix) {
            Some(known) => known,
            None => self.all.entry(prefix.into()).or_default(),
        };
        match entry.clients.binary_search(&client) {
            Ok(_) => false,
            Err(at) => {
                entry.clients.insert(at, client);
                true
            }
        }
    }

    /// A client asks for a prefix no more.
    pub fn remove(&mut self, prefix: &[u8], client: ClientId) {
        let Some(entry) = self.all.get_mut(prefix) else { return };
        if let Ok(at) = entry.clients.binary_search(&client) {
            entry.clients.remove(at);
        }
        if entry.clients.is_empty() {
            self.all.remove(prefix);
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether any keys wait to be told of.
    #[inline]
    #[must_use]
    pub fn any_changed(&self) -> bool {
        self.pending
    }

    /// A key was changed.
    pub fn changed(&mut self, key: &[u8], by: By) {
        let mut below = key;
        while let Some((prefix, entry)) = self.last_up_to(below) {
            let common = prefix.iter().zip(key).take_while(|(a, b)| a == b).count();
            if common < prefix.len() {
                below = &key[..common];
                continue;
            }
            entry.changed.bytes.extend_from_slice(key);
            entry.changed.keys.push((entry.changed.bytes.len(), by));
            let len = prefix.len();
            self.pending = true;
            match len.checked_sub(1) {
                Some(shorter) => below = &key[..shorter],
                None => break,
            }
        }
    }

    fn last_up_to(&mut self, bound: &[u8]) -> Option<(&[u8], &mut Prefix)> {
        let range = (Bound::Unbounded, Bound::Included(bound));
        self.all.range_mut::<[u8], _>(range).next_back().map(|(prefix, entry)| (&**prefix, entry))
    }

    /// Gives what has changed to `tell`, prefix by prefix, and forgets it.
    pub fn take_changed(&mut self, mut tell: impl FnMut(&[ClientId], &News<'_>)) {
        self.pending = false;
        for Prefix { clients, changed } in self.all.values_mut().filter(|p| !p.changed.keys.is_empty()) {
            tell(clients, &News::of(changed));
            changed.bytes.clear();
            changed.bytes.shrink_to(KEPT_MAX);
            changed.keys.clear();
            changed.keys.shrink_to(KEPT_MAX / size_of::<(usize, By)>());
        }
    }
}

/// Changed keys, sorted, each once, with who was the last to change it.
pub struct News<'a>(Vec<(&'a [u8], By)>);

impl<'a> News<'a> {
    fn of(changed: &'a Changed) -> Self {
        let mut begin = 0;
        let mut keys = Vec::with_capacity(changed.keys.len());
        for (end, by) in &changed.keys {
            keys.push((&changed.bytes[begin..*end], *by));
            begin = *end;
        }
        keys.sort_by_key(|(key, _)| *key);
        // Of several changes of a key, which stand in their order still, the last one is kept.
        keys.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same && next.1 != By::Served {
                kept.1 = next.1;
            }
            same
        });
        News(keys)
    }

    /// Whether a client was the last to change any of them.
    #[must_use]
    pub fn any_by(&self, client: ClientId) -> bool {
        self.0.iter().any(|(_, by)| *by == By::Client(client))
    }

    /// The keys, as an array of the protocol; without those that a client was the last to change. Empty if there are none.
    pub fn encode(&self, without: Option<ClientId>, out: &mut Vec<u8>) {
        let told = self.0.iter().filter(|(_, by)| without.is_none_or(|client| *by != By::Client(client)));
        let keys: Vec<&[u8]> = told.map(|(key, _)| *key).collect();
        out.clear();
        if !keys.is_empty() {
            encode_command(out, keys.into_iter());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::rng::Rng;
    use std::collections::{BTreeMap, BTreeSet};

    fn client(number: u64) -> ClientId {
        ClientId { number, slot: number as usize }
    }

    fn by(number: u64) -> By {
        if number == 0 { By::Itself } else { By::Client(client(number)) }
    }

    fn word(rng: &mut Rng) -> Vec<u8> {
        (0..rng.below(5)).map(|_| b'a' + rng.below(2) as u8).collect()
    }

    #[test]
    fn finds_the_prefixes_of_a_key_as_trying_all_of_them_does() {
        for seed in 0..300 {
            let mut rng = Rng::seeded(seed);
            let mut prefixes = Prefixes::default();
            let mut twin: BTreeMap<Vec<u8>, BTreeSet<u64>> = BTreeMap::new();
            for _ in 0..20 {
                for _ in 0..rng.below(6) {
                    let (prefix, number) = (word(&mut rng), rng.below(3));
                    if rng.below(3) > 0 {
                        let added = prefixes.add(&prefix, client(number));
                        assert_eq!(added, twin.entry(prefix).or_default().insert(number), "seed {seed}");
                    } else {
                        prefixes.remove(&prefix, client(number));
                        if let Some(clients) = twin.get_mut(&prefix) {
                            clients.remove(&number);
                            if clients.is_empty() {
                                twin.remove(&prefix);
                            }
                        }
                    }
                }
                let mut keys: BTreeMap<Vec<u8>, By> = BTreeMap::new();
                for _ in 0..rng.below(5) {
                    let (key, by) = (word(&mut rng), by(rng.below(3)));
                    prefixes.changed(&key, by);
                    keys.insert(key, by);
                }
                let mut expected = Vec::new();
                for (prefix, clients) in &twin {
                    let changed: Vec<_> = keys.iter().filter(|(key, _)| key.starts_with(prefix)).collect();
                    if !changed.is_empty() {
                        let changed: Vec<_> =
                            changed.iter().map(|(key, by)| ((*key).clone(), **by)).collect();
                        expected.push((clients.iter().copied().collect::<Vec<_>>(), changed));
                    }
                }
                assert_eq!(prefixes.any_changed(), !expected.is_empty(), "seed {seed}");
                let mut found = Vec::new();
                prefixes.take_changed(|clients, news| {
                    let changed = news.0.iter().map(|(key, by)| (key.to_vec(), *by)).collect::<Vec<_>>();
                    found.push((clients.iter().map(|c| c.number).collect::<Vec<_>>(), changed));
                });
                assert_eq!(found, expected, "seed {seed}");
                assert_eq!(prefixes.len(), twin.len());
                assert!(!prefixes.any_changed());
            }
        }
    }

    #[test]
    fn the_last_change_of_a_key_counts_and_own_ones_can_be_left_out() {
        let mut prefixes = Prefixes::default();
        prefixes.add(b"", client(1));
        for (key, number) in [("b", 1), ("a", 1), ("b", 2), ("a", 0), ("c", 1)] {
            prefixes.changed(key.as_bytes(), by(number));
        }
        prefixes.changed(b"c", By::Served);
        let mut texts = Vec::new();
        prefixes.take_changed(|_, news| {
            assert!(news.any_by(client(1)) && news.any_by(client(2)) && !news.any_by(client(3)));
            let mut out = Vec::new();
            for without in [None, Some(client(1)), Some(client(2))] {
                news.encode(without, &mut out);
                texts.push(String::from_utf8_lossy(&out).replace("\r\n", " "));
            }
        });
        let expected = ["*3 $1 a $1 b $1 c ", "*2 $1 a $1 b ", "*2 $1 a $1 c "];
        assert_eq!(texts, expected);
        prefixes.changed(b"x", by(1));
        prefixes.take_changed(|_, news| {
            let mut out = vec![1];
            news.encode(Some(client(1)), &mut out);
            assert!(out.is_empty());
        });
    }
}
