//! Vectors: what CONFIG SET maxmemory <text>; CONFIG GET maxmemory answers (vectors/size.txt).
mod common;

use c_compat::number::size::parse;
use common::{bytes, cases};

#[test]
fn reads_what_redis_reads() {
    for case in cases(include_str!("vectors/size.txt")) {
        let text = bytes(case[0]);
        assert_eq!(parse(&text), case[1].parse().ok(), "{}", text.escape_ascii());
    }
}

#[test]
fn odd_texts_are_what_c_makes_of_them() {
    for (text, value) in [
        (&b""[..], Some(0)),
        (b"kb", Some(0)),
        (b"1\0junk", Some(1)),
        (b"-1", None),
        (b"+1", None),
        (b" 1", None),
        (b"1.5gb", None),
        (b"99999999999999999999", Some(u64::MAX)),
        (b"18446744073709551615k", Some(u64::MAX.wrapping_mul(1000))),
    ] {
        assert_eq!(parse(text), value, "{}", text.escape_ascii());
    }
    assert_eq!(parse(&[b'9'; 127]), Some(u64::MAX));
    assert_eq!(parse(&[b'9'; 128]), None);
}
