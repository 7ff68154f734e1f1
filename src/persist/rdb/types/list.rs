//! Lists: nodes, each a listpack or one element; before 7.0 ziplists, and before 3.2 the elements or one ziplist.

use super::{Begun, Building, Parts, corrupt, packed};
use crate::persist::rdb::load_value::LoadedValue;
use crate::persist::rdb::writer::Writer;
use crate::value::list::NodeRef;
use crate::value::{Limits, List};
use c_compat::listpack::{IntText, Listpack};
use c_compat::rdb::{Stop, Window, opcode};
use c_compat::ziplist::Ziplist;
use std::io::{self, Write};

pub use crate::value::list::Loading;

/// A node's container: one element, or a listpack of several.
const PLAIN: u64 = 1;
const PACKED: u64 = 2;

/// `nodes { container string }`: a node's container says whether the string is one element or a listpack of several.
/// Nodes that are compressed in memory go out as they are.
pub fn save<W: Write>(out: &mut Writer<W>, list: &List) -> io::Result<()> {
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

/// Begins to read a list of this type.
///
/// # Errors
/// Not enough is in the window, or it makes no sense.
pub fn begin<'w>(window: &mut Window<'w>, type_id: u8, limits: &Limits) -> Result<Begun<'w>, Stop> {
    let mut list = List::loading(&limits.list);
    if type_id == opcode::TYPE_LIST_ZIPLIST {
        let at = window.pos();
        let bytes = window.string_bytes()?;
        let entries =
            Ziplist::new(&bytes).map_err(|_| corrupt(at, "List ziplist integrity check failed."))?;
        let mut room = IntText::new();
        entries.iter().for_each(|element| list.element(element.text(&mut room)));
        return Ok(Begun::Whole(LoadedValue::of(list.finish().into())));
    }
    Ok(match window.len()? {
        0 => Begun::Whole(LoadedValue::Empty),
        left => Begun::Parts(Parts { left, type_id, building: Building::List(list) }),
    })
}

/// Reads one element or node into a list. Nodes without elements are left out.
pub fn load_part(list: &mut Loading, window: &mut Window<'_>, type_id: u8) -> Result<(), Stop> {
    let at = window.pos();
    match type_id {
        opcode::TYPE_LIST => list.element(&window.string_bytes()?),
        opcode::TYPE_LIST_QUICKLIST => {
            let node = packed::converted(&window.string_bytes()?);
            list.packed(node.ok_or_else(|| corrupt(at, "Ziplist integrity check failed."))?);
        }
        _ => {
            let container = window.len()?;
            let bytes = window.string_bytes()?;
            match container {
                PLAIN if !bytes.is_empty() => list.plain(&bytes),
                PACKED => {
                    let node = Listpack::from_bytes(&bytes);
                    list.packed(node.map_err(|_| corrupt(at, "Listpack integrity check failed."))?);
                }
                _ => return Err(corrupt(at, "Quicklist integrity check failed.")),
            }
        }
    }
    Ok(())
}
