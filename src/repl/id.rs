//! Which history the data belongs to, how far it has gone, and whether another server's history is a part of it.
//!
//! A history is named by a random replication id of 40 hex digits; its bytes are numbered from 1. A replica takes over the
//! id of its primary with the data. When it is promoted it begins a new history, but remembers the old id as *replid2*,
//! valid up to the byte after the last that both share, so that its former siblings, and its former primary, can go on
//! from where they are:
//!
//! ```text
//!   replid2  aaaa...  ------------------|              second_repl_offset: the first byte that is not shared
//!   replid   bbbb...                    |------------> offset: the last byte written
//! ```
//!
//! PSYNC names the id and the next byte wanted. `verdict` answers it, and is the only place that does.

use super::backlog::Window;
use std::fmt;

/// The length of a replication id.
pub const REPL_ID_LEN: usize = 40;

/// Offsets above this are refused from the wire: no stream gets there, and sums of offsets cannot overflow.
pub const OFFSET_MAX: i64 = 1 << 62;

/// A replication id: 40 characters, hexadecimal when it is ours.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReplId([u8; REPL_ID_LEN]);

impl ReplId {
    /// The id that stands for "none": forty times the digit 0.
    pub const ZERO: ReplId = ReplId([b'0'; REPL_ID_LEN]);

    /// An id of 20 random bytes.
    pub fn from_random(bytes: [u8; REPL_ID_LEN / 2]) -> ReplId {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut id = [0; REPL_ID_LEN];
        for (pair, byte) in id.chunks_exact_mut(2).zip(bytes) {
            pair[0] = HEX[(byte >> 4) as usize];
            pair[1] = HEX[(byte & 15) as usize];
        }
        ReplId(id)
    }

    /// An id from the wire or a file: 40 printable characters without a space.
    pub fn parse(bytes: &[u8]) -> Option<ReplId> {
        let id: [u8; REPL_ID_LEN] = bytes.try_into().ok()?;
        id.iter().all(u8::is_ascii_graphic).then_some(ReplId(id))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an id is ASCII")
    }

    /// Whether a replica's spelling names this id; letter case does not matter.
    pub fn is(&self, asked: &[u8]) -> bool {
        self.0.eq_ignore_ascii_case(asked)
    }
}

impl fmt::Display for ReplId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ReplId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The history our data is a state of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    pub replid: ReplId,
    /// The id that our history had before; ZERO when there is none.
    pub replid2: ReplId,
    /// The first byte under `replid2` that is not ours as well; -1 when there is no `replid2`.
    pub second_repl_offset: i64,
    /// The last byte of the stream that our data contains: master_repl_offset.
    pub offset: i64,
}

impl History {
    /// A history that begins here.
    pub fn new(replid: ReplId) -> History {
        History { replid, replid2: ReplId::ZERO, second_repl_offset: -1, offset: 0 }
    }

    /// Breaks with the past: what was written until now can be continued by nobody.
    pub fn restart(&mut self, replid: ReplId) {
        self.replid = replid;
        self.forget_second();
    }

    pub fn forget_second(&mut self) {
        self.replid2 = ReplId::ZERO;
        self.second_repl_offset = -1;
    }

    /// A new history that goes on from the present one: we are promoted, or our primary was and says its new id. Who has
    /// the old history up to here may follow.
    pub fn shift(&mut self, replid: ReplId) {
        self.replid2 = self.replid;
        // A replica asks for the first byte that it does not have, hence the one after the last we share.
        self.second_repl_offset = self.offset + 1;
        self.replid = replid;
    }

    /// After a full sync: the primary's history, from `offset` on.
    pub fn adopt(&mut self, replid: ReplId, offset: i64) {
        self.restart(replid);
        self.offset = offset;
    }
}

/// What PSYNC is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The stream goes on from this byte.
    Continue { from: i64 },
    /// A full sync is needed.
    Full(FullReason),
}

/// Why a replica needs a full sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FullReason {
    /// It asked for one: `PSYNC ? -1`.
    Requested,
    /// It follows a history that we do not know.
    UnknownHistory { asked: Vec<u8> },
    /// It follows our former history, further than we did.
    BeyondSecondId { asked: i64, limit: i64 },
    /// We keep no backlog.
    NoBacklog { asked: i64, offset: i64 },
    /// What it asks for has left the backlog (or was never in it).
    OutsideBacklog { asked: i64, window: Window, offset: i64 },
}

