//! Amounts of memory as redis.conf has them: `512mb`, `1g`, `100`.
//!
//! `k`, `m` and `g` count by 1000; `kb`, `mb` and `gb` by 1024; `b` or nothing by one. Case does not matter. No sign, no
//! fraction and no space is accepted. As in Redis no digits at all are 0, too large a number of digits' worth is the
//! largest one, and the product is modulo 2^64.

/// More digits than this are refused, whatever they are.
const DIGITS_MAX: usize = 127;

/// The bytes that `text` stands for. A zero byte ends the text.
pub fn parse(text: &[u8]) -> Option<u64> {
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    let (digits, unit) = text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let unit = match unit.to_ascii_lowercase().as_slice() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => 1 << 10,
        b"m" => 1_000_000,
        b"mb" => 1 << 20,
        b"g" => 1_000_000_000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    if digits.len() > DIGITS_MAX {
        return None;
    }
    let number = digits.iter().fold(0u64, |number, byte| {
        number.checked_mul(10).and_then(|n| n.checked_add(u64::from(byte - b'0'))).unwrap_or(u64::MAX)
    });
    Some(number.wrapping_mul(unit))
}
