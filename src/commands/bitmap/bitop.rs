//! BITOP: strings combined bit by bit. The shorter ones count as if zeros followed them.

use crate::commands::parse::is_word;
use crate::commands::row::{access, acl, flags, key_at, keys_at};
use crate::config::NotifyFlags;
use crate::keyspace::{ExpireChange, Keyspace};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::{IntBuf, NewValue, StrRef};
use smallvec::SmallVec;

/// `BITOP`
pub static BITOP: Command = Command {
    name: "bitop",
    arity: -4,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | BITMAP | SLOW),
    keys: &[key_at(2, access!(OW | UPDATE)), keys_at(3, -1, 1, access!(RO | ACCESS))],
    group: Group::Bitmap,
    tips: &[],
    run: Run::Data(bitop),
    subcommands: &[],
};

#[derive(Clone, Copy)]
enum Operation {
    And,
    Or,
    Xor,
    Not,
}

fn bitop(e: &mut Exec<'_>) -> CmdResult {
    let operation = operation(e.args.at(1))?;
    if matches!(operation, Operation::Not) && e.args.len() != 4 {
        return Err(CmdError::err("BITOP NOT must be called with a single source key."));
    }
    let target = e.args.at(2);
    let result = combine_keys(e.ks, e.db, operation, e.args.rest(3))?;
    if !result.is_empty() {
        e.ks.set(e.db, target, NewValue::Raw(&result), ExpireChange::Clear);
        e.notify(NotifyFlags::STRING, "set", target);
        e.ks.effects.dirty += 1;
    } else if e.ks.delete(e.db, target) {
        e.notify(NotifyFlags::GENERIC, "del", target);
        e.ks.effects.dirty += 1;
    }
    e.reply.int(result.len() as i64);
    Ok(())
}

fn operation(word: &[u8]) -> CmdResult<Operation> {
    const WORDS: [(&str, Operation); 4] =
        [("and", Operation::And), ("or", Operation::Or), ("xor", Operation::Xor), ("not", Operation::Not)];
    let found = WORDS.iter().find(|(name, _)| is_word(word, name));
    found.map(|(_, operation)| *operation).ok_or(CmdError::SYNTAX)
}

fn combine_keys(ks: &mut Keyspace, db: usize, operation: Operation, keys: Args<'_>) -> CmdResult<Vec<u8>> {
    // Each key is looked up for its own sake first, which may delete it; then all are borrowed together.
    let mut there: SmallVec<[bool; 8]> = SmallVec::new();
    for key in keys.iter() {
        there.push(ks.read_str(db, key)?.is_some());
    }
    let mut digits: SmallVec<[IntBuf; 4]> = SmallVec::new();
    digits.resize_with(keys.len(), IntBuf::new);
    let sources: SmallVec<[&[u8]; 4]> = keys
        .iter()
        .zip(there)
        .zip(&mut digits)
        .map(|((key, there), digits)| {
            let value = ks.peek(db, key).filter(|_| there).and_then(|value| value.as_str());
            value.map_or(&b""[..], |value: StrRef<'_>| value.bytes(digits))
        })
        .collect();
    Ok(combine(operation, &sources))
}

/// The result is as long as the longest of the sources. It is made a piece at a time, each of which stays in the cache
/// until all sources have been worked into it.
fn combine(operation: Operation, sources: &[&[u8]]) -> Vec<u8> {
    const PIECE: usize = 16 * 1024;
    let len = sources.iter().map(|source| source.len()).max().unwrap_or(0);
    let (first, others) = sources.split_first().expect("a command has keys");
    let mut result = Vec::with_capacity(len);
    result.extend_from_slice(first);
    result.resize(len, 0);
    for (n, piece) in result.chunks_mut(PIECE).enumerate() {
        let from = n * PIECE;
        for other in others {
            let other = &other[from.min(other.len())..];
            let other = &other[..piece.len().min(other.len())];
            let (both, rest) = piece.split_at_mut(other.len());
            match operation {
                Operation::And => {
                    each(both, other, |a, b| a & b);
                    rest.fill(0);
                }
                Operation::Or => each(both, other, |a, b| a | b),
                Operation::Xor => each(both, other, |a, b| a ^ b),
                Operation::Not => unreachable!("NOT has one source"),
            }
        }
        if matches!(operation, Operation::Not) {
            piece.iter_mut().for_each(|byte| *byte = !*byte);
        }
    }
    result
}

/// Byte by byte, which becomes vectors.
#[inline(always)]
fn each(bytes: &mut [u8], others: &[u8], f: impl Fn(u8, u8) -> u8) {
    for (byte, other) in bytes.iter_mut().zip(others) {
        *byte = f(*byte, *other);
    }
}
