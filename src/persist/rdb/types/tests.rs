//! Collections in every form that there is: as real servers saved them (`tests/data/rdb/collections-*.rdb`: redis-server
//! 7.0.15 and 8.0.6, valkey-server 9.1.2, the same data in each), and as servers before 7.0 did, written here byte by byte.

use crate::keyspace::{ExpiryMode, Keyspace};
use crate::persist::rdb::header::Family;
use crate::persist::rdb::load::{Duplicates, Fed, LoadOptions, Loader, Target, Wants};
use crate::persist::rdb::load_value::{LoadedValue, Support, load_value, support};
use crate::persist::rdb::save::{SaveOptions, Usage, save};
use crate::persist::rdb::save_value::{save_value, type_id};
use crate::persist::rdb::writer::Writer;
use crate::persist::rdb::{VERSION, VERSION_FIELD_TIMES, check::check};
use crate::value::stream::StreamId;
use crate::value::{Encoding, Limits, Object, ValueRef, hash, list, set, sorted_set};
use c_compat::listpack::Listpack;
use c_compat::number::double;
use c_compat::rdb::{Corrupt, Fault, Stop, Window, opcode, write_len, write_string};

const REDIS_7_0: &[u8] = include_bytes!("../../../../tests/data/rdb/collections-redis-7.0.rdb");
const REDIS_8_0: &[u8] = include_bytes!("../../../../tests/data/rdb/collections-redis-8.0.rdb");
const VALKEY_9_1: &[u8] = include_bytes!("../../../../tests/data/rdb/collections-valkey-9.1.rdb");

const NOW_MS: i64 = 1_795_358_200_000;

/// Limits that the recorded values lie on both sides of.
fn limits() -> Limits {
    Limits {
        list: list::Limits { max_listpack_size: 3, ..list::Limits::default() },
        set: set::Limits { max_intset_entries: 4, max_listpack_entries: 4, max_listpack_value: 64 },
        sorted_set: sorted_set::Limits { max_listpack_entries: 4, max_listpack_value: 64 },
        hash: hash::Limits { max_listpack_entries: 4, max_listpack_value: 64 },
        ..Limits::default()
    }
}

/// What a value holds: a list's elements as they stand, the others in an order of their own.
fn contents(value: ValueRef<'_>) -> Vec<String> {
    let show = |bytes: &[u8]| bytes.escape_ascii().to_string();
    let mut all = Vec::new();
    match value {
        ValueRef::Str(bytes) => return vec![show(&bytes.to_vec())],
        ValueRef::List(list) => {
            list.each(|element| all.push(show(&element.to_vec())));
            return all;
        }
        ValueRef::Set(set) => all.extend(set.iter().map(|member| show(&member.to_vec()))),
        ValueRef::SortedSet(set) => {
            for item in set.iter() {
                let mut text = show(&item.member.to_vec()).into_bytes();
                text.push(b' ');
                double::append(&mut text, item.score());
                all.push(String::from_utf8(text).expect("it was escaped"));
            }
            return all;
        }
        ValueRef::Stream(stream) => {
            return stream.range(StreamId::MIN, StreamId::MAX).map(|entry| format!("{entry:?}")).collect();
        }
        ValueRef::Hash(hash) => all.extend(hash.iter().map(|f| {
            let expires = f.expires.map_or(String::new(), |ms| format!(" {ms}"));
            format!("{}={}{expires}", show(&f.field.to_vec()), show(&f.value.to_vec()))
        })),
    }
    all.sort();
    all
}

type Described = Vec<(String, Encoding, Vec<String>)>;

