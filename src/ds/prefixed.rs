//! Strings that carry their length before them, as they lie in blocks.
//!
//! ```text
//!  | length 1..9 | bytes |
//!
//!  length  a byte below 254; or 254 and two bytes; or 255 and eight; little-endian
//! ```

/// Bytes that a length takes up.
#[inline]
pub fn len_size(len: usize) -> usize {
    match len {
        0..254 => 1,
        254..0x1_0000 => 3,
        _ => 9,
    }
}

/// # Safety
/// There are `len_size(len)` bytes at `at`.
pub unsafe fn write_len(at: *mut u8, len: usize) {
    // SAFETY: as the caller says.
    unsafe {
        match len_size(len) {
            1 => at.write(len as u8),
            3 => {
                at.write(254);
                at.add(1).cast::<[u8; 2]>().write((len as u16).to_le_bytes());
            }
            _ => {
                at.write(255);
                at.add(1).cast::<[u8; 8]>().write((len as u64).to_le_bytes());
            }
        }
    }
}

/// A length and the bytes it takes up.
///
/// # Safety
/// A length was written at `at`.
#[inline]
pub unsafe fn read_len(at: *const u8) -> (usize, usize) {
    // SAFETY: as the caller says.
    unsafe {
        match at.read() {
            254 => (u16::from_le_bytes(at.add(1).cast::<[u8; 2]>().read()) as usize, 3),
            255 => (u64::from_le_bytes(at.add(1).cast::<[u8; 8]>().read()) as usize, 9),
            len => (len as usize, 1),
        }
    }
}
