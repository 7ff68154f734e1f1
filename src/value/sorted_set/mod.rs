//! Sorted sets: members in the order of (score, member).
//!
//! ```text
//! listpack   member score member score ...      small ones
//! skiplist   a hash table and a B+tree over the same blocks (ds::ranked); the name is Redis's
//! ```
//!
//! A small one becomes a large one when a member is added to as many as zset-max-listpack-entries, or one that is longer
//! than zset-max-listpack-value, and does not become a small one again.
//!
//! Places in the order are ranks, from 0. What a command asks for becomes a range of ranks first ([`SortedSet::span`]), so
//! that the length of a reply is known before its first byte.

mod bounds;
mod packed;
#[cfg(test)]
mod tests;

use std::ops::Range;

use c_compat::listpack::{Entry, Listpack, Pairs};
use c_compat::number::double;

use super::{Collection, Encoding, collection, extrapolate};
use crate::ds::ranked::{self, Ranked};

pub use crate::ds::ranked::Builder;
pub use bounds::{Bounds, LexBound, LexRange, ScoreRange};

/// At which sizes the encoding changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// zset-max-listpack-entries
    pub max_listpack_entries: usize,
    /// zset-max-listpack-value
    pub max_listpack_value: usize,
}

impl Limits {
    fn allow(&self, members: usize, longest: usize) -> bool {
        members <= self.max_listpack_entries && longest <= self.max_listpack_value
    }
}

/// A sorted set.
#[derive(Clone)]
pub enum SortedSet {
    Packed(Listpack),
    Ranked(Box<Ranked>),
}

/// What [`SortedSet::set`] found and did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    pub old: Option<f64>,
    pub new: Option<f64>,
}

/// A member with its score.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    pub member: Entry<'a>,
    score: ItemScore<'a>,
}

#[derive(Clone, Copy, Debug)]
enum ItemScore<'a> {
    /// As a listpack has it.
    Packed(Entry<'a>),
    Number(f64),
}

impl Item<'_> {
    #[inline]
    pub fn score(&self) -> f64 {
        match self.score {
            ItemScore::Packed(entry) => packed::score(entry),
            ItemScore::Number(score) => score,
        }
    }

    /// Appends the score as ZSCAN shows it: a listpack's as it is kept.
    pub fn append_score(&self, out: &mut Vec<u8>) {
        match self.score {
            ItemScore::Packed(entry) => entry.append_to(out),
            ItemScore::Number(score) => double::append(out, score),
        }
    }
}

impl SortedSet {
    /// The sorted set that a listpack of pairs is, as it was loaded. Made large if it has too many members.
    pub fn from_listpack(pairs: Listpack, limits: &Limits) -> SortedSet {
        let is_large = pairs.len() / 2 > limits.max_listpack_entries;
        let mut set = SortedSet::Packed(pairs);
        if is_large {
            set.unpack();
        }
        set
    }

    /// What was gathered, in the encoding that suits it.
    pub fn from_builder(builder: Builder, limits: &Limits) -> SortedSet {
        let small = limits.allow(builder.len(), builder.max_len());
        let ranked = builder.build();
        if small {
            SortedSet::Packed(packed::from_sorted(ranked.range(0..ranked.len())))
        } else {
            SortedSet::Ranked(Box::new(ranked))
        }
    }

    /// A member's score.
    #[inline]
    pub fn get(&self, member: &[u8]) -> Option<f64> {
        match self {
            SortedSet::Packed(pairs) => packed::find(pairs, member).map(|(_, score)| score),
            SortedSet::Ranked(ranked) => ranked.get(member),
        }
    }

