//! Ziplist: what listpacks were before Redis 7.0, in snapshots of lists, hashes and sorted sets. It is only read.
//!
//! ```text
//! | total: u32 | tail: u32 | count: u16 | entry | entry | ... | 0xFF |      (little endian)
//! entry = | length of the previous entry | head | data |
//! ```
//!
//! `total` counts everything; `tail` is where the last entry begins; `count` is 65535 when there are more than it can say.
//! The length of the previous entry, all its parts counted, is a byte under 254, or 254 and a u32. The head:
//!
//! ```text
//! 00LLLLLL                  a string of up to 63 bytes
//! 01LLLLLL LLLLLLLL         of up to 16383, the high bits first
//! 10______ u32              a longer one, big endian
//! 0xC0 0xD0 0xE0 0xF0 0xFE  an integer of 16, 32, 64, 24, 8 bits, little endian, signed
//! 1111vvvv                  the integer v - 1, for v from 1 to 13
//! ```
//!
//! # Use
//!
//! `Ziplist::new(bytes)` looks at every entry; then `len is_empty iter pairs`, whose entries are those of
//! [`crate::listpack`], so `ziplist.iter().collect()` is the [`Listpack`](crate::listpack::Listpack) that Redis makes of it.

use crate::listpack::Entry;

const HEADER: usize = 10;
const END: u8 = 0xff;
const COUNT_UNKNOWN: u16 = u16::MAX;
/// The first byte of a length of five bytes.
const LONG_LENGTH: u8 = 254;

/// Bytes that are no ziplist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("invalid ziplist")
    }
}

impl std::error::Error for Invalid {}

/// Entries that have all been looked at.
#[derive(Clone, Copy, Debug)]
pub struct Ziplist<'a> {
    entries: &'a [u8],
    len: usize,
}

impl<'a> Ziplist<'a> {
    /// Looks at everything: header and end, that every entry lies inside and knows the length of the one before, and that
    /// they are as many as the header says.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Invalid> {
        let (header, rest) = bytes.split_first_chunk::<HEADER>().ok_or(Invalid)?;
        let [a, b, c, d, e, f, g, h, i, j] = *header;
        let total = u32::from_le_bytes([a, b, c, d]) as usize;
        let tail = u32::from_le_bytes([e, f, g, h]) as usize;
        let count = u16::from_le_bytes([i, j]);
        let (&last, entries) = rest.split_last().ok_or(Invalid)?;
        if total != bytes.len() || last != END || tail > total - 1 {
            return Err(Invalid);
        }
        let (mut rest, mut len, mut previous) = (entries, 0, 0);
        while !rest.is_empty() {
            let (item, after) = take(rest).ok_or(Invalid)?;
            if item.previous != previous {
                return Err(Invalid);
            }
            previous = rest.len() - after.len();
            rest = after;
            len += 1;
        }
        let tail_is_last = len == 0 || tail == total - 1 - previous;
        let count_is_right = count == COUNT_UNKNOWN || usize::from(count) == len;
        if tail_is_last && count_is_right { Ok(Self { entries, len }) } else { Err(Invalid) }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn iter(&self) -> Iter<'a> {
        Iter(self.entries)
    }

    /// Two by two. An entry that has no other is left out.
    pub fn pairs(&self) -> impl Iterator<Item = (Entry<'a>, Entry<'a>)> + use<'a> {
        let mut entries = self.iter();
        std::iter::from_fn(move || Some((entries.next()?, entries.next()?)))
    }
}

/// The entries of a ziplist.
#[derive(Clone, Debug)]
pub struct Iter<'a>(&'a [u8]);

impl<'a> Iterator for Iter<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let (item, rest) = take(self.0)?;
        self.0 = rest;
        Some(item.entry)
    }
}

struct Item<'a> {
    previous: usize,
    entry: Entry<'a>,
}

/// Takes one entry off the front.
fn take(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let (previous, bytes) = match bytes {
        [END, ..] => return None,
        [LONG_LENGTH, bytes @ ..] => {
            let (length, bytes) = bytes.split_first_chunk()?;
            (u32::from_le_bytes(*length) as usize, bytes)
        }
        [length, bytes @ ..] => (usize::from(*length), bytes),
        [] => return None,
    };
    let (&head, bytes) = bytes.split_first()?;
    let (entry, rest) = match head >> 6 {
        0 => string(usize::from(head), bytes)?,
        1 => {
            let (&low, bytes) = bytes.split_first()?;
            string(usize::from(head & 0x3f) << 8 | usize::from(low), bytes)?
        }
        2 => {
            let (length, bytes) = bytes.split_first_chunk()?;
            string(u32::from_be_bytes(*length) as usize, bytes)?
        }
        _ => match head {
            0xc0 => integer(bytes, |number| i64::from(i16::from_le_bytes(number)))?,
            0xd0 => integer(bytes, |number| i64::from(i32::from_le_bytes(number)))?,
            0xe0 => integer(bytes, i64::from_le_bytes)?,
            0xf0 => integer(bytes, |[a, b, c]| i64::from(i32::from_le_bytes([0, a, b, c]) >> 8))?,
            0xfe => integer(bytes, |number| i64::from(i8::from_le_bytes(number)))?,
            0xf1..=0xfd => (Entry::Int(i64::from(head & 0xf) - 1), bytes),
            _ => return None,
        },
    };
    Some((Item { previous, entry }, rest))
}

fn string(len: usize, bytes: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let (string, rest) = bytes.split_at_checked(len)?;
    Some((Entry::Str(string), rest))
}

fn integer<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> i64) -> Option<(Entry<'_>, &[u8])> {
    let (data, rest) = bytes.split_first_chunk()?;
    Some((Entry::Int(number(*data)), rest))
}
