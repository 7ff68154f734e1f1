//! Passwords are known by their SHA-256 alone, in hexadecimal, as they stand in ACL files.

use sha2::{Digest as _, Sha256};

/// Bytes of a password's hash as it is written.
pub const HASH_LEN: usize = 64;

/// A password's hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash([u8; HASH_LEN]);

impl Hash {
    /// The hash of a password.
    #[must_use]
    pub fn of(password: &[u8]) -> Hash {
        let mut hex = [0; HASH_LEN];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(Sha256::digest(password)) {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Hash(hex)
    }

    /// A hash as it is written; none if it is not one.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Hash> {
        let hex: [u8; HASH_LEN] = text.try_into().ok()?;
        hex.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).then_some(Hash(hex))
    }

    /// The hash as it is written.
    #[must_use]
    pub fn text(&self) -> &[u8; HASH_LEN] {
        &self.0
    }

    /// Whether it is one of these. How long that takes tells nothing but how many there are.
    #[must_use]
    pub fn is_among(&self, hashes: &[Hash]) -> bool {
        let mut found = 0;
        for hash in hashes {
            let differs = self.0.iter().zip(hash.0).fold(0, |differs, (a, b)| differs | (a ^ b));
            found |= u8::from(std::hint::black_box(differs) == 0);
        }
        found != 0
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASS: &str = "d74ff0ee8da3b9806b18c877dbf29bbde50b5bd8e4dad7a3a725000feb82e8f1";

    #[test]
    fn a_hash_is_written_in_lower_case_hexadecimal() {
        assert_eq!(Hash::of(b"pass").text().as_slice(), PASS.as_bytes());
        assert_eq!(Hash::parse(PASS.as_bytes()), Some(Hash::of(b"pass")));
        let upper = PASS.to_ascii_uppercase();
        for wrong in [&PASS[1..], &upper, "", &format!("{PASS}0")] {
            assert_eq!(Hash::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn a_password_is_found_among_others() {
        let known = [Hash::of(b"one"), Hash::of(b"two"), Hash::of(b"three")];
        assert!(known.iter().all(|hash| hash.is_among(&known)));
        assert!(!Hash::of(b"four").is_among(&known) && !Hash::of(b"one").is_among(&[]));
    }
}
