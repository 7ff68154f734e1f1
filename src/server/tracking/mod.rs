//! Client-side caching: clients that track are told when what they have read changes.
//!
//! ```text
//! a command has read keys   -> table: key -> the clients that may have them now
//! a key changes or expires  -> it is taken out of the table, and its clients get an invalidation
//!                           -> prefixes: it is kept for those who want all keys that begin so, until the turn's end
//! databases are flushed     -> everybody is told that nothing holds any more
//! ```
//!
//! An invalidation is a push in RESP3; in RESP2 a message on a channel, for a client that another one has named as the one
//! to be told in its stead. What the running client changes itself it is told of behind the command's reply, or its
//! transaction's. Databases do not matter: a key is the same in all.
//!
//! While nobody tracks and nothing is remembered from those who did, a command costs a look at a flag, and a write another.
//! The table has tracking-table-max-keys keys at most, but for what a few commands add: then keys drawn at random are
//! taken out, as if they had changed.

mod prefixes;
mod table;

use super::Server;
use super::command::{Command, Flags};
use crate::client::tracking::{ClientTracking, TrackingModes};
use crate::client::{ClientFlags, ClientId};
use crate::keyspace::touched::{How, Touched};
use crate::protocol::Args;
use crate::protocol::args::encode_command;
use prefixes::{By, Prefixes};
use std::collections::BTreeMap;
use std::mem;
use table::TrackingTable;

/// Keys that are taken out of a table that is too full before each command and with each cron: so many the first time, and
/// as many more each time it was not enough.
const EFFORT: usize = 100;
/// A table with more keys is freed in the background.
const FREED_AT_ONCE_MAX: usize = 64;

const RESP3_HEADER: &[u8] = b">2\r\n$10\r\ninvalidate\r\n";
const RESP2_HEADER: &[u8] = b"*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n";

/// Who tracks, and what.
#[derive(Default)]
pub struct Tracking {
    table: TrackingTable,
    prefixes: Prefixes,
    /// The clients that track, by number.
    clients: BTreeMap<u64, ClientId>,
    /// What the running client is to be told once its command is over, for whom.
    own: Vec<(ClientId, Own)>,
    /// Commands and cron runs that have found the table too full and left it so, one after the other.
    behind: usize,
    /// The key from which a client that waited is being served, if that counts as no change of its own.
    served: Option<Box<[u8]>>,
    active: bool,
}

/// Something to tell the running client.
enum Own {
    Key(Box<[u8]>),
    Everything,
}

impl Tracking {
    /// Whether anybody tracks, or anything is remembered from somebody who did.
    #[inline]
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// How many clients track.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.table.len()
    }

    /// How many clients are remembered, for all keys together.
    #[must_use]
    pub fn items(&self) -> usize {
        self.table.items()
    }

    /// How many prefixes are asked for.
    #[must_use]
    pub fn prefixes(&self) -> usize {
        self.prefixes.len()
    }
}

// Who tracks.
impl Server {
    /// CLIENT TRACKING ON; `prefixes` are added to those that the client has.
    pub fn track(
        &mut self,
        id: ClientId,
        modes: TrackingModes,
        redirect: Option<ClientId>,
        prefixes: &[&[u8]],
    ) {
        let caching = TrackingModes::CACHING;
        let client = self.clients.get_mut(id).expect("a client lives while its command runs");
        let tracking = client.tracking.get_or_insert_default();
        tracking.modes = modes | tracking.modes & caching;
        tracking.redirect = redirect;
        if modes.contains(TrackingModes::BCAST) {
            let wanted: &[&[u8]] = if prefixes.is_empty() { &[b""] } else { prefixes };
            for prefix in wanted {
                if self.tracking.prefixes.add(prefix, id) {
                    tracking.add_prefix(prefix);
                }
            }
        }
        self.tracking.clients.insert(id.number, id);
        self.tracking_changed();
    }

    /// CLIENT TRACKING OFF. The keys remembered for the client stay until they change.
    pub fn track_no_more(&mut self, id: ClientId) {
        let Some(tracking) = self.clients.get_mut(id).and_then(|client| client.tracking.take()) else {
            return;
        };
        for prefix in tracking.prefixes() {
            self.tracking.prefixes.remove(prefix, id);
        }
        self.tracking.clients.remove(&id.number);
        self.tracking_changed();
    }

