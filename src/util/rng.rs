//! The server's random numbers: xoshiro256**, seeded once, so that a run can be repeated by its seed.
//!
//! Not for secrets: replication ids and the keyspace's hash seed come straight from the system ([`fill_secret`]).

/// A small fast generator.
#[derive(Debug, Clone)]
pub struct Rng {
    s: [u64; 4],
}

impl Rng {
    /// The sequence of one seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        // SplitMix64 spreads a small seed over the whole state, as the generator's authors advise.
        let mut z = seed;
        let mut next = || {
            z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut x = z;
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            x ^ (x >> 31)
        };
        Rng { s: [next(), next(), next(), next()] }
    }

    /// A seed from the system.
    #[must_use]
    pub fn from_system() -> Self {
        let mut seed = [0u8; 8];
        fill_secret(&mut seed);
        Self::seeded(u64::from_le_bytes(seed))
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let result = self.s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = self.s[1] << 17;
        self.s[2] ^= self.s[0];
        self.s[3] ^= self.s[1];
        self.s[1] ^= self.s[2];
        self.s[0] ^= self.s[3];
        self.s[2] ^= t;
        self.s[3] = self.s[3].rotate_left(45);
        result
    }

    /// A number in `0..n`; `n` must not be 0.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "below(0) has no answer");
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }
}

/// Fills `out` with the system's random bytes.
///
/// # Panics
/// When the system has none to give: no id or seed would be safe.
pub fn fill_secret(out: &mut [u8]) {
    getrandom::fill(out).expect("the system gives random bytes");
}

/// 40 lower-case hex digits: a run id, a replication id, an EOF mark.
#[must_use]
pub fn hex_id() -> [u8; 40] {
    let mut raw = [0u8; 20];
    fill_secret(&mut raw);
    let mut id = [0u8; 40];
    for (pair, byte) in id.chunks_exact_mut(2).zip(raw) {
        pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
        pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    id
}
