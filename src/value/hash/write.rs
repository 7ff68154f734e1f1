//! Setting and removing fields, and the conversions between encodings.

use super::ex::{Expiry, PackedEx, TableEx};
use super::{Field, Hash, Limits, Listpack, Table, find_in, hash};
use crate::value::Collection;
use c_compat::listpack::Pos;

impl Hash {
    /// Sets a field, whose expiry time it loses; true if it is new.
    #[inline]
    pub fn set(&mut self, field: &[u8], value: &[u8], limits: &Limits) -> bool {
        match self {
            Hash::Table(table) => put(table, field, value),
            Hash::Packed(list) if fits(list, field, value, limits) => {
                let new = match value_pos(list, field) {
                    Some(at) => {
                        list.replace(at, value);
                        false
                    }
                    None => {
                        list.push_pair(field, value);
                        true
                    }
                };
                if new && list.len() / 2 > limits.max_listpack_entries {
                    self.unpack();
                }
                new
            }
            Hash::Packed(_) => {
                self.unpack();
                self.set(field, value, limits)
            }
            Hash::PackedEx(_) | Hash::TableEx(_) => self.set_ex(field, value, Expiry::Clear, limits),
        }
    }

    /// As [`Hash::set`], but the field keeps its expiry time.
    pub fn set_keeping(&mut self, field: &[u8], value: &[u8], limits: &Limits) -> bool {
        match self {
            Hash::Packed(_) | Hash::Table(_) => self.set(field, value, limits),
            Hash::PackedEx(_) | Hash::TableEx(_) => self.set_ex(field, value, Expiry::Keep, limits),
        }
    }

    /// As [`Hash::set`], but the field is to expire.
    pub fn set_expiring(&mut self, field: &[u8], value: &[u8], at_ms: i64, limits: &Limits) -> bool {
        self.make_ex();
        self.set_ex(field, value, Expiry::At(at_ms), limits)
    }

    /// Removes a field; false if there is none.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        match self {
            Hash::Packed(list) => match list.find(field, 1) {
                Some(at) => {
                    list.delete_at_pos(at, 2);
                    true
                }
                None => false,
            },
            Hash::Table(table) => table.remove(hash(field), |f| f.field() == field).is_some(),
            Hash::PackedEx(packed) => packed.remove(field),
            Hash::TableEx(ex) => ex.remove(field),
        }
    }

    /// A hash of the fields and values of a listpack that has been looked at: an even number of entries, each field once.
    pub fn from_pairs(list: Listpack, limits: &Limits) -> Hash {
        let mut loaded = Hash::Packed(list);
        if loaded.len() > limits.max_listpack_entries {
            loaded.unpack();
        }
        loaded
    }

    /// A hash of the triples of a listpack that has been looked at: fields, values and times, each field once, ordered by time
    /// with those that have none (0) last.
    pub fn from_triples(triples: Listpack, limits: &Limits) -> Hash {
        let mut loaded = Hash::PackedEx(Box::new(PackedEx::from_triples(triples)));
        if loaded.len() > limits.max_listpack_entries {
            loaded.unpack();
        }
        loaded
    }

    /// An empty hash with room for so many fields; it is packed if it may be.
    pub fn with_room(fields: usize, limits: &Limits) -> Hash {
        if fields <= limits.max_listpack_entries {
            return Hash::new();
        }
        let mut table = Table::new();
        table.presize(fields);
        Hash::Table(Box::new(table))
    }

    /// Makes a packed hash a table.
    pub fn unpack(&mut self) {
        let mut table = Table::new();
        if !matches!(self, Hash::Packed(_) | Hash::PackedEx(_)) {
            return;
        }
        table.presize(self.len());
        let (mut field_text, mut value_text) = Default::default();
        for f in self.iter() {
            let (field, value) = (f.field.text(&mut field_text), f.value.text(&mut value_text));
            insert(&mut table, Field::new(field, value, f.expires));
        }
        *self = match self {
            Hash::PackedEx(packed) => Hash::TableEx(Box::new(TableEx::from_packed(table, packed))),
            _ => Hash::Table(Box::new(table)),
        };
    }

    /// Gives the hash the form in which fields can expire.
    pub(super) fn make_ex(&mut self) {
        if matches!(self, Hash::PackedEx(_) | Hash::TableEx(_)) {
            return;
        }
        *self = match std::mem::replace(self, Hash::new()) {
            Hash::Packed(list) => Hash::PackedEx(Box::new(PackedEx::from_pairs(&list))),
            Hash::Table(table) => Hash::TableEx(Box::new(TableEx::from_table(*table))),
            ex => ex,
        };
    }
}

/// May these be put into a listpack?
#[inline]
pub(super) fn fits(list: &Listpack, field: &[u8], value: &[u8], limits: &Limits) -> bool {
    field.len() <= limits.max_listpack_value
        && value.len() <= limits.max_listpack_value
        && !list.would_overflow(field.len() + value.len())
}

/// Where a field's value stands in pairs.
#[inline]
fn value_pos(list: &Listpack, field: &[u8]) -> Option<Pos> {
    list.next(list.find(field, 1)?)
}

#[inline]
fn put(table: &mut Table<Field>, field: &[u8], value: &[u8]) -> bool {
    let hash_of_field = hash(field);
    match table.find_mut(hash_of_field, |f| f.field() == field) {
        Some(found) => {
            found.set_value(value);
            false
        }
        None => {
            table.insert(hash_of_field, Field::new(field, value, None), |f| hash(f.field()));
            true
        }
    }
}

/// Adds a field that is not in the table.
pub(super) fn insert(table: &mut Table<Field>, field: Field) {
    debug_assert!(find_in(table, field.field()).is_none(), "each field is there once");
    table.insert(hash(field.field()), field, |f| hash(f.field()));
}

pub(super) fn copy(table: &Table<Field>) -> Table<Field> {
    let mut copy = Table::new();
    copy.presize(table.len());
    for field in table.iter() {
        insert(&mut copy, field.clone());
    }
    copy
}
