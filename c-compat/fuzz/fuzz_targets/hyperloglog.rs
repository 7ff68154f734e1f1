//! Bytes that claim to be a HyperLogLog, or to be the runs of a sparse one.
#![no_main]

#[path = "../../tests/exercise/hyperloglog.rs"]
mod exercise;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    exercise::exercise(data);
    exercise::exercise(&[&b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\0"[..], data].concat());
});
