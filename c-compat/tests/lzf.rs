//! Vectors: the LZF strings in what SET k <value>; DUMP k answers (vectors/dump.txt).
mod common;

use c_compat::lzf::{Compressor, Invalid, compress, decompress, decompress_into};
use c_compat::rdb::{RdbString, Window};
use common::{Rng, bytes, cases};
use proptest::prelude::*;

/// The format as its description says it, with no limit on what it may read or write.
fn naive_decompress(input: &[u8]) -> Option<Vec<u8>> {
    let mut input = input.iter().map(|&byte| usize::from(byte));
    let mut out = Vec::new();
    while let Some(control) = input.next() {
        if control < 32 {
            for _ in 0..control + 1 {
                out.push(input.next()? as u8);
            }
        } else {
            let extra = if control >> 5 == 7 { input.next()? } else { 0 };
            let back = (control % 32) * 256 + input.next()? + 1;
            for _ in 0..(control >> 5) + 2 + extra {
                out.push(*out.get(out.len().checked_sub(back)?)?);
            }
        }
    }
    Some(out)
}

/// The compressor with a fresh table of positions and one byte at a time.
fn naive_compress(input: &[u8], room: usize) -> Option<Vec<u8>> {
    let slot = |at: usize| {
        let h = u32::from_be_bytes([0, input[at], input[at + 1], input[at + 2]]);
        ((h >> 8).wrapping_sub(h.wrapping_mul(5)) & 0xffff) as usize
    };
    let mut newest = vec![None; 1 << 16];
    let (mut out, mut run) = (Vec::new(), Vec::new());
    let mut at = 0;
    // What liblzf's write position would be: it keeps room for the head of a run even before the run has a byte.
    let position = |out: &[u8], run: &[u8]| out.len() + 1 + run.len();
    while at + 2 < input.len() {
        let from: Option<usize> = newest[slot(at)].replace(at);
        match from {
            Some(from) if from > 0 && at - from <= 8192 && input[from..][..3] == input[at..][..3] => {
                if position(&out, &run) - usize::from(run.is_empty()) + 4 >= room {
                    return None;
                }
                flush(&mut out, &mut run);
                let left = input.len() - at - 2;
                let limit = match left {
                    0..=3 => 3,
                    4..=16 => left,
                    17..=19 => 19,
                    _ => left.min(264),
                };
                let len = (0..limit).take_while(|&i| input[from + i] == input[at + i]).count();
                let back = at - from - 1;
                if len < 9 {
                    out.extend([((len - 2) << 5 | back >> 8) as u8, back as u8]);
                } else {
                    out.extend([(7 << 5 | back >> 8) as u8, (len - 9) as u8, back as u8]);
                }
                at += len;
                if at + 2 < input.len() {
                    newest[slot(at - 2)] = Some(at - 2);
                    newest[slot(at - 1)] = Some(at - 1);
                }
            }
            _ => {
                if position(&out, &run) >= room {
                    return None;
                }
                run.push(input[at]);
                if run.len() == 32 {
                    flush(&mut out, &mut run);
                }
                at += 1;
            }
        }
    }
    if position(&out, &run) + 3 > room {
        return None;
    }
    for &byte in &input[at..] {
        run.push(byte);
        if run.len() == 32 {
            flush(&mut out, &mut run);
        }
    }
    flush(&mut out, &mut run);
    return Some(out);

    fn flush(out: &mut Vec<u8>, run: &mut Vec<u8>) {
        if !run.is_empty() {
            out.push(run.len() as u8 - 1);
            out.append(run);
        }
    }
}

#[test]
fn writes_the_bytes_that_redis_writes() {
    let mut compressor = Compressor::new();
    let mut compared = 0;
    for case in cases(include_str!("vectors/dump.txt")) {
        let (value, payload) = (bytes(case[0]), bytes(case[1]));
        if value.len() <= 20 {
            continue;
        }
        let expected = match Window::new(&payload[1..]).string().unwrap() {
            RdbString::Lzf { compressed, len } => {
                assert_eq!(decompress(compressed, len).as_ref(), Ok(&value));
                Some(compressed)
            }
            _ => None,
        };
        let mut out = vec![0; value.len() - 4];
        let ours = compressor.compress(&value, &mut out);
        assert_eq!(ours.map(|len| &out[..len]), expected, "{case:?}");
        assert_eq!(compress(&value, 4).as_deref(), expected);
        compared += 1;
    }
    assert!(compared > 300, "{compared}");
}

#[test]
fn a_used_compressor_writes_what_a_fresh_one_would_into_any_room() {
    let mut rng = Rng(3);
    let mut compressor = Compressor::new();
    let mut compressed = 0;
    for round in 0..3000 {
        let len = 1 + rng.below(if round % 50 == 0 { 20_000 } else { 400 });
        let input = rng.repetitive(len);
        let mut out = vec![0; rng.below(len + 40)];
        let ours = compressor.compress(&input, &mut out).map(|len| out[..len].to_vec());
        let expected = if out.is_empty() { None } else { naive_compress(&input, out.len()) };
        assert_eq!(ours, expected, "round {round}");
        if let Some(ours) = ours {
            assert_eq!(decompress(&ours, len), Ok(input));
            compressed += 1;
        }
    }
    assert!(compressed > 1000, "{compressed}");
}

proptest! {
    #![proptest_config(common::seeded())]

    #[test]
    fn what_was_compressed_comes_back(input in prop::collection::vec(0u8..4, 0..2000)) {
        let mut out = vec![0; input.len() * 2 + 40];
        if let Some(len) = Compressor::new().compress(&input, &mut out) {
            prop_assert_eq!(decompress(&out[..len], input.len()), Ok(input));
        } else {
            prop_assert!(input.is_empty());
        }
    }

    #[test]
    fn hostile_bytes_decompress_as_the_naive_twin_or_not_at_all(
        input in prop::collection::vec(prop_oneof![0u8..4, 32u8..40, 220u8..=255, any::<u8>()], 0..60),
        len in 0usize..4000,
    ) {
        let expected = naive_decompress(&input);
        prop_assert_eq!(decompress(&input, len).ok(), expected.clone().filter(|out| out.len() == len));
        if let Some(expected) = expected {
            prop_assert_eq!(decompress(&input, expected.len()), Ok(expected));
        }
    }
}

#[test]
fn damaged_blocks_are_refused_or_give_the_length_promised() {
    let mut rng = Rng(4);
    for _ in 0..20_000 {
        let len = 21 + rng.below(600);
        let input = rng.repetitive(len);
        let Some(mut block) = compress(&input, 4) else { continue };
        for _ in 0..1 + rng.below(3) {
            let at = rng.below(block.len());
            block[at] = rng.next() as u8;
        }
        block.truncate(1 + rng.below(block.len() * 2));
        let mut out = vec![0; len];
        let into = decompress_into(&block, &mut out);
        assert_eq!(decompress(&block, len), into.map(|()| out));
    }
}

#[test]
fn a_length_that_the_bytes_cannot_give_is_refused_before_any_room_is_made() {
    assert_eq!(decompress(&[0xe0, 0xff, 0], usize::MAX / 2), Err(Invalid));
    assert_eq!(decompress(&[], 1), Err(Invalid));
    assert_eq!(decompress(&[], 0), Ok(vec![]));
    // The largest ratio there is: one literal, then copies of 264 bytes, three bytes each.
    let mut block = vec![0, b'a'];
    for _ in 0..100 {
        block.extend([0xe0, 0xff, 0]);
    }
    assert_eq!(decompress(&block, 26_401), Ok(vec![b'a'; 26_401]));
}
