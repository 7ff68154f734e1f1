//! An order with ranks: a B+tree whose inner nodes count what lies below them.
//!
//! ```text
//!            scores [ 1.5  | 7    | 9    ]
//!            firsts [ a    | k    | q    ]      the least element below each child
//!            counts [ 40   | 61   | 33   ]      how many there are
//!            nodes  [ |    | |    | |    ]
//!                     v      v      v
//!  leaves     [a b c ...] [k l ...] [q ...]     elements alone
//! ```
//!
//! The tree does not know how elements compare: a search is given a function that says on which side of the sought place an
//! element is. It gets the score with it, which inner nodes keep beside the element, so that a search leaves the elements
//! themselves alone down to the leaf, except where scores are equal.
//!
//! A leaf's memory is as long as its elements, up to the allocator's classes, so a leaf that is half full does not cost more
//! than a full one. All nodes but the root have at least a quarter of what they may have, or their only sibling is too small
//! to share with; no node but an empty root is empty.

use std::cmp::Ordering;
use std::ops::Range;

use crate::ds::size::class;
use crate::ds::table::prefetch_line;

/// Elements in a leaf: half a kilobyte moves in a few ns.
const LEAF_MAX: usize = 64;
/// Children of an inner node.
const INNER_MAX: usize = 64;
/// How far ahead of a walk elements are brought into the cache.
const AHEAD: usize = 8;

/// What lies in a tree: a handle of an element that has a score.
pub(super) trait Ranked: Copy {
    fn score(self) -> f64;
}

pub(super) struct RankTree<T> {
    root: Node<T>,
    len: usize,
}

enum Node<T> {
    Leaf(Vec<T>),
    Inner(Box<Inner<T>>),
}

/// All four have an element for each child.
struct Inner<T> {
    scores: Vec<f64>,
    firsts: Vec<T>,
    counts: Vec<usize>,
    nodes: Vec<Node<T>>,
}

impl<T: Ranked> RankTree<T> {
    pub const fn new() -> Self {
        RankTree { root: Node::Leaf(Vec::new()), len: 0 }
    }

    /// A tree of elements that are in order. Its leaves are full.
    pub fn from_sorted(sorted: &[T]) -> Self {
        let leaves = sorted.len().div_ceil(LEAF_MAX);
        let mut level: Vec<Node<T>> =
            even_parts(sorted.len(), leaves).map(|part| Node::Leaf(sorted[part].to_vec())).collect();
        while level.len() > 1 {
            let parents = level.len().div_ceil(INNER_MAX);
            let lens: Vec<usize> = even_parts(level.len(), parents).map(|part| part.len()).collect();
            let mut nodes = level.into_iter();
            level = lens.into_iter().map(|len| Node::inner(nodes.by_ref().take(len))).collect();
        }
        RankTree { root: level.pop().unwrap_or(Node::Leaf(Vec::new())), len: sorted.len() }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// How many elements come before the place that `side` seeks: it says `Less` of those.
    #[inline]
    pub fn rank(&self, side: impl Fn(f64, T) -> Ordering) -> usize {
        let mut rank = 0;
        let mut node = &self.root;
        loop {
            match node {
                Node::Inner(inner) => {
                    let at = inner.child_of(&side);
                    rank += inner.counts[..at].iter().sum::<usize>();
                    node = &inner.nodes[at];
                }
                Node::Leaf(leaf) => return rank + leaf.partition_point(|e| side(e.score(), *e).is_lt()),
            }
        }
    }

    /// The leaf that the element of this rank lies in, which is there, and where in it.
    fn leaf_at(&self, rank: usize) -> (&[T], usize) {
        let mut rest = rank;
        let mut node = &self.root;
        loop {
            match node {
                Node::Inner(inner) => {
                    let (at, before) = inner.child_at(rest);
                    rest -= before;
                    node = &inner.nodes[at];
                }
                Node::Leaf(leaf) => return (leaf, rest),
            }
        }
    }

    pub fn get(&self, rank: usize) -> Option<T> {
        (rank < self.len).then(|| {
            let (leaf, at) = self.leaf_at(rank);
            leaf[at]
        })
    }

    /// The elements of these ranks, which must exist, from either end.
    pub fn range(&self, ranks: Range<usize>) -> Iter<'_, T> {
        assert!(ranks.end <= self.len, "the ranks exist");
        Iter { tree: self, ranks, front: &[], back: &[] }
    }