fn describe(keyspace: &Keyspace) -> Described {
    let mut all: Described = keyspace
        .iter(0)
        .map(|entry| {
            (String::from_utf8_lossy(entry.key()).into_owned(), entry.encoding(), contents(entry.value()))
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn new_keyspace() -> Keyspace {
    let mut keyspace = Keyspace::with_seeds(16, [1, 2, 3, 4]);
    keyspace.limits = limits();
    keyspace
}

/// Loads a file of which at most `step` bytes more come each time.
fn load_in_steps(bytes: &[u8], step: usize) -> Keyspace {
    let options =
        LoadOptions { checksum: true, drop_expired: true, now_ms: NOW_MS, duplicates: Duplicates::Refuse };
    let mut keyspace = new_keyspace();
    let mut loader = Loader::new(options, None);
    let (mut done, mut at_hand) = (0, 0);
    loop {
        let mut target = Target { keyspace: &mut keyspace, on_expired: &mut |_, _| {} };
        let Fed { used, wants } = loader.feed(&bytes[done..at_hand], &mut target, None).expect("a good file");
        done += used;
        match wants {
            Wants::Nothing => return keyspace,
            Wants::Bytes(_) => at_hand = bytes.len().min(at_hand + step),
            Wants::Turn => unreachable!("no deadline was set"),
        }
    }
}

fn load(bytes: &[u8]) -> Keyspace {
    load_in_steps(bytes, bytes.len())
}

fn saved(keyspace: &Keyspace, version: u16) -> Vec<u8> {
    let options = SaveOptions {
        version,
        server_version: "7.0.15",
        now_ms: NOW_MS,
        used_memory: 0,
        repl: None,
        aof_base: false,
        compression: true,
        checksum: true,
        usage: Usage::None,
        key_save_delay: 0,
        data: true,
    };
    let mut bytes = Vec::new();
    save(keyspace, &mut bytes, &options, None).expect("memory takes all");
    bytes
}

fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

/// What the recorded files hold, in the encodings that they are loaded in.
fn expected() -> Described {
    use Encoding::*;
    let long = "long ".repeat(20);
    let numbered = |count: usize, text: &dyn Fn(usize) -> String| (0..count).map(text).collect::<Vec<_>>();
    let all_bytes: Vec<u8> = (0..=255).collect();
    let mut large_set = numbered(6, &|i| format!("member {i}"));
    large_set.insert(0, "5".to_owned());
    let mut many = numbered(10, &|i| (i * 7000).to_string());
    many.sort();
    let list_large = (0..8).flat_map(|i| [format!("element {i}"), (i * i * 1000).to_string()]).collect();
    [
        ("hash large", Hashtable, numbered(6, &|i| format!("field {i}={i}"))),
        ("hash long", Hashtable, vec![format!("f={long}")]),
        ("hash small", Listpack, words("3=c,a=1,b=-70000")),
        ("list large", Quicklist, list_large),
        ("list long", Listpack, vec!["a".to_owned(), long.clone(), "b".to_owned()]),
        // One of its nodes is an element that stands alone, so it is no listpack.
        ("list plain", Quicklist, vec!["a".to_owned(), all_bytes.escape_ascii().to_string(), "b".to_owned()]),
        ("list small", Listpack, words("one,2,-3000")),
        ("set ints many", Hashtable, many),
        ("set ints16", Intset, words("-2,1,300")),
        ("set ints64", Intset, words("-9223372036854775808,1,1099511627776")),
        ("set large", Hashtable, large_set),
        ("set long", Hashtable, vec![long.clone()]),
        ("set small", Listpack, words("1,a,b")),
        (
            "zset large",
            Skiplist,
            words("low -inf,f 0.10000000000000001,55 5,g 1.152921504606847e+18,e 1.0000000000000001e+300,high inf"),
        ),
        ("zset long", Skiplist, vec![format!("{long} 1")]),
        ("zset small", Listpack, words("b -2.5,a 1,7 3,c inf")),
    ]
    .map(|(key, encoding, contents)| (key.to_owned(), encoding, contents))
    .to_vec()
}

fn expected_expiring() -> Described {
    [
        ("hash expiring", Encoding::ListpackEx, words("a=1,b=2 4102444800000,c=3 4102444700000")),
        (
            "hash expiring large",
            Encoding::Hashtable,
            words(
                "field 0=0,field 1=1 4102444800000,field 2=2 4102444700123,field 3=3,field 4=4,\
                 field 5=5 4102444700123",
            ),
        ),
    ]
    .map(|(key, encoding, contents)| (key.to_owned(), encoding, contents))
    .to_vec()
}

#[test]
fn the_files_of_all_servers_hold_the_same() {
    assert_eq!(describe(&load(REDIS_7_0)), expected());
    let with_expiring = [expected_expiring(), expected()].concat();
    for (name, file) in [("redis 8.0", REDIS_8_0), ("valkey 9.1", VALKEY_9_1)] {
        let mut found = describe(&load(file));
        // Where elements are no longer than 8 KB, these do not keep one in a node for itself.
        found
            .iter_mut()
            .filter(|(key, ..)| key == "list plain")
            .for_each(|found| found.1 = Encoding::Quicklist);
        assert_eq!(found, with_expiring, "{name}");
    }
}

#[test]
fn a_file_may_come_a_byte_at_a_time() {
    for file in [REDIS_7_0, REDIS_8_0, VALKEY_9_1] {
        assert_eq!(describe(&load_in_steps(file, 1)), describe(&load(file)));
    }
}

#[test]
fn what_is_saved_is_loaded_again() {
    for file in [REDIS_7_0, REDIS_8_0, VALKEY_9_1] {
        let keyspace = load(file);
        let again = load(&saved(&keyspace, VERSION_FIELD_TIMES));
        assert_eq!(describe(&again), describe(&keyspace));
        assert!(again.has_expiring_fields() == (file != REDIS_7_0), "the index knows of the fields' times");
    }
}

#[test]
fn a_reader_that_knows_no_times_of_fields_gets_the_rest() {
    let keyspace = load(REDIS_8_0);
    let plain = saved(&keyspace, VERSION);
    let mut out = Vec::new();
    assert!(check(&plain, NOW_MS, &mut out).expect("memory takes all"));
    assert!(plain.starts_with(b"REDIS0010"));
    let again = load(&plain);
    assert!(!again.has_expiring_fields());
    let (found, had) = (describe(&again), describe(&keyspace));
    let without_times = |fields: &[String]| -> Vec<String> {
        fields.iter().map(|f| f.split(" 41").next().expect("a field").to_owned()).collect()
    };
    assert_eq!(found[0].2, without_times(&had[0].2));
    assert_eq!(found[1].2, without_times(&had[1].2));
    assert_eq!(found[2..], had[2..]);
}

#[test]
fn the_checker_looks_into_all_of_them() {
    for (file, keys) in [(REDIS_7_0, 16), (REDIS_8_0, 18), (VALKEY_9_1, 18)] {
        let mut out = Vec::new();
        let sane = check(file, NOW_MS, &mut out).expect("memory takes all");
        let out = String::from_utf8_lossy(&out);
        assert!(sane && out.contains(&format!("[info] {keys} keys read")), "{out}");
    }
}

/// A string as it is written.
fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_string(&mut out, bytes, None);
    out
}

/// A count and strings.
fn strings(count: u64, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    write_len(&mut out, count);
    parts.iter().for_each(|part| out.extend(string(part)));
    out
}

fn loaded(type_id: u8, body: &[u8]) -> Result<(Encoding, Vec<String>), Stop> {
    let family = if type_id == opcode::TYPE_HASH_2 { Family::Valkey } else { Family::Redis };
    assert_eq!(support(type_id, family), Support::Yes);
    let value = load_value(&mut Window::new(body), type_id, &limits())?;
    Ok(match &value {
        LoadedValue::Object(object) => (encoding(object), contents(object.as_ref())),
        LoadedValue::Empty => (Encoding::Raw, vec!["(empty)".to_owned()]),
        LoadedValue::Int(_) | LoadedValue::Str(_) => unreachable!("it is no string"),
    })
}

fn encoding(object: &Object) -> Encoding {
    use crate::value::Collection;
    match object {
        Object::List(v) => v.encoding(),
        Object::Set(v) => v.encoding(),
        Object::SortedSet(v) => v.encoding(),
        Object::Hash(v) => v.encoding(),
        Object::Stream(v) => v.encoding(),
    }
}

#[track_caller]
fn is(type_id: u8, body: &[u8], encoding: Encoding, contents: &str) {
    assert_eq!(loaded(type_id, body), Ok((encoding, words(contents))), "type {type_id}");
    for cut in 0..body.len() {
        let found = loaded(type_id, &body[..cut]);
        assert!(matches!(found, Err(Stop::NeedMore(_))), "type {type_id} cut at {cut}: {found:?}");
    }
}

#[track_caller]
fn is_empty(type_id: u8, body: &[u8]) {
    assert_eq!(loaded(type_id, body), Ok((Encoding::Raw, words("(empty)"))), "type {type_id}");
}

#[track_caller]
fn is_refused(type_id: u8, body: &[u8], why: &str) {
    match loaded(type_id, body) {
        Err(Stop::Corrupt(Corrupt { fault: Fault::Value(what), .. })) => assert_eq!(what, why),
        other => panic!("type {type_id}: {other:?}"),
    }
}

// Ziplists of `two 4 -200` and of `a 1 b 2`, `a 1 a 2`, `a 1 b`, nothing.
const ZIPLIST: &[u8] = b"\x16\0\0\0\x11\0\0\0\x03\0\x00\x03two\x05\xf5\x02\xc0\x38\xff\xff";
const ZIPLIST_PAIRS: &[u8] = b"\x15\0\0\0\x12\0\0\0\x04\0\x00\x01a\x03\xf2\x02\x01b\x03\xf3\xff";
const ZIPLIST_TWICE: &[u8] = b"\x15\0\0\0\x12\0\0\0\x04\0\x00\x01a\x03\xf2\x02\x01a\x03\xf3\xff";
const ZIPLIST_ODD: &[u8] = b"\x13\0\0\0\x0f\0\0\0\x03\0\x00\x01a\x03\xf2\x02\x01b\xff";
const ZIPLIST_EMPTY: &[u8] = b"\x0b\0\0\0\x0a\0\0\0\0\0\xff";

// A zipmap of `a=1 bc=value`, with two bytes that mean nothing behind the first value.
const ZIPMAP: &[u8] = b"\x02\x01a\x01\x021xx\x02bc\x05\0value\xff";

/// A listpack of these, the integers among them as such.
fn pack(entries: &[&str]) -> Vec<u8> {
    string(entries.iter().map(|entry| entry.as_bytes()).collect::<Listpack>().as_bytes())
}

#[test]
fn lists_of_all_ages_are_loaded() {
    use Encoding::{Listpack, Quicklist};
    is(opcode::TYPE_LIST, &strings(3, &[b"a", b"1", b"b"]), Listpack, "a,1,b");
    is(opcode::TYPE_LIST, &strings(4, &[b"a", b"1", b"b", b"c"]), Quicklist, "a,1,b,c");
    is(opcode::TYPE_LIST_ZIPLIST, &string(ZIPLIST), Listpack, "two,4,-200");
    is(
        opcode::TYPE_LIST_QUICKLIST,
        &strings(3, &[ZIPLIST, ZIPLIST_EMPTY, ZIPLIST_PAIRS]),
        Quicklist,
        "two,4,-200,a,1,b,2",
    );
    let mut nodes = vec![3, 2];
    nodes.extend(pack(&["a", "-7"]));
    nodes.extend([1, 3, b'b', b'i', b'g', 2]);
    nodes.extend(pack(&[]));
    is(opcode::TYPE_LIST_QUICKLIST_2, &nodes, Quicklist, "a,-7,big");
    is_empty(opcode::TYPE_LIST, &[0]);
    is_empty(opcode::TYPE_LIST_ZIPLIST, &string(ZIPLIST_EMPTY));
    is_empty(opcode::TYPE_LIST_QUICKLIST, &strings(2, &[ZIPLIST_EMPTY, ZIPLIST_EMPTY]));
    is_empty(opcode::TYPE_LIST_QUICKLIST_2, &[&[1, 2][..], &pack(&[])].concat());
}

#[test]
fn sets_of_all_ages_are_loaded() {
    use Encoding::{Hashtable, Intset, Listpack};
    is(opcode::TYPE_SET, &strings(2, &[b"1", b"-20"]), Intset, "-20,1");
    is(opcode::TYPE_SET, &strings(3, &[b"1", b"b", b"a"]), Listpack, "1,a,b");
    is(opcode::TYPE_SET, &strings(5, &[b"1", b"2", b"3", b"4", b"5"]), Hashtable, "1,2,3,4,5");
    is(opcode::TYPE_SET_INTSET, &string(b"\x02\0\0\0\x02\0\0\0\xfe\xff\x05\0"), Intset, "-2,5");
    is(opcode::TYPE_SET_LISTPACK, &pack(&["x", "5", "y"]), Listpack, "5,x,y");
    is(opcode::TYPE_SET_LISTPACK, &pack(&["x", "5", "y", "z", "w"]), Hashtable, "5,w,x,y,z");
    is_empty(opcode::TYPE_SET, &[0]);
    is_empty(opcode::TYPE_SET_LISTPACK, &pack(&[]));
}

#[test]
fn hashes_of_all_ages_are_loaded() {
    use Encoding::{Hashtable, Listpack, ListpackEx};
    is(opcode::TYPE_HASH, &strings(2, &[b"a", b"1", b"b", b""]), Listpack, "a=1,b=");
    is(opcode::TYPE_HASH, &strings(1, &[b"a", &[b'x'; 65]]), Hashtable, &format!("a={}", "x".repeat(65)));
    is(opcode::TYPE_HASH_ZIPMAP, &string(ZIPMAP), Listpack, "a=1,bc=value");
    is(opcode::TYPE_HASH_ZIPLIST, &string(ZIPLIST_PAIRS), Listpack, "a=1,b=2");
    is(opcode::TYPE_HASH_LISTPACK, &pack(&["f", "1", "g", "x"]), Listpack, "f=1,g=x");
    let five = ["1", "a", "2", "b", "3", "c", "4", "d", "5", "e"];
    is(opcode::TYPE_HASH_LISTPACK, &pack(&five), Hashtable, "1=a,2=b,3=c,4=d,5=e");
    let first = 4_102_444_800_000i64.to_le_bytes();
    let triples = pack(&["g", "x", "4102444800000", "h", "y", "4102444800001", "f", "1", "0"]);
    let expiring = "f=1,g=x 4102444800000,h=y 4102444800001";
    is(opcode::TYPE_HASH_LISTPACK_EX, &[&first[..], &triples].concat(), ListpackEx, expiring);
    let fields = b"\x03\x00\x01f\x011\x01\x01g\x01x\x02\x01h\x01y";
    is(opcode::TYPE_HASH_METADATA, &[&first[..], fields].concat(), ListpackEx, expiring);
    let mut valkey = strings(1, &[b"f", b"1"]);
    valkey[0] = 2;
    valkey.extend((-1i64).to_le_bytes());
    valkey.extend([string(b"g"), string(b"x")].concat());
    valkey.extend(first);
    is(opcode::TYPE_HASH_2, &valkey, ListpackEx, "f=1,g=x 4102444800000");
    is_empty(opcode::TYPE_HASH, &[0]);
    is_empty(opcode::TYPE_HASH_2, &[0]);
    is_empty(opcode::TYPE_HASH_METADATA, &[0; 9]);
    is_empty(opcode::TYPE_HASH_ZIPLIST, &string(ZIPLIST_EMPTY));
    is_empty(opcode::TYPE_HASH_LISTPACK, &pack(&[]));
    is_empty(opcode::TYPE_HASH_LISTPACK_EX, &[&[0; 8][..], &pack(&[])].concat());
}

#[test]
fn sorted_sets_of_all_ages_are_loaded() {
    use Encoding::{Listpack, Skiplist};
    is(
        opcode::TYPE_ZSET,
        b"\x04\x01b\x032.5\x01a\x02-1\x01c\xfe\x01d\xff",
        Listpack,
        "d -inf,a -1,b 2.5,c inf",
    );
    let mut body = vec![2, 1, b'b'];
    body.extend(1.5f64.to_le_bytes());
    body.extend([1, b'a']);
    body.extend(1.5f64.to_le_bytes());
    is(opcode::TYPE_ZSET_2, &body, Listpack, "a 1.5,b 1.5");
    is(opcode::TYPE_ZSET_ZIPLIST, &string(ZIPLIST_PAIRS), Listpack, "a 1,b 2");
    is(opcode::TYPE_ZSET_LISTPACK, &pack(&["a", "-0.5", "b", "7"]), Listpack, "a -0.5,b 7");
    let five = ["a", "1", "b", "2", "c", "3", "d", "4", "e", "5"];
    is(opcode::TYPE_ZSET_LISTPACK, &pack(&five), Skiplist, "a 1,b 2,c 3,d 4,e 5");
    // Out of order, as no server writes them.
    is(opcode::TYPE_ZSET_LISTPACK, &pack(&["b", "7", "a", "7", "c", "-1"]), Listpack, "c -1,a 7,b 7");
    is_empty(opcode::TYPE_ZSET, &[0]);
    is_empty(opcode::TYPE_ZSET_2, &[0]);
    is_empty(opcode::TYPE_ZSET_ZIPLIST, &string(ZIPLIST_EMPTY));
    is_empty(opcode::TYPE_ZSET_LISTPACK, &pack(&[]));
}

#[test]
fn what_no_server_writes_is_refused_with_the_reason() {
    let (long, first) = (&[b'x'; 65][..], &[0; 8][..]);
    let zip = |type_id, why| {
        for bad in [&ZIPLIST_PAIRS[..20], &ZIPLIST_PAIRS[1..], b""] {
            is_refused(type_id, &string(bad), why);
        }
    };
    zip(opcode::TYPE_LIST_ZIPLIST, "List ziplist integrity check failed.");
    zip(opcode::TYPE_HASH_ZIPLIST, "Hash ziplist integrity check failed.");
    zip(opcode::TYPE_ZSET_ZIPLIST, "Zset ziplist integrity check failed.");
    for bad in [ZIPLIST_TWICE, ZIPLIST_ODD] {
        is_refused(opcode::TYPE_HASH_ZIPLIST, &string(bad), "Hash ziplist integrity check failed.");
        is_refused(opcode::TYPE_ZSET_ZIPLIST, &string(bad), "Zset ziplist integrity check failed.");
    }
    is_refused(opcode::TYPE_LIST_QUICKLIST, &strings(1, &[&ZIPLIST[1..]]), "Ziplist integrity check failed.");
    is_refused(opcode::TYPE_LIST_QUICKLIST_2, &[1, 2, 1, b'x'], "Listpack integrity check failed.");
    is_refused(opcode::TYPE_LIST_QUICKLIST_2, &[1, 3, 1, b'x'], "Quicklist integrity check failed.");
    is_refused(opcode::TYPE_LIST_QUICKLIST_2, &[1, 1, 0], "Quicklist integrity check failed.");
    for members in [&[&b"a"[..], b"a"][..], &[b"1", b"1"], &[b"1", b"a", b"1"], &[long, long]] {
        let body = strings(members.len() as u64, members);
        is_refused(opcode::TYPE_SET, &body, "Duplicate set members detected");
    }
    is_refused(
        opcode::TYPE_SET_INTSET,
        &string(b"\x02\0\0\0\x01\0\0\0\xfe"),
        "Intset integrity check failed.",
    );
    let hash_twice = strings(2, &[b"f", b"1", b"f", b"2"]);
    is_refused(opcode::TYPE_HASH, &hash_twice, "Duplicate hash fields detected");
    is_refused(opcode::TYPE_HASH_ZIPMAP, &string(&ZIPMAP[1..]), "Zipmap integrity check failed.");
    is_refused(opcode::TYPE_HASH_ZIPMAP, &string(b"\0\xff"), "Zipmap integrity check failed.");
    let twice = string(b"\x02\x01a\x01\x001\x01a\x01\x002\xff");
    is_refused(opcode::TYPE_HASH_ZIPMAP, &twice, "Hash zipmap with dup elements");
    is_refused(opcode::TYPE_ZSET, b"\x01\x01a\xfd", "Zset with NAN score detected");
    is_refused(opcode::TYPE_ZSET, b"\x01\x01a\x02xx", "Zset with a score that is no number");
    is_refused(opcode::TYPE_ZSET, b"\x02\x01a\x011\x01a\x012", "Duplicate zset fields detected");
    let nan = [&[1, 1, b'a'][..], &f64::NAN.to_le_bytes()].concat();
    is_refused(opcode::TYPE_ZSET_2, &nan, "Zset with NAN score detected");
    is_refused(opcode::TYPE_ZSET_LISTPACK, &pack(&["a", "x"]), "Zset listpack integrity check failed.");
    let packed = [
        (opcode::TYPE_SET_LISTPACK, 1, "Set listpack integrity check failed."),
        (opcode::TYPE_HASH_LISTPACK, 2, "Hash listpack integrity check failed."),
        (opcode::TYPE_ZSET_LISTPACK, 2, "Zset listpack integrity check failed."),
    ];
    for (type_id, width, why) in packed {
        for names in [
            &["a", "a"][..],
            &["1", "b", "1"],
            &[
                "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
                "3",
            ],
        ] {
            let entries: Vec<&str> = names
                .iter()
                .flat_map(|name| std::iter::once(*name).chain(std::iter::repeat_n("0", width - 1)))
                .collect();
            is_refused(type_id, &pack(&entries), why);
        }
        is_refused(type_id, &string(b"\x07\0\0\0\0\0"), why);
    }
    is_refused(opcode::TYPE_HASH_LISTPACK, &pack(&["a"]), "Hash listpack integrity check failed.");
    // The integer 5, and 5 as its text.
    let two_forms = string(b"\x0d\0\0\0\x02\0\x05\x01\x815\x02\xff");
    is_refused(opcode::TYPE_SET_LISTPACK, &two_forms, "Set listpack integrity check failed.");
    let ex = "Hash listpackex integrity check failed.";
    for bad in [
        &["a", "1"][..],
        &["a", "1", "x"],
        &["a", "1", "-5"],
        &["a", "1", "0", "b", "2", "7"],
        &["a", "1", "8", "b", "2", "7"],
    ] {
        is_refused(opcode::TYPE_HASH_LISTPACK_EX, &[first, &pack(bad)].concat(), ex);
    }
    // Later than there are times: 2^63 - 1 and more.
    let huge = [&i64::MAX.to_le_bytes()[..], b"\x01\x02\x01f\x01v"].concat();
    is_refused(opcode::TYPE_HASH_METADATA, &huge, "Hash field with an impossible expiry time");
    let past = [&(-5i64).to_le_bytes()[..], b"\x01\x02\x01f\x01v"].concat();
    is_refused(opcode::TYPE_HASH_METADATA, &past, "Hash field with an impossible expiry time");
}

#[test]
fn a_count_that_lies_costs_nothing() {
    for type_id in [
        opcode::TYPE_LIST,
        opcode::TYPE_LIST_QUICKLIST,
        opcode::TYPE_LIST_QUICKLIST_2,
        opcode::TYPE_SET,
        opcode::TYPE_HASH,
        opcode::TYPE_ZSET,
        opcode::TYPE_ZSET_2,
    ] {
        let mut body = vec![0x81];
        body.extend(u64::MAX.to_be_bytes());
        let found = loaded(type_id, &body);
        assert!(matches!(found, Err(Stop::NeedMore(_))), "type {type_id}: {found:?}");
    }
}

#[test]
fn fields_that_expired_long_ago_stay_until_they_are_deleted() {
    let mut keyspace = new_keyspace();
    let mut body = b"REDIS0012\xfe\x00\x18\x01h".to_vec();
    body.extend(1000i64.to_le_bytes());
    body.extend(b"\x02\x01\x01f\x011\x00\x01g\x012\xff");
    let crc = c_compat::crc64::crc64(0, &body);
    body.extend(crc.to_le_bytes());
    keyspace.begin(NOW_MS, ExpiryMode::Delete, false);
    let mut keyspace = load(&body);
    assert!(keyspace.has_due_fields(NOW_MS));
    let mut gone = Vec::new();
    keyspace.expire_due_fields(NOW_MS, std::time::Duration::from_secs(1), |_, _, field| {
        gone.push(field.to_vec())
    });
    assert_eq!(gone, [b"f"]);
    assert_eq!(describe(&keyspace)[0].2, words("g=2"));
}

#[test]
fn a_hash_whose_fields_no_longer_expire_is_saved_in_the_form_of_7_0() {
    let keyspace = load(REDIS_8_0);
    for entry in keyspace.iter(0) {
        let ValueRef::Hash(hash) = entry.value() else { continue };
        let mut hash = hash.clone();
        let fields: Vec<Vec<u8>> = hash.iter().map(|f| f.field.to_vec()).collect();
        fields.iter().for_each(|field| assert!(hash.set_expires(field, None)));
        let value = ValueRef::Hash(&hash);
        let id = type_id(value, VERSION_FIELD_TIMES);
        assert!([opcode::TYPE_HASH, opcode::TYPE_HASH_LISTPACK].contains(&id), "{id}");
        let mut out = Writer::in_memory(true);
        save_value(&mut out, value, id).expect("memory takes all");
        assert_eq!(loaded(id, &out.into_bytes()).expect("it makes sense").1, contents(value));
    }
}
