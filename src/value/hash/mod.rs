//! Hashes.
//!
//! | variant      | OBJECT ENCODING | what                                                                  |
//! |--------------|-----------------|-----------------------------------------------------------------------|
//! | `Packed`     | listpack        | field, value, field, value, ...                                       |
//! | `Table`      | hashtable       | a table of blocks that hold a field and its value (`ds::field`)       |
//! | `PackedEx`   | listpackex      | field, value, time, field, value, time, ..., the first to expire first |
//! | `TableEx`    | hashtable       | the same table, and the order in which its fields expire              |
//!
//! A hash is packed up to hash-max-listpack-entries fields of up to hash-max-listpack-value bytes, and never goes back. It
//! gets an `Ex` form with the first field that is given an expiry time and keeps it, so a hash without such fields pays
//! nothing for there being others. Field and value come out as [`Item`]s, since a listpack keeps integers as such.
//!
//! | file   | what                                        |
//! |--------|---------------------------------------------|
//! | write  | setting and removing fields, conversions    |
//! | ex     | fields that expire                          |
//! | random | fields drawn at random                      |
//!
//! Fields whose time has passed stay until someone deletes them; what is to be seen of them is the caller's to say, by the
//! moment before which fields count as gone.

mod ex;
mod random;
#[cfg(test)]
mod tests;
mod write;

use super::{Collection, Encoding, collection, extrapolate};
use crate::ds::field::Field;
use crate::ds::hashing::hash;
use crate::ds::table::{self, Table};
use c_compat::listpack::{self, Listpack};
use ex::{PackedEx, TableEx};

/// A field or value: bytes, or an integer that stands for its text.
pub type Item<'a> = listpack::Entry<'a>;

/// At which sizes the encoding changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// hash-max-listpack-entries
    pub max_listpack_entries: usize,
    /// hash-max-listpack-value
    pub max_listpack_value: usize,
}

/// A hash.
pub enum Hash {
    Packed(Listpack),
    Table(Box<Table<Field>>),
    PackedEx(Box<PackedEx>),
    TableEx(Box<TableEx>),
}

/// A field as it lies in a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldRef<'a> {
    pub field: Item<'a>,
    pub value: Item<'a>,
    /// Unix time in ms.
    pub expires: Option<i64>,
}

impl FieldRef<'_> {
    /// Is its time before `moment`?
    #[inline]
    pub fn is_gone(&self, moment: i64) -> bool {
        self.expires.is_some_and(|ms| ms < moment)
    }
}

impl<'a> From<&'a Field> for FieldRef<'a> {
    #[inline]
    fn from(field: &'a Field) -> Self {
        FieldRef {
            field: Item::Str(field.field()),
            value: Item::Str(field.value()),
            expires: field.expires(),
        }
    }
}

/// What a search for a field came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<'a> {
    Missing,
    /// It is there, but its time has passed.
    Gone,
    Found(Item<'a>),
}

impl Collection for Hash {
    collection!(Hash);

    fn new() -> Self {
        Hash::Packed(Listpack::new())
    }

    fn len(&self) -> usize {
        match self {
            Hash::Packed(list) => list.len() / 2,
            Hash::Table(table) => table.len(),
            Hash::PackedEx(packed) => packed.len(),
            Hash::TableEx(ex) => ex.table.len(),
        }
    }

    fn encoding(&self) -> Encoding {
        match self {
            Hash::Packed(_) => Encoding::Listpack,
            Hash::PackedEx(_) => Encoding::ListpackEx,
            Hash::Table(_) | Hash::TableEx(_) => Encoding::Hashtable,
        }
    }

    fn free_effort(&self) -> usize {
        match self {
            Hash::Packed(_) | Hash::PackedEx(_) => 1,
            Hash::Table(table) => table.len(),
            Hash::TableEx(ex) => ex.table.len(),
        }
    }

    fn memory(&self, samples: usize) -> usize {
        let fields = |table: &Table<Field>| {
            table.memory() + extrapolate(samples, table.len(), table.iter().map(Field::allocated))
        };
        match self {
            Hash::Packed(list) => list.allocated(),
            Hash::Table(table) => size_of::<Table<Field>>() + fields(table),
            Hash::PackedEx(packed) => size_of::<PackedEx>() + packed.triples().allocated(),
            Hash::TableEx(ex) => size_of::<TableEx>() + fields(&ex.table) + ex.order_memory(),
        }
    }
}

