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
        let rewritten = config.rewritten(data, &[], false);
        let again = load(&rewritten).expect("what is written is taken again");
        // The second time an empty line more is written, as by Redis.
        let second = again.rewritten(&rewritten, &[], false);
        assert_eq!(second.trim_ascii_end(), rewritten.trim_ascii_end());
        assert_eq!(load(&second).expect("as before").rewritten(&second, &[], false), second);
    }
});
