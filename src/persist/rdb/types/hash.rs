//! Hashes: a listpack as a string, or a count and the fields; with their expiry times, where fields have some.
//!
//! ```text
//! HASH               count { field value }
//! HASH_LISTPACK      string: a listpack of field, value, ...            (before 7.0 a ziplist, before 2.6 a zipmap)
//! HASH_METADATA      first  count { later field value }                 (7.4)
//! HASH_LISTPACK_EX   first  string: a listpack of field, value, time, ...
//! HASH_2             count { field value time }                         (Valkey 9)
//!
//!  first   when the first of the fields expires: 8 bytes, as times everywhere else in ms
//!  later   0 for a field that does not expire, else how much later than that it does, plus one
//!  time    8 bytes, -1 for none; in a listpack a number, 0 for none, and the first to expire comes first
//! ```

use super::{Begun, Building, Parts, corrupt, packed, presize};
use crate::persist::rdb::VERSION_FIELD_TIMES;
use crate::persist::rdb::header::VERSION_VALKEY_9;
use crate::persist::rdb::load_value::LoadedValue;
use crate::persist::rdb::writer::Writer;
use crate::value::{Collection, Hash, Limits, hash};
use c_compat::listpack::{IntText, Listpack};
use c_compat::rdb::{Stop, Window, opcode};
use c_compat::zipmap::Zipmap;
use std::io::{self, Write};

/// The id of the form that a hash is saved in: one that 7.0 knows, unless fields expire. In a version that has no such form
/// they lose their times.
pub fn type_id(hash: &Hash, version: u16) -> u8 {
    let expires = version >= VERSION_FIELD_TIMES && hash.next_expires().is_some();
    match hash {
        Hash::PackedEx(_) | Hash::TableEx(_) if expires && version == VERSION_VALKEY_9 => opcode::TYPE_HASH_2,
        Hash::Packed(_) => opcode::TYPE_HASH_LISTPACK,
        Hash::PackedEx(_) if expires => opcode::TYPE_HASH_LISTPACK_EX,
        Hash::TableEx(_) if expires => opcode::TYPE_HASH_METADATA,
        Hash::Table(_) | Hash::PackedEx(_) | Hash::TableEx(_) => opcode::TYPE_HASH,
    }
}

/// Writes a hash in the form that [`type_id`] says, or without its times as `TYPE_HASH`.
pub fn save<W: Write>(out: &mut Writer<W>, hash: &Hash, type_id: u8) -> io::Result<()> {
    let first = hash.next_expires().unwrap_or(0);
    let has_times = type_id == opcode::TYPE_HASH_METADATA;
    match hash {
        Hash::Packed(list) if type_id == opcode::TYPE_HASH_LISTPACK => return out.string(list.as_bytes()),
        Hash::PackedEx(packed) if type_id == opcode::TYPE_HASH_LISTPACK_EX => {
            out.raw(&first.to_le_bytes())?;
            return out.string(packed.triples().as_bytes());
        }
        _ if has_times => out.raw(&first.to_le_bytes())?,
        _ => {}
    }
    out.len(hash.len() as u64)?;
    let (mut field_room, mut value_room) = (IntText::new(), IntText::new());
    for f in hash.iter() {
        if has_times {
            out.len(f.expires.map_or(0, |ms| (ms - first) as u64 + 1))?;
        }
        out.string(f.field.text(&mut field_room))?;
        out.string(f.value.text(&mut value_room))?;
        if type_id == opcode::TYPE_HASH_2 {
            out.raw(&f.expires.unwrap_or(-1).to_le_bytes())?;
        }
    }
    Ok(())
}

