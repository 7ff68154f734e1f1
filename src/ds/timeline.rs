//! A sorted multiset of `(time in ms, 32-bit id)` in little memory: when keys expire.
//!
//! Elements lie in leaves of up to 512, eight bytes each, in order; a map finds the leaf by its lower bound:
//!
//! ```text
//!  leaves:  (ms, id) -> | passed | delta, id | delta, id | ...      delta = ms of the element - ms of the lower bound
//! ```
//!
//! An element belongs in the last leaf whose bound is not above it. Leaves are as large as the allocator's
//! size class makes them, so a random million costs 9 bytes an element. Taking from the front only counts up
//! `passed`. Most additions come at the end, or not far from it, since keys tend to live equally long: then a
//! full leaf is left full.
//!
//! Many additions in no order, as a snapshot's load makes them, would each come upon a leaf that is not in the cache.
//! They are gathered, sorted, and merged into the leaves, of which each is then touched once for all that it gets.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::size::class;

/// Elements in a leaf. 4 KB are moved quickly, and the map above stays small.
const LEAF_MAX: usize = 512;
/// How far below an element that comes before all others the bound of its new leaf is put, so that more of
/// the kind find room there.
const SLACK_MS: i64 = 1 << 21;

/// Elements are gathered up to this many: some ms of work to put in order.
const GATHERED_MAX: usize = 1 << 16;

#[derive(Default)]
pub struct Timeline {
    leaves: BTreeMap<(i64, u32), Leaf>,
    /// Elements that are not in the leaves yet, in any order, and the least time among them.
    gathered: Vec<(i64, u32)>,
    gathered_ms: Option<i64>,
    /// The bounds of all leaves in no order, to draw one from.
    bounds: Vec<(i64, u32)>,
}

/// Invariant: `elements[passed..]` is sorted and not empty.
#[derive(Default)]
struct Leaf {
    /// Each is the delta in the upper half and the id in the lower.
    elements: Vec<u64>,
    /// So many elements at the front have been taken.
    passed: usize,
    /// Where in `bounds` the leaf's stands.
    place: usize,
}

impl Timeline {
    /// Adds an element of many that come in no order; equal ones may be there already.
    #[inline]
    pub fn gather(&mut self, ms: i64, id: u32) {
        self.gathered.push((ms, id));
        self.gathered_ms = Some(self.gathered_ms.map_or(ms, |least| least.min(ms)));
        if self.gathered.len() == GATHERED_MAX {
            self.merge_gathered();
        }
    }

    /// Puts all that was gathered where it belongs, and gives the room for it back.
    pub fn settle(&mut self) {
        if self.gathered_ms.is_some() {
            self.merge_gathered();
        }
        self.gathered = Vec::new();
    }

    fn merge_gathered(&mut self) {
        let mut gathered = std::mem::take(&mut self.gathered);
        gathered.sort_unstable();
        let mut rest = &gathered[..];
        while let Some((first, others)) = rest.split_first() {
            let merged = self.merge_front(rest);
            if merged == 0 {
                // No leaf takes it: it gets one of its own.
                self.insert(first.0, first.1);
                rest = others;
            } else {
                rest = &rest[merged..];
            }
        }
        gathered.clear();
        self.gathered = gathered;
        self.gathered_ms = None;
    }

    /// Merges what belongs in the same leaf as the first of `sorted`; returns how many elements that were, 0 when
    /// there is no such leaf.
    fn merge_front(&mut self, sorted: &[(i64, u32)]) -> usize {
        let first = sorted[0];
        let after = (Bound::Excluded(first), Bound::Unbounded);
        let next = self.leaves.range(after).next().map(|(bound, _)| *bound);
        let Some((&bound, leaf)) = self.leaves.range_mut(..=first).next_back() else { return 0 };
        let belongs = |e: &&(i64, u32)| next.is_none_or(|next| **e < next) && pack(bound, **e).is_some();
        let count = sorted.iter().take_while(belongs).count();
        if count > 0 {
            leaf.merge(sorted[..count].iter().map(|e| pack(bound, *e).expect("it was just packed")));
            for (bound, rest) in leaf.split_evenly(bound) {
                self.add_leaf(bound, rest);
            }
        }
        count
    }

