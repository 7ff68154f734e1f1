//! What may be done with bytes that claim to be a listpack, for the tests and the fuzz target.

use c_compat::listpack::{Entry, Listpack, validate, validate_shallow};

/// Uses all that reads, and edits here and there: nothing may panic or reach outside.
pub fn exercise(bytes: &[u8], seed: u64) -> bool {
    let expected = naive_validate(bytes);
    assert_eq!(validate(bytes).is_ok(), expected.is_some());
    assert!(expected.is_none() || validate_shallow(bytes).is_ok());
    let Ok(mut pack) = Listpack::from_bytes(bytes) else { return false };
    let values = texts(&pack);
    assert_eq!(Some(values.len()), expected);
    assert_reads_as(&pack, &values);
    for value in &values {
        assert!(pack.find(value, 0).is_some());
    }
    if let Some(pos) = pack.seek((seed % values.len().max(1) as u64) as i64) {
        pack.replace(pos, &b"other".to_vec());
        pack.insert_after(pos, 100_000);
        pack.delete(pos);
        pack.recount();
        assert!(validate(pack.as_bytes()).is_ok());
    }
    true
}

/// What [`validate`] must say, by the description: that walking by the sizes meets the end byte after as many entries as
/// the header says, and that writing what was read, in the forms it has, gives the same bytes.
pub fn naive_validate(bytes: &[u8]) -> Option<usize> {
    let total = u32::from_le_bytes(bytes.get(..4)?.try_into().unwrap()) as usize;
    let count = u16::from_le_bytes(bytes.get(4..6)?.try_into().unwrap());
    let (mut rest, mut entries) = (&bytes[6..], 0);
    while *rest.first()? != 0xff {
        let size = match rest[0] {
            0..0x80 => 1,
            first @ 0x80..0xc0 => 1 + usize::from(first & 63),
            0xc0..0xe0 => 2,
            first @ 0xe0..0xf0 => 2 + (usize::from(first & 15) << 8) + usize::from(*rest.get(1)?),
            0xf0 => 5 + u32::from_le_bytes(rest.get(1..5)?.try_into().unwrap()) as usize,
            0xf1 => 3,
            0xf2 => 4,
            0xf3 => 5,
            0xf4 => 9,
            _ => return None,
        };
        let mut backlen: Vec<u8> = (0..5).map(|i| (size >> (7 * i)) as u8 & 127 | 128).rev().collect();
        let len = [128, 16383, 2_097_151, 268_435_455].iter().filter(|&&limit| size >= limit).count() + 1;
        backlen.drain(..5 - len);
        backlen[0] &= 127;
        if rest.get(size..size + len)? != backlen {
            return None;
        }
        rest = &rest[size + len..];
        entries += 1;
    }
    (rest.len() == 1 && total == bytes.len() && (count == 65535 || usize::from(count) == entries))
        .then_some(entries)
}

pub fn assert_reads_as(pack: &Listpack, values: &[Vec<u8>]) {
    assert_eq!(pack.len(), values.len());
    assert_eq!(pack.is_empty(), values.is_empty());
    assert_eq!(texts(pack), values);
    let mut back: Vec<_> = pack.iter().rev().map(Entry::to_vec).collect();
    back.reverse();
    assert_eq!(back, values);
    let len = values.len() as i64;
    for index in -len - 2..len + 2 {
        let expected = if index < 0 { index + len } else { index };
        let expected = usize::try_from(expected).ok().and_then(|index| values.get(index));
        assert_eq!(pack.get(index).map(Entry::to_vec).as_ref(), expected);
    }
    let mut walked = Vec::new();
    let mut pos = pack.first();
    while let Some(here) = pos {
        let (entry, next) = pack.entry_and_next(here);
        assert_eq!(next, pack.next(here));
        assert_eq!(next.map_or(pack.last(), |next| pack.prev(next)), Some(here));
        assert_eq!(pack.iter_from(here).next(), Some(entry));
        walked.push(entry.to_vec());
        pos = next;
    }
    assert_eq!(walked, values);
}

pub fn texts(pack: &Listpack) -> Vec<Vec<u8>> {
    pack.iter().map(Entry::to_vec).collect()
}
