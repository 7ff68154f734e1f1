//! A node: entries of which the ids and the names of fields are told by what they have in common.
//!
//! ```text
//! node     | count | deleted | n | field ... field | 0 | entry | entry | ...          each box an entry of a listpack
//!
//! entry    | flags | ms | seq | value ... value | pieces |                            n values: the node's fields
//!          | flags | ms | seq | n | field | value ... field | value | pieces |        fields of its own
//! ```
//!
//! `count` entries are alive and `deleted` ones are marked by a flag. `ms` and `seq` count from the node's id, which is that
//! of its first entry and stands outside; as the time may have gone on while the number began anew, `seq` can be negative.
//! `pieces` is how many boxes come before it in the entry, so that one can walk backwards; the 0 behind the node's fields
//! stands in its place where that ends.

use super::StreamId;
use c_compat::listpack::{self, Batch, Listpack, Pos};
use std::iter;

/// A longer one is no server's: it holds an entry of a gigabyte and its fields at most.
const BYTES_MAX: usize = 3 << 30;

/// Of an entry's flags: it was deleted.
const DELETED: i64 = 1;
/// It has the node's fields.
const SAME_FIELDS: i64 = 2;

/// Invariant: the entries are as drawn above, as many as the counts say.
#[derive(Clone, Debug)]
pub struct Node {
    id: StreamId,
    entries: Listpack,
}

/// What stands at the front of a node.
#[derive(Clone, Copy)]
pub(super) struct Master {
    /// Entries that are alive.
    pub live: u64,
    /// Entries that are marked as deleted.
    pub deleted: u64,
    /// How many fields the node has.
    fields: usize,
    /// The first of them, or the 0 behind them.
    first_field: Pos,
}

/// The head of one entry.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub id: StreamId,
    /// Where it begins.
    at: Pos,
    flags: i64,
    /// How many fields it has.
    fields: usize,
    /// Its first field or value, or what is behind them if it has none.
    body: Pos,
}

impl Head {
    #[inline]
    pub fn is_deleted(&self) -> bool {
        self.flags & DELETED != 0
    }

    /// How many pieces its fields and values are.
    #[inline]
    fn body_len(&self) -> usize {
        if self.flags & SAME_FIELDS != 0 { self.fields } else { 2 * self.fields }
    }
}

/// An entry of a stream.
#[derive(Clone)]
pub struct EntryRef<'a> {
    pub id: StreamId,
    fields: usize,
    /// The node's fields, if it has the same.
    names: Option<listpack::Iter<'a>>,
    body: listpack::Iter<'a>,
}

impl<'a> EntryRef<'a> {
    /// How many fields it has.
    #[inline]
    pub fn len(&self) -> usize {
        self.fields
    }

    /// Whether it has no fields, which only bytes from elsewhere have.
    pub fn is_empty(&self) -> bool {
        self.fields == 0
    }

    /// Its fields with their values, in order.
    #[inline]
    pub fn fields(&self) -> impl Iterator<Item = (listpack::Entry<'a>, listpack::Entry<'a>)> + use<'a> {
        let (mut names, mut body) = (self.names.clone(), self.body.clone());
        let pair = move || {
            let field = match &mut names {
                Some(names) => names.next()?,
                None => body.next()?,
            };
            Some((field, body.next()?))
        };
        iter::from_fn(pair).take(self.fields)
    }
}

impl std::fmt::Debug for EntryRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entry(&self.id).entries(self.fields()).finish()
    }
}

