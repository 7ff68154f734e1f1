//! The ids of entries: a Unix time in milliseconds and a number within it, written `ms-seq`.

use c_compat::number::int;

/// A longer text is no id.
const TEXT_MAX: usize = 127;

/// The id of an entry. Ids are compared by their time first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    pub ms: u64,
    pub seq: u64,
}

/// An id as XADD takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewId {
    /// `*`: this moment, Unix time in ms, or what follows the last id if that is not past.
    Auto(u64),
    /// `ms-*`: the next of this time.
    At(u64),
    Given(StreamId),
}

/// Room for the text of an id.
#[derive(Clone, Copy, Debug)]
pub struct IdText([u8; StreamId::TEXT_MAX]);

impl IdText {
    #[must_use]
    pub fn new() -> Self {
        IdText([0; StreamId::TEXT_MAX])
    }
}

impl Default for IdText {
    fn default() -> Self {
        Self::new()
    }
}

impl StreamId {
    pub const MIN: StreamId = StreamId { ms: 0, seq: 0 };
    pub const MAX: StreamId = StreamId { ms: u64::MAX, seq: u64::MAX };
    /// Two numbers and the hyphen.
    pub const TEXT_MAX: usize = 2 * int::TEXT_MAX + 1;

    #[must_use]
    pub fn new(ms: u64, seq: u64) -> Self {
        StreamId { ms, seq }
    }

    /// The id that a text is, `missing_seq` standing for a number that it leaves out. `-` and `+` are the least and the
    /// greatest id.
    #[must_use]
    pub fn parse(text: &[u8], missing_seq: u64) -> Option<Self> {
        match text {
            b"-" => Some(Self::MIN),
            b"+" => Some(Self::MAX),
            _ => Self::parse_strict(text, missing_seq),
        }
    }

    /// The same, where `-` and `+` are no ids.
    #[must_use]
    pub fn parse_strict(text: &[u8], missing_seq: u64) -> Option<Self> {
        let (ms, seq) = split(text)?;
        let seq = seq.map_or(Some(missing_seq), number)?;
        Some(StreamId { ms: number(ms)?, seq })
    }

    /// The id of a new entry, as far as it is given: `ms-seq`, `ms` or `ms-*`.
    #[must_use]
    pub fn parse_new(text: &[u8]) -> Option<NewId> {
        let (ms, seq) = split(text)?;
        match seq {
            Some(b"*") => number(ms).map(NewId::At),
            _ => Self::parse_strict(text, 0).map(NewId::Given),
        }
    }

    /// An end of an interval: as [`StreamId::parse`], or with `(` before it, which leaves that id out; true if it does.
    #[must_use]
    pub fn parse_bound(text: &[u8], missing_seq: u64) -> Option<(Self, bool)> {
        match text {
            [b'(', id @ ..] if !id.is_empty() => Some((Self::parse_strict(id, missing_seq)?, true)),
            id => Some((Self::parse(id, missing_seq)?, false)),
        }
    }

    /// The next id, if there is one.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        match (self.ms, self.seq) {
            (u64::MAX, u64::MAX) => None,
            (ms, u64::MAX) => Some(StreamId { ms: ms + 1, seq: 0 }),
            (ms, seq) => Some(StreamId { ms, seq: seq + 1 }),
        }
    }

    /// The id before it, if there is one.
    #[must_use]
    pub fn prev(self) -> Option<Self> {
        match (self.ms, self.seq) {
            (0, 0) => None,
            (ms, 0) => Some(StreamId { ms: ms - 1, seq: u64::MAX }),
            (ms, seq) => Some(StreamId { ms, seq: seq - 1 }),
        }
    }

    /// Sixteen bytes that are ordered as ids are: what snapshots hold.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.ms) << 64 | u128::from(self.seq)).to_be_bytes()
    }

    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let both = u128::from_be_bytes(bytes);
        StreamId { ms: (both >> 64) as u64, seq: both as u64 }
    }

    /// The text, written into `room`.
    #[inline]
    pub fn text(self, room: &mut IdText) -> &[u8] {
        let mut digits = itoa::Buffer::new();
        let ms = digits.format(self.ms).as_bytes();
        let mut len = ms.len();
        room.0[..len].copy_from_slice(ms);
        room.0[len] = b'-';
        len += 1;
        let seq = digits.format(self.seq).as_bytes();
        room.0[len..len + seq.len()].copy_from_slice(seq);
        len += seq.len();
        &room.0[..len]
    }
}

