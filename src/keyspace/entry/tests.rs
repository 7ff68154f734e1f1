//! Entries against a twin that keeps the same things plainly.

use super::*;
use crate::protocol::Reply;
use crate::util::rng::Rng;
use crate::value::{EMBSTR_MAX, NewValue, Set};

#[derive(Debug, Clone, PartialEq)]
enum Twin {
    Int(i64),
    Embstr(Vec<u8>),
    Raw(Vec<u8>),
}

impl Twin {
    fn stored(&self) -> Stored<'_> {
        match self {
            Twin::Int(n) => Stored::Int(*n),
            Twin::Embstr(s) => Stored::Embstr(s),
            Twin::Raw(s) => Stored::Raw(s),
        }
    }

    fn matches(&self, entry: &Entry) -> bool {
        match (self, entry.encoding(), entry.value().as_str()) {
            (Twin::Int(n), Encoding::Int, Some(StrRef::Int(held))) => *n == held,
            (Twin::Embstr(s), Encoding::Embstr, Some(StrRef::Bytes(held))) => s == held,
            (Twin::Raw(s), Encoding::Raw, Some(held)) => held == StrRef::Bytes(s),
            _ => false,
        }
    }

    fn raw_mut(&mut self) -> &mut Vec<u8> {
        match self {
            Twin::Int(n) => *self = Twin::Raw(n.to_string().into_bytes()),
            Twin::Embstr(s) => *self = Twin::Raw(std::mem::take(s)),
            Twin::Raw(_) => {}
        }
        let Twin::Raw(s) = self else { unreachable!("made raw above") };
        s
    }
}

fn bytes(rng: &mut Rng, len: u64) -> Vec<u8> {
    (0..len).map(|_| rng.next_u64() as u8).collect()
}

fn random_len(rng: &mut Rng, cap: u64) -> u64 {
    let magnitude = rng.below(12);
    rng.below(2 << magnitude).min(cap)
}

fn random_value(rng: &mut Rng) -> Twin {
    match rng.below(3) {
        0 => Twin::Int(rng.next_u64() as i64 >> rng.below(64)),
        1 => {
            let len = random_len(rng, EMBSTR_MAX as u64);
            Twin::Embstr(bytes(rng, len))
        }
        _ => {
            let len = random_len(rng, 5000);
            Twin::Raw(bytes(rng, len))
        }
    }
}

fn random_key(rng: &mut Rng) -> Vec<u8> {
    let len = if rng.below(100) == 0 { 65_530 + rng.below(10) } else { random_len(rng, 600) };
    bytes(rng, len)
}

fn random_expire(rng: &mut Rng) -> Option<i64> {
    (rng.below(2) == 0).then(|| rng.next_u64() as i64)
}

#[test]
fn an_entry_keeps_what_it_was_given_through_all_changes() {
    for seed in 0..60 {
        let mut rng = Rng::seeded(seed);
        let mut key = random_key(&mut rng);
        let mut value = random_value(&mut rng);
        let mut expire = random_expire(&mut rng);
        let mut lru = rng.next_u64() as u32 & 0xff_ffff;
        let mut stash = rng.next_u64() as u16;
        let mut entry = Entry::new(&key, value.stored(), expire, lru);
        entry.set_stash(stash);
        for step in 0..500 {
            match rng.below(8) {
                0 | 1 => {
                    value = random_value(&mut rng);
                    if rng.below(2) == 0 {
                        expire = random_expire(&mut rng);
                    }
                    entry.set_value(value.stored(), expire);
                }
                2 => {
                    expire = random_expire(&mut rng);
                    entry.set_expire(expire);
                }
                3 => {
                    key = random_key(&mut rng);
                    entry.set_key(&key);
                }
                4 => {
                    let len = random_len(&mut rng, 3000);
                    let tail = bytes(&mut rng, len);
                    value.raw_mut().extend_from_slice(&tail);
                    assert_eq!(entry.append(&tail), value.raw_mut().len());
                }
                5 => {
                    let min_len = random_len(&mut rng, 3000) as usize;
                    let raw = value.raw_mut();
                    raw.resize(raw.len().max(min_len), 0);
                    let at = rng.below(raw.len() as u64 + 1) as usize;
                    let string = entry.string_mut(min_len);
                    assert_eq!(string, raw, "seed {seed} step {step}");
                    if at < raw.len() {
                        (raw[at], string[at]) = (7, 7);
                    }
                }
                6 => {
                    lru = rng.next_u64() as u32 & 0xff_ffff;
                    entry.set_lru(lru);
                }
                _ => {
                    stash = rng.next_u64() as u16;
                    entry.set_stash(stash);
                }
            }
            assert!(value.matches(&entry), "seed {seed} step {step}");
            let seen = (entry.key(), entry.expire(), entry.lru(), entry.stash());
            assert_eq!(seen, (&key[..], expire, lru, stash), "seed {seed} step {step}");
        }
    }
}

