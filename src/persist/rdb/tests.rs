//! Files that a real redis-server 7.0.15 saved (`tests/data/rdb`) are loaded, saved again and broken in every way.

use super::check::check;
use super::load::{Duplicates, Fed, LoadError, LoadOptions, Loader, Reason, Target, Wants};
use super::save::{ReplPosition, SaveOptions, Usage, save};
use super::{VERSION, VERSION_MAX};
use crate::keyspace::freq::FreqPolicy;
use crate::keyspace::{Access, Keyspace};
use crate::util::rng::Rng;
use crate::value::{Encoding, NewValue};
use c_compat::crc64::crc64;
use c_compat::rdb::{opcode, write_string};
use std::io::{self, Write};

const STRINGS: &[u8] = include_bytes!("../../../tests/data/rdb/strings.rdb");
const IDLE: &[u8] = include_bytes!("../../../tests/data/rdb/idle.rdb");
const FREQ: &[u8] = include_bytes!("../../../tests/data/rdb/freq.rdb");
const PLAIN: &[u8] = include_bytes!("../../../tests/data/rdb/plain.rdb");
const LIST: &[u8] = include_bytes!("../../../tests/data/rdb/list.rdb");
const FUNCTION: &[u8] = include_bytes!("../../../tests/data/rdb/function.rdb");

/// When the recorded keys were alive: 2026.
const NOW_MS: i64 = 1_795_358_200_000;
const IN_2100_MS: i64 = 4_102_444_800_000;

const OPTIONS: LoadOptions =
    LoadOptions { checksum: true, drop_expired: true, now_ms: NOW_MS, duplicates: Duplicates::Refuse };

fn save_options() -> SaveOptions<'static> {
    SaveOptions {
        version: VERSION,
        server_version: "7.0.15",
        now_ms: 1_795_358_176_000,
        used_memory: 986_856,
        repl: None,
        aof_base: false,
        compression: true,
        checksum: true,
        usage: Usage::None,
        key_save_delay: 0,
        data: true,
    }
}

fn new_keyspace() -> Keyspace {
    Keyspace::with_seeds(16, [1, 2, 3, 4])
}

fn load_with(bytes: &[u8], options: LoadOptions, keyspace: &mut Keyspace) -> Result<Loader, LoadError> {
    let mut loader = Loader::new(options, Some(bytes.len() as u64));
    let mut target = Target { keyspace, on_expired: &mut |_, _| {} };
    match loader.feed(bytes, &mut target, None)?.wants {
        Wants::Nothing => Ok(loader),
        Wants::Bytes(_) => Err(loader.truncated()),
        Wants::Turn => unreachable!("no deadline was set"),
    }
}

fn load(bytes: &[u8]) -> Result<Keyspace, LoadError> {
    let mut keyspace = new_keyspace();
    load_with(bytes, OPTIONS, &mut keyspace).map(|_| keyspace)
}

type Dumped = Vec<(usize, Vec<u8>, Vec<u8>, Option<i64>)>;

/// All keys with their values and expiry times, in an order of their own.
fn dump(keyspace: &Keyspace) -> Dumped {
    let mut all = Vec::new();
    for db in 0..keyspace.db_count() {
        for entry in keyspace.iter(db) {
            let value = entry.value().as_str().expect("a string").to_vec();
            all.push((db, entry.key().to_vec(), value, entry.expire()));
        }
    }
    all.sort();
    all
}

fn saved(keyspace: &Keyspace, options: &SaveOptions<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = save(keyspace, &mut bytes, options, None).expect("memory takes all");
    assert_eq!(written, bytes.len() as u64);
    bytes
}

fn value_of(keyspace: &Keyspace, db: usize, key: &[u8]) -> Option<(Vec<u8>, Encoding)> {
    let entry = keyspace.iter(db).find(|entry| entry.key() == key)?;
    Some((entry.value().as_str().expect("a string").to_vec(), entry.encoding()))
}