/// Begins to read a hash of this type.
///
/// # Errors
/// Not enough is in the window, or it makes no sense.
pub fn begin<'w>(window: &mut Window<'w>, type_id: u8, limits: &Limits) -> Result<Begun<'w>, Stop> {
    let at = window.pos();
    let or_corrupt = |hash: Option<Hash>, what| {
        let hash = hash.ok_or_else(|| corrupt(at, what))?;
        Ok(Begun::Whole(LoadedValue::of(hash.into())))
    };
    let from_pairs = |pairs| Hash::from_pairs(pairs, &limits.hash);
    match type_id {
        opcode::TYPE_HASH_LISTPACK => {
            let pairs = packed::listpack(&window.string_bytes()?, 2);
            or_corrupt(pairs.map(from_pairs), "Hash listpack integrity check failed.")
        }
        opcode::TYPE_HASH_LISTPACK_EX => {
            // When the first field expires is told by the listpack too.
            window.take(8)?;
            let triples = packed::listpack(&window.string_bytes()?, 3).filter(are_ordered);
            let hash = triples.map(|triples| Hash::from_triples(triples, &limits.hash));
            or_corrupt(hash, "Hash listpackex integrity check failed.")
        }
        opcode::TYPE_HASH_ZIPLIST => {
            let pairs = packed::ziplist(&window.string_bytes()?, 2);
            or_corrupt(pairs.map(from_pairs), "Hash ziplist integrity check failed.")
        }
        opcode::TYPE_HASH_ZIPMAP => {
            let bytes = window.string_bytes()?;
            let pairs = Zipmap::new(&bytes).map_err(|_| corrupt(at, "Zipmap integrity check failed."))?;
            or_corrupt(from_zipmap(pairs, limits), "Hash zipmap with dup elements")
        }
        _ => {
            let first = match type_id {
                opcode::TYPE_HASH_METADATA => window.milliseconds()?,
                _ => 0,
            };
            let left = window.len()?;
            if left == 0 {
                return Ok(Begun::Whole(LoadedValue::Empty));
            }
            let hash = Hash::with_room(presize(left), &limits.hash);
            Ok(Begun::Parts(Parts { left, type_id, building: Building::Hash(Loading { hash, first }) }))
        }
    }
}

/// Times follow each other and the fields without one are the last.
fn are_ordered(triples: &Listpack) -> bool {
    let mut before = 1;
    triples.iter().skip(2).step_by(3).all(|entry| {
        let time = match entry.as_int() {
            Some(0) => i64::MAX,
            Some(time) => time,
            None => return false,
        };
        let in_order = before <= time;
        before = time;
        in_order
    })
}

fn from_zipmap(pairs: Zipmap<'_>, limits: &Limits) -> Option<Hash> {
    let mut hash = Hash::with_room(pairs.len(), &limits.hash);
    pairs.iter().all(|(field, value)| hash.set(field, value, &limits.hash)).then_some(hash)
}

/// A hash that is being loaded.
#[derive(Debug)]
pub struct Loading {
    hash: Hash,
    /// When the first of the fields expires, if the others' times count from there.
    first: i64,
}

impl Loading {
    pub fn finish(self) -> Hash {
        self.hash
    }
}

/// Reads one field into a hash.
pub fn load_field(
    Loading { hash, first }: &mut Loading,
    window: &mut Window<'_>,
    type_id: u8,
    limits: &Limits,
) -> Result<(), Stop> {
    let at = window.pos();
    let later = if type_id == opcode::TYPE_HASH_METADATA { window.len()? } else { 0 };
    let (field, value) = (window.string_bytes()?, window.string_bytes()?);
    let expires = match type_id {
        opcode::TYPE_HASH_2 => Some(window.milliseconds()?).filter(|ms| *ms != -1),
        _ if later > 0 => Some(first.saturating_add_unsigned(later - 1)),
        _ => None,
    };
    let limits: &hash::Limits = &limits.hash;
    let is_new = match expires {
        None => hash.set(&field, &value, limits),
        Some(ms) if (1..i64::MAX).contains(&ms) => hash.set_expiring(&field, &value, ms, limits),
        Some(_) => return Err(corrupt(at, "Hash field with an impossible expiry time")),
    };
    if is_new { Ok(()) } else { Err(corrupt(at, "Duplicate hash fields detected")) }
}
