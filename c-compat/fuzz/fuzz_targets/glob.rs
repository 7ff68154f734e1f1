//! Patterns of KEYS, PSUBSCRIBE and ACL: an answer, soon, whatever the pattern. The first zero byte ends it.
#![no_main]

use c_compat::glob::matches;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (pattern, text) = data.split_at(data.iter().position(|byte| *byte == 0).unwrap_or(data.len()));
    let text = text.get(1..).unwrap_or_default();
    let with_case = matches(pattern, text, false);
    let ignoring_case = matches(pattern, text, true);
    if !pattern.contains(&b'[') {
        // Ranges and negated sets apart, ignoring case finds more.
        assert!(ignoring_case || !with_case);
    }
});
