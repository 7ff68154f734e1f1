//! One cache line of the table, and the chain that hangs on it when it overflows.
//!
//! ```text
//! byte 0        7 8      16                             56     64
//!      | tags 7 |c| slot | slot | slot | slot | slot | slot | slot |
//!                    0      1      2      3      4      5      6
//! ```
//!
//! A tag is one byte of the entry's hash, never 0; a tag of 0 says that its slot is empty. `c` is 1 when the
//! bucket is chained: slot 6 then points at another bucket and tag 6 is 0. What holds in a chain:
//!
//! - every bucket but the last is full (6 entries and the pointer);
//! - the last one, if it is not the only one, holds at least 2 entries (one would fit in the slot that points at it).
//!
//! So a chain is always as short as its entries allow, and there is room only in its last bucket.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

/// Slots in a bucket.
pub(super) const SLOTS: usize = 7;
const CHILD_SLOT: usize = SLOTS - 1;
const CHAINED: usize = 7;
/// The bits of a byte mask that stand for slots.
const SLOT_BITS: u32 = (1 << SLOTS) - 1;

#[repr(C, align(64))]
pub(super) struct Bucket<E> {
    tags: [u8; 8],
    slots: [Slot<E>; SLOTS],
}

#[repr(C)]
union Slot<E> {
    entry: ManuallyDrop<E>,
    child: NonNull<Bucket<E>>,
}

/// The tag of a hash: its bits 24 to 31, or 1 if they are 0.
#[inline]
pub(super) fn tag_of(hash: u64) -> u8 {
    ((hash >> 24) as u8).max(1)
}

/// Slot numbers, as the set bits of a mask.
#[derive(Clone, Copy)]
pub(super) struct SlotMask(u32);

impl Iterator for SlotMask {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let slot = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(slot)
    }
}

impl SlotMask {
    pub(super) const NONE: SlotMask = SlotMask(0);

    pub(super) fn count(self) -> usize {
        self.0.count_ones() as usize
    }

    fn last(self) -> usize {
        31 - self.0.leading_zeros() as usize
    }
}

/// Which of the eight bytes equal `byte`, as a bit for each.
#[cfg(target_arch = "x86_64")]
#[inline]
fn equal_bytes(bytes: [u8; 8], byte: u8) -> u32 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_cvtsi64_si128, _mm_movemask_epi8, _mm_set1_epi8};
    // SAFETY: every x86_64 has SSE2, and these work on registers alone.
    unsafe {
        let tags = _mm_cvtsi64_si128(i64::from_le_bytes(bytes));
        _mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi8(byte as i8))) as u32 & 0xff
    }
}

#[cfg(not(target_arch = "x86_64"))]
use equal_bytes_portable as equal_bytes;

