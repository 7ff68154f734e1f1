//! The keyspace's hash table: linear hashing over buckets of one cache line.
//!
//! There is one array of buckets, and it grows by one bucket at a time. With `2^level <= n < 2^(level+1)`
//! buckets, an entry belongs in the bucket that the low `level + 1` bits of its hash name or, if that is `n`
//! or more, the one that the low `level` bits name:
//!
//! ```text
//!      split already           not yet                 made by the splits
//!    |---------------|-------------------------------|---------------|
//!    0            n-2^level                        2^level           n
//! ```
//!
//! To grow, bucket `n - 2^level` is split: its entries with bit `level` set go to a new bucket `n`. To
//! shrink, the last bucket is merged back. So growing and shrinking are always incremental, there is never a
//! second table to look in, the fill stays the same at every size, and no step works on more than one chain.
//! Buckets that are full are chained (`bucket.rs`), which also carries the table when it must not be resized:
//! while a snapshot child shares its pages.
//!
//! A split needs one bit of each entry's hash. Since pointers have 16 bits to spare, an entry keeps 16 bits
//! of its hash there (the stash: bits `16w..16w+16` in a bucket of level `16w..16w+16`), and is itself not
//! looked at, nor its key hashed again, but in one split of sixteen.
//!
//! All of this takes 32 bits of the hash, up to 2^32 buckets: bits 24 to 31 are the tag that buckets keep,
//! and name a bucket too only in tables of more than 2^24. So whoever knows 32 bits of an entry's hash can
//! find it.
//!
//! SCAN sees the buckets as intervals of the bit-reversed hash. A cursor is a point there; a step visits the
//! whole bucket that the point lies in, and moves to that bucket's end. A split or merge changes the
//! intervals but not the order of hashes, so what lies behind the cursor has been visited and what is ahead
//! will be.

mod array;
mod bucket;
mod iter;
#[cfg(test)]
mod tests;

use std::ptr::NonNull;
use std::time::{Duration, Instant};

use array::Buckets;
use bucket::{Bucket, SLOTS, Tail, tag_of};

pub use iter::Iter;

/// The slots of a C Redis dict that holds so many, where figures of a table are told.
pub fn dict_size(len: usize) -> usize {
    len.next_power_of_two().max(4)
}

/// The table grows when it has more entries than this for four buckets: 6.25 for one. In bytes for each entry
/// and buckets looked at for each hit, chains included: 4.5 gives 16.2 and 1.08, 5.5 gives 14.4 and 1.14, 6.25
/// gives 13.6 and 1.20, 7 gives 13.2 and 1.25. GET and SET cannot be told apart at 5.5 and 6.25.
const ENTRIES_PER_FOUR_BUCKETS: usize = 25;
/// It shrinks when there are fewer entries than this for one bucket.
const ENTRIES_PER_BUCKET_MIN: usize = 2;
/// While resizing is paused, it grows only when there are more entries than this for one bucket.
const ENTRIES_PER_BUCKET_HARD: usize = 5 * SLOTS;
/// How many buckets an operation splits or merges at most. One is enough to keep up; the second catches up.
const STEPS_PER_OPERATION: usize = 2;
/// How many are split or merged between two looks at the clock.
const STEPS_PER_CLOCK_READ: usize = 32;
/// No call to `presize` makes more buckets than this: its caller may have read the number in a file.
const PRESIZE_BUCKETS_MAX: usize = 1 << 24;
/// How many buckets ahead what goes over all of them has a bucket brought into the cache, then the entries that it names,
/// and then those of its child, each when the one before has had time to come.
const BUCKET_AHEAD: usize = 12;
const ENTRIES_AHEAD: usize = 4;
const CHILD_AHEAD: usize = 2;
/// How much of an entry is prefetched: head, key and the beginning of the value, which may lie across two lines.
const LOOKED_AT: usize = 40;
/// Hash bits in a stash.
const STASH_BITS: u32 = 16;

