//! Bytes that claim to be an intset, and a number to add.
#![no_main]

#[path = "../../tests/exercise/intset.rs"]
mod exercise;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (data, number) = data.split_last_chunk().unwrap_or((data, &[0; 8]));
    exercise::exercise(data, i64::from_le_bytes(*number));
});
