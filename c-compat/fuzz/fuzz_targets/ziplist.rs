//! Bytes that claim to be a ziplist or a zipmap.
#![no_main]

#[path = "../../tests/exercise/ziplist.rs"]
mod exercise;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    exercise::exercise(data);
});
