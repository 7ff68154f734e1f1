//! Pub/sub: who listens to what, and messages to them.
//!
//! A message is encoded once, whatever the protocols and the number of those who get it: in RESP3 only its first byte is
//! another. A long one is not copied either: the clients' outputs share it.
//!
//! ```text
//! *4 $8 pmessage $6 news.* $7 news.eu | $5 hello
//! its head: one for each pattern        its body: one for all
//! ```

pub mod index;
pub mod notify;
pub mod patterns;

use super::Server;
use crate::client::subscribed::Listens;
use crate::client::{Client, ClientFlags, ClientId, Clients};
use crate::protocol::Reply;
use crate::protocol::message::Message;
use crate::server::clients::hard_output_limit;
use index::{Change, Index, Topic};
use patterns::Patterns;
use smallvec::SmallVec;
use std::rc::Rc;

/// What is subscribed to.
#[derive(Default)]
pub struct Pubsub {
    /// Channels.
    pub channels: Index,
    /// Patterns.
    pub patterns: Patterns,
    /// Channels of shards.
    pub shard_channels: Index,
    /// The message that is being sent.
    message: Message,
}

impl Pubsub {
    fn subscribe(&mut self, how: Listens, client: ClientId, name: &[u8]) -> bool {
        match how {
            Listens::ToChannel => self.channels.subscribe(client, name) != Change::None,
            Listens::ToPattern => self.patterns.subscribe(client, name),
            Listens::ToShard => self.shard_channels.subscribe(client, name) != Change::None,
        }
    }

    fn unsubscribe(&mut self, how: Listens, client: ClientId, name: &[u8]) -> bool {
        match how {
            Listens::ToChannel => self.channels.unsubscribe(client, name) != Change::None,
            Listens::ToPattern => self.patterns.unsubscribe(client, name),
            Listens::ToShard => self.shard_channels.unsubscribe(client, name) != Change::None,
        }
    }

    /// What a client is subscribed to, in the order in which it subscribed.
    #[must_use]
    pub fn of_client(&self, how: Listens, client: ClientId) -> Vec<Rc<[u8]>> {
        match how {
            Listens::ToChannel => self.channels.of_client(client),
            Listens::ToPattern => self.patterns.of_client(client),
            Listens::ToShard => self.shard_channels.of_client(client),
        }
    }
}

/// What a client's subscription takes, bytes.
fn cost(how: Listens, name: &[u8]) -> usize {
    let found_by = if how == Listens::ToPattern { Patterns::cost(name) } else { 0 };
    Index::cost(name) + found_by
}

/// What a client is told that has subscribed, and one that has unsubscribed.
fn words(how: Listens) -> (&'static [u8], &'static [u8]) {
    match how {
        Listens::ToChannel => (b"subscribe", b"unsubscribe"),
        Listens::ToPattern => (b"psubscribe", b"punsubscribe"),
        Listens::ToShard => (b"ssubscribe", b"sunsubscribe"),
    }
}

impl Server {
    /// Subscribes a client and tells it so.
    pub fn subscribe(&mut self, id: ClientId, how: Listens, name: &[u8]) {
        let new = self.pubsub.subscribe(how, id, name);
        let client = self.clients.get_mut(id).expect("a client lives while its command runs");
        client.flags.insert(ClientFlags::PUBSUB);
        if new {
            client.subscribed.add(how, cost(how, name));
            client.reply.set_limit(hard_output_limit(&self.config, client));
            self.choose_events();
        }
        let client = self.client_mut(id);
        let count = client.subscribed.told(how);
        client.reply.unmuted(|reply| tell(reply, words(how).0, Some(name), count));
    }

    /// Ends a client's subscription and tells it so, even if there was none.
    pub fn unsubscribe(&mut self, id: ClientId, how: Listens, name: &[u8]) {
        self.end_subscription(id, how, name);
        let client = self.client_mut(id);
        let count = client.subscribed.told(how);
        client.reply.unmuted(|reply| tell(reply, words(how).1, Some(name), count));
    }

    /// Ends all of a client's subscriptions of a kind and tells it so, even if there was none.
    pub fn unsubscribe_all(&mut self, id: ClientId, how: Listens) {
        let names = self.pubsub.of_client(how, id);
        for name in &names {
            self.unsubscribe(id, how, name);
        }
        if names.is_empty() {
            let client = self.client_mut(id);
            let count = client.subscribed.told(how);
            client.reply.unmuted(|reply| tell(reply, words(how).1, None, count));
        }
    }