impl Node {
    /// A node whose first entry has these fields and values, one after the other.
    pub(super) fn new<'a>(id: StreamId, pairs: impl ExactSizeIterator<Item = &'a [u8]> + Clone) -> Self {
        let fields = pairs.len() / 2;
        let mut batch = Batch::new();
        batch.push(1);
        batch.push(0);
        batch.push(fields as i64);
        for field in pairs.clone().step_by(2) {
            batch.push(field);
        }
        batch.push(0);
        push_entry(&mut batch, StreamId::MIN, true, pairs);
        let mut entries = Listpack::new();
        entries.append(batch);
        Node { id, entries }
    }

    /// The node that these bytes are.
    pub fn from_bytes(id: StreamId, bytes: &[u8]) -> Option<Self> {
        if bytes.len() > BYTES_MAX {
            return None;
        }
        let node = Node { id, entries: Listpack::from_bytes(bytes).ok()? };
        node.is_sound().then_some(node)
    }

    /// What its entries' ids count from.
    #[inline]
    pub fn id(&self) -> StreamId {
        self.id
    }

    /// Its bytes, as snapshots hold them.
    pub fn as_bytes(&self) -> &[u8] {
        self.entries.as_bytes()
    }

    pub(super) fn allocated(&self) -> usize {
        self.entries.allocated()
    }

    #[inline]
    pub(super) fn bytes(&self) -> usize {
        self.entries.bytes()
    }

    /// How many entries are alive.
    #[inline]
    pub fn live(&self) -> u64 {
        number(self.entries.entry(self.first())) as u64
    }

    #[inline]
    fn first(&self) -> Pos {
        self.entries.first().expect("a node begins with its counts")
    }

    #[inline]
    pub(super) fn master(&self) -> Master {
        let (live, at) = self.read(self.first());
        let (deleted, at) = self.read(at);
        let (fields, first_field) = self.read(at);
        Master { live: live as u64, deleted: deleted as u64, fields: fields as usize, first_field }
    }

    /// The number at a place that is not the last, and the next place.
    #[inline]
    fn read(&self, at: Pos) -> (i64, Pos) {
        let (entry, next) = self.entries.entry_and_next(at);
        (number(entry), next.expect("an entry ends with how many pieces it has"))
    }

    /// Where the first entry begins, deleted or not.
    #[inline]
    pub(super) fn first_entry(&self, master: &Master) -> Option<Pos> {
        self.entries.skip(master.first_field, master.fields + 1)
    }

    /// Where the last entry begins, deleted or not.
    #[inline]
    pub(super) fn last_entry(&self) -> Option<Pos> {
        self.begin_of(self.entries.last()?)
    }

    /// The id of the last entry, deleted or not.
    pub(super) fn last_id_in_node(&self) -> StreamId {
        self.last_entry().map_or(self.id, |at| self.head(&self.master(), at).id)
    }

    /// Where the entry before this one begins.
    #[inline]
    pub(super) fn entry_before(&self, at: Pos) -> Option<Pos> {
        self.begin_of(self.entries.prev(at)?)
    }

    /// Where the entry begins that ends with these pieces; none if they are the master's 0.
    #[inline]
    fn begin_of(&self, pieces: Pos) -> Option<Pos> {
        match number(self.entries.entry(pieces)) {
            0 => None,
            n => self.entries.back(pieces, n as usize),
        }
    }

    #[inline]
    pub(super) fn head(&self, master: &Master, at: Pos) -> Head {
        let (flags, next) = self.read(at);
        let (ms, next) = self.read(next);
        let (seq, body) = self.read(next);
        let id =
            StreamId { ms: self.id.ms.wrapping_add_signed(ms), seq: self.id.seq.wrapping_add_signed(seq) };
        if flags & SAME_FIELDS != 0 {
            return Head { id, at, flags, fields: master.fields, body };
        }
        let (fields, body) = self.read(body);
        Head { id, at, flags, fields: fields as usize, body }
    }

    /// Where the entry behind this one begins.
    #[inline]
    pub(super) fn entry_after(&self, head: &Head) -> Option<Pos> {
        self.entries.skip(head.body, head.body_len() + 1)
    }

    #[inline]
    pub(super) fn entry(&self, master: &Master, head: &Head) -> EntryRef<'_> {
        let same_fields = head.flags & SAME_FIELDS != 0;
        EntryRef {
            id: head.id,
            fields: head.fields,
            names: same_fields.then(|| self.entries.iter_from(master.first_field)),
            body: self.entries.iter_from(head.body),
        }
    }

    /// Adds an entry with these fields and values, one after the other, behind what `master` says of the node.
    pub(super) fn append<'a>(
        &mut self,
        master: &Master,
        id: StreamId,
        pairs: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
    ) {
        let later = StreamId { ms: id.ms.wrapping_sub(self.id.ms), seq: id.seq.wrapping_sub(self.id.seq) };
        let same_fields = pairs.len() / 2 == master.fields && self.has_fields(master, pairs.clone());
        let mut batch = Batch::new();
        push_entry(&mut batch, later, same_fields, pairs);
        self.entries.append(batch);
        self.entries.replace(self.first(), master.live as i64 + 1);
    }

    /// Whether these are the node's fields, each with a value behind it, as many as it has.
    #[inline]
    fn has_fields<'a>(&self, master: &Master, mut pairs: impl Iterator<Item = &'a [u8]>) -> bool {
        let mut known = self.entries.iter_from(master.first_field);
        while let (Some(field), Some(_)) = (pairs.next(), pairs.next()) {
            if !known.next().is_some_and(|known| known.reads(field)) {
                return false;
            }
        }
        true
    }

    /// Marks an entry that is alive as deleted.
    pub(super) fn delete(&mut self, head: &Head) {
        self.entries.replace(head.at, head.flags | DELETED);
        self.count_deleted(1);
    }

    /// Marks the first entries as deleted, as long as they are meant; returns how many were alive.
    pub(super) fn delete_front(&mut self, mut meant: impl FnMut(&Head, u64) -> bool) -> u64 {
        let master = self.master();
        let (mut next, mut deleted) = (self.first_entry(&master), 0);
        while let Some(at) = next {
            let head = self.head(&master, at);
            if !meant(&head, deleted) {
                break;
            }
            if !head.is_deleted() {
                // The flags are as long before as after.
                self.entries.replace(head.at, head.flags | DELETED);
                deleted += 1;
            }
            next = self.entry_after(&head);
        }
        self.count_deleted(deleted);
        deleted
    }

    fn count_deleted(&mut self, n: u64) {
        let Master { live, deleted, .. } = self.master();
        let first = self.first();
        self.entries.replace(first, (live - n) as i64);
        let second = self.entries.next(first).expect("a node begins with its counts");
        self.entries.replace(second, (deleted + n) as i64);
    }

    /// Whether the entries are as they have to be. The listpack is one.
    fn is_sound(&self) -> bool {
        self.check().is_some()
    }

    fn check(&self) -> Option<()> {
        let mut pieces = self.entries.iter();
        let mut next = || pieces.next()?.as_int();
        let (live, deleted) = (u64::try_from(next()?).ok()?, u64::try_from(next()?).ok()?);
        let fields = usize::try_from(next()?).ok()?;
        skip(&mut pieces, fields)?;
        if pieces.next()?.as_int()? != 0 {
            return None;
        }
        let (mut found_live, mut found_deleted) = (0, 0);
        while let Some(flags) = pieces.next() {
            let flags = flags.as_int()?;
            pieces.next()?.as_int()?;
            pieces.next()?.as_int()?;
            let mut expected = 3 + fields;
            if flags & SAME_FIELDS != 0 {
                skip(&mut pieces, fields)?;
            } else {
                let own = usize::try_from(pieces.next()?.as_int()?).ok()?;
                let both = own.checked_mul(2)?;
                skip(&mut pieces, both)?;
                expected = both.checked_add(4)?;
            }
            if pieces.next()?.as_int()? != i64::try_from(expected).ok()? {
                return None;
            }
            *if flags & DELETED == 0 { &mut found_live } else { &mut found_deleted } += 1u64;
        }
        (live == found_live && deleted == found_deleted && live + deleted > 0).then_some(())
    }
}

/// Steps over `n` entries; none if there are fewer.
fn skip(pieces: &mut listpack::Iter<'_>, n: usize) -> Option<()> {
    match n.checked_sub(1) {
        None => Some(()),
        Some(before) => pieces.nth(before).map(drop),
    }
}

/// A number of which there is no doubt.
#[inline]
fn number(entry: listpack::Entry<'_>) -> i64 {
    entry.as_int().expect("a node's numbers were looked at")
}

fn push_entry<'a>(
    batch: &mut Batch,
    later: StreamId,
    same_fields: bool,
    mut pairs: impl ExactSizeIterator<Item = &'a [u8]>,
) {
    let fields = pairs.len() / 2;
    batch.push(if same_fields { SAME_FIELDS } else { 0 });
    batch.push(later.ms as i64);
    batch.push(later.seq as i64);
    if same_fields {
        while let (Some(_), Some(value)) = (pairs.next(), pairs.next()) {
            batch.push(value);
        }
        batch.push((fields + 3) as i64);
    } else {
        batch.push(fields as i64);
        for piece in pairs {
            batch.push(piece);
        }
        batch.push((2 * fields + 4) as i64);
    }
}
