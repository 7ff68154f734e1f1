//! Lists: nodes, each a listpack or one element.

use crate::persist::rdb::writer::Writer;
use crate::value::List;
use crate::value::list::NodeRef;
use std::io::{self, Write};

/// `nodes { container string }`: a node's container says whether the string is one element or a listpack of several.
/// Nodes that are compressed in memory go out as they are.
pub fn save<W: Write>(out: &mut Writer<W>, list: &List) -> io::Result<()> {
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
