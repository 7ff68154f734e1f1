//! Listpack: strings and integers in one run of bytes, the form that small lists, sets, hashes and sorted sets have in
//! memory, in snapshots and in DUMP payloads, with the very bytes that Redis writes.
//!
//! ```text
//! | total: u32 | count: u16 | entry | entry | ... | 0xFF |      (little endian)
//! entry = | head | data | backlen |
//! ```
//!
//! `total` counts everything, the end byte too. `count` is 65535 when there are more entries than it can say; then it
//! stays so, whatever is deleted, until [`Listpack::recount`]. The head says what the data is:
//!
//! ```text
//! 0vvvvvvv                       the integer v, 0 to 127
//! 10LLLLLL  L bytes              a string of up to 63 bytes
//! 110vvvvv  v                    an integer of 13 bits, the high ones first
//! 1110LLLL  L  L bytes           a string of up to 4095 bytes, the high bits first
//! 0xF0  u32  L bytes             a longer string
//! 0xF1 0xF2 0xF3 0xF4  integer   of 16, 24, 32, 64 bits, little endian, signed
//! ```
//!
//! A string that is the one right way to write an `i64` ([`int::parse`]) becomes an integer, in the shortest form. The
//! backlen is the length of head and data, seven bits a byte with the high ones first; all bytes but the first have
//! their top bit set, so that it can be read from its end, which is how one walks backwards.
//!
//! # Use
//!
//! A [`Listpack`] is one pointer, also in an `Option`. Places in it are cursors ([`Pos`]), which any edit before them
//! makes stale; an edit returns the one to go on with. A stale cursor shows wrong entries or panics, it never reaches
//! outside. Each edit is one move of what follows (nothing moves when what is replaced has the same length), and the
//! block is as long as what it holds, up to the allocator's size class.
//!
//! - whole: `new from_bytes from_bytes_checking collect() clone as_bytes bytes len recount is_empty allocated
//!   would_overflow`
//! - cursors: `first last next prev skip(pos, n) back(pos, n) seek(index) entry(pos) get(index) entry_and_next(pos)`
//! - reading: `iter iter_from pairs` (from both ends), `find find_from at_indexes`
//! - editing: `push_back push_front push_pair append(batch) insert_before insert_after insert_pair_before replace delete delete_at_pos
//!   delete_range delete_several truncate_front truncate_back split_off merge clear`
//!
//! What is written is `impl Into<Entry>`: bytes (which become an integer if they are one's text) or an `i64`.
//!
//! Bytes from outside come in by `from_bytes`, which looks at every entry; after that nothing needs to be checked again.

mod batch;
mod entry;
mod validate;

pub use batch::Batch;
pub use entry::{Entry, IntText, Needle};
pub use validate::{Invalid, validate, validate_shallow};

use crate::block::{Block, Header, ListpackHeader};
use entry::{Encoded, after, read, size_before};
use std::num::NonZeroU32;

const HEADER: usize = ListpackHeader::SIZE;
const END: u8 = 0xff;
/// An empty listpack: the header and the end byte.
const EMPTY: u32 = HEADER as u32 + 1;
const COUNT_UNKNOWN: u16 = u16::MAX;

/// No listpack is to grow over this by commands.
const BYTES_MAX: usize = 1 << 30;

/// Where an entry begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pos(NonZeroU32);

impl Pos {
    #[inline(always)]
    fn new(at: usize) -> Self {
        Self(NonZeroU32::new(at as u32).expect("no entry begins inside the header"))
    }

    #[inline(always)]
    fn at(self) -> usize {
        self.0.get() as usize
    }
}

/// Invariant: the bytes are a listpack that [`validate`] accepts.
#[derive(Clone)]
pub struct Listpack {
    block: Block<ListpackHeader>,
}

const _: () = assert!(size_of::<Option<Listpack>>() == 8);

impl Default for Listpack {
    fn default() -> Self {
        Self::new()
    }
}

impl Listpack {
    pub fn new() -> Self {
        Self { block: Block::new(ListpackHeader { total: EMPTY, count: 0 }, &[END]) }
    }

