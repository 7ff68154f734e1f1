//! Intset: a set of integers as a sorted array, the form that small sets of integers have in memory and in snapshots,
//! with the very bytes that Redis writes.
//!
//! ```text
//! | width: u32 | len: u32 | number | number | ... |      (little endian, signed, ascending)
//! ```
//!
//! The width of all numbers is 2, 4 or 8 bytes: that of the widest number that was ever in the set, as it never gets
//! narrower again. A number that needs more is beyond all others, so it goes to one of the ends while the rest is widened.
//!
//! # Use
//!
//! An [`Intset`] is one pointer, also in an `Option`. Adding and removing is one move of what follows.
//!
//! `new from_bytes from_sorted clone as_bytes bytes len is_empty allocated width contains add remove get(index) min max
//! iter` (from both ends), and [`validate`] for bytes from outside. A random member is `get` of a random index.

use crate::block::{Block, Header, IntsetHeader};

const HEADER: usize = IntsetHeader::SIZE;

/// Invariant: the bytes are an intset, though maybe an empty one: the width is 2, 4 or 8 and the numbers ascend.
#[derive(Clone)]
pub struct Intset {
    block: Block<IntsetHeader>,
}

const _: () = assert!(size_of::<Option<Intset>>() == 8);

impl Default for Intset {
    fn default() -> Self {
        Self::new()
    }
}

/// Bytes that are no intset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("invalid intset")
    }
}

impl std::error::Error for Invalid {}

/// Looks at everything: the width, that the numbers are as many as the header says, and that they ascend. An empty intset
/// is refused, as there are no empty sets.
pub fn validate(bytes: &[u8]) -> Result<(), Invalid> {
    let (header, body) = framed(bytes)?;
    let ascends = match header.width {
        2 => body.as_chunks().0.is_sorted_by(|a, b| i16::from_le_bytes(*a) < i16::from_le_bytes(*b)),
        4 => body.as_chunks().0.is_sorted_by(|a, b| i32::from_le_bytes(*a) < i32::from_le_bytes(*b)),
        _ => body.as_chunks().0.is_sorted_by(|a, b| i64::from_le_bytes(*a) < i64::from_le_bytes(*b)),
    };
    if ascends { Ok(()) } else { Err(Invalid) }
}

/// Looks at the header only.
pub fn validate_shallow(bytes: &[u8]) -> Result<(), Invalid> {
    framed(bytes).map(drop)
}

fn framed(bytes: &[u8]) -> Result<(IntsetHeader, &[u8]), Invalid> {
    let (header, body) = bytes.split_first_chunk::<HEADER>().ok_or(Invalid)?;
    let [a, b, c, d, e, f, g, h] = *header;
    let header =
        IntsetHeader { width: u32::from_le_bytes([a, b, c, d]), len: u32::from_le_bytes([e, f, g, h]) };
    let valid = matches!(header.width, 2 | 4 | 8) && header.len > 0 && header.total() == bytes.len();
    if valid { Ok((header, body)) } else { Err(Invalid) }
}

impl Intset {
    pub fn new() -> Self {
        Self { block: Block::new(IntsetHeader { width: 2, len: 0 }, &[]) }
    }