#[test]
fn a_file_of_redis_loads_with_its_values_and_encodings() {
    let keyspace = load(STRINGS).expect("a good file");
    assert_eq!((keyspace.len(0), keyspace.len(3), keyspace.len(15)), (19, 2, 1));
    assert_eq!((keyspace.expires_len(0), keyspace.expires_len(3)), (1, 1));
    let is = |key: &str, value: &[u8], encoding: Encoding| {
        assert_eq!(value_of(&keyspace, 0, key.as_bytes()), Some((value.to_vec(), encoding)), "{key}");
    };
    is("int8", b"-128", Encoding::Int);
    is("int8b", b"127", Encoding::Int);
    is("int16", b"-129", Encoding::Int);
    is("int16b", b"32767", Encoding::Int);
    is("int32", b"32768", Encoding::Int);
    is("int32b", b"-2147483648", Encoding::Int);
    is("int64", b"2147483648", Encoding::Int);
    is("int64max", b"9223372036854775807", Encoding::Int);
    is("notint", b"007", Encoding::Embstr);
    is("empty", b"", Encoding::Embstr);
    is("embstr", "xxxxxxxxxxhellohellohellohellohellohello".as_bytes(), Encoding::Embstr);
    is("compressible", &[b'a'; 300], Encoding::Raw);
    is("12345", b"integer key", Encoding::Embstr);
    is(&"k".repeat(40), b"a compressible key", Encoding::Embstr);
    is("utf8 ключ", "значение".as_bytes(), Encoding::Embstr);
    let all_bytes: Vec<u8> = (0..=255).collect();
    is("binary", &all_bytes.repeat(70), Encoding::Raw);
    is("len63", &all_bytes[..63], Encoding::Raw);
    is("len64", &all_bytes[..64], Encoding::Raw);
    let volatile = keyspace.iter(3).find(|entry| entry.key() == b"in db 3 volatile").expect("loaded");
    assert_eq!(volatile.expire(), Some(IN_2100_MS));
}

/// The records of a file as a sorted list, so that files can be compared whose tables have another order.
fn records(bytes: &[u8]) -> Vec<Vec<u8>> {
    use c_compat::rdb::{Window, opcode};
    let mut window = Window::new(bytes);
    window.take(9).expect("a header");
    let mut all = Vec::new();
    let mut record = Vec::new();
    let mut db = 0;
    loop {
        let before = window.pos();
        let opcode = window.u8().expect("an opcode");
        let mut complete = false;
        let skip_string = |window: &mut Window<'_>| window.string().map(|_| ()).expect("a string");
        let skip_len = |window: &mut Window<'_>| window.len().map(|_| ()).expect("a length");
        match opcode {
            opcode::EOF => {
                all.sort();
                return all;
            }
            opcode::SELECTDB => db = window.len().expect("a number"),
            opcode::RESIZEDB => (0..2).for_each(|_| skip_len(&mut window)),
            opcode::EXPIRETIME_MS => window.take(8).map(|_| ()).expect("a time"),
            opcode::FREQ => window.take(1).map(|_| ()).expect("a counter"),
            opcode::IDLE => skip_len(&mut window),
            opcode::AUX => (0..2).for_each(|_| skip_string(&mut window)),
            opcode::TYPE_STRING => {
                (0..2).for_each(|_| skip_string(&mut window));
                complete = true;
            }
            other => panic!("opcode {other} in a file of strings"),
        }
        record.extend_from_slice(&bytes[before..window.pos()]);
        if complete || matches!(opcode, opcode::AUX | opcode::RESIZEDB | opcode::SELECTDB) {
            record.push(db as u8);
            all.push(std::mem::take(&mut record));
        }
    }
}

#[test]
fn a_loaded_file_is_saved_as_redis_saved_it() {
    let ours = saved(&load(STRINGS).expect("a good file"), &save_options());
    assert_eq!(records(&ours), records(STRINGS));
    assert_eq!(ours.len(), STRINGS.len());
    assert_eq!(dump(&load(&ours).expect("our own file")), dump(&load(STRINGS).expect("a good file")));
}

#[test]
fn a_file_without_compression_and_checksum_is_equal_to_the_byte() {
    let keyspace = load(PLAIN).expect("a good file");
    assert_eq!(&PLAIN[PLAIN.len() - 8..], &[0; 8]);
    let options = SaveOptions {
        now_ms: 1_795_358_479_000,
        used_memory: 964_008,
        compression: false,
        checksum: false,
        ..save_options()
    };
    assert_eq!(saved(&keyspace, &options), PLAIN);
}