    /// The listpack that these bytes are, every entry of which is looked at.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Invalid> {
        let (header, body) = validate::validated(bytes, |_, _| true)?;
        Ok(Self { block: Block::new(header, body) })
    }

    /// The same, where each entry, given with the header's count (65535: unknown), must also please the caller.
    pub fn from_bytes_checking(
        bytes: &[u8],
        mut each: impl FnMut(Entry<'_>, u16) -> bool,
    ) -> Result<Self, Invalid> {
        let (header, body) = validate::validated(bytes, |at, count| each(read(bytes, at).0, count))?;
        Ok(Self { block: Block::new(header, body) })
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

    /// Whether `add` more bytes would make it longer than a listpack may become (1 GiB). To be asked before writing what
    /// may be long; an edit that leaves more than 4 GiB panics.
    #[inline]
    pub fn would_overflow(&self, add: usize) -> bool {
        add > BYTES_MAX || self.bytes() > BYTES_MAX - add
    }

    /// How many entries there are. It takes a walk if there are, or ever were, 65535 or more.
    #[inline]
    pub fn len(&self) -> usize {
        match self.block.header().count {
            COUNT_UNKNOWN => self.iter().count(),
            count => usize::from(count),
        }
    }

    /// [`Self::len`], which also writes a count that was unknown but is no more into the header, as Redis does when it
    /// is asked for the length.
    pub fn recount(&mut self) -> usize {
        let len = self.len();
        let header = self.block.header();
        if header.count == COUNT_UNKNOWN && len < usize::from(COUNT_UNKNOWN) {
            self.splice_counted(header.total(), 0, &[], len as u16);
        }
        len
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes() == EMPTY as usize
    }

    /// Where the end byte stands.
    #[inline(always)]
    fn end(&self) -> usize {
        self.bytes() - 1
    }

    // Cursors

    #[inline]
    pub fn first(&self) -> Option<Pos> {
        (!self.is_empty()).then_some(Pos::new(HEADER))
    }

    #[inline]
    pub fn last(&self) -> Option<Pos> {
        self.before(self.end())
    }

    #[inline]
    pub fn next(&self, pos: Pos) -> Option<Pos> {
        self.not_end(after(self.as_bytes(), pos.at()))
    }

    #[inline]
    pub fn prev(&self, pos: Pos) -> Option<Pos> {
        self.before(pos.at())
    }

    /// The entry `n` places behind `pos`.
    #[inline]
    pub fn skip(&self, pos: Pos, n: usize) -> Option<Pos> {
        let bytes = self.as_bytes();
        let (mut at, end) = (pos.at(), bytes.len() - 1);
        for _ in 0..n {
            if at >= end {
                return None;
            }
            at = after(bytes, at);
        }
        self.not_end(at)
    }

    /// The entry `n` places before `pos`.
    #[inline]
    pub fn back(&self, pos: Pos, n: usize) -> Option<Pos> {
        let mut at = pos;
        for _ in 0..n {
            at = self.prev(at)?;
        }
        Some(at)
    }

    #[inline(always)]
    fn before(&self, at: usize) -> Option<Pos> {
        (at > HEADER).then(|| Pos::new(at - size_before(self.as_bytes(), at)))
    }

    #[inline(always)]
    fn not_end(&self, at: usize) -> Option<Pos> {
        (at < self.end()).then(|| Pos::new(at))
    }

    /// The entry at `index`, from the end if that is negative; walked to from the nearer end.
    pub fn seek(&self, index: i64) -> Option<Pos> {
        let bytes = self.as_bytes();
        let end = bytes.len() - 1;
        let count = self.block.header().count;
        let mut index = index;
        if count != COUNT_UNKNOWN {
            let count = i64::from(count);
            if index < -count || index >= count {
                return None;
            }
            // Towards the end when the entry is past the half, and the other way round.
            if index > count / 2 {
                index -= count;
            } else if index < -(count / 2) - 1 {
                index += count;
            }
        }
        if index >= 0 {
            let mut at = HEADER;
            for _ in 0..index {
                if at >= end {
                    return None;
                }
                at = after(bytes, at);
            }
            (at < end).then(|| Pos::new(at))
        } else {
            let mut at = end;
            for _ in index..0 {
                if at <= HEADER {
                    return None;
                }
                at -= size_before(bytes, at);
            }
            Some(Pos::new(at))
        }
    }

    #[inline]
    pub fn entry(&self, pos: Pos) -> Entry<'_> {
        read(self.as_bytes(), pos.at()).0
    }

    #[inline]
    pub fn entry_and_next(&self, pos: Pos) -> (Entry<'_>, Option<Pos>) {
        let (entry, next) = read(self.as_bytes(), pos.at());
        (entry, self.not_end(next))
    }

    /// The entry at `index`, from the end if that is negative.
    pub fn get(&self, index: i64) -> Option<Entry<'_>> {
        self.seek(index).map(|pos| self.entry(pos))
    }

    // Reading

    #[inline]
    pub fn iter(&self) -> Iter<'_> {
        let bytes = self.as_bytes();
        Iter { bytes, front: HEADER, back: bytes.len() - 1 }
    }

    /// From `pos` on; its other end is the listpack's.
    #[inline]
    pub fn iter_from(&self, pos: Pos) -> Iter<'_> {
        let bytes = self.as_bytes();
        Iter { bytes, front: pos.at(), back: bytes.len() - 1 }
    }

    /// Two by two: fields with their values, members with their scores. An entry that has no other is left out.
    #[inline]
    pub fn pairs(&self) -> Pairs<'_> {
        Pairs(self.iter())
    }

    /// The first entry that reads `needle`, where `skip` entries are passed over after each that is looked at.
    pub fn find(&self, needle: &[u8], skip: usize) -> Option<Pos> {
        self.find_from(self.first()?, &Needle::new(needle), skip)
    }

    /// The same from `pos` on.
    pub fn find_from(&self, pos: Pos, needle: &Needle<'_>, skip: usize) -> Option<Pos> {
        let bytes = self.as_bytes();
        let end = bytes.len() - 1;
        let mut at = pos.at();
        while at < end {
            let (entry, next) = read(bytes, at);
            if entry.is(needle) {
                return Some(Pos::new(at));
            }
            at = next;
            for _ in 0..skip {
                if at >= end {
                    return None;
                }
                at = after(bytes, at);
            }
        }
        None
    }

    /// The entries at these indexes, which must ascend but may repeat, in one walk: how random entries are taken. It ends
    /// at an index that does not exist.
    pub fn at_indexes<I>(&self, indexes: I) -> impl Iterator<Item = Pos> + use<'_, I>
    where
        I: IntoIterator<Item = usize>,
    {
        let bytes = self.as_bytes();
        let (mut at, mut here) = (HEADER, 0);
        indexes.into_iter().map_while(move |index| {
            debug_assert!(here <= index, "the indexes ascend");
            while at < bytes.len() - 1 && here < index {
                at = after(bytes, at);
                here += 1;
            }
            (at < bytes.len() - 1).then(|| Pos::new(at))
        })
    }

    // Editing

    pub fn push_back<'v>(&mut self, value: impl Into<Entry<'v>>) {
        self.put(self.end(), 0, 1, value.into());
    }

    pub fn push_front<'v>(&mut self, value: impl Into<Entry<'v>>) {
        self.put(HEADER, 0, 1, value.into());
    }

    pub fn push_pair<'v>(&mut self, a: impl Into<Entry<'v>>, b: impl Into<Entry<'v>>) {
        self.put_pair(self.end(), a.into(), b.into());
    }

    /// Appends entries that were made ready, in one edit.
    #[inline]
    pub fn append(&mut self, mut batch: Batch) {
        let count = self.block.header().count;
        let count = count_of(usize::from(count) + batch.len());
        self.splice_counted(self.end(), 1, &[batch.finish()], count);
    }

    /// Returns where the new entry stands.
    pub fn insert_before<'v>(&mut self, pos: Pos, value: impl Into<Entry<'v>>) -> Pos {
        self.put(pos.at(), 0, 1, value.into());
        pos
    }

    /// Returns where the new entry stands.
    pub fn insert_after<'v>(&mut self, pos: Pos, value: impl Into<Entry<'v>>) -> Pos {
        let at = after(self.as_bytes(), pos.at());
        self.put(at, 0, 1, value.into());
        Pos::new(at)
    }

    /// Puts two entries before `pos`, in one move.
    pub fn insert_pair_before<'v>(&mut self, pos: Pos, a: impl Into<Entry<'v>>, b: impl Into<Entry<'v>>) {
        self.put_pair(pos.at(), a.into(), b.into());
    }

    /// Replaces one entry; the cursor stays good, others after it only if the lengths are equal.
    #[inline]
    pub fn replace<'v>(&mut self, pos: Pos, value: impl Into<Entry<'v>>) {
        let value = value.into();
        if let Entry::Int(number @ 0..=0x7f) = value
            && let Some(head @ 0..=0x7f) = self.block.body_mut().get_mut(pos.at() - HEADER)
        {
            // A small number in place of another.
            *head = number as u8;
            return;
        }
        let removed = after(self.as_bytes(), pos.at()) - pos.at();
        self.put(pos.at(), removed, 0, value);
    }

    /// Deletes one entry and returns the next one.
    pub fn delete(&mut self, pos: Pos) -> Option<Pos> {
        self.delete_at_pos(pos, 1)
    }

    /// Deletes up to `num` entries from `pos` on and returns the one after them.
    pub fn delete_at_pos(&mut self, pos: Pos, num: usize) -> Option<Pos> {
        let bytes = self.as_bytes();
        let (mut to, mut deleted) = (pos.at(), 0);
        while deleted < num && to < bytes.len() - 1 {
            to = after(bytes, to);
            deleted += 1;
        }
        let count = self.count_less(deleted);
        self.splice_counted(pos.at(), to - pos.at(), &[], count);
        self.not_end(pos.at())
    }

    /// Deletes up to `num` entries from `index` on (from the end if negative). Nothing happens if there is none there.
    pub fn delete_range(&mut self, index: i64, num: usize) {
        let Some(pos) = self.seek(index) else { return };
        let count = self.block.header().count;
        let index = if index < 0 { i64::from(count) + index } else { index };
        if count != COUNT_UNKNOWN && i64::from(count) - index <= i64::try_from(num).unwrap_or(i64::MAX) {
            // To the end: the entries need not be walked over.
            self.splice_counted(pos.at(), self.end() - pos.at(), &[], index as u16);
        } else {
            self.delete_at_pos(pos, num);
        }
    }

    /// Deletes the entries at these cursors, which must ascend, in one sweep.
    pub fn delete_several(&mut self, positions: &[Pos]) {
        let Some(first) = positions.first() else { return };
        let total = self.bytes();
        let body = self.block.body_mut();
        let mut to = first.at();
        for (i, pos) in positions.iter().enumerate() {
            // What was moved so far lies before `pos`, so the entry there is still whole.
            let from = after(body, pos.at() - HEADER);
            let until = positions.get(i + 1).map_or(total, |next| next.at()) - HEADER;
            assert!(from <= until, "the cursors ascend");
            body.copy_within(from..until, to - HEADER);
            to += until - from;
        }
        let count = self.count_less(positions.len());
        self.splice_counted(to, total - to, &[], count);
    }

    /// Deletes the first `num` entries.
    pub fn truncate_front(&mut self, num: usize) {
        if let Some(first) = self.first() {
            self.delete_at_pos(first, num);
        }
    }

    /// Deletes all but the first `len` entries.
    pub fn truncate_back(&mut self, len: usize) {
        if let Ok(index) = i64::try_from(len) {
            self.delete_range(index, usize::MAX);
        }
    }

    /// Takes the entries from `index` on (not negative) out into a listpack of their own.
    pub fn split_off(&mut self, index: usize) -> Self {
        let Some(pos) = i64::try_from(index).ok().and_then(|index| self.seek(index)) else {
            return Self::new();
        };
        let body = &self.as_bytes()[pos.at()..];
        let total = (HEADER + body.len()) as u32;
        let count = count_of(self.len() - index);
        let rest = Self { block: Block::new(ListpackHeader { total, count }, body) };
        self.splice_counted(pos.at(), self.end() - pos.at(), &[], count_of(index));
        rest
    }

    /// Appends the entries of `other`. The longer one is kept and grown.
    pub fn merge(&mut self, mut other: Self) {
        let count = count_of(self.len() + other.len());
        if self.bytes() >= other.bytes() {
            let entries = &other.as_bytes()[HEADER..other.end()];
            self.splice_counted(self.end(), 0, &[entries], count);
        } else {
            let entries = &self.as_bytes()[HEADER..self.end()];
            other.splice_counted(HEADER, 0, &[entries], count);
            *self = other;
        }
    }

    pub fn clear(&mut self) {
        self.splice_counted(HEADER, self.end() - HEADER, &[], 0);
    }

    /// Writes `value` at `at`, over `removed` bytes, and counts `more` entries.
    #[inline(always)]
    fn put(&mut self, at: usize, removed: usize, more: u16, value: Entry<'_>) {
        let value = Encoded::new(value);
        let count = self.block.header().count.saturating_add(more);
        self.splice_counted(at, removed, &value.parts(), count);
    }

    #[inline(always)]
    fn put_pair(&mut self, at: usize, a: Entry<'_>, b: Entry<'_>) {
        let (a, b) = (Encoded::new(a), Encoded::new(b));
        let count = self.block.header().count.saturating_add(2);
        let [a, b] = [a.parts(), b.parts()];
        self.splice_counted(at, 0, &[a[0], a[1], a[2], b[0], b[1], b[2]], count);
    }

    fn count_less(&self, deleted: usize) -> u16 {
        match self.block.header().count {
            COUNT_UNKNOWN => COUNT_UNKNOWN,
            count => count - deleted as u16,
        }
    }

    #[inline(always)]
    fn splice_counted(&mut self, at: usize, removed: usize, parts: &[&[u8]], count: u16) {
        let inserted: usize = parts.iter().map(|part| part.len()).sum();
        let total = u32::try_from(self.bytes() - removed + inserted).expect("would_overflow was asked");
        self.block.splice(ListpackHeader { total, count }, at, removed, parts);
    }
}