    /// Ends all of a client's subscriptions without a word.
    pub fn leave_pubsub(&mut self, id: ClientId) {
        let subscribed = |c: &Client| c.flags.contains(ClientFlags::PUBSUB);
        if !self.clients.get(id).is_some_and(subscribed) {
            return;
        }
        for how in Listens::ALL {
            for name in self.pubsub.of_client(how, id) {
                self.end_subscription(id, how, &name);
            }
        }
        self.leave_if_unsubscribed(id);
    }

    fn end_subscription(&mut self, id: ClientId, how: Listens, name: &[u8]) {
        if self.pubsub.unsubscribe(how, id, name)
            && let Some(client) = self.clients.get_mut(id)
        {
            client.subscribed.remove(how, cost(how, name));
            self.choose_events();
        }
    }

    /// A client that listens to nothing any more may use all commands again.
    pub fn leave_if_unsubscribed(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(id)
            && client.subscribed.is_empty()
        {
            client.flags.remove(ClientFlags::PUBSUB);
        }
    }

    /// Sends a message to all who listen to a channel; returns how often it was sent.
    pub fn publish(&mut self, channel: &[u8], payload: &[u8]) -> usize {
        let Pubsub { channels, patterns, message, .. } = &mut self.pubsub;
        let subscribers = channels.subscribers(channel);
        if subscribers.is_empty() && patterns.is_empty() {
            return 0;
        }
        let limit = self.config.client_output_buffer_limit.pubsub.lowest();
        let mut delivery = Delivery::new(&mut self.clients, &mut self.pending_writes, limit);
        if !subscribers.is_empty() {
            message.compose(&[b"message", channel], payload);
            delivery.send(subscribers, message);
        }
        let mut sent = subscribers.len();
        for Topic { name, subscribers } in patterns.matching(channel) {
            message.compose(&[b"pmessage", name, channel], payload);
            delivery.send(subscribers, message);
            sent += subscribers.len();
        }
        message.sent();
        let late = delivery.late;
        self.hold_to_limits(&late);
        sent
    }

    /// Sends a message to all who listen to a channel of a shard; returns how often it was sent.
    pub fn publish_in_shard(&mut self, channel: &[u8], payload: &[u8]) -> usize {
        let Pubsub { shard_channels, message, .. } = &mut self.pubsub;
        let subscribers = shard_channels.subscribers(channel);
        let sent = subscribers.len();
        if sent > 0 {
            let limit = self.config.client_output_buffer_limit.pubsub.lowest();
            let mut delivery = Delivery::new(&mut self.clients, &mut self.pending_writes, limit);
            message.compose(&[b"smessage", channel], payload);
            delivery.send(subscribers, message);
            message.sent();
            let late = delivery.late;
            self.hold_to_limits(&late);
        }
        sent
    }

    fn hold_to_limits(&mut self, late: &[ClientId]) {
        for id in late {
            self.call_back(*id);
            self.check_output_limits(*id);
        }
    }
}

/// What a message needs of the server.
struct Delivery<'a> {
    clients: &'a mut Clients,
    pending_writes: &'a mut Vec<ClientId>,
    /// A client with fewer unsent bytes is within its limits.
    limit: u64,
    /// Those that may not be, and those that get no messages any more.
    late: SmallVec<[ClientId; 4]>,
}

impl<'a> Delivery<'a> {
    fn new(clients: &'a mut Clients, pending_writes: &'a mut Vec<ClientId>, limit: u64) -> Self {
        Delivery { clients, pending_writes, limit, late: SmallVec::new() }
    }

    fn send(&mut self, subscribers: &[ClientId], message: &Message) {
        for id in subscribers {
            let Some(client) = self.clients.get_mut(*id).filter(|client| client.takes_messages()) else {
                self.late.push(*id);
                continue;
            };
            client.reply.message(message);
            if !client.flags.intersects(ClientFlags::QUEUED_WRITE | ClientFlags::WAITS_WRITABLE) {
                client.flags.insert(ClientFlags::QUEUED_WRITE);
                self.pending_writes.push(*id);
            }
            if client.reply.pending() as u64 >= self.limit || client.over_soft_limit_ms.is_some() {
                self.late.push(*id);
            }
        }
    }
}

/// Tells a client what became of its subscription, and how many it has.
fn tell(reply: &mut Reply, word: &[u8], name: Option<&[u8]>, count: u32) {
    reply.push(3);
    reply.bulk(word);
    match name {
        Some(name) => reply.bulk(name),
        None => reply.null(),
    }
    reply.int(count.into());
}
