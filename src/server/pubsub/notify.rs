//! Keyspace notifications: what happens to keys, as messages to those who listen.
//!
//! ```text
//! DEL k in database 3    __keyspace@3__:k   del
//!                        __keyevent@3__:del k
//! ```
//!
//! Commands note their events as they do their work, those of classes that notify-keyspace-events names; the messages go
//! out when the handler is done. A client that listens to its own doings gets each message at the point of its reply that
//! the command had come to when it noted the event. While nobody listens to anything nothing is noted.

use super::Server;
use crate::client::{ClientFlags, ClientId};
use crate::config::NotifyFlags;
use crate::keyspace::effects::Event;
use std::io::Write;

impl Server {
    /// To be called when notify-keyspace-events or the subscriptions have changed: which events are noted follows from them.
    pub fn choose_events(&mut self) {
        let wanted = self.config.notify_keyspace_events;
        let told = wanted.intersects(NotifyFlags::KEYSPACE | NotifyFlags::KEYEVENT);
        let heard = !self.pubsub.channels.is_empty() || !self.pubsub.patterns.is_empty();
        self.keyspace.effects.notify = if told && heard { wanted } else { NotifyFlags::empty() };
    }

    /// Tells of what the keyspace has noted: of a client's command, or of something that happened by itself.
    #[inline]
    pub fn publish_events(&mut self, client: Option<ClientId>) {
        if !self.keyspace.effects.events.is_empty() {
            self.publish_noted(client);
        }
    }

    #[cold]
    fn publish_noted(&mut self, client: Option<ClientId>) {
        let mut events = std::mem::take(&mut self.keyspace.effects.events);
        let listens = |id: &ClientId| {
            self.clients.get(*id).is_some_and(|client| client.flags.contains(ClientFlags::PUBSUB))
        };
        match client.filter(listens) {
            Some(id) => self.publish_within_reply(id, &events),
            None => events.iter().for_each(|event| self.publish_event(event)),
        }
        events.clear();
        self.keyspace.effects.events = events;
    }

    /// Takes back the client's reply from the first event on and writes it again, the messages in between.
    fn publish_within_reply(&mut self, id: ClientId, events: &[Event]) {
        let begin = events[0].reply_at;
        let reply = self.reply(id).split_off(begin);
        let mut written = 0;
        for event in events {
            let end = event.reply_at - begin;
            self.reply(id).raw_unmuted(&reply[written..end]);
            written = end;
            self.publish_event(event);
        }
        self.reply(id).raw_unmuted(&reply[written..]);
    }

    fn publish_event(&mut self, event: &Event) {
        self.notify(event.class, event.name, event.db, &event.key);
    }

    /// Tells of something that happened to a key.
    pub fn notify(&mut self, class: NotifyFlags, name: &str, db: usize, key: &[u8]) {
        let wanted = self.keyspace.effects.notify;
        if !wanted.contains(class) {
            return;
        }
        let mut channel = Vec::with_capacity(32 + key.len());
        if wanted.contains(NotifyFlags::KEYSPACE) {
            let _ = write!(channel, "__keyspace@{db}__:");
            channel.extend_from_slice(key);
            self.publish(&channel, name.as_bytes());
        }
        if wanted.contains(NotifyFlags::KEYEVENT) {
            channel.clear();
            let _ = write!(channel, "__keyevent@{db}__:{name}");
            self.publish(&channel, key);
        }
    }
}