    /// Adds an element. `side` says how others compare with it, and none is equal.
    pub fn insert(&mut self, element: T, side: impl Fn(f64, T) -> Ordering) {
        self.len += 1;
        if let Some(right) = self.root.insert(element, &side) {
            let left = std::mem::replace(&mut self.root, Node::Leaf(Vec::new()));
            self.root = Node::inner([left, right].into_iter());
        }
    }

    /// Removes the element of which `side` says `Equal`, which is there.
    pub fn remove(&mut self, side: impl Fn(f64, T) -> Ordering) -> T {
        let removed = self.root.remove(&side);
        self.len -= 1;
        self.collapse();
        removed
    }

    /// Removes the elements of these ranks, which must exist, and gives each to `each`, which may then free it.
    pub fn remove_range(&mut self, ranks: Range<usize>, mut each: impl FnMut(T)) {
        assert!(ranks.end <= self.len, "the ranks exist");
        let mut left = ranks.len();
        while left > 0 {
            let removed = self.root.remove_run(ranks.start, left, &mut each);
            self.len -= removed;
            left -= removed;
            self.collapse();
        }
    }

    /// Calls `change` with the element of which `side` says `Equal`, if it may take a place in the order that `new_side`
    /// seeks without a move: when those beside it in its leaf stay on their sides. Else returns false.
    pub fn change_in_place(
        &mut self,
        side: impl Fn(f64, T) -> Ordering,
        new_side: impl Fn(f64, T) -> Ordering,
        change: impl FnOnce(T),
    ) -> bool {
        let mut node = &self.root;
        while let Node::Inner(inner) = node {
            node = &inner.nodes[inner.child_of(&side)];
        }
        let Node::Leaf(leaf) = node else { return false };
        let at = leaf.partition_point(|e| side(e.score(), *e).is_lt());
        // The first of a leaf is known further up with its score, and its neighbours are elsewhere; so are the last's.
        let (Some(before), Some(after)) = (at.checked_sub(1).map(|i| leaf[i]), leaf.get(at + 1)) else {
            return false;
        };
        let stays = new_side(before.score(), before).is_lt() && new_side(after.score(), *after).is_gt();
        if stays {
            change(leaf[at]);
        }
        stays
    }

    /// A root with one child gives way to it.
    fn collapse(&mut self) {
        while let Node::Inner(inner) = &mut self.root {
            match inner.nodes.len() {
                0 => self.root = Node::Leaf(Vec::new()),
                1 => self.root = inner.nodes.pop().expect("there is one"),
                _ => break,
            }
        }
    }
}

/// Splits `0..len` into so many parts of about equal length.
fn even_parts(len: usize, parts: usize) -> impl Iterator<Item = Range<usize>> {
    (0..parts).map(move |i| i * len / parts..(i + 1) * len / parts)
}

impl<T: Ranked> Node<T> {
    /// An inner node over these, none of which is empty.
    fn inner(nodes: impl Iterator<Item = Node<T>>) -> Node<T> {
        let mut inner =
            Inner { scores: Vec::new(), firsts: Vec::new(), counts: Vec::new(), nodes: Vec::new() };
        for node in nodes {
            inner.insert(inner.nodes.len(), node);
        }
        Node::Inner(Box::new(inner))
    }

    /// How many elements or children it has.
    fn len(&self) -> usize {
        match self {
            Node::Leaf(leaf) => leaf.len(),
            Node::Inner(inner) => inner.nodes.len(),
        }
    }

    fn max(&self) -> usize {
        match self {
            Node::Leaf(_) => LEAF_MAX,
            Node::Inner(_) => INNER_MAX,
        }
    }

