//! The nodes of a quicklist in order, found by the index of an element in them.
//!
//! ```text
//! runs:  [ 9213 elements | node node node ... ] [ 8800 | node node ... ] ...      at most RUN_MAX nodes each
//! ```
//!
//! Each run knows how many elements its nodes hold, so that looking for an element passes over runs and then over the
//! nodes of one: with ten million elements in nodes of 8 kB that is a hundred runs and a hundred nodes. Putting a node
//! in moves the nodes of one run. Both ends are those of ring buffers.

use super::node::Node;
use std::collections::VecDeque;

/// The most nodes of a run. A full one is cut in two; one that shrinks joins its neighbour.
const RUN_MAX: usize = if cfg!(test) { 4 } else { 128 };

#[derive(Clone, Debug, Default)]
struct Run {
    elements: usize,
    nodes: VecDeque<Node>,
}

/// Where a node is. Putting nodes in or taking them out makes it stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    run: usize,
    node: usize,
}

/// All nodes.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    runs: VecDeque<Run>,
    elements: usize,
    len: usize,
}

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Head,
    Tail,
}

impl Nodes {
    /// How many elements all nodes hold.
    #[inline]
    pub(super) fn elements(&self) -> usize {
        self.elements
    }

    /// How many nodes there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn first(&self) -> Option<At> {
        (self.len > 0).then_some(At { run: 0, node: 0 })
    }

    pub(super) fn last(&self) -> Option<At> {
        let run = self.runs.len().checked_sub(1)?;
        Some(At { run, node: self.runs[run].nodes.len() - 1 })
    }

    pub(super) fn end(&self, end: End) -> Option<At> {
        match end {
            End::Head => self.first(),
            End::Tail => self.last(),
        }
    }

    pub(super) fn next(&self, at: At) -> Option<At> {
        if at.node + 1 < self.runs[at.run].nodes.len() {
            return Some(At { node: at.node + 1, ..at });
        }
        (at.run + 1 < self.runs.len()).then_some(At { run: at.run + 1, node: 0 })
    }

    pub(super) fn prev(&self, at: At) -> Option<At> {
        if at.node > 0 {
            return Some(At { node: at.node - 1, ..at });
        }
        let run = at.run.checked_sub(1)?;
        Some(At { run, node: self.runs[run].nodes.len() - 1 })
    }

    /// The neighbour towards an end.
    pub(super) fn towards(&self, at: At, end: End) -> Option<At> {
        match end {
            End::Head => self.prev(at),
            End::Tail => self.next(at),
        }
    }

    #[inline]
    pub(super) fn get(&self, at: At) -> &Node {
        &self.runs[at.run].nodes[at.node]
    }

    /// Changes a node; its elements are counted again afterwards.
    #[inline]
    pub(super) fn change<R>(&mut self, at: At, act: impl FnOnce(&mut Node) -> R) -> R {
        let run = &mut self.runs[at.run];
        let node = &mut run.nodes[at.node];
        let before = node.count();
        let result = act(node);
        let after = node.count();
        run.elements = run.elements - before + after;
        self.elements = self.elements - before + after;
        result
    }

    /// The node with the element at `index`, and the element's own index in it.
    pub(super) fn find(&self, index: usize) -> Option<(At, usize)> {
        if index >= self.elements {
            return None;
        }
        let (mut run, mut rest);
        if index <= self.elements / 2 {
            (run, rest) = (0, index);
            while rest >= self.runs[run].elements {
                rest -= self.runs[run].elements;
                run += 1;
            }
        } else {
            run = self.runs.len() - 1;
            let mut begins = self.elements - self.runs[run].elements;
            while index < begins {
                run -= 1;
                begins -= self.runs[run].elements;
            }
            rest = index - begins;
        }
        let Run { elements, nodes } = &self.runs[run];
        if rest <= elements / 2 {
            for (node, one) in nodes.iter().enumerate() {
                let count = one.count();
                if rest < count {
                    return Some((At { run, node }, rest));
                }
                rest -= count;
            }
        } else {
            let mut begins = *elements;
            for (node, one) in nodes.iter().enumerate().rev() {
                begins -= one.count();
                if rest >= begins {
                    return Some((At { run, node }, rest - begins));
                }
            }
        }
        unreachable!("a run has as many elements as its nodes")
    }

    /// Adds a node at an end.
    pub(super) fn push(&mut self, end: End, node: Node) {
        self.elements += node.count();
        self.len += 1;
        let full = |run: Option<&Run>| run.is_none_or(|run| run.nodes.len() >= RUN_MAX);
        match end {
            End::Head => {
                if full(self.runs.front()) {
                    self.runs.push_front(Run::default());
                }
                let run = self.runs.front_mut().expect("there is one now");
                run.elements += node.count();
                run.nodes.push_front(node);
            }
            End::Tail => {
                if full(self.runs.back()) {
                    self.runs.push_back(Run::default());
                }
                let run = self.runs.back_mut().expect("there is one now");
                run.elements += node.count();
                run.nodes.push_back(node);
            }
        }
    }

    /// Puts a node beside the one at `at`, on that side; returns where both are: the old one, the new one.
    pub(super) fn insert(&mut self, mut at: At, side: End, node: Node) -> (At, At) {
        if self.runs[at.run].nodes.len() >= RUN_MAX {
            at = self.cut(at);
        }
        self.elements += node.count();
        self.len += 1;
        let run = &mut self.runs[at.run];
        run.elements += node.count();
        let place = at.node + usize::from(side == End::Tail);
        run.nodes.insert(place, node);
        let new = At { node: place, ..at };
        let old = At { node: at.node + usize::from(side == End::Head), ..at };
        (old, new)
    }

    /// Cuts a run in two and says where its node at `at` is now.
    fn cut(&mut self, at: At) -> At {
        let half = self.runs[at.run].nodes.len() / 2;
        let nodes = self.runs[at.run].nodes.split_off(half);
        let elements = nodes.iter().map(Node::count).sum();
        self.runs[at.run].elements -= elements;
        self.runs.insert(at.run + 1, Run { elements, nodes });
        if at.node < half { at } else { At { run: at.run + 1, node: at.node - half } }
    }

    /// Takes a node out; returns it and where the one behind it is now.
    pub(super) fn remove(&mut self, at: At) -> (Node, Option<At>) {
        let run = &mut self.runs[at.run];
        let node = run.nodes.remove(at.node).expect("a place is that of a node");
        run.elements -= node.count();
        self.elements -= node.count();
        self.len -= 1;
        let mut here = at;
        if run.nodes.is_empty() {
            self.runs.remove(at.run);
            here = At { run: at.run, node: 0 };
        } else if run.nodes.len() <= RUN_MAX / 4 {
            here = self.join(at);
        }
        if here.run < self.runs.len() && here.node == self.runs[here.run].nodes.len() {
            here = At { run: here.run + 1, node: 0 };
        }
        (node, (here.run < self.runs.len()).then_some(here))
    }

    /// Joins a short run to the one before it if both make one that is not nearly full; says where `at` is now.
    fn join(&mut self, at: At) -> At {
        let Some(before) = at.run.checked_sub(1) else { return at };
        if self.runs[before].nodes.len() + self.runs[at.run].nodes.len() > RUN_MAX / 2 {
            return at;
        }
        let mut run = self.runs.remove(at.run).expect("a place is in a run");
        let joined = &mut self.runs[before];
        let node = joined.nodes.len() + at.node;
        joined.elements += run.elements;
        joined.nodes.append(&mut run.nodes);
        At { run: before, node }
    }

    /// All nodes in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Node> {
        self.runs.iter().flat_map(|run| run.nodes.iter())
    }

    #[cfg(test)]
    pub(super) fn check(&self) {
        for run in &self.runs {
            assert!(!run.nodes.is_empty() && run.nodes.len() <= RUN_MAX);
            assert_eq!(run.elements, run.nodes.iter().map(Node::count).sum::<usize>());
        }
        assert_eq!(self.elements, self.runs.iter().map(|run| run.elements).sum::<usize>());
        assert_eq!(self.len, self.runs.iter().map(|run| run.nodes.len()).sum::<usize>());
    }
}
