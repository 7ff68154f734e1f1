//! The hash of a collection's members, keyed with seeds drawn once for the process, so that nobody can choose members that
//! collide.

use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;

use ahash::RandomState;

use crate::util::rng::fill_secret;

/// Four words that no one outside knows, the same ones all the process's life.
pub fn seeds() -> [u64; 4] {
    static SEEDS: OnceLock<[u64; 4]> = OnceLock::new();
    *SEEDS.get_or_init(|| {
        let mut bytes = [0; 32];
        fill_secret(&mut bytes);
        let word = |i: usize| u64::from_ne_bytes(bytes[i * 8..][..8].try_into().expect("8 bytes"));
        [word(0), word(1), word(2), word(3)]
    })
}

/// The hash of a member, field or element.
#[inline]
pub fn hash(bytes: &[u8]) -> u64 {
    static STATE: OnceLock<RandomState> = OnceLock::new();
    let state = STATE.get_or_init(|| {
        let [a, b, c, d] = seeds();
        RandomState::with_seeds(a, b, c, d)
    });
    let mut hasher = state.build_hasher();
    hasher.write(bytes);
    hasher.finish()
}
