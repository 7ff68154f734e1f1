//! BITCOUNT and BITPOS: how many bits of a range are 1, and where the first 0 or 1 in it is. The range is given in bytes
//! or in bits, from the front or, negative, from the end.

use super::count_ones;
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::IntBuf;
use std::ops::Range;

/// `BITCOUNT`
pub static BITCOUNT: Command = Command {
    name: "bitcount",
    arity: -2,
    flags: flags!(READONLY),
    acl: acl!(READ | BITMAP | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Bitmap,
    tips: &[],
    run: Run::Data(bitcount),
    subcommands: &[],
};

fn bitcount(e: &mut Exec<'_>) -> CmdResult {
    let args = e.args;
    let mut digits = IntBuf::new();
    // A key that is not there is told before wrong arguments, as Redis does.
    let Some(value) = e.ks.read_str(e.db, args.at(1))? else {
        e.reply.int(0);
        return Ok(());
    };
    let bytes = value.bytes(&mut digits);
    let bits = match args.len() {
        2 => 0..bytes.len() as u64 * 8,
        4 | 5 => {
            let (start, end) = (integer(args.at(2))?, integer(args.at(3))?);
            if start < 0 && end < 0 && start > end {
                0..0
            } else {
                bits_of(start, end, unit(args.get(4))?, bytes.len())
            }
        }
        _ => return Err(CmdError::SYNTAX),
    };
    e.reply.int(count(bytes, bits) as i64);
    Ok(())
}

/// `BITPOS`
pub static BITPOS: Command = Command {
    name: "bitpos",
    arity: -3,
    flags: flags!(READONLY),
    acl: acl!(READ | BITMAP | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Bitmap,
    tips: &[],
    run: Run::Data(bitpos),
    subcommands: &[],
};

fn bitpos(e: &mut Exec<'_>) -> CmdResult {
    let args = e.args;
    let wanted = match integer(args.at(2))? {
        0 => false,
        1 => true,
        _ => return Err(CmdError::err("The bit argument must be 1 or 0.")),
    };
    let mut digits = IntBuf::new();
    // A missing key is zeros without end.
    let Some(value) = e.ks.read_str(e.db, args.at(1))? else {
        e.reply.int(if wanted { -1 } else { 0 });
        return Ok(());
    };
    let bytes = value.bytes(&mut digits);
    let bits = match args.len() {
        3 => 0..bytes.len() as u64 * 8,
        4..=6 => {
            let start = integer(args.at(3))?;
            let unit = unit(args.get(5))?;
            let end = args.get(4).map_or(Ok(-1), integer)?;
            bits_of(start, end, unit, bytes.len())
        }
        _ => return Err(CmdError::SYNTAX),
    };
    let found = position(bytes, bits.clone(), wanted);
    // Zeros follow the string, unless the range says where it ends.
    let behind = (!wanted && !bits.is_empty() && args.len() < 5).then_some(bits.end);
    e.reply.int(found.or(behind).map_or(-1, |bit| bit as i64));
    Ok(())
}

/// How many bits there are in what a range counts: 8 for BYTE, 1 for BIT.
fn unit(word: Option<&[u8]>) -> CmdResult<u64> {
    match word {
        None => Ok(8),
        Some(word) if is_word(word, "byte") => Ok(8),
        Some(word) if is_word(word, "bit") => Ok(1),
        Some(_) => Err(CmdError::SYNTAX),
    }
}

/// The bits of a range, both ends of which are in it, in a string of so many bytes.
fn bits_of(start: i64, end: i64, unit: u64, bytes: usize) -> Range<u64> {
    let len = (bytes as u64 * 8 / unit) as i64;
    let from_start = |i: i64| if i < 0 { i.saturating_add(len).max(0) } else { i };
    let (start, end) = (from_start(start), from_start(end).min(len - 1));
    if start > end { 0..0 } else { start as u64 * unit..(end as u64 + 1) * unit }
}

/// How many bits of a range are 1.
fn count(bytes: &[u8], bits: Range<u64>) -> u64 {
    if bits.is_empty() {
        return 0;
    }
    let (first, last) = ((bits.start >> 3) as usize, ((bits.end - 1) >> 3) as usize);
    // What the first and the last byte have outside of the range is counted, and taken off again.
    let before = bytes[first] & !(0xff >> (bits.start & 7));
    let behind = bytes[last] & (0x7f >> ((bits.end - 1) & 7));
    count_ones(&bytes[first..=last]) - u64::from(before.count_ones() + behind.count_ones())
}

/// Where the first bit of a range is that is `wanted`.
fn position(bytes: &[u8], bits: Range<u64>, wanted: bool) -> Option<u64> {
    if bits.is_empty() {
        return None;
    }
    let (first, last) = ((bits.start >> 3) as usize, ((bits.end - 1) >> 3) as usize);
    // With the bits that are not looked for turned to 0, what is looked for is a 1.
    let flip = if wanted { 0 } else { 0xff };
    let head = (bytes[first] ^ flip) & (0xff >> (bits.start & 7));
    let at = if head != 0 {
        (first, head)
    } else {
        let at = first + 1 + first_byte_other_than(&bytes[first + 1..=last], flip)?;
        (at, bytes[at] ^ flip)
    };
    let bit = at.0 as u64 * 8 + u64::from(at.1.leading_zeros());
    (bit < bits.end).then_some(bit)
}

fn first_byte_other_than(bytes: &[u8], byte: u8) -> Option<usize> {
    const BLOCK: usize = 32;
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let same = blocks.iter().take_while(|block| **block == [byte; BLOCK]).count() * BLOCK;
    bytes[same..].iter().position(|b| *b != byte).map(|at| same + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::rng::Rng;

    #[test]
    fn counting_and_finding_agree_with_looking_at_each_bit() {
        let mut rng = Rng::seeded(7);
        for _ in 0..3000 {
            let len = 1 + rng.below(120) as usize;
            let mostly = [0x00, 0xff][rng.below(2) as usize];
            let mut bytes = vec![mostly; len];
            for _ in 0..rng.below(4) {
                bytes[rng.below(len as u64) as usize] = rng.below(256) as u8;
            }
            let total = len as u64 * 8;
            let start = rng.below(total);
            let range = start..start + rng.below(total - start + 1);
            let bit = |at: u64| bytes[(at / 8) as usize] >> (7 - at % 8) & 1 == 1;
            assert_eq!(count(&bytes, range.clone()), range.clone().filter(|at| bit(*at)).count() as u64);
            for wanted in [false, true] {
                let naive = range.clone().find(|at| bit(*at) == wanted);
                assert_eq!(position(&bytes, range.clone(), wanted), naive, "{bytes:x?} {range:?}");
            }
        }
    }

    #[test]
    fn ranges_are_clamped_as_in_redis() {
        assert_eq!(bits_of(0, -1, 8, 3), 0..24);
        assert_eq!(bits_of(-2, 100, 8, 3), 8..24);
        assert_eq!(bits_of(5, -3, 1, 3), 5..22);
        assert_eq!(bits_of(i64::MIN, i64::MAX, 1, 3), 0..24);
        assert_eq!(bits_of(3, 9, 8, 3), 0..0);
        assert_eq!(bits_of(0, -1, 8, 0), 0..0);
        assert_eq!(bits_of(-9, -7, 8, 3), 0..8);
    }
}
