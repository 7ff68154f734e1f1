//! The bitmap group: strings as arrays of bits, of which the first is the highest bit of the first byte.

pub mod bit;
pub mod bitfield;
pub mod bitop;
pub mod range;
#[cfg(test)]
mod tests;

use crate::protocol::{CmdError, CmdResult};
use crate::server::command::Exec;
use c_compat::number::int;

/// The number of a bit. Counted in fields of so many bits it may be written `#n`.
fn bit_offset(e: &Exec<'_>, arg: &[u8], field_bits: Option<u32>) -> CmdResult<u64> {
    let offset = match (field_bits, arg) {
        (Some(bits), [b'#', number @ ..]) => {
            int::parse(number).and_then(|number| number.checked_mul(i64::from(bits)))
        }
        _ => int::parse(arg),
    };
    let offset = offset.and_then(|offset| u64::try_from(offset).ok());
    let too_far = |offset: &u64| offset >> 3 >= e.config.proto_max_bulk_len as u64 && !e.must_obey;
    offset
        .filter(|offset| !too_far(offset))
        .ok_or_else(|| CmdError::err("bit offset is not an integer or out of range"))
}

/// How many bits of some bytes are 1.
fn count_ones(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<64>();
    // The sum over a block needs no wider number, so that it can be made of vectors.
    let block = |block: &[u8; 64]| {
        block.as_chunks::<8>().0.iter().map(|word| u64::from_ne_bytes(*word).count_ones()).sum::<u32>()
    };
    let blocks: u64 = blocks.iter().map(|bytes| u64::from(block(bytes))).sum();
    blocks + rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}
