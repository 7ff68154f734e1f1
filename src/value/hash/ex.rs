//! Hashes some of whose fields expire.
//!
//! The fields of a packed one lie in the order of their times, those without one behind the others, so the next to expire
//! is the first. A table has the order beside it: times, each with 32 bits of its field's hash.
//!
//! The database that a hash lies in knows when the next of its fields expires. What it knows is noted here too, so that
//! one look tells whether it must be told of a change.

use super::write::{fits, insert};
use super::{Field, FieldRef, Hash, Item, Limits, Listpack, Table, hash};
use crate::ds::timeline::Timeline;
use c_compat::listpack::{Iter, Pos};

/// What becomes of a field's expiry time as it gets a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    Clear,
    Keep,
    /// Unix time in ms.
    At(i64),
}

impl Expiry {
    fn of(self, old: Option<i64>) -> Option<i64> {
        match self {
            Expiry::Clear => None,
            Expiry::Keep => old,
            Expiry::At(ms) => Some(ms),
        }
    }
}

impl Hash {
    /// Sets when a field expires, or that it does not; false if there is no such field.
    pub fn set_expires(&mut self, field: &[u8], expires: Option<i64>) -> bool {
        if expires.is_some() && self.find(field).is_some() {
            self.make_ex();
        }
        match self {
            Hash::Packed(_) | Hash::Table(_) => self.find(field).is_some(),
            Hash::PackedEx(packed) => packed.set_expires(field, expires),
            Hash::TableEx(ex) => ex.set_expires(field, expires),
        }
    }

    /// When the next of the fields expires: Unix time in ms.
    pub fn next_expires(&self) -> Option<i64> {
        match self {
            Hash::Packed(_) | Hash::Table(_) => None,
            Hash::PackedEx(packed) => packed.next_expires(),
            Hash::TableEx(ex) => ex.order.first_ms(),
        }
    }

    /// What the database knows of [`Hash::next_expires`].
    #[inline]
    pub fn noted_expires(&self) -> Option<i64> {
        match self {
            Hash::Packed(_) | Hash::Table(_) => None,
            Hash::PackedEx(packed) => packed.noted,
            Hash::TableEx(ex) => ex.noted,
        }
    }

    /// The database has been told when the next of the fields expires.
    pub fn note_expires(&mut self) {
        let next = self.next_expires();
        match self {
            Hash::Packed(_) | Hash::Table(_) => {}
            Hash::PackedEx(packed) => packed.noted = next,
            Hash::TableEx(ex) => ex.noted = next,
        }
    }

    /// Removes up to `max` fields whose times are before `moment`, those that expired first before the others, and tells the
    /// caller of each. Returns how many they were.
    pub fn remove_gone(&mut self, moment: i64, max: usize, on_gone: impl FnMut(&[u8])) -> usize {
        match self {
            Hash::Packed(_) | Hash::Table(_) => 0,
            Hash::PackedEx(packed) => packed.remove_gone(moment, max, on_gone),
            Hash::TableEx(ex) => ex.remove_gone(moment, max, on_gone),
        }
    }

    /// Sets a field of a hash that has an `Ex` form.
    pub(super) fn set_ex(&mut self, field: &[u8], value: &[u8], expiry: Expiry, limits: &Limits) -> bool {
        match self {
            Hash::PackedEx(packed) if fits(&packed.triples, field, value, limits) => {
                let new = packed.set(field, value, expiry);
                if new && packed.len() > limits.max_listpack_entries {
                    self.unpack();
                }
                new
            }
            Hash::PackedEx(_) => {
                self.unpack();
                self.set_ex(field, value, expiry, limits)
            }
            Hash::TableEx(ex) => ex.set(field, value, expiry),
            Hash::Packed(_) | Hash::Table(_) => unreachable!("the caller made it an `Ex`"),
        }
    }
}

/// Fields, values and times in a listpack; a time of 0 is none.
#[derive(Clone)]
pub struct PackedEx {
    triples: Listpack,
    noted: Option<i64>,
}

