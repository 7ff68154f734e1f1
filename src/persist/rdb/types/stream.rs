//! Streams: the nodes as they are, what the stream knows of its past, and its consumer groups.

use crate::persist::rdb::writer::Writer;
use crate::value::Stream;
use crate::value::stream::StreamId;
use std::io::{self, Write};

/// Writes a stream as 7.0 does.
pub fn save<W: Write>(out: &mut Writer<W>, stream: &Stream) -> io::Result<()> {
    let nodes = stream.nodes();
    out.len(nodes.len() as u64)?;
    for node in nodes {
        out.string(&node.id().to_bytes())?;
        out.string(node.as_bytes())?;
    }
    out.len(stream.entries())?;
    for id in [stream.last_id, stream.first_id, stream.max_deleted_id] {
        save_id(out, id)?;
    }
    out.len(stream.entries_added)?;
    out.len(stream.groups.len() as u64)
}

fn save_id<W: Write>(out: &mut Writer<W>, id: StreamId) -> io::Result<()> {
    out.len(id.ms)?;
    out.len(id.seq)
}