    /// Adds an element; equal ones may be there already.
    pub fn insert(&mut self, ms: i64, id: u32) {
        let element = (ms, id);
        let Some((&bound, leaf)) = self.leaves.range_mut(..=element).next_back() else {
            // Nothing is before it: a leaf of its own, unless bounds run out.
            let bound = (ms.saturating_sub(SLACK_MS), 0);
            let packed = pack(bound, element).expect("the slack fits in a delta");
            self.add_leaf(bound, vec![packed]);
            return;
        };
        let Some(packed) = pack(bound, element) else {
            // Too far from the bound, and so from all in the leaf: the next leaf begins here.
            self.add_leaf((ms, 0), vec![u64::from(id)]);
            return;
        };
        let at = leaf.insert(packed);
        if leaf.elements.len() > LEAF_MAX {
            let (bound, rest) = leaf.split(bound, at + 1 == leaf.elements.len());
            if let Some(rest) = rest {
                self.add_leaf(bound, rest);
            }
        }
    }

    /// Removes one such element; false if there is none.
    pub fn remove(&mut self, ms: i64, id: u32) -> bool {
        if self.gathered_ms.is_some() {
            self.settle();
        }
        let Some((&bound, leaf)) = self.leaves.range_mut(..=(ms, id)).next_back() else { return false };
        let Some(at) = pack(bound, (ms, id)).and_then(|packed| leaf.find(packed)) else { return false };
        leaf.elements.remove(at);
        if leaf.passed == leaf.elements.len() {
            let place = leaf.place;
            self.leaves.remove(&bound);
            self.forget_bound(place);
        } else {
            leaf.shrink();
        }
        true
    }

    /// An element drawn at random; all are equally likely.
    pub fn random(&mut self, mut rng: impl FnMut() -> u64) -> Option<(i64, u32)> {
        const TRIES: usize = 100;
        if self.gathered_ms.is_some() {
            self.settle();
        }
        let mut draw = |below: usize| ((u128::from(rng()) * below as u128) >> 64) as usize;
        let mut tries = 0;
        while !self.bounds.is_empty() {
            let bound = self.bounds[draw(self.bounds.len())];
            let left = self.leaves[&bound].left();
            // A leaf counts for as much as it holds: one that is half empty is passed over every other time.
            tries += 1;
            let at = draw(if tries < TRIES { LEAF_MAX.max(left.len()) } else { left.len() });
            if let Some(packed) = left.get(at) {
                return Some(unpack(bound, *packed));
            }
        }
        None
    }

    /// The first element.
    pub fn first(&mut self) -> Option<(i64, u32)> {
        if self.gathered_ms.is_some() {
            self.settle();
        }
        self.leaves.first_key_value().map(|(bound, leaf)| leaf.first(*bound))
    }

    fn add_leaf(&mut self, bound: (i64, u32), elements: Vec<u64>) {
        let leaf = Leaf { elements, passed: 0, place: self.bounds.len() };
        self.bounds.push(bound);
        self.leaves.insert(bound, leaf);
    }

    /// A leaf is gone: the last bound takes its place.
    fn forget_bound(&mut self, place: usize) {
        self.bounds.swap_remove(place);
        if let Some(moved) = self.bounds.get(place) {
            self.leaves.get_mut(moved).expect("every bound is a leaf's").place = place;
        }
        if self.bounds.len() < self.bounds.capacity() / 4 {
            self.bounds.shrink_to(self.bounds.len() * 2);
        }
    }

    /// What it takes with so many elements, bytes, in about.
    pub fn memory(&self, elements: usize) -> usize {
        /// A leaf with its bounds, in a map whose nodes are three quarters full.
        const LEAF: usize = (size_of::<((i64, u32), Leaf)>() * 4 / 3) + size_of::<(i64, u32)>();
        self.leaves.len() * LEAF + elements * size_of::<u64>()
    }

    /// The first element's time.
    pub fn first_ms(&self) -> Option<i64> {
        let first = self.leaves.first_key_value().map(|(bound, leaf)| leaf.first(*bound).0);
        [first, self.gathered_ms].into_iter().flatten().min()
    }

    /// Is the first element's time before `now_ms`?
    pub fn is_due(&self, now_ms: i64) -> bool {
        self.leaves.first_key_value().is_some_and(|(bound, leaf)| leaf.first(*bound).0 < now_ms)
            || self.gathered_ms.is_some_and(|ms| ms < now_ms)
    }

