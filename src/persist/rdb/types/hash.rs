//! Hashes: a listpack as a string, or a count and the fields; with their expiry times, where fields have some.

use crate::persist::rdb::writer::Writer;
use crate::value::{Collection, Hash};
use c_compat::listpack::IntText;
use c_compat::rdb::opcode;
use std::io::{self, Write};

/// The id of the form that a hash is saved in.
pub fn type_id(hash: &Hash) -> u8 {
    match hash {
        Hash::Packed(_) => opcode::TYPE_HASH_LISTPACK,
        Hash::Table(_) => opcode::TYPE_HASH,
        Hash::PackedEx(_) => opcode::TYPE_HASH_LISTPACK_EX,
        Hash::TableEx(_) => opcode::TYPE_HASH_METADATA,
    }
}

/// A packed hash is its listpack. Of a table each field is written; if some expire, the first of their times goes ahead, and
/// before each field how much later its own is, plus one (0: it does not expire).
pub fn save<W: Write>(out: &mut Writer<W>, hash: &Hash) -> io::Result<()> {
    let first = hash.next_expires().unwrap_or(0);
    match hash {
        Hash::Packed(list) => return out.string(list.as_bytes()),
        Hash::PackedEx(packed) => {
            out.raw(&first.to_le_bytes())?;
            return out.string(packed.triples().as_bytes());
        }
        Hash::Table(_) => {}
        Hash::TableEx(_) => out.raw(&first.to_le_bytes())?,
    }
    out.len(hash.len() as u64)?;
    let (mut field_room, mut value_room) = (IntText::new(), IntText::new());
    for f in hash.iter() {
        if let Hash::TableEx(_) = hash {
            out.len(f.expires.map_or(0, |ms| (ms - first) as u64 + 1))?;
        }
        out.string(f.field.text(&mut field_room))?;
        out.string(f.value.text(&mut value_room))?;
    }
    Ok(())
}