/// Where a triple's entries stand.
struct Triple {
    field: Pos,
    value: Pos,
    expires: Option<i64>,
}

impl PackedEx {
    pub fn from_pairs(pairs: &Listpack) -> PackedEx {
        let mut triples = Listpack::new();
        for (field, value) in pairs.pairs() {
            triples.push_pair(field, value);
            triples.push_back(0);
        }
        PackedEx { triples, noted: None }
    }

    pub fn from_triples(triples: Listpack) -> PackedEx {
        PackedEx { triples, noted: None }
    }

    /// The listpack as it lies in a snapshot.
    pub fn triples(&self) -> &Listpack {
        &self.triples
    }

    pub fn len(&self) -> usize {
        self.triples.len() / 3
    }

    pub fn is_empty(&self) -> bool {
        self.triples.is_empty()
    }

    pub(super) fn iter(&self) -> super::Iter<'_> {
        super::Iter::PackedEx(self.triples.iter())
    }

    fn locate(&self, field: &[u8]) -> Option<Triple> {
        let list = &self.triples;
        let at = list.find(field, 2)?;
        let value = list.next(at).expect("each field has a value");
        let time = list.next(value).expect("each field has a time");
        Some(Triple { field: at, value, expires: as_time(list.entry(time)) })
    }

    pub(super) fn find(&self, field: &[u8]) -> Option<FieldRef<'_>> {
        let found = self.locate(field)?;
        Some(FieldRef {
            field: self.triples.entry(found.field),
            value: self.triples.entry(found.value),
            expires: found.expires,
        })
    }

    fn next_expires(&self) -> Option<i64> {
        next_triple(&mut self.triples.iter())?.expires
    }

    /// How many fields' times are before `moment`.
    pub(super) fn gone(&self, moment: i64) -> usize {
        self.iter().take_while(|f| f.is_gone(moment)).count()
    }

    fn set(&mut self, field: &[u8], value: &[u8], expiry: Expiry) -> bool {
        let Some(found) = self.locate(field) else {
            self.insert(field, value, expiry.of(None));
            return true;
        };
        let expires = expiry.of(found.expires);
        if expires == found.expires {
            self.triples.replace(found.value, value);
        } else {
            self.triples.delete_at_pos(found.field, 3);
            self.insert(field, value, expires);
        }
        false
    }

    fn set_expires(&mut self, field: &[u8], expires: Option<i64>) -> bool {
        let Some(found) = self.locate(field) else { return false };
        if found.expires != expires {
            let value = self.triples.entry(found.value).to_vec();
            self.triples.delete_at_pos(found.field, 3);
            self.insert(field, &value, expires);
        }
        true
    }

    /// Puts a new field where its time belongs, before those of the same time, as Redis does.
    fn insert(&mut self, field: &[u8], value: &[u8], expires: Option<i64>) {
        let place = expires.and_then(|ms| self.first_not_before(ms));
        let expires = expires.unwrap_or(0);
        match place {
            Some(at) => {
                let at = self.triples.insert_before(at, expires);
                self.triples.insert_pair_before(at, field, value);
            }
            None => {
                self.triples.push_pair(field, value);
                self.triples.push_back(expires);
            }
        }
    }

    /// The first field that does not expire before this time.
    fn first_not_before(&self, ms: i64) -> Option<Pos> {
        let list = &self.triples;
        let mut next = list.first();
        while let Some(at) = next {
            let value = list.next(at).expect("each field has a value");
            let (time, after) = list.entry_and_next(list.next(value).expect("each field has a time"));
            if as_time(time).is_none_or(|time| time >= ms) {
                return Some(at);
            }
            next = after;
        }
        None
    }

    pub(super) fn remove(&mut self, field: &[u8]) -> bool {
        let Some(at) = self.triples.find(field, 2) else { return false };
        self.triples.delete_at_pos(at, 3);
        true
    }

    fn remove_gone(&mut self, moment: i64, max: usize, mut on_gone: impl FnMut(&[u8])) -> usize {
        let mut count = 0;
        for f in self.iter().take_while(|f| f.is_gone(moment)).take(max) {
            on_gone(f.field.text(&mut Default::default()));
            count += 1;
        }
        self.triples.truncate_front(3 * count);
        count
    }
}

