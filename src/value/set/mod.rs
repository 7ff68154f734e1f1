//! Sets: of integers as an intset, small ones as a listpack, others as a table.
//!
//! ```text
//!             a member that is no integer            too many, or too long a member
//!   intset ───────────────────────────────▶ listpack ───────────────────────────────▶ hashtable
//!      └────────────────────── too many, or a string too long for a listpack ────────────▶
//! ```
//!
//! No encoding goes back to an earlier one, except that the result of an operation on sets starts from the first.

mod members;
#[cfg(test)]
mod tests;

use super::{Collection, Encoding, collection};
use crate::util::rng::Rng;
use c_compat::intset::Intset;
use c_compat::listpack::{self, Listpack};
use c_compat::number::int;
use std::collections::HashSet;

pub use members::Members;
use members::MembersIter;

/// A member as it is kept: an integer where that says it all.
pub type Member<'a> = listpack::Entry<'a>;

/// At which sizes the encoding changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// set-max-intset-entries
    pub max_intset_entries: usize,
    /// set-max-listpack-entries
    pub max_listpack_entries: usize,
    /// set-max-listpack-value
    pub max_listpack_value: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { max_intset_entries: 512, max_listpack_entries: 128, max_listpack_value: 64 }
    }
}

/// An intset does not grow beyond this, whatever the option says.
const INTSET_MAX: usize = 1 << 30;

/// A set.
#[derive(Clone)]
pub enum Set {
    Ints(Intset),
    Packed(Listpack),
    Table(Box<Members>),
}

impl std::fmt::Debug for Set {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(|m| m.to_vec().escape_ascii().to_string())).finish()
    }
}

impl Set {
    /// An empty set in the encoding that suits `first` and as many members as are about to come.
    pub fn sized_for(first: &[u8], count: usize, limits: &Limits) -> Set {
        if count <= limits.max_intset_entries && int::parse(first).is_some() {
            Set::Ints(Intset::new())
        } else if count <= limits.max_listpack_entries {
            Set::Packed(Listpack::new())
        } else {
            Set::Table(Box::default())
        }
    }

    /// An empty set to be filled with so many members, of which nothing else is known.
    pub fn with_room(members: usize, limits: &Limits) -> Set {
        if members > limits.max_intset_entries.max(limits.max_listpack_entries) {
            Set::Table(Box::new(Members::with_room(members)))
        } else {
            Set::Ints(Intset::new())
        }
    }

    /// Changes the encoding at once if it will not last for `count` members.
    pub fn expect_members(&mut self, count: usize, limits: &Limits) {
        let lasts = match self {
            Set::Ints(_) => count <= limits.max_intset_entries,
            Set::Packed(_) => count <= limits.max_listpack_entries,
            Set::Table(_) => true,
        };
        if !lasts {
            self.make_table(0);
        }
    }

    /// Adds a member; false if it was there.
    pub fn add(&mut self, member: &[u8], limits: &Limits) -> bool {
        match self {
            Set::Table(members) => members.insert(member),
            Set::Packed(pack) => {
                if pack.find(member, 0).is_some() {
                    return false;
                }
                if pack.len() < limits.max_listpack_entries
                    && member.len() <= limits.max_listpack_value
                    && !pack.would_overflow(member.len())
                {
                    pack.push_back(member);
                } else {
                    self.make_table(1).insert(member);
                }
                true
            }
            Set::Ints(ints) => match int::parse(member) {
                Some(number) => {
                    let added = ints.add(number);
                    if added && ints.len() > limits.max_intset_entries.min(INTSET_MAX) {
                        self.make_table(0);
                    }
                    added
                }
                None => {
                    self.add_first_string(member, limits);
                    true
                }
            },
        }
    }

    /// Adds a string to a set of integers, which it takes another encoding for.
    fn add_first_string(&mut self, member: &[u8], limits: &Limits) {
        let Set::Ints(ints) = self else { unreachable!("the caller has seen integers") };
        let longest = [ints.min(), ints.max()].into_iter().flatten().map(int::text_len).max().unwrap_or(0);
        let fits = ints.len() < limits.max_listpack_entries
            && member.len().max(longest) <= limits.max_listpack_value;
        if fits {
            let mut pack = Listpack::new();
            for number in ints.iter() {
                pack.push_back(number);
            }
            pack.push_back(member);
            *self = Set::Packed(pack);
        } else {
            self.make_table(1).insert(member);
        }
    }

    /// Becomes a table, with room for `more` members than there are.
    fn make_table(&mut self, more: usize) -> &mut Members {
        if !matches!(self, Set::Table(_)) {
            let mut members = Members::with_room(self.len() + more);
            let mut room = listpack::IntText::new();
            for member in self.iter() {
                members.insert(member.text(&mut room));
            }
            *self = Set::Table(Box::new(members));
        }
        let Set::Table(members) = self else { unreachable!("made one above") };
        members
    }

