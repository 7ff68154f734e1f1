//! A list of many elements: nodes in order, each as full as Redis would have it, so that both make the same nodes of
//! the same commands.
//!
//! With a compress depth of n, all but the n nodes at either end are compressed. Those at the ends never are, since that
//! is where lists are changed most; one that is changed in the middle is decompressed for it and compressed again.

use super::QuickFigures;
use super::node::{Fill, Node};
use super::nodes::{At, End, Nodes};
use c_compat::listpack::{Entry, Listpack, Needle, Pos};
use std::ops::ControlFlow;

/// How far from a node that was changed others may have been decompressed, or become another's.
const REACH: usize = 3;

/// Invariant: no node is empty, and those within `depth` of an end are not compressed.
#[derive(Clone, Debug)]
pub(super) struct Quicklist {
    nodes: Nodes,
    fill: Fill,
    depth: u16,
}

impl Quicklist {
    /// An empty one, with list-max-listpack-size and list-compress-depth as they are now.
    pub(super) fn new(max_listpack_size: i32, compress_depth: u32) -> Self {
        let depth = u16::try_from(compress_depth).unwrap_or(u16::MAX);
        Quicklist { nodes: Nodes::default(), fill: Fill::new(max_listpack_size), depth }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.nodes.elements()
    }

    pub(super) fn node_count(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    pub(super) fn figures(&self) -> QuickFigures {
        QuickFigures {
            nodes: self.nodes.len(),
            fill: self.fill.option(),
            compresses: self.depth > 0,
            bytes: self.nodes.iter().map(Node::bytes).sum(),
        }
    }

    /// Adds a node that is made already, unless it is empty.
    pub(super) fn append_node(&mut self, node: Node) {
        if node.count() > 0 {
            self.nodes.push(End::Tail, node);
            self.settle_ends();
        }
    }

    /// The length in bytes of the listpack that is the only node.
    pub(super) fn only_pack_bytes(&self) -> Option<usize> {
        let first = self.nodes.first().filter(|_| self.nodes.len() == 1)?;
        let node = self.nodes.get(first);
        (!node.is_plain()).then(|| node.bytes())
    }

    /// Takes out the listpack that is the only node.
    pub(super) fn take_only_pack(&mut self) -> Option<Listpack> {
        self.only_pack_bytes()?;
        let first = self.nodes.first()?;
        let (mut node, _) = self.nodes.remove(first);
        node.decompress();
        Some(std::mem::take(node.pack_mut()))
    }

    #[inline]
    pub(super) fn push(&mut self, end: End, value: Entry<'_>, plain: bool) {
        if !plain
            && let Some(at) = self.nodes.end(end)
            && self.nodes.get(at).has_room(self.fill, value.text_len())
        {
            self.nodes.change(at, |node| add_at_end(node, end, value));
            return;
        }
        self.nodes.push(end, Node::single(value, plain));
        self.settle_ends();
    }

    /// Takes out the element at an end, and shows it before it goes.
    #[inline]
    pub(super) fn pop<R>(&mut self, end: End, show: impl FnOnce(Entry<'_>) -> R) -> Option<R> {
        let at = self.nodes.end(end)?;
        if self.nodes.get(at).count() == 1 {
            let (node, _) = self.nodes.remove(at);
            self.settle_ends();
            return Some(match &node {
                Node::Packed { pack, .. } => show(pack.get(0).expect("no node is empty")),
                Node::Plain(bytes) => show(Entry::Str(bytes)),
                Node::Compressed { .. } => unreachable!("the nodes at the ends are not compressed"),
            });
        }
        Some(self.nodes.change(at, |node| {
            let count = node.count();
            let pack = node.pack_mut();
            let pos = match end {
                End::Head => pack.first(),
                End::Tail => pack.last(),
            };
            let pos = pos.expect("no node is empty");
            let result = show(pack.entry(pos));
            pack.delete(pos);
            node.recount(count - 1);
            result
        }))
    }

    /// Puts an element beside the one at `index`, on that side.
    pub(super) fn insert(&mut self, index: usize, side: End, value: Entry<'_>, plain: bool) {
        let (at, offset) = self.nodes.find(index).expect("the index is that of an element");
        let at = self.insert_beside(at, offset, side, value, plain);
        self.settle(at);
    }

    /// As [`Quicklist::insert`]; returns where the node with the old element's first part is afterwards.
    fn insert_beside(&mut self, at: At, offset: usize, side: End, value: Entry<'_>, plain: bool) -> At {
        let (fill, len) = (self.fill, value.text_len());
        let node = self.nodes.get(at);
        let cut = offset + usize::from(side == End::Tail);
        let at_edge = cut == if side == End::Tail { node.count() } else { 0 };
        if !plain && node.has_room(fill, len) {
            self.nodes.change(at, |node| add_at(node, cut, value));
            return at;
        }
        if at_edge {
            let neighbour = self.nodes.towards(at, side).filter(|_| !plain);
            if let Some(neighbour) = neighbour.filter(|n| self.nodes.get(*n).has_room(fill, len)) {
                let near = if side == End::Tail { End::Head } else { End::Tail };
                self.nodes.change(neighbour, |node| add_at_end(node, near, value));
                return at;
            }
            return self.nodes.insert(at, side, Node::single(value, plain)).0;
        }
        // The node is full, or the element is one for itself: cut the node where it belongs.
        let mut rest = self.nodes.change(at, |node| split(node, cut));
        if plain {
            let (_, between) = self.nodes.insert(at, End::Tail, Node::single(value, true));
            let (between, _) = self.nodes.insert(between, End::Tail, rest);
            return self.nodes.prev(between).expect("it was put behind a node");
        }
        if side == End::Tail {
            add_at_end(&mut rest, End::Head, value);
            let (at, _) = self.nodes.insert(at, End::Tail, rest);
            self.merge_around(at)
        } else {
            self.nodes.change(at, |node| add_at_end(node, End::Tail, value));
            let (_, at) = self.nodes.insert(at, End::Tail, rest);
            self.merge_around(at)
        }
    }

    /// Merges small nodes near one that was cut: those before it, those behind it, then it with what is beside it.
    fn merge_around(&mut self, center: At) -> At {
        let mut center = center;
        if let Some(prev) = self.nodes.prev(center)
            && let Some(first) = self.nodes.prev(prev)
            && self.may_merge(first)
        {
            let merged = self.merge_with_next(first);
            center = self.nodes.next(merged).expect("the center is behind what was merged");
        }
        if let Some(next) = self.nodes.next(center)
            && self.may_merge(next)
        {
            let merged = self.merge_with_next(next);
            center = self.nodes.prev(merged).expect("the center is before what was merged");
        }
        if let Some(prev) = self.nodes.prev(center)
            && self.may_merge(prev)
        {
            center = self.merge_with_next(prev);
        }
        if self.may_merge(center) { self.merge_with_next(center) } else { center }
    }

    /// Whether a node may be merged with the one behind it.
    fn may_merge(&self, at: At) -> bool {
        let next = self.nodes.next(at);
        next.is_some_and(|next| self.nodes.get(at).may_merge(self.nodes.get(next), self.fill))
    }

    fn merge_with_next(&mut self, at: At) -> At {
        let next = self.nodes.next(at).expect("the caller has asked");
        let (mut second, behind) = self.nodes.remove(next);
        let at = behind.map_or_else(|| self.nodes.last(), |behind| self.nodes.prev(behind));
        let at = at.expect("the first of the two is still there");
        self.nodes.change(at, |first| {
            first.decompress();
            second.decompress();
            let count = first.count() + second.count();
            first.pack_mut().merge(std::mem::take(second.pack_mut()));
            first.recount(count);
        });
        at
    }

    /// Replaces the element at `index`.
    pub(super) fn set(&mut self, index: usize, value: &[u8], plain: bool) {
        let (at, offset) = self.nodes.find(index).expect("the index is that of an element");
        let is_plain = self.nodes.get(at).is_plain();
        if is_plain && plain {
            self.nodes.change(at, |node| *node = Node::plain(value));
            self.settle(at);
            return;
        }
        if !is_plain && !plain {
            self.nodes.change(at, |node| {
                node.decompress();
                let pack = node.pack_mut();
                let pos = pack.seek(offset as i64).expect("the node has this element");
                pack.replace(pos, value);
            });
            self.settle(at);
            return;
        }
        self.insert_beside(at, offset, End::Tail, Entry::Str(value), plain);
        self.delete_range(index, 1);
    }

    /// Deletes `count` elements from `start` on, or as many as there are.
    pub(super) fn delete_range(&mut self, start: usize, count: usize) {
        let mut left = count.min(self.len().saturating_sub(start));
        let Some((at, mut offset)) = self.nodes.find(start).filter(|_| left > 0) else { return };
        let mut here = Some(at);
        while let Some(at) = here.filter(|_| left > 0) {
            let held = self.nodes.get(at).count();
            let deleted = left.min(held - offset);
            if deleted == held {
                here = self.nodes.remove(at).1;
            } else {
                self.nodes.change(at, |node| {
                    node.decompress();
                    node.pack_mut().delete_range(offset as i64, deleted);
                    node.recount(held - deleted);
                });
                here = self.nodes.next(at);
            }
            left -= deleted;
            offset = 0;
        }
        self.settle_ends();
        if let Some(at) = here.or(self.nodes.last()) {
            self.settle(at);
        }
    }

    /// Deletes the elements that read `needle`, at most `limit`, looking from an end; returns how many.
    pub(super) fn remove(&mut self, needle: &[u8], limit: usize, from: End) -> usize {
        let (matcher, mut removed) = (Needle::new(needle), 0);
        let towards = if from == End::Head { End::Tail } else { End::Head };
        let mut positions: Vec<Pos> = Vec::new();
        let compresses = self.depth > 0;
        let mut here = self.nodes.end(from);
        while let Some(at) = here.filter(|_| removed < limit) {
            let node = self.nodes.get(at);
            let count = node.count();
            positions.clear();
            let found = match node.pack() {
                Some(pack) => {
                    positions_of(&pack, &matcher, limit - removed, from, &mut positions);
                    positions.len()
                }
                None => usize::from(node.big().is_some_and(|bytes| *bytes == *needle)),
            };
            removed += found;
            here = self.nodes.towards(at, towards);
            if found == count {
                let (_, behind) = self.nodes.remove(at);
                here = match (towards, behind) {
                    (End::Tail, behind) => behind,
                    (End::Head, Some(behind)) => self.nodes.prev(behind),
                    (End::Head, None) => self.nodes.last(),
                };
            } else if found > 0 {
                self.nodes.change(at, |node| {
                    node.decompress();
                    node.pack_mut().delete_several(&positions);
                    node.recount(count - found);
                    // Those near the ends come right below.
                    if compresses {
                        node.compress();
                    }
                });
            }
        }
        self.settle_ends();
        removed
    }

    /// Shows elements, from the one at `start` on towards an end, until told to stop.
    #[inline]
    pub(super) fn visit(
        &self,
        start: usize,
        towards: End,
        show: &mut impl FnMut(Entry<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some((mut at, offset)) = self.nodes.find(start) else { return ControlFlow::Continue(()) };
        let mut offset = Some(offset);
        loop {
            match self.nodes.get(at) {
                Node::Packed { pack, .. } => visit_pack(pack, offset, towards, show)?,
                node => match node.pack() {
                    Some(pack) => visit_pack(&pack, offset, towards, show)?,
                    None => show(Entry::Str(&node.big().expect("a node is a listpack or a big element")))?,
                },
            }
            offset = None;
            match self.nodes.towards(at, towards) {
                Some(next) => at = next,
                None => return ControlFlow::Continue(()),
            }
        }
    }

    /// Compresses and decompresses nodes so that those near the ends, and the first within, are as they should be.
    fn settle_ends(&mut self) {
        if self.depth == 0 {
            return;
        }
        let (depth, len) = (usize::from(self.depth), self.nodes.len());
        for (end, towards) in [(End::Head, End::Tail), (End::Tail, End::Head)] {
            let mut here = self.nodes.end(end);
            for _ in 0..depth {
                let Some(at) = here else { return };
                self.nodes.change(at, Node::decompress);
                here = self.nodes.towards(at, towards);
            }
            if len > 2 * depth
                && let Some(at) = here
            {
                self.nodes.change(at, Node::compress);
            }
        }
    }

    /// The same, after the node at `at` or some near it were changed.
    fn settle(&mut self, at: At) {
        if self.depth == 0 {
            return;
        }
        self.settle_ends();
        let depth = usize::from(self.depth);
        if self.nodes.len() <= 2 * depth {
            return;
        }
        let (mut first, mut last) = (self.nodes.first(), self.nodes.last());
        for _ in 0..depth {
            first = first.and_then(|at| self.nodes.next(at));
            last = last.and_then(|at| self.nodes.prev(at));
        }
        let (Some(first), Some(last)) = (first, last) else { return };
        let mut here = at;
        for _ in 0..REACH {
            here = self.nodes.prev(here).unwrap_or(here);
        }
        for _ in 0..=2 * REACH {
            if (first..=last).contains(&here) {
                self.nodes.change(here, Node::compress);
            }
            let Some(next) = self.nodes.next(here) else { return };
            here = next;
        }
    }

    #[cfg(test)]
    pub(super) fn check(&self) {
        self.nodes.check();
        let (depth, len) = (usize::from(self.depth), self.nodes.len());
        for (i, node) in self.nodes.iter().enumerate() {
            assert!(node.count() > 0);
            if let Some(pack) = node.pack() {
                assert_eq!(pack.len(), node.count());
            }
            let near_an_end = depth == 0 || i < depth || i >= len.saturating_sub(depth);
            let compressed = matches!(node, Node::Compressed { .. });
            let mut again = node.clone();
            again.compress();
            let compressible = matches!(again, Node::Compressed { .. });
            assert_eq!(compressed, !near_an_end && compressible, "node {i} of {len} at depth {depth}");
        }
    }
}

fn add_at_end(node: &mut Node, end: End, value: Entry<'_>) {
    node.decompress();
    let count = node.count();
    match end {
        End::Head => node.pack_mut().push_front(value),
        End::Tail => node.pack_mut().push_back(value),
    }
    node.recount(count + 1);
}

/// Adds an element at an index of the node, which may be behind its last.
fn add_at(node: &mut Node, index: usize, value: Entry<'_>) {
    node.decompress();
    let count = node.count();
    let pack = node.pack_mut();
    match pack.seek(index as i64).filter(|_| index < count) {
        Some(pos) => {
            pack.insert_before(pos, value);
        }
        None => pack.push_back(value),
    }
    node.recount(count + 1);
}

/// Cuts the elements from an index on off into a node of their own.
fn split(node: &mut Node, index: usize) -> Node {
    node.decompress();
    let rest = Node::packed(node.pack_mut().split_off(index));
    node.recount(index);
    rest
}

/// Where the elements are that match, at most `limit` looking from an end, in ascending order.
pub(super) fn positions_of(
    pack: &Listpack,
    needle: &Needle<'_>,
    limit: usize,
    from: End,
    positions: &mut Vec<Pos>,
) {
    match from {
        End::Head => {
            let mut here = pack.first();
            while let Some(pos) = here.and_then(|pos| pack.find_from(pos, needle, 0)) {
                positions.push(pos);
                here = pack.next(pos).filter(|_| positions.len() < limit);
            }
        }
        End::Tail => {
            let mut here = pack.last();
            while let Some(pos) = here.filter(|_| positions.len() < limit) {
                if pack.entry(pos).is(needle) {
                    positions.push(pos);
                }
                here = pack.prev(pos);
            }
            positions.reverse();
        }
    }
}

/// Shows a listpack's elements from the one at `start` on (none: from the end that is passed first) towards an end.
#[inline]
pub(super) fn visit_pack(
    pack: &Listpack,
    start: Option<usize>,
    towards: End,
    show: &mut impl FnMut(Entry<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let first = match (start, towards) {
        (Some(index), _) => pack.seek(index as i64),
        (None, End::Tail) => pack.first(),
        (None, End::Head) => pack.last(),
    };
    let Some(first) = first else { return ControlFlow::Continue(()) };
    if towards == End::Tail {
        return pack.iter_from(first).try_for_each(show);
    }
    let mut here = Some(first);
    while let Some(pos) = here {
        show(pack.entry(pos))?;
        here = pack.prev(pos);
    }
    ControlFlow::Continue(())
}
