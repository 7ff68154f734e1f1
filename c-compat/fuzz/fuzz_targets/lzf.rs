//! Bytes as compressed ones of any length, and there and back.
#![no_main]

use c_compat::lzf::{compress, decompress};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (&[low, high, ..], Some(rest)) = (data, data.get(2..)) else { return };
    if let Ok(out) = decompress(rest, usize::from(low) << 8 | usize::from(high)) {
        assert_eq!(out.len(), usize::from(low) << 8 | usize::from(high));
    }
    if let Some(block) = compress(rest, 4) {
        assert_eq!(decompress(&block, rest.len()).as_deref(), Ok(rest));
    }
});