    /// Removes a member; false if there was none such.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match self {
            Set::Ints(ints) => int::parse(member).is_some_and(|number| ints.remove(number)),
            Set::Packed(pack) => match pack.find(member, 0) {
                Some(at) => {
                    pack.delete(at);
                    true
                }
                None => false,
            },
            Set::Table(members) => members.remove(member),
        }
    }

    #[inline]
    pub fn contains(&self, member: &[u8]) -> bool {
        match self {
            Set::Ints(ints) => int::parse(member).is_some_and(|number| ints.contains(number)),
            Set::Packed(pack) => pack.find(member, 0).is_some(),
            Set::Table(members) => members.contains(member),
        }
    }

    /// Is a member of another set one of this set too?
    #[inline]
    pub fn has(&self, member: Member<'_>) -> bool {
        match (self, member) {
            (Set::Ints(ints), Member::Int(number)) => ints.contains(number),
            (_, Member::Str(bytes)) => self.contains(bytes),
            (_, Member::Int(_)) => self.contains(member.text(&mut listpack::IntText::new())),
        }
    }

    pub fn iter(&self) -> SetIter<'_> {
        match self {
            Set::Ints(ints) => SetIter::Ints { ints, next: 0 },
            Set::Packed(pack) => SetIter::Packed(pack.iter()),
            Set::Table(members) => SetIter::Table(members.iter()),
        }
    }

    /// A member drawn at random; the set has one.
    pub fn random(&self, rng: &mut Rng) -> Member<'_> {
        let index = |len: usize, rng: &mut Rng| rng.below(len as u64);
        match self {
            Set::Ints(ints) => {
                Member::Int(ints.get(index(ints.len(), rng) as usize).expect("below the length"))
            }
            Set::Packed(pack) => pack.get(index(pack.len(), rng) as i64).expect("below the length"),
            Set::Table(members) => Member::Str(members.random(rng)),
        }
    }

    /// `count` different members drawn at random, or all if there are no more.
    pub fn sample(&self, count: usize, rng: &mut Rng) -> Vec<Member<'_>> {
        /// Below this share of the members they are drawn one by one, and drawn again if they came up before.
        const DRAW_SHARE: usize = 3;
        if count.saturating_mul(DRAW_SHARE) > self.len() {
            let mut all: Vec<_> = self.iter().collect();
            let count = count.min(all.len());
            for i in 0..count {
                let other = i + rng.below((all.len() - i) as u64) as usize;
                all.swap(i, other);
            }
            all.truncate(count);
            return all;
        }
        let mut drawn = HashSet::with_capacity_and_hasher(count, ahash::RandomState::with_seeds(1, 2, 3, 4));
        while drawn.len() < count {
            drawn.insert(self.random(rng));
        }
        drawn.into_iter().collect()
    }

    /// A step of SSCAN: visits at least `count` members unless the end comes first, and returns the next cursor. All of
    /// a set that is no table in one step.
    pub fn scan(&self, cursor: u64, count: u64, mut visit: impl FnMut(Member<'_>)) -> u64 {
        /// How many empty buckets a step may pass for each member it was asked for.
        const BUCKETS_PER_MEMBER: u64 = 10;
        let Set::Table(members) = self else {
            self.iter().for_each(visit);
            return 0;
        };
        let mut cursor = cursor;
        let mut seen = 0;
        let mut buckets = count.saturating_mul(BUCKETS_PER_MEMBER);
        loop {
            cursor = members.scan(cursor, |member| {
                seen += 1;
                visit(Member::Str(member));
            });
            if cursor == 0 || seen >= count || buckets == 0 {
                return cursor;
            }
            buckets -= 1;
        }
    }
}

impl Collection for Set {
    collection!(Set);

    fn new() -> Self {
        Set::Ints(Intset::new())
    }

    fn len(&self) -> usize {
        match self {
            Set::Ints(ints) => ints.len(),
            Set::Packed(pack) => pack.len(),
            Set::Table(members) => members.len(),
        }
    }

    fn encoding(&self) -> Encoding {
        match self {
            Set::Ints(_) => Encoding::Intset,
            Set::Packed(_) => Encoding::Listpack,
            Set::Table(_) => Encoding::Hashtable,
        }
    }

    fn free_effort(&self) -> usize {
        match self {
            Set::Table(members) => members.len(),
            Set::Ints(_) | Set::Packed(_) => 1,
        }
    }

    fn memory(&self, samples: usize) -> usize {
        match self {
            Set::Ints(ints) => ints.allocated(),
            Set::Packed(pack) => pack.allocated(),
            Set::Table(members) => size_of::<Members>() + members.memory(samples),
        }
    }
}

/// Goes over the members: those of an intset in order, of a listpack as they came, of a table in no order.
pub enum SetIter<'a> {
    Ints { ints: &'a Intset, next: usize },
    Packed(listpack::Iter<'a>),
    Table(MembersIter<'a>),
}

impl<'a> Iterator for SetIter<'a> {
    type Item = Member<'a>;

    #[inline]
    fn next(&mut self) -> Option<Member<'a>> {
        match self {
            SetIter::Ints { ints, next } => {
                *next += 1;
                ints.get(*next - 1).map(Member::Int)
            }
            SetIter::Packed(entries) => entries.next(),
            SetIter::Table(members) => members.next().map(Member::Str),
        }
    }
}
