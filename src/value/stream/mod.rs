//! Streams: entries of fields with values, each under an id that is greater than all before it.
//!
//! Entries lie in nodes (`node`), listpacks in Redis's very bytes, of up to stream-node-max-bytes and
//! stream-node-max-entries. Nodes are found by their ids in a row of ring buffers (`nodes`), since ids only grow: entries are
//! added to the last node alone, and taken out anywhere. An entry that is taken out is marked; its node goes with its last
//! one. So a node may hold marked entries that nobody sees, and its bytes say how many.
//!
//! | file   | what                                          |
//! |--------|-----------------------------------------------|
//! | id     | ids and their texts                           |
//! | node   | the bytes of a node                           |
//! | nodes  | the nodes in order                            |
//! | iter   | walking over entries                          |
//! | group  | consumer groups                               |
//!
//! A stream stays when its last entry goes: what it was and who reads it is part of it.

pub mod group;
pub mod id;
mod iter;
mod node;
mod nodes;
#[cfg(test)]
mod tests;

use super::{Collection, Encoding, collection, extrapolate};
pub use group::Groups;
pub use id::{IdText, NewId, StreamId};
pub use iter::{Range, RangeRev};
use node::Master;
pub use node::{EntryRef, Node};
use nodes::Nodes;
use std::ops::{Deref, DerefMut};

/// A node, and an entry, must not become greater than this.
const BYTES_MAX: usize = 1 << 30;

/// How large nodes become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// stream-node-max-bytes; 0 for no limit
    pub node_max_bytes: usize,
    /// stream-node-max-entries; 0 for no limit
    pub node_max_entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { node_max_bytes: 4096, node_max_entries: 100 }
    }
}

/// Why an entry was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendError {
    /// Its id is not greater than the last one.
    NotGreater,
    /// Its fields and values are too large.
    TooLarge,
}

/// Which entries are to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trim {
    /// The first ones, until so many are left.
    MaxLen(u64),
    /// Those with lesser ids.
    MinId(StreamId),
}

/// A stream.
#[derive(Clone, Debug)]
pub struct Stream(Box<State>);

/// What a stream is.
#[derive(Clone, Debug, Default)]
pub struct State {
    nodes: Nodes,
    /// Entries that are alive.
    len: u64,
    /// The id that was given out last.
    pub last_id: StreamId,
    /// The first entry's; 0-0 if there is none.
    pub first_id: StreamId,
    /// The greatest that was deleted by its id.
    pub max_deleted_id: StreamId,
    /// How many entries were ever added.
    pub entries_added: u64,
    pub groups: Groups,
}

impl Deref for Stream {
    type Target = State;

    #[inline]
    fn deref(&self) -> &State {
        &self.0
    }
}

impl DerefMut for Stream {
    #[inline]
    fn deref_mut(&mut self) -> &mut State {
        &mut self.0
    }
}

impl Collection for Stream {
    collection!(Stream);

    fn new() -> Self {
        Stream(Box::default())
    }

    fn len(&self) -> usize {
        self.0.len as usize
    }

    fn encoding(&self) -> Encoding {
        Encoding::Stream
    }

    fn free_effort(&self) -> usize {
        self.nodes.len() + self.groups.free_effort()
    }

    fn memory(&self, samples: usize) -> usize {
        let nodes = extrapolate(samples, self.nodes.len(), self.nodes.iter().map(Node::allocated));
        size_of::<State>() + self.nodes.allocated() + nodes + self.groups.memory(samples)
    }
}

impl State {
    /// How many entries there are.
    #[inline]
    pub fn entries(&self) -> u64 {
        self.len
    }

