//! Edits of a listpack, beside a vector of its values.
#![no_main]

use c_compat::listpack::{Entry, Listpack, validate};
use libfuzzer_sys::fuzz_target;

/// Values are integers, short strings of digits and others, and such as need the longer heads.
fn value(kind: u8, size: u8) -> Vec<u8> {
    match kind % 4 {
        0 => (i64::from(size) << (kind >> 2)).to_string().into_bytes(),
        1 => vec![b'0' + kind % 10; usize::from(size % 24)],
        2 => vec![kind; usize::from(size)],
        _ => vec![kind; usize::from(size) * 70],
    }
}

fuzz_target!(|data: &[u8]| {
    let (mut pack, mut twin) = (Listpack::new(), Vec::new());
    for &[edit, kind, size, at] in data.as_chunks::<4>().0 {
        let new = value(kind, size);
        let index = usize::from(at) % twin.len().max(1);
        match (edit % 8, pack.seek(index as i64)) {
            (0, _) => {
                pack.push_back(&new);
                twin.push(new);
            }
            (1, _) => {
                pack.push_front(&new);
                twin.insert(0, new);
            }
            (2, Some(pos)) => {
                pack.insert_after(pos, &new);
                twin.insert(index + 1, new);
            }
            (3, Some(pos)) => {
                pack.replace(pos, &new);
                twin[index] = new;
            }
            (4, Some(_)) => {
                let num = usize::from(size % 4);
                pack.delete_range(index as i64, num);
                twin.drain(index..(index + num).min(twin.len()));
            }
            (5, Some(_)) => {
                let positions: Vec<_> =
                    (0..twin.len()).filter(|i| i % 3 == 0).filter_map(|i| pack.seek(i as i64)).collect();
                pack.delete_several(&positions);
                let mut i = 0;
                twin.retain(|_| {
                    i += 1;
                    (i - 1) % 3 != 0
                });
            }
            (6, _) => {
                let mut rest = pack.split_off(index);
                let mut tail = twin.split_off(index.min(twin.len()));
                rest.merge(pack);
                tail.append(&mut twin);
                (pack, twin) = (rest, tail);
            }
            _ => assert_eq!(pack.find(&new, 0).is_some(), twin.contains(&new)),
        }
    }
    assert_eq!(validate(pack.as_bytes()), Ok(()));
    assert!(pack.iter().map(Entry::to_vec).eq(twin));
});
