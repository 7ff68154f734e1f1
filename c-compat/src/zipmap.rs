//! Zipmap: what small hashes were before Redis 2.6, in snapshots. It is only read.
//!
//! ```text
//! | count: u8 | length | field | length | free: u8 | value | free bytes | length | ... | 0xFF |
//! ```
//!
//! A length under 254 is a byte, a greater one 254 and a u32, little endian. `free` says how many bytes after the value mean
//! nothing. The count is 254 when there are more than it can say.
//!
//! # Use
//!
//! `Zipmap::new(bytes)` looks at every field and value; then `len` and `iter`. An empty zipmap is refused.

const END: u8 = 0xff;
/// A count that says nothing, and the least first byte of a length of five bytes.
const LARGE: u8 = 254;

/// Bytes that are no zipmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("invalid zipmap")
    }
}

impl std::error::Error for Invalid {}

/// Fields and values that have all been looked at.
#[derive(Clone, Copy, Debug)]
pub struct Zipmap<'a> {
    pairs: &'a [u8],
    len: usize,
}

impl<'a> Zipmap<'a> {
    pub fn new(bytes: &'a [u8]) -> Result<Self, Invalid> {
        let [count, pairs @ .., END] = bytes else { return Err(Invalid) };
        let (mut rest, mut len) = (pairs, 0);
        while !rest.is_empty() {
            (_, rest) = take(rest).ok_or(Invalid)?;
            len += 1;
        }
        let count_is_right = *count == LARGE || usize::from(*count) == len;
        if len > 0 && count_is_right { Ok(Self { pairs, len }) } else { Err(Invalid) }
    }

    /// How many fields there are: one at least.
    #[expect(clippy::len_without_is_empty, reason = "none is empty")]
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn iter(&self) -> Iter<'a> {
        Iter(self.pairs)
    }
}

/// A field and its value.
type Pair<'a> = (&'a [u8], &'a [u8]);

/// The fields of a zipmap with their values.
#[derive(Clone, Debug)]
pub struct Iter<'a>(&'a [u8]);

impl<'a> Iterator for Iter<'a> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (pair, rest) = take(self.0)?;
        self.0 = rest;
        Some(pair)
    }
}

/// Takes one field with its value off the front.
fn take(bytes: &[u8]) -> Option<(Pair<'_>, &[u8])> {
    if bytes.first() == Some(&END) {
        return None;
    }
    let (len, bytes) = length(bytes)?;
    let (field, bytes) = bytes.split_at_checked(len)?;
    let (len, bytes) = length(bytes)?;
    let (&free, bytes) = bytes.split_first()?;
    let (value, bytes) = bytes.split_at_checked(len)?;
    let (_, rest) = bytes.split_at_checked(usize::from(free))?;
    Some(((field, value), rest))
}

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, bytes) = bytes.split_first()?;
    if first < LARGE {
        return Some((usize::from(first), bytes));
    }
    let (len, bytes) = bytes.split_first_chunk()?;
    let len = u32::from_le_bytes(*len);
    // Redis refuses short lengths in the long form since it was found to read them in two ways.
    (len >= u32::from(LARGE)).then_some((len as usize, bytes))
}
