//! One entry: how it is written, measured and read. The layout stands in the parent's description.

use crate::number::int;

const STRING_6: u8 = 0x80;
const INT_13: u8 = 0xc0;
const STRING_12: u8 = 0xe0;
const STRING_32: u8 = 0xf0;
const INT_16: u8 = 0xf1;
const INT_24: u8 = 0xf2;
const INT_32: u8 = 0xf3;
const INT_64: u8 = 0xf4;

/// The longest string whose head is one byte.
pub(super) const STRING_6_MAX: usize = 63;

const HEAD_MAX: usize = 9;
/// A number and its backlen, and some more: a round number of bytes is copied at once.
pub(super) const INT_MAX: usize = 16;
const BACKLEN_MAX: usize = 5;

/// What an entry holds. To write, bytes that are the text of an integer become that integer. To read, both may stand for
/// the same text only in bytes that Redis did not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entry<'a> {
    Str(&'a [u8]),
    Int(i64),
}

/// Room for the text of an integer.
pub type IntText = itoa::Buffer;

impl<'a> Entry<'a> {
    /// The bytes that the entry stands for, written into `room` if it is an integer.
    #[inline]
    pub fn text<'b>(self, room: &'b mut IntText) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            Self::Str(bytes) => bytes,
            Self::Int(number) => room.format(number).as_bytes(),
        }
    }

    /// Appends the bytes that the entry stands for.
    #[inline]
    pub fn append_to(self, out: &mut Vec<u8>) {
        match self {
            Self::Str(bytes) => out.extend_from_slice(bytes),
            Self::Int(number) => int::append(out, number),
        }
    }

    pub fn to_vec(self) -> Vec<u8> {
        self.text(&mut IntText::new()).to_vec()
    }

    /// How many bytes it stands for.
    #[inline]
    pub fn text_len(self) -> usize {
        match self {
            Self::Str(bytes) => bytes.len(),
            Self::Int(number) => int::text_len(number),
        }
    }

    /// The integer it is, or whose text it is.
    #[inline]
    pub fn as_int(self) -> Option<i64> {
        match self {
            Self::Str(bytes) => int::parse(bytes),
            Self::Int(number) => Some(number),
        }
    }

    /// Whether it stands for these bytes; to ask many entries the same, see [`Needle`].
    #[inline(always)]
    pub fn reads(self, bytes: &[u8]) -> bool {
        match self {
            Self::Str(known) => known == bytes,
            Self::Int(number) => int::parse(bytes) == Some(number),
        }
    }

    /// Whether it stands for the bytes of `needle`.
    #[inline(always)]
    pub fn is(self, needle: &Needle<'_>) -> bool {
        match self {
            // Names that are numbered differ at their end.
            Self::Str(bytes) => {
                bytes.len() == needle.bytes.len()
                    && bytes.last() == needle.bytes.last()
                    && bytes == needle.bytes
            }
            Self::Int(number) => needle.number == Some(number),
        }
    }

    /// The bytes it takes in a listpack.
    pub fn encoded_size(self) -> usize {
        Encoded::new(self).parts().iter().map(|part| part.len()).sum()
    }
}

impl<'a> From<&'a [u8]> for Entry<'a> {
    #[inline]
    fn from(bytes: &'a [u8]) -> Self {
        Self::Str(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Entry<'a> {
    #[inline]
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Str(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Entry<'a> {
    #[inline]
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Str(bytes)
    }
}

impl From<i64> for Entry<'_> {
    #[inline]
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

/// Bytes to compare entries with, and the integer that they are, so that no entry needs to be made text.
#[derive(Clone, Copy, Debug)]
pub struct Needle<'a> {
    bytes: &'a [u8],
    number: Option<i64>,
}

impl<'a> Needle<'a> {
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, number: int::parse(bytes) }
    }
}

/// An entry as it is to be written.
pub(super) struct Encoded<'a> {
    head: [u8; HEAD_MAX],
    head_len: usize,
    data: &'a [u8],
    back: Backlen,
}

