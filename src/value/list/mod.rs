//! Lists: one listpack as long as it is small, then a quicklist, a row of nodes that are listpacks.
//!
//! ```text
//! List -> Packed(listpack)                    up to list-max-listpack-size
//!      -> Quick -> runs of nodes:
//!            node = listpack | one big element | either of them, compressed with LZF
//! ```
//!
//! | file      | what                                                        |
//! |-----------|-------------------------------------------------------------|
//! | node      | one node: how full it may be, compression                   |
//! | nodes     | the row of nodes, in which an element is found by its index |
//! | quicklist | what is done to the row as a list                           |
//!
//! A listpack becomes a quicklist when what is to be added would take it over the limit of one node, and a quicklist a
//! listpack again when it has shrunk to one node of half that limit, so that a list at the border does not go to and fro.

mod node;
mod nodes;
mod quicklist;
#[cfg(test)]
mod tests;

use super::{Collection, Encoding, collection, extrapolate};
use node::{Fill, Node};
use quicklist::{Quicklist, positions_of, visit_pack};
use std::ops::ControlFlow;

use c_compat::listpack::Listpack;
pub use c_compat::listpack::{Entry, IntText, Needle};
pub use node::Compressed;
pub use nodes::End;

/// Elements of so many bytes have a node for themselves, whatever the fill: Redis's quicklist-packed-threshold.
pub const PACKED_THRESHOLD: usize = 1 << 30;

/// At which sizes the encoding changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// list-max-listpack-size
    pub max_listpack_size: i32,
    /// list-compress-depth
    pub compress_depth: u32,
    /// Elements of so many bytes lie in nodes of their own.
    pub packed_threshold: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_listpack_size: -2, compress_depth: 0, packed_threshold: PACKED_THRESHOLD }
    }
}

/// A list.
#[derive(Clone, Debug)]
pub struct List(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Packed(Listpack),
    Quick(Box<Quicklist>),
}