    /// Gives a member the score that `decide` says, told the one it has; `None` leaves all as it is. Scores are not NaN.
    #[inline]
    pub fn set(
        &mut self,
        member: &[u8],
        limits: &Limits,
        decide: impl FnOnce(Option<f64>) -> Option<f64>,
    ) -> Change {
        let pairs = match self {
            SortedSet::Packed(pairs) => pairs,
            SortedSet::Ranked(ranked) => {
                let (old, new) = ranked.set(member, decide);
                return Change { old, new };
            }
        };
        let found = packed::find(pairs, member);
        let old = found.map(|(_, score)| score);
        let new = decide(old);
        match (found, new) {
            (_, None) => {}
            (Some((at, old)), Some(new)) => {
                if old != new {
                    packed::change_score(pairs, at, member, new);
                }
            }
            (None, Some(new)) => {
                let fits = limits.allow(pairs.len() / 2 + 1, member.len());
                if fits && !pairs.would_overflow(member.len()) {
                    packed::insert(pairs, member, new);
                } else {
                    self.unpack().set(member, |_| Some(new));
                }
            }
        }
        Change { old, new }
    }

    /// Removes a member; false if there is none.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match self {
            SortedSet::Packed(pairs) => {
                let found = pairs.find(member, 1);
                if let Some(at) = found {
                    pairs.delete_at_pos(at, 2);
                }
                found.is_some()
            }
            SortedSet::Ranked(ranked) => ranked.remove(member).is_some(),
        }
    }

    /// A member's rank and score.
    pub fn rank(&self, member: &[u8]) -> Option<(usize, f64)> {
        match self {
            SortedSet::Packed(pairs) => packed::rank(pairs, member),
            SortedSet::Ranked(ranked) => ranked.rank(member),
        }
    }

    /// The ranks of the members within `bounds`, seen from the end that the reply begins at. Of more than `most` of them
    /// it is enough to have so many, from that end.
    pub fn span(&self, bounds: &Bounds<'_>, from_end: bool, most: Option<usize>) -> Range<usize> {
        match self {
            SortedSet::Packed(pairs) => packed::span(pairs, bounds, from_end),
            SortedSet::Ranked(ranked) => span(ranked, bounds, from_end, most),
        }
    }

    /// The members of these ranks, which must exist, the last one first if it is to be reversed.
    pub fn range(&self, ranks: Range<usize>, reversed: bool) -> Items<'_> {
        let left = ranks.len();
        let walk = match self {
            SortedSet::Packed(pairs) => {
                let mut walk = pairs.pairs();
                if left == 0 {
                    Walk::Packed(walk)
                } else if reversed {
                    let mut walk = walk.rev();
                    skip(&mut walk, pairs.len() / 2 - ranks.end);
                    Walk::PackedReversed(walk)
                } else {
                    skip(&mut walk, ranks.start);
                    Walk::Packed(walk)
                }
            }
            SortedSet::Ranked(ranked) if reversed => Walk::RankedReversed(ranked.range(ranks).rev()),
            SortedSet::Ranked(ranked) => Walk::Ranked(ranked.range(ranks)),
        };
        Items { walk, left }
    }

    /// All members in order.
    pub fn iter(&self) -> Items<'_> {
        self.range(0..self.len(), false)
    }

    /// Removes the members of these ranks, which must exist.
    pub fn remove_range(&mut self, ranks: Range<usize>) {
        match self {
            _ if ranks.is_empty() => {}
            // The key goes with its last member; until then any encoding will do.
            set if ranks.len() == set.len() => *set = SortedSet::new(),
            SortedSet::Packed(pairs) => pairs.delete_range(2 * ranks.start as i64, 2 * ranks.len()),
            SortedSet::Ranked(ranked) => ranked.remove_range(ranks),
        }
    }

    /// A step of ZSCAN: visits at least `count` members unless the end comes first, and returns the next cursor, 0 at the
    /// end. A small one is visited whole.
    pub fn scan(&self, cursor: u64, count: u64, mut visit: impl FnMut(Item<'_>)) -> u64 {
        /// How many empty buckets a step may pass for each member it was asked for.
        const BUCKETS_PER_MEMBER: u64 = 10;
        let SortedSet::Ranked(ranked) = self else {
            self.iter().for_each(visit);
            return 0;
        };
        let mut cursor = cursor;
        let mut seen = 0;
        let mut buckets = count.saturating_mul(BUCKETS_PER_MEMBER);
        loop {
            cursor = ranked.scan(cursor, |member, score| {
                seen += 1;
                visit(item(member, score));
            });
            if cursor == 0 || seen >= count || buckets == 0 {
                return cursor;
            }
            buckets -= 1;
        }
    }

    /// Makes it a large one.
    fn unpack(&mut self) -> &mut Ranked {
        if let SortedSet::Packed(pairs) = self {
            let mut builder = Builder::with_room_for(pairs.len() / 2 + 1);
            let mut text = c_compat::listpack::IntText::new();
            for (member, score) in pairs.pairs() {
                // A listpack that was loaded may have members twice; the first one counts.
                builder.insert(member.text(&mut text), packed::score(score));
            }
            *self = SortedSet::Ranked(Box::new(builder.build()));
        }
        match self {
            SortedSet::Ranked(ranked) => ranked,
            SortedSet::Packed(_) => unreachable!("it was just made large"),
        }
    }
}

