//! The members that are sorted, copied out of their value into one buffer.

use super::length;
use crate::value::ValueRef;
use crate::value::list::{End, Entry};
use c_compat::listpack::IntText;
use std::ops::Range;

#[derive(Default)]
pub struct Members {
    bytes: Vec<u8>,
    /// Where each one ends.
    ends: Vec<usize>,
}

impl Members {
    /// All of them, in the order in which they lie.
    pub fn all(value: Option<ValueRef<'_>>) -> Self {
        let len = value.map_or(0, length);
        Self::window(value, 0..len, false)
    }

    /// Those of a window, which does not reach beyond the last one, seen from the front or, reversed, from the end. A set
    /// has no order that could be reversed.
    pub fn window(value: Option<ValueRef<'_>>, window: Range<usize>, reversed: bool) -> Self {
        let mut members = Members::default();
        members.ends.reserve(window.len());
        let (start, count) = (window.start, window.len());
        match value {
            Some(ValueRef::List(list)) if reversed => {
                if count > 0 {
                    let from = length(ValueRef::List(list)) - 1 - start;
                    list.range(from, count, End::Head, |entry| members.push(entry));
                }
            }
            Some(ValueRef::List(list)) => list.range(start, count, End::Tail, |entry| members.push(entry)),
            Some(ValueRef::Set(set)) => {
                let mut room = IntText::new();
                for member in set.iter().skip(start).take(count) {
                    members.push(Entry::Str(member.text(&mut room)));
                }
            }
            Some(ValueRef::SortedSet(set)) => {
                let ranks = if reversed {
                    let len = length(ValueRef::SortedSet(set));
                    len - window.end..len - window.start
                } else {
                    window
                };
                set.range(ranks, reversed).for_each(|item| members.push(item.member));
            }
            Some(ValueRef::Str(_) | ValueRef::Hash(_) | ValueRef::Stream(_)) | None => {}
        }
        members
    }

    fn push(&mut self, entry: Entry<'_>) {
        entry.append_to(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn at(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }
}
