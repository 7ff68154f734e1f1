//! Names and default values, one by one.

use super::{Config, get, set};
use crate::config::options::{self, Flags};
use crate::config::{SetError, UNHONOURED};
use std::collections::BTreeMap;

/// Name and value of every option that CONFIG GET * shows.
fn recorded() -> BTreeMap<String, String> {
    let lines = include_str!("defaults.txt").lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.map(|line| line.split_once(' ').expect("a name and a value"));
    pairs
        .map(|(name, value)| (name.to_string(), if value == "\"\"" { "" } else { value }.to_string()))
        .collect()
}

/// Options that came after 7.0, with their defaults.
const NEWER: &[(&str, &str)] = &[("set-max-listpack-entries", "128"), ("set-max-listpack-value", "64")];

#[test]
fn config_get_star_shows_the_names_and_defaults_of_redis() {
    let given = ["bind", "port", "dir", "save", "pidfile", "logfile", "daemonize"];
    let shown = Config::default().get(&[b"*"]);
    let shown: BTreeMap<String, String> = shown
        .into_iter()
        .map(|(name, value)| (String::from_utf8_lossy(&name).into(), String::from_utf8_lossy(&value).into()))
        .collect();
    let mut recorded = recorded();
    for (name, value) in NEWER {
        recorded.insert(name.to_string(), value.to_string());
    }
    assert_eq!(shown.keys().collect::<Vec<_>>(), recorded.keys().collect::<Vec<_>>());
    for (name, value) in recorded.iter().filter(|(name, _)| !given.contains(&name.as_str())) {
        assert_eq!(shown[name], *value, "{name}");
    }
    let defaults = Config::default();
    for (name, value) in [
        ("bind", "* -::*"),
        ("port", "6379"),
        ("save", "3600 1 300 100 60 10000"),
        ("pidfile", ""),
        ("logfile", ""),
        ("daemonize", "no"),
    ] {
        assert_eq!(get(&defaults, name), value, "{name}");
    }
}

#[test]
fn every_option_takes_its_own_value() {
    let mut config = Config::default();
    for row in options::all() {
        let value = row.get(&config);
        for name in row.names() {
            let result = config.set(&[(name.as_bytes(), &value)], super::ALL_RIGHTS);
            if row.flags.contains(Flags::IMMUTABLE) {
                assert_eq!(result.unwrap_err(), SetError::failed(name, "can't set immutable config"));
            } else {
                let changes = result.unwrap_or_else(|error| {
                    panic!("{name}: {}", String::from_utf8_lossy(&error.text()));
                });
                assert_eq!(changes.is_empty(), !row.flags.contains(Flags::VOLATILE), "{name}");
            }
        }
    }
    assert_eq!(config, Config::default());
}

#[test]
fn a_row_reads_and_writes_its_own_field() {
    // Another value for each option, from its own kind; every other option must keep its value.
    for row in options::all().filter(|row| !row.flags.contains(Flags::IMMUTABLE) && row.name != "dir") {
        let mut config = Config::default();
        let default = row.get(&config);
        let candidates = [
            "no",
            "yes",
            "7",
            "11",
            "12",
            "2047",
            "2097152",
            "text",
            "debug",
            "3600 7",
            "KEA",
            "1 2 3",
            "normal 1 1 1",
        ];
        let names =
            ["always", "no", "swapdb", "panic", "allchannels", "hostname", "volatile-lru", "now", "local"];
        let taken = candidates.iter().chain(&names).find(|value| {
            config.set(&[(row.name.as_bytes(), value.as_bytes())], super::ALL_RIGHTS).is_ok()
                && row.get(&config) != default
        });
        if row.name == "activedefrag" {
            assert!(taken.is_none(), "refused as on a build without it");
            continue;
        }
        assert!(taken.is_some(), "no other value for {}", row.name);
        let defaults = Config::default();
        for other in options::all().filter(|other| other.name != row.name) {
            assert_eq!(other.get(&config), other.get(&defaults), "{} by {}", other.name, row.name);
        }
    }
}

#[test]
fn unhonoured_names_options_once_and_sorted() {
    assert!(UNHONOURED.is_sorted());
    for name in UNHONOURED {
        assert!(options::all().any(|row| row.name == *name), "{name}");
    }
    let mut config = Config::default();
    assert_eq!(config.unhonoured_in_use().count(), 0);
    let without_effect = "crash-memcheck-enabled";
    set(&mut config, without_effect, "no");
    assert_eq!(config.unhonoured_in_use().map(|row| row.name).collect::<Vec<_>>(), [without_effect]);
}