    /// The keyspace notes touched keys only for those who want to know of them.
    fn tracking_changed(&mut self) {
        let Tracking { table, prefixes, clients, active, own, .. } = &mut self.tracking;
        let wanted = !table.is_empty() || !prefixes.is_empty();
        *active = wanted || !clients.is_empty() || !own.is_empty();
        self.keyspace.note_all_touched(wanted);
    }
}

// What clients read.
impl Server {
    /// A command of a client has run, and its effects have been applied: remembers the keys that it has read, and tells the
    /// client what it has changed.
    #[cold]
    pub fn tracked_command_ran(&mut self, id: ClientId, command: &Command, args: Args<'_>) {
        if command.has(Flags::READONLY)
            && let Some(tracking) = self.clients.get(id).and_then(|client| client.tracking.as_ref())
            && tracking.remembers_keys()
        {
            let Tracking { table, .. } = &mut self.tracking;
            command.for_each_key(args, |at| table.remember(args.at(at), id.number));
            self.tracking_changed();
        }
        self.tell_own_invalidations();
    }

    /// A request of a client is over: CLIENT CACHING holds no longer than for a command, or a transaction.
    pub fn caching_is_over(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(id)
            && !client.flags.contains(ClientFlags::MULTI)
            && let Some(tracking) = &mut client.tracking
        {
            tracking.modes.remove(TrackingModes::CACHING);
        }
    }

    /// Takes keys out of the table if there are more than tracking-table-max-keys.
    pub fn limit_tracked_keys(&mut self) {
        let max = usize::try_from(self.config.tracking_table_max_keys).unwrap_or(usize::MAX);
        if max == 0 || self.tracking.clients.is_empty() {
            return;
        }
        for _ in 0..EFFORT * (self.tracking.behind + 1) {
            if self.tracking.table.len() <= max {
                break;
            }
            let Some(key) = self.tracking.table.random_key(|| self.rng.next_u64()) else { break };
            self.invalidate_readers(&key);
        }
        let kept = self.tracking.table.len() <= max;
        self.tracking.behind = if kept { 0 } else { self.tracking.behind + 1 };
        self.tell_own_invalidations();
    }
}

// What changes.
impl Server {
    /// Keys were touched, by this client if by any; `wrote`: those that were found to write to have been changed.
    pub(super) fn invalidate_touched(&mut self, touched: &Touched, wrote: bool, by: Option<ClientId>) {
        for (_, key, how) in touched.iter() {
            match how {
                How::Written if wrote => self.invalidate_key(key, by),
                How::Written => {}
                How::Expired => self.invalidate_key(key, None),
            }
        }
    }

    /// A waiting client is being served from a key, which it does not change by that; or no more.
    pub fn served_from(&mut self, key: Option<&[u8]>) {
        self.tracking.served = key.filter(|_| !self.tracking.prefixes.is_empty()).map(Into::into);
    }

    /// A key has changed or is gone, by this client if by any.
    pub(super) fn invalidate_key(&mut self, key: &[u8], by: Option<ClientId>) {
        if !self.tracking.prefixes.is_empty() {
            let served = self.tracking.served.as_deref() == Some(key);
            let by = if served { By::Served } else { by.map_or(By::Itself, By::Client) };
            self.tracking.prefixes.changed(key, by);
        }
        self.invalidate_readers(key);
    }

    /// Tells the clients that have read a key, which is then forgotten.
    fn invalidate_readers(&mut self, key: &[u8]) {
        let readers = self.tracking.table.take(key);
        if readers.is_empty() {
            return;
        }
        let mut keys = Vec::with_capacity(key.len() + 16);
        encode_command(&mut keys, std::iter::once(key));
        for number in readers {
            // Of those who have gone, or do not track any more, the numbers were left in the table.
            let Some(id) = self.tracking.clients.get(&number).copied() else { continue };
            let Some(tracking) = self.clients.get(id).and_then(|client| client.tracking.as_ref()) else {
                continue;
            };
            if tracking.modes.contains(TrackingModes::BCAST)
                || tracking.modes.contains(TrackingModes::NOLOOP) && self.running == Some(id)
            {
                continue;
            }
            if self.running.is_some_and(|running| running == id || tracking.redirect == Some(running)) {
                self.tracking.own.push((id, Own::Key(key.into())));
            } else {
                self.send_invalidation(id, &keys);
            }
        }
        self.tracking_changed();
    }