/// Whether a replica that wants byte `from` of history `replid` can go on with what we have.
pub fn verdict(history: &History, window: Option<Window>, replid: &[u8], from: i64) -> Verdict {
    if !history.replid.is(replid) {
        if replid.first() == Some(&b'?') {
            return Verdict::Full(FullReason::Requested);
        }
        if !history.replid2.is(replid) {
            return Verdict::Full(FullReason::UnknownHistory { asked: replid.to_vec() });
        }
        if from > history.second_repl_offset {
            return Verdict::Full(FullReason::BeyondSecondId {
                asked: from,
                limit: history.second_repl_offset,
            });
        }
    }
    match window {
        None => Verdict::Full(FullReason::NoBacklog { asked: from, offset: history.offset }),
        Some(window) if from < window.first || from > window.end => {
            Verdict::Full(FullReason::OutsideBacklog { asked: from, window, offset: history.offset })
        }
        Some(_) => Verdict::Continue { from },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> ReplId {
        ReplId::from_random([byte; 20])
    }

    fn promoted() -> (History, Option<Window>) {
        let mut history = History::new(id(0xaa));
        history.offset = 100;
        history.shift(id(0xbb));
        history.offset = 150;
        (history, Some(Window { first: 50, end: 151 }))
    }

    fn ask(replid: &ReplId, from: i64) -> Verdict {
        let (history, window) = promoted();
        verdict(&history, window, replid.as_bytes(), from)
    }

    #[test]
    fn our_own_history_continues_inside_the_window_only() {
        let outside = |asked| {
            let window = Window { first: 50, end: 151 };
            Verdict::Full(FullReason::OutsideBacklog { asked, window, offset: 150 })
        };
        assert_eq!(ask(&id(0xbb), 50), Verdict::Continue { from: 50 });
        assert_eq!(ask(&id(0xbb), 151), Verdict::Continue { from: 151 });
        assert_eq!(ask(&id(0xbb), 49), outside(49));
        assert_eq!(ask(&id(0xbb), 152), outside(152));
        assert_eq!(ask(&id(0xbb), -1), outside(-1));
    }

    #[test]
    fn the_former_history_continues_up_to_the_first_byte_not_shared() {
        assert_eq!(ask(&id(0xaa), 101), Verdict::Continue { from: 101 });
        let beyond = FullReason::BeyondSecondId { asked: 102, limit: 101 };
        assert_eq!(ask(&id(0xaa), 102), Verdict::Full(beyond));
    }

    #[test]
    fn an_unknown_history_and_a_wish_for_a_full_sync_are_told_apart() {
        let unknown = FullReason::UnknownHistory { asked: id(0xcc).as_bytes().to_vec() };
        assert_eq!(ask(&id(0xcc), 60), Verdict::Full(unknown));
        let (history, window) = promoted();
        assert_eq!(verdict(&history, window, b"?", -1), Verdict::Full(FullReason::Requested));
        assert_eq!(verdict(&history, window, b"?anything", 60), Verdict::Full(FullReason::Requested));
    }

    #[test]
    fn letter_case_of_an_id_does_not_matter() {
        let (history, window) = promoted();
        let upper = id(0xbb).as_str().to_uppercase();
        assert_eq!(verdict(&history, window, upper.as_bytes(), 60), Verdict::Continue { from: 60 });
    }

    #[test]
    fn without_a_backlog_there_is_no_continuing() {
        let (history, _) = promoted();
        let none = FullReason::NoBacklog { asked: 151, offset: 150 };
        assert_eq!(verdict(&history, None, id(0xbb).as_bytes(), 151), Verdict::Full(none));
    }

    #[test]
    fn the_zero_id_of_a_server_without_a_second_history_admits_nobody() {
        let mut history = History::new(id(0xaa));
        history.offset = 10;
        let window = Some(Window { first: 1, end: 11 });
        let zero = ReplId::ZERO;
        for from in [0, 1, 5, 11] {
            assert!(matches!(verdict(&history, window, zero.as_bytes(), from), Verdict::Full(_)), "{from}");
        }
    }

    #[test]
    fn ids_come_only_as_forty_printable_characters() {
        assert_eq!(ReplId::parse(id(7).as_bytes()), Some(id(7)));
        assert_eq!(ReplId::parse(b"short"), None);
        assert_eq!(ReplId::parse(&[b' '; 40]), None);
        assert_eq!(ReplId::parse(&[0xff; 40]), None);
    }
}
