//! Vectors: what SET k <text>; INCRBY k 0 answers (vectors/int.txt).
mod common;

use c_compat::number::int::{append, parse, parse_cursor, parse_u64, text_len};
use common::{bytes, cases};
use proptest::prelude::*;

/// The definition: a text is an integer when it is the text of that integer.
fn naive(text: &[u8]) -> Option<i64> {
    let value: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (value.to_string().as_bytes() == text).then_some(value)
}

fn naive_u64(text: &[u8]) -> Option<u64> {
    let value: u64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (value.to_string().as_bytes() == text).then_some(value)
}

#[test]
fn parses_what_redis_parses() {
    for case in cases(include_str!("vectors/int.txt")) {
        let text = bytes(case[0]);
        assert_eq!(parse(&text), case[1].parse().ok(), "{:?}", text.escape_ascii().to_string());
        assert_eq!(parse(&text), naive(&text));
    }
}

#[test]
fn unsigned_numbers_up_to_the_last() {
    assert_eq!(parse_u64(b"18446744073709551615"), Some(u64::MAX));
    for text in
        [&b"18446744073709551616"[..], b"99999999999999999999", b"100000000000000000000", b"-1", b"01"]
    {
        assert_eq!(parse_u64(text), None);
    }
}

#[test]
fn cursors_are_read_as_strtoul_reads_them() {
    for (text, value) in [
        (&b"0"[..], Some(0)),
        (b"007", Some(7)),
        (b"+5", Some(5)),
        (b"-1", Some(u64::MAX)),
        (b"18446744073709551615", Some(u64::MAX)),
        (b"-18446744073709551615", Some(1)),
        (b"", Some(0)),
        (b"\0junk", Some(0)),
        (b"3\0junk", Some(3)),
        (b"18446744073709551616", None),
        (b" 1", None),
        (b"1 ", None),
        (b"+", None),
        (b"-", None),
        (b"+-1", None),
        (b"x", None),
        (b"0x10", None),
    ] {
        assert_eq!(parse_cursor(text), value, "{:?}", text.escape_ascii().to_string());
    }
}

proptest! {
    #![proptest_config(common::seeded())]

    #[test]
    fn any_number_survives_its_text(value: i64, bits in 0u32..64) {
        let value = value >> bits;
        let mut text = b"before ".to_vec();
        append(&mut text, value);
        let expected = value.to_string();
        prop_assert_eq!(&text[7..], expected.as_bytes());
        prop_assert_eq!(text_len(value), text.len() - 7);
        prop_assert_eq!(parse(&text[7..]), Some(value));
    }

    #[test]
    fn any_text_is_read_as_the_naive_twin_reads_it(text in "[-+]?[0 ]?[0-9]{0,21}[ x]?") {
        prop_assert_eq!(parse(text.as_bytes()), naive(text.as_bytes()));
        prop_assert_eq!(parse_u64(text.as_bytes()), naive_u64(text.as_bytes()));
    }

    #[test]
    fn any_bytes_are_read_as_the_naive_twin_reads_them(text: Vec<u8>) {
        prop_assert_eq!(parse(&text), naive(&text));
    }
}