/// What a table holds: something of pointer size that can keep 16 bits for the table beside its own.
///
/// # Safety
/// The type is 8 bytes with an alignment of at most 8, and may be moved as bytes.
pub unsafe trait Element: Sized {
    fn stash(&self) -> u16;
    fn set_stash(&mut self, bits: u16);
    /// What to prefetch before the entry is looked at.
    fn address(&self) -> *const u8;
}

/// What to do with an entry that a search came upon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Not the one.
    Skip,
    /// The one: leave it in the table.
    Keep,
    /// The one: remove it.
    Take,
}

/// What a search with [`Verdict`]s came to.
pub enum Found<'a, E> {
    Missing,
    Kept(&'a mut E),
    Taken(E),
}

/// A hash table of entries whose hash and equality the caller gives.
pub struct Table<E: Element> {
    buckets: Buckets<E>,
    len: usize,
    /// `2^level` is the greatest power of two that is not above the number of buckets.
    level: u32,
    paused: bool,
    /// Removals left too many buckets; set until they are merged, so that a table made large beforehand is
    /// not shrunk.
    shrinking: bool,
    /// The number of entries when resizing was paused.
    len_when_paused: usize,
}

// SAFETY: a table owns its entries and buckets, and shares them with nothing.
unsafe impl<E: Element + Send> Send for Table<E> {}

impl<E: Element> Table<E> {
    /// An empty table; allocates nothing.
    pub const fn new() -> Table<E> {
        Table {
            buckets: Buckets::new(),
            len: 0,
            level: 0,
            paused: false,
            shrinking: false,
            len_when_paused: 0,
        }
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bucket that a hash belongs in. There are buckets.
    #[inline]
    fn index(&self, hash: u64) -> usize {
        let half = 1usize << self.level;
        let index = hash as usize & (2 * half - 1);
        if index < self.buckets.len() { index } else { index & (half - 1) }
    }

    /// How many bits of the hash name a bucket.
    #[inline]
    fn level_of(&self, index: usize) -> u32 {
        let half = 1usize << self.level;
        let is_split = index >= half || index < self.buckets.len() - half;
        self.level + u32::from(is_split)
    }

    /// Every entry of the chain at `index`.
    fn visit_chain<'a>(&'a self, index: usize, mut visit: impl FnMut(&'a E)) {
        let mut next = Some(self.buckets.get(index));
        while let Some(bucket) = next {
            // SAFETY: a head or the child of a bucket; the table is borrowed.
            let bucket = unsafe { bucket.as_ref() };
            for slot in bucket.used() {
                // SAFETY: the slot is used.
                visit(unsafe { bucket.entry(slot) });
            }
            next = bucket.child();
        }
    }

    /// The size a C Redis dict with these entries would have, for DEBUG HTSTATS: a power of two that does not
    /// change while resizing is paused.
    pub fn table_size(&self) -> usize {
        dict_size(if self.paused { self.len_when_paused } else { self.len })
    }

    /// What the buckets take, bytes, but for those that others overflow into.
    pub fn memory(&self) -> usize {
        self.buckets.allocated()
    }

    /// While paused, no bucket is split or merged, short of a hard fill.
    pub fn pause_resize(&mut self, paused: bool) {
        if paused && !self.paused {
            self.len_when_paused = self.len;
        }
        self.paused = paused;
    }

    #[inline]
    pub fn find(&self, hash: u64, mut eq: impl FnMut(&E) -> bool) -> Option<&E> {
        let judge = |e: &E| if eq(e) { Verdict::Keep } else { Verdict::Skip };
        let (_, bucket, slot, _) = self.locate(hash, judge)?;
        // SAFETY: `locate` names a used slot, and the table is borrowed.
        Some(unsafe { bucket.as_ref().entry(slot) })
    }

    #[inline]
    pub fn find_mut(&mut self, hash: u64, mut eq: impl FnMut(&E) -> bool) -> Option<&mut E> {
        match self.find_or_take(hash, |e| if eq(e) { Verdict::Keep } else { Verdict::Skip }) {
            Found::Kept(entry) => Some(entry),
            Found::Missing | Found::Taken(_) => None,
        }
    }

    pub fn remove(&mut self, hash: u64, mut eq: impl FnMut(&E) -> bool) -> Option<E> {
        match self.find_or_take(hash, |e| if eq(e) { Verdict::Take } else { Verdict::Skip }) {
            Found::Taken(entry) => Some(entry),
            Found::Missing | Found::Kept(_) => None,
        }
    }

    /// Looks for an entry that `judge` keeps; one that it takes is removed and handed back.
    #[inline]
    pub fn find_or_take(&mut self, hash: u64, judge: impl FnMut(&E) -> Verdict) -> Found<'_, E> {
        match self.locate(hash, judge) {
            None => Found::Missing,
            Some((_, mut bucket, slot, Verdict::Keep)) => {
                // SAFETY: `locate` names a used slot, and the table is borrowed mutably.
                Found::Kept(unsafe { bucket.as_mut().entry_mut(slot) })
            }
            Some((head, bucket, slot, _)) => {
                // SAFETY: `locate` names a used slot of a bucket in the chain of `head`.
                let entry = unsafe { bucket::remove(head, bucket, slot) };
                self.len -= 1;
                self.shrink_steps();
                Found::Taken(entry)
            }
        }
    }

