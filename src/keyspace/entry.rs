//! One key with its value, expiry time and access clock, in one allocation: what a keyspace table points at.
//!
//! ```text
//!  | head 4 | expiry time 8, if it has one | key length 1..9 | key | value |
//!
//!  head   bits 0..4 type   4..7 form   7 has an expiry time   8..32 LRU clock or LFU counter
//!  value  by form:
//!         int      its low 1, 2, 4 or 8 bytes, whichever suffice
//!         inline   | length 1..9 | bytes |                          embstr, and raw up to 1000 bytes
//!         heap     | pointer 8 | -> ds::long
//!         object   | padding up to a multiple of 8 | handle 16 |    what is no string, by its type
//!  length a byte below 254; or 254 and two bytes; or 255 and eight; little-endian, as all numbers here
//! ```
//!
//! A block's size follows from what it holds, rounded up to the allocator's size class (`ds/size.rs`). So
//! nothing records a capacity, a block is freed by its size, and a change that stays in its class is made in
//! place. Only the block of a long string carries its capacity: it doubles as APPEND grows it.
//!
//! An [`Entry`] is the pointer to its block. Its top 16 bits are the table's to use.
#![allow(unsafe_code)]

mod raw;
#[cfg(test)]
mod tests;

use crate::ds::table::Element;
use crate::ds::tagged::Tagged;
use crate::sys::give_back::GiveBack;
use crate::value::{Collection, Encoding, Stored, StrRef, ValueRef};
use raw::{Block, View};

/// One key of the keyspace.
///
/// Invariant: it points at a block that this entry alone owns.
#[repr(transparent)]
pub struct Entry(Tagged);

// SAFETY: the block has no other owner and nothing in it is tied to a thread.
unsafe impl Send for Entry {}

// SAFETY: an entry is a pointer, and no part of its block points back at it.
unsafe impl Element for Entry {
    #[inline]
    fn stash(&self) -> u16 {
        self.0.stash()
    }

    #[inline]
    fn set_stash(&mut self, bits: u16) {
        self.0.set_stash(bits);
    }

    #[inline]
    fn address(&self) -> *const u8 {
        self.block().as_ptr()
    }
}

impl Entry {
    pub fn new(key: &[u8], value: Stored, expire: Option<i64>, lru: u32) -> Entry {
        Entry(Tagged::new(Block::new(key, value, expire, lru).as_ptr(), 0))
    }

    #[inline]
    fn block(&self) -> Block {
        // SAFETY: by the invariant this is the entry's block.
        unsafe { Block::from_ptr(self.0.block()) }
    }

    /// Puts another block in place of the present one, which the caller has freed or taken apart.
    #[inline]
    fn set_block(&mut self, block: Block) {
        self.0 = Tagged::new(block.as_ptr(), self.stash());
    }

    #[inline]
    pub fn key(&self) -> &[u8] {
        // SAFETY: the block is this entry's and stays as it is while the entry is borrowed. So in all that
        // follows; those that change it borrow the entry mutably.
        unsafe { self.block().key() }
    }

