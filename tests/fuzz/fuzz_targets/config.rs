//! redis.conf as standard input gives it: errors, never a panic; and what CONFIG REWRITE makes of the same text is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oxidis::config::Config;

fuzz_target!(|data: &[u8]| {
    // Other files are none of its business.
    let names_files = |name: &[u8]| data.to_ascii_lowercase().windows(name.len()).any(|window| window == name);
    if names_files(b"include") || names_files(b"logfile") || names_files(b"dir") {
        return;
    }
    let load = |text: &[u8]| Config::load(&[b"-".to_vec()], &mut &*text, &mut ());
    if let Ok(config) = load(data) {
        let rewritten = config.rewritten(data, &[], false);
        let again = load(&rewritten).expect("what is written is taken again");
        assert_eq!(again.rewritten(&rewritten, &[], false), rewritten);
    }
});
