//! A pointer to a block, with the 16 bits that an address leaves unused: the table's, to keep a part of the hash in.

use std::ptr::NonNull;

/// The bits of a pointer that are an address: user space ends below 2^47 on x86_64 and 2^48 on aarch64.
const ADDRESS_BITS: u32 = 48;
const ADDRESS_MASK: usize = (1 << ADDRESS_BITS) - 1;

const _: () = assert!(usize::BITS == 64, "pointers have bits to spare");

/// Never null. Whether the block lives, and whose it is, is for the owner of this to know.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Tagged(NonNull<u8>);

impl Tagged {
    /// A pointer, which is not null, and 16 bits.
    #[inline]
    pub fn new(block: *mut u8, stash: u16) -> Tagged {
        debug_assert!(block.addr() & !ADDRESS_MASK == 0, "an address has 48 bits");
        let tagged = block.map_addr(|address| address | usize::from(stash) << ADDRESS_BITS);
        Tagged(NonNull::new(tagged).expect("a block's address is not 0"))
    }

    #[inline]
    pub fn block(self) -> *mut u8 {
        self.0.as_ptr().map_addr(|address| address & ADDRESS_MASK)
    }

    #[inline]
    pub fn stash(self) -> u16 {
        (self.0.as_ptr().addr() >> ADDRESS_BITS) as u16
    }

    #[inline]
    pub fn set_stash(&mut self, bits: u16) {
        *self = Tagged::new(self.block(), bits);
    }
}
