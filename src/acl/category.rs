//! The categories of commands, as `+@name` and COMMAND INFO name them.

use bitflags::bitflags;

bitflags! {
    /// ACL categories, `@` and the name in lower case.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[allow(missing_docs)]
    pub struct Categories: u32 {
        const KEYSPACE = 1 << 0;
        const READ = 1 << 1;
        const WRITE = 1 << 2;
        const SET = 1 << 3;
        const SORTEDSET = 1 << 4;
        const LIST = 1 << 5;
        const HASH = 1 << 6;
        const STRING = 1 << 7;
        const BITMAP = 1 << 8;
        const HYPERLOGLOG = 1 << 9;
        const GEO = 1 << 10;
        const STREAM = 1 << 11;
        const PUBSUB = 1 << 12;
        const ADMIN = 1 << 13;
        const FAST = 1 << 14;
        const SLOW = 1 << 15;
        const BLOCKING = 1 << 16;
        const DANGEROUS = 1 << 17;
        const CONNECTION = 1 << 18;
        const TRANSACTION = 1 << 19;
        const SCRIPTING = 1 << 20;
    }
}

/// Names of the categories, by their bit.
pub const NAMES: [&str; 21] = [
    "keyspace",
    "read",
    "write",
    "set",
    "sortedset",
    "list",
    "hash",
    "string",
    "bitmap",
    "hyperloglog",
    "geo",
    "stream",
    "pubsub",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "transaction",
    "scripting",
];

impl Categories {
    /// The category of this name, in any case.
    #[must_use]
    pub fn by_name(name: &[u8]) -> Option<Categories> {
        index_of(name).map(|i| Categories::from_bits_retain(1 << i))
    }

    /// Whether the category with this index into [`NAMES`] is among them.
    #[must_use]
    pub fn has(self, index: usize) -> bool {
        self.bits() & 1 << index != 0
    }
}

/// Where a category's name stands in [`NAMES`].
#[must_use]
pub fn index_of(name: &[u8]) -> Option<usize> {
    NAMES.iter().position(|known| known.as_bytes().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_has_the_name_of_its_constant() {
        let constants: Vec<String> =
            Categories::all().iter_names().map(|(name, _)| name.to_ascii_lowercase()).collect();
        assert_eq!(constants, NAMES);
        for (i, (_, category)) in Categories::all().iter_names().enumerate() {
            assert!(category.has(i));
            assert_eq!(Categories::by_name(NAMES[i].as_bytes()), Some(category));
        }
    }
}
