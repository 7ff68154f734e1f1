//! Vectors: what SET <text> v; KEYS <pattern> answers (vectors/glob.txt), and for patterns that ignore case
//! COMMAND LIST FILTERBY PATTERN <pattern> (vectors/glob_ignoring_case.txt).
mod common;

use c_compat::glob::matches;
use common::{bytes, cases};
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// The matcher as it is defined: at a star, the rest is tried everywhere, and so on for each star.
fn naive(pattern: &[u8], text: &[u8], ignore_case: bool) -> bool {
    let ([first, after @ ..], [byte, ..]) = (pattern, text) else {
        return pattern.is_empty() && text.is_empty();
    };
    match first {
        b'*' if after.iter().all(|&c| c == b'*') => true,
        b'*' => (0..text.len()).any(|from| naive(after, &text[from..], ignore_case)),
        _ => {
            let (found, after) = naive_one(*first, after, *byte, ignore_case);
            // Stars at the end need no text, but only once some text has been matched.
            let text = &text[1..];
            let after = if text.is_empty() && after.iter().all(|&c| c == b'*') { &[] } else { after };
            found && naive(after, text, ignore_case)
        }
    }
}

/// One element that is no star: whether it matches, and what follows it.
fn naive_one(first: u8, after: &[u8], byte: u8, ignore_case: bool) -> (bool, &[u8]) {
    let lower = |c: u8| if ignore_case { c.to_ascii_lowercase() } else { c };
    // C's tolower of a signed char: 0xff is EOF and stays negative, the others of the upper half become positive.
    let place = |c: u8| if ignore_case && c != 0xff { i32::from(lower(c)) } else { i32::from(c as i8) };
    match (first, after) {
        (b'?', after) => (true, after),
        (b'\\', [escaped, after @ ..]) => (lower(*escaped) == lower(byte), after),
        (b'[', mut rest) => {
            let negated = rest.first() == Some(&b'^');
            rest = &rest[usize::from(negated)..];
            let mut found = false;
            while !rest.is_empty() && rest[0] != b']' {
                if rest[0] == b'\\' && rest.len() > 1 {
                    found |= rest[1] == byte;
                    rest = &rest[2..];
                } else if rest.len() > 2 && rest[1] == b'-' {
                    let (mut low, mut high) = (rest[0], rest[2]);
                    if low as i8 > high as i8 {
                        (low, high) = (high, low);
                    }
                    found |= place(low) <= place(byte) && place(byte) <= place(high);
                    rest = &rest[3..];
                } else {
                    found |= lower(rest[0]) == lower(byte);
                    rest = &rest[1..];
                }
            }
            (found != negated, rest.get(1..).unwrap_or_default())
        }
        (literal, after) => (lower(literal) == lower(byte), after),
    }
}

#[test]
fn finds_the_keys_that_redis_finds() {
    for case in cases(include_str!("vectors/glob.txt")) {
        let (pattern, text) = (bytes(case[0]), bytes(case[1]));
        assert_eq!(matches(&pattern, &text, false), case[2] == "1", "{:?}", (pattern, text));
    }
}

#[test]
fn ignores_case_as_redis_does() {
    let file = include_str!("vectors/glob_ignoring_case.txt");
    let (_, names) = file.lines().next().unwrap().rsplit_once(' ').unwrap();
    for case in cases(file) {
        let pattern = bytes(case[0]);
        for name in names.split(',') {
            let expected = case[1].split(',').any(|found| found == name);
            let text = pattern.escape_ascii();
            assert_eq!(matches(&pattern, name.as_bytes(), true), expected, "{text} {name}");
        }
    }
}

#[test]
fn a_text_of_no_bytes_is_matched_by_the_empty_pattern_alone() {
    assert!(matches(b"", b"", false));
    for pattern in ["*", "**", "?", "[^a]", "a*"] {
        assert!(!matches(pattern.as_bytes(), b"", false));
    }
}

#[test]
fn a_pattern_has_at_most_a_thousand_stars_besides_the_last() {
    let text = [b'a'; 2000];
    for (stars, expected) in [(999, true), (1000, true), (1001, false)] {
        let pattern = b"*a".repeat(stars);
        assert_eq!(matches(&pattern, &text, false), expected);
        assert_eq!(matches(&[&pattern[..], b"*"].concat(), &text, false), expected);
        // Stars in a row are one.
        assert_eq!(matches(&b"***a".repeat(stars), &text, false), expected);
    }
}

#[test]
fn a_hostile_pattern_takes_no_exponential_time() {
    let start = Instant::now();
    let pattern = [&b"a*".repeat(900)[..], b"b"].concat();
    assert!(!matches(&pattern, &[b'a'; 20_000], false));
    assert!(!matches(&[&b"*?a".repeat(900)[..], b"b"].concat(), &[b'a'; 20_000], true));
    assert!(start.elapsed() < Duration::from_secs(5));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..common::seeded() })]

    #[test]
    fn any_pattern_matches_as_the_naive_twin(
        pattern in r"[a-cA-C*?\[\]^\\-]{0,10}",
        text in r"[a-cA-C\[-]{0,10}",
        ignore_case: bool,
    ) {
        let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
        prop_assert_eq!(matches(pattern, text, ignore_case), naive(pattern, text, ignore_case));
    }

    #[test]
    fn any_bytes_match_as_the_naive_twin(
        pattern in prop::collection::vec(prop_oneof![Just(b'['), Just(b'-'), Just(b'*'), any::<u8>()], 0..12),
        text in prop::collection::vec(any::<u8>(), 0..4),
        ignore_case: bool,
    ) {
        prop_assert_eq!(matches(&pattern, &text, ignore_case), naive(&pattern, &text, ignore_case));
    }
}
