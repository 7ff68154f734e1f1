//! Sorted sets: a listpack as a string, or a count and the members, each with its score.

use crate::persist::rdb::writer::Writer;
use crate::value::{Collection, SortedSet};
use c_compat::listpack::IntText;
use c_compat::rdb::opcode;
use std::io::{self, Write};

/// The id of the form that a sorted set is saved in.
pub fn type_id(set: &SortedSet) -> u8 {
    match set {
        SortedSet::Packed(_) => opcode::TYPE_ZSET_LISTPACK,
        SortedSet::Ranked(_) => opcode::TYPE_ZSET_2,
    }
}

/// Of a large one the last member goes first, so that whoever loads it into a skip list always adds at its head.
pub fn save<W: Write>(out: &mut Writer<W>, set: &SortedSet) -> io::Result<()> {
    if let SortedSet::Packed(pairs) = set {
        return out.string(pairs.as_bytes());
    }
    out.len(set.len() as u64)?;
    let mut room = IntText::new();
    set.range(0..set.len(), true).try_for_each(|item| {
        out.string(item.member.text(&mut room))?;
        out.raw(&item.score().to_le_bytes())
    })
}
