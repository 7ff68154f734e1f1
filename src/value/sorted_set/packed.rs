//! A small sorted set: a listpack of members, each followed by its score, in order.
//!
//! A score that is a whole number below 2^62 is an integer there (-0 becomes 0), any other the text that C's `%.17g` prints.
//! The bytes are those that Redis writes, since snapshots hold them as they are.

use std::cmp::Ordering;
use std::ops::Range;

use c_compat::listpack::{Entry, IntText, Listpack, Pos};
use c_compat::number::double;

use super::Bounds;

/// Scores up to here can be integers.
const INTEGER_MAX: f64 = (i64::MAX / 2) as f64;

/// The number that a score's entry is. What no server wrote is 0.
#[inline]
pub fn score(entry: Entry<'_>) -> f64 {
    match entry {
        Entry::Int(n) => n as f64,
        Entry::Str(text) => double::parse_lenient(text).unwrap_or(0.0),
    }
}

/// The entry of a score, whose text goes to `room` if it needs one.
fn entry(score: f64, room: &mut Vec<u8>) -> Entry<'_> {
    let whole = score as i64;
    if (-INTEGER_MAX..=INTEGER_MAX).contains(&score) && whole as f64 == score {
        return Entry::Int(whole);
    }
    double::append(room, score);
    Entry::Str(room)
}

/// A member's place and score.
#[inline]
pub fn find(pairs: &Listpack, member: &[u8]) -> Option<(Pos, f64)> {
    let at = pairs.find(member, 1)?;
    Some((at, score_behind(pairs, at)))
}

fn score_behind(pairs: &Listpack, at: Pos) -> f64 {
    pairs.next(at).map_or(0.0, |at| score(pairs.entry(at)))
}

/// How a pair in the listpack compares with another.
fn compare(pair: (Entry<'_>, f64), other: (&[u8], f64)) -> Ordering {
    let by_member = || pair.0.text(&mut IntText::new()).cmp(other.0);
    pair.1.partial_cmp(&other.1).filter(|by_score| by_score.is_ne()).unwrap_or_else(by_member)
}

/// Adds a member that is not there.
pub fn insert(pairs: &mut Listpack, member: &[u8], new: f64) {
    let mut room = Vec::new();
    let new_entry = entry(new, &mut room);
    let mut next = pairs.first();
    while let Some(at) = next {
        let (here, score_at) = pairs.entry_and_next(at);
        let Some(score_at) = score_at else { break };
        let (here_score, behind) = pairs.entry_and_next(score_at);
        if compare((here, score(here_score)), (member, new)).is_gt() {
            return pairs.insert_pair_before(at, member, new_entry);
        }
        next = behind;
    }
    pairs.push_pair(member, new_entry);
}

/// Gives the member at `at` another score, and the place that goes with it.
pub fn change_score(pairs: &mut Listpack, at: Pos, member: &[u8], new: f64) {
    let score_at = pairs.next(at).expect("a score follows its member");
    let stays_behind = pairs.prev(at).is_none_or(|before| {
        let member_before = pairs.prev(before).map_or(Entry::Str(b""), |at| pairs.entry(at));
        compare((member_before, score(pairs.entry(before))), (member, new)).is_lt()
    });
    let stays_before = pairs
        .next(score_at)
        .is_none_or(|next| compare((pairs.entry(next), score_behind(pairs, next)), (member, new)).is_gt());
    if stays_behind && stays_before {
        pairs.replace(score_at, entry(new, &mut Vec::new()));
    } else {
        pairs.delete_at_pos(at, 2);
        insert(pairs, member, new);
    }
}

pub fn rank(pairs: &Listpack, member: &[u8]) -> Option<(usize, f64)> {
    let needle = c_compat::listpack::Needle::new(member);
    pairs
        .pairs()
        .enumerate()
        .find(|(_, (here, _))| here.is(&needle))
        .map(|(rank, (_, here_score))| (rank, score(here_score)))
}

/// The pairs of members that come in order.
pub fn from_sorted<'a>(members: impl Iterator<Item = (&'a [u8], f64)>) -> Listpack {
    let mut pairs = Listpack::new();
    for (member, score) in members {
        pairs.push_pair(member, entry(score, &mut Vec::new()));
    }
    pairs
}

/// The ranks of the pairs within `bounds`. Members are looked at one after the other, so that a range of members, asked
/// for where scores differ, is what Redis makes of it too.
pub fn span(pairs: &Listpack, bounds: &Bounds<'_>, from_end: bool) -> Range<usize> {
    let place = |(member, here_score): (Entry<'_>, Entry<'_>), is: fn(&Bounds<'_>, f64, &[u8]) -> bool| {
        is(bounds, score(here_score), member.text(&mut IntText::new()))
    };
    let below = |pair| place(pair, |bounds, score, member| bounds.below(score, || member));
    let above = |pair| place(pair, |bounds, score, member| bounds.above(score, || member));
    let mut walk = pairs.pairs();
    if bounds.is_empty()
        || walk.clone().next_back().is_none_or(below)
        || walk.clone().next().is_none_or(above)
    {
        return 0..0;
    }
    let len = pairs.len() / 2;
    if from_end {
        let Some(behind) = walk.by_ref().rev().position(|pair| !above(pair)) else { return 0..0 };
        let end = len - behind;
        let within = pairs.pairs().rev().skip(behind).take_while(|pair| !below(*pair)).count();
        end - within..end
    } else {
        let Some(start) = walk.position(|pair| !below(pair)) else { return 0..0 };
        let within = pairs.pairs().skip(start).take_while(|pair| !above(*pair)).count();
        start..start + within
    }
}