    /// How many elements are in it or below it.
    fn count(&self) -> usize {
        match self {
            Node::Leaf(leaf) => leaf.len(),
            Node::Inner(inner) => inner.counts.iter().sum(),
        }
    }

    /// The least element and its score.
    fn first(&self) -> (f64, T) {
        match self {
            Node::Leaf(leaf) => (leaf[0].score(), leaf[0]),
            Node::Inner(inner) => (inner.scores[0], inner.firsts[0]),
        }
    }

    /// Returns the right half, if it had to be split.
    fn insert(&mut self, element: T, side: &impl Fn(f64, T) -> Ordering) -> Option<Node<T>> {
        match self {
            Node::Leaf(leaf) => {
                let at = leaf.partition_point(|e| side(e.score(), *e).is_lt());
                if leaf.len() < LEAF_MAX {
                    grow(leaf);
                    leaf.insert(at, element);
                    return None;
                }
                // What always comes last leaves full leaves behind.
                let cut = if at == leaf.len() { at } else { LEAF_MAX / 2 };
                let mut right = split_leaf(leaf, cut);
                let (half, at) = if at > cut || at == LEAF_MAX { (&mut right, at - cut) } else { (leaf, at) };
                grow(half);
                half.insert(at, element);
                Some(Node::Leaf(right))
            }
            Node::Inner(inner) => {
                let at = inner.child_of(side);
                if at == 0 && side(inner.scores[0], inner.firsts[0]).is_gt() {
                    (inner.scores[0], inner.firsts[0]) = (element.score(), element);
                }
                inner.counts[at] += 1;
                let right = inner.nodes[at].insert(element, side)?;
                inner.counts[at] -= right.count();
                if inner.nodes.len() < INNER_MAX {
                    inner.insert(at + 1, right);
                    return None;
                }
                let at = at + 1;
                let cut = if at == INNER_MAX { at } else { INNER_MAX / 2 };
                let mut upper = inner.split_off(cut);
                if at > cut || at == INNER_MAX {
                    upper.insert(at - cut, right)
                } else {
                    inner.insert(at, right)
                }
                Some(Node::Inner(Box::new(upper)))
            }
        }
    }

    fn remove(&mut self, side: &impl Fn(f64, T) -> Ordering) -> T {
        match self {
            Node::Leaf(leaf) => {
                let at = leaf.partition_point(|e| side(e.score(), *e).is_lt());
                let removed = leaf.remove(at);
                shrink(leaf);
                removed
            }
            Node::Inner(inner) => {
                let at = inner.child_of(side);
                let was_first = side(inner.scores[at], inner.firsts[at]).is_eq();
                let removed = inner.nodes[at].remove(side);
                inner.lost(at, 1, was_first);
                removed
            }
        }
    }

    /// Removes up to `max` elements from `rank` on, all from one leaf; returns how many, not 0.
    fn remove_run(&mut self, rank: usize, max: usize, each: &mut impl FnMut(T)) -> usize {
        match self {
            Node::Leaf(leaf) => {
                let end = leaf.len().min(rank + max);
                leaf.drain(rank..end).for_each(each);
                shrink(leaf);
                end - rank
            }
            Node::Inner(inner) => {
                let (at, before) = inner.child_at(rank);
                let removed = inner.nodes[at].remove_run(rank - before, max, each);
                inner.lost(at, removed, rank == before);
                removed
            }
        }
    }

    /// Appends what the next node on the same level has.
    fn append(&mut self, right: Node<T>) {
        match (self, right) {
            (Node::Leaf(left), Node::Leaf(right)) => {
                reserve(left, right.len());
                left.extend(right);
            }
            (Node::Inner(left), Node::Inner(right)) => {
                let Inner { scores, firsts, counts, nodes } = *right;
                left.scores.extend(scores);
                left.firsts.extend(firsts);
                left.counts.extend(counts);
                left.nodes.extend(nodes);
            }
            _ => unreachable!("all leaves are on one level"),
        }
    }