fn count_of(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(COUNT_UNKNOWN)
}

impl std::fmt::Debug for Listpack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Of bytes: an integer in a form that is too long differs from the same in the right one.
impl PartialEq for Listpack {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Listpack {}

/// Written once and allocated once.
impl<'v, V: Into<Entry<'v>>> FromIterator<V> for Listpack {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        let (mut body, mut len) = (Vec::new(), 0);
        for value in values {
            for part in Encoded::new(value.into()).parts() {
                body.extend_from_slice(part);
            }
            len += 1;
        }
        body.push(END);
        let total = u32::try_from(HEADER + body.len()).expect("a listpack has less than 4 GiB");
        Self { block: Block::new(ListpackHeader { total, count: count_of(len) }, &body) }
    }
}

impl<'a> IntoIterator for &'a Listpack {
    type Item = Entry<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The entries of a listpack, from either end.
#[derive(Clone)]
pub struct Iter<'a> {
    bytes: &'a [u8],
    front: usize,
    back: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Entry<'a>;

    #[inline]
    fn next(&mut self) -> Option<Entry<'a>> {
        if self.front >= self.back {
            return None;
        }
        let (entry, next) = read(self.bytes, self.front);
        self.front = next;
        Some(entry)
    }

    fn count(mut self) -> usize {
        let mut count = 0;
        while self.front < self.back {
            self.front = after(self.bytes, self.front);
            count += 1;
        }
        count
    }

    fn nth(&mut self, n: usize) -> Option<Entry<'a>> {
        for _ in 0..n {
            if self.front >= self.back {
                return None;
            }
            self.front = after(self.bytes, self.front);
        }
        self.next()
    }
}

impl<'a> DoubleEndedIterator for Iter<'a> {
    #[inline]
    fn next_back(&mut self) -> Option<Entry<'a>> {
        if self.front >= self.back {
            return None;
        }
        self.back -= size_before(self.bytes, self.back);
        Some(read(self.bytes, self.back).0)
    }
}

/// The pairs of a listpack, from either end. Backwards they are right only if the number of entries is even.
#[derive(Clone)]
pub struct Pairs<'a>(Iter<'a>);

impl<'a> Iterator for Pairs<'a> {
    type Item = (Entry<'a>, Entry<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }
}

impl DoubleEndedIterator for Pairs<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        let second = self.0.next_back()?;
        Some((self.0.next_back()?, second))
    }
}
