//! The digests of DEBUG DIGEST and DEBUG DIGEST-VALUE, by which two servers are found to hold the same data.
//!
//! A [`Digest`] is 20 bytes, zero at first. [`Digest::xor`] adds data whose order does not matter, [`Digest::mix`] data
//! whose order does:
//!
//! ```text
//! xor:  d = d ^ SHA1(data)          mix:  d = SHA1(d ^ SHA1(data))
//! ```
//!
//! What goes in, for strings: a key's value is `mix_u32(type)`, `mix(value)` and, when the key has an expire time, whatever
//! it is, `xor(EXPIRE_MARK)`. That alone is DIGEST-VALUE. DIGEST starts a key's digest with `mix(key)` before its value,
//! and the digest of all is, for each database that has keys, `mix_u32(its number)` and then `xor` of each key's digest.

use sha1::{Digest as _, Sha1};
use std::fmt;

/// Goes into the digest of a key that has an expire time.
pub const EXPIRE_MARK: &[u8] = b"!!expire!!";

/// Goes into the digest of a hash's field that has one, as Redis 8.0 does it.
pub const FIELD_EXPIRE_MARK: &[u8] = b"!!hexpire!!";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest([u8; 20]);

impl Digest {
    /// Adds data of which the order does not matter.
    pub fn xor(&mut self, data: &[u8]) {
        let hash: [u8; 20] = Sha1::digest(data).into();
        for (byte, add) in self.0.iter_mut().zip(hash) {
            *byte ^= add;
        }
    }

    /// Adds data after what was added before.
    pub fn mix(&mut self, data: &[u8]) {
        self.xor(data);
        self.0 = Sha1::digest(self.0).into();
    }

    /// Adds a type or a database's number.
    pub fn mix_u32(&mut self, number: u32) {
        self.mix(&number.to_be_bytes());
    }

    /// Adds the finished digest of a part, such as a key of the keyspace.
    pub fn xor_digest(&mut self, part: &Digest) {
        self.xor(&part.0);
    }
}

/// Forty digits in lower case, as the commands answer.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
