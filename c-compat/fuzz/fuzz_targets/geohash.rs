//! Any numbers as the center and size of a search, and as scores.
#![no_main]

#[path = "../../tests/exercise/geohash.rs"]
mod exercise;

use c_compat::geohash::{Place, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: [[u8; 8]; 6]| {
    let [longitude, latitude, a, b, metres, at] = data.map(f64::from_le_bytes);
    let center = Place { longitude, latitude };
    exercise::exercise(if center.is_valid() { center } else { decode(longitude) }, [a, b, metres, at]);
});