/// As `equal_bytes`, by arithmetic on a word.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[inline]
fn equal_bytes_portable(bytes: [u8; 8], byte: u8) -> u32 {
    const LOW_7: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let differences = u64::from_le_bytes(bytes) ^ u64::from_ne_bytes([byte; 8]);
    // The top bit of each byte of `unequal` is set if any bit of that byte of `differences` is.
    let unequal = ((differences & LOW_7) + LOW_7) | differences;
    let ones = (!unequal & !LOW_7) >> 7;
    // The multiplication gathers bit 0 of byte i at bit 56 + i.
    (ones.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
}

impl<E> Bucket<E> {
    const LAYOUT: Layout = {
        // An entry or a child pointer fills a slot, and a bucket a cache line.
        assert!(size_of::<E>() == 8 && size_of::<NonNull<u8>>() == 8);
        assert!(size_of::<Bucket<E>>() == 64);
        Layout::new::<Bucket<E>>()
    };

    #[inline]
    pub(super) fn matching(&self, tag: u8) -> SlotMask {
        SlotMask(equal_bytes(self.tags, tag) & SLOT_BITS)
    }

    /// The slots that hold entries.
    #[inline]
    pub(super) fn used(&self) -> SlotMask {
        SlotMask(!equal_bytes(self.tags, 0) & SLOT_BITS)
    }

    #[inline]
    fn free_slot(&self) -> Option<usize> {
        let room = SLOTS - usize::from(self.tags[CHAINED]);
        SlotMask(equal_bytes(self.tags, 0) & SLOT_BITS).next().filter(|slot| *slot < room)
    }

    #[inline]
    pub(super) fn child(&self) -> Option<NonNull<Bucket<E>>> {
        if self.tags[CHAINED] == 0 {
            return None;
        }
        // SAFETY: a chained bucket's last slot holds a child.
        Some(unsafe { self.slots[CHILD_SLOT].child })
    }

    /// # Safety
    /// The slot holds an entry.
    #[inline]
    pub(super) unsafe fn entry(&self, slot: usize) -> &E {
        debug_assert!(self.tags[slot] != 0, "an empty slot has no entry");
        // SAFETY: as the caller says.
        unsafe { &self.slots[slot].entry }
    }

    /// # Safety
    /// The slot holds an entry.
    #[inline]
    pub(super) unsafe fn entry_mut(&mut self, slot: usize) -> &mut E {
        debug_assert!(self.tags[slot] != 0, "an empty slot has no entry");
        // SAFETY: as the caller says.
        unsafe { &mut self.slots[slot].entry }
    }

    /// Takes an entry out, leaving the slot empty.
    ///
    /// # Safety
    /// The slot holds an entry. The caller sees to the chain's form.
    unsafe fn take(&mut self, slot: usize) -> (u8, E) {
        let tag = std::mem::take(&mut self.tags[slot]);
        debug_assert!(tag != 0, "an empty slot has no entry");
        // SAFETY: the slot held an entry, and with its tag gone nothing reads it again.
        (tag, ManuallyDrop::into_inner(unsafe { std::ptr::read(&self.slots[slot].entry) }))
    }

    #[inline]
    fn put(&mut self, slot: usize, tag: u8, entry: E) {
        debug_assert!(self.tags[slot] == 0 && tag != 0, "an entry goes to an empty slot");
        self.tags[slot] = tag;
        self.slots[slot].entry = ManuallyDrop::new(entry);
    }

    /// Adds an entry to a full bucket that is not chained: gives it a child, which gets the last slot's entry
    /// too.
    #[cold]
    fn chain(&mut self, tag: u8, entry: E) -> NonNull<Bucket<E>> {
        debug_assert!(self.used().count() == SLOTS, "only a full bucket is chained");
        let mut child = new_child::<E>();
        // SAFETY: all slots of a full bucket hold entries.
        let (moved_tag, moved) = unsafe { self.take(CHILD_SLOT) };
        self.tags[CHAINED] = 1;
        self.slots[CHILD_SLOT].child = child;
        // SAFETY: it was just made.
        let last = unsafe { child.as_mut() };
        last.put(0, moved_tag, moved);
        last.put(1, tag, entry);
        child
    }
}

fn new_child<E>() -> NonNull<Bucket<E>> {
    // SAFETY: the layout is not empty.
    let memory = unsafe { alloc_zeroed(Bucket::<E>::LAYOUT) }.cast::<Bucket<E>>();
    // Zeroed memory is an empty bucket: its tags say that no slot is to be read.
    NonNull::new(memory).unwrap_or_else(|| handle_alloc_error(Bucket::<E>::LAYOUT))
}

/// # Safety
/// `child` is from `new_child`, and nothing refers to it any more. Entries in it are forgotten, not dropped.
unsafe fn free_child<E>(child: NonNull<Bucket<E>>) {
    // SAFETY: as the caller says; the layout is that of `new_child`.
    unsafe { dealloc(child.as_ptr().cast(), Bucket::<E>::LAYOUT) }
}

/// The end of a chain, where entries are added.
pub(super) struct Tail<E>(NonNull<Bucket<E>>);

impl<E> Tail<E> {
    /// # Safety
    /// `head` is a bucket of the table; it and its chain are used through this tail alone while it lives.
    #[inline]
    pub(super) unsafe fn of(head: NonNull<Bucket<E>>) -> Tail<E> {
        let mut last = head;
        // SAFETY: `last` is the head or a child of a bucket in its chain.
        while let Some(child) = unsafe { last.as_ref() }.child() {
            last = child;
        }
        Tail(last)
    }

    /// Adds an entry to the chain.
    #[inline]
    pub(super) fn push(&mut self, tag: u8, entry: E) {
        // SAFETY: `of` was promised a live chain that nothing else uses.
        let last = unsafe { self.0.as_mut() };
        match last.free_slot() {
            Some(slot) => last.put(slot, tag, entry),
            None => self.0 = last.chain(tag, entry),
        }
    }
}

/// Takes the entry in `slot` of `bucket`, which is in the chain of `head`, and closes the gap.
///
/// # Safety
/// The slot holds an entry, and nothing else uses the chain.
pub(super) unsafe fn remove<E>(head: NonNull<Bucket<E>>, bucket: NonNull<Bucket<E>>, slot: usize) -> E {
    // SAFETY: all pointers are to buckets of the one chain, which the caller lets us use alone; each
    // reference ends before the next to the same bucket begins. Slots are read as entries where their tags
    // say so.
    unsafe {
        let (_, entry) = (*bucket.as_ptr()).take(slot);
        let Some(mut last) = (*head.as_ptr()).child() else { return entry };
        let mut before_last = head;
        while let Some(child) = (*last.as_ptr()).child() {
            before_last = last;
            last = child;
        }
        if bucket != last {
            let from = (*last.as_ptr()).used().last();
            let (tag, moved) = (*last.as_ptr()).take(from);
            (*bucket.as_ptr()).put(slot, tag, moved);
        }
        let left = (*last.as_ptr()).used();
        if left.count() == 1 {
            let (tag, moved) = (*last.as_ptr()).take(left.last());
            free_child(last);
            let parent = &mut *before_last.as_ptr();
            parent.tags[CHAINED] = 0;
            parent.put(CHILD_SLOT, tag, moved);
        }
        entry
    }
}

/// Empties a whole chain into `sink` and leaves its head empty.
///
/// # Safety
/// `head` is a bucket of the table, and nothing else uses its chain. `sink` may change other chains, but not
/// this one's children; it may fill `head` itself, since that is emptied first.
pub(super) unsafe fn drain<E>(head: NonNull<Bucket<E>>, mut sink: impl FnMut(u8, E)) {
    // SAFETY: the head's bytes are copied out and its tags cleared, so each entry has one owner: the copy. A
    // child is reachable from its parent alone, and freed once it is copied.
    unsafe {
        let mut bucket = std::ptr::read(head.as_ptr());
        (*head.as_ptr()).tags = [0; 8];
        loop {
            for slot in bucket.used() {
                let (tag, entry) = bucket.take(slot);
                sink(tag, entry);
            }
            let Some(child) = bucket.child() else { return };
            bucket = std::ptr::read(child.as_ptr());
            free_child(child);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::util::rng::Rng;

    #[test]
    fn both_ways_to_compare_tags_agree() {
        let mut rng = Rng::seeded(1);
        for _ in 0..20_000 {
            let mut bytes = rng.next_u64().to_le_bytes();
            let byte = if rng.below(2) == 0 { bytes[3] } else { 0 };
            for b in &mut bytes {
                if rng.below(3) == 0 {
                    *b = byte;
                }
                if rng.below(4) == 0 {
                    *b = byte ^ (1 << rng.below(8));
                }
            }
            let naive = (0..8).filter(|i| bytes[*i] == byte).map(|i| 1 << i).sum::<u32>();
            assert_eq!(equal_bytes(bytes, byte), naive);
            assert_eq!(equal_bytes_portable(bytes, byte), naive);
        }
    }

    /// Checks what must hold in a chain; returns its entries' count and its number of buckets.
    pub(in super::super) fn check_chain<E>(head: &Bucket<E>) -> (usize, usize) {
        let (mut entries, mut buckets, mut bucket) = (0, 1, head);
        loop {
            entries += bucket.used().count();
            let Some(child) = bucket.child() else { break };
            assert_eq!(bucket.used().count(), SLOTS - 1, "only the last bucket of a chain has room");
            // SAFETY: the chain is borrowed with its head.
            bucket = unsafe { child.as_ref() };
            buckets += 1;
        }
        assert!(buckets == 1 || bucket.used().count() >= 2, "a last bucket of one entry is not needed");
        (entries, buckets)
    }
}
