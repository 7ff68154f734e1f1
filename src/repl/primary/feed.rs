//! Writing the stream: each command once, into the backlog, for all replicas.
//!
//! The stream is commands in the form in which clients send them. A command that travels as it came is copied as the very
//! bytes the client sent. SELECT precedes a command whose database is not the one the stream is at.
//!
//! Room: what an attached replica has not read is never overwritten. When the ring is full of it, it grows; a replica that
//! has left more unread than `client-output-buffer-limit replica` allows is dropped instead. The limit counts what was
//! unread *before* the command at hand, so that one command larger than the limit does not cost a replica that keeps up
//! its link.

use super::state::{Replica, State};
use super::{Action, Primary};
use crate::protocol::args::encode_command;
use crate::repl::Millis;

impl Primary {
    /// Whether our writes are to be fed: without a backlog nothing is, and the offset stands still; and what a replica
    /// writes for itself is no part of its primary's history.
    pub fn feeds(&self) -> bool {
        self.backlog.is_some() && !self.relays
    }

    /// A command as its client sent it: one RESP multibulk.
    pub fn feed_raw(&mut self, db: u32, request: &[u8]) {
        if self.feeds() {
            self.select(db);
            self.append(request);
        }
    }

    /// The same in pieces one behind the other.
    pub fn feed_pieces(&mut self, db: u32, pieces: &[&[u8]]) {
        if self.feeds() {
            self.select(db);
            // There is room for all of them or for none: who keeps up with the stream is not judged in their midst.
            self.prepare(pieces.iter().map(|piece| piece.len()).sum());
            pieces.iter().for_each(|piece| self.append_prepared(piece));
        }
    }

    /// A command by its arguments.
    pub fn feed_command<'a, I>(&mut self, db: u32, parts: I)
    where
        I: ExactSizeIterator<Item = &'a [u8]>,
    {
        if self.feeds() {
            self.select(db);
            self.append_command(parts);
        }
    }

    /// Our primary's stream, for our own replicas: byte for byte, so that its history is ours.
    pub fn feed_stream(&mut self, bytes: &[u8]) {
        assert!(self.relays, "only a replica passes a stream on");
        self.append(bytes);
    }

    /// A PING in the stream: a replica that hears nothing for repl-timeout takes the link for dead.
    pub(super) fn feed_keepalive(&mut self) {
        if self.feeds() {
            self.append_command([b"ping".as_slice()].into_iter());
        }
    }

    /// Asks every replica to say at once how far it is.
    pub fn feed_getack(&mut self) {
        if self.feeds() {
            self.append_command([b"REPLCONF".as_slice(), b"GETACK", b"*"].into_iter());
        }
    }

    fn select(&mut self, db: u32) {
        if self.selected_db == Some(db) {
            return;
        }
        let mut digits = itoa::Buffer::new();
        self.append_command([b"SELECT".as_slice(), digits.format(db).as_bytes()].into_iter());
        self.selected_db = Some(db);
    }

    fn append_command<'a, I>(&mut self, parts: I)
    where
        I: ExactSizeIterator<Item = &'a [u8]>,
    {
        let mut encoded = std::mem::take(&mut self.scratch);
        encoded.clear();
        encode_command(&mut encoded, parts);
        self.append(&encoded);
        // One huge command does not keep its memory for good.
        if encoded.capacity() <= 64 * 1024 {
            self.scratch = encoded;
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        self.prepare(bytes.len());
        self.append_prepared(bytes);
    }

    /// Makes room for so many bytes where there is none.
    #[inline]
    fn prepare(&mut self, len: usize) {
        let hard = self.hard_limit();
        if let Some(backlog) = &self.backlog
            && (!backlog.fits(len) || backlog.held() >= hard)
        {
            self.make_room(len);
        }
    }

    #[inline]
    fn append_prepared(&mut self, bytes: &[u8]) {
        // Without a backlog it is a replica that could not get the memory for one: it counts the stream although it keeps
        // none of it.
        self.history.offset += bytes.len() as i64;
        if let Some(backlog) = &mut self.backlog {
            backlog.append(bytes);
            debug_assert_eq!(backlog.window().end, self.history.offset + 1);
        }
    }

    /// Makes `len` bytes fit, and the unread part of each replica stay within its limit: by seeing how far the replicas have read, by dropping those over their limit, by growing.
    #[cold]
    fn make_room(&mut self, len: usize) {
        self.refresh_hold();
        let hard = self.hard_limit();
        loop {
            let Some(lowest) = self.lowest_cursor() else { return };
            let backlog = self.backlog.as_mut().expect("there is a backlog to make room in");
            if backlog.held() >= hard {
                self.drop_over_limit("hard", hard, |_, unread| unread >= hard);
                continue;
            }
            if backlog.fits(len) {
                return;
            }
            if let Err(error) = backlog.grow_for(len, hard) {
                let capacity = backlog.capacity();
                self.log
                    .warning(format!("Can't grow the replication backlog beyond {capacity} bytes: {error}"));
                self.drop_over_limit("memory", capacity, |replica, _| replica.state.cursor() == Some(lowest));
            }
        }
    }

    /// The hard limit as honoured: a limit below the backlog's size would drop a replica right after a partial resync.
    fn hard_limit(&self) -> usize {
        match self.config.output_limit.hard {
            0 => usize::MAX,
            hard => hard.max(self.config.backlog_size),
        }
    }

    /// Drops the replicas of which `condemned` says so, given how much each has unread.
    fn drop_over_limit(&mut self, which: &str, limit: usize, condemned: impl Fn(&Replica, usize) -> bool) {
        let end = self.history.offset + 1;
        for replica in &mut self.replicas {
            let Some(cursor) = replica.state.cursor() else { continue };
            let unread = (end - cursor) as usize;
            if !condemned(replica, unread) {
                continue;
            }
            self.log.warning(format!(
                "Replica {} had {unread} bytes of the stream unread, over its {which} limit of {limit} bytes. \
                 A limit above {unread} (client-output-buffer-limit replica, or repl-backlog-size) would have kept it.",
                replica.name()
            ));
            replica.state = State::Closing;
            replica.head.clear();
            self.actions.push(Action::CloseOverLimit(replica.id));
        }
        self.refresh_hold();
        self.chunk_moved_on();
    }

    /// Drops who has been over the soft limit for longer than it allows.
    pub(super) fn drop_over_soft_limit(&mut self, now: Millis) {
        let limit = self.config.output_limit;
        let end = self.history.offset + 1;
        for replica in &mut self.replicas {
            let unread = replica.state.cursor().map_or(0, |cursor| (end - cursor) as usize);
            if limit.soft == 0 || unread < limit.soft {
                replica.over_soft_since = None;
            } else {
                replica.over_soft_since.get_or_insert(now);
            }
        }
        let too_long = |since: Millis| now.saturating_sub(since) > limit.soft_s * 1000;
        self.drop_over_limit("soft", limit.soft, |replica, _| replica.over_soft_since.is_some_and(too_long));
    }
}
