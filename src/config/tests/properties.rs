//! Generated values: nothing that is given makes the parser panic, and what it takes survives GET, REWRITE and a start.

use super::{ALL_RIGHTS, Config, load_text};
use crate::config::options::{self, Flags};
use crate::config::rewrite::quote;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Words that options are made of, numbers about their bounds, and any bytes.
fn word() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "yes",
        "no",
        "local",
        "always",
        "save",
        "now",
        "normal",
        "pubsub",
        "replica",
        "one",
        "swapdb",
        "1kb",
        "5%",
        "",
        "-1%",
        "101%",
        "18446744073709551615",
        "9223372036854775808",
        "-9223372036854775809",
        "2147483648",
        "{title}",
        "{port}",
        "KEA",
        "gn",
        "allkeys-lfu",
        "0777",
        "1.5",
        "99.99",
        "/tmp",
        "a\"b'c",
        "0x10",
        "+5",
        " 5",
        "5 ",
    ]);
    prop_oneof![
        known.prop_map(|word| word.as_bytes().to_vec()),
        any::<i64>().prop_map(|number| number.to_string().into_bytes()),
        (-5i32..3000).prop_map(|number| number.to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..12),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(word(), 0..6).prop_map(|words| words.join(&b' '))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn what_set_takes_can_be_read_back(at in 0usize..1000, value in value()) {
        let rows: Vec<_> = options::all()
            // Addresses are written without quotes: one with odd bytes in it can't have been bound.
            .filter(|row| !row.flags.contains(Flags::IMMUTABLE) && row.name != "bind")
            .collect();
        let row = rows[at % rows.len()];
        let mut config = Config::default();
        if config.set(&[(row.name.as_bytes(), &value)], ALL_RIGHTS).is_ok() {
            let shown = row.get(&config);
            let mut again = Config::default();
            let result = again.set(&[(row.name.as_bytes(), &shown)], ALL_RIGHTS);
            prop_assert!(result.is_ok(), "{} does not take its own {:?}", row.name, String::from_utf8_lossy(&shown));
            prop_assert_eq!(row.get(&again), shown);
            let text = config.rewritten(b"", &[], false);
            let mut reread = load_text(&String::from_utf8(text).expect("a rewritten file is ASCII")).expect("good lines");
            reread.dir.clone_from(&config.dir);
            prop_assert_eq!(reread, config);
        }
    }

    #[test]
    fn any_line_is_taken_or_refused(at in 0usize..1000, values in prop::collection::vec(word(), 0..6)) {
        let names: Vec<&str> = options::all()
            .flat_map(|row| row.names())
            // These would touch the disk.
            .filter(|name| !["logfile", "dir"].contains(name))
            .chain(["user", "rename-command", "sentinel", "loadmodule", "nosuch", "a.b", "lua-replicate-commands"])
            .collect();
        let name = names[at % names.len()];
        let words: Vec<Vec<u8>> = values.iter().map(|word| quote(word)).collect();
        let line = format!("{name} {}", String::from_utf8_lossy(&words.join(&b' ')));
        if let Err(error) = load_text(&line) {
            prop_assert!(error.to_string().contains("\n>>> '") || error.to_string().contains("cluster mode"));
        }
    }
}