impl<'a> Encoded<'a> {
    #[inline]
    pub(super) fn new(value: Entry<'a>) -> Self {
        let (head, head_len, data) = match value {
            Entry::Int(number) => int_head(number),
            Entry::Str(bytes) => match int::parse(bytes) {
                Some(number) => int_head(number),
                None => string_head(bytes),
            },
        };
        let back = Backlen::new(head_len + data.len());
        Self { head, head_len, data, back }
    }

    #[inline(always)]
    pub(super) fn parts(&self) -> [&[u8]; 3] {
        [&self.head[..self.head_len], self.data, self.back.bytes()]
    }
}

fn int_head(number: i64) -> ([u8; HEAD_MAX], usize, &'static [u8]) {
    let mut head = [0; HEAD_MAX];
    let (first, len) = match number {
        0..=0x7f => {
            head[0] = number as u8;
            return (head, 1, &[]);
        }
        -0x1000..=0xfff => {
            head[0] = INT_13 | (number >> 8) as u8 & 0x1f;
            head[1] = number as u8;
            return (head, 2, &[]);
        }
        -0x8000..=0x7fff => (INT_16, 2),
        -0x80_0000..=0x7f_ffff => (INT_24, 3),
        -0x8000_0000..=0x7fff_ffff => (INT_32, 4),
        _ => (INT_64, 8),
    };
    head[0] = first;
    head[1..].copy_from_slice(&number.to_le_bytes());
    (head, 1 + len, &[])
}

/// A number as it is to be written, the backlen with it: bytes of which so many count.
#[inline(always)]
pub(super) fn encode_int(number: i64) -> ([u8; INT_MAX], usize) {
    let mut whole = [0; INT_MAX];
    if let 0..=0x7f = number {
        whole[..2].copy_from_slice(&[number as u8, 1]);
        return (whole, 2);
    }
    let (head, len, _) = int_head(number);
    whole[..HEAD_MAX].copy_from_slice(&head);
    whole[len] = len as u8;
    (whole, len + 1)
}

/// Writes a string of up to [`STRING_6_MAX`] bytes, which is no number, with its head and backlen.
#[inline(always)]
pub(super) fn encode_short(room: &mut [u8], bytes: &[u8]) {
    let [head, data @ .., back] = room else { unreachable!("there is room for the head and the backlen") };
    *head = STRING_6 | bytes.len() as u8;
    data.copy_from_slice(bytes);
    *back = 1 + bytes.len() as u8;
}

#[inline(always)]
fn string_head(bytes: &[u8]) -> ([u8; HEAD_MAX], usize, &[u8]) {
    let mut head = [0; HEAD_MAX];
    let len = bytes.len();
    let head_len = if len < 1 << 6 {
        head[0] = STRING_6 | len as u8;
        1
    } else if len < 1 << 12 {
        head[0] = STRING_12 | (len >> 8) as u8;
        head[1] = len as u8;
        2
    } else {
        let len = u32::try_from(len).expect("would_overflow was asked");
        head[0] = STRING_32;
        head[1..5].copy_from_slice(&len.to_le_bytes());
        5
    };
    (head, head_len, bytes)
}

/// The size of head and data, as it stands at the end of an entry.
struct Backlen {
    bytes: [u8; BACKLEN_MAX],
    len: usize,
}

