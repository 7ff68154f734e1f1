//! Vectors: the last 8 bytes of what SET k <value>; DUMP k answers (vectors/dump.txt), a checksum of the rest.
mod common;

use c_compat::crc64::crc64;
use common::{Rng, bytes, cases};
use proptest::prelude::*;

/// The definition, a bit at a time: the register shifts left, bits of a byte enter lowest first, the result is reversed.
fn naive(crc: u64, data: &[u8]) -> u64 {
    let mut register = crc.reverse_bits();
    for byte in data {
        for bit in 0..8 {
            let out = (register >> 63) ^ u64::from(byte >> bit & 1);
            register <<= 1;
            if out == 1 {
                register ^= 0xad93d23594c935a9;
            }
        }
    }
    register.reverse_bits()
}

#[test]
fn the_check_values_of_the_algorithm() {
    assert_eq!(crc64(0, b"123456789"), 0xe9c6d914c4b8d9ca);
    assert_eq!(naive(0, b"123456789"), 0xe9c6d914c4b8d9ca);
    assert_eq!(crc64(0, b""), 0);
}

#[test]
fn equals_the_checksums_of_recorded_payloads() {
    for case in cases(include_str!("vectors/dump.txt")) {
        let payload = bytes(case[1]);
        let (checked, crc) = payload.split_last_chunk::<8>().unwrap();
        assert_eq!(crc64(0, checked).to_le_bytes(), *crc, "{case:?}");
    }
}

#[test]
fn equals_the_naive_twin_at_every_short_length_and_alignment() {
    let mut rng = Rng(1);
    let data = rng.bytes(700);
    for len in 0..600 {
        let start = len % 17;
        let crc = rng.next();
        assert_eq!(crc64(crc, &data[start..start + len]), naive(crc, &data[start..start + len]), "{len}");
    }
}

proptest! {
    #![proptest_config(common::seeded())]

    #[test]
    fn a_checksum_in_pieces_is_that_of_the_whole(data: Vec<u8>, seed: u64, cut: prop::sample::Index) {
        let (a, b) = data.split_at(cut.index(data.len() + 1));
        prop_assert_eq!(crc64(crc64(seed, a), b), naive(seed, &data));
    }
}

#[test]
fn long_input_in_pieces_of_all_sizes() {
    let mut rng = Rng(2);
    let data = rng.bytes(300_000);
    let whole = naive(0, &data);
    assert_eq!(crc64(0, &data), whole);
    let (mut crc, mut rest) = (0, &data[..]);
    while !rest.is_empty() {
        let bound = [10, 100, 1000, 50_000][rng.below(4)];
        let (piece, after) = rest.split_at(rng.below(bound).min(rest.len()));
        crc = crc64(crc, piece);
        rest = after;
    }
    assert_eq!(crc, whole);
}
