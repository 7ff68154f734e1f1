//! CONFIG GET and SET.

use super::{ALL_RIGHTS, Config, get, load, set, words};
use crate::config::rewrite::quote;
use crate::config::{SetError, SetRights, is_sensitive};

#[test]
fn replies_are_those_of_redis() {
    let mut config = load("--dir /tmp --save '' --bind 127.0.0.1 --port 12345").expect("a good command line");
    let rights = SetRights { loading: false, protected: false };
    let mut lines =
        include_str!("config_commands.txt").lines().filter(|line| !line.starts_with('#')).peekable();
    let mut commands = 0;
    while let Some(line) = lines.next() {
        let command = words(line.strip_prefix("> ").expect("a command"));
        let arguments: Vec<&[u8]> = command[1..].iter().map(Vec::as_slice).collect();
        let mut expected = Vec::new();
        while let Some(reply) = lines.next_if(|line| !line.starts_with('>')) {
            expected.push(reply.replace("PORT", "12345"));
        }
        let replies = if command[0] == b"GET" {
            expected = expected.iter().map(|line| words(line).concat().escape_ascii().to_string()).collect();
            let mut found: Vec<String> = config
                .get(&arguments)
                .into_iter()
                .map(|(name, value)| [name, value].concat().escape_ascii().to_string())
                .collect();
            found.sort();
            found
        } else {
            let pairs: Vec<(&[u8], &[u8])> = arguments.chunks(2).map(|pair| (pair[0], pair[1])).collect();
            vec![match config.set(&pairs, rights) {
                Ok(_) => "+OK".to_string(),
                Err(error) => format!("-ERR {}", String::from_utf8_lossy(&error.text())),
            }]
        };
        assert_eq!(replies, expected, "{line}");
        commands += 1;
    }
    assert!(commands > 150, "{commands} commands");
}

#[test]
fn get_takes_several_patterns_and_shows_each_option_once() {
    let config = Config::default();
    let found = config.get(&[b"maxmemory", b"maxmemory*", b"bind", b"*of", b"MAXMEMORY"]);
    let names: Vec<String> =
        found.into_iter().map(|(name, _)| String::from_utf8_lossy(&name).into_owned()).collect();
    let expected = [
        "maxmemory",
        "maxmemory-clients",
        "maxmemory-policy",
        "maxmemory-samples",
        "maxmemory-eviction-tenacity",
        "bind",
        "replicaof",
        "slaveof",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_pattern_does_not_show_hidden_options() {
    let config = Config::default();
    assert!(config.get(&[b"key-load-dela?"]).is_empty());
    assert_eq!(get(&config, "key-load-delay"), "0");
}

#[test]
fn set_lists_what_changed_and_keeps_the_old_config() {
    let mut config = Config::default();
    let before = config.clone();
    let pairs: [(&[u8], &[u8]); 4] =
        [(b"maxmemory", b"1mb"), (b"hz", b"10"), (b"slave-priority", b"7"), (b"bind", b"* -::*")];
    let changes = config.set(&pairs, ALL_RIGHTS).expect("good values");
    let names: Vec<&str> = changes.iter().map(|row| row.name).collect();
    // bind is bound again even to the same addresses, which the machine may only now have.
    assert_eq!(names, ["maxmemory", "replica-priority", "bind"]);
    assert!(changes.contains("replica-priority") && !changes.contains("hz"));
    assert_eq!((config.maxmemory, config.replica_priority), (1 << 20, 7));
    assert_eq!(changes.into_old(), before);
}

#[test]
fn set_takes_all_or_nothing() {
    let mut config = Config::default();
    let pairs: [(&[u8], &[u8]); 3] = [
        (b"maxmemory", b"1mb"),
        (b"save", b"1 1"),
        (b"client-output-buffer-limit", b"normal 1 1 1 pubsub x 1 1"),
    ];
    assert!(config.set(&pairs, ALL_RIGHTS).is_err());
    assert_eq!(config, Config::default());
}

#[test]
fn loading_and_protection_refuse_before_anything_is_set() {
    let mut config = Config::default();
    let loading = SetRights { loading: true, protected: true };
    let pairs: [(&[u8], &[u8]); 2] = [(b"maxmemory", b"1mb"), (b"dir", b"/")];
    assert_eq!(config.set(&pairs, loading).unwrap_err(), SetError::Loading);
    let unprotected = SetRights { loading: true, protected: false };
    assert_eq!(
        config.set(&pairs, unprotected).unwrap_err(),
        SetError::failed("dir", "can't set protected config")
    );
    assert_eq!(config, Config::default());
}

#[test]
fn dir_is_kept_absolute() {
    let mut config = Config::default();
    set(&mut config, "dir", "/usr/../tmp");
    assert_eq!(
        get(&config, "dir"),
        std::fs::canonicalize("/tmp").expect("there is one").to_str().expect("plain")
    );
    set(&mut config, "dir", "..");
    assert_eq!(config.dir, "/");
    for (path, reason) in [("nosuch", "No such file or directory"), ("/etc/passwd", "Not a directory")] {
        let error = config.set(&[(b"dir", path.as_bytes())], ALL_RIGHTS).unwrap_err();
        assert_eq!(error, SetError::failed("dir", reason));
    }
}

#[test]
fn secrets_are_known_as_such() {
    for (name, secret) in [("masterauth", true), ("RequirePass", true), ("masteruser", true), ("port", false)]
    {
        assert_eq!(is_sensitive(name.as_bytes()), secret, "{name}");
    }
}

#[test]
fn quoting_is_undone_by_the_parser() {
    let every_byte: Vec<u8> = (0..=255).collect();
    let line = String::from_utf8(quote(&every_byte)).expect("quoted text is ASCII");
    assert_eq!(words(&line), [every_byte]);
}
