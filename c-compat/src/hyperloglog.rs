//! HyperLogLog: an estimate of how many different elements were added, in a string of at most 12304 bytes, with the very
//! bytes and the very estimates of Redis 7.0.
//!
//! ```text
//! | "HYLL" | encoding: u8 | 3 bytes unused | count: u64 | registers |
//! ```
//!
//! The hash of an element (64 bits) chooses by its low 14 bits one of 16384 registers, which keeps the greatest rank seen:
//! how many bits, from bit 14 up, until the first 1 is counted (1 to 51). `count` is the estimate that was last computed,
//! little endian; its top bit is set when registers have changed since.
//!
//! Encoding 0, dense, is all registers of 6 bits each: register 0 the low six bits of the first byte, register 1 its
//! two high bits and the four low ones of the next byte, and so on. Encoding 1, sparse, is runs of equal registers:
//!
//! ```text
//! 00LLLLLL             L+1 registers of 0         (1 to 64)
//! 01LLLLLL LLLLLLLL    L+1 registers of 0         (1 to 16384, the high bits first)
//! 1vvvvvLL             L+1 registers of v+1       (1 to 4 of them, 1 to 32)
//! ```
//!
//! A sparse one becomes dense when a rank is over 32 or when it would grow over `hll-sparse-max-bytes`. It is changed in
//! place, run by run, and the runs around the change are joined again only where two runs of the same value meet among the
//! five that follow the run before it: other choices would be as right, but would give other bytes.
//!
//! # Use
//!
//! The value is a plain string of the keyspace, so everything here works on its bytes. [`check`] comes first (an error is
//! `WRONGTYPE Key is not a valid HyperLogLog string value.`); what passes may still be [`Corrupt`] inside when sparse
//! (`INVALIDOBJ Corrupted HLL object detected`).
//!
//! - `EMPTY`, `check(bytes) -> Encoding`, `encoding`
//! - PFADD: [`add`] on a `Vec`, or [`add_dense`] in place; then [`invalidate`] if anything changed or the
//!   key is new
//! - PFCOUNT: [`cached_count`], else [`count`] and [`cache_count`]; of several keys [`Registers::merge`] and
//!   [`Registers::count`]
//! - PFMERGE: [`Registers::merge`] of all, [`to_dense`] if one of them is, [`Registers::write_to`]
//! - PFDEBUG: [`Registers::iter`], [`decode`], [`encoding`], [`to_dense`]
//!
//! The estimate is Ertl's (arXiv:1702.01284), computed in the same order of operations.

mod estimate;
mod sparse;

use std::fmt;

pub const REGISTERS: usize = 1 << INDEX_BITS;

const INDEX_BITS: u32 = 14;
/// How many bits of the hash are left for the rank.
const RANK_BITS: u32 = 64 - INDEX_BITS;
const REGISTER_BITS: usize = 6;
const REGISTER_MAX: u8 = (1 << REGISTER_BITS) - 1;

const HEADER: usize = 16;
const MAGIC: &[u8] = b"HYLL";
const ENCODING_AT: usize = 4;
const COUNT_AT: usize = 8;
/// In the last byte of the count.
const COUNT_STALE: u8 = 0x80;

pub const DENSE_SIZE: usize = HEADER + REGISTERS * REGISTER_BITS / 8;

/// A new one: sparse, one run of zeros.
pub const EMPTY: [u8; HEADER + 2] = *b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\0\x7f\xff";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Dense,
    Sparse,
}

/// A string that is no HyperLogLog at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotHyperLogLog;

impl fmt::Display for NotHyperLogLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key is not a valid HyperLogLog string value.")
    }
}

impl std::error::Error for NotHyperLogLog {}

/// Runs that do not cover the registers exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Corrupted HLL object detected")
    }
}

impl std::error::Error for Corrupt {}