    /// Adds an entry that the caller knows is not there. `rehash` gives the hash of an entry already in the
    /// table.
    #[inline]
    pub fn insert(&mut self, hash: u64, mut entry: E, rehash: impl Fn(&E) -> u64) {
        if self.needs_split() {
            self.grow_steps(rehash);
        }
        let index = self.index(hash);
        entry.set_stash(stash_of(hash, self.level_of(index)));
        // SAFETY: the head is a bucket of this table, which is borrowed mutably.
        let mut tail = unsafe { Tail::of(self.buckets.get(index)) };
        tail.push(tag_of(hash), entry);
        self.len += 1;
    }

    /// Visits one bucket's entries and returns the next cursor, 0 at the end. Whatever is in the table from
    /// the first call to the last is visited, though splits and merges come between.
    pub fn scan<'a>(&'a self, cursor: u64, visit: impl FnMut(&'a E)) -> u64 {
        if self.is_empty() {
            return 0;
        }
        let index = self.index(cursor);
        self.visit_chain(index, visit);
        // Add one to the reversed cursor at the bucket's last bit: the next interval's beginning.
        let below = u64::MAX << self.level_of(index);
        ((cursor | below).reverse_bits().wrapping_add(1)).reverse_bits()
    }

    /// An entry drawn at random; all are about equally likely.
    pub fn random(&self, mut rng: impl FnMut() -> u64) -> Option<&E> {
        /// A bucket is accepted with the odds of its entries to this number, so that a full one comes up more
        /// often.
        const FULL: usize = 2 * SLOTS;
        const TRIES: usize = 1000;
        if self.is_empty() {
            return None;
        }
        let buckets = self.buckets.len();
        let mut index = 0;
        for _ in 0..TRIES {
            index = draw(rng(), buckets);
            let mut count = 0;
            self.visit_chain(index, |_| count += 1);
            if draw(rng(), FULL) < count {
                return self.nth(index, draw(rng(), count));
            }
        }
        // Almost all buckets are empty, since the table may not shrink: take the next entry there is.
        (index..buckets).chain(0..index).find_map(|i| self.nth(i, 0))
    }