/// A node as it is saved.
#[derive(Debug)]
pub enum NodeRef<'a> {
    /// Several elements.
    Packed(&'a Listpack),
    /// One big element.
    Plain(&'a [u8]),
    /// Either of them, compressed.
    Compressed(&'a Compressed),
}

/// A quicklist in figures.
#[derive(Debug)]
pub struct QuickFigures {
    pub nodes: usize,
    /// Its list-max-listpack-size.
    pub fill: i16,
    /// Whether it has a list-compress-depth.
    pub compresses: bool,
    /// Bytes of all nodes, not compressed.
    pub bytes: usize,
}

impl Collection for List {
    collection!(List);

    fn new() -> Self {
        List(Repr::Packed(Listpack::new()))
    }

    #[inline]
    fn len(&self) -> usize {
        match &self.0 {
            Repr::Packed(pack) => pack.len(),
            Repr::Quick(quick) => quick.len(),
        }
    }

    fn is_empty(&self) -> bool {
        match &self.0 {
            Repr::Packed(pack) => pack.is_empty(),
            Repr::Quick(quick) => quick.len() == 0,
        }
    }

    fn encoding(&self) -> Encoding {
        match &self.0 {
            Repr::Packed(_) => Encoding::Listpack,
            Repr::Quick(_) => Encoding::Quicklist,
        }
    }

    fn free_effort(&self) -> usize {
        match &self.0 {
            Repr::Packed(_) => 1,
            Repr::Quick(quick) => quick.node_count(),
        }
    }

    fn memory(&self, samples: usize) -> usize {
        match &self.0 {
            Repr::Packed(pack) => pack.allocated(),
            Repr::Quick(quick) => {
                let nodes = quick.nodes().map(Node::memory);
                size_of::<Quicklist>() + extrapolate(samples, quick.node_count(), nodes)
            }
        }
    }
}

impl List {
    /// Makes a quicklist of it if so many more elements, of so many bytes together, would be too much for a listpack.
    /// To be called before they are added.
    #[inline]
    pub fn grow(&mut self, limits: &Limits, elements: usize, bytes: usize) {
        if let Repr::Packed(pack) = &mut self.0
            && Fill::new(limits.max_listpack_size).exceeded(pack.bytes() + bytes, pack.len() + elements)
        {
            let mut quick = Quicklist::new(limits.max_listpack_size, limits.compress_depth);
            quick.append_node(Node::packed(std::mem::take(pack)));
            self.0 = Repr::Quick(Box::new(quick));
        }
    }

    /// Makes a listpack of it if there is little left. To be called after elements were taken out.
    #[inline]
    pub fn shrink(&mut self, limits: &Limits) {
        self.unite(limits, 2);
    }

    /// Makes a listpack of a quicklist with one node that is no more than this part of what it may be.
    #[inline]
    fn unite(&mut self, limits: &Limits, part: usize) {
        let Repr::Quick(quick) = &mut self.0 else { return };
        let Some(bytes) = quick.only_pack_bytes() else { return };
        if Fill::new(limits.max_listpack_size).fits_part(bytes, quick.len(), part)
            && let Some(pack) = quick.take_only_pack()
        {
            self.0 = Repr::Packed(pack);
        }
    }

    /// Adds an element at an end, for which [`List::grow`] has made room.
    #[inline]
    pub fn push(&mut self, limits: &Limits, end: End, value: Entry<'_>) {
        match &mut self.0 {
            Repr::Packed(pack) => match end {
                End::Head => pack.push_front(value),
                End::Tail => pack.push_back(value),
            },
            Repr::Quick(quick) => quick.push(end, value, is_plain(limits, value)),
        }
    }

    /// Takes out the element at an end, and shows it before it goes.
    #[inline]
    pub fn pop<R>(&mut self, end: End, show: impl FnOnce(Entry<'_>) -> R) -> Option<R> {
        match &mut self.0 {
            Repr::Packed(pack) => {
                let pos = match end {
                    End::Head => pack.first(),
                    End::Tail => pack.last(),
                };
                let pos = pos?;
                let result = show(pack.entry(pos));
                pack.delete(pos);
                Some(result)
            }
            Repr::Quick(quick) => quick.pop(end, show),
        }
    }

    /// Puts an element beside the one at `index`, on that side. [`List::grow`] has made room.
    ///
    /// # Panics
    /// When there is no element at `index`. So too for [`List::set`].
    pub fn insert(&mut self, limits: &Limits, index: usize, side: End, value: &[u8]) {
        let value = Entry::Str(value);
        match &mut self.0 {
            Repr::Packed(pack) => {
                let pos = pack.seek(index as i64).expect("the index is that of an element");
                match side {
                    End::Head => pack.insert_before(pos, value),
                    End::Tail => pack.insert_after(pos, value),
                };
            }
            Repr::Quick(quick) => quick.insert(index, side, value, is_plain(limits, value)),
        }
    }

    /// Replaces the element at `index`. [`List::grow`] has made room.
    pub fn set(&mut self, limits: &Limits, index: usize, value: &[u8]) {
        match &mut self.0 {
            Repr::Packed(pack) => {
                let pos = pack.seek(index as i64).expect("the index is that of an element");
                pack.replace(pos, value);
            }
            Repr::Quick(quick) => quick.set(index, value, is_plain(limits, Entry::Str(value))),
        }
    }

    /// Deletes `count` elements from `start` on, or as many as there are.
    pub fn delete_range(&mut self, start: usize, count: usize) {
        match &mut self.0 {
            Repr::Packed(pack) => pack.delete_range(start as i64, count),
            Repr::Quick(quick) => quick.delete_range(start, count),
        }
    }

    /// Deletes the elements that read `needle`, at most `limit`, looking from an end; returns how many.
    pub fn remove(&mut self, needle: &[u8], limit: usize, from: End) -> usize {
        match &mut self.0 {
            Repr::Packed(pack) => {
                let mut positions = Vec::new();
                positions_of(pack, &Needle::new(needle), limit, from, &mut positions);
                pack.delete_several(&positions);
                positions.len()
            }
            Repr::Quick(quick) => quick.remove(needle, limit, from),
        }
    }

    /// Shows elements, from the one at `start` on towards an end, until told to stop.
    #[inline]
    pub fn visit(&self, start: usize, towards: End, mut show: impl FnMut(Entry<'_>) -> ControlFlow<()>) {
        let _ = match &self.0 {
            Repr::Packed(pack) => visit_pack(pack, Some(start), towards, &mut show),
            Repr::Quick(quick) => quick.visit(start, towards, &mut show),
        };
    }

    /// Shows `count` elements, from the one at `start` on towards an end, or as many as there are.
    #[inline]
    pub fn range(&self, start: usize, count: usize, towards: End, mut show: impl FnMut(Entry<'_>)) {
        let mut left = count;
        if left == 0 {
            return;
        }
        self.visit(start, towards, |entry| {
            show(entry);
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }

    /// All elements in order.
    pub fn each(&self, show: impl FnMut(Entry<'_>)) {
        self.range(0, self.len(), End::Tail, show);
    }

    /// Where the first element stands that reads `needle`.
    pub fn position(&self, needle: &[u8]) -> Option<usize> {
        let (needle, mut index, mut found) = (Needle::new(needle), 0, None);
        self.visit(0, End::Tail, |entry| {
            if entry.is(&needle) {
                found = Some(index);
                return ControlFlow::Break(());
            }
            index += 1;
            ControlFlow::Continue(())
        });
        found
    }

    /// How many nodes it is saved as.
    pub fn node_count(&self) -> usize {
        self.free_effort()
    }

    /// Its nodes in order, as they are saved: a small list is one.
    pub fn nodes(&self) -> impl Iterator<Item = NodeRef<'_>> {
        let (pack, quick) = match &self.0 {
            Repr::Packed(pack) => (Some(NodeRef::Packed(pack)), None),
            Repr::Quick(quick) => (None, Some(quick)),
        };
        let nodes = quick.into_iter().flat_map(|quick| quick.nodes()).map(|node| match node {
            Node::Packed { pack, .. } => NodeRef::Packed(pack),
            Node::Plain(bytes) => NodeRef::Plain(bytes),
            Node::Compressed { inner, .. } => NodeRef::Compressed(inner),
        });
        pack.into_iter().chain(nodes)
    }

    /// What DEBUG OBJECT tells of a quicklist.
    pub fn quick_figures(&self) -> Option<QuickFigures> {
        match &self.0 {
            Repr::Packed(_) => None,
            Repr::Quick(quick) => Some(quick.figures()),
        }
    }

    /// A list to which nodes or elements are added as they are loaded; [`Loading::finish`] decides its encoding.
    pub fn loading(limits: &Limits) -> Loading {
        let quick = Quicklist::new(limits.max_listpack_size, limits.compress_depth);
        Loading { quick, limits: *limits }
    }

    #[cfg(test)]
    fn check(&self) {
        if let Repr::Quick(quick) = &self.0 {
            quick.check();
        }
    }
}

#[inline]
fn is_plain(limits: &Limits, value: Entry<'_>) -> bool {
    match value {
        Entry::Str(bytes) => bytes.len() >= limits.packed_threshold,
        Entry::Int(_) => false,
    }
}

/// A list that is being loaded.
#[derive(Debug)]
pub struct Loading {
    quick: Quicklist,
    limits: Limits,
}

impl Loading {
    /// Adds a node of several elements; an empty one is left out.
    pub fn packed(&mut self, pack: Listpack) {
        self.quick.append_node(Node::packed(pack));
    }

    /// Adds a node of one big element.
    pub fn plain(&mut self, bytes: &[u8]) {
        self.quick.append_node(Node::plain(bytes));
    }

    /// Adds one element to the last node, or to a new one.
    pub fn element(&mut self, bytes: &[u8]) {
        let value = Entry::Str(bytes);
        self.quick.push(End::Tail, value, is_plain(&self.limits, value));
    }

    /// The list, in the encoding that fits its size. It is empty if nothing was added.
    pub fn finish(self) -> List {
        let mut list = List(Repr::Quick(Box::new(self.quick)));
        if list.is_empty() {
            return List::new();
        }
        list.unite(&self.limits, 1);
        list
    }
}