/// Whether a string may be used as a HyperLogLog, by its header and, if dense, its length. All other functions are for
/// strings that pass.
pub fn check(bytes: &[u8]) -> Result<Encoding, NotHyperLogLog> {
    if bytes.len() < HEADER || !bytes.starts_with(MAGIC) {
        return Err(NotHyperLogLog);
    }
    match bytes[ENCODING_AT] {
        0 if bytes.len() == DENSE_SIZE => Ok(Encoding::Dense),
        1 => Ok(Encoding::Sparse),
        _ => Err(NotHyperLogLog),
    }
}

pub fn encoding(bytes: &[u8]) -> Encoding {
    check(bytes).expect("a string that was checked")
}

/// The estimate that the string carries, if no register has changed since it was computed.
pub fn cached_count(bytes: &[u8]) -> Option<u64> {
    let count = u64::from_le_bytes(bytes[COUNT_AT..HEADER].try_into().expect("eight bytes"));
    (count >> 63 == 0).then_some(count)
}

pub fn cache_count(bytes: &mut [u8], count: u64) {
    bytes[COUNT_AT..HEADER].copy_from_slice(&count.to_le_bytes());
}

/// Marks the estimate as stale.
pub fn invalidate(bytes: &mut [u8]) {
    bytes[HEADER - 1] |= COUNT_STALE;
}

/// Computes the estimate.
pub fn count(bytes: &[u8]) -> Result<u64, Corrupt> {
    let mut histogram = [0; REGISTER_MAX as usize + 1];
    match encoding(bytes) {
        Encoding::Dense => {
            for registers in four_by_four(&bytes[HEADER..]) {
                for register in registers {
                    histogram[usize::from(register)] += 1;
                }
            }
        }
        Encoding::Sparse => sparse::for_each_run(&bytes[HEADER..], |value, run| {
            histogram[usize::from(value)] += run.len() as u32;
        })?,
    }
    Ok(estimate::estimate(&histogram))
}

/// Adds an element, and tells whether a register changed. A sparse one may become dense.
pub fn add(bytes: &mut Vec<u8>, element: &[u8], sparse_bytes_max: usize) -> Result<bool, Corrupt> {
    let (index, rank) = place(element);
    set(bytes, index, rank, sparse_bytes_max)
}

/// [`add`] for one that is known to be dense, in place.
pub fn add_dense(bytes: &mut [u8], element: &[u8]) -> bool {
    debug_assert_eq!(check(bytes), Ok(Encoding::Dense));
    let (index, rank) = place(element);
    set_dense(bytes, index, rank)
}

fn set(bytes: &mut Vec<u8>, index: usize, rank: u8, sparse_bytes_max: usize) -> Result<bool, Corrupt> {
    match encoding(bytes) {
        Encoding::Dense => Ok(set_dense(bytes, index, rank)),
        Encoding::Sparse => sparse::set(bytes, index, rank, sparse_bytes_max),
    }
}

fn set_dense(bytes: &mut [u8], index: usize, rank: u8) -> bool {
    let bit = index * REGISTER_BITS;
    let at = HEADER + bit / 8;
    let shift = bit % 8;
    // The last register lies in one byte, which is the last one.
    let high = bytes.get(at + 1).copied().unwrap_or(0);
    let two = u16::from_le_bytes([bytes[at], high]);
    if rank <= (two >> shift) as u8 & REGISTER_MAX {
        return false;
    }
    let two = two & !(u16::from(REGISTER_MAX) << shift) | u16::from(rank) << shift;
    let [low, high] = two.to_le_bytes();
    bytes[at] = low;
    if let Some(byte) = bytes.get_mut(at + 1) {
        *byte = high;
    }
    true
}

