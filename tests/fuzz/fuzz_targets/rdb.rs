//! RDB files: in whatever pieces their bytes come, the same keys are loaded, or the same error is found; and what was
//! loaded can be saved and loaded again. The first byte says how long the pieces are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oxidis::keyspace::Keyspace;
use oxidis::persist::load::{Loading, Progress};
use oxidis::persist::rdb::load::{Duplicates, LoadError, LoadOptions, Loaded, Target};
use oxidis::persist::rdb::payload::dump;
use oxidis::persist::rdb::save::{SaveOptions, Usage, save};
use oxidis::util::log::{Level, set_level};
use std::collections::BTreeMap;
use std::time::Duration;

const NOW_MS: i64 = 1_795_358_200_000;
const DATABASES: usize = 4;
const LONG: Duration = Duration::from_secs(600);

/// Each key's database, expiry and payload.
type Content = BTreeMap<(usize, Vec<u8>), (Option<i64>, Vec<u8>)>;

fn load(data: &[u8], piece: usize, checksum: bool) -> (Keyspace, Result<Loaded, LoadError>) {
    let mut keyspace = Keyspace::with_seeds(DATABASES, [1, 2, 3, 4]);
    let options =
        LoadOptions { checksum, drop_expired: true, now_ms: NOW_MS, duplicates: Duplicates::Refuse };
    let mut loading = Loading::stream(options, Some(data.len() as u64));
    let mut pieces = data.chunks(piece);
    let result = loop {
        let mut target = Target { keyspace: &mut keyspace, on_expired: &mut |_, _| {} };
        match loading.load_slice(&mut target, LONG) {
            Ok(Progress::Done(loaded)) => break Ok(loaded),
            Ok(Progress::More) => {}
            Ok(Progress::NeedBytes) => match pieces.next() {
                Some(piece) => loading.feed(piece),
                None => break Err(loading.cut_off()),
            },
            Err(error) => break Err(error),
        }
    };
    (keyspace, result)
}

fn content(keyspace: &Keyspace) -> Content {
    let mut content = Content::new();
    for db in 0..DATABASES {
        for entry in keyspace.iter(db) {
            let place = (db, entry.key().to_vec());
            assert_eq!(content.insert(place, (entry.expire(), dump(entry.value(), false))), None);
        }
        assert_eq!(keyspace.iter(db).count(), keyspace.len(db));
    }
    content
}

fuzz_target!(init: set_level(Level::Warning), |data: &[u8]| {
    let Some((first, data)) = data.split_first() else { return };
    let (whole, loaded) = load(data, usize::MAX, false);
    let (pieces, also_loaded) = load(data, 1 + usize::from(*first), false);
    assert_eq!(loaded.is_ok(), also_loaded.is_ok());
    if loaded.is_err() {
        return;
    }
    let before = content(&whole);
    assert_eq!(before.len(), content(&pieces).len());
    let mut file = Vec::new();
    let options = SaveOptions {
        version: 12,
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
    save(&whole, &mut file, &options, None).expect("memory takes all bytes");
    let (again, loaded) = load(&file, usize::MAX, true);
    loaded.expect("what is saved can be loaded");
    let after = content(&again);
    assert!(before.keys().eq(after.keys()), "{:?} {:?}", before.keys(), after.keys());
    assert!(before.values().map(|v| v.0).eq(after.values().map(|v| v.0)));
});
