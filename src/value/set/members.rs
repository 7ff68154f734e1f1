//! The members of a large set, in a hash table.

use crate::ds::hashing::hash;
use crate::ds::member::Member;
use crate::ds::table::{Iter, Table};
use crate::util::rng::Rng;
use crate::value::extrapolate;

/// A table of strings.
#[derive(Default)]
pub struct Members(Table<Member>);

impl Members {
    pub fn with_room(members: usize) -> Members {
        let mut table = Table::new();
        table.presize(members);
        Members(table)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of the table and of the members, of which so many are looked at.
    pub fn memory(&self, samples: usize) -> usize {
        self.0.memory() + extrapolate(samples, self.len(), self.0.iter().map(Member::memory))
    }

    /// Adds a member; false if it was there.
    pub fn insert(&mut self, member: &[u8]) -> bool {
        let hash_of_member = hash(member);
        if self.0.find(hash_of_member, |m| m.bytes() == member).is_some() {
            return false;
        }
        self.0.insert(hash_of_member, Member::new(member), |m| hash(m.bytes()));
        true
    }

    pub fn remove(&mut self, member: &[u8]) -> bool {
        self.0.remove(hash(member), |m| m.bytes() == member).is_some()
    }

    #[inline]
    pub fn contains(&self, member: &[u8]) -> bool {
        self.0.find(hash(member), |m| m.bytes() == member).is_some()
    }

    /// A member drawn at random; there is one.
    pub fn random(&self, rng: &mut Rng) -> &[u8] {
        self.0.random(|| rng.next_u64()).expect("a set has members").bytes()
    }

    pub fn iter(&self) -> MembersIter<'_> {
        MembersIter(self.0.iter())
    }

    /// As [`Table::prefetch`].
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        self.0.prefetch(hash);
    }

    /// As [`Table::prefetch_entry`].
    #[inline]
    pub fn prefetch_entry(&self, hash: u64) {
        self.0.prefetch_entry(hash);
    }

    /// As [`Table::scan`].
    pub fn scan(&self, cursor: u64, mut visit: impl FnMut(&[u8])) -> u64 {
        self.0.scan(cursor, |m| visit(m.bytes()))
    }
}

impl Clone for Members {
    fn clone(&self) -> Members {
        let mut copy = Members::with_room(self.len());
        for member in self.iter() {
            copy.0.insert(hash(member), Member::new(member), |m| hash(m.bytes()));
        }
        copy
    }
}

/// Goes over the members in table order.
pub struct MembersIter<'a>(Iter<'a, Member>);

impl<'a> Iterator for MembersIter<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.0.next().map(Member::bytes)
    }
}