    #[inline]
    pub fn value(&self) -> ValueRef<'_> {
        // SAFETY: as in `key`.
        match unsafe { self.block().view() } {
            View::Int(n) => ValueRef::Str(StrRef::Int(n)),
            View::Embstr(s) | View::Raw(s) => ValueRef::Str(StrRef::Bytes(s)),
            View::Long(s) => ValueRef::Str(StrRef::Long(s)),
            View::Object(value) => value,
        }
    }

    /// A collection to change in place; `None` if the value is of another type.
    #[inline]
    pub fn collection_mut<C: Collection>(&mut self) -> Option<&mut C> {
        // SAFETY: as in `key`.
        C::of_mut(unsafe { self.block().value_mut() })
    }

    /// An entry of another key with a copy of the value, encoding included, and the same expiry time.
    pub fn copy_as(&self, key: &[u8], lru: u32) -> Entry {
        // SAFETY: as in `key`.
        let value = match unsafe { self.block().view() } {
            View::Int(n) => Stored::Int(n),
            View::Embstr(s) => Stored::Embstr(s),
            View::Raw(s) => Stored::Raw(s),
            View::Long(s) => Stored::Raw(s.bytes()),
            View::Object(value) => Stored::Object(value.clone_object().expect("no string is an object")),
        };
        Entry::new(key, value, self.expire(), lru)
    }

    pub fn encoding(&self) -> Encoding {
        // SAFETY: as in `key`.
        match unsafe { self.block().view() } {
            View::Int(_) => Encoding::Int,
            View::Embstr(_) => Encoding::Embstr,
            View::Raw(_) | View::Long(_) => Encoding::Raw,
            View::Object(ValueRef::Str(_)) => unreachable!("no string is an object"),
            View::Object(ValueRef::List(v)) => v.encoding(),
            View::Object(ValueRef::Set(v)) => v.encoding(),
            View::Object(ValueRef::SortedSet(v)) => v.encoding(),
            View::Object(ValueRef::Hash(v)) => v.encoding(),
            View::Object(ValueRef::Stream(v)) => v.encoding(),
        }
    }

    /// Unix time in ms at which the key expires.
    #[inline]
    pub fn expire(&self) -> Option<i64> {
        // SAFETY: as in `key`.
        unsafe { self.block().expire() }
    }

    pub fn set_expire(&mut self, expire: Option<i64>) {
        // SAFETY: as in `key`.
        let block = unsafe { self.block().with_expire(expire) };
        self.set_block(block);
    }

    /// The 24 bits of the LRU or LFU clock.
    #[inline]
    pub fn lru(&self) -> u32 {
        // SAFETY: as in `key`.
        unsafe { self.block().lru() }
    }

    #[inline]
    pub fn set_lru(&mut self, lru: u32) {
        // SAFETY: as in `key`.
        unsafe { self.block().set_lru(lru) }
    }

    /// Bytes that key and value take, as the allocator gives them out; of a collection's members so many are looked
    /// at.
    pub fn memory(&self, samples: usize) -> usize {
        // SAFETY: as in `key`.
        unsafe { self.block().memory() + self.value().memory(samples) }
    }

    /// Says that this process, a snapshot's child, has no more use for the entry. It does not look at one twice, nor at
    /// its keyspace after the walk, and leaves without dropping it.
    pub fn give_back(&self, pages: &mut GiveBack) {
        // SAFETY: as in `key`; and as said above, of which that there is a `GiveBack` is the sign.
        unsafe { self.block().give_back(pages) }
    }

    /// Where the entry lies: changes only when a change does not fit in its allocation.
    pub fn address(&self) -> usize {
        self.block().as_ptr().addr()
    }

    pub fn set_value(&mut self, value: Stored, expire: Option<i64>) {
        // SAFETY: as in `key`. The value lies elsewhere: it cannot be borrowed from this entry.
        let block = unsafe { self.block().with_value(value, expire) };
        self.set_block(block);
    }

    pub fn set_key(&mut self, key: &[u8]) {
        // SAFETY: as in `key`.
        let block = unsafe { self.block().with_key(key) };
        self.set_block(block);
    }

    /// Makes the value, which is a string, raw if it is not, at least `min_len` long (filled with zeros), and gives its bytes.
    pub fn string_mut(&mut self, min_len: usize) -> &mut [u8] {
        // SAFETY: as in `key`. What lies between the old and the new length is filled before it is read.
        unsafe {
            let (block, old_len) = self.block().with_room(min_len);
            self.set_block(block);
            let bytes = block.raw_bytes();
            if bytes.len > old_len {
                bytes.start.add(old_len).write_bytes(0, bytes.len - old_len);
            }
            std::slice::from_raw_parts_mut(bytes.start, bytes.len)
        }
    }

    /// Adds `tail` to the value, which is a string and becomes raw; returns the new length.
    pub fn append(&mut self, tail: &[u8]) -> usize {
        // SAFETY: as in `string_mut`; `tail` is not part of this entry, which is borrowed mutably.
        unsafe {
            let (block, old_len) = self.block().with_room_for_more(tail.len());
            self.set_block(block);
            let bytes = block.raw_bytes();
            bytes.start.add(old_len).copy_from_nonoverlapping(tail.as_ptr(), tail.len());
            bytes.len
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // SAFETY: the entry owns the block and is going.
        unsafe { self.block().free_all() }
    }
}