    /// Keeps the first `cut` elements or children and returns the others.
    fn split_off(&mut self, cut: usize) -> Node<T> {
        match self {
            Node::Leaf(leaf) => Node::Leaf(split_leaf(leaf, cut)),
            Node::Inner(inner) => Node::Inner(Box::new(inner.split_off(cut))),
        }
    }
}

impl<T: Ranked> Inner<T> {
    /// The child that the sought place is in: the last one whose first element does not come after it.
    #[inline]
    fn child_of(&self, side: &impl Fn(f64, T) -> Ordering) -> usize {
        let (mut from, mut to) = (1, self.firsts.len());
        while from < to {
            let middle = (from + to) / 2;
            if side(self.scores[middle], self.firsts[middle]).is_gt() {
                to = middle
            } else {
                from = middle + 1
            }
        }
        from - 1
    }

    /// The child that the element of this rank is in, and how many elements are in those before.
    fn child_at(&self, rank: usize) -> (usize, usize) {
        let mut before = 0;
        for (at, count) in self.counts.iter().enumerate() {
            if rank < before + count {
                return (at, before);
            }
            before += count;
        }
        unreachable!("the rank exists")
    }

    fn insert(&mut self, at: usize, node: Node<T>) {
        let (score, first) = node.first();
        self.scores.insert(at, score);
        self.firsts.insert(at, first);
        self.counts.insert(at, node.count());
        self.nodes.insert(at, node);
    }

    fn take(&mut self, at: usize) -> Node<T> {
        self.scores.remove(at);
        self.firsts.remove(at);
        self.counts.remove(at);
        self.nodes.remove(at)
    }

    fn split_off(&mut self, cut: usize) -> Inner<T> {
        Inner {
            scores: self.scores.split_off(cut),
            firsts: self.firsts.split_off(cut),
            counts: self.counts.split_off(cut),
            nodes: self.nodes.split_off(cut),
        }
    }

    fn refresh(&mut self, at: usize) {
        (self.scores[at], self.firsts[at]) = self.nodes[at].first();
        self.counts[at] = self.nodes[at].count();
    }

    /// The child at `at` lost so many elements, the first among them or not.
    fn lost(&mut self, at: usize, removed: usize, first: bool) {
        self.counts[at] -= removed;
        if self.counts[at] == 0 {
            self.take(at);
            return;
        }
        if first {
            (self.scores[at], self.firsts[at]) = self.nodes[at].first();
        }
        let node = &self.nodes[at];
        if node.len() < node.max() / 4 {
            self.rebalance(at);
        }
    }

    /// A child has become small: it is merged with one beside it, or gets some of what that has.
    fn rebalance(&mut self, at: usize) {
        let left = if at > 0 { at - 1 } else { at };
        let right = left + 1;
        if right >= self.nodes.len() {
            return;
        }
        let total = self.nodes[left].len() + self.nodes[right].len();
        let mut second = self.take(right);
        if total <= second.max() * 3 / 4 {
            self.nodes[left].append(second);
        } else {
            let half = total / 2;
            if self.nodes[left].len() < half {
                let moved = half - self.nodes[left].len();
                let rest = second.split_off(moved);
                self.nodes[left].append(second);
                second = rest;
            } else {
                let mut moved = self.nodes[left].split_off(half);
                moved.append(second);
                second = moved;
            }
            self.insert(right, second);
        }
        self.refresh(left);
    }
}

/// Makes room for one more, as much as the allocator gives anyway.
#[inline]
fn grow<T>(leaf: &mut Vec<T>) {
    if leaf.len() == leaf.capacity() {
        reserve(leaf, 1);
    }
}

fn reserve<T>(leaf: &mut Vec<T>, more: usize) {
    let len = leaf.len();
    let room = class((len + more) * size_of::<T>()) / size_of::<T>();
    leaf.reserve_exact(room - len);
}

