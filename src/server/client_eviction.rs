//! maxmemory-clients: when clients and their buffers together take too much memory, the largest are closed.
//!
//! While there is a limit, what a client takes is counted anew whenever it may have changed: when it has sent something, is
//! sent something, or has been written to. The sum is looked at before each command and before the loop sleeps. Replicas
//! and our primary are not counted; a client with NO-EVICT counts, but is not closed.

use super::Server;
use super::clients::memory_of;
use crate::client::{ClientClass, ClientFlags, ClientId};
use crate::config::Config;
use crate::config::values::SizeOrPercent;
use crate::{log_notice, log_warning};
use std::cmp::Reverse;
use std::mem;

/// Clients of less than this power of two are all alike.
const SMALL: u32 = 15;

/// What clients take together.
#[derive(Debug, Default)]
pub struct ClientEviction {
    /// Bytes that they may take; 0: as they like.
    limit: u64,
    /// Bytes, as last counted.
    total: u64,
    /// Clients closed for it.
    pub evicted: u64,
    /// There was nobody left to close when this was last tried in this turn.
    in_vain: bool,
    /// That has been told in the log.
    told: bool,
}

impl ClientEviction {
    /// Nothing counted yet, with the limit that the options set.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        ClientEviction { limit: limit_of(config), ..Self::default() }
    }

    /// A client is closed, and will be gone with the turn.
    pub fn forget(&mut self, counted: &mut u64) {
        self.total -= mem::take(counted);
    }
}

fn limit_of(config: &Config) -> u64 {
    match config.maxmemory_clients {
        SizeOrPercent::Size(bytes) => bytes,
        SizeOrPercent::Percent(percent) => (u128::from(config.maxmemory) * u128::from(percent) / 100) as u64,
    }
}

impl Server {
    /// Whether there is a limit to what clients may take together.
    #[inline]
    #[must_use]
    pub fn limits_client_memory(&self) -> bool {
        self.client_eviction.limit > 0
    }

    /// What a client takes may have changed.
    #[inline]
    pub fn count_client_memory(&mut self, id: ClientId) {
        if self.limits_client_memory() {
            self.recount(id);
        }
    }

    fn recount(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let counts = matches!(client.class(), ClientClass::Normal | ClientClass::Pubsub)
            && !client.flags.contains(ClientFlags::CLOSE_ASAP);
        // The arguments of the command that runs are slices of its query buffer, which is counted, or of the server's.
        let now = if counts { (memory_of(client) - client.args_len) as u64 } else { 0 };
        let before = mem::replace(&mut client.counted, now);
        self.client_eviction.total = self.client_eviction.total - before + now;
    }

    /// The limit is another one.
    pub(super) fn client_memory_limit_changed(&mut self) {
        self.client_eviction.limit = limit_of(&self.config);
        if self.limits_client_memory() {
            let all: Vec<ClientId> = self.clients.iter().map(|client| client.id).collect();
            all.into_iter().for_each(|id| self.recount(id));
        } else {
            self.clients.iter_mut().for_each(|client| client.counted = 0);
            self.client_eviction.total = 0;
        }
    }

    /// Closes the largest clients if all together take too much. In a turn in which nobody was left to close it is not tried
    /// again.
    #[inline]
    pub fn evict_clients(&mut self) {
        let limit = self.client_eviction.limit;
        if limit > 0 && self.client_eviction.total >= limit && !self.client_eviction.in_vain {
            self.evict_clients_down_to(limit);
        }
    }

    /// The same, once in a turn and in any case.
    pub fn evict_clients_at_last(&mut self) {
        self.client_eviction.in_vain = false;
        self.evict_clients();
    }

    #[cold]
    fn evict_clients_down_to(&mut self, limit: u64) {
        let evictable = self
            .clients
            .iter()
            .filter(|client| client.counted > 0 && !client.flags.contains(ClientFlags::NO_EVICT));
        let size = |counted: u64| counted.ilog2().max(SMALL);
        let mut largest_first: Vec<_> =
            evictable.map(|client| (Reverse(size(client.counted)), client.id)).collect();
        largest_first.sort_unstable();
        for (_, id) in largest_first {
            if self.client_eviction.total < limit {
                break;
            }
            if let Some(client) = self.clients.get(id) {
                log_notice!("Evicting client: {}", self.describe(client));
            }
            self.close_later(id);
            self.client_eviction.evicted += 1;
        }
        self.client_eviction.in_vain = self.client_eviction.total >= limit;
        if self.client_eviction.in_vain && !self.client_eviction.told {
            log_warning!("Over client maxmemory after evicting all evictable clients");
        }
        self.client_eviction.told = self.client_eviction.in_vain;
    }
}
