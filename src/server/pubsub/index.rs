//! Who is subscribed to what: names (channels, or patterns) and the clients subscribed to each.
//!
//! ```text
//! ids      "news" -> 3                      names, found by hash
//! topics   3 -> { "news", [a, c, b] }       who gets a message: one row, read from front to back
//! clients  a -> { 3: at 0 }, c -> { 3: at 1 }, ...
//! ```
//!
//! A client knows its place in each row, so that subscribing, unsubscribing and leaving cost the same however many names a
//! client has and however many clients a name has. A name without clients is gone.

use crate::client::ClientId;
use crate::ds::hashing;
use ahash::RandomState;
use slab::Slab;
use smallvec::SmallVec;
use std::collections::HashMap;
use std::rc::Rc;

/// Names and their subscribers.
pub struct Index {
    ids: HashMap<Rc<[u8]>, u32, RandomState>,
    topics: Slab<Topic>,
    clients: HashMap<ClientId, HashMap<u32, Place, RandomState>, RandomState>,
    hasher: RandomState,
    subscribed_so_far: u64,
}

/// A name and who is subscribed to it.
pub struct Topic {
    /// The channel or pattern.
    pub name: Rc<[u8]>,
    /// At least one, in no order that means anything.
    pub subscribers: SmallVec<[ClientId; 1]>,
}

/// Where a client stands among a name's subscribers.
struct Place {
    at: u32,
    /// How many subscriptions there had been before.
    since: u64,
}

/// What one more or one less subscription came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing: it was so already.
    None,
    /// A client more or less of this topic.
    Client(u32),
    /// The topic's first client came, or its last one went.
    Topic(u32),
}

impl Default for Index {
    fn default() -> Self {
        let [a, b, c, d] = hashing::seeds();
        let hasher = RandomState::with_seeds(a, b, c, d);
        Index {
            ids: HashMap::with_hasher(hasher.clone()),
            topics: Slab::new(),
            clients: HashMap::with_hasher(hasher.clone()),
            hasher,
            subscribed_so_far: 0,
        }
    }
}

impl Index {
    /// What a client's subscription to a name takes, bytes.
    #[must_use]
    pub fn cost(name: &[u8]) -> usize {
        let own = size_of::<(u32, Place)>() + size_of::<ClientId>();
        // The name may be shared; counted for each, no client looks cheaper than it is.
        own + size_of::<(Rc<[u8]>, u32)>() + size_of::<Topic>() + name.len()
    }

    /// Subscribes a client to a name.
    pub fn subscribe(&mut self, client: ClientId, name: &[u8]) -> Change {
        let known = self.ids.get(name).copied();
        let id = known.unwrap_or_else(|| {
            let name: Rc<[u8]> = name.into();
            let topic = Topic { name: name.clone(), subscribers: SmallVec::new() };
            let id = u32::try_from(self.topics.insert(topic)).expect("names do not fit into memory before");
            self.ids.insert(name, id);
            id
        });
        let subscribers = &mut self.topics[id as usize].subscribers;
        let own = self.clients.entry(client).or_insert_with(|| HashMap::with_hasher(self.hasher.clone()));
        let at = u32::try_from(subscribers.len()).expect("there are fewer clients");
        if own.contains_key(&id) {
            return Change::None;
        }
        own.insert(id, Place { at, since: self.subscribed_so_far });
        subscribers.push(client);
        self.subscribed_so_far += 1;
        if known.is_some() { Change::Client(id) } else { Change::Topic(id) }
    }

    /// Ends a client's subscription to a name.
    pub fn unsubscribe(&mut self, client: ClientId, name: &[u8]) -> Change {
        let Some(id) = self.ids.get(name).copied() else { return Change::None };
        let Some(own) = self.clients.get_mut(&client) else { return Change::None };
        let Some(Place { at, .. }) = own.remove(&id) else { return Change::None };
        if own.is_empty() {
            self.clients.remove(&client);
        }
        self.leave(id, at)
    }

    /// The names that a client is subscribed to, in the order in which it subscribed.
    #[must_use]
    pub fn of_client(&self, client: ClientId) -> Vec<Rc<[u8]>> {
        let Some(own) = self.clients.get(&client) else { return Vec::new() };
        let mut ids: Vec<(u64, u32)> = own.iter().map(|(id, place)| (place.since, *id)).collect();
        ids.sort_unstable();
        ids.into_iter().map(|(_, id)| self.topics[id as usize].name.clone()).collect()
    }

