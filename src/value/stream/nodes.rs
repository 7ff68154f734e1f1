//! The nodes of a stream, in the order of their ids.
//!
//! ```text
//! full:  [ 256 nodes ] [ 256 nodes ] [ 97 nodes ] ...      runs of at most RUN_MAX nodes
//! last:  [ 31 nodes ]                                      where nodes are added
//! ```
//!
//! Nodes come at the end and go anywhere, mostly at the front. So each run is a ring buffer, and so is the row of them; a
//! small stream has but `last`. A node of an id is found by two binary searches. Taking one out moves the nodes of a part
//! of one run, and the handles of a part of the runs if that is the last of its run: with ten million nodes 40 000.

use super::StreamId;
use super::node::Node;
use std::collections::VecDeque;

/// The most nodes of a run.
const RUN_MAX: usize = if cfg!(test) { 4 } else { 256 };

type Run = VecDeque<Node>;

/// All nodes. No run of `full` is empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    full: VecDeque<Run>,
    last: Run,
    len: usize,
}

/// Where a node is. Taking nodes out makes it stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    run: usize,
    node: usize,
}

impl Nodes {
    pub fn len(&self) -> usize {
        self.len
    }

    fn run(&self, run: usize) -> &Run {
        self.full.get(run).unwrap_or(&self.last)
    }

    fn run_mut(&mut self, run: usize) -> &mut Run {
        self.full.get_mut(run).unwrap_or(&mut self.last)
    }

    #[inline]
    pub fn get(&self, at: At) -> &Node {
        &self.run(at.run)[at.node]
    }

    #[inline]
    pub fn get_mut(&mut self, at: At) -> &mut Node {
        &mut self.run_mut(at.run)[at.node]
    }

    pub fn first(&self) -> Option<At> {
        (self.len > 0).then_some(At { run: 0, node: 0 })
    }

    #[inline]
    pub fn last(&self) -> Option<At> {
        match self.last.len() {
            0 => self.full.back().map(|run| At { run: self.full.len() - 1, node: run.len() - 1 }),
            nodes => Some(At { run: self.full.len(), node: nodes - 1 }),
        }
    }

    #[inline]
    pub fn last_mut(&mut self) -> Option<&mut Node> {
        match self.last.back_mut() {
            None => self.full.back_mut()?.back_mut(),
            node => node,
        }
    }

    pub fn next(&self, at: At) -> Option<At> {
        if at.node + 1 < self.run(at.run).len() {
            return Some(At { node: at.node + 1, ..at });
        }
        let next = At { run: at.run + 1, node: 0 };
        (next.run < self.full.len() || next.run == self.full.len() && !self.last.is_empty()).then_some(next)
    }

    pub fn prev(&self, at: At) -> Option<At> {
        if at.node > 0 {
            return Some(At { node: at.node - 1, ..at });
        }
        let run = at.run.checked_sub(1)?;
        Some(At { run, node: self.full[run].len() - 1 })
    }

    /// The last node whose id is not greater than this.
    pub fn find(&self, id: StreamId) -> Option<At> {
        let begins = |run: &Run| run.front().is_some_and(|node| node.id() <= id);
        let run = match begins(&self.last) {
            true => self.full.len(),
            false => self.full.partition_point(begins).checked_sub(1)?,
        };
        let nodes = self.run(run).partition_point(|node| node.id() <= id);
        Some(At { run, node: nodes - 1 })
    }

    /// Puts a node in its place, over one that has its id, which is returned.
    pub fn insert(&mut self, node: Node) -> Option<Node> {
        if let Some(last) = self.last()
            && self.get(last).id() >= node.id()
        {
            return self.insert_within(node);
        }
        if self.last.len() == RUN_MAX {
            self.full.push_back(std::mem::take(&mut self.last));
        }
        // Most streams have one node, and few more than a run.
        if self.len == 0 {
            self.last.reserve_exact(1);
        }
        self.last.push_back(node);
        self.len += 1;
        None
    }

    /// Only ids of which entries were taken out and which XSETID then gave out again bring this about.
    #[cold]
    fn insert_within(&mut self, node: Node) -> Option<Node> {
        let (run, place) = match self.find(node.id()) {
            Some(at) if self.get(at).id() == node.id() => {
                return Some(std::mem::replace(self.get_mut(at), node));
            }
            Some(at) => (at.run, at.node + 1),
            None => (0, 0),
        };
        self.run_mut(run).insert(place, node);
        self.len += 1;
        None
    }

    /// Takes a node out.
    pub fn remove(&mut self, at: At) -> Node {
        let run = self.run_mut(at.run);
        let node = run.remove(at.node).expect("it is there");
        if run.capacity() > 8 && run.len() < run.capacity() / 4 {
            run.shrink_to(2 * run.len());
        }
        if run.is_empty() && at.run < self.full.len() {
            self.full.remove(at.run);
        }
        self.len -= 1;
        node
    }

    pub fn iter(&self) -> impl Iterator<Item = &Node> {
        self.full.iter().flatten().chain(&self.last)
    }

    /// Bytes that it takes beside itself and what is in the nodes.
    pub fn allocated(&self) -> usize {
        let nodes: usize = self.full.iter().map(VecDeque::capacity).sum::<usize>() + self.last.capacity();
        nodes * size_of::<Node>() + self.full.capacity() * size_of::<Run>()
    }
}
