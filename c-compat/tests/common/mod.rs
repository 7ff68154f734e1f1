//! Reading the recorded vectors, and the seeded generator of hostile input. See vectors/record.py for the files.
#![allow(dead_code, reason = "every test file uses its own part")]

use proptest::test_runner::{Config, RngSeed};

/// Properties are tried on the same inputs in every run.
pub fn seeded() -> Config {
    Config { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() }
}

/// The cases of a vector file as their fields. Line 1 names the commands that gave them.
pub fn cases(file: &str) -> impl Iterator<Item = Vec<&str>> {
    file.lines().skip(1).map(|line| line.split(' ').collect())
}

/// A field of bytes: hex pieces joined by commas, or `<count>*<byte>` for a run of one byte; "-" is empty.
pub fn bytes(field: &str) -> Vec<u8> {
    let mut out = Vec::new();
    if field == "-" {
        return out;
    }
    for piece in field.split(',') {
        match piece.split_once('*') {
            Some((count, byte)) => {
                let count: usize = count.parse().unwrap();
                out.resize(out.len() + count, u8::from_str_radix(byte, 16).unwrap());
            }
            None => out.extend(
                piece
                    .as_bytes()
                    .chunks(2)
                    .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()),
            ),
        }
    }
    out
}

/// A small generator (splitmix64) whose seed stands in the test that uses it.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number under `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }

    /// Bytes that repeat themselves in one of several ways, as compressors meet them.
    pub fn repetitive(&mut self, len: usize) -> Vec<u8> {
        let alphabet = 1 + self.below(20);
        let mut out: Vec<u8> = Vec::with_capacity(len + 300);
        while out.len() < len {
            if out.len() > 3 && self.below(4) == 0 {
                let from = self.below(out.len());
                for i in 0..self.below(300) {
                    out.push(out[from + i]);
                }
            } else {
                out.push(self.below(alphabet) as u8);
            }
        }
        out.truncate(len);
        out
    }
}
