//! What a key holds, and how it is encoded.
//!
//! A value is read as a [`ValueRef`] and stored as a [`NewValue`], which says how its encoding is chosen. The
//! only type so far is the string, kept as an integer, embedded (embstr) or raw.

use crate::ds::entry::{EMBSTR_MAX, Stored};
pub use crate::ds::entry::{Encoding, ValueRef};

/// The longest string that can be an integer: `-9223372036854775808`.
const INT_STR_MAX: usize = 20;

/// A value to store.
#[derive(Clone, Copy, Debug)]
pub enum NewValue<'a> {
    /// Whichever encoding is the smallest, as SET does: int if the bytes are an integer's canonical form,
    /// else as `Plain`.
    Encode(&'a [u8]),
    /// An integer, as INCR makes.
    Int(i64),
    /// embstr up to 44 bytes and raw above, never int (INCRBYFLOAT).
    Plain(&'a [u8]),
    /// raw whatever the length (SETRANGE, SETBIT on a missing key).
    Raw(&'a [u8]),
    /// In the given encoding, which must fit the bytes (COPY).
    Same(ValueRef<'a>, Encoding),
}

impl<'a> NewValue<'a> {
    /// Decides the encoding.
    pub fn stored(self) -> Stored<'a> {
        match self {
            NewValue::Encode(s) => match parse_int(s) {
                Some(n) => Stored::Int(n),
                None => plain(s),
            },
            NewValue::Int(n) | NewValue::Same(ValueRef::Int(n), _) => Stored::Int(n),
            NewValue::Plain(s) => plain(s),
            NewValue::Raw(s) | NewValue::Same(ValueRef::Str(s), Encoding::Raw) => Stored::Raw(s),
            NewValue::Same(ValueRef::Str(s), _) => plain(s),
        }
    }
}

fn plain(s: &[u8]) -> Stored<'_> {
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

impl<'a> ValueRef<'a> {
    /// The string's bytes; those of an integer are written into `buf`.
    pub fn bytes<'b>(self, buf: &'b mut IntBuf) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            ValueRef::Int(n) => buf.format(n),
            ValueRef::Str(s) => s,
        }
    }

    /// The string's bytes, owned.
    pub fn to_vec(self) -> Vec<u8> {
        self.bytes(&mut IntBuf::new()).to_vec()
    }

    /// The string's length in bytes (STRLEN).
    pub fn str_len(self) -> usize {
        match self {
            ValueRef::Int(n) => IntBuf::new().format(n).len(),
            ValueRef::Str(s) => s.len(),
        }
    }

    /// The value as an integer, if it is one in canonical form.
    pub fn to_int(self) -> Option<i64> {
        match self {
            ValueRef::Int(n) => Some(n),
            ValueRef::Str(s) => parse_int(s),
        }
    }

    /// The type's name, as TYPE gives it.
    pub fn type_name(self) -> &'static str {
        match self {
            ValueRef::Int(_) | ValueRef::Str(_) => "string",
        }
    }
}

impl Encoding {
    /// The name, as OBJECT ENCODING gives it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Int => "int",
            Encoding::Embstr => "embstr",
            Encoding::Raw => "raw",
        }
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
        assert!(matches!(NewValue::Encode(b"12").stored(), Stored::Int(12)));
        assert!(matches!(NewValue::Encode(b"012").stored(), Stored::Embstr(b"012")));
        assert!(matches!(NewValue::Plain(b"12").stored(), Stored::Embstr(b"12")));
        assert!(matches!(NewValue::Encode(&long[..44]).stored(), Stored::Embstr(_)));
        assert!(matches!(NewValue::Encode(&long).stored(), Stored::Raw(_)));
        assert!(matches!(NewValue::Raw(b"").stored(), Stored::Raw(b"")));
    }

    #[test]
    fn the_length_of_an_integer_is_that_of_its_digits() {
        for n in [0, 9, 10, -1, -10, i64::MAX, i64::MIN] {
            assert_eq!(ValueRef::Int(n).str_len(), n.to_string().len());
            assert_eq!(ValueRef::Int(n).to_vec(), n.to_string().as_bytes());
        }
    }
}
