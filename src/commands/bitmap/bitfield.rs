//! BITFIELD and BITFIELD_RO: integers of 1 to 64 bits at any place of a string, got, set and incremented.
//!
//! An integer's highest bit comes first, so that one of 5 bits, 23, at offset 7 is
//!
//! ```text
//! |.......1|0111....|
//! ```
//!
//! It lies in at most nine bytes; these are read into, and written from, a number of 128 bits ([`Field::window`]).

use super::bit_offset;
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::protocol::args::c_str;
use crate::protocol::{CmdError, CmdResult, Reply};
use crate::server::command::{Command, Exec, Group, KeySpec, Run};
use crate::value::IntBuf;
use c_compat::number::int;
use smallvec::SmallVec;

/// `BITFIELD`
pub static BITFIELD: Command = Command {
    name: "bitfield",
    arity: -2,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | BITMAP | SLOW),
    keys: &[KeySpec {
        notes: "This command allows both access and modification of the key",
        ..key_at(1, access!(RW | ACCESS | UPDATE | VARIABLE_FLAGS))
    }],
    group: Group::Bitmap,
    tips: &[],
    run: Run::Data(bitfield),
    subcommands: &[],
};

fn bitfield(e: &mut Exec<'_>) -> CmdResult {
    let operations = parse(e)?;
    match operations.iter().filter_map(Operation::last_written_bit).max() {
        None => read(e, &operations),
        Some(last) => write(e, &operations, last),
    }
}

/// `BITFIELD_RO`
pub static BITFIELD_RO: Command = Command {
    name: "bitfield_ro",
    arity: -2,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | BITMAP | FAST),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Bitmap,
    tips: &[],
    run: Run::Data(bitfield_ro),
    subcommands: &[],
};

fn bitfield_ro(e: &mut Exec<'_>) -> CmdResult {
    let operations = parse(e)?;
    if operations.iter().any(|operation| operation.last_written_bit().is_some()) {
        return Err(CmdError::err("BITFIELD_RO only supports the GET subcommand"));
    }
    read(e, &operations)
}

#[derive(Clone, Copy)]
struct Operation {
    field: Field,
    verb: Verb,
    overflow: Overflow,
}

#[derive(Clone, Copy)]
enum Verb {
    Get,
    Set(i64),
    IncrBy(i64),
}

/// What becomes of a number that does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Overflow {
    /// Its low bits stay.
    Wrap,
    /// It becomes the nearest that fits.
    Sat,
    /// Nothing is changed.
    Fail,
}

type Operations = SmallVec<[Operation; 4]>;

impl Operation {
    fn last_written_bit(&self) -> Option<u64> {
        match self.verb {
            Verb::Get => None,
            Verb::Set(_) | Verb::IncrBy(_) => Some(self.field.offset + u64::from(self.field.bits) - 1),
        }
    }
}

fn parse(e: &Exec<'_>) -> CmdResult<Operations> {
    let args = e.args;
    let mut operations = Operations::new();
    let mut overflow = Overflow::Wrap;
    let mut at = 2;
    while at < args.len() {
        let (word, left) = (args.at(at), args.len() - at - 1);
        if is_word(word, "overflow") && left >= 1 {
            overflow = match args.at(at + 1) {
                word if is_word(word, "wrap") => Overflow::Wrap,
                word if is_word(word, "sat") => Overflow::Sat,
                word if is_word(word, "fail") => Overflow::Fail,
                _ => return Err(CmdError::err("Invalid OVERFLOW type specified")),
            };
            at += 2;
            continue;
        }
        let verb: Option<fn(i64) -> Verb> = match word {
            word if is_word(word, "get") && left >= 2 => None,
            word if is_word(word, "set") && left >= 3 => Some(Verb::Set),
            word if is_word(word, "incrby") && left >= 3 => Some(Verb::IncrBy),
            _ => return Err(CmdError::SYNTAX),
        };
        let (signed, bits) = kind(args.at(at + 1))?;
        let field = Field { offset: bit_offset(e, args.at(at + 2), Some(bits))?, bits, signed };
        let number = verb.map(|verb| integer(args.at(at + 3)).map(verb)).transpose()?;
        at += 3 + usize::from(number.is_some());
        operations.push(Operation { field, verb: number.unwrap_or(Verb::Get), overflow });
    }
    Ok(operations)
}