impl Backlen {
    #[inline(always)]
    fn new(size: usize) -> Self {
        let len = backlen_size(size);
        let mut bytes = [0; BACKLEN_MAX];
        for (i, byte) in bytes[..len].iter_mut().enumerate() {
            let bits = (size >> (7 * (len - 1 - i))) as u8 & 0x7f;
            *byte = if i == 0 { bits } else { bits | 0x80 };
        }
        Self { bytes, len }
    }

    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// How many bytes the backlen of an entry takes whose head and data have `size` bytes. The limits are Redis's: the last
/// number that would fit goes to the next length.
#[inline(always)]
fn backlen_size(size: usize) -> usize {
    if size <= 127 {
        1
    } else if size < 16_383 {
        2
    } else if size < 2_097_151 {
        3
    } else if size < 268_435_455 {
        4
    } else {
        5
    }
}

/// The size of the whole entry by its first byte, or 0 where that is not enough to know it. Those known are all so short
/// that the backlen is one byte, the size less one. A processor foresees which kind comes, which is why this is no table:
/// the next entry need not wait for it.
#[inline(always)]
fn short_size(first: u8) -> u8 {
    match first {
        0..STRING_6 => 2,
        STRING_6..INT_13 => 2 + (first & 0x3f),
        INT_13..STRING_12 => 3,
        INT_16 => 4,
        INT_24 => 5,
        INT_32 => 6,
        INT_64 => 10,
        _ => 0,
    }
}

/// Where the entry at `at` ends, if it lies inside `bytes`, is one, and says its size at its end too.
#[inline(always)]
pub(super) fn checked_after(bytes: &[u8], at: usize) -> Option<usize> {
    match short_size(*bytes.get(at)?) {
        0 => checked_after_long(bytes, at),
        size => {
            let next = at + usize::from(size);
            (*bytes.get(next - 1)? == size - 1).then_some(next)
        }
    }
}

fn checked_after_long(bytes: &[u8], at: usize) -> Option<usize> {
    let size = long_size_at(bytes, at)?;
    let backlen = Backlen::new(size);
    let end = at + size;
    (bytes.get(end..end + backlen.len)? == backlen.bytes()).then_some(end + backlen.len)
}

/// Where the validated entry at `at` ends.
#[inline(always)]
pub(super) fn after(bytes: &[u8], at: usize) -> usize {
    match short_size(bytes[at]) {
        0 => after_long(bytes, at),
        size => at + usize::from(size),
    }
}

fn after_long(bytes: &[u8], at: usize) -> usize {
    let size = long_size_at(bytes, at).expect("a cursor is where an entry begins");
    at + size + backlen_size(size)
}

/// The size of head and data of an entry that has one of the longer strings.
fn long_size_at(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at..)? {
        [STRING_32, len @ ..] => Some(5 + u32::from_le_bytes(*len.first_chunk()?) as usize),
        [first @ STRING_12..STRING_32, low, ..] => {
            Some(2 + (usize::from(first & 0xf) << 8 | usize::from(*low)))
        }
        _ => None,
    }
}

/// The size of the whole entry that ends before `at`.
#[inline(always)]
pub(super) fn size_before(bytes: &[u8], at: usize) -> usize {
    let (mut size, mut shift) = (0, 0);
    for i in 1..=BACKLEN_MAX {
        let byte = bytes[at - i];
        size |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    size + backlen_size(size)
}

/// The validated entry at `at`, and where the next one begins.
#[inline(always)]
pub(super) fn read(bytes: &[u8], at: usize) -> (Entry<'_>, usize) {
    let first = bytes[at];
    match first {
        0..STRING_6 => (Entry::Int(i64::from(first)), at + 2),
        STRING_6..INT_13 => {
            let end = at + 1 + usize::from(first & 0x3f);
            (Entry::Str(&bytes[at + 1..end]), end + 1)
        }
        STRING_12..=STRING_32 => read_long(bytes, at),
        INT_13..STRING_12 => {
            let [low] = data(bytes, at);
            // The five bits of the first byte are put highest, so that the shift back brings the sign along.
            let number = (i16::from(first) << 11 | i16::from(low) << 3) >> 3;
            (Entry::Int(i64::from(number)), at + 3)
        }
        INT_16 => (Entry::Int(i64::from(i16::from_le_bytes(data(bytes, at)))), at + 4),
        INT_24 => {
            let [a, b, c] = data(bytes, at);
            (Entry::Int(i64::from(i32::from_le_bytes([0, a, b, c]) >> 8)), at + 5)
        }
        INT_32 => (Entry::Int(i64::from(i32::from_le_bytes(data(bytes, at)))), at + 6),
        INT_64 => (Entry::Int(i64::from_le_bytes(data(bytes, at))), at + 10),
        _ => unreachable!("a cursor is where an entry begins"),
    }
}

/// The bytes after the first one.
#[inline(always)]
fn data<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    *bytes[at + 1..].first_chunk().expect("an entry lies inside")
}

fn read_long(bytes: &[u8], at: usize) -> (Entry<'_>, usize) {
    let size = long_size_at(bytes, at).expect("a cursor is where an entry begins");
    let head = if bytes[at] == STRING_32 { 5 } else { 2 };
    (Entry::Str(&bytes[at + head..at + size]), at + size + backlen_size(size))
}
