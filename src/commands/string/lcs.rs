//! LCS: the longest common subsequence of two strings.
//!
//! By dynamic programming over a table of `(len a + 1) * (len b + 1)` lengths, where cell `(i, j)` is the length for the
//! first `i` bytes of a and the first `j` of b. Walking back from the last cell gives the subsequence and the stretches
//! in which it is contiguous in both strings, last first.

use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, keys_at};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::{IntBuf, ValueRef};

/// `LCS`
pub static LCS: Command = Command {
    name: "lcs",
    arity: -3,
    flags: flags!(READONLY),
    acl: acl!(READ | STRING | SLOW),
    keys: &[keys_at(1, 1, 1, access!(RO | ACCESS))],
    group: Group::String,
    tips: &[],
    run: Run::Data(lcs),
    subcommands: &[],
};

fn lcs(e: &mut Exec<'_>) -> CmdResult {
    let (mut digits_a, mut digits_b) = (IntBuf::new(), IntBuf::new());
    let (key_a, key_b) = (e.args.at(1), e.args.at(2));
    let there_a = e.ks.lookup_read(e.db, key_a).is_some();
    let there_b = e.ks.lookup_read(e.db, key_b).is_some();
    // Both borrow the keyspace from here on, so neither is copied.
    let a = string(e.ks.peek(e.db, key_a).filter(|_| there_a), &mut digits_a)?;
    let b = string(e.ks.peek(e.db, key_b).filter(|_| there_b), &mut digits_b)?;
    let options = Options::parse(e.args)?;
    let table = Table::build(a, b, e.config.proto_max_bulk_len as u64)?;
    let len = table.at(a.len(), b.len());
    match options.answer {
        Answer::Length => e.reply.int(i64::from(len)),
        Answer::Subsequence => {
            let mut found = vec![0; len as usize];
            let mut left = found.len();
            table.walk_back(a, b, |i, _| {
                left -= 1;
                found[left] = a[i];
            });
            e.reply.bulk(&found);
        }
        Answer::Stretches => {
            let stretches = stretches(&table, a, b, options.min_len);
            e.reply.map(2);
            e.reply.bulk(b"matches");
            e.reply.array(stretches.len());
            for s in &stretches {
                e.reply.array(if options.with_len { 3 } else { 2 });
                for start in [s.start_a, s.start_b] {
                    e.reply.array(2);
                    e.reply.int(start as i64);
                    e.reply.int((start + s.len - 1) as i64);
                }
                if options.with_len {
                    e.reply.int(s.len as i64);
                }
            }
            e.reply.bulk(b"len");
            e.reply.int(i64::from(len));
        }
    }
    Ok(())
}

enum Answer {
    Subsequence,
    Length,
    Stretches,
}

fn string<'b>(value: Option<ValueRef<'b>>, digits: &'b mut IntBuf) -> CmdResult<&'b [u8]> {
    match value {
        None => Ok(b""),
        Some(ValueRef::Str(s)) => Ok(s.bytes(digits)),
        Some(_) => Err(CmdError::err("The specified keys must contain string values")),
    }
}

struct Options {
    answer: Answer,
    min_len: u64,
    with_len: bool,
}

impl Options {
    fn parse(args: Args<'_>) -> CmdResult<Self> {
        let (mut idx, mut len, mut with_len, mut min_len) = (false, false, false, 0);
        let mut i = 3;
        while let Some(word) = args.get(i) {
            if is_word(word, "idx") {
                idx = true;
            } else if is_word(word, "len") {
                len = true;
            } else if is_word(word, "withmatchlen") {
                with_len = true;
            } else if is_word(word, "minmatchlen")
                && let Some(arg) = args.get(i + 1)
            {
                min_len = u64::try_from(integer(arg)?).unwrap_or(0);
                i += 1;
            } else {
                return Err(CmdError::SYNTAX);
            }
            i += 1;
        }
        let answer = match (idx, len) {
            (true, true) => {
                let text = "If you want both the length and indexes, please just use IDX.";
                return Err(CmdError::err(text));
            }
            (true, false) => Answer::Stretches,
            (false, true) => Answer::Length,
            (false, false) => Answer::Subsequence,
        };
        Ok(Options { answer, min_len, with_len })
    }
}

/// Lengths, row by row.
struct Table {
    cells: Vec<u32>,
    width: usize,
}

impl Table {
    fn build(a: &[u8], b: &[u8], limit: u64) -> CmdResult<Table> {
        let longest = u32::MAX as usize - 1;
        if a.len() >= longest || b.len() >= longest {
            return Err(CmdError::err("String too long for LCS"));
        }
        let (height, width) = (a.len() + 1, b.len() + 1);
        let unavailable = "Insufficient memory, failed allocating transient memory for LCS";
        let bytes =
            (height * width).checked_mul(size_of::<u32>()).ok_or_else(|| CmdError::err(unavailable))?;
        if bytes as u64 > limit {
            let text = "Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len";
            return Err(CmdError::err(text));
        }
        let mut cells = Vec::new();
        cells.try_reserve_exact(height * width).map_err(|_| CmdError::err(unavailable))?;
        cells.resize(width, 0);
        for (i, byte) in a.iter().enumerate() {
            let above = i * width;
            cells.push(0);
            let mut left = 0;
            for (j, other) in b.iter().enumerate() {
                left = if byte == other { cells[above + j] + 1 } else { left.max(cells[above + j + 1]) };
                cells.push(left);
            }
        }
        Ok(Table { cells, width })
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.cells[i * self.width + j]
    }

    /// Calls `visit` with the places in a and b of each byte of the subsequence, the last one first.
    fn walk_back(&self, a: &[u8], b: &[u8], mut visit: impl FnMut(usize, usize)) {
        let (mut i, mut j) = (a.len(), b.len());
        while i > 0 && j > 0 {
            if a[i - 1] == b[j - 1] {
                i -= 1;
                j -= 1;
                visit(i, j);
            } else if self.at(i - 1, j) > self.at(i, j - 1) {
                i -= 1;
            } else {
                j -= 1;
            }
        }
    }
}

/// A part of the subsequence that is contiguous in both strings.
#[derive(Debug, PartialEq, Eq)]
struct Stretch {
    start_a: usize,
    start_b: usize,
    len: usize,
}

fn stretches(table: &Table, a: &[u8], b: &[u8], min_len: u64) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut open: Option<Stretch> = None;
    let mut close = |s: Stretch| {
        if s.len as u64 >= min_len {
            found.push(s);
        }
    };
    table.walk_back(a, b, |i, j| match &mut open {
        Some(s) if (s.start_a, s.start_b) == (i + 1, j + 1) => {
            *s = Stretch { start_a: i, start_b: j, len: s.len + 1 };
        }
        _ => {
            if let Some(s) = open.replace(Stretch { start_a: i, start_b: j, len: 1 }) {
                close(s);
            }
        }
    });
    if let Some(s) = open {
        close(s);
    }
    found
}