    /// Visits some entries drawn at random: all of some neighbouring buckets, so many that `wanted` are visited on
    /// average, and at least one. The number of buckets does not depend on what is in them, so that an entry is as
    /// likely to be drawn in a bucket of few as in one of many.
    pub fn sample(&self, wanted: usize, mut rng: impl FnMut() -> u64, mut visit: impl FnMut(&E)) {
        /// Buckets whose entries are brought into the cache together.
        const TOGETHER: usize = 8;
        /// Buckets looked at for each entry wanted, where almost all are empty.
        const BUCKETS_PER_ENTRY_MAX: usize = 8;
        const TRIES: usize = 64;
        if self.is_empty() {
            return;
        }
        let buckets = self.buckets.len();
        // As many as hold `wanted` entries, the fraction by a throw of dice.
        let exact = wanted as f64 * buckets as f64 / self.len as f64;
        let dice = rng() as f64 / u64::MAX as f64;
        let limit = buckets.min(wanted.saturating_mul(BUCKETS_PER_ENTRY_MAX));
        let count = ((exact + dice) as usize).min(limit).max(1);
        let mut found = false;
        for _ in 0..TRIES {
            let first = draw(rng(), buckets);
            let nth = |i: usize| if first + i < buckets { first + i } else { first + i - buckets };
            for begin in (0..count).step_by(TOGETHER) {
                let end = count.min(begin + TOGETHER);
                (begin..end).for_each(|i| prefetch_line(self.buckets.get(nth(i)).as_ptr().cast()));
                (begin..end).for_each(|i| self.prefetch_heads(nth(i)));
                for i in begin..end {
                    self.visit_chain(nth(i), |entry| {
                        found = true;
                        visit(entry);
                    });
                }
            }
            if found {
                return;
            }
        }
        if let Some(entry) = self.random(rng) {
            visit(entry);
        }
    }

