//! Vectors: what DEBUG DIGEST and DEBUG DIGEST-VALUE <key> answer (vectors/digest.txt).
mod common;

use c_compat::digest::{Digest, EXPIRE_MARK};
use common::{bytes, cases};

/// The number of the type of strings.
const STRING: u32 = 0;

struct Item<'a> {
    db: u32,
    key: &'a str,
    value: &'a str,
    expires: bool,
}

fn item(field: &str) -> Item<'_> {
    let parts: Vec<&str> = field.split(':').collect();
    Item { db: parts[0].parse().unwrap(), key: parts[1], value: parts[2], expires: parts[3] == "1" }
}

fn add_value(digest: &mut Digest, item: &Item) {
    digest.mix_u32(STRING);
    digest.mix(&bytes(item.value));
    if item.expires {
        digest.xor(EXPIRE_MARK);
    }
}

#[test]
fn equals_what_redis_answers_for_keys_and_for_all_data() {
    let mut seen = [0, 0];
    for case in cases(include_str!("vectors/digest.txt")) {
        let mut items: Vec<Item> = case[2..].iter().map(|field| item(field)).collect();
        let mut digest = Digest::default();
        if case[0] == "value" {
            add_value(&mut digest, &items[0]);
        } else {
            items.sort_by_key(|item| item.db);
            for db in items.chunk_by(|a, b| a.db == b.db) {
                digest.mix_u32(db[0].db);
                // Keys come in any order.
                for item in db.iter().rev() {
                    let mut of_key = Digest::default();
                    of_key.mix(&bytes(item.key));
                    add_value(&mut of_key, item);
                    digest.xor_digest(&of_key);
                }
            }
        }
        assert_eq!(digest.to_string(), case[1], "{case:?}");
        seen[usize::from(case[0] == "value")] += 1;
    }
    assert!(seen.iter().all(|&count| count > 10), "{seen:?}");
}

#[test]
fn what_is_xored_has_no_order_and_what_is_mixed_has() {
    let of = |add: fn(&mut Digest, &[u8]), parts: [&[u8]; 2]| {
        let mut digest = Digest::default();
        parts.into_iter().for_each(|part| add(&mut digest, part));
        digest
    };
    assert_eq!(of(Digest::xor, [b"a", b"b"]), of(Digest::xor, [b"b", b"a"]));
    assert_eq!(of(Digest::xor, [b"a", b"a"]), Digest::default());
    assert_ne!(of(Digest::mix, [b"a", b"b"]), of(Digest::mix, [b"b", b"a"]));
    assert_ne!(of(Digest::mix, [b"ab", b"c"]), of(Digest::mix, [b"a", b"bc"]));
}
