//! Where the memory goes: the figures of INFO memory, MEMORY STATS and MEMORY DOCTOR.

use super::Server;
use super::clients::memory_of;
use crate::client::ClientClass;
use crate::sys::memory;

/// What a database takes beside its entries, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DbOverhead {
    /// Its number.
    pub db: usize,
    /// Its table.
    pub main: usize,
    /// The order in which its keys expire.
    pub expires: usize,
}

/// The figures of one moment, bytes where nothing else is said.
#[derive(Debug, Clone)]
pub struct Figures {
    /// In use: allocated, and the backlog, which is mapped.
    pub used: usize,
    /// The most ever in use.
    pub peak: usize,
    /// In use when the server had started.
    pub startup: usize,
    /// Pages of the process that are in memory.
    pub rss: usize,
    /// Allocated as the allocator sees it: with what threads keep at hand.
    pub allocated: usize,
    /// In the allocator's pages that hold anything.
    pub active: usize,
    /// In all the allocator's pages that are in memory.
    pub resident: usize,
    /// The backlog up to its configured size; all of it when there are no replicas.
    pub backlog: usize,
    /// What of it is kept beyond that for replicas.
    pub replicas: usize,
    /// Clients but replicas, and their buffers.
    pub clients: usize,
    /// What no key is evicted for.
    pub not_counted: usize,
    /// Databases that are not empty.
    pub dbs: Vec<DbOverhead>,
    /// Keys in all of them.
    pub keys: usize,
    /// Number of replicas, and of other clients.
    pub client_counts: (usize, usize),
}

impl Figures {
    /// The figures now.
    #[must_use]
    pub fn of(server: &Server) -> Figures {
        let buffers = server.backlog_memory();
        let used = memory::allocated() + buffers;
        let (active, resident) = memory::allocator_pages();
        let (mut clients, mut counts) = (0, (0, 0));
        for client in server.clients.iter() {
            if client.class() == ClientClass::Replica {
                counts.0 += 1;
            } else {
                counts.1 += 1;
                clients += memory_of(client);
            }
        }
        let replicas = if counts.0 > 0 { server.replica_buffer_memory() } else { 0 };
        let keyspace = &server.keyspace;
        let dbs = (0..keyspace.db_count()).filter(|db| !keyspace.is_empty(*db)).map(|db| {
            let (main, expires) = keyspace.overhead(db);
            DbOverhead { db, main, expires }
        });
        Figures {
            used,
            peak: used.max(server.stats.peak_memory),
            startup: server.startup_memory,
            rss: memory::resident(),
            allocated: memory::allocator_allocated(),
            active,
            resident,
            backlog: buffers - replicas,
            replicas,
            clients,
            not_counted: server.memory_not_counted(),
            dbs: dbs.collect(),
            keys: (0..keyspace.db_count()).map(|db| keyspace.len(db)).sum(),
            client_counts: counts,
        }
    }

    /// All that is not data.
    #[must_use]
    pub fn overhead(&self) -> usize {
        let tables: usize = self.dbs.iter().map(|db| db.main + db.expires).sum();
        self.startup + self.backlog + self.replicas + self.clients + tables
    }

    /// The data: keys and values.
    #[must_use]
    pub fn dataset(&self) -> usize {
        self.used.saturating_sub(self.overhead())
    }

    /// What has come to be used since the start.
    #[must_use]
    pub fn since_start(&self) -> usize {
        self.used.saturating_sub(self.startup).max(1)
    }

    /// The data's share of that, percent.
    #[must_use]
    pub fn dataset_percent(&self) -> f64 {
        (self.dataset() as f64 * 100.0 / self.since_start() as f64).min(100.0)
    }
}
