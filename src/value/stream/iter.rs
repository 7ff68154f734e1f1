//! Walking over the entries of a stream that are alive, forwards and backwards.

use super::StreamId;
use super::node::{EntryRef, Master, Node};
use super::nodes::{At, Nodes};
use c_compat::listpack::Pos;

/// The entries from one id to another, the first first.
pub type Range<'a> = Walk<'a, false>;

/// The same, the last first.
pub type RangeRev<'a> = Walk<'a, true>;

/// A walk, backwards if `BACK`.
#[derive(Clone)]
pub struct Walk<'a, const BACK: bool> {
    nodes: &'a Nodes,
    start: StreamId,
    end: StreamId,
    /// The node to go to.
    next: Option<At>,
    /// The node where we are.
    here: Option<Here<'a>>,
}

#[derive(Clone)]
struct Here<'a> {
    node: &'a Node,
    master: Master,
    /// Where the next entry in our direction begins.
    at: Option<Pos>,
}

impl<'a, const BACK: bool> Walk<'a, BACK> {
    pub(super) fn new(nodes: &'a Nodes, start: StreamId, end: StreamId) -> Self {
        let next = if BACK {
            nodes.find(end).or_else(|| nodes.last())
        } else {
            nodes.find(start).or_else(|| nodes.first())
        };
        Walk { nodes, start, end, next, here: None }
    }
}

impl<'a, const BACK: bool> Iterator for Walk<'a, BACK> {
    type Item = EntryRef<'a>;

    fn next(&mut self) -> Option<EntryRef<'a>> {
        loop {
            let Some(here) = &mut self.here else {
                let at = self.next?;
                let node = self.nodes.get(at);
                let master = node.master();
                self.next = if BACK { self.nodes.prev(at) } else { self.nodes.next(at) };
                let at = if BACK { node.last_entry() } else { node.first_entry(&master) };
                self.here = Some(Here { node, master, at });
                continue;
            };
            let Some(at) = here.at else {
                self.here = None;
                continue;
            };
            let head = here.node.head(&here.master, at);
            here.at = if BACK { here.node.entry_before(at) } else { here.node.entry_after(&head) };
            let (is_before, is_behind) = (head.id < self.start, head.id > self.end);
            if head.is_deleted() || if BACK { is_behind } else { is_before } {
                continue;
            }
            if if BACK { is_before } else { is_behind } {
                (self.here, self.next) = (None, None);
                return None;
            }
            return Some(here.node.entry(&here.master, &head));
        }
    }
}