impl Hash {
    /// A field as it lies, its time passed or not.
    #[inline]
    pub fn find(&self, field: &[u8]) -> Option<FieldRef<'_>> {
        match self {
            Hash::Packed(list) => {
                let at = list.find(field, 1)?;
                let (name, value) = list.entry_and_next(at);
                let value = list.entry(value.expect("each field has a value"));
                Some(FieldRef { field: name, value, expires: None })
            }
            Hash::Table(table) => find_in(table, field).map(FieldRef::from),
            Hash::PackedEx(packed) => packed.find(field),
            Hash::TableEx(ex) => find_in(&ex.table, field).map(FieldRef::from),
        }
    }

    /// The value of a field, unless its time is before `moment`.
    #[inline]
    pub fn get(&self, field: &[u8], moment: i64) -> Lookup<'_> {
        match self.find(field) {
            None => Lookup::Missing,
            Some(found) if found.is_gone(moment) => Lookup::Gone,
            Some(found) => Lookup::Found(found.value),
        }
    }

    /// How many fields [`Hash::prefetch`] takes at a time.
    pub const PREFETCH_FIELDS: usize = 16;

    /// Brings fields that are about to be looked up into the cache, their misses overlapping: first all buckets, then all
    /// that lies in them.
    pub fn prefetch<'f>(&self, fields: impl Iterator<Item = &'f [u8]>) {
        let Some(table) = self.table() else { return };
        let mut hashes = [0; Hash::PREFETCH_FIELDS];
        let mut count = 0;
        for (place, field) in hashes.iter_mut().zip(fields) {
            *place = hash(field);
            table.prefetch(*place);
            count += 1;
        }
        hashes[..count].iter().for_each(|hash| table.prefetch_entry(*hash));
    }

    /// Every field, those whose time has passed too.
    pub fn iter(&self) -> Iter<'_> {
        match self {
            Hash::Packed(list) => Iter::Packed(list.pairs()),
            Hash::Table(table) => Iter::Table(table.iter()),
            Hash::PackedEx(packed) => packed.iter(),
            Hash::TableEx(ex) => Iter::Table(ex.table.iter()),
        }
    }

    /// Every field whose time is not before `moment`.
    pub fn iter_at(&self, moment: i64) -> impl Iterator<Item = FieldRef<'_>> {
        self.iter().filter(move |f| !f.is_gone(moment))
    }

    /// How many fields [`Hash::iter_at`] gives.
    pub fn len_at(&self, moment: i64) -> usize {
        match self {
            Hash::Packed(_) | Hash::Table(_) => self.len(),
            Hash::PackedEx(packed) => packed.len() - packed.gone(moment),
            Hash::TableEx(ex) => ex.table.len() - ex.gone(moment),
        }
    }

    /// Visits some fields, at least `count` unless the end comes first, and returns the next cursor, 0 at the end. Whatever
    /// is there from the first call to the last is visited. A packed hash is visited whole.
    pub fn scan<'a>(&'a self, cursor: u64, count: u64, mut visit: impl FnMut(FieldRef<'a>)) -> u64 {
        /// How many empty buckets a step may pass for each field it was asked for.
        const BUCKETS_PER_FIELD: u64 = 20;
        let Some(table) = self.table() else {
            self.iter().for_each(visit);
            return 0;
        };
        let mut buckets = count.saturating_mul(BUCKETS_PER_FIELD);
        let (mut cursor, mut seen) = (cursor, 0);
        loop {
            cursor = table.scan(cursor, |f| {
                seen += 1;
                visit(f.into());
            });
            if cursor == 0 || seen >= count || buckets == 0 {
                return cursor;
            }
            buckets -= 1;
        }
    }

    /// The table of a hash that is not packed.
    #[inline]
    fn table(&self) -> Option<&Table<Field>> {
        match self {
            Hash::Packed(_) | Hash::PackedEx(_) => None,
            Hash::Table(table) => Some(table),
            Hash::TableEx(ex) => Some(&ex.table),
        }
    }
}

#[inline]
fn find_in<'t>(table: &'t Table<Field>, field: &[u8]) -> Option<&'t Field> {
    table.find(hash(field), |f| f.field() == field)
}

/// The fields of a hash, in the order of its encoding.
pub enum Iter<'a> {
    Packed(listpack::Pairs<'a>),
    PackedEx(listpack::Iter<'a>),
    Table(table::Iter<'a, Field>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = FieldRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<FieldRef<'a>> {
        match self {
            Iter::Packed(pairs) => {
                pairs.next().map(|(field, value)| FieldRef { field, value, expires: None })
            }
            Iter::Table(fields) => fields.next().map(FieldRef::from),
            Iter::PackedEx(entries) => ex::next_triple(entries),
        }
    }
}

impl Clone for Hash {
    fn clone(&self) -> Self {
        match self {
            Hash::Packed(list) => Hash::Packed(list.clone()),
            Hash::Table(table) => Hash::Table(Box::new(write::copy(table))),
            Hash::PackedEx(packed) => Hash::PackedEx(packed.clone()),
            Hash::TableEx(ex) => Hash::TableEx(Box::new(TableEx::from_table(write::copy(&ex.table)))),
        }
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
