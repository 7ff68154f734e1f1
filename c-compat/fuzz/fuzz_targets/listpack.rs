//! Bytes that claim to be a listpack.
#![no_main]

#[path = "../../tests/exercise/listpack.rs"]
mod exercise;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let seed = data.first().copied().unwrap_or(0);
    exercise::exercise(data, u64::from(seed));
});
