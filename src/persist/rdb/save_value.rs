//! Values on their way out: the type id and one function a type.

use super::types;
use super::writer::Writer;
use crate::value::{StrRef, ValueRef};
use c_compat::rdb::opcode;
use std::io::{self, Write};

/// The id that a value's bytes are announced with, where the reader knows this version.
pub fn type_id(value: ValueRef<'_>, version: u16) -> u8 {
    match value {
        ValueRef::Str(_) => opcode::TYPE_STRING,
        ValueRef::List(_) => opcode::TYPE_LIST_QUICKLIST_2,
        ValueRef::Set(set) => types::set::type_id(set),
        ValueRef::Hash(hash) => types::hash::type_id(hash, version),
        ValueRef::SortedSet(set) => types::sorted_set::type_id(set),
        ValueRef::Stream(_) => types::stream::type_id(version),
    }
}

/// Writes a value's bytes in the form of the id that [`type_id`] gave.
pub fn save_value<W: Write>(out: &mut Writer<W>, value: ValueRef<'_>, type_id: u8) -> io::Result<()> {
    match value {
        ValueRef::Str(StrRef::Int(n)) => out.int(n),
        ValueRef::Str(StrRef::Bytes(bytes)) => out.string(bytes),
        ValueRef::Str(StrRef::Long(long)) => out.string(long.bytes()),
        ValueRef::List(list) => types::list::save(out, list),
        ValueRef::Set(set) => types::set::save(out, set),
        ValueRef::Hash(hash) => types::hash::save(out, hash, type_id),
        ValueRef::SortedSet(set) => types::sorted_set::save(out, set),
        ValueRef::Stream(stream) => types::stream::save(out, stream, type_id),
    }
}
