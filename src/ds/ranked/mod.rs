//! Members that have a score, found by member and by rank: a large sorted set.
//!
//! Each member is one block (`member.rs`) with its score. A hash table owns the blocks and finds them by member; a B+tree
//! of pointers to the same blocks (`tree.rs`) has them in the order of (score, member) and counts them. Scores are never
//! NaN; 0 and -0 are equal.

mod member;
#[cfg(test)]
mod tests;
mod tree;

use std::cmp::Ordering;
use std::marker::PhantomData;
use std::ops::Range;

use super::hashing::hash;
use super::table::Table;
use member::{Member, MemberRef};
use tree::{RankTree, Ranked as _};

pub struct Ranked {
    members: Table<Member>,
    order: RankTree<MemberRef>,
}

// What follows reads the blocks that the order points at. They are there: each lies in `members`, which is borrowed as
// long as the order is, and is taken out of the order before it is taken out of `members`.

/// A member's place in the order, seen from another element.
#[inline]
fn side_of(score: f64, member: &[u8]) -> impl Fn(f64, MemberRef) -> Ordering {
    move |other, e| match other.partial_cmp(&score) {
        Some(Ordering::Equal) | None => {
            // SAFETY: see above.
            unsafe { e.bytes() }.cmp(member)
        }
        Some(unequal) => unequal,
    }
}

impl Ranked {
    pub const fn new() -> Ranked {
        Ranked { members: Table::new(), order: RankTree::new() }
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the table and, in about, of the order: leaves are three quarters full.
    pub fn overhead(&self) -> usize {
        self.members.memory() + self.len() * size_of::<MemberRef>() * 4 / 3
    }

    /// The bytes that each member's block takes.
    pub fn member_sizes(&self) -> impl Iterator<Item = usize> {
        self.members.iter().map(Member::memory)
    }

    /// A member's score.
    #[inline]
    pub fn get(&self, member: &[u8]) -> Option<f64> {
        self.members.find(hash(member), |e| e.bytes() == member).map(Member::score)
    }

    /// Gives a member the score that `decide` says, told the present one; `None` leaves all as it is. Returns both.
    pub fn set(
        &mut self,
        member: &[u8],
        decide: impl FnOnce(Option<f64>) -> Option<f64>,
    ) -> (Option<f64>, Option<f64>) {
        let hash_of_member = hash(member);
        let found = self.members.find(hash_of_member, |e| e.bytes() == member).map(Member::block);
        let old = found.map(MemberRef::score);
        let new = decide(old);
        match (found, old, new) {
            (_, _, None) => {}
            (Some(block), Some(old), Some(new)) => {
                // Also when they are equal but one is -0, as Redis leaves it.
                if old != new {
                    self.move_to(block, old, member, new);
                }
            }
            (_, _, Some(new)) => {
                let element = Member::new(new, member);
                self.order.insert(element.block(), side_of(new, member));
                self.members.insert(hash_of_member, element, |e| hash(e.bytes()));
            }
        }
        (old, new)
    }

    fn move_to(&mut self, block: MemberRef, old: f64, member: &[u8], new: f64) {
        let (old_side, new_side) = (side_of(old, member), side_of(new, member));
        if !self.order.change_in_place(&old_side, &new_side, |block| block.set_score(new)) {
            self.order.remove(&old_side);
            block.set_score(new);
            self.order.insert(block, &new_side);
        }
    }

    /// Removes a member and returns its score.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let hash_of_member = hash(member);
        let score = self.get(member)?;
        self.order.remove(side_of(score, member));
        self.members.remove(hash_of_member, |e| e.bytes() == member);
        Some(score)
    }

    /// A member's rank and score.
    pub fn rank(&self, member: &[u8]) -> Option<(usize, f64)> {
        let score = self.get(member)?;
        Some((self.order.rank(side_of(score, member)), score))
    }

    /// How many members there are of which `before` is true. It is true of all up to some place in the order.
    #[inline]
    pub fn count_before<'a>(&'a self, before: impl Fn(Place<'a>) -> bool) -> usize {
        self.order.rank(|score, block| {
            if before(Place { score, block, of: PhantomData }) { Ordering::Less } else { Ordering::Greater }
        })
    }

