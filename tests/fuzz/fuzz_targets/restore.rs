//! Payloads of RESTORE, footer apart: what is taken can be dumped, restored again, and used by every command of its type.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oxidis::commands::generic::restore_fuzz::{bench, check};
use oxidis::util::log::{Level, set_level};

fuzz_target!(init: set_level(Level::Warning), |data: &[u8]| {
    check(&mut bench(), data.to_vec());
});
