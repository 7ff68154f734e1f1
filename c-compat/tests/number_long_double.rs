//! Vectors: what SET k <a>; INCRBYFLOAT k <b> answers (vectors/incrbyfloat.txt).
mod common;

use c_compat::number::LongDouble;
use common::{Rng, bytes, cases};
use proptest::prelude::*;

fn text(value: LongDouble) -> String {
    let mut out = Vec::new();
    value.append(&mut out);
    String::from_utf8(out).unwrap()
}

fn read(input: impl AsRef<[u8]>) -> Option<String> {
    LongDouble::parse(input.as_ref()).map(text)
}

fn sum(a: &[u8], b: &[u8]) -> String {
    match (LongDouble::parse(a), LongDouble::parse(b)) {
        (Some(a), Some(b)) => a.checked_add(b).map_or("infinite".to_owned(), text),
        _ => "refused".to_owned(),
    }
}

#[test]
fn adds_as_redis_adds() {
    let mut answers = [0; 3];
    for case in cases(include_str!("vectors/incrbyfloat.txt")) {
        let (a, b) = (bytes(case[0]), bytes(case[1]));
        assert_eq!(sum(&a, &b), case[2], "{} + {}", a.escape_ascii(), b.escape_ascii());
        assert_eq!(sum(&b, &a), case[2], "{} + {}", b.escape_ascii(), a.escape_ascii());
        answers[match case[2] {
            "refused" => 0,
            "infinite" => 1,
            _ => 2,
        }] += 1;
    }
    assert!(answers[0] > 50 && answers[1] > 5 && answers[2] > 300, "{answers:?}");
}

#[test]
fn an_integer_is_what_its_text_is() {
    for value in [0, 1, -1, i64::MAX, i64::MIN, 1 << 62, -12345] {
        assert_eq!(Some(LongDouble::from(value)), LongDouble::parse(value.to_string().as_bytes()));
        assert_eq!(text(LongDouble::from(value)), value.to_string());
    }
}

#[test]
fn the_largest_and_the_least_numbers() {
    let largest = LongDouble::parse(b"0x0.ffffffffffffffffp16384").unwrap();
    assert_eq!(text(largest).len(), 4933);
    assert!(
        text(largest)
            .starts_with("11897314953572317650212638530309702051690633222946242004403237338917370055")
    );
    assert_eq!(LongDouble::parse(text(largest).as_bytes()), Some(largest));
    // Half of the last place more is a tie that would round up, out of the format.
    assert_eq!(LongDouble::parse(b"0x0.ffffffffffffffff8p16384"), None);
    assert_eq!(LongDouble::parse(b"0x0.ffffffffffffffff7fffffffp16384"), Some(largest));
    assert_eq!(largest.checked_add(LongDouble::parse(b"0x1p16319").unwrap()), None);
    assert_eq!(largest.checked_add(LongDouble::parse(b"0x0.ffffp16319").unwrap()), Some(largest));

    let least = LongDouble::parse(b"0x1p-16445").unwrap();
    assert_eq!(LongDouble::parse(b"3.6e-4951"), Some(least));
    assert_eq!(LongDouble::parse(b"1.9e-4951"), Some(least));
    assert_eq!(LongDouble::parse(b"1.8e-4951"), None);
    assert_eq!(text(least), "0");
    assert_eq!(read("-1e-30"), Some("0".to_owned()));
    let none = least.checked_add(LongDouble::parse(b"-0x1p-16445").unwrap());
    assert_eq!(none, LongDouble::parse(b"0"));
}

#[test]
fn halves_of_the_last_digit_go_to_the_even_one() {
    // 2^-18 has 18 digits, the last one 5.
    assert_eq!(read("0x1p-18").unwrap(), "0.00000381469726562");
    assert_eq!(read("0x3p-18").unwrap(), "0.00001144409179688");
    assert_eq!(read("0.999999999999999995").unwrap(), "1");
    assert_eq!(read("-9.999999999999999999").unwrap(), "-10");
}

#[test]
fn long_texts_are_read_exactly_up_to_the_limit() {
    let tie = "18446744073709551617"; // 2^64 + 1 lies half way to 2^64 + 2
    assert_eq!(read(tie).unwrap(), "18446744073709551616");
    assert_eq!(read(format!("{tie}.{}1", "0".repeat(5000))).unwrap(), "18446744073709551618");
    assert_eq!(read(format!("0.{}1e3001", "0".repeat(3000))).unwrap(), "1");
    assert_eq!(read("0".repeat(5118) + "7").unwrap(), "7");
    assert_eq!(read("0".repeat(5119) + "7"), None);
    assert_eq!(read("9".repeat(5119)), None);
    assert_eq!(read(format!("{}e-4000", "9".repeat(5000))), read(format!("1{}", "0".repeat(1000))));
}

