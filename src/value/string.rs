//! Strings: kept as an integer, embedded (embstr) or raw.

use super::{EMBSTR_MAX, Stored};
use crate::ds::long::LongRef;

/// The longest string that can be an integer: `-9223372036854775808`.
const INT_STR_MAX: usize = 20;

/// A string as commands see it.
#[derive(Clone, Copy, Debug)]
pub enum StrRef<'a> {
    /// One that is kept as an integer.
    Int(i64),
    Bytes(&'a [u8]),
    /// One that can be shared with a reply.
    Long(LongRef<'a>),
}

impl PartialEq for StrRef<'_> {
    /// Whether both are integers or neither is, and they are the same string.
    fn eq(&self, other: &StrRef<'_>) -> bool {
        match (self, other) {
            (StrRef::Int(a), StrRef::Int(b)) => a == b,
            (StrRef::Int(_), _) | (_, StrRef::Int(_)) => false,
            _ => self.bytes(&mut IntBuf::new()) == other.bytes(&mut IntBuf::new()),
        }
    }
}

impl Eq for StrRef<'_> {}

impl<'a> StrRef<'a> {
    /// The string's bytes; those of an integer are written into `buf`.
    pub fn bytes<'b>(self, buf: &'b mut IntBuf) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            StrRef::Int(n) => buf.format(n),
            StrRef::Bytes(s) => s,
            StrRef::Long(s) => s.bytes(),
        }
    }

    /// The string's bytes, owned.
    pub fn to_vec(self) -> Vec<u8> {
        self.bytes(&mut IntBuf::new()).to_vec()
    }

    /// The string's length in bytes (STRLEN).
    pub fn len(self) -> usize {
        match self {
            StrRef::Int(n) => IntBuf::new().format(n).len(),
            StrRef::Bytes(s) => s.len(),
            StrRef::Long(s) => s.bytes().len(),
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The value as an integer, if it is one in canonical form.
    pub fn to_int(self) -> Option<i64> {
        match self {
            StrRef::Int(n) => Some(n),
            StrRef::Bytes(s) => parse_int(s),
            // No integer is long.
            StrRef::Long(_) => None,
        }
    }
}

pub(super) fn encode(s: &[u8]) -> Stored<'_> {
    match parse_int(s) {
        Some(n) => Stored::Int(n),
        None => plain(s),
    }
}

pub(super) fn plain(s: &[u8]) -> Stored<'_> {
    if s.len() <= EMBSTR_MAX { Stored::Embstr(s) } else { Stored::Raw(s) }
}

/// The integer that `s` is the canonical decimal form of: no sign `+`, no leading zeros, no spaces.
pub fn parse_int(s: &[u8]) -> Option<i64> {
    let (negative, digits) = match s {
        [] => return None,
        [b'-', rest @ ..] => (true, rest),
        _ => (false, s),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] if s.len() <= INT_STR_MAX => {}
        _ => return None,
    }
    let mut magnitude: u64 = 0;
    for &c in digits {
        let digit = c.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        magnitude = magnitude.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// Room for the decimal form of an integer value.
#[derive(Default)]
pub struct IntBuf(itoa::Buffer);

impl IntBuf {
    pub fn new() -> IntBuf {
        IntBuf(itoa::Buffer::new())
    }

    pub fn format(&mut self, n: i64) -> &[u8] {
        self.0.format(n).as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_integers_are_integers() {
        for n in [0, 1, -1, 10, 1234567890, i64::MAX, i64::MIN] {
            assert_eq!(parse_int(n.to_string().as_bytes()), Some(n));
        }
        for s in [
            "",
            "-",
            "+1",
            "01",
            "-0",
            "-01",
            " 1",
            "1 ",
            "1.0",
            "a",
            "9223372036854775808",
            "-9223372036854775809",
            "99999999999999999999",
            "100000000000000000000",
        ] {
            assert_eq!(parse_int(s.as_bytes()), None, "{s:?}");
        }
    }

    #[test]
    fn the_encoding_is_the_one_redis_chooses() {
        let long = [b'x'; 45];
        assert!(matches!(encode(b"12"), Stored::Int(12)));
        assert!(matches!(encode(b"012"), Stored::Embstr(b"012")));
        assert!(matches!(plain(b"12"), Stored::Embstr(b"12")));
        assert!(matches!(encode(&long[..44]), Stored::Embstr(_)));
        assert!(matches!(encode(&long), Stored::Raw(_)));
    }

    #[test]
    fn the_length_of_an_integer_is_that_of_its_digits() {
        for n in [0, 9, 10, -1, -10, i64::MAX, i64::MIN] {
            assert_eq!(StrRef::Int(n).len(), n.to_string().len());
            assert_eq!(StrRef::Int(n).to_vec(), n.to_string().as_bytes());
        }
    }
}