    pub fn iter(&self) -> Iter<'_, E> {
        Iter::new(self)
    }

    /// Brings the bucket of a hash into the cache.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        if self.buckets.len() != 0 {
            prefetch_line(self.buckets.get(self.index(hash)).as_ptr().cast());
        }
    }

    /// Brings the entries that may be the one of this hash into the cache; its bucket has been prefetched.
    #[inline]
    pub fn prefetch_entry(&self, hash: u64) {
        if self.buckets.len() != 0 {
            // SAFETY: a head of this table, which is borrowed.
            let bucket = unsafe { self.buckets.get(self.index(hash)).as_ref() };
            for slot in bucket.matching(tag_of(hash)) {
                // SAFETY: a slot with a tag is used.
                let entry = unsafe { bucket.entry(slot) }.address();
                prefetch_line(entry);
                prefetch_line(entry.wrapping_add(LOOKED_AT - 1));
            }
            if let Some(child) = bucket.child() {
                prefetch_line(child.as_ptr().cast());
            }
        }
    }

    /// Makes room for so many entries in an empty table.
    pub fn presize(&mut self, entries: usize) {
        let wanted = (entries.saturating_mul(4) / ENTRIES_PER_FOUR_BUCKETS + 1).min(PRESIZE_BUCKETS_MAX);
        if self.is_empty() && wanted > self.buckets.len() {
            self.buckets.extend_to(wanted);
            self.level = wanted.ilog2();
            self.shrinking = false;
        }
    }

    /// Goes on resizing for at most `budget`; true when there is more to do.
    pub fn rehash_for(&mut self, budget: Duration, rehash: impl Fn(&E) -> u64) -> bool {
        let mut started = None;
        loop {
            for _ in 0..STEPS_PER_CLOCK_READ {
                if self.needs_split() {
                    self.split(&rehash);
                } else if self.needs_merge() {
                    self.merge();
                } else {
                    return false;
                }
            }
            if started.get_or_insert_with(Instant::now).elapsed() >= budget {
                return true;
            }
        }
    }

    /// Finds an entry that is not skipped: its chain's head, its bucket and slot, and the verdict.
    #[inline]
    fn locate(&self, hash: u64, mut judge: impl FnMut(&E) -> Verdict) -> Option<Place<E>> {
        if self.is_empty() {
            return None;
        }
        let tag = tag_of(hash);
        let head = self.buckets.get(self.index(hash));
        let mut next = head;
        loop {
            // SAFETY: a head or the child of a bucket; the table is borrowed.
            let bucket = unsafe { next.as_ref() };
            for slot in bucket.matching(tag) {
                // SAFETY: a slot with a tag is used.
                let verdict = judge(unsafe { bucket.entry(slot) });
                if verdict != Verdict::Skip {
                    return Some((head, next, slot, verdict));
                }
            }
            next = bucket.child()?;
        }
    }

    /// Brings into the cache what a walk over all buckets is about to need, `index` being the next one.
    #[inline]
    fn prefetch_walk(&self, index: usize) {
        let buckets = self.buckets.len();
        if index + BUCKET_AHEAD < buckets {
            prefetch_line(self.buckets.get(index + BUCKET_AHEAD).as_ptr().cast());
        }
        if index + ENTRIES_AHEAD < buckets {
            // SAFETY: a head of this table, which is borrowed.
            let bucket = unsafe { self.buckets.get(index + ENTRIES_AHEAD).as_ref() };
            prefetch_entries(bucket);
            if let Some(child) = bucket.child() {
                prefetch_line(child.as_ptr().cast());
            }
        }
        if index + CHILD_AHEAD < buckets {
            // SAFETY: a head of this table, which is borrowed, and its child.
            unsafe {
                if let Some(child) = self.buckets.get(index + CHILD_AHEAD).as_ref().child() {
                    prefetch_entries(child.as_ref());
                }
            }
        }
    }

    /// Brings the beginnings of a bucket's entries into the cache, and the bucket it overflows into.
    fn prefetch_heads(&self, index: usize) {
        // SAFETY: a head of this table, which is borrowed.
        let bucket = unsafe { self.buckets.get(index).as_ref() };
        for slot in bucket.used() {
            // SAFETY: the slot is used.
            prefetch_line(unsafe { bucket.entry(slot) }.address());
        }
        if let Some(child) = bucket.child() {
            prefetch_line(child.as_ptr().cast());
        }
    }

    fn nth(&self, index: usize, n: usize) -> Option<&E> {
        let mut at = 0;
        let mut found = None;
        self.visit_chain(index, |entry| {
            if at == n {
                found = Some(entry);
            }
            at += 1;
        });
        found
    }

    /// Is the table too full, if there is to be room for one entry more?
    #[inline]
    fn needs_split(&self) -> bool {
        let buckets = self.buckets.len();
        if self.paused {
            self.len >= buckets * ENTRIES_PER_BUCKET_HARD
        } else {
            self.len * 4 >= buckets * ENTRIES_PER_FOUR_BUCKETS
        }
    }

    fn needs_merge(&mut self) -> bool {
        self.shrinking &= self.len < self.buckets.len() * ENTRIES_PER_BUCKET_MIN && self.buckets.len() > 1;
        self.shrinking && !self.paused
    }

    #[cold]
    fn grow_steps(&mut self, rehash: impl Fn(&E) -> u64) {
        for _ in 0..STEPS_PER_OPERATION {
            if self.needs_split() {
                self.split(&rehash);
            }
        }
    }

    fn shrink_steps(&mut self) {
        self.shrinking |= self.len < self.buckets.len() * ENTRIES_PER_BUCKET_MIN;
        if self.shrinking {
            for _ in 0..STEPS_PER_OPERATION {
                if self.needs_merge() {
                    self.merge();
                }
            }
        }
    }

    /// Adds a bucket and moves there what belongs in it.
    fn split(&mut self, rehash: &impl Fn(&E) -> u64) {
        let new_index = self.buckets.len();
        if new_index == 0 {
            self.buckets.push();
            return;
        }
        let level = self.level;
        let old_index = new_index - (1 << level);
        self.buckets.push();
        self.level = self.buckets.len().ilog2();
        // The level of both halves is one more; at a multiple of 16 their stashes move on.
        let restash = (level + 1).is_multiple_of(STASH_BITS);
        let old = self.buckets.get(old_index);
        // SAFETY: the new bucket is empty and alone; the old chain is emptied by `drain` alone, which clears
        // its head before any entry comes back to it through `stay`, and its children are no part of `stay`
        // or `go`.
        unsafe {
            let mut go = Tail::of(self.buckets.get(new_index));
            let mut stay = None;
            bucket::drain(old, |tag, mut entry| {
                let bit = entry.stash() >> (level % STASH_BITS) & 1;
                if restash {
                    let hash = rehash(&entry);
                    entry.set_stash(stash_of(hash, level + 1));
                }
                if bit == 1 {
                    go.push(tag, entry);
                } else {
                    stay.get_or_insert_with(|| Tail::of(old)).push(tag, entry);
                }
            });
        }
        debug_assert!(self.buckets.len() == new_index + 1, "one bucket more");
    }

    /// Moves the last bucket's entries back to where they were split from.
    fn merge(&mut self) {
        let last_index = self.buckets.len() - 1;
        let level = last_index.ilog2();
        let into_index = last_index - (1 << level);
        if (level + 1).is_multiple_of(STASH_BITS) {
            // The stashes move back: what they held before are the bits that named the two buckets.
            self.restash(into_index, stash_of(into_index as u64, level));
            self.restash(last_index, stash_of(last_index as u64, level));
        }
        // SAFETY: two different chains of this table, which is borrowed mutably.
        unsafe {
            let mut tail = Tail::of(self.buckets.get(into_index));
            bucket::drain(self.buckets.get(last_index), |tag, entry| {
                tail.push(tag, entry);
            });
        }
        self.buckets.pop();
        self.level = self.buckets.len().ilog2();
    }

    fn restash(&mut self, index: usize, bits: u16) {
        let mut next = Some(self.buckets.get(index));
        while let Some(mut bucket) = next {
            // SAFETY: a head or the child of a bucket; the table is borrowed mutably.
            let bucket = unsafe { bucket.as_mut() };
            for slot in bucket.used() {
                // SAFETY: the slot is used.
                unsafe { bucket.entry_mut(slot) }.set_stash(bits);
            }
            next = bucket.child();
        }
    }
}

