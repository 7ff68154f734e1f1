//! redis.conf as standard input gives it: errors, never a panic; and what CONFIG REWRITE makes of the same text is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oxidis::config::Config;
use oxidis::util::log::{Level, set_level};

fuzz_target!(init: set_level(Level::Warning), |data: &[u8]| {
    // Other files are none of its business.
    let names_files = |name: &[u8]| data.to_ascii_lowercase().windows(name.len()).any(|window| window == name);
    if names_files(b"include") || names_files(b"logfile") || names_files(b"dir") {
        return;
    }
    let load = |text: &[u8]| Config::load(&[b"-".to_vec()], &mut &*text, &mut ());
    if let Ok(config) = load(data) {
        let mut text = config.rewritten(data, &[], false);
        // An option of several lines takes those that are there in their order, as with Redis: it is some times until all
        // have found their places.
        for _ in 0..3 {
            text = load(&text).expect("what is written is taken again").rewritten(&text, &[], false);
        }
        assert_eq!(load(&text).expect("as before").rewritten(&text, &[], false), text);
    }
});
