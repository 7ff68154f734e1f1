//! Texts that claim to be numbers: what is read can be written, and is then read as the same.
#![no_main]

use c_compat::number::{LongDouble, double, int, size};
use libfuzzer_sys::fuzz_target;

fn long_double(value: LongDouble) -> Vec<u8> {
    let mut out = Vec::new();
    value.append(&mut out);
    out
}

fuzz_target!(|data: &[u8]| {
    if let Some(n) = int::parse(data) {
        let mut out = Vec::new();
        int::append(&mut out, n);
        assert_eq!(out, data);
        assert_eq!(out.len(), int::text_len(n));
    }
    if let Some(value) = double::parse(data) {
        let mut out = Vec::new();
        double::append(&mut out, value);
        assert_eq!(double::parse(&out).map(f64::to_bits), Some(value.to_bits()), "{}", out.escape_ascii());
    }
    let _ = (double::parse_lenient(data), int::parse_u64(data), int::parse_cursor(data), size::parse(data));
    let (a, b) = data.split_at(data.iter().position(|byte| *byte == b' ').unwrap_or(data.len()));
    let Some(a) = LongDouble::parse(a) else { return };
    if a.is_finite() {
        // With 17 digits not all of it is written, but what is written is.
        let text = long_double(a);
        assert!(LongDouble::parse(&text).is_some(), "{}", text.escape_ascii());
    }
    if let Some(b) = b.get(1..).and_then(LongDouble::parse) {
        assert_eq!(a.checked_add(b).map(long_double), b.checked_add(a).map(long_double));
    }
});