/// A number below `below` from a random one.
#[inline]
fn draw(random: u64, below: usize) -> usize {
    ((u128::from(random) * below as u128) >> 64) as usize
}

/// An entry's chain head, bucket and slot, and what was judged of it.
type Place<E> = (NonNull<Bucket<E>>, NonNull<Bucket<E>>, usize, Verdict);

/// The hash bits that an entry in a bucket of this level keeps.
#[inline]
fn stash_of(hash: u64, level: u32) -> u16 {
    (hash >> (level / STASH_BITS * STASH_BITS)) as u16
}

#[inline]
fn prefetch_entries<E: Element>(bucket: &Bucket<E>) {
    for slot in bucket.used() {
        // SAFETY: the slot is used.
        let entry = unsafe { bucket.entry(slot) }.address();
        prefetch_line(entry);
        prefetch_line(entry.wrapping_add(LOOKED_AT - 1));
    }
}

#[inline]
pub(super) fn prefetch_line(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing and cannot fault, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

impl<E: Element> Default for Table<E> {
    fn default() -> Self {
        Table::new()
    }
}

impl<E: Element> Drop for Table<E> {
    fn drop(&mut self) {
        for index in 0..self.buckets.len() {
            self.prefetch_walk(index);
            // SAFETY: the table is going: nothing else uses the chain.
            unsafe { bucket::drain(self.buckets.get(index), |_, entry| drop(entry)) }
        }
    }
}
