//! What the keyspace promises its callers.

mod twin;

use std::time::Duration;

use super::discard::Cause;
use super::*;
use crate::value::{Collection, Encoding, NewValue, Set, StrRef, ValueRef};

fn keyspace() -> Keyspace {
    let mut ks = Keyspace::with_seeds(4, [1, 2, 3, 4]);
    ks.begin(1_000_000, ExpiryMode::Delete, true);
    ks
}

fn set(ks: &mut Keyspace, key: &str, value: &str) -> bool {
    ks.set(0, key.as_bytes(), NewValue::Encode(value.as_bytes()), ExpireChange::Clear)
}

fn get(ks: &mut Keyspace, key: &str) -> Option<String> {
    ks.read_str(0, key.as_bytes()).expect("a string").map(|v| String::from_utf8(v.to_vec()).expect("text"))
}

fn peek<'a>(ks: &'a Keyspace, key: &[u8]) -> Option<StrRef<'a>> {
    ks.peek(0, key).and_then(ValueRef::as_str)
}

#[test]
fn set_then_get_with_the_encoding_redis_would_choose() {
    let mut ks = keyspace();
    assert!(!set(&mut ks, "k", "v"));
    assert!(set(&mut ks, "k", "42"));
    assert_eq!(peek(&ks, b"k"), Some(StrRef::Int(42)));
    assert_eq!(ks.append(0, b"k", b"x"), 3);
    assert_eq!(get(&mut ks, "k").as_deref(), Some("42x"));
    assert_eq!(ks.entry_info(0, b"k").expect("there").encoding, Encoding::Raw);
    assert_eq!(ks.string_mut(0, b"k", 5), b"42x\0\0");
    assert_eq!(ks.string_mut(0, b"new", 2), b"\0\0");
    assert_eq!(get(&mut ks, "nope"), None);
    assert_eq!((ks.stats.hits, ks.stats.misses), (1, 1));
    assert_eq!(ks.len(0), 2);
}

#[test]
fn a_primary_deletes_expired_keys_on_access_and_reports_them() {
    let mut ks = keyspace();
    for key in ["a", "b", "c"] {
        set(&mut ks, key, "v");
        assert!(ks.set_expire(0, key.as_bytes(), 1_000_100));
    }
    assert_eq!((ks.expires_len(0), ks.avg_ttl_ms(0, ks.now_ms())), (3, 100));
    ks.begin(1_000_100, ExpiryMode::Delete, true);
    assert!(ks.exists(0, b"a"), "a key lives through the millisecond of its expiry time");
    ks.begin(1_000_101, ExpiryMode::Delete, true);
    assert!(!ks.exists(0, b"a"));
    assert!(!ks.delete(0, b"b"));
    assert!(!set(&mut ks, "c", "again"));
    let reported: Vec<_> = ks.effects.expired.iter().map(|(db, key)| (*db, &key[..])).collect();
    assert_eq!(reported, [(0, &b"a"[..]), (0, b"b"), (0, b"c")]);
    assert_eq!((ks.len(0), ks.expires_len(0), ks.stats.expired_keys), (1, 0, 3));
}

#[test]
fn a_replica_hides_expired_keys_and_obeys_its_primary() {
    let mut ks = keyspace();
    ks.set(0, b"k", NewValue::Encode(b"v"), ExpireChange::At(5));
    ks.begin(10, ExpiryMode::Hide, true);
    assert_eq!(get(&mut ks, "k"), None);
    assert_eq!((ks.len(0), ks.effects.expired.len()), (1, 0));
    ks.begin(10, ExpiryMode::Ignore, true);
    assert_eq!(get(&mut ks, "k").as_deref(), Some("v"));
    assert!(ks.delete(0, b"k"));
    assert_eq!(ks.expires_len(0), 0);
}

