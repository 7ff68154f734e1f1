//! What a client is and what is to happen with it.

use super::tracking::{ClientTracking, TrackingModes};
use bitflags::bitflags;

bitflags! {
    /// A client's state bits.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct ClientFlags: u32 {
        /// One of our replicas, or on its way to be one.
        const REPLICA = 1 << 0;
        /// Our primary.
        const PRIMARY = 1 << 1;
        /// Gets every command that runs.
        const MONITOR = 1 << 2;
        /// In pub/sub.
        const PUBSUB = 1 << 3;
        /// Close it once its replies are out.
        const CLOSE_AFTER_REPLY = 1 << 4;
        /// Close it at the end of the turn.
        const CLOSE_ASAP = 1 << 5;
        /// Its socket did not take all replies: wait until it is writable.
        const WAITS_WRITABLE = 1 << 6;
        /// It stands in the list of clients with replies to send.
        const QUEUED_WRITE = 1 << 7;
        /// It stands in the list of clients to be processed again.
        const QUEUED_READ = 1 << 8;
        /// Its socket may have more to read.
        const READABLE = 1 << 9;
        /// CLIENT REPLY OFF.
        const REPLY_OFF = 1 << 10;
        /// CLIENT REPLY SKIP was said: the next command's reply is skipped.
        const REPLY_SKIP_NEXT = 1 << 11;
        /// The current command's reply is skipped.
        const REPLY_SKIP = 1 << 12;
        /// CLIENT NO-EVICT.
        const NO_EVICT = 1 << 13;
        /// Connected over a Unix socket.
        const UNIX_SOCKET = 1 << 14;
        /// Its slot is to be freed: it is gone but for that.
        const DEAD = 1 << 15;
        /// Waits for a reply that must come before its replication link is used: replicas before PSYNC.
        const REPLICA_HANDSHAKE = 1 << 16;
        /// It sends no more: its socket is to be read until its end, without another event.
        const ENDED = 1 << 17;
        /// Between MULTI and EXEC.
        const MULTI = 1 << 18;
        /// A key that it watches was changed: its EXEC does nothing.
        const DIRTY_CAS = 1 << 19;
        /// A command that it wanted to queue was refused: its EXEC is too.
        const DIRTY_EXEC = 1 << 20;
        /// A big argument of it was read apart, and what it sends next may have another: at first only so much is read as
        /// shows that.
        const SENDS_BIG = 1 << 21;
        /// Its TLS handshake is under way: it can be neither read nor written.
        const HANDSHAKE = 1 << 23;
        /// CLIENT NO-TOUCH: what it reads does not count as used.
        const NO_TOUCH = 1 << 24;
        /// Its user may not do everything: each command is checked.
        const RESTRICTED = 1 << 31;
    }
}

impl ClientFlags {
    /// The letters of CLIENT LIST's flags field.
    #[must_use]
    pub fn letters(self, blocked: bool, tracking: Option<&ClientTracking>) -> String {
        let mut letters = String::new();
        let mut mark = |on: bool, letter: char| {
            if on {
                letters.push(letter);
            }
        };
        if self.contains(ClientFlags::REPLICA) {
            mark(true, if self.contains(ClientFlags::MONITOR) { 'O' } else { 'S' });
        } else {
            mark(self.contains(ClientFlags::MONITOR), 'O');
        }
        mark(self.contains(ClientFlags::PRIMARY), 'M');
        mark(self.contains(ClientFlags::PUBSUB), 'P');
        mark(self.contains(ClientFlags::MULTI), 'x');
        mark(blocked, 'b');
        let tracks = |mode| tracking.is_some_and(|tracking| tracking.modes.contains(mode));
        mark(tracking.is_some(), 't');
        mark(tracks(TrackingModes::BROKEN_REDIRECT), 'R');
        mark(tracks(TrackingModes::BCAST), 'B');
        mark(self.contains(ClientFlags::DIRTY_CAS), 'd');
        mark(self.contains(ClientFlags::CLOSE_AFTER_REPLY), 'c');
        mark(self.contains(ClientFlags::CLOSE_ASAP), 'A');
        mark(self.contains(ClientFlags::UNIX_SOCKET), 'U');
        mark(self.contains(ClientFlags::NO_EVICT), 'e');
        mark(self.contains(ClientFlags::NO_TOUCH), 'T');
        if letters.is_empty() {
            letters.push('N');
        }
        letters
    }
}