/// `i16`, `u8`: whether it is signed, and of how many bits.
fn kind(arg: &[u8]) -> CmdResult<(bool, u32)> {
    let (signed, most) = match arg.first() {
        Some(b'i') => (true, 64),
        Some(b'u') => (false, 63),
        _ => (false, 0),
    };
    let bits = arg.get(1..).and_then(|digits| int::parse(c_str(digits)));
    let bits = bits.and_then(|bits| u32::try_from(bits).ok()).filter(|bits| (1..=most).contains(bits));
    bits.map(|bits| (signed, bits)).ok_or_else(|| {
        CmdError::err(
            "Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
        )
    })
}

fn read(e: &mut Exec<'_>, operations: &[Operation]) -> CmdResult {
    let mut digits = IntBuf::new();
    let bytes = e.ks.read_str(e.db, e.args.at(1))?.map_or(&b""[..], |value| value.bytes(&mut digits));
    e.reply.array(operations.len());
    for operation in operations {
        e.reply.int(operation.field.get(bytes) as i64);
    }
    Ok(())
}

fn write(e: &mut Exec<'_>, operations: &[Operation], last_bit: u64) -> CmdResult {
    let key = e.args.at(1);
    let len = (last_bit >> 3) as usize + 1;
    let (bytes, grown) = match e.ks.write_str(e.db, key)? {
        Some(string) => string.grow(len),
        None => (e.ks.string_mut(e.db, key, len), true),
    };
    e.reply.array(operations.len());
    let done = operations.iter().filter_map(|operation| run(operation, bytes, e.reply));
    let changes = done.filter(|changed| *changed || grown).count();
    // If all operations fail, Redis keeps to itself that the string has grown; the replicas must know of it.
    let changes = changes.max(usize::from(grown));
    if changes > 0 {
        e.ks.effects.dirty += changes as u64;
        e.notify(NotifyFlags::STRING, "setbit", key);
    }
    Ok(())
}

/// Does one of the operations and replies. Of one that wrote, whether that changed the string.
fn run(operation: &Operation, bytes: &mut [u8], reply: &mut Reply) -> Option<bool> {
    let field = operation.field;
    let old = field.get(bytes);
    let asked = match operation.verb {
        Verb::Get => {
            reply.int(old as i64);
            return None;
        }
        Verb::Set(number) => field.widen(number),
        Verb::IncrBy(number) => old + i128::from(number),
    };
    let Some(new) = field.fit(asked, operation.overflow) else {
        reply.null();
        return None;
    };
    reply.int(if matches!(operation.verb, Verb::Set(_)) { old } else { new } as i64);
    field.put(bytes, new);
    Some(new != old)
}

/// Where an integer lies, and its kind.
#[derive(Clone, Copy, Debug)]
struct Field {
    offset: u64,
    bits: u32,
    signed: bool,
}

impl Field {
    /// The bytes that the field touches, in a string that may end before them or within them, as the highest of a
    /// number.
    fn window(self, bytes: &[u8]) -> (u128, usize, usize) {
        let from = usize::try_from(self.offset >> 3).map_or(bytes.len(), |from| from.min(bytes.len()));
        let touched = ((self.offset & 7) as usize + self.bits as usize).div_ceil(8);
        let len = touched.min(bytes.len() - from);
        let mut window = [0; 16];
        window[..len].copy_from_slice(&bytes[from..from + len]);
        (u128::from_be_bytes(window), from, len)
    }

    fn get(self, bytes: &[u8]) -> i128 {
        let (window, ..) = self.window(bytes);
        let aligned = window << (self.offset & 7);
        let unused = 128 - self.bits;
        if self.signed { aligned as i128 >> unused } else { (aligned >> unused) as i128 }
    }

    /// Writes a number that fits into a string that is long enough.
    fn put(self, bytes: &mut [u8], number: i128) {
        let (window, from, len) = self.window(bytes);
        let unused = 128 - self.bits;
        let mask = (u128::MAX << unused) >> (self.offset & 7);
        let number = ((number as u128) << unused) >> (self.offset & 7);
        let window = window & !mask | number;
        bytes[from..from + len].copy_from_slice(&window.to_be_bytes()[..len]);
    }

