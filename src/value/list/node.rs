//! One node of a quicklist: a listpack of several elements, or one big element, either of them compressed or not.

use crate::ds::size::class;
use c_compat::listpack::{Entry, Listpack};
use c_compat::lzf;
use std::borrow::Cow;

/// Nothing shorter is compressed.
const COMPRESS_MIN: usize = 48;
/// What compression must save to be worth it, bytes; the node's length in front counts as four of them.
const SAVING_MIN: usize = 9;
/// What an element takes in a listpack besides its own bytes, about: Redis's estimate.
const ELEMENT_OVERHEAD: usize = 8;
/// What two listpacks have that one made of both has not, about: Redis's estimate.
const MERGE_SAVES: usize = 11;

/// A node.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Several elements.
    Packed { count: u32, pack: Listpack },
    /// One element that is too big to lie among others.
    Plain(Box<Box<[u8]>>),
    /// One of these, compressed.
    Compressed { count: u32, inner: Box<Compressed> },
}

const _: () = assert!(size_of::<Node>() == 16);

/// A compressed node.
#[derive(Clone, Debug)]
pub struct Compressed {
    /// One big element, not a listpack.
    pub plain: bool,
    /// How long it is when it is not compressed.
    pub len: usize,
    /// The compressed bytes.
    pub lzf: Box<[u8]>,
}

impl Compressed {
    fn bytes(&self) -> Vec<u8> {
        lzf::decompress(&self.lzf, self.len).expect("what was compressed here")
    }
}

/// How many elements, or bytes, a node may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fill(i16);

/// The bytes that -1 to -5 stand for.
const FILL_BYTES: [usize; 5] = [4096, 8192, 16384, 32768, 65536];
/// A node limited by its number of elements gets no longer than this all the same.
const BYTES_SAFE: usize = 8192;

impl Fill {
    /// From list-max-listpack-size.
    pub(super) fn new(option: i32) -> Self {
        Fill(option.clamp(-5, i16::MAX.into()) as i16)
    }

    /// As the option has it.
    pub(super) fn option(self) -> i16 {
        self.0
    }

    /// The most bytes and the most elements of a node; one of them is no limit.
    fn limits(self) -> (usize, usize) {
        match usize::try_from(self.0) {
            Ok(count) => (usize::MAX, count.max(1)),
            Err(_) => (FILL_BYTES[usize::from(self.0.unsigned_abs()) - 1], usize::MAX),
        }
    }

    /// Whether a node of so many bytes and elements is no more than this part of what it may be. Where elements are
    /// counted, those that are long do not count as few.
    pub(super) fn fits_part(self, bytes: usize, count: usize, part: usize) -> bool {
        match self.limits() {
            (usize::MAX, count_max) => count <= count_max / part && bytes <= BYTES_SAFE,
            (bytes_max, _) => bytes <= bytes_max / part,
        }
    }

    /// Whether a node of so many bytes and elements is too big.
    #[inline]
    pub(super) fn exceeded(self, bytes: usize, count: usize) -> bool {
        let (bytes_max, count_max) = self.limits();
        bytes > bytes_max.min(if self.0 < 0 { usize::MAX } else { BYTES_SAFE }) || count > count_max
    }
}

impl Node {
    /// A node of one element.
    pub(super) fn single(value: Entry<'_>, plain: bool) -> Self {
        match value {
            Entry::Str(bytes) if plain => Node::plain(bytes),
            value => Node::packed([value].into_iter().collect()),
        }
    }

    pub(super) fn plain(bytes: &[u8]) -> Self {
        Node::Plain(Box::new(bytes.into()))
    }

    pub(super) fn packed(pack: Listpack) -> Self {
        Node::Packed { count: pack.len() as u32, pack }
    }

    /// How many elements it has.
    #[inline]
    pub(super) fn count(&self) -> usize {
        match self {
            Node::Packed { count, .. } | Node::Compressed { count, .. } => *count as usize,
            Node::Plain(_) => 1,
        }
    }