    /// The intset that these bytes are, every number of which is looked at.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Invalid> {
        validate(bytes)?;
        let (header, body) = framed(bytes)?;
        Ok(Self { block: Block::new(header, body) })
    }

    /// The set of these numbers, which must ascend.
    pub fn from_sorted(numbers: &[i64]) -> Self {
        assert!(numbers.is_sorted_by(|a, b| a < b), "the numbers ascend");
        let width = match numbers {
            [] => 2,
            [first, ..] => width_of(*first).max(width_of(numbers[numbers.len() - 1])),
        };
        let len = u32::try_from(numbers.len()).expect("an intset has less than 2^32 members");
        let mut set = Self { block: Block::zeroed(IntsetHeader { width, len }) };
        let body = set.block.body_mut();
        for (index, number) in numbers.iter().enumerate() {
            write(body, width, index, *number);
        }
        set
    }

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.block.as_bytes()
    }

    /// The length of [`Self::as_bytes`].
    #[inline]
    pub fn bytes(&self) -> usize {
        self.block.header().total()
    }

    /// How much memory it takes beside the handle.
    pub fn allocated(&self) -> usize {
        self.block.allocated()
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.block.header().len as usize
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes each number takes: 2, 4 or 8.
    pub fn width(&self) -> usize {
        self.block.header().width as usize
    }

    #[inline(always)]
    fn numbers(&self) -> Numbers<'_> {
        let width = self.block.header().width;
        Numbers { body: &self.as_bytes()[HEADER..], width }
    }

    #[inline]
    pub fn contains(&self, number: i64) -> bool {
        let numbers = self.numbers();
        width_of(number) <= numbers.width && numbers.search(number).is_ok()
    }

    /// The member at `index` in ascending order.
    #[inline]
    pub fn get(&self, index: usize) -> Option<i64> {
        (index < self.len()).then(|| self.numbers().at(index))
    }

    pub fn min(&self) -> Option<i64> {
        self.get(0)
    }

    pub fn max(&self) -> Option<i64> {
        self.get(self.len().wrapping_sub(1))
    }

    /// The members in ascending order.
    #[inline]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = i64> + ExactSizeIterator + Clone + use<'_> {
        let numbers = self.numbers();
        (0..self.len()).map(move |index| numbers.at(index))
    }

    /// Whether it was not there before.
    pub fn add(&mut self, number: i64) -> bool {
        let IntsetHeader { width, len } = self.block.header();
        let more = len.checked_add(1).expect("an intset has less than 2^32 members");
        let wider = width_of(number);
        if wider > width {
            let numbers = self.numbers();
            let mut block = Block::zeroed(IntsetHeader { width: wider, len: more });
            let body = block.body_mut();
            let front = usize::from(number < 0);
            for index in 0..len as usize {
                write(body, wider, index + front, numbers.at(index));
            }
            write(body, wider, if number < 0 { 0 } else { len as usize }, number);
            self.block = block;
            return true;
        }
        let Err(index) = self.numbers().search(number) else { return false };
        let at = HEADER + index * width as usize;
        self.block.splice(
            IntsetHeader { width, len: more },
            at,
            0,
            &[&number.to_le_bytes()[..width as usize]],
        );
        true
    }

    /// Whether it was there.
    pub fn remove(&mut self, number: i64) -> bool {
        let IntsetHeader { width, len } = self.block.header();
        if width_of(number) > width {
            return false;
        }
        let Ok(index) = self.numbers().search(number) else { return false };
        let at = HEADER + index * width as usize;
        self.block.splice(IntsetHeader { width, len: len - 1 }, at, width as usize, &[]);
        true
    }
}

/// The numbers of one width.
#[derive(Clone, Copy)]
struct Numbers<'a> {
    body: &'a [u8],
    width: u32,
}

impl Numbers<'_> {
    #[inline(always)]
    fn len(self) -> usize {
        self.body.len() / self.width as usize
    }

    #[inline(always)]
    fn at(self, index: usize) -> i64 {
        match self.width {
            2 => i64::from(i16::from_le_bytes(self.body.as_chunks().0[index])),
            4 => i64::from(i32::from_le_bytes(self.body.as_chunks().0[index])),
            _ => i64::from_le_bytes(self.body.as_chunks().0[index]),
        }
    }

    /// The index of `number`, or where it belongs.
    #[inline]
    fn search(self, number: i64) -> Result<usize, usize> {
        // Numbers often come in order.
        match self.len() {
            0 => return Err(0),
            len if number > self.at(len - 1) => return Err(len),
            _ => {}
        }
        match self.width {
            2 => self.body.as_chunks().0.binary_search_by_key(&number, |b| i64::from(i16::from_le_bytes(*b))),
            4 => self.body.as_chunks().0.binary_search_by_key(&number, |b| i64::from(i32::from_le_bytes(*b))),
            _ => self.body.as_chunks().0.binary_search_by_key(&number, |b| i64::from_le_bytes(*b)),
        }
    }
}

#[inline(always)]
fn width_of(number: i64) -> u32 {
    if i16::try_from(number).is_ok() {
        2
    } else if i32::try_from(number).is_ok() {
        4
    } else {
        8
    }
}

#[inline(always)]
fn write(body: &mut [u8], width: u32, index: usize, number: i64) {
    let width = width as usize;
    body[index * width..][..width].copy_from_slice(&number.to_le_bytes()[..width]);
}

impl std::fmt::Debug for Intset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl PartialEq for Intset {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Intset {}
