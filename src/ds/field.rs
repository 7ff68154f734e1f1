//! A field of a large hash with its value, and the time at which it expires if it has one, in one block.
//!
//! ```text
//!  | expires 8 | length 1..9 | field | length 1..9 | value | unused |
//!
//!  expires  Unix time in ms; only in a block whose pointer is marked so
//! ```
//!
//! A block is as long as its allocator class ([`super::size`]), so a new value that leaves the class the same is written
//! over the old one. Blocks are aligned to 8: bit 0 of the pointer says that there is a time. Bits 48 to 63 are the
//! table's to use.

use std::marker::PhantomData;

use super::prefixed::{len_size, read_len, write_len};
use super::size::{allocate, class, free};
use super::table::Element;
use super::tagged::Tagged;

const EXPIRES: usize = 1;
/// The bytes that a time takes.
const TIME: usize = 8;

/// A field with its value.
///
/// Invariant: without its last bit it points at a block that this field alone owns.
#[repr(transparent)]
pub struct Field(Tagged, PhantomData<u8>);

// SAFETY: the block has no other owner and nothing in it is tied to a thread.
unsafe impl Send for Field {}

// SAFETY: a field is a pointer, and no part of its block points back at it.
unsafe impl Element for Field {
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
        self.block()
    }
}

#[inline]
fn marked(block: *mut u8, has_time: bool, stash: u16) -> Tagged {
    debug_assert!(block.addr() & EXPIRES == 0, "blocks are aligned");
    Tagged::new(block.map_addr(|address| address | (usize::from(has_time) * EXPIRES)), stash)
}

/// The bytes of a block's parts, lengths included.
fn block_len(has_time: bool, field: usize, value: usize) -> usize {
    usize::from(has_time) * TIME + len_size(field) + field + len_size(value) + value
}

/// Where things lie in a block.
struct Parts {
    field: *mut u8,
    field_len: usize,
    /// The value's length.
    value_at: *mut u8,
}

impl Field {
    pub fn new(field: &[u8], value: &[u8], expires: Option<i64>) -> Field {
        let block = allocate(block_len(expires.is_some(), field.len(), value.len()));
        // SAFETY: the block has room for all of it.
        unsafe {
            let mut at = block;
            if let Some(ms) = expires {
                at.cast::<i64>().write(ms);
                at = at.add(TIME);
            }
            let at = write_prefixed(at, field);
            write_prefixed(at, value);
        }
        Field(marked(block, expires.is_some(), 0), PhantomData)
    }

    #[inline]
    fn block(&self) -> *mut u8 {
        self.0.block().map_addr(|address| address & !EXPIRES)
    }

    #[inline]
    fn has_time(&self) -> bool {
        self.0.block().addr() & EXPIRES != 0
    }

    #[inline]
    fn parts(&self) -> Parts {
        // SAFETY: by the invariant the block is there, and `new` wrote lengths and bytes one after the other.
        unsafe {
            let at = self.block().add(usize::from(self.has_time()) * TIME);
            let (field_len, prefix) = read_len(at);
            let field = at.add(prefix);
            Parts { field, field_len, value_at: field.add(field_len) }
        }
    }

    #[inline]
    pub fn field(&self) -> &[u8] {
        let Parts { field, field_len, .. } = self.parts();
        // SAFETY: the bytes are the block's, which stays as it is while the field is borrowed.
        unsafe { std::slice::from_raw_parts(field, field_len) }
    }

    #[inline]
    pub fn value(&self) -> &[u8] {
        let Parts { value_at, .. } = self.parts();
        // SAFETY: as in `field`.
        unsafe {
            let (len, prefix) = read_len(value_at);
            std::slice::from_raw_parts(value_at.add(prefix), len)
        }
    }

    /// Unix time in ms.
    #[inline]
    pub fn expires(&self) -> Option<i64> {
        // SAFETY: a marked block begins with a time, and is aligned to 8.
        self.has_time().then(|| unsafe { self.block().cast::<i64>().read() })
    }

