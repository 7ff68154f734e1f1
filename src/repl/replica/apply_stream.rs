//! The stream of a primary whose link is up: how much has come, and how much of it our data contains.
//!
//! ```text
//!              applied            read
//!                 v                 v
//!   ... ooooooooooo | MULTI, SET, .. | not come yet
//!                     held
//! ```
//!
//! *read* counts every byte that has come. *applied* moves from one command's end to the next, but not inside a
//! transaction, whose commands are held until EXEC has run: if the link is cut before, the primary is asked for MULTI
//! again. What is applied, and only that, is passed on to our own replicas, byte for byte: their history is the same.
//!
//! A transaction is held however large it is. There is no other way to run it as one, as our primary has: that is who has
//! bounded it, by its `client-query-buffer-limit`, and a limit of ours would only make us ask for the same bytes again.

use crate::repl::Millis;
use crate::repl::id::ReplId;

#[derive(Debug)]
pub struct ApplyStream {
    /// The history that is followed; None when the primary knows no PSYNC.
    pub replid: Option<ReplId>,
    pub read: i64,
    pub applied: i64,
    /// The database that the stream is at.
    pub db: u32,
    /// When the primary was last heard.
    pub last_io: Millis,
    /// The commands of a transaction that has not been executed.
    held: Vec<u8>,
}

impl ApplyStream {
    pub fn new(replid: Option<ReplId>, offset: i64, db: u32, now: Millis) -> ApplyStream {
        ApplyStream { replid, read: offset, applied: offset, db, last_io: now, held: Vec::new() }
    }

    /// Bytes have come.
    pub fn received(&mut self, n: usize, now: Millis) {
        self.read += n as i64;
        self.last_io = now;
    }

    /// Lends out the commands of the transaction that is complete, MULTI in front, to be executed; `return_held` brings them
    /// back.
    pub fn lend_held(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    pub fn return_held(&mut self, held: Vec<u8>) {
        self.held = held;
    }

    /// Bytes that are held.
    pub fn held_len(&self) -> usize {
        self.held.len()
    }

    /// A command, these bytes of the stream, has been executed, or queued in a transaction; `db` is where it left the
    /// stream. What our own replicas are now to be given goes to `feed`.
    pub fn command_done(&mut self, request: &[u8], in_multi: bool, db: u32, feed: impl FnOnce(&[u8])) {
        assert!(
            self.applied + (self.held.len() + request.len()) as i64 <= self.read,
            "applied what had been read"
        );
        if in_multi {
            self.held.extend_from_slice(request);
            return;
        }
        self.db = db;
        if self.held.is_empty() {
            self.applied += request.len() as i64;
            feed(request);
        } else {
            let mut transaction = std::mem::take(&mut self.held);
            transaction.extend_from_slice(request);
            self.applied += transaction.len() as i64;
            feed(&transaction);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_a_transaction_are_passed_on_when_it_has_run() {
        let mut stream = ApplyStream::new(None, 10, 0, 0);
        let mut fed: Vec<Vec<u8>> = Vec::new();
        stream.received(12, 5);
        stream.command_done(b"set", false, 0, |b| fed.push(b.to_vec()));
        assert_eq!((stream.read, stream.applied), (22, 13));
        stream.command_done(b"multi", true, 0, |b| fed.push(b.to_vec()));
        assert_eq!((stream.applied, fed.len()), (13, 1));
        stream.command_done(b"exec", false, 3, |b| fed.push(b.to_vec()));
        assert_eq!((stream.read, stream.applied, stream.db), (22, 22, 3));
        assert_eq!(fed, [b"set".to_vec(), b"multiexec".to_vec()]);
    }

    #[test]
    #[should_panic(expected = "applied what had been read")]
    fn more_than_was_read_cannot_be_applied() {
        ApplyStream::new(None, 0, 0, 0).command_done(b"set", false, 0, |_| {});
    }
}