impl std::fmt::Display for StreamId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

/// What stands before and behind the hyphen, up to the first zero byte, where a C string ends.
fn split(text: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    if text.len() > TEXT_MAX {
        return None;
    }
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    Some(match text.iter().position(|byte| *byte == b'-') {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    })
}

/// A number as Redis reads it here: in its canonical form, and then it must not be negative, or else as `strtoull` does,
/// which passes over white space and leading zeros and takes a sign.
fn number(text: &[u8]) -> Option<u64> {
    if let Some(n) = int::parse(text) {
        return u64::try_from(n).ok();
    }
    // The vertical tab is white space to C.
    let spaces = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    let digits = &text[spaces..];
    if digits.is_empty() { None } else { int::parse_cursor(digits) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64, seq: u64) -> Option<StreamId> {
        Some(StreamId { ms, seq })
    }

    #[test]
    fn ids_are_read_as_redis_reads_them() {
        assert_eq!(StreamId::parse(b"12-34", 7), id(12, 34));
        assert_eq!(StreamId::parse(b"12", 7), id(12, 7));
        assert_eq!(StreamId::parse(b"-", 7), id(0, 0));
        assert_eq!(StreamId::parse(b"+", 7), id(u64::MAX, u64::MAX));
        assert_eq!(StreamId::parse_strict(b"-", 7), None);
        assert_eq!(StreamId::parse_strict(b"+", 7), None);
        assert_eq!(StreamId::parse(b"18446744073709551615-18446744073709551615", 0), id(u64::MAX, u64::MAX));
        assert_eq!(StreamId::parse(b"18446744073709551616", 0), None);
        assert_eq!(StreamId::parse(b" 1-007", 0), id(1, 7));
        assert_eq!(StreamId::parse(b"+1-+2", 0), id(1, 2));
        assert_eq!(StreamId::parse(b"1--2", 0), None);
        assert_eq!(StreamId::parse(b"1--02", 0), id(1, u64::MAX - 1));
        assert_eq!(StreamId::parse(b"1-1\0x", 0), id(1, 1));
        for bad in [b"".as_slice(), b"-1", b"1-", b"1-x", b"x", b"1-2-3", b"1-*", b"*", b"$", b">", b" "] {
            assert_eq!(StreamId::parse(bad, 0), None, "{}", bad.escape_ascii());
        }
        assert_eq!(StreamId::parse(&[b'1'; 128], 0), None);
    }

    #[test]
    fn a_new_id_may_leave_its_number_open() {
        assert_eq!(StreamId::parse_new(b"5-*"), Some(NewId::At(5)));
        assert_eq!(StreamId::parse_new(b"5-1"), Some(NewId::Given(StreamId::new(5, 1))));
        assert_eq!(StreamId::parse_new(b"5"), Some(NewId::Given(StreamId::new(5, 0))));
        assert_eq!(StreamId::parse_new(b"5-*1"), None);
        assert_eq!(StreamId::parse_new(b"+"), None);
    }

    #[test]
    fn a_parenthesis_leaves_a_bound_out() {
        assert_eq!(StreamId::parse_bound(b"(5-1", 0), Some((StreamId::new(5, 1), true)));
        assert_eq!(StreamId::parse_bound(b"5", 3), Some((StreamId::new(5, 3), false)));
        assert_eq!(StreamId::parse_bound(b"(+", 0), None);
        assert_eq!(StreamId::parse_bound(b"(", 0), None);
    }

    #[test]
    fn ids_follow_each_other() {
        assert_eq!(StreamId::new(1, u64::MAX).next(), id(2, 0));
        assert_eq!(StreamId::MAX.next(), None);
        assert_eq!(StreamId::new(2, 0).prev(), id(1, u64::MAX));
        assert_eq!(StreamId::MIN.prev(), None);
        assert_eq!(StreamId::new(1, 2).next(), id(1, 3));
    }

    #[test]
    fn texts_and_bytes_give_the_id_back() {
        for id in [StreamId::MIN, StreamId::MAX, StreamId::new(1_526_919_030_474, 55)] {
            let mut room = IdText::new();
            assert_eq!(StreamId::parse_strict(id.text(&mut room), 0), Some(id));
            assert_eq!(id.text(&mut room), id.to_string().as_bytes());
            assert_eq!(StreamId::from_bytes(id.to_bytes()), id);
        }
    }
}