    /// How many elements' times are before `now_ms`.
    pub fn count_before(&self, now_ms: i64) -> usize {
        let begun = self.leaves.range(..(now_ms, 0));
        let in_leaf = |(bound, leaf): (&(i64, u32), &Leaf)| {
            leaf.left().partition_point(|e| unpack(*bound, *e).0 < now_ms)
        };
        let gathered = self.gathered.iter().filter(|(ms, _)| *ms < now_ms).count();
        begun.map(in_leaf).sum::<usize>() + gathered
    }

    /// Takes the first element if its time is before `now_ms`.
    pub fn pop_before(&mut self, now_ms: i64) -> Option<(i64, u32)> {
        if self.gathered_ms.is_some() {
            self.settle();
        }
        let mut first = self.leaves.first_entry()?;
        let bound = *first.key();
        let leaf = first.get_mut();
        let element = leaf.first(bound);
        if element.0 >= now_ms {
            return None;
        }
        leaf.passed += 1;
        if leaf.passed == leaf.elements.len() {
            let place = first.remove().place;
            self.forget_bound(place);
        }
        Some(element)
    }
}

impl Leaf {
    fn first(&self, bound: (i64, u32)) -> (i64, u32) {
        unpack(bound, self.elements[self.passed])
    }

    /// What has not been taken.
    fn left(&self) -> &[u64] {
        &self.elements[self.passed..]
    }

    fn find(&self, packed: u64) -> Option<usize> {
        self.left().binary_search(&packed).ok().map(|at| self.passed + at)
    }

    fn insert(&mut self, packed: u64) -> usize {
        let len = self.elements.len();
        if self.passed > len / 2 {
            self.drop_passed();
        } else if len == self.elements.capacity() {
            let larger = class((len + 1) * size_of::<u64>()) / size_of::<u64>();
            self.elements.reserve_exact(larger - len);
        }
        let at = self.passed + self.elements[self.passed..].partition_point(|e| *e < packed);
        self.elements.insert(at, packed);
        at
    }

    fn drop_passed(&mut self) {
        self.elements.drain(..std::mem::take(&mut self.passed));
    }

    /// Adds elements that come in order.
    fn merge(&mut self, new: impl DoubleEndedIterator<Item = u64> + ExactSizeIterator) {
        self.drop_passed();
        let mut old = self.elements.len();
        let len = old + new.len();
        self.elements.reserve_exact(class(len * size_of::<u64>()) / size_of::<u64>() - old);
        self.elements.resize(len, 0);
        // From the back, so that what is there moves once, to its place.
        let mut to = len;
        for element in new.rev() {
            while old > 0 && self.elements[old - 1] > element {
                (old, to) = (old - 1, to - 1);
                self.elements[to] = self.elements[old];
            }
            to -= 1;
            self.elements[to] = element;
        }
        debug_assert!(to == old, "what was not moved is where it belongs");
    }

    /// Cuts a leaf that is too long into equal pieces, of which it keeps the first; the others, with their bounds.
    fn split_evenly(&mut self, bound: (i64, u32)) -> Vec<((i64, u32), Vec<u64>)> {
        let len = self.elements.len();
        let (mut start, mut cuts) = (0, Vec::new());
        while len - start > LEAF_MAX {
            // Equal elements stay together, so that one leaf is enough to look in.
            let left = len - start;
            let pivot = self.elements[start + left.div_ceil(left.div_ceil(LEAF_MAX))];
            let mut cut = self.elements.partition_point(|e| *e < pivot);
            if cut <= start {
                cut = self.elements.partition_point(|e| *e <= pivot);
            }
            if cut == len {
                break;
            }
            cuts.push(cut);
            start = cut;
        }
        let mut rest = Vec::with_capacity(cuts.len());
        for cut in cuts.into_iter().rev() {
            let new_bound = unpack(bound, self.elements[cut]);
            let moved = self.elements.drain(cut..).map(|e| repack(bound, new_bound, e));
            rest.push((new_bound, moved.collect()));
        }
        if !rest.is_empty() {
            self.shrink();
        }
        rest
    }