    /// The entries from `start` to `end`, both with them.
    #[inline]
    pub fn range(&self, start: StreamId, end: StreamId) -> Range<'_> {
        Range::new(&self.nodes, start, end)
    }

    /// The same, the last first.
    #[inline]
    pub fn range_rev(&self, start: StreamId, end: StreamId) -> RangeRev<'_> {
        RangeRev::new(&self.nodes, start, end)
    }

    /// The entry with this id.
    pub fn get(&self, id: StreamId) -> Option<EntryRef<'_>> {
        self.range(id, id).next()
    }

    /// The last entry's id, if there is an entry.
    #[inline]
    pub fn last_entry_id(&self) -> Option<StreamId> {
        self.range_rev(StreamId::MIN, StreamId::MAX).next().map(|entry| entry.id)
    }

    /// The id of the first entry that lies in the nodes, be it marked as deleted; the greatest id if there is none.
    pub fn first_id_in_nodes(&self) -> StreamId {
        let first = self.nodes.first().and_then(|at| {
            let node = self.nodes.get(at);
            let master = node.master();
            node.first_entry(&master).map(|at| node.head(&master, at).id)
        });
        first.unwrap_or(StreamId::MAX)
    }

    /// The nodes in order, for a snapshot.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &Node> {
        Counted { nodes: self.nodes.iter(), left: self.nodes.len() }
    }

    /// Adds an entry of fields and values, one after the other, and returns its id.
    ///
    /// # Errors
    /// Nothing was added.
    pub fn append<'a>(
        &mut self,
        id: NewId,
        pairs: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
        limits: &Limits,
    ) -> Result<StreamId, AppendError> {
        let id = self.resolve(id).filter(|id| *id > self.last_id).ok_or(AppendError::NotGreater)?;
        let size: usize = pairs.clone().map(<[u8]>::len).sum();
        if size > BYTES_MAX {
            return Err(AppendError::TooLarge);
        }
        let last = self.nodes.last_mut().and_then(|node| Some((with_room(node, size, limits)?, node)));
        match last {
            Some((master, node)) => node.append(&master, id, pairs),
            None => self.begin_node(Node::new(id, pairs)),
        }
        self.len += 1;
        self.entries_added = self.entries_added.wrapping_add(1);
        self.last_id = id;
        if self.len == 1 {
            self.first_id = id;
        }
        Ok(id)
    }

    /// Adds a node of a stream that is loaded; they come in order. False: it is no node, or not in order. When all are
    /// there the caller sets what else the stream is.
    pub fn add_loaded(&mut self, id: StreamId, bytes: &[u8]) -> bool {
        let in_order = self.nodes.last().is_none_or(|last| self.nodes.get(last).id() < id);
        match Node::from_bytes(id, bytes) {
            Some(node) if in_order => {
                self.len += node.live();
                self.nodes.insert(node);
                true
            }
            _ => false,
        }
    }

    fn begin_node(&mut self, node: Node) {
        if let Some(replaced) = self.nodes.insert(node) {
            self.len -= replaced.live();
        }
    }

    fn resolve(&self, id: NewId) -> Option<StreamId> {
        match id {
            NewId::Given(id) => Some(id),
            NewId::At(ms) if ms == self.last_id.ms => {
                Some(StreamId { ms, seq: self.last_id.seq.checked_add(1)? })
            }
            NewId::At(ms) => Some(StreamId { ms, seq: 0 }),
            NewId::Auto(now_ms) if now_ms > self.last_id.ms => Some(StreamId { ms: now_ms, seq: 0 }),
            NewId::Auto(_) => self.last_id.next(),
        }
    }

    /// Deletes the entry with this id; false if there is none. The first id is the caller's to see to
    /// ([`State::update_first_id`]).
    pub fn remove(&mut self, id: StreamId) -> bool {
        let mut next = self.nodes.find(id).or_else(|| self.nodes.first());
        while let Some(at) = next {
            let node = self.nodes.get(at);
            let master = node.master();
            let mut entry = node.first_entry(&master);
            while let Some(place) = entry {
                let head = node.head(&master, place);
                entry = node.entry_after(&head);
                if head.is_deleted() || head.id < id {
                    continue;
                }
                if head.id > id {
                    return false;
                }
                if master.live == 1 {
                    self.nodes.remove(at);
                } else {
                    self.nodes.get_mut(at).delete(&head);
                }
                self.len -= 1;
                return true;
            }
            next = self.nodes.next(at);
        }
        false
    }

    /// Looks up which entry is the first, once some are gone.
    pub fn update_first_id(&mut self) {
        self.first_id =
            self.range(StreamId::MIN, StreamId::MAX).next().map_or(StreamId::MIN, |entry| entry.id);
    }

    /// Deletes entries from the front and returns how many. If `whole_nodes`, only as many as go with their node; if there
    /// is a `limit`, none once a node's would make them more than that.
    pub fn trim(&mut self, trim: Trim, whole_nodes: bool, limit: Option<u64>) -> u64 {
        let mut deleted = 0;
        while let Some(at) = self.nodes.first() {
            if matches!(trim, Trim::MaxLen(max) if self.len <= max) {
                break;
            }
            let node = self.nodes.get(at);
            let live = node.live();
            if limit.is_some_and(|limit| deleted + live > limit) {
                break;
            }
            let all = match trim {
                Trim::MaxLen(max) => self.len - live >= max,
                Trim::MinId(min) => node.last_id_in_node() < min,
            };
            if all {
                self.nodes.remove(at);
                self.len -= live;
                deleted += live;
                continue;
            }
            if whole_nodes {
                break;
            }
            let len = self.len;
            let gone = self.nodes.get_mut(at).delete_front(|head, gone| match trim {
                Trim::MaxLen(max) => len - gone > max,
                Trim::MinId(min) => head.id < min,
            });
            self.len -= gone;
            deleted += gone;
            break;
        }
        if deleted > 0 || self.len == 0 {
            self.update_first_id();
        }
        deleted
    }
}

/// What a node says of itself, if an entry of fields and values of `size` bytes goes into it.
#[inline]
fn with_room(node: &Node, size: usize, limits: &Limits) -> Option<Master> {
    let max = match limits.node_max_bytes {
        0 => BYTES_MAX,
        max => max.min(BYTES_MAX),
    };
    if node.bytes() + size >= max {
        return None;
    }
    let master = node.master();
    let few = limits.node_max_entries == 0 || master.live + master.deleted < limits.node_max_entries;
    few.then_some(master)
}

/// An iterator whose length is known.
struct Counted<I> {
    nodes: I,
    left: usize,
}

impl<I: Iterator> Iterator for Counted<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.left = self.left.saturating_sub(1);
        self.nodes.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<I: Iterator> ExactSizeIterator for Counted<I> {}