    /// Its length when it is not compressed.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Node::Packed { pack, .. } => pack.bytes(),
            Node::Plain(bytes) => bytes.len(),
            Node::Compressed { inner, .. } => inner.len,
        }
    }

    /// Bytes that it takes, and its place among the nodes.
    pub(super) fn memory(&self) -> usize {
        size_of::<Node>()
            + match self {
                Node::Packed { pack, .. } => pack.allocated(),
                Node::Plain(bytes) => size_of::<Box<[u8]>>() + class(bytes.len()),
                Node::Compressed { inner, .. } => size_of::<Compressed>() + class(inner.lzf.len()),
            }
    }

    pub(super) fn is_plain(&self) -> bool {
        match self {
            Node::Packed { .. } => false,
            Node::Plain(_) => true,
            Node::Compressed { inner, .. } => inner.plain,
        }
    }

    /// Whether an element of so many bytes may come into it.
    #[inline]
    pub(super) fn has_room(&self, fill: Fill, len: usize) -> bool {
        let bytes = match self {
            Node::Packed { pack, .. } => pack.bytes(),
            _ if self.is_plain() => return false,
            _ => self.bytes(),
        };
        !fill.exceeded(bytes + len + ELEMENT_OVERHEAD, self.count() + 1)
    }

    /// Whether this node and another may become one.
    pub(super) fn may_merge(&self, other: &Node, fill: Fill) -> bool {
        !self.is_plain()
            && !other.is_plain()
            && !fill.exceeded(self.bytes() + other.bytes() - MERGE_SAVES, self.count() + other.count())
    }

    /// Its elements, which it must not have compressed, to change: all that the caller adds or takes it counts with
    /// [`Node::recount`].
    #[inline]
    pub(super) fn pack_mut(&mut self) -> &mut Listpack {
        match self {
            Node::Packed { pack, .. } => pack,
            _ => unreachable!("the caller has seen to it that this is a listpack"),
        }
    }

    /// Notes how many elements there are now.
    #[inline]
    pub(super) fn recount(&mut self, now: usize) {
        if let Node::Packed { count, .. } = self {
            *count = now as u32;
        }
    }

    /// Its listpack to read; `None` if it is a big element.
    pub(super) fn pack(&self) -> Option<Cow<'_, Listpack>> {
        match self {
            Node::Packed { pack, .. } => Some(Cow::Borrowed(pack)),
            Node::Compressed { inner, .. } if !inner.plain => Some(Cow::Owned(unpacked(inner))),
            _ => None,
        }
    }

    /// The bytes of a big element; `None` if it is a listpack.
    pub(super) fn big(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Node::Plain(bytes) => Some(Cow::Borrowed(bytes)),
            Node::Compressed { inner, .. } if inner.plain => Some(Cow::Owned(inner.bytes())),
            _ => None,
        }
    }

    pub(super) fn compress(&mut self) {
        let (plain, bytes) = match self {
            Node::Packed { pack, .. } => (false, pack.as_bytes()),
            Node::Plain(bytes) => (true, &***bytes),
            Node::Compressed { .. } => return,
        };
        if bytes.len() < COMPRESS_MIN {
            return;
        }
        if let Some(lzf) = lzf::compress(bytes, SAVING_MIN) {
            let inner = Compressed { plain, len: bytes.len(), lzf: lzf.into() };
            *self = Node::Compressed { count: self.count() as u32, inner: Box::new(inner) };
        }
    }

    pub(super) fn decompress(&mut self) {
        if let Node::Compressed { count, inner } = self {
            *self = if inner.plain {
                Node::Plain(Box::new(inner.bytes().into()))
            } else {
                Node::Packed { count: *count, pack: unpacked(inner) }
            };
        }
    }
}

fn unpacked(inner: &Compressed) -> Listpack {
    Listpack::from_bytes(&inner.bytes()).expect("what was a listpack")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_limited_by_bytes_or_by_elements_but_never_endless() {
        assert!(!Fill::new(-2).exceeded(8192, 5000));
        assert!(Fill::new(-2).exceeded(8193, 1));
        assert!(Fill::new(-9).exceeded(65537, 1) && !Fill::new(-9).exceeded(65536, 1));
        assert!(!Fill::new(3).exceeded(8192, 3) && Fill::new(3).exceeded(10, 4));
        assert!(Fill::new(i32::MAX).exceeded(8193, 1));
        assert!(!Fill::new(0).exceeded(10, 1) && Fill::new(0).exceeded(10, 2));
    }

    #[test]
    fn compressing_loses_nothing_and_what_does_not_shrink_stays() {
        let mut node = Node::packed((0..500i64).map(|i| i % 7).collect());
        let before = node.pack().expect("a listpack").into_owned();
        node.compress();
        assert!(matches!(node, Node::Compressed { count: 500, .. }));
        assert_eq!(node.pack().expect("a listpack").as_ref(), &before);
        node.decompress();
        assert!(matches!(node, Node::Packed { count: 500, .. }));
        let mut short = Node::plain(b"0123456789");
        short.compress();
        assert!(matches!(short, Node::Plain(_)));
    }
}