    fn leave(&mut self, id: u32, at: u32) -> Change {
        let subscribers = &mut self.topics[id as usize].subscribers;
        subscribers.swap_remove(at as usize);
        if let Some(moved) = subscribers.get(at as usize) {
            let place = self.clients.get_mut(moved).and_then(|own| own.get_mut(&id));
            place.expect("a subscriber knows its place").at = at;
        }
        if !subscribers.is_empty() {
            if subscribers.len() < subscribers.capacity() / 4 {
                subscribers.shrink_to_fit();
            }
            return Change::Client(id);
        }
        let topic = self.topics.remove(id as usize);
        self.ids.remove(&topic.name);
        if self.ids.len() < self.ids.capacity() / 8 {
            self.ids.shrink_to(self.ids.len() * 2);
        }
        Change::Topic(id)
    }

    /// A name's subscribers.
    #[inline]
    #[must_use]
    pub fn subscribers(&self, name: &[u8]) -> &[ClientId] {
        match self.ids.get(name) {
            Some(id) => &self.topics[*id as usize].subscribers,
            None => &[],
        }
    }

    /// A topic by its number.
    #[must_use]
    pub fn topic(&self, id: u32) -> &Topic {
        &self.topics[id as usize]
    }

    /// Every name that has subscribers.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.topics.iter().map(|(_, topic)| &*topic.name)
    }

    /// How many names have subscribers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.topics.len()
    }

    /// Whether nobody is subscribed to anything.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
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

    #[test]
    fn names_come_with_their_first_subscriber_and_go_with_their_last() {
        let mut index = Index::default();
        let Change::Topic(topic) = index.subscribe(id(1), b"a") else { panic!("a new name") };
        assert_eq!(index.subscribe(id(1), b"a"), Change::None);
        assert_eq!(index.subscribe(id(2), b"a"), Change::Client(topic));
        assert_eq!((index.len(), index.subscribers(b"a")), (1, &[id(1), id(2)][..]));
        assert_eq!(index.unsubscribe(id(1), b"b"), Change::None);
        assert_eq!(index.unsubscribe(id(3), b"a"), Change::None);
        assert_eq!(index.unsubscribe(id(1), b"a"), Change::Client(topic));
        assert_eq!(index.unsubscribe(id(2), b"a"), Change::Topic(topic));
        assert!(index.is_empty() && index.subscribers(b"a").is_empty() && index.clients.is_empty());
    }

    #[test]
    fn a_clients_names_are_told_in_the_order_in_which_it_subscribed() {
        let mut index = Index::default();
        for name in ["z", "a", "m"] {
            index.subscribe(id(1), name.as_bytes());
        }
        let names: Vec<_> = index.of_client(id(1)).iter().map(|name| name.to_vec()).collect();
        assert_eq!(names, [b"z", b"a", b"m"]);
        assert!(index.of_client(id(2)).is_empty());
    }

    /// Against a set of pairs.
    #[test]
    fn any_order_of_subscribing_and_leaving_keeps_every_place() {
        let mut rng = Rng::seeded(7);
        let mut index = Index::default();
        let mut twin = BTreeSet::new();
        for step in 0..20_000 {
            let (client, name) = (rng.below(8), vec![b'a' + rng.below(6) as u8]);
            let known = twin.iter().any(|(_, n)| *n == name);
            if step % 1000 == 999 {
                for name in index.of_client(id(client)) {
                    assert_ne!(index.unsubscribe(id(client), &name), Change::None);
                }
                twin.retain(|(c, _)| *c != client);
            } else if rng.below(2) == 0 {
                let change = index.subscribe(id(client), &name);
                assert_eq!(matches!(change, Change::Topic(_)), !known);
                assert_eq!(change != Change::None, twin.insert((client, name)));
            } else {
                let change = index.unsubscribe(id(client), &name);
                assert_eq!(change != Change::None, twin.remove(&(client, name.clone())));
                let left = twin.iter().any(|(_, n)| *n == name);
                assert_eq!(matches!(change, Change::Topic(_)), known && !left);
            }
            let mut held = BTreeSet::new();
            for name in index.names() {
                held.extend(index.subscribers(name).iter().map(|client| (client.number, name.to_vec())));
            }
            assert_eq!(held, twin);
        }
    }
}