#[test]
fn active_expiry_deletes_exactly_the_due_keys_in_slices() {
    let mut ks = keyspace();
    for i in 0..1000 {
        let key = format!("k{i}");
        ks.set(i % 4, key.as_bytes(), NewValue::Int(1), ExpireChange::At(i as i64));
    }
    let slice = ks.expire_due(500, Duration::ZERO, |_, _| {});
    assert_eq!((slice.deleted, slice.more), (0, true));
    let mut told = 0;
    let done = ks.expire_due(500, Duration::from_secs(60), |_, _| told += 1);
    assert_eq!((done.deleted, done.more, told), (500, false, 500));
    assert_eq!((0..4).map(|db| ks.len(db)).sum::<usize>(), 500);
    assert_eq!(ks.stats.expired_keys, 500);
}

#[test]
fn expiry_times_are_kept_cleared_and_carried_along() {
    let mut ks = keyspace();
    let at = ExpireChange::At(2_000_000);
    ks.set(0, b"k", NewValue::Int(1), at);
    ks.set(0, b"k", NewValue::Int(2), ExpireChange::Keep);
    assert!(ks.replace_value(0, b"k", NewValue::Plain(b"3")));
    assert_eq!(ks.get_expire(0, b"k"), Some(2_000_000));
    assert!(ks.copy(0, b"k", 1, b"copy") && ks.rename(0, b"k", b"l") && ks.move_key(0, b"l", 2));
    assert_eq!((ks.get_expire(1, b"copy"), ks.get_expire(2, b"l")), (Some(2_000_000), Some(2_000_000)));
    assert_eq!((ks.expires_len(0), ks.expires_len(1), ks.expires_len(2)), (0, 1, 1));
    assert!(ks.persist(1, b"copy") && !ks.persist(1, b"copy"));
    ks.swap(0, 2);
    assert_eq!(peek(&ks, b"l"), Some(StrRef::Bytes(b"3")));
    ks.set(0, b"l", NewValue::Int(2), ExpireChange::Clear);
    assert_eq!(ks.expires_len(0), 0);
    assert_eq!(ks.flush_all().len(), 2);
    assert!(ks.is_empty(0) && ks.is_empty(1));
}

#[test]
fn a_scan_step_deletes_the_expired_keys_it_meets() {
    let mut ks = keyspace();
    for i in 0..100 {
        let expire = if i % 2 == 0 { ExpireChange::At(1) } else { ExpireChange::Clear };
        ks.set(0, format!("k{i}").as_bytes(), NewValue::Int(i), expire);
    }
    let (mut cursor, mut seen) = (0, 0);
    loop {
        cursor = ks.scan(0, cursor, 10, |_, _| seen += 1);
        if cursor == 0 {
            break;
        }
    }
    assert_eq!((seen, ks.len(0), ks.effects.expired.len()), (50, 50, 50));
}

#[test]
fn a_key_drawn_at_random_has_not_expired() {
    let mut ks = keyspace();
    assert_eq!(ks.random_key(0), None);
    set(&mut ks, "alive", "1");
    for i in 0..50 {
        ks.set(0, format!("k{i}").as_bytes(), NewValue::Int(i), ExpireChange::At(1));
    }
    assert_eq!(ks.random_key(0).as_deref(), Some(&b"alive"[..]));
}

#[test]
fn a_keyspace_filled_on_the_side_takes_the_place_of_the_old_data() {
    let mut ks = keyspace();
    set(&mut ks, "old", "1");
    let mut side = Keyspace::with_seeds(4, [9, 9, 9, 9]);
    side.presize(0, 10, 0);
    assert!(side.insert_loaded(0, b"new", NewValue::Int(2), None, Access::Idle(60), true));
    assert!(!side.insert_loaded(0, b"new", NewValue::Int(3), None, Access::Fresh, false));
    ks.swap_data(&mut side);
    assert_eq!((peek(&ks, b"new"), peek(&ks, b"old")), (Some(StrRef::Int(2)), None));
    assert_eq!(peek(&side, b"old"), Some(StrRef::Int(1)));
}

