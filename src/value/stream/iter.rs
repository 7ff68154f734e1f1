//! Walking over the entries of a stream that are alive, forwards and backwards.

use super::StreamId;
use super::node::{EntryRef, Master, Node};
use super::nodes::{At, Nodes};
use c_compat::listpack::Pos;

/// The entries from one id to another, the first first.
#[derive(Clone)]
pub struct Range<'a>(Walk<'a>);

/// The same, the last first.
#[derive(Clone)]
pub struct RangeRev<'a>(Walk<'a>);

#[derive(Clone)]
struct Walk<'a> {
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

impl<'a> Range<'a> {
    pub(super) fn new(nodes: &'a Nodes, start: StreamId, end: StreamId) -> Self {
        let next = nodes.find(start).or_else(|| nodes.first());
        Range(Walk { nodes, start, end, next, here: None })
    }
}

impl<'a> Iterator for Range<'a> {
    type Item = EntryRef<'a>;

    fn next(&mut self) -> Option<EntryRef<'a>> {
        let walk = &mut self.0;
        loop {
            let Some(here) = &mut walk.here else {
                let at = walk.next?;
                let node = walk.nodes.get(at);
                let master = node.master();
                walk.next = walk.nodes.next(at);
                walk.here = Some(Here { node, master, at: node.first_entry(&master) });
                continue;
            };
            let Some(at) = here.at else {
                walk.here = None;
                continue;
            };
            let head = here.node.head(&here.master, at);
            here.at = here.node.entry_after(&head);
            if head.is_deleted() || head.id < walk.start {
                continue;
            }
            if head.id > walk.end {
                (walk.here, walk.next) = (None, None);
                return None;
            }
            return Some(here.node.entry(&here.master, &head));
        }
    }
}

impl<'a> RangeRev<'a> {
    pub(super) fn new(nodes: &'a Nodes, start: StreamId, end: StreamId) -> Self {
        let next = nodes.find(end).or_else(|| nodes.last());
        RangeRev(Walk { nodes, start, end, next, here: None })
    }
}

impl<'a> Iterator for RangeRev<'a> {
    type Item = EntryRef<'a>;

    fn next(&mut self) -> Option<EntryRef<'a>> {
        let walk = &mut self.0;
        loop {
            let Some(here) = &mut walk.here else {
                let at = walk.next?;
                let node = walk.nodes.get(at);
                walk.next = walk.nodes.prev(at);
                walk.here = Some(Here { node, master: node.master(), at: node.last_entry() });
                continue;
            };
            let Some(at) = here.at else {
                walk.here = None;
                continue;
            };
            let head = here.node.head(&here.master, at);
            here.at = here.node.entry_before(at);
            if head.is_deleted() || head.id > walk.end {
                continue;
            }
            if head.id < walk.start {
                (walk.here, walk.next) = (None, None);
                return None;
            }
            return Some(here.node.entry(&here.master, &head));
        }
    }
}
