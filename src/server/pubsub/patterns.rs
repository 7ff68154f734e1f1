//! Patterns, and which of them a channel's name matches.
//!
//! A pattern begins with characters that stand for themselves, up to the first that does not: `news.` of `news.*`. Only
//! patterns whose beginning is the channel's too can match, and those are found by hash, one search for each length that
//! such beginnings have. A message then costs nothing for patterns about other things, however many there are.

use super::index::{Change, Index, Topic};
use crate::client::ClientId;
use crate::ds::hashing;
use ahash::RandomState;
use c_compat::glob;
use smallvec::SmallVec;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Patterns and their subscribers.
pub struct Patterns {
    index: Index,
    /// The topics of the patterns that begin so.
    by_beginning: HashMap<Box<[u8]>, SmallVec<[u32; 2]>, RandomState>,
    /// How many different beginnings there are of each length.
    lengths: BTreeMap<usize, usize>,
}

impl Default for Patterns {
    fn default() -> Self {
        let [a, b, c, d] = hashing::seeds();
        Patterns {
            index: Index::default(),
            by_beginning: HashMap::with_hasher(RandomState::with_seeds(a, b, c, d)),
            lengths: BTreeMap::new(),
        }
    }
}

/// What a pattern matches begins with this.
fn beginning(pattern: &[u8]) -> &[u8] {
    let special = pattern.iter().position(|b| matches!(b, b'*' | b'?' | b'[' | b'\\'));
    &pattern[..special.unwrap_or(pattern.len())]
}

impl Patterns {
    /// What finding a pattern by its beginning takes, bytes.
    #[must_use]
    pub fn cost(pattern: &[u8]) -> usize {
        size_of::<(Box<[u8]>, SmallVec<[u32; 2]>)>() + beginning(pattern).len()
    }

    /// Subscribes a client to a pattern; false: it was subscribed already.
    pub fn subscribe(&mut self, client: ClientId, pattern: &[u8]) -> bool {
        let change = self.index.subscribe(client, pattern);
        if let Change::Topic(id) = change {
            let beginning = beginning(pattern);
            match self.by_beginning.get_mut(beginning) {
                Some(topics) => topics.push(id),
                None => {
                    self.by_beginning.insert(beginning.into(), SmallVec::from_slice(&[id]));
                    *self.lengths.entry(beginning.len()).or_default() += 1;
                }
            }
        }
        change != Change::None
    }

    /// Ends a client's subscription to a pattern; false: there was none.
    pub fn unsubscribe(&mut self, client: ClientId, pattern: &[u8]) -> bool {
        let change = self.index.unsubscribe(client, pattern);
        if let Change::Topic(id) = change {
            self.forget(id, beginning(pattern));
        }
        change != Change::None
    }

    fn forget(&mut self, id: u32, beginning: &[u8]) {
        let topics = self.by_beginning.get_mut(beginning).expect("it was put there with its first client");
        let at = topics.iter().position(|topic| *topic == id).expect("it was put there");
        topics.swap_remove(at);
        if topics.is_empty() {
            self.by_beginning.remove(beginning);
            let count = self.lengths.get_mut(&beginning.len()).expect("it was counted");
            *count -= 1;
            if *count == 0 {
                self.lengths.remove(&beginning.len());
            }
        }
    }

    /// The patterns that a channel's name matches, with their subscribers.
    pub fn matching<'a>(&'a self, channel: &'a [u8]) -> impl Iterator<Item = &'a Topic> {
        let beginnings = self.lengths.range(..=channel.len()).map(|(len, _)| &channel[..*len]);
        let candidates = beginnings.filter_map(|beginning| self.by_beginning.get(beginning)).flatten();
        candidates.map(|id| self.index.topic(*id)).filter(|topic| glob::matches(&topic.name, channel, false))
    }

    /// The patterns that a client is subscribed to, in the order in which it subscribed.
    #[must_use]
    pub fn of_client(&self, client: ClientId) -> Vec<Rc<[u8]>> {
        self.index.of_client(client)
    }

    /// How many patterns have subscribers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::rng::Rng;
    use std::collections::BTreeSet;

    fn id(number: u64) -> ClientId {
        ClientId { number, slot: number as usize }
    }

    /// Against trying every pattern.
    #[test]
    fn the_patterns_that_match_are_found_whatever_they_begin_with() {
        const PATTERNS: &[&str] = &[
            "*", "a*", "ab*", "abc", "a?c", "a[bx]c", "\\a*", "a\\*", "", "b*", "ab\\", "[^a]*", "?", "abcd*",
        ];
        const CHANNELS: &[&str] = &["", "a", "ab", "abc", "abcd", "abcde", "axc", "b", "a*", "ab\\", "zz"];
        let mut rng = Rng::seeded(3);
        let mut patterns = Patterns::default();
        let mut twin = BTreeSet::new();
        for _ in 0..2000 {
            let pattern = PATTERNS[rng.below(PATTERNS.len() as u64) as usize];
            let client = rng.below(3);
            if rng.below(2) == 0 {
                assert_eq!(
                    patterns.subscribe(id(client), pattern.as_bytes()),
                    twin.insert((pattern, client))
                );
            } else {
                assert_eq!(
                    patterns.unsubscribe(id(client), pattern.as_bytes()),
                    twin.remove(&(pattern, client))
                );
            }
            for channel in CHANNELS {
                let mut found: Vec<(&[u8], u64)> = Vec::new();
                for topic in patterns.matching(channel.as_bytes()) {
                    found.extend(topic.subscribers.iter().map(|client| (&*topic.name, client.number)));
                }
                found.sort_unstable();
                let matches = |p: &str| glob::matches(p.as_bytes(), channel.as_bytes(), false);
                let expected: Vec<(&[u8], u64)> =
                    twin.iter().filter(|(p, _)| matches(p)).map(|(p, c)| (p.as_bytes(), *c)).collect();
                assert_eq!(found, expected, "{channel}");
            }
            assert_eq!(patterns.len(), twin.iter().map(|(p, _)| p).collect::<BTreeSet<_>>().len());
        }
        for (pattern, client) in twin {
            patterns.unsubscribe(id(client), pattern.as_bytes());
        }
        assert!(patterns.is_empty() && patterns.by_beginning.is_empty() && patterns.lengths.is_empty());
    }
}
