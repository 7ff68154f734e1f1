//! From a command's name, in any case, to its number: what every request begins with.
//!
//! A name of at most 16 letters, digits and hyphens, which nearly all are, is compared as a whole: its first bytes and its
//! last ones as a word each, which overlap where it is short, with letters made lower case. These words are also the
//! hash by which it lies in a table of slots, in the first one that was free from there on. The few other names, those
//! with an underscore and what `rename-command` may come up with, are in an ordinary map.

use super::command::CommandId;
use std::collections::HashMap;

/// Slots: several times as many as there are commands, so that most names lie where their hash says.
const SLOTS: usize = 1024;
/// A longer name is in the map.
const SHORT_MAX: usize = 16;

/// Numbers by name.
pub struct Names {
    slots: Box<[Slot]>,
    others: HashMap<Box<[u8]>, CommandId>,
}

#[derive(Clone, Copy)]
struct Slot {
    name: Short,
    id: CommandId,
}

/// A short name in lower case; none is of length 0.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Short {
    first: u64,
    last: u64,
    len: u8,
}

impl Short {
    const NONE: Short = Short { first: 0, last: 0, len: 0 };
    /// Stands where a name was taken away: names behind it are still to be found.
    const GONE: Short = Short { first: 0, last: 0, len: u8::MAX };

    #[inline]
    fn of(name: &[u8]) -> Option<Short> {
        let (first, last) = match name {
            [] => return None,
            [a] => (u64::from(*a), 0),
            [a, b] => (u64::from(*a), u64::from(*b)),
            [a, b, c] => (u64::from(*a) | u64::from(*b) << 8, u64::from(*c)),
            _ if name.len() < 8 => {
                let (first, last) = (name.first_chunk()?, name.last_chunk()?);
                (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into())
            }
            _ if name.len() <= SHORT_MAX => {
                (u64::from_le_bytes(*name.first_chunk()?), u64::from_le_bytes(*name.last_chunk()?))
            }
            _ => return None,
        };
        Some(Short { first: lower(first), last: lower(last), len: name.len() as u8 })
    }

    #[inline]
    fn hash(self) -> usize {
        const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
        let mixed = (self.first ^ self.last.rotate_left(29) ^ u64::from(self.len)).wrapping_mul(MIX);
        (mixed >> (u64::BITS - SLOTS.trailing_zeros())) as usize
    }
}

/// Bytes from `@` on get the bit that makes a capital letter a small one. What differed before may be alike then, but
/// nothing becomes a letter that was none.
#[inline]
fn lower(word: u64) -> u64 {
    const FROM_AT: u64 = 0x4040_4040_4040_4040;
    word | (word & FROM_AT) >> 1
}

/// Whether nothing else looks like it once it is made lower case.
fn is_plain(name: &[u8]) -> bool {
    name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

impl Default for Names {
    fn default() -> Self {
        let empty = Slot { name: Short::NONE, id: CommandId(0) };
        Names { slots: vec![empty; SLOTS].into(), others: HashMap::new() }
    }
}

impl Names {
    /// The number under this name, in any case.
    #[must_use]
    #[inline]
    pub fn get(&self, name: &[u8]) -> Option<CommandId> {
        let Some(short) = Short::of(name) else { return self.get_other(name) };
        match self.slot(short) {
            Ok(at) => Some(self.slots[at].id),
            Err(_) => self.get_other(name),
        }
    }

    #[cold]
    fn get_other(&self, name: &[u8]) -> Option<CommandId> {
        self.others.get(name.to_ascii_lowercase().as_slice()).copied()
    }

    /// Where a name lies, or else the first empty slot where it could.
    #[inline]
    fn slot(&self, name: Short) -> Result<usize, usize> {
        let mut at = name.hash();
        loop {
            let found = self.slots[at % SLOTS].name;
            if found == name {
                return Ok(at % SLOTS);
            }
            if found == Short::NONE {
                return Err(at % SLOTS);
            }
            at += 1;
        }
    }

    /// Gives a number a name that none has.
    pub fn insert(&mut self, name: &[u8], id: CommandId) {
        debug_assert!(self.get(name).is_none());
        let taken = self.slots.iter().filter(|slot| slot.name != Short::NONE).count();
        match Short::of(name).filter(|_| is_plain(name) && taken < SLOTS / 2) {
            Some(short) => {
                let at = self.slot(short).expect_err("the name is new");
                self.slots[at] = Slot { name: short, id };
            }
            None => {
                self.others.insert(name.to_ascii_lowercase().into(), id);
            }
        }
    }

    /// Takes a name away.
    pub fn remove(&mut self, name: &[u8]) {
        if let Some(Ok(at)) = Short::of(name).map(|short| self.slot(short)) {
            self.slots[at].name = Short::GONE;
        } else {
            self.others.remove(name.to_ascii_lowercase().as_slice());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_and_go() {
        let mut names = Names::default();
        let all: Vec<String> = (0..2000).map(|n| format!("{}-{n}", "a_b".repeat(n % 7))).collect();
        for (i, name) in all.iter().enumerate() {
            names.insert(name.as_bytes(), CommandId(i as u16));
        }
        for (i, name) in all.iter().enumerate().filter(|(i, _)| i % 3 == 0) {
            names.remove(name.to_ascii_uppercase().as_bytes());
            assert_eq!(names.get(name.as_bytes()), None, "{i}");
        }
        for (i, name) in all.iter().enumerate().filter(|(i, _)| i % 3 != 0) {
            assert_eq!(names.get(name.as_bytes()), Some(CommandId(i as u16)));
        }
    }
}
