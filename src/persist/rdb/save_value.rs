//! Values on their way out: the type id and one function a type.

use super::writer::Writer;
use crate::value::{StrRef, ValueRef};
use c_compat::rdb::opcode;
use std::io::{self, Write};

/// The id that a value's bytes are announced with.
pub fn type_id(value: ValueRef<'_>) -> u8 {
    match value {
        ValueRef::Str(_) => opcode::TYPE_STRING,
        ValueRef::List(_) | ValueRef::Set(_) | ValueRef::SortedSet(_) | ValueRef::Hash(_) => {
            unreachable!("no command makes one")
        }
    }
}

/// Writes a value's bytes.
pub fn save_value<W: Write>(out: &mut Writer<W>, value: ValueRef<'_>) -> io::Result<()> {
    match value {
        ValueRef::Str(StrRef::Int(n)) => out.int(n),
        ValueRef::Str(StrRef::Bytes(bytes)) => out.string(bytes),
        ValueRef::List(_) | ValueRef::Set(_) | ValueRef::SortedSet(_) | ValueRef::Hash(_) => {
            unreachable!("no command makes one")
        }
    }
}