    /// The bytes of its block.
    pub fn allocated(&self) -> usize {
        class(block_len(self.has_time(), self.field().len(), self.value().len()))
    }

    /// Puts another value in the place of the present one.
    pub fn set_value(&mut self, value: &[u8]) {
        let Parts { field_len, value_at, .. } = self.parts();
        // SAFETY: a value's length lies there.
        let (old, _) = unsafe { read_len(value_at) };
        let (old, new) =
            (block_len(self.has_time(), field_len, old), block_len(self.has_time(), field_len, value.len()));
        if class(old) == class(new) {
            // SAFETY: the block has room for it, and `value` is no part of it, since it is borrowed mutably.
            unsafe { write_prefixed(value_at, value) };
        } else {
            self.replace(Field::new(self.field(), value, self.expires()));
        }
    }

    /// Changes when it expires.
    pub fn set_expires(&mut self, expires: Option<i64>) {
        match expires {
            // SAFETY: a marked block begins with a time, and is borrowed mutably.
            Some(ms) if self.has_time() => unsafe { self.block().cast::<i64>().write(ms) },
            None if !self.has_time() => {}
            _ => self.replace(Field::new(self.field(), self.value(), expires)),
        }
    }

    /// Puts another field in the place of this one, in whose bucket it stays.
    fn replace(&mut self, mut other: Field) {
        other.set_stash(self.stash());
        *self = other;
    }
}

/// Writes bytes behind their length; returns where they end.
///
/// # Safety
/// There is room at `at`, and `bytes` are no part of it.
unsafe fn write_prefixed(at: *mut u8, bytes: &[u8]) -> *mut u8 {
    // SAFETY: as the caller says.
    unsafe {
        write_len(at, bytes.len());
        let start = at.add(len_size(bytes.len()));
        start.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        start.add(bytes.len())
    }
}

impl Clone for Field {
    /// A copy that is in no table.
    fn clone(&self) -> Field {
        Field::new(self.field(), self.value(), self.expires())
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        let len = block_len(self.has_time(), self.field().len(), self.value().len());
        // SAFETY: the field owns the block, whose class this length has, and is going.
        unsafe { free(self.block(), len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::rng::Rng;

    #[test]
    fn a_field_holds_what_was_put_in_last() {
        let mut rng = Rng::seeded(7);
        for round in 0..300 {
            let bytes = |rng: &mut Rng| {
                let max = [4, 40, 300, 70_000][(rng.below(100) as usize / 33).min(3)];
                let len = rng.below(max) as usize;
                (0..len).map(|i| (i as u8).wrapping_mul(31) ^ rng.below(256) as u8).collect::<Vec<u8>>()
            };
            let name = bytes(&mut rng);
            let mut value = bytes(&mut rng);
            let mut expires = (rng.below(2) == 0).then_some(round);
            let mut field = Field::new(&name, &value, expires);
            field.set_stash(0xabcd);
            for _ in 0..20 {
                if rng.below(2) == 0 {
                    value = bytes(&mut rng);
                    field.set_value(&value);
                } else {
                    expires = (rng.below(2) == 0).then(|| rng.next_u64() as i64);
                    field.set_expires(expires);
                }
                assert_eq!((field.field(), field.value()), (&name[..], &value[..]));
                assert_eq!((field.expires(), field.stash()), (expires, 0xabcd));
                let copy = field.clone();
                assert_eq!((copy.field(), copy.value(), copy.stash()), (&name[..], &value[..], 0));
            }
        }
    }

    #[test]
    fn a_value_of_the_same_class_is_written_in_place() {
        let mut field = Field::new(b"field", b"0123456789", None);
        let address = field.address();
        field.set_value(b"012345678901234");
        assert_eq!(field.address(), address);
        assert_eq!(field.value(), b"012345678901234");
    }

    #[test]
    fn a_field_of_18_bytes_with_a_value_of_14_takes_40() {
        assert_eq!(Field::new(&[1; 18], &[2; 14], None).allocated(), 40);
    }
}