/// The next field of a listpack of triples.
#[inline]
pub(super) fn next_triple<'a>(entries: &mut Iter<'a>) -> Option<FieldRef<'a>> {
    Some(FieldRef { field: entries.next()?, value: entries.next()?, expires: as_time(entries.next()?) })
}

fn as_time(entry: Item<'_>) -> Option<i64> {
    entry.as_int().filter(|ms| *ms != 0)
}

/// A table of fields, and the order in which some of them expire.
pub struct TableEx {
    pub(super) table: Table<Field>,
    order: Timeline,
    noted: Option<i64>,
}

/// How a field is known in the order.
fn id(field: &[u8]) -> u32 {
    hash(field) as u32
}

impl TableEx {
    /// Bytes of the order in which fields expire: in about, as if all did.
    pub(super) fn order_memory(&self) -> usize {
        self.order.memory(self.table.len())
    }

    pub(super) fn from_table(table: Table<Field>) -> TableEx {
        let mut order = Timeline::default();
        for field in table.iter() {
            if let Some(ms) = field.expires() {
                order.gather(ms, id(field.field()));
            }
        }
        order.settle();
        TableEx { table, order, noted: None }
    }

    /// A table of what was packed, of which the database knows as much as before.
    pub(super) fn from_packed(table: Table<Field>, packed: &PackedEx) -> TableEx {
        TableEx { noted: packed.noted, ..TableEx::from_table(table) }
    }

    pub(super) fn gone(&self, moment: i64) -> usize {
        self.order.count_before(moment)
    }

    fn change_order(&mut self, id: u32, old: Option<i64>, new: Option<i64>) {
        if old == new {
            return;
        }
        if let Some(ms) = old {
            let known = self.order.remove(ms, id);
            debug_assert!(known, "a field's time is in the order");
        }
        if let Some(ms) = new {
            self.order.insert(ms, id);
        }
    }

    fn set(&mut self, field: &[u8], value: &[u8], expiry: Expiry) -> bool {
        let hash_of_field = hash(field);
        let (old, new) = match self.table.find_mut(hash_of_field, |f| f.field() == field) {
            Some(found) => {
                let old = found.expires();
                let new = expiry.of(old);
                found.set_value(value);
                found.set_expires(new);
                (Some(old), new)
            }
            None => {
                let new = expiry.of(None);
                insert(&mut self.table, Field::new(field, value, new));
                (None, new)
            }
        };
        self.change_order(hash_of_field as u32, old.flatten(), new);
        old.is_none()
    }

    fn set_expires(&mut self, field: &[u8], expires: Option<i64>) -> bool {
        let hash_of_field = hash(field);
        let Some(found) = self.table.find_mut(hash_of_field, |f| f.field() == field) else { return false };
        let old = found.expires();
        found.set_expires(expires);
        self.change_order(hash_of_field as u32, old, expires);
        true
    }

    pub(super) fn remove(&mut self, field: &[u8]) -> bool {
        let hash_of_field = hash(field);
        let Some(removed) = self.table.remove(hash_of_field, |f| f.field() == field) else { return false };
        self.change_order(hash_of_field as u32, removed.expires(), None);
        true
    }

    fn remove_gone(&mut self, moment: i64, max: usize, mut on_gone: impl FnMut(&[u8])) -> usize {
        let mut count = 0;
        while count < max
            && let Some((ms, id_of_field)) = self.order.pop_before(moment)
        {
            let is_it = |f: &Field| f.expires() == Some(ms) && id(f.field()) == id_of_field;
            let gone = self.table.remove(u64::from(id_of_field), is_it);
            on_gone(gone.expect("what is in the order is in the table").field());
            count += 1;
        }
        count
    }
}