fn skip(walk: &mut impl Iterator, count: usize) {
    if count > 0 {
        walk.nth(count - 1);
    }
}

fn item(member: &[u8], score: f64) -> Item<'_> {
    Item { member: Entry::Str(member), score: ItemScore::Number(score) }
}

fn span(ranked: &Ranked, bounds: &Bounds<'_>, from_end: bool, most: Option<usize>) -> Range<usize> {
    let first = || ranked.count_before(|e| bounds.below(e.score(), || e.member()));
    let end = || ranked.count_before(|e| !bounds.above(e.score(), || e.member()));
    let member = |rank: usize| ranked.at(rank);
    if from_end {
        let end = end();
        if let Some(start) = most.and_then(|most| end.checked_sub(most))
            && member(start).is_none_or(|(member, score)| !bounds.below(score, || member))
        {
            return start..end;
        }
        first().min(end)..end
    } else {
        let start = first();
        if let Some(end) = most.map(|most| start.saturating_add(most))
            && end > start
            && member(end - 1).is_some_and(|(member, score)| !bounds.above(score, || member))
        {
            return start..end;
        }
        start..end().max(start)
    }
}

/// Members in order, or in the reverse order.
pub struct Items<'a> {
    walk: Walk<'a>,
    left: usize,
}

enum Walk<'a> {
    Packed(Pairs<'a>),
    PackedReversed(std::iter::Rev<Pairs<'a>>),
    Ranked(ranked::Iter<'a>),
    RankedReversed(std::iter::Rev<ranked::Iter<'a>>),
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        self.left = self.left.checked_sub(1)?;
        let packed = |(member, score)| Item { member, score: ItemScore::Packed(score) };
        match &mut self.walk {
            Walk::Packed(walk) => walk.next().map(packed),
            Walk::PackedReversed(walk) => walk.next().map(packed),
            Walk::Ranked(walk) => walk.next().map(|(member, score)| item(member, score)),
            Walk::RankedReversed(walk) => walk.next().map(|(member, score)| item(member, score)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Items<'_> {}

impl Collection for SortedSet {
    collection!(SortedSet);

    fn new() -> Self {
        SortedSet::Packed(Listpack::new())
    }

    fn len(&self) -> usize {
        match self {
            SortedSet::Packed(pairs) => pairs.len() / 2,
            SortedSet::Ranked(ranked) => ranked.len(),
        }
    }

    fn encoding(&self) -> Encoding {
        match self {
            SortedSet::Packed(_) => Encoding::Listpack,
            SortedSet::Ranked(_) => Encoding::Skiplist,
        }
    }

    fn free_effort(&self) -> usize {
        match self {
            SortedSet::Packed(_) => 1,
            SortedSet::Ranked(ranked) => ranked.len(),
        }
    }

    fn memory(&self, samples: usize) -> usize {
        match self {
            SortedSet::Packed(pack) => pack.allocated(),
            SortedSet::Ranked(ranked) => {
                size_of::<Ranked>()
                    + ranked.overhead()
                    + extrapolate(samples, ranked.len(), ranked.member_sizes())
            }
        }
    }
}

impl std::fmt::Debug for SortedSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter().map(|item| (item.member.to_vec(), item.score()))).finish()
    }
}