#[test]
fn idle_times_are_kept_under_lru_and_counters_under_lfu() {
    let mut keyspace = new_keyspace();
    load_with(IDLE, OPTIONS, &mut keyspace).expect("a good file");
    keyspace.begin(NOW_MS, keyspace.mode(), false);
    let later = NOW_MS + 5000;
    let entry = keyspace.iter(15).next().expect("one key");
    assert_eq!(entry.idle_ms(later), 5000, "saved within a second of the write");
    let options = SaveOptions { usage: Usage::Idle, now_ms: later, ..save_options() };
    let mut again = new_keyspace();
    load_with(&saved(&keyspace, &options), LoadOptions { now_ms: later, ..OPTIONS }, &mut again)
        .expect("our own file");
    assert_eq!(again.iter(15).next().expect("one key").idle_ms(later + 1000), 6000);

    let lfu = FreqPolicy { lfu: true, ..FreqPolicy::default() };
    let mut keyspace = new_keyspace();
    keyspace.freq = lfu;
    load_with(FREQ, OPTIONS, &mut keyspace).expect("a good file");
    assert_eq!(keyspace.iter(0).next().expect("one key").lfu_counter(lfu, NOW_MS), 77);
    let options =
        SaveOptions { usage: Usage::Freq, now_ms: NOW_MS, used_memory: 1_047_360, ..save_options() };
    assert_eq!(records(&saved(&keyspace, &options))[..2], records(FREQ)[..2]);
}

#[test]
fn replication_fields_come_back() {
    let position =
        ReplPosition { stream_db: 3, id: *b"0123456789abcdef0123456789abcdef01234567", offset: 1 << 40 };
    let bytes = saved(&new_keyspace(), &SaveOptions { repl: Some(position), ..save_options() });
    let mut keyspace = new_keyspace();
    let loader = load_with(&bytes, OPTIONS, &mut keyspace).expect("our own file");
    let repl = loader.loaded().repl;
    assert_eq!(repl.complete(), Some((3, position.id, 1 << 40)));
    let without = saved(&new_keyspace(), &save_options());
    assert_eq!(
        load_with(&without, OPTIONS, &mut keyspace).expect("our own file").loaded().repl.complete(),
        None
    );
}

#[test]
fn a_file_for_another_version_says_so() {
    for version in 9..=VERSION_MAX {
        let bytes = saved(&load(STRINGS).expect("a good file"), &SaveOptions { version, ..save_options() });
        assert!(bytes.starts_with(format!("REDIS{version:04}").as_bytes()));
        assert_eq!(load(&bytes).expect("a good file").len(0), 19);
    }
}

#[test]
fn a_replica_that_wants_no_data_gets_none() {
    let bytes = saved(&load(STRINGS).expect("a good file"), &SaveOptions { data: false, ..save_options() });
    assert!(dump(&load(&bytes).expect("a good file")).is_empty());
}

#[test]
fn an_expired_key_is_dropped_by_a_primary_and_kept_by_a_replica() {
    let mut keyspace = new_keyspace();
    keyspace.insert_loaded(2, b"old", NewValue::Int(1), Some(1000), Access::Fresh, true);
    keyspace.insert_loaded(2, b"new", NewValue::Int(1), Some(IN_2100_MS), Access::Fresh, true);
    let bytes = saved(&keyspace, &save_options());

    let mut loaded = new_keyspace();
    let mut expired = Vec::new();
    let mut loader = Loader::new(OPTIONS, None);
    let mut target =
        Target { keyspace: &mut loaded, on_expired: &mut |db, key| expired.push((db, key.to_vec())) };
    loader.feed(&bytes, &mut target, None).expect("a good file");
    assert_eq!(expired, [(2, b"old".to_vec())]);
    assert_eq!((loader.loaded().keys_loaded, loader.loaded().keys_expired), (1, 1));
    assert_eq!(loaded.len(2), 1);

    let mut loaded = new_keyspace();
    load_with(&bytes, LoadOptions { drop_expired: false, ..OPTIONS }, &mut loaded).expect("a good file");
    assert_eq!((loaded.len(2), loaded.expires_len(2)), (2, 2));
}

