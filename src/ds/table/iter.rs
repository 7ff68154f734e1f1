//! Iteration over a whole table, as a snapshot does it: it allocates nothing, and has the entries of the
//! buckets ahead brought into the cache while the present ones are worked on.

use super::bucket::{Bucket, SlotMask};
use super::{Element, Table};

pub struct Iter<'a, E: Element> {
    table: &'a Table<E>,
    bucket: Option<&'a Bucket<E>>,
    slots: SlotMask,
    /// The next head to visit.
    next: usize,
}

impl<'a, E: Element> Iter<'a, E> {
    pub(super) fn new(table: &'a Table<E>) -> Iter<'a, E> {
        Iter { table, bucket: None, slots: SlotMask::NONE, next: 0 }
    }

    /// Goes on to the chain's next bucket or the next chain; false at the end.
    fn advance(&mut self) -> bool {
        let next = match self.bucket.and_then(Bucket::child) {
            Some(child) => child,
            None => {
                if self.next == self.table.buckets.len() {
                    return false;
                }
                self.table.prefetch_walk(self.next);
                self.next += 1;
                self.table.buckets.get(self.next - 1)
            }
        };
        // SAFETY: a head below `len` or the child of a bucket; the table is borrowed, so it stays as it is.
        let bucket = unsafe { next.as_ref() };
        self.slots = bucket.used();
        self.bucket = Some(bucket);
        true
    }
}

impl<'a, E: Element> Iterator for Iter<'a, E> {
    type Item = &'a E;

    fn next(&mut self) -> Option<&'a E> {
        loop {
            if let Some(slot) = self.slots.next() {
                let bucket = self.bucket.expect("there are slots only in a bucket");
                // SAFETY: the slot is one of the bucket's used ones.
                return Some(unsafe { bucket.entry(slot) });
            }
            if !self.advance() {
                return None;
            }
        }
    }
}
