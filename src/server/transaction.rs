//! MULTI: what the server keeps of transactions, its clients' and the one that is being executed.
//!
//! While EXEC runs the time stands still, and what goes to the replicas is gathered, to be fed when it is over: as a
//! transaction if there is more than one command, bare if there is one.

use super::Server;
use crate::client::transaction::Commands;
use crate::client::{ClientFlags, ClientId, Queue};
use std::mem;

/// The transaction that is being executed.
#[derive(Default)]
pub struct Executing {
    /// When its last command ended, monotonic microseconds; none: nothing is being executed.
    since_us: Option<u64>,
    /// What goes to the replicas: encoded commands, where each begins, and its database.
    stream: Vec<u8>,
    begins: Vec<(usize, usize)>,
    /// BGSAVE was one of its commands: what is saved is what it has all done.
    save_wanted: bool,
    /// Room for the next client that says MULTI.
    spare: Option<Box<Queue>>,
}

// A client's transaction.
impl Server {
    /// MULTI.
    pub fn begin_transaction(&mut self, id: ClientId) {
        let queue = self.executing.spare.take().unwrap_or_default();
        let client = self.client_mut(id);
        client.flags.insert(ClientFlags::MULTI);
        client.queue = Some(queue);
    }

    /// Forgets what a client has queued, what it watches, and what it was marked with.
    pub fn discard_transaction(&mut self, id: ClientId) {
        self.unwatch_all(id);
        let Some(client) = self.clients.get_mut(id) else { return };
        client.flags.remove(ClientFlags::MULTI | ClientFlags::DIRTY_CAS | ClientFlags::DIRTY_EXEC);
        if let Some(mut queue) = client.queue.take() {
            self.keep_room(queue.take(), queue);
        }
    }

    /// The commands of a transaction are done with: their room may be used again.
    pub fn keep_room(&mut self, commands: Commands, mut queue: Box<Queue>) {
        *queue = Queue::reusing(commands);
        self.executing.spare = Some(queue);
    }
}

// The one that is being executed.
impl Server {
    /// Whether a transaction is being executed: nobody may wait.
    #[inline]
    #[must_use]
    pub fn in_exec(&self) -> bool {
        self.executing.since_us.is_some()
    }

    /// When the command that is about to run begins, monotonic microseconds.
    #[inline]
    #[must_use]
    pub fn command_begins_us(&self) -> u64 {
        self.executing.since_us.unwrap_or_else(|| self.clock.monotonic_us())
    }

    /// A command has ended: time goes on, but not within a transaction.
    #[inline]
    pub fn command_ended(&mut self, at_us: u64) {
        match &mut self.executing.since_us {
            Some(since) => *since = at_us,
            None => self.clock.advance_to(at_us),
        }
    }

    /// EXEC runs the first of its commands.
    pub fn exec_begins(&mut self) {
        self.executing.since_us = Some(self.clock.monotonic_us());
    }

    /// EXEC has run the last of its commands.
    pub fn exec_ended(&mut self, id: ClientId) {
        self.executing.since_us = None;
        let mut stream = mem::take(&mut self.executing.stream);
        let mut begins = mem::take(&mut self.executing.begins);
        if let (Some((first_db, _)), Some((last_db, _))) = (begins.first(), begins.last()) {
            let several = begins.len() > 1;
            if several {
                self.feed_stream(*first_db, b"*1\r\n$5\r\nMULTI\r\n");
            }
            let ends = begins.iter().skip(1).map(|(_, at)| *at).chain([stream.len()]);
            for ((db, at), end) in begins.iter().zip(ends) {
                self.feed_stream(*db, &stream[*at..end]);
            }
            if several {
                self.feed_stream(*last_db, b"*1\r\n$4\r\nEXEC\r\n");
            }
            if let (Some(offset), Some(client)) = (self.stream_end(), self.clients.get_mut(id)) {
                client.written_offset = offset;
            }
        }
        stream.clear();
        stream.shrink_to(4096);
        begins.clear();
        begins.shrink_to(64);
        (self.executing.stream, self.executing.begins) = (stream, begins);
        if mem::take(&mut self.executing.save_wanted) && self.persist.snapshots.running().is_none() {
            // Whether it worked is in the log and in INFO, as with a save point's.
            let _ = self.start_disk_save();
        }
    }

    /// Gathers a command for the stream; false if no transaction is being executed.
    #[inline]
    pub(super) fn gather(&mut self, db: usize, bytes: &[u8]) -> bool {
        let gathers = self.in_exec();
        if gathers {
            self.executing.begins.push((db, self.executing.stream.len()));
            self.executing.stream.extend_from_slice(bytes);
        }
        gathers
    }

    /// BGSAVE within a transaction.
    pub fn save_after_exec(&mut self) {
        self.executing.save_wanted = true;
    }
}