#[test]
fn accesses_mark_a_key_as_used_unless_told_not_to() {
    let mut ks = keyspace();
    set(&mut ks, "k", "v");
    ks.begin(1_060_000, ExpiryMode::Delete, false);
    ks.touch(0, b"k");
    assert_eq!(ks.idle_ms(0, b"k"), Some(60_000));
    ks.begin(1_060_000, ExpiryMode::Delete, true);
    ks.exists(0, b"k");
    assert_eq!(ks.idle_ms(0, b"k"), Some(60_000));
    ks.touch(0, b"k");
    assert_eq!(ks.idle_ms(0, b"k"), Some(0));
    ks.set_idle(0, b"k", 7);
    assert_eq!(ks.idle_ms(0, b"k"), Some(7_000));
}

#[test]
fn a_huge_value_is_kept_for_the_lazyfree_thread_whether_deleted_or_replaced() {
    let mut ks = keyspace();
    let huge = vec![b'x'; 9 << 20];
    for (key, expire) in [(b"deleted", ExpireChange::Clear), (b"replace", ExpireChange::At(2_000_000))] {
        ks.set(0, key, NewValue::Encode(&huge), expire);
    }
    ks.set(0, b"small", NewValue::Encode(b"v"), ExpireChange::Clear);
    assert!(ks.delete(0, b"small") && ks.delete(0, b"deleted"));
    assert_eq!(ks.discarded.len(), 1);
    assert!(ks.set(0, b"replace", NewValue::Encode(b"v"), ExpireChange::Keep));
    assert_eq!(ks.discarded.len(), 2);
    assert_eq!((ks.get_expire(0, b"replace"), ks.expires_len(0), ks.len(0)), (Some(2_000_000), 1, 1));
    assert_eq!(get(&mut ks, "replace").as_deref(), Some("v"));
}

/// A set large enough to be felt.
fn big_set() -> Set {
    let mut set = Set::new();
    for n in 0..20_000 {
        set.add(format!("member {n}").as_bytes(), &Default::default());
    }
    set
}

#[test]
fn many_members_are_kept_for_the_lazyfree_thread_however_they_go() {
    type Way = fn(&mut Keyspace);
    let ways: [Way; 9] = [
        |ks| assert!(ks.delete(0, b"big")),
        |ks| assert!(ks.delete_as(0, b"big", Cause::Unlinked)),
        |ks| _ = ks.set(0, b"big", NewValue::Encode(b"v"), ExpireChange::Clear),
        |ks| assert!(ks.store(0, b"big", Set::new())),
        |ks| {
            let mut one = Set::new();
            one.add(b"one", &Default::default());
            assert!(ks.store(0, b"big", one));
        },
        |ks| {
            set(ks, "other", "v");
            assert!(ks.rename(0, b"other", b"big"));
        },
        |ks| {
            set(ks, "other", "v");
            assert!(ks.copy(0, b"other", 0, b"big"));
        },
        |ks| {
            ks.clear::<Set>(0, b"big");
            assert!(ks.delete_if_empty::<Set>(0, b"big"));
        },
        |ks| {
            assert!(ks.set_expire(0, b"big", 1_000_001));
            ks.begin(1_000_003, ExpiryMode::Delete, true);
            assert!(!ks.exists(0, b"big"));
        },
    ];
    for (n, way) in ways.iter().enumerate() {
        let mut ks = keyspace();
        ks.begin(1_000_000, ExpiryMode::Delete, true);
        assert!(!ks.store(0, b"big", big_set()));
        way(&mut ks);
        assert!(ks.peek_as::<Set>(0, b"big").is_none_or(|set| set.len() < 2), "way {n}");
        assert_eq!(ks.discarded.len(), 1, "way {n}");
        assert_eq!(ks.discarded[0].value().free_effort(), 20_000, "way {n}");
    }
}

#[test]
fn a_flush_takes_long_if_its_keys_and_their_members_are_many() {
    let mut ks = keyspace();
    set(&mut ks, "small", "v");
    assert!(!ks.flush_all().takes_long());
    assert!(!ks.store(1, b"big", big_set()));
    assert!(!ks.flush(0).takes_long() && ks.flush(1).takes_long());
    (0..20_000).for_each(|n| _ = set(&mut ks, &n.to_string(), "v"));
    assert!(ks.flush_all().takes_long());
}