#[test]
fn infinity_is_read_and_never_added() {
    assert_eq!(read("inf").unwrap(), "inf");
    assert_eq!(read("-Infinity").unwrap(), "-inf");
    assert_eq!(sum(b"inf", b"1"), "infinite");
    assert_eq!(sum(b"inf", b"-inf"), "infinite");
    assert_eq!(read("nan"), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..common::seeded() })]

    /// Sums of integers under 2^62, scaled by a power of two, are exact in this format.
    #[test]
    fn exact_sums_are_exact(a in -(1i64 << 62)..1 << 62, b in -(1i64 << 62)..1 << 62, cut in 0u32..62, scale in -16000i32..16000) {
        let b = b >> cut;
        let scaled = |value: i64| {
            let sign = if value < 0 { "-" } else { "" };
            LongDouble::parse(format!("{sign}0x{:x}p{scale}", value.unsigned_abs()).as_bytes()).unwrap()
        };
        prop_assert_eq!(scaled(a).checked_add(scaled(b)), Some(scaled(a + b)));
    }

    /// The twin adds in 128 bits, where numbers within 60 places of each other lose nothing, and rounds the result by
    /// writing it out in hex for the reader.
    #[test]
    fn any_sum_is_the_exact_one_rounded(a: i64, b: i64, apart in 0u32..60) {
        let exact = (i128::from(a) << apart) + i128::from(b);
        let sign = if exact < 0 { "-" } else { "" };
        let expected = LongDouble::parse(format!("{sign}0x{:x}", exact.unsigned_abs()).as_bytes());
        let minus = if a < 0 { "-" } else { "" };
        let high = LongDouble::parse(format!("{minus}0x{:x}p{apart}", a.unsigned_abs()).as_bytes()).unwrap();
        prop_assert_eq!(high.checked_add(LongDouble::from(b)), expected);
        prop_assert_eq!(LongDouble::from(b).checked_add(high), expected);
    }

    /// Decimals of up to 19 digits take a short way, which zeros behind the point turn into the long one.
    #[test]
    fn the_short_way_and_the_long_way_agree(number: u64, exponent in -27i32..=27) {
        let short = LongDouble::parse(format!("{number}e{exponent}").as_bytes());
        let long = LongDouble::parse(format!("{number}.{}e{exponent}", "0".repeat(30)).as_bytes());
        prop_assert_eq!(short, long);
    }

    /// What is printed in full comes back when it is read.
    #[test]
    fn integers_of_any_size_come_back(mantissa: u64, shift in 0u32..16320) {
        let value = LongDouble::parse(format!("0x{mantissa:x}p{shift}").as_bytes()).unwrap();
        prop_assert_eq!(LongDouble::parse(text(value).as_bytes()), Some(value));
    }

    /// Seventeen digits behind the point, to the nearest: i128 holds them all.
    #[test]
    fn fractions_are_rounded_to_seventeen_digits(mantissa: u64, below in 1u32..64) {
        let value = LongDouble::parse(format!("0x{mantissa:x}p-{below}").as_bytes()).unwrap();
        let fraction = u128::from(mantissa % (1 << below)) * 10u128.pow(17);
        let (floor, rest, half) = (fraction >> below, fraction % (1 << below), 1 << (below - 1));
        let up = rest > half || rest == half && floor % 2 == 1;
        let digits = u128::from(mantissa >> below) * 10u128.pow(17) + floor + u128::from(up);
        let expected = format!("{}.{:017}", digits / 10u128.pow(17), digits % 10u128.pow(17));
        let expected = expected.trim_end_matches('0').trim_end_matches('.');
        prop_assert_eq!(text(value), expected);
    }
}

#[test]
fn hostile_texts_never_panic() {
    let mut rng = Rng(7);
    for round in 0..30_000 {
        let len = rng.below(if round % 1000 == 0 { 6000 } else { 14 });
        let input: Vec<u8> = (0..len).map(|_| b"0123456789.eExXpP+-infaINF \0"[rng.below(28)]).collect();
        if let Some(value) = LongDouble::parse(&input) {
            text(value);
        }
        // Digits with an exponent, so that more of them are numbers.
        let zeros = "0".repeat(rng.below(40));
        let exponent = rng.next() as i16;
        let input = format!("{}.{zeros}{}e{exponent}", rng.next(), rng.next());
        if let Some(value) = LongDouble::parse(input.as_bytes()) {
            value.checked_add(value);
        }
    }
}