#[test]
fn bytes_may_come_one_at_a_time() {
    let mut keyspace = new_keyspace();
    let mut loader = Loader::new(OPTIONS, None);
    let mut buffer = Vec::new();
    let mut stream = STRINGS.iter().chain(b"what follows");
    let rest = loop {
        let mut target = Target { keyspace: &mut keyspace, on_expired: &mut |_, _| {} };
        let Fed { used, wants } = loader.feed(&buffer, &mut target, None).expect("a good file");
        buffer.drain(..used);
        match wants {
            Wants::Nothing => break buffer,
            Wants::Bytes(len) => assert!(len > buffer.len(), "more is wanted than there is"),
            Wants::Turn => unreachable!("no deadline was set"),
        }
        buffer.push(*stream.next().expect("the loader ends with its data"));
    };
    assert!(rest.is_empty(), "nothing was asked for beyond the checksum");
    assert_eq!(loader.offset(), STRINGS.len() as u64);
    assert_eq!(dump(&keyspace), dump(&load(STRINGS).expect("a good file")));
}

#[test]
fn a_slice_of_time_ends_and_the_next_goes_on() {
    let mut many = new_keyspace();
    for n in 0..10_000 {
        many.insert_loaded(0, format!("key {n}").as_bytes(), NewValue::Int(n), None, Access::Fresh, true);
    }
    let bytes = saved(&many, &save_options());
    let mut keyspace = new_keyspace();
    let mut loader = Loader::new(OPTIONS, Some(bytes.len() as u64));
    let (mut pos, mut turns) = (0, 0);
    loop {
        let mut target = Target { keyspace: &mut keyspace, on_expired: &mut |_, _| {} };
        let deadline = Some(std::time::Instant::now());
        let fed = loader.feed(&bytes[pos..], &mut target, deadline).expect("a good file");
        pos += fed.used;
        if fed.wants == Wants::Nothing {
            break;
        }
        assert_eq!(fed.wants, Wants::Turn);
        turns += 1;
    }
    assert!(turns > 100, "{turns}");
    assert_eq!(dump(&keyspace), dump(&many));
}

#[test]
fn a_cut_is_found_wherever_it_is() {
    for len in 0..STRINGS.len() {
        let mut keyspace = new_keyspace();
        let error = load_with(&STRINGS[..len], OPTIONS, &mut keyspace).expect_err("a cut file");
        assert_eq!(error, LoadError { offset: len as u64, reason: Reason::Truncated });
        let mut out = Vec::new();
        assert!(!check(&STRINGS[..len], NOW_MS, &mut out).expect("memory takes all"), "cut at {len}");
    }
}

#[test]
fn a_flipped_bit_is_found_or_harmless_but_never_a_panic() {
    for (name, file) in [("strings", STRINGS), ("idle", IDLE), ("freq", FREQ), ("list", LIST)] {
        for bit in 0..file.len() * 8 {
            let mut bad = file.to_vec();
            bad[bit / 8] ^= 1 << (bit % 8);
            let error = load(&bad).map(drop).expect_err("the checksum at least is wrong");
            assert!(error.offset <= bad.len() as u64, "{name} bit {bit}: {error}");
            let mut out = Vec::new();
            assert!(!check(&bad, NOW_MS, &mut out).expect("memory takes all"), "{name} bit {bit}");
        }
    }
}

#[test]
fn random_damage_under_a_right_checksum_never_panics() {
    for seed in 0..20_000 {
        let mut rng = Rng::seeded(seed);
        let files = [STRINGS, IDLE, FREQ, LIST, FUNCTION];
        let mut bad = files[rng.below(files.len() as u64) as usize].to_vec();
        for _ in 0..=rng.below(4) {
            let at = 9 + rng.below(bad.len() as u64 - 17) as usize;
            match rng.below(4) {
                0 => bad[at] = rng.next_u64() as u8,
                1 => bad[at] = [0x80, 0x81, 0xc3, 0xff, 0xfe, 0xfb][rng.below(6) as usize],
                2 => drop(bad.drain(at..(at + rng.below(5) as usize).min(bad.len() - 8))),
                _ => {
                    drop(bad.splice(at..at, std::iter::repeat_n(rng.next_u64() as u8, rng.below(9) as usize)))
                }
            }
        }
        let end = bad.len() - 8;
        let crc = crc64(0, &bad[..end]);
        bad[end..].copy_from_slice(&crc.to_le_bytes());
        // Either answer may be right; the loader and the checker must only come to one, without growing out of bounds.
        let _ = load(&bad);
        let _ = check(&bad, NOW_MS, &mut io::sink());
    }
}