#[test]
fn incrementing_an_integer_leaves_the_entry_where_it_is() {
    let mut entry = Entry::new(b"counter", Stored::Int(20_000), None, 0);
    let address = entry.address();
    for n in 20_001..20_100 {
        entry.set_value(Stored::Int(n), None);
        assert_eq!((entry.value().as_str(), entry.address()), (Some(StrRef::Int(n)), address));
    }
}

#[test]
fn appending_to_a_long_string_moves_it_a_few_times_only() {
    let mut entry = Entry::new(b"log", Stored::Raw(b""), None, 0);
    let mut moves = 0;
    let mut start = std::ptr::null();
    for _ in 0..100_000 {
        entry.append(b"0123456789");
        let now = entry.string_mut(0).as_ptr();
        moves += usize::from(now != start);
        start = now;
    }
    assert_eq!(entry.value().as_str(), Some(StrRef::Bytes(&b"0123456789".repeat(100_000))));
    assert!(moves < 80, "{moves} moves");
}

#[test]
#[cfg(not(system_allocator))]
fn an_entry_is_no_larger_than_its_parts() {
    let size = |key: usize, value: Stored, expire| {
        let entry = Entry::new(&vec![b'k'; key], value, expire, 0);
        // SAFETY: the block is live, and the allocator's own.
        unsafe { crate::sys::alloc::usable_size(entry.address() as *const u8) }
    };
    assert_eq!(size(16, Stored::Int(1000), None), 24);
    assert_eq!(size(16, Stored::Embstr(&[b'v'; 16]), None), 40);
    assert_eq!(size(16, Stored::Embstr(&[b'v'; 16]), Some(1)), 48);
    assert_eq!(size(16, Stored::Embstr(&[b'v'; 32]), None), 56);
    assert_eq!(size(16, Stored::Raw(&[b'v'; 100]), None), 128);
    assert_eq!(size(16, Stored::Raw(&[b'v'; 200]), None), 224);
}

#[test]
fn a_collection_keeps_its_place_while_key_and_expiry_time_change() {
    for key in [&b""[..], b"k", b"a key of some length", &[b'x'; 300]] {
        let set = Stored::Object(Set::new().into());
        let mut entry = Entry::new(key, set, None, 5);
        for expire in [Some(1), None, Some(-1)] {
            entry.set_expire(expire);
            assert_eq!((entry.key(), entry.expire(), entry.lru()), (key, expire, 5));
            assert!(entry.collection_mut::<Set>().is_some_and(|set| set.is_empty()));
        }
        entry.set_key(b"another");
        assert!(entry.collection_mut::<Set>().is_some());
        entry.set_value(Stored::Object(Set::new().into()), None);
        assert_eq!(entry.encoding(), Set::new().encoding());
        entry.set_value(NewValue::Encode(b"text").stored(), Some(9));
        assert_eq!((entry.value().as_str(), entry.expire()), (Some(StrRef::Bytes(b"text")), Some(9)));
    }
}

#[test]
fn a_reply_keeps_the_long_value_that_it_was_given() {
    let old = vec![b'o'; 40_000];
    let expected = [b"$40000\r\n".as_slice(), &old, b"\r\n"].concat();
    let replied = |entry: &Entry, sharing: bool| {
        let mut reply = Reply::new();
        reply.set_sharing(sharing);
        let Some(StrRef::Long(value)) = entry.value().as_str() else { panic!("it is long") };
        reply.bulk_long(value);
        reply.ok();
        reply
    };
    let changes: [fn(&mut Entry); 6] = [
        |entry| entry.set_value(Stored::Raw(&[b'n'; 40_000]), None),
        |entry| entry.set_value(Stored::Raw(&[b'n'; 1_000_000]), Some(5)),
        |entry| entry.set_value(Stored::Int(5), None),
        |entry| entry.string_mut(0).fill(b'n'),
        |entry| assert_eq!(entry.append(b"more"), 40_004),
        |entry| entry.set_key(b"another"),
    ];
    for change in changes {
        for sharing in [true, false] {
            let mut entry = Entry::new(b"key", Stored::Raw(&old), None, 0);
            let mut twin = Entry::new(b"key", Stored::Raw(&old), None, 0);
            let (first, second) = (replied(&entry, sharing), replied(&entry, sharing));
            change(&mut entry);
            change(&mut twin);
            assert_eq!(entry.value().as_str(), twin.value().as_str());
            drop(first);
            drop(entry);
            assert!(second.to_vec() == [&expected, b"+OK\r\n".as_slice()].concat());
        }
    }
}