    /// The number that SET takes an argument for. For an unsigned field a negative one is very big; and so it is, in
    /// Redis, for a signed one if it is further from the field's greatest number than an integer reaches.
    fn widen(self, number: i64) -> i128 {
        let is_far = self.bits < 64 && i128::from(i64::MAX) + i128::from(number) < (1 << (self.bits - 1)) - 1;
        if self.signed && !is_far { i128::from(number) } else { i128::from(number as u64) }
    }

    /// The number, or what it becomes if it does not fit; none if that is an error.
    fn fit(self, number: i128, overflow: Overflow) -> Option<i128> {
        let (min, max) = match self.signed {
            true => (-(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1),
            false => (0, (1 << self.bits) - 1),
        };
        if (min..=max).contains(&number) {
            return Some(number);
        }
        match overflow {
            Overflow::Fail => None,
            Overflow::Sat => Some(if number > max { max } else { min }),
            Overflow::Wrap => {
                let unused = 128 - self.bits;
                let high = (number as u128) << unused;
                Some(if self.signed { high as i128 >> unused } else { (high >> unused) as i128 })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::rng::Rng;

    #[test]
    fn fields_agree_with_single_bits() {
        let mut rng = Rng::seeded(3);
        let mut bytes = vec![0u8; 24];
        let mut bits = [false; 24 * 8];
        for _ in 0..20_000 {
            let signed = rng.below(2) == 0;
            let len = 1 + rng.below(if signed { 64 } else { 63 }) as u32;
            let field = Field { offset: rng.below(24 * 8 - u64::from(len) + 1), bits: len, signed };
            let range = field.offset as usize..field.offset as usize + len as usize;
            let number = bits[range.clone()].iter().fold(0i128, |n, bit| n << 1 | i128::from(*bit));
            let negative = signed && bits[range.start];
            assert_eq!(field.get(&bytes), if negative { number - (1 << len) } else { number });
            let new = field.fit(i128::from(rng.next_u64() as i64), Overflow::Wrap).expect("wraps");
            field.put(&mut bytes, new);
            assert_eq!(field.get(&bytes), new);
            for (i, at) in range.enumerate() {
                bits[at] = new >> (len as usize - 1 - i) & 1 == 1;
            }
        }
    }

    #[test]
    fn a_field_beyond_the_end_is_zeros() {
        let field = |offset, bits| Field { offset, bits, signed: false };
        assert_eq!(field(4, 8).get(b"\xff"), 0xf0);
        assert_eq!(field(8, 8).get(b"\xff"), 0);
        assert_eq!(field(u64::MAX >> 1, 63).get(b"\xff"), 0);
    }

    #[test]
    fn what_does_not_fit_wraps_saturates_or_fails() {
        let i8 = Field { offset: 0, bits: 8, signed: true };
        let u8 = Field { offset: 0, bits: 8, signed: false };
        let i64 = Field { offset: 0, bits: 64, signed: true };
        assert_eq!(i8.fit(128, Overflow::Wrap), Some(-128));
        assert_eq!(i8.fit(128, Overflow::Sat), Some(127));
        assert_eq!(i8.fit(-129, Overflow::Sat), Some(-128));
        assert_eq!(i8.fit(i64::MIN.into(), Overflow::Sat), Some(-128));
        assert_eq!(i8.fit(i8.widen(i64::MIN), Overflow::Sat), Some(127));
        assert_eq!(i8.fit(i8.widen(127 - i64::MAX), Overflow::Sat), Some(-128));
        assert_eq!(i8.fit(i8.widen(i64::MIN + 5), Overflow::Wrap), Some(5));
        assert_eq!(i8.fit(128, Overflow::Fail), None);
        assert_eq!(u8.fit(256, Overflow::Wrap), Some(0));
        assert_eq!(u8.fit(-1, Overflow::Wrap), Some(255));
        assert_eq!(u8.fit(-1, Overflow::Sat), Some(0));
        assert_eq!(i64.fit(i128::from(i64::MAX) + 1, Overflow::Wrap), Some(i64::MIN.into()));
        assert_eq!(i64.fit(i128::from(i64::MIN) - 1, Overflow::Sat), Some(i64::MIN.into()));
    }
}