fn file_of(body: &[u8]) -> Vec<u8> {
    let mut bytes = b"REDIS0010".to_vec();
    bytes.extend_from_slice(body);
    bytes.push(255);
    let crc = crc64(0, &bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

fn reason_of(bytes: &[u8]) -> (u64, String) {
    let error = load(bytes).map(|_| ()).expect_err("not loadable");
    (error.offset, error.reason.to_string())
}

#[test]
fn an_error_says_where_and_why() {
    assert_eq!(reason_of(b"GARBAGE AND MORE"), (0, "Wrong signature trying to load DB from file".to_owned()));
    assert_eq!(reason_of(b"REDIS0000"), (0, "Can't handle RDB format version 0".to_owned()));
    assert_eq!(reason_of(b"REDIS0080"), (0, "Can't handle RDB format version 80".to_owned()));
    assert_eq!(reason_of(b"REDISxxxx"), (0, "Can't handle RDB format version xxxx".to_owned()));
    let stream = file_of(&[250, 1, b'a', 1, b'b', 7, 1, b's', 0]);
    let (offset, reason) = reason_of(&stream);
    assert_eq!(reason, "key 's' in db 0: type 7 (module) is not supported yet");
    assert_eq!(stream[offset as usize], 7, "the offset is that of the record");
    let (offset, reason) = reason_of(FUNCTION);
    assert!(reason.contains("function libraries"), "{reason}");
    assert_eq!(FUNCTION[offset as usize], 245);
    assert_eq!(reason_of(&file_of(&[200])), (9, "Invalid object type: 200".to_owned()));
    assert_eq!(reason_of(&file_of(&[0, 1, b'k', 0xc9])).1, "Unknown RDB string encoding type 9");
    assert!(reason_of(&file_of(&[254, 16])).1.contains("more than 16 databases"));
    assert_eq!(
        reason_of(&file_of(&[0, 1, b'k', 1, b'a', 0, 1, b'k', 1, b'b'])),
        (14, "RDB has duplicated key 'k' in DB 0".to_owned())
    );
    let mut bad_crc = PLAIN[..PLAIN.len() - 8].to_vec();
    bad_crc.extend_from_slice(b"foobar00");
    assert!(reason_of(&bad_crc).1.contains("CRC error"));
}

#[test]
fn what_comes_before_an_error_is_loaded() {
    let loaded_from = |body: &[u8]| {
        let mut keyspace = new_keyspace();
        let error = load_with(&file_of(body), OPTIONS, &mut keyspace).map(|_| ()).expect_err("an error");
        (error.offset, error.reason.to_string(), keyspace.len(0))
    };
    let mut body = Vec::new();
    for good in 0..50u8 {
        let bad_at = 9 + body.len() as u64;
        let unknown = [&body[..], &[200]].concat();
        assert_eq!(loaded_from(&unknown), (bad_at, "Invalid object type: 200".to_owned(), good.into()));
        if good > 0 {
            // A key that comes again, and another error right behind it.
            let twice = [&body[..], &[opcode::TYPE_STRING, 2, b'k', good - 1, 1, b'v', 200]].concat();
            let (offset, reason, loaded) = loaded_from(&twice);
            assert_eq!((offset, loaded), (bad_at, good.into()));
            assert!(reason.starts_with("RDB has duplicated key"), "{reason}");
        }
        body.push(opcode::TYPE_STRING);
        write_string(&mut body, &[b'k', good], None);
        // Some records are too long for others to wait with them.
        write_string(&mut body, &vec![b'v'; if good % 7 == 3 { 3000 } else { 3 }], None);
    }
}

#[test]
fn what_other_servers_add_is_stepped_over() {
    let mut body = vec![250];
    write_string(&mut body, b"unknown-field", None);
    write_string(&mut body, b"whatever", None);
    body.extend_from_slice(&[254, 1]); // a database
    body.extend_from_slice(&[244, 5, 6, 7]); // SLOT_INFO
    body.extend_from_slice(&[253, 0xff, 0xff, 0xff, 0x7f]); // EXPIRETIME in seconds
    body.extend_from_slice(&[0, 1, b'k', 1, b'v']);
    let keyspace = load(&file_of(&body)).expect("a good file");
    assert_eq!(dump(&keyspace), [(1, b"k".to_vec(), b"v".to_vec(), Some(i64::from(i32::MAX) * 1000))]);
}

#[test]
fn a_file_older_than_checksums_ends_with_its_eof() {
    let mut bytes = b"REDIS0004".to_vec();
    bytes.extend_from_slice(&[254, 0, 0, 1, b'k', 1, b'v', 255]);
    assert_eq!(load(&bytes).expect("a good file").len(0), 1);
}

#[test]
fn a_size_hint_without_bytes_behind_it_reserves_nothing() {
    let mut body = vec![254, 0, 251, 0x81];
    body.extend_from_slice(&u64::MAX.to_be_bytes());
    body.push(0x81);
    body.extend_from_slice(&u64::MAX.to_be_bytes());
    assert!(load(&file_of(&body)).is_ok());
}

#[test]
fn keys_that_are_there_can_be_replaced() {
    let mut keyspace = load(STRINGS).expect("a good file");
    let replace = LoadOptions { duplicates: Duplicates::Replace, ..OPTIONS };
    keyspace.insert_loaded(0, b"only here", NewValue::Int(1), None, Access::Fresh, true);
    load_with(STRINGS, replace, &mut keyspace).expect("a good file");
    assert_eq!((keyspace.len(0), keyspace.expires_len(0)), (20, 1));
}

/// Takes so many bytes, then fails.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        let n = bytes.len().min(self.0);
        self.0 -= n;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_sink_fails_the_save_wherever_it_fills_up() {
    let mut keyspace = new_keyspace();
    for n in 0..2000u32 {
        let value = vec![n as u8; (n * 37 % 5000) as usize];
        let key = n.to_be_bytes();
        keyspace.insert_loaded(0, &key, NewValue::Encode(&value), None, Access::Fresh, true);
    }
    keyspace.insert_loaded(0, b"big", NewValue::Raw(&vec![7; 300_000]), None, Access::Fresh, true);
    let options = SaveOptions { compression: false, ..save_options() };
    let whole = saved(&keyspace, &options);
    assert_eq!(dump(&load(&whole).expect("our own file")), dump(&keyspace));
    for room in (0..whole.len()).step_by(whole.len() / 50) {
        let error = save(&keyspace, Full(room), &options, None).expect_err("the sink is full");
        assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
    }
    assert!(save(&keyspace, Full(whole.len()), &options, None).is_ok());
}

fn checked(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    let _ = check(bytes, NOW_MS, &mut out).expect("memory takes all");
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn the_checker_prints_what_redis_check_rdb_prints() {
    let expected = "\
[offset 27] AUX FIELD redis-ver = '7.0.15'
[offset 41] AUX FIELD redis-bits = '64'
[offset 53] AUX FIELD ctime = '1795358176'
[offset 68] AUX FIELD used-mem = '1072144'
[offset 80] AUX FIELD aof-base = '0'
[offset 82] Selecting DB ID 0
[offset 128] Checksum OK
[offset 128] \\o/ RDB looks OK! \\o/
[info] 2 keys read
[info] 0 expires
[info] 0 already expired
";
    assert_eq!(checked(LIST), expected);
    assert!(checked(FUNCTION).contains("RDB looks OK"));
    let cut = checked(&LIST[..100]);
    let error = "\
--- RDB ERROR DETECTED ---
[offset 96] Unexpected EOF reading RDB file
[additional info] While doing: read-object-value
[additional info] Reading key 'a list'
[additional info] Reading type 18 (quicklist-v2)
[info] 1 keys read
";
    assert!(cut.contains(error), "{cut}");
}