/// Gives memory back when half of it is unused.
#[inline]
fn shrink<T>(leaf: &mut Vec<T>) {
    if leaf.len() * 2 <= leaf.capacity() {
        leaf.shrink_to(class(leaf.len() * size_of::<T>()) / size_of::<T>());
    }
}

fn split_leaf<T>(leaf: &mut Vec<T>, cut: usize) -> Vec<T> {
    let right = leaf.split_off(cut);
    shrink(leaf);
    right
}

/// Elements in order, from either end.
pub(super) struct Iter<'a, T> {
    tree: &'a RankTree<T>,
    /// Those that have not been given.
    ranks: Range<usize>,
    /// What is left of the leaf that is being walked forwards, and of the one backwards; they may be more than `ranks`.
    front: &'a [T],
    back: &'a [T],
}

impl<T: Ranked + Prefetch> Iterator for Iter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let rank = self.ranks.next()?;
        if self.front.is_empty() {
            let (leaf, at) = self.tree.leaf_at(rank);
            self.front = &leaf[at..];
            self.front[..self.front.len().min(AHEAD).min(self.ranks.len() + 1)]
                .iter()
                .for_each(|e| e.prefetch());
        } else if let Some(ahead) = self.front.get(AHEAD - 1) {
            ahead.prefetch();
        }
        let (first, rest) = self.front.split_first()?;
        self.front = rest;
        Some(*first)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ranks.size_hint()
    }
}

impl<T: Ranked + Prefetch> DoubleEndedIterator for Iter<'_, T> {
    #[inline]
    fn next_back(&mut self) -> Option<T> {
        let rank = self.ranks.next_back()?;
        if self.back.is_empty() {
            let (leaf, at) = self.tree.leaf_at(rank);
            self.back = &leaf[..=at];
            let soon = self.back.len().min(AHEAD).min(self.ranks.len() + 1);
            self.back[self.back.len() - soon..].iter().for_each(|e| e.prefetch());
        } else if let Some(ahead) = self.back.len().checked_sub(AHEAD) {
            self.back[ahead].prefetch();
        }
        let (last, rest) = self.back.split_last()?;
        self.back = rest;
        Some(*last)
    }
}

impl<T: Ranked + Prefetch> ExactSizeIterator for Iter<'_, T> {}

/// An element that lies elsewhere.
pub(super) trait Prefetch {
    fn prefetch(&self);
}

impl Prefetch for super::member::MemberRef {
    #[inline]
    fn prefetch(&self) {
        prefetch_line(self.address());
    }
}

#[cfg(test)]
impl<T: Ranked + PartialEq> RankTree<T> {
    /// Asserts all that is said of trees above; `before` says of two elements whether the first comes first.
    pub fn check(&self, before: impl Fn(T, T) -> bool) {
        fn depth<T: Ranked + PartialEq>(node: &Node<T>, is_root: bool) -> usize {
            match node {
                Node::Leaf(leaf) => {
                    assert!(leaf.len() <= LEAF_MAX && (is_root || !leaf.is_empty()));
                    0
                }
                Node::Inner(inner) => {
                    let len = inner.nodes.len();
                    assert!(len <= INNER_MAX && len >= if is_root { 2 } else { 1 });
                    assert_eq!([inner.scores.len(), inner.firsts.len(), inner.counts.len()], [len; 3]);
                    for (i, node) in inner.nodes.iter().enumerate() {
                        let (score, first) = node.first();
                        assert!(
                            inner.scores[i] == score && first.score() == score && inner.firsts[i] == first
                        );
                        assert_eq!(inner.counts[i], node.count());
                    }
                    let depths: Vec<usize> = inner.nodes.iter().map(|node| depth(node, false)).collect();
                    assert!(depths.iter().all(|d| *d == depths[0]), "all leaves are on one level");
                    depths[0] + 1
                }
            }
        }
        depth(&self.root, true);
        assert_eq!(self.root.count(), self.len);
        let all: Vec<T> = (0..self.len).map(|rank| self.get(rank).expect("it exists")).collect();
        assert!(all.windows(2).all(|pair| before(pair[0], pair[1])));
    }
}
