//! Clients whose requests are read one after the other before the first of them runs, so that the keys of all are on
//! their way from memory meanwhile. Unpipelined requests would otherwise each wait for their own cache misses.
//!
//! Their bytes lie side by side in the one read buffer:
//!
//! ```text
//!   | client a | client b | client c |        room for the next       |
//! ```
//!
//! A client gets what room is left, so the first may send a buffer full and is then alone. The order is that of the
//! events: each client's requests run before the next one's, as if they had been read then.

use super::process::{read_bytes, run_bytes};
use crate::client::ClientId;
use crate::keyspace::PREFETCH_KEYS;
use crate::protocol::parser::peek_key;
use crate::server::Server;
use smallvec::SmallVec;

/// No client is read into less room than this, bytes.
const ROOM_MIN: usize = 16 * 1024;

/// Clients that were read and not run yet.
#[derive(Default)]
pub struct Batch {
    arrivals: SmallVec<[Arrival; PREFETCH_KEYS]>,
    /// Bytes of the read buffer in use.
    used: usize,
}

struct Arrival {
    id: ClientId,
    /// Where its bytes begin and end in the read buffer.
    begin: usize,
    end: usize,
    filled: bool,
}

impl Batch {
    /// Reads a client into the batch. `false`: it is one to be read by itself, after the batch has run.
    pub fn read(&mut self, server: &mut Server, id: ClientId) -> bool {
        let plain = |c: &crate::client::Client| c.blocked.is_none() && c.query.is_empty() && !c.must_obey();
        if !server.clients.get(id).is_some_and(plain) {
            return false;
        }
        if self.arrivals.len() == PREFETCH_KEYS || server.read_buffer.len() - self.used < ROOM_MIN {
            self.run(server);
        }
        let mut buffer = std::mem::take(&mut server.read_buffer);
        let begin = self.used;
        let read = read_bytes(server, id, &mut buffer[begin..]);
        server.read_buffer = buffer;
        if let Some((n, filled)) = read {
            self.used += n;
            self.arrivals.push(Arrival { id, begin, end: self.used, filled });
        }
        true
    }

    /// Runs what was read.
    pub fn run(&mut self, server: &mut Server) {
        if self.arrivals.is_empty() {
            return;
        }
        let buffer = std::mem::take(&mut server.read_buffer);
        if self.arrivals.len() > 1 {
            let keys = self.arrivals.iter().filter_map(|arrival| {
                let client = server.clients.get(arrival.id)?;
                if !server.keyspace.is_worth_prefetching(client.db) {
                    return None;
                }
                peek_key(&buffer[arrival.begin..arrival.end]).map(|key| (client.db, key))
            });
            server.keyspace.prefetch_in(keys);
        }
        for arrival in self.arrivals.drain(..) {
            run_bytes(server, arrival.id, &buffer[arrival.begin..arrival.end], arrival.filled);
        }
        self.used = 0;
        server.read_buffer = buffer;
    }
}
