//! Vectors: what ZADD k <text> member; ZSCORE k member answers (vectors/double.txt).
mod common;

use c_compat::number::double::{append, parse};
use common::{Rng, bytes, cases};
use proptest::prelude::*;

fn text(value: f64) -> String {
    let mut out = Vec::new();
    append(&mut out, value);
    String::from_utf8(out).unwrap()
}

/// "%.17g" from digits that the standard library made, put together as the definition of %g has it.
fn naive_text(value: f64) -> String {
    let scientific = format!("{value:.16e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    let trim = |text: &str| text.trim_end_matches('0').trim_end_matches('.').to_owned();
    if !(-4..17).contains(&exponent) {
        format!("{}e{}{:02}", trim(mantissa), if exponent < 0 { '-' } else { '+' }, exponent.abs())
    } else if exponent == 16 {
        format!("{value:.0}")
    } else {
        trim(&format!("{value:.*}", (16 - exponent) as usize))
    }
}

#[test]
fn reads_and_writes_scores_as_redis_does() {
    for case in cases(include_str!("vectors/double.txt")) {
        let input = bytes(case[0]);
        let answer = parse(&input).map_or("refused".to_owned(), text);
        assert_eq!(answer, case[1], "{}", input.escape_ascii());
    }
}

#[test]
fn what_no_client_can_send_is_written_as_c_writes_it() {
    assert_eq!(text(f64::NAN), "nan");
    assert_eq!(text(-f64::NAN), "-nan");
    assert_eq!(text(f64::NEG_INFINITY), "-inf");
    assert_eq!(text(-0.0), "-0");
    assert_eq!(text(5e-324), "4.9406564584124654e-324");
    assert_eq!(text(f64::MAX), "1.7976931348623157e+308");
    assert_eq!(text(1e16), "10000000000000000");
    assert_eq!(text(1e17), "1e+17");
    assert_eq!(text(123456789012345680.0), "1.2345678901234568e+17");
    assert_eq!(text(0.0001), "0.0001");
    assert_eq!(text(0.00001), "1.0000000000000001e-05");
    // Exactly half way between two texts: the even one.
    assert_eq!(text(10001.0 / 1048576.0), "0.0095376968383789062");
    assert_eq!(text(10003.0 / 1048576.0), "0.0095396041870117188");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..common::seeded() })]

    #[test]
    fn any_number_is_written_as_the_naive_twin_writes_it_and_survives(bits: u64, cut in 0u32..60, scale in -30i32..30) {
        let random = f64::from_bits(bits);
        let short = (bits >> cut) as f64 * 10f64.powi(scale);
        for value in [random, short, short.trunc()].into_iter().filter(|value| value.is_finite()) {
            let expected = naive_text(value);
            prop_assert_eq!(text(value), expected.clone());
            prop_assert_eq!(parse(expected.as_bytes()).map(f64::to_bits), Some(value.to_bits()));
        }
    }

    #[test]
    fn a_hex_text_gives_the_number_of_those_bits(fraction in 0u64..1 << 52, exponent in -1022i32..=1023) {
        let text = format!("0x1.{fraction:013x}p{exponent}");
        let value = f64::from_bits(((exponent + 1023) as u64) << 52 | fraction);
        prop_assert_eq!(parse(text.as_bytes()), Some(value));
        prop_assert_eq!(parse(format!("-0x{:x}p{}", 1 << 52 | fraction, exponent - 52).as_bytes()), Some(-value));
        // The same number less or more a little is no other.
        prop_assert_eq!(parse(format!("0x1.{fraction:013x}7ffp{exponent}").as_bytes()), Some(value));
        let subnormal = f64::from_bits(fraction);
        prop_assert_eq!(parse(format!("0x{fraction:x}p-1074").as_bytes()), Some(subnormal));
    }
}

#[test]
fn hostile_texts_never_panic() {
    let mut rng = Rng(6);
    for _ in 0..200_000 {
        let len = rng.below(12);
        let input: Vec<u8> = (0..len).map(|_| b"0123456789.eExXpP+-infaINF \0"[rng.below(28)]).collect();
        if let Some(value) = parse(&input) {
            assert!(!value.is_nan());
        }
    }
}
