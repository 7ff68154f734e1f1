//! How far a group has read: how many entries up to its last one were ever added, and how many it has yet to read.
//!
//! Entries count from the first that was ever added, so that both are differences. They are known as long as no deletion
//! in the middle can have made a gap among those yet to be read; of deletions, the greatest id alone is remembered.

use super::Group;
use crate::value::stream::{State, StreamId};

impl State {
    /// How many entries a group has yet to read, if that is known.
    pub fn lag(&self, group: &Group) -> Option<i64> {
        let added = self.entries_added as i64;
        if added == 0 {
            return Some(0);
        }
        let known = group.entries_read.filter(|_| !self.has_gap_from(group.last_id));
        known.or_else(|| self.entries_up_to(group.last_id)).map(|read| added.wrapping_sub(read))
    }

    /// A group, by its place, has read the entry that comes after its last one.
    pub fn advance_group(&mut self, at: usize, id: StreamId) {
        let before = self.groups[at].entries_read;
        let entries_read = match before {
            Some(read) if !self.has_gap_from(id) => Some(read.wrapping_add(1)),
            _ if self.entries_added > 0 => self.entries_up_to(id),
            before => before,
        };
        let group = &mut self.groups[at];
        (group.last_id, group.entries_read) = (id, entries_read);
    }

    /// How many entries were ever added up to this id, if that can be told.
    pub fn entries_up_to(&self, id: StreamId) -> Option<i64> {
        let added = self.entries_added as i64;
        if added == 0 {
            return Some(0);
        }
        if id == self.last_id || (self.entries() == 0 && id < self.last_id) {
            return Some(added);
        }
        if id > self.last_id || (self.max_deleted_id != StreamId::MIN && self.max_deleted_id >= self.first_id)
        {
            return None;
        }
        let before_first = added.wrapping_sub(self.entries() as i64);
        match id.cmp(&self.first_id) {
            std::cmp::Ordering::Less => Some(before_first),
            std::cmp::Ordering::Equal => Some(before_first.wrapping_add(1)),
            std::cmp::Ordering::Greater => None,
        }
    }

    /// Whether an entry may have been deleted from this id on that others follow.
    fn has_gap_from(&self, id: StreamId) -> bool {
        let deleted = self.max_deleted_id;
        self.entries() > 0 && deleted != StreamId::MIN && self.first_id <= deleted && id <= deleted
    }
}
