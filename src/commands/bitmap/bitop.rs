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
    let (sources, len) = Sources::find(e.ks, e.db, e.args.rest(3))?;
    if len > 0 {
        store(e.ks, e.db, target, operation, &sources, len);
        e.notify(NotifyFlags::STRING, "set", target);
        e.ks.effects.dirty += 1;
    } else if e.ks.delete(e.db, target) {
        e.notify(NotifyFlags::GENERIC, "del", target);
        e.ks.effects.dirty += 1;
    }
    e.reply.int(len as i64);
    Ok(())
}

fn operation(word: &[u8]) -> CmdResult<Operation> {
    const WORDS: [(&str, Operation); 4] =
        [("and", Operation::And), ("or", Operation::Or), ("xor", Operation::Xor), ("not", Operation::Not)];
    let found = WORDS.iter().find(|(name, _)| is_word(word, name));
    found.map(|(_, operation)| *operation).ok_or(CmdError::SYNTAX)
}

/// The keys that hold strings; one that is missing is an empty string.
struct Sources<'a>(SmallVec<[Option<&'a [u8]>; 8]>);

impl<'a> Sources<'a> {
    /// Looks the keys up; gives the length of the longest string too.
    fn find(ks: &mut Keyspace, db: usize, keys: Args<'a>) -> CmdResult<(Self, usize)> {
        let mut sources = SmallVec::new();
        let mut longest = 0;
        for key in keys.iter() {
            let len = ks.read_str(db, key)?.map(StrRef::len);
            longest = longest.max(len.unwrap_or(0));
            sources.push(len.map(|_| key));
        }
        Ok((Sources(sources), longest))
    }

    /// Shows the strings from this byte on, as far as they reach.
    fn each_from(&self, ks: &Keyspace, db: usize, from: usize, mut show: impl FnMut(&[u8])) {
        for key in &self.0 {
            let value = key.and_then(|key| ks.peek(db, key)).and_then(|value| value.as_str());
            let mut digits = IntBuf::new();
            let bytes = value.map_or(&b""[..], |value| value.bytes(&mut digits));
            show(bytes.get(from..).unwrap_or_default());
        }
    }
}

/// Puts the result, of this length, in the place of the target. It is made a piece at a time, in the cache: a piece
/// depends on nothing but the same piece of the sources, so the target may be one of them.
fn store(
    ks: &mut Keyspace,
    db: usize,
    target: &[u8],
    operation: Operation,
    sources: &Sources<'_>,
    len: usize,
) {
    const PIECE: usize = 16 * 1024;
    if sources.0.contains(&Some(target)) {
        ks.persist(db, target);
    } else {
        ks.set(db, target, NewValue::Raw(b""), ExpireChange::Clear);
    }
    ks.string_mut(db, target, len);
    let mut piece = vec![0; PIECE.min(len)];
    for from in (0..len).step_by(PIECE) {
        let piece = &mut piece[..PIECE.min(len - from)];
        combine(operation, piece, |show| sources.each_from(ks, db, from, show));
        ks.string_mut(db, target, 0)[from..from + piece.len()].copy_from_slice(piece);
    }
}

/// Fills a piece of the result from what is at its place in the sources.
fn combine(operation: Operation, piece: &mut [u8], sources: impl FnOnce(&mut dyn FnMut(&[u8]))) {
    let mut is_first = true;
    sources(&mut |source| {
        let (both, rest) = piece.split_at_mut(source.len().min(piece.len()));
        let source = &source[..both.len()];
        match operation {
            Operation::Not => {
                each(both, source, |_, b| !b);
                rest.fill(0xff);
            }
            _ if is_first => {
                both.copy_from_slice(source);
                rest.fill(0);
            }
            Operation::And => {
                each(both, source, |a, b| a & b);
                rest.fill(0);
            }
            Operation::Or => each(both, source, |a, b| a | b),
            Operation::Xor => each(both, source, |a, b| a ^ b),
        }
        is_first = false;
    });
}

/// Byte by byte, which becomes vectors.
#[inline(always)]
fn each(bytes: &mut [u8], others: &[u8], f: impl Fn(u8, u8) -> u8) {
    for (byte, other) in bytes.iter_mut().zip(others) {
        *byte = f(*byte, *other);
    }
}