/// Makes it dense; the header's other fields stay.
pub fn to_dense(bytes: &mut Vec<u8>) -> Result<(), Corrupt> {
    if encoding(bytes) == Encoding::Dense {
        return Ok(());
    }
    let mut dense = vec![0; DENSE_SIZE];
    dense[..HEADER].copy_from_slice(&bytes[..HEADER]);
    dense[ENCODING_AT] = 0;
    sparse::for_each_run(&bytes[HEADER..], |value, run| {
        if value > 0 {
            for index in run {
                set_dense(&mut dense, index, value);
            }
        }
    })?;
    *bytes = dense;
    Ok(())
}

/// The runs of a sparse one as PFDEBUG DECODE writes them, up to where they end, right or wrong.
pub fn decode(bytes: &[u8]) -> Vec<u8> {
    sparse::decode(&bytes[HEADER..])
}

/// All registers, a byte each: the maximum over what was merged.
pub struct Registers(Box<[u8; REGISTERS]>);

impl Default for Registers {
    fn default() -> Self {
        Self::new()
    }
}

impl Registers {
    pub fn new() -> Self {
        let registers = vec![0; REGISTERS].into_boxed_slice();
        Self(registers.try_into().expect("the vector has that length"))
    }

    /// Takes the greater of each register. After an error some may have been taken.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<(), Corrupt> {
        match encoding(bytes) {
            Encoding::Dense => {
                for (four, other) in
                    self.0.as_chunks_mut::<4>().0.iter_mut().zip(four_by_four(&bytes[HEADER..]))
                {
                    for (register, other) in four.iter_mut().zip(other) {
                        *register = (*register).max(other);
                    }
                }
                Ok(())
            }
            Encoding::Sparse => sparse::for_each_run(&bytes[HEADER..], |value, run| {
                if value > 0 {
                    for register in &mut self.0[run] {
                        *register = value.max(*register);
                    }
                }
            }),
        }
    }

    /// The estimate for the union of what was merged.
    pub fn count(&self) -> u64 {
        let mut histogram = [0; REGISTER_MAX as usize + 1];
        for register in self.iter() {
            histogram[usize::from(register & REGISTER_MAX)] += 1;
        }
        estimate::estimate(&histogram)
    }

    /// Sets all registers of the HyperLogLog to these where they are greater.
    pub fn write_to(&self, bytes: &mut Vec<u8>, sparse_bytes_max: usize) -> Result<(), Corrupt> {
        for (index, register) in self.iter().enumerate() {
            if register > 0 {
                set(bytes, index, register, sparse_bytes_max)?;
            }
        }
        Ok(())
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = u8> + use<'_> {
        self.0.iter().copied()
    }
}

/// The registers of a dense one: three bytes hold four.
#[inline(always)]
fn four_by_four(registers: &[u8]) -> impl Iterator<Item = [u8; 4]> + use<'_> {
    registers.as_chunks::<3>().0.iter().map(|[a, b, c]| {
        let bits = u32::from_le_bytes([*a, *b, *c, 0]);
        [0, 6, 12, 18].map(|shift| (bits >> shift) as u8 & REGISTER_MAX)
    })
}

/// Which register an element goes to, and its rank.
fn place(element: &[u8]) -> (usize, u8) {
    let hash = murmur_hash_64a(element, 0xadc8_3b19);
    // A bit above all others ends the search.
    let rank = (hash >> INDEX_BITS | 1 << RANK_BITS).trailing_zeros() + 1;
    (hash as usize % REGISTERS, rank as u8)
}

/// MurmurHash2 for 64 bits, reading little endian everywhere.
fn murmur_hash_64a(key: &[u8], seed: u64) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    const R: u32 = 47;
    let mut hash = seed ^ (key.len() as u64).wrapping_mul(M);
    let (words, rest) = key.as_chunks();
    for word in words {
        let mut word = u64::from_le_bytes(*word).wrapping_mul(M);
        word ^= word >> R;
        hash = (hash ^ word.wrapping_mul(M)).wrapping_mul(M);
    }
    if !rest.is_empty() {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(M);
    }
    hash = (hash ^ hash >> R).wrapping_mul(M);
    hash ^ hash >> R
}
