//! Collections in RDB: one file a type, each with what it is saved as and how it is read back.
//!
//! Reading a collection has two forms. What lies in one string (a listpack, an intset) is read [`Begun::Whole`]. What is
//! written member by member is read in [`Parts`]: each call takes one member from the window, so that a collection of any
//! size needs no more of the data at hand than its largest member, and a load can pause in the middle of it.

pub mod hash;
pub mod list;
pub mod packed;
pub mod set;
pub mod sorted_set;
pub mod stream;
pub mod stream_groups;
#[cfg(test)]
mod tests;

use super::load_value::LoadedValue;
use crate::value::{Limits, Set, SortedSet};
use c_compat::rdb::{Corrupt, Fault, Stop, Window};

/// A collection's count may be a lie: no more room than this many members take is made for it in advance.
const PRESIZE_MAX: u64 = 1 << 20;

/// What the first bytes of a value make.
#[derive(Debug)]
pub enum Begun<'w> {
    /// All of it.
    Whole(LoadedValue<'w>),
    /// A collection whose members are still to be read.
    Parts(Parts),
}

/// A collection that is being read member by member.
#[derive(Debug)]
pub struct Parts {
    /// Members, or whatever the type reads in one go, that are still to come; at least one.
    left: u64,
    type_id: u8,
    building: Building,
}

/// What the members make so far.
#[derive(Debug)]
enum Building {
    List(list::Loading),
    Set(Set),
    SortedSet(sorted_set::Builder),
    Hash(hash::Loading),
    Stream(stream::Loading),
}

impl Parts {
    /// Reads one more member.
    ///
    /// # Errors
    /// It is not all in the window, or makes no sense.
    pub fn step(&mut self, window: &mut Window<'_>, limits: &Limits) -> Result<(), Stop> {
        match &mut self.building {
            Building::List(list) => list::load_part(list, window, self.type_id)?,
            Building::Set(set) => set::load_member(set, window, limits)?,
            Building::SortedSet(set) => sorted_set::load_member(set, window, self.type_id)?,
            Building::Hash(hash) => hash::load_field(hash, window, self.type_id, limits)?,
            // How much there is shows on the way.
            Building::Stream(stream) => self.left += u64::from(!stream.step(window, self.type_id)?),
        }
        self.left -= 1;
        Ok(())
    }

    /// Whether all members have been read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.left == 0
    }

    /// The collection. It may be empty, if what was read leaves nothing.
    #[must_use]
    pub fn finish(self, limits: &Limits) -> LoadedValue<'static> {
        LoadedValue::of(match self.building {
            Building::List(list) => list.finish().into(),
            Building::Set(set) => set.into(),
            Building::SortedSet(set) => SortedSet::from_builder(set, &limits.sorted_set).into(),
            Building::Hash(hash) => hash.finish().into(),
            Building::Stream(stream) => stream.finish().into(),
        })
    }
}

/// So many members in advance for a collection of which `count` are announced.
fn presize(count: u64) -> usize {
    count.min(PRESIZE_MAX) as usize
}

/// Bytes that no server writes.
fn corrupt(at: usize, what: &'static str) -> Stop {
    Stop::Corrupt(Corrupt { at, fault: Fault::Value(what) })
}
