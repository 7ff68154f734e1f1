//! Values on their way out: the type id and one function a type.

use super::writer::Writer;
use crate::value::list::NodeRef;
use crate::value::{Collection, List, Set, StrRef, ValueRef};
use c_compat::listpack::IntText;
use c_compat::rdb::opcode;
use std::io::{self, Write};

/// The id that a value's bytes are announced with.
pub fn type_id(value: ValueRef<'_>) -> u8 {
    match value {
        ValueRef::Str(_) => opcode::TYPE_STRING,
        ValueRef::Set(Set::Ints(_)) => opcode::TYPE_SET_INTSET,
        ValueRef::Set(_) => opcode::TYPE_SET,
        ValueRef::List(_) => opcode::TYPE_LIST_QUICKLIST_2,
        ValueRef::SortedSet(_) | ValueRef::Hash(_) => {
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
        ValueRef::SortedSet(_) | ValueRef::Hash(_) => {
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
