//! Bytes that claim to be a zipmap: what is taken has as many fields as it says, all of them inside.
#![no_main]

use c_compat::zipmap::Zipmap;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(map) = Zipmap::new(data) else { return };
    assert_eq!(map.iter().count(), map.len());
    let bytes: usize = map.iter().map(|(field, value)| field.len() + value.len()).sum();
    assert!(bytes + 3 * map.len() + 2 <= data.len());
});