    /// Gives memory back when half of it is unused.
    fn shrink(&mut self) {
        let bytes = class(self.elements.len() * size_of::<u64>());
        if bytes * 2 <= self.elements.capacity() * size_of::<u64>() {
            self.elements.shrink_to(bytes / size_of::<u64>());
        }
    }

    /// Takes the upper half out into a leaf of its own, with its bound; or only the last element, if it was
    /// put in last (`at_end`). No leaf comes of it if all are equal.
    fn split(&mut self, bound: (i64, u32), at_end: bool) -> ((i64, u32), Option<Vec<u64>>) {
        // Only what has not been taken is in order.
        self.drop_passed();
        let len = self.elements.len();
        let pivot = self.elements[if at_end { len - 1 } else { len / 2 }];
        // Equal elements stay together, so that one leaf is enough to look in.
        let mut middle = self.elements.partition_point(|e| *e < pivot);
        if middle == 0 {
            middle = self.elements.partition_point(|e| *e <= pivot);
        }
        let Some(&first) = self.elements.get(middle) else { return (bound, None) };
        let new_bound = unpack(bound, first);
        let elements = self.elements[middle..].iter().map(|e| repack(bound, new_bound, *e)).collect();
        self.elements.truncate(middle);
        self.shrink();
        (new_bound, Some(elements))
    }
}

/// An element as a leaf with this bound keeps it, if the time between them fits.
fn pack(bound: (i64, u32), (ms, id): (i64, u32)) -> Option<u64> {
    let delta = u32::try_from(ms.wrapping_sub(bound.0) as u64).ok()?;
    Some(u64::from(delta) << 32 | u64::from(id))
}

/// An element of the leaf with bound `from` as one with the bound `to` keeps it, which is between them.
fn repack(from: (i64, u32), to: (i64, u32), packed: u64) -> u64 {
    pack(to, unpack(from, packed)).expect("nearer to its bound than before")
}