    /// The members of these ranks, which must exist.
    pub fn range(&self, ranks: Range<usize>) -> Iter<'_> {
        Iter(self.order.range(ranks))
    }

    pub fn at(&self, rank: usize) -> Option<(&[u8], f64)> {
        // SAFETY: see above.
        self.order.get(rank).map(|e| (unsafe { e.bytes() }, e.score()))
    }

    /// Removes the members of these ranks, which must exist.
    pub fn remove_range(&mut self, ranks: Range<usize>) {
        let Ranked { members, order } = self;
        order.remove_range(ranks, |e| {
            // SAFETY: the block is still in the table.
            let hash_of_member = hash(unsafe { e.bytes() });
            members.remove(hash_of_member, |other| other.block() == e);
        });
    }

    /// One step of a scan by member: see [`Table::scan`].
    pub fn scan(&self, cursor: u64, mut visit: impl FnMut(&[u8], f64)) -> u64 {
        self.members.scan(cursor, |e| visit(e.bytes(), e.score()))
    }
}

impl Default for Ranked {
    fn default() -> Self {
        Ranked::new()
    }
}

impl Clone for Ranked {
    fn clone(&self) -> Self {
        let mut builder = Builder::with_room_for(self.len());
        let mut order = Vec::with_capacity(self.len());
        for (member, score) in self.range(0..self.len()) {
            order.push(builder.add(hash(member), score, member));
        }
        Ranked { members: builder.members, order: RankTree::from_sorted(&order) }
    }
}

/// A place in the order, seen by a search. Its score is at hand, its member need not be.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    score: f64,
    block: MemberRef,
    of: PhantomData<&'a Ranked>,
}

impl<'a> Place<'a> {
    #[inline]
    pub fn score(self) -> f64 {
        self.score
    }

    #[inline]
    pub fn member(self) -> &'a [u8] {
        // SAFETY: see above; the set is borrowed for `'a`.
        unsafe { self.block.bytes() }
    }
}

/// Members in order with their scores, from either end.
pub struct Iter<'a>(tree::Iter<'a, MemberRef>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], f64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: see above; the set is borrowed for `'a`.
        self.0.next().map(|e| (unsafe { e.bytes() }, e.score()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        // SAFETY: as in `next`.
        self.0.next_back().map(|e| (unsafe { e.bytes() }, e.score()))
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// Gathers members in any order, which are put in order at the end, once: how loading, unions and the like make sorted sets.
#[derive(Default)]
pub struct Builder {
    members: Table<Member>,
    /// The longest member.
    max_len: usize,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map()
            .entries(self.members.iter().map(|e| (e.bytes().escape_ascii().to_string(), e.score())))
            .finish()
    }
}

impl Builder {
    pub fn with_room_for(members: usize) -> Builder {
        let mut table = Table::new();
        table.presize(members);
        Builder { members: table, max_len: 0 }
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The length of the longest member.
    pub fn max_len(&self) -> usize {
        self.max_len
    }

    /// Gives a member the score that `decide` makes of the one it has, if it is there already.
    pub fn set(&mut self, member: &[u8], decide: impl FnOnce(Option<f64>) -> f64) {
        let hash_of_member = hash(member);
        match self.members.find(hash_of_member, |e| e.bytes() == member) {
            Some(found) => found.block().set_score(decide(Some(found.score()))),
            None => drop(self.add(hash_of_member, decide(None), member)),
        }
    }

    /// Adds a member; false if it is there already.
    pub fn insert(&mut self, member: &[u8], score: f64) -> bool {
        let hash_of_member = hash(member);
        let is_new = self.members.find(hash_of_member, |e| e.bytes() == member).is_none();
        if is_new {
            self.add(hash_of_member, score, member);
        }
        is_new
    }

    fn add(&mut self, hash_of_member: u64, score: f64, member: &[u8]) -> MemberRef {
        let element = Member::new(score, member);
        let block = element.block();
        self.max_len = self.max_len.max(member.len());
        self.members.insert(hash_of_member, element, |e| hash(e.bytes()));
        block
    }

    pub fn build(self) -> Ranked {
        let mut order: Vec<(f64, MemberRef)> = self.members.iter().map(|e| (e.score(), e.block())).collect();
        order.sort_unstable_by(|a, b| {
            // SAFETY: the blocks lie in the table.
            let bytes = || unsafe { a.1.bytes().cmp(b.1.bytes()) };
            a.0.partial_cmp(&b.0).filter(|by_score| by_score.is_ne()).unwrap_or_else(bytes)
        });
        let order: Vec<MemberRef> = order.into_iter().map(|(_, e)| e).collect();
        Ranked { members: self.members, order: RankTree::from_sorted(&order) }
    }
}
