//! Streams: the nodes as they are, what the stream knows of its past, and its consumer groups (`stream_groups`).
//!
//! ```text
//! stream    | n | node ... | entries | last id | first id | greatest deleted id | entries ever added | groups
//! node      | string: id, 16 bytes | string: listpack |
//! id        | ms | seq |
//! ```
//!
//! Before 7.0 (type 15) there was nothing between the last id and the groups. It is read a node at a time.

use super::stream_groups::{self, Form, Reading};
use super::{Begun, Building, Parts, corrupt};
use crate::persist::rdb::writer::Writer;
use crate::value::stream::StreamId;
use crate::value::{Collection, Stream};
use c_compat::rdb::{Stop, Window, opcode};
use std::io::{self, Write};

/// The version that brought the time at which a consumer was active.
const VERSION_ACTIVE: u16 = 11;

/// The id of the form that a stream is saved in: that of 7.0, unless the version says that the reader is newer.
pub fn type_id(version: u16) -> u8 {
    if version >= VERSION_ACTIVE { opcode::TYPE_STREAM_LISTPACKS_3 } else { opcode::TYPE_STREAM_LISTPACKS_2 }
}

/// What a form tells of groups.
fn form(type_id: u8) -> Form {
    Form {
        entries_read: type_id != opcode::TYPE_STREAM_LISTPACKS,
        active_time: type_id == opcode::TYPE_STREAM_LISTPACKS_3,
    }
}

/// Writes a stream in the form that [`type_id`] says.
pub fn save<W: Write>(out: &mut Writer<W>, stream: &Stream, type_id: u8) -> io::Result<()> {
    let nodes = stream.nodes();
    out.len(nodes.len() as u64)?;
    for node in nodes {
        out.string(&node.id().to_bytes())?;
        out.string(node.as_bytes())?;
    }
    out.len(stream.entries())?;
    for id in [stream.last_id, stream.first_id, stream.max_deleted_id] {
        out.len(id.ms)?;
        out.len(id.seq)?;
    }
    out.len(stream.entries_added)?;
    stream_groups::save(out, &stream.groups, form(type_id))
}

/// Begins to read a stream of this type.
///
/// # Errors
/// Not enough is in the window.
pub fn begin<'w>(window: &mut Window<'w>, type_id: u8) -> Result<Begun<'w>, Stop> {
    let nodes_left = window.len()?;
    let loading = Loading { stream: Stream::new(), nodes_left, groups: None };
    Ok(Begun::Parts(Parts { left: 1, type_id, building: Building::Stream(loading) }))
}

/// A stream that is being read.
#[derive(Debug)]
pub struct Loading {
    stream: Stream,
    nodes_left: u64,
    /// Once what stands between nodes and groups has been read.
    groups: Option<Reading>,
}

impl Loading {
    pub fn finish(mut self) -> Stream {
        if let Some(groups) = self.groups {
            self.stream.groups = groups.finish();
        }
        self.stream
    }

    /// Reads one more part; true if it was the last.
    ///
    /// # Errors
    /// It is not all in the window, or makes no sense.
    pub fn step(&mut self, window: &mut Window<'_>, type_id: u8) -> Result<bool, Stop> {
        if self.nodes_left > 0 {
            self.node(window)?;
            self.nodes_left -= 1;
            return Ok(false);
        }
        let Some(groups) = &mut self.groups else {
            self.past(window, type_id)?;
            self.groups = Some(Reading::new(form(type_id)));
            return Ok(false);
        };
        groups.step(window, |id| self.stream.entries_up_to(id))?;
        Ok(groups.is_complete())
    }

    fn node(&mut self, window: &mut Window<'_>) -> Result<(), Stop> {
        let at = window.pos();
        let (id, bytes) = (window.string_bytes()?, window.string_bytes()?);
        let id = <[u8; 16]>::try_from(&*id)
            .map_err(|_| corrupt(at, "Stream node key entry is not the size of a stream ID"))?;
        match self.stream.add_loaded(StreamId::from_bytes(id), &bytes) {
            true => Ok(()),
            false => Err(corrupt(at, "Stream listpack integrity check failed.")),
        }
    }

    fn past(&mut self, window: &mut Window<'_>, type_id: u8) -> Result<(), Stop> {
        let at = window.pos();
        let entries = window.len()?;
        let last_id = load_id(window)?;
        let (mut first_id, mut max_deleted_id, mut entries_added) = (None, StreamId::MIN, entries);
        if type_id != opcode::TYPE_STREAM_LISTPACKS {
            first_id = Some(load_id(window)?);
            max_deleted_id = load_id(window)?;
            entries_added = window.len()?;
        }
        let stream = &mut self.stream;
        if entries != stream.entries() {
            return Err(corrupt(at, "Stream length inconsistent with rax entries"));
        }
        (stream.last_id, stream.max_deleted_id, stream.entries_added) =
            (last_id, max_deleted_id, entries_added);
        match first_id {
            Some(id) => stream.first_id = id,
            None => stream.update_first_id(),
        }
        Ok(())
    }
}

fn load_id(window: &mut Window<'_>) -> Result<StreamId, Stop> {
    Ok(StreamId { ms: window.len()?, seq: window.len()? })
}