    /// Databases were emptied, or put in the place of others: nothing that anybody has cached holds.
    pub(super) fn invalidate_everything(&mut self) {
        if !self.tracking.active {
            return;
        }
        let ids: Vec<ClientId> = self.tracking.clients.values().copied().collect();
        for id in ids {
            let redirect = self.clients.get(id).and_then(|client| client.tracking.as_ref()?.redirect);
            if self.running.is_some_and(|running| running == id || redirect == Some(running)) {
                self.tracking.own.push((id, Own::Everything));
            } else {
                self.send_null(id);
            }
        }
        let table = mem::take(&mut self.tracking.table);
        if table.len() > FREED_AT_ONCE_MAX {
            self.lazyfree.dispose(table.len(), table);
        }
        self.tracking_changed();
    }

    /// Tells the running client what it has changed, be it meant for itself or for another in whose stead it is told; not
    /// within a transaction, whose replies that would tear apart.
    pub fn tell_own_invalidations(&mut self) {
        if self.tracking.own.is_empty() || self.in_exec() {
            return;
        }
        for (id, own) in mem::take(&mut self.tracking.own) {
            match own {
                Own::Key(key) => {
                    let mut keys = Vec::with_capacity(key.len() + 16);
                    encode_command(&mut keys, std::iter::once(&*key));
                    self.send_invalidation(id, &keys);
                }
                Own::Everything => self.send_null(id),
            }
        }
        self.tracking_changed();
    }

    /// Tells those in broadcasting mode what has changed in this turn.
    pub fn broadcast_invalidations(&mut self) {
        if !self.tracking.prefixes.any_changed() {
            return;
        }
        let mut prefixes = mem::take(&mut self.tracking.prefixes);
        let (mut keys, mut others) = (Vec::new(), Vec::new());
        prefixes.take_changed(|clients, news| {
            news.encode(None, &mut keys);
            for id in clients {
                let tracking = self.clients.get(*id).and_then(|client| client.tracking.as_ref());
                let loops = tracking.is_none_or(|t| !t.modes.contains(TrackingModes::NOLOOP));
                if loops || !news.any_by(*id) {
                    self.send_invalidation(*id, &keys);
                    continue;
                }
                news.encode(Some(*id), &mut others);
                if !others.is_empty() {
                    self.send_invalidation(*id, &others);
                }
            }
        });
        self.tracking.prefixes = prefixes;
    }
}

// The messages.
impl Server {
    /// Tells a client that no key holds, in the form that its own protocol has for it, whoever is told in its stead.
    fn send_null(&mut self, id: ClientId) {
        let resp3 = self.clients.get(id).is_some_and(|client| client.reply.resp3());
        self.send_invalidation(id, if resp3 { b"_\r\n" } else { b"$-1\r\n" });
    }

    /// Sends a client, or whoever is told in its stead, keys that are in protocol already.
    fn send_invalidation(&mut self, id: ClientId, keys: &[u8]) {
        let Some(ClientTracking { redirect, .. }) =
            self.clients.get(id).and_then(|client| client.tracking.as_deref())
        else {
            return;
        };
        let redirect = *redirect;
        let Some(target) = self.clients.get(redirect.unwrap_or(id)) else {
            return self.redirect_is_broken(id);
        };
        let header = if target.reply.resp3() {
            RESP3_HEADER
        } else if redirect.is_some() && target.flags.contains(ClientFlags::PUBSUB) {
            RESP2_HEADER
        } else {
            // RESP2 has nothing that could be sent among replies.
            return;
        };
        self.push_to(target.id, |reply| {
            reply.raw(header);
            reply.raw(keys);
        });
    }

    fn redirect_is_broken(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let resp3 = client.reply.resp3();
        let Some(tracking) = &mut client.tracking else { return };
        tracking.modes.insert(TrackingModes::BROKEN_REDIRECT);
        let number = tracking.redirect.map_or(0, |to| to.number);
        if resp3 {
            self.push_to(id, |reply| {
                reply.push(2);
                reply.bulk(b"tracking-redir-broken");
                reply.int(number as i64);
            });
        }
    }
}
