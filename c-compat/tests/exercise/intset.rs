//! What may be done with bytes that claim to be an intset, for the tests and the fuzz target.

use c_compat::intset::{Intset, validate, validate_shallow};
use std::collections::BTreeSet;

/// Uses all that reads, and edits a little: nothing may panic or reach outside.
pub fn exercise(bytes: &[u8], number: i64) -> bool {
    let expected = naive_validate(bytes);
    assert_eq!(validate(bytes).is_ok(), expected.is_some());
    assert!(expected.is_none() || validate_shallow(bytes).is_ok());
    let (Ok(mut set), Some(numbers)) = (Intset::from_bytes(bytes), expected) else { return false };
    assert_reads_as(&set, &numbers);
    assert_eq!(set.add(number), !numbers.contains(&number));
    set.remove(*numbers.first().unwrap());
    assert!(set.is_empty() || validate(set.as_bytes()).is_ok());
    true
}

/// Whether these bytes are an intset, by the description; if so its members.
pub fn naive_validate(bytes: &[u8]) -> Option<BTreeSet<i64>> {
    let width = u32::from_le_bytes(bytes.get(..4)?.try_into().unwrap()) as usize;
    let len = u32::from_le_bytes(bytes.get(4..8)?.try_into().unwrap()) as usize;
    if ![2, 4, 8].contains(&width) || len == 0 || bytes.len() != 8 + len * width {
        return None;
    }
    let numbers: Vec<i64> = bytes[8..]
        .chunks(width)
        .map(|number| {
            let mut wide = [if number[width - 1] & 0x80 == 0 { 0 } else { 0xff }; 8];
            wide[..width].copy_from_slice(number);
            i64::from_le_bytes(wide)
        })
        .collect();
    numbers.windows(2).all(|two| two[0] < two[1]).then(|| numbers.into_iter().collect())
}

pub fn assert_reads_as(set: &Intset, numbers: &BTreeSet<i64>) {
    assert_eq!(set.len(), numbers.len());
    assert_eq!(set.is_empty(), numbers.is_empty());
    assert!(set.iter().eq(numbers.iter().copied()));
    assert!(set.iter().rev().eq(numbers.iter().rev().copied()));
    assert_eq!((set.min(), set.max()), (numbers.first().copied(), numbers.last().copied()));
    for (index, number) in numbers.iter().enumerate() {
        assert_eq!(set.get(index), Some(*number));
        assert!(set.contains(*number));
    }
    assert_eq!(set.get(numbers.len()), None);
}
