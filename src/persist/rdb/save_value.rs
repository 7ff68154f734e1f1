//! Values on their way out: the type id and one function a type.

use super::writer::Writer;
use crate::value::list::NodeRef;
use crate::value::{Collection, Hash, List, Set, StrRef, ValueRef};
use c_compat::listpack::IntText;
use c_compat::rdb::opcode;
use std::io::{self, Write};

/// Hashes whose fields expire, as Redis 8.0 writes them: a table, and a listpack of triples.
const TYPE_HASH_METADATA: u8 = 24;
const TYPE_HASH_LISTPACK_EX: u8 = 25;

/// The id that a value's bytes are announced with.
pub fn type_id(value: ValueRef<'_>) -> u8 {
    match value {
        ValueRef::Str(_) => opcode::TYPE_STRING,
        ValueRef::Set(Set::Ints(_)) => opcode::TYPE_SET_INTSET,
        ValueRef::Set(_) => opcode::TYPE_SET,
        ValueRef::List(_) => opcode::TYPE_LIST_QUICKLIST_2,
        ValueRef::Hash(Hash::Packed(_)) => opcode::TYPE_HASH_LISTPACK,
        ValueRef::Hash(Hash::Table(_)) => opcode::TYPE_HASH,
        ValueRef::Hash(Hash::PackedEx(_)) => TYPE_HASH_LISTPACK_EX,
        ValueRef::Hash(Hash::TableEx(_)) => TYPE_HASH_METADATA,
        ValueRef::SortedSet(_) => {
            unreachable!("no command makes one")
        }
    }
}

/// Writes a value's bytes.
pub fn save_value<W: Write>(out: &mut Writer<W>, value: ValueRef<'_>) -> io::Result<()> {
    match value {
        ValueRef::Str(StrRef::Int(n)) => out.int(n),
        ValueRef::Str(StrRef::Bytes(bytes)) => out.string(bytes),
        ValueRef::Set(Set::Ints(ints)) => out.string(ints.as_bytes()),
        ValueRef::Set(set) => {
            out.len(set.len() as u64)?;
            let mut room = IntText::new();
            set.iter().try_for_each(|member| out.string(member.text(&mut room)))
        }
        ValueRef::List(list) => save_list(out, list),
        ValueRef::Hash(hash) => save_hash(out, hash),
        ValueRef::SortedSet(_) => {
            unreachable!("no command makes one")
        }
    }
}

/// `nodes { container string }`: a node's container says whether the string is one element or a listpack of several.
/// Nodes that are compressed in memory go out as they are.
fn save_list<W: Write>(out: &mut Writer<W>, list: &List) -> io::Result<()> {
    const PLAIN: u64 = 1;
    const PACKED: u64 = 2;
    out.len(list.node_count() as u64)?;
    for node in list.nodes() {
        match node {
            NodeRef::Packed(pack) => {
                out.len(PACKED)?;
                out.string(pack.as_bytes())?;
            }
            NodeRef::Plain(bytes) => {
                out.len(PLAIN)?;
                out.string(bytes)?;
            }
            NodeRef::Compressed(node) => {
                out.len(if node.plain { PLAIN } else { PACKED })?;
                out.compressed(&node.lzf, node.len)?;
            }
        }
    }
    Ok(())
}

/// A packed hash is its listpack. Of a table each field is written; if some expire, the first of their times goes ahead, and
/// before each field how much later its own is, plus one (0: it does not expire).
fn save_hash<W: Write>(out: &mut Writer<W>, hash: &Hash) -> io::Result<()> {
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