fn unpack(bound: (i64, u32), packed: u64) -> (i64, u32) {
    (bound.0 + (packed >> 32) as i64, packed as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::rng::Rng;

    #[derive(Default)]
    struct Twin(BTreeMap<(i64, u32), usize>);

    impl Twin {
        fn remove(&mut self, element: (i64, u32)) -> bool {
            let Some(count) = self.0.get_mut(&element) else { return false };
            *count -= 1;
            if *count == 0 {
                self.0.remove(&element);
            }
            true
        }

        fn pop_before(&mut self, now_ms: i64) -> Option<(i64, u32)> {
            let element = *self.0.first_key_value()?.0;
            (element.0 < now_ms && self.remove(element)).then_some(element)
        }
    }

    fn check(timeline: &Timeline) {
        let mut last = None;
        assert_eq!(timeline.bounds.len(), timeline.leaves.len());
        for (bound, leaf) in &timeline.leaves {
            assert_eq!(timeline.bounds[leaf.place], *bound, "a leaf knows where its bound stands");
            assert!(leaf.passed < leaf.elements.len(), "a leaf holds something");
            let same = leaf.elements[leaf.passed] == *leaf.elements.last().expect("not empty");
            assert!(leaf.elements.len() <= LEAF_MAX || same, "a leaf of different elements is split");
            for packed in &leaf.elements[leaf.passed..] {
                let element = unpack(*bound, *packed);
                assert!(element >= *bound && last <= Some(element), "in order");
                last = Some(element);
            }
        }
    }

    /// Runs with times drawn by `ms`, against a map that counts.
    fn run(seed: u64, mut ms: impl FnMut(&mut Rng, u64) -> i64) {
        let mut rng = Rng::seeded(seed);
        let (mut timeline, mut twin) = (Timeline::default(), Twin::default());
        let (mut growing, mut gathering) = (true, false);
        for step in 0..12_000 {
            if rng.below(1000) == 0 {
                growing = !growing;
            }
            if rng.below(if gathering { 100 } else { 500 }) == 0 {
                gathering = !gathering;
            }
            let element = (ms(&mut rng, step), rng.below(3) as u32);
            if gathering {
                timeline.gather(element.0, element.1);
                *twin.0.entry(element).or_default() += 1;
                let first_ms = twin.0.first_key_value().expect("not empty").0.0;
                assert!(
                    !timeline.is_due(first_ms) && (first_ms == i64::MAX || timeline.is_due(first_ms + 1))
                );
            } else if (rng.below(10) < 7) == growing {
                timeline.insert(element.0, element.1);
                *twin.0.entry(element).or_default() += 1;
            } else if rng.below(3) == 0 {
                let now_ms = twin.0.first_key_value().map_or(0, |(first, _)| first.0.saturating_add(1));
                assert_eq!(timeline.is_due(now_ms), !twin.0.is_empty(), "seed {seed} step {step}");
                assert_eq!(timeline.pop_before(now_ms), twin.pop_before(now_ms), "seed {seed} step {step}");
            } else {
                let some = twin.0.range(element..).next().map_or(element, |(some, _)| *some);
                assert_eq!(timeline.remove(some.0, some.1), twin.remove(some), "seed {seed} step {step}");
                assert_eq!(timeline.remove(some.0, 7), twin.remove((some.0, 7)), "seed {seed} step {step}");
            }
            if step % 50 == 0 {
                let before: usize = twin.0.range(..(element.0, 0)).map(|(_, count)| count).sum();
                assert_eq!(timeline.count_before(element.0), before, "seed {seed} step {step}");
            }
            if step % 500 == 0 {
                check(&timeline);
            }
        }
        timeline.settle();
        check(&timeline);
        while let Some(element) = twin.pop_before(i64::MAX) {
            assert_eq!(timeline.pop_before(i64::MAX), Some(element), "seed {seed}");
        }
        assert_eq!(timeline.pop_before(i64::MAX), None, "seed {seed}");
    }

    #[test]
    fn it_keeps_what_a_sorted_map_keeps() {
        for seed in 0..6 {
            run(seed, |rng, _| rng.below(5_000) as i64);
            run(seed, |rng, step| (step + rng.below(100)) as i64);
            run(seed, |rng, step| (20_000_000 - step * 1000 + rng.below(10)) as i64);
            run(seed, |rng, _| rng.next_u64() as i64 >> rng.below(64));
            run(seed, |rng, _| [i64::MIN, i64::MAX - 1, -1, 0][rng.below(4) as usize]);
        }
    }

    #[test]
    fn what_is_drawn_is_drawn_evenly_however_full_the_leaves_are() {
        let mut rng = Rng::seeded(3);
        let mut timeline = Timeline::default();
        const COUNT: u32 = 20_000;
        // Half of the times lie close together, half are far apart, and most of the early ones are removed again.
        for id in 0..COUNT {
            let ms = if id % 2 == 0 { i64::from(id) } else { i64::from(id) << 24 };
            timeline.insert(ms, id);
        }
        for id in (0..COUNT / 2).filter(|id| id % 8 != 0) {
            let ms = if id % 2 == 0 { i64::from(id) } else { i64::from(id) << 24 };
            assert!(timeline.remove(ms, id));
        }
        check(&timeline);
        let (mut early, mut close) = (0, 0);
        const DRAWS: u32 = 40_000;
        for _ in 0..DRAWS {
            let (_, id) = timeline.random(|| rng.next_u64()).expect("not empty");
            early += u32::from(id < COUNT / 2);
            close += u32::from(id % 2 == 0);
        }
        let share = |n: u32| f64::from(n) / f64::from(DRAWS);
        let left = f64::from(COUNT / 2 + COUNT / 16);
        assert!((share(early) - f64::from(COUNT / 16) / left).abs() < 0.02, "{}", share(early));
        assert!((share(close) - f64::from(COUNT / 4 + COUNT / 16) / left).abs() < 0.02, "{}", share(close));
    }

    #[test]
    fn a_million_random_times_take_little_more_than_eight_bytes_each() {
        const COUNT: usize = 1_000_000;
        for add in [Timeline::insert, Timeline::gather] {
            let mut rng = Rng::seeded(1);
            let mut timeline = Timeline::default();
            for id in 0..COUNT {
                add(&mut timeline, 1_700_000_000_000 + rng.below(86_400_000) as i64, id as u32);
            }
            timeline.settle();
            check(&timeline);
            let elements: usize = timeline.leaves.values().map(|leaf| leaf.elements.capacity() * 8).sum();
            assert!(elements < COUNT * 19 / 2, "{elements} bytes");
            assert!(timeline.leaves.len() < COUNT / 300, "{} leaves", timeline.leaves.len());
            assert_eq!(timeline.gathered.capacity(), 0);
        }
    }
}
