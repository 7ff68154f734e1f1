//! The runs of the sparse encoding, whose layout stands in the parent's description.

use super::{Corrupt, HEADER, REGISTERS, invalidate, set_dense, to_dense};
use crate::number::int;
use std::ops::Range;

const VALUE_MAX: u8 = 32;
const VALUE_RUN_MAX: usize = 4;
const ZEROS_MAX: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Zeros,
    LongZeros,
    Value(u8),
}

/// One item: what the registers are, how many, and how many bytes say so.
#[derive(Clone, Copy)]
struct Run {
    kind: Kind,
    len: usize,
    size: usize,
}

impl Run {
    /// The item at the front of `bytes`, which is not empty. The second byte counts as 0 where it is missing.
    #[inline(always)]
    fn first(bytes: &[u8]) -> Self {
        let first = bytes[0];
        if first & 0x80 != 0 {
            Self { kind: Kind::Value((first >> 2 & 0x1f) + 1), len: usize::from(first & 3) + 1, size: 1 }
        } else if first & 0x40 == 0 {
            Self { kind: Kind::Zeros, len: usize::from(first) + 1, size: 1 }
        } else {
            let low = bytes.get(1).copied().unwrap_or(0);
            Self {
                kind: Kind::LongZeros,
                len: (usize::from(first & 0x3f) << 8 | usize::from(low)) + 1,
                size: 2,
            }
        }
    }

    fn value(self) -> u8 {
        if let Kind::Value(value) = self.kind { value } else { 0 }
    }
}

fn value_item(value: u8, len: usize) -> u8 {
    0x80 | (value - 1) << 2 | (len - 1) as u8
}

/// Items to be written in the place of one.
#[derive(Default)]
struct Items {
    bytes: [u8; 5],
    len: usize,
}

impl Items {
    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn zeros(&mut self, len: usize) {
        if len > ZEROS_MAX {
            self.push(0x40 | ((len - 1) >> 8) as u8);
            self.push((len - 1) as u8);
        } else if len > 0 {
            self.push((len - 1) as u8);
        }
    }

    fn values(&mut self, value: u8, len: usize) {
        if len > 0 {
            self.push(value_item(value, len));
        }
    }
}

/// Shows all runs with their values and registers; an error comes as soon as they leave the registers, or at the end if
/// they leave some out.
#[inline(always)]
pub(super) fn for_each_run(mut runs: &[u8], mut each: impl FnMut(u8, Range<usize>)) -> Result<(), Corrupt> {
    let mut index = 0;
    while !runs.is_empty() {
        let run = Run::first(runs);
        if run.len > REGISTERS - index {
            return Err(Corrupt);
        }
        each(run.value(), index..index + run.len);
        index += run.len;
        runs = runs.get(run.size..).unwrap_or_default();
    }
    if index == REGISTERS { Ok(()) } else { Err(Corrupt) }
}

pub(super) fn decode(mut runs: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while !runs.is_empty() {
        let run = Run::first(runs);
        if !out.is_empty() {
            out.push(b' ');
        }
        match run.kind {
            Kind::Zeros => out.extend(b"z:"),
            Kind::LongZeros => out.extend(b"Z:"),
            Kind::Value(value) => {
                out.extend(b"v:");
                int::append(&mut out, i64::from(value));
                out.push(b',');
            }
        }
        int::append(&mut out, run.len as i64);
        runs = runs.get(run.size..).unwrap_or_default();
    }
    out
}

/// Raises a register to `rank`, and tells whether it was lower.
pub(super) fn set(bytes: &mut Vec<u8>, index: usize, rank: u8, bytes_max: usize) -> Result<bool, Corrupt> {
    if rank > VALUE_MAX {
        return set_promoted(bytes, index, rank);
    }
    // The run that has the register, the one before it, and the first register of it.
    let (mut at, mut before, mut first) = (HEADER, HEADER, 0);
    let run = loop {
        if at >= bytes.len() {
            return Err(Corrupt);
        }
        let run = Run::first(&bytes[at..]);
        if index < first + run.len {
            break run;
        }
        before = at;
        at += run.size;
        first += run.len;
    };
    if run.value() >= rank {
        return Ok(false);
    }
    if run.len == 1 && run.size == 1 {
        bytes[at] = value_item(rank, 1);
    } else {
        if at + run.size > bytes.len() {
            return Err(Corrupt);
        }
        let (left, right) = (index - first, first + run.len - 1 - index);
        let mut items = Items::default();
        match run.kind {
            Kind::Value(value) => {
                items.values(value, left);
                items.values(rank, 1);
                items.values(value, right);
            }
            Kind::Zeros | Kind::LongZeros => {
                items.zeros(left);
                items.values(rank, 1);
                items.zeros(right);
            }
        }
        if items.len > run.size && bytes.len() + items.len - run.size > bytes_max {
            return set_promoted(bytes, index, rank);
        }
        bytes.splice(at..at + run.size, items.bytes[..items.len].iter().copied());
    }
    join_values(bytes, before);
    invalidate(bytes);
    Ok(true)
}

/// Makes it dense first. That the runs leave the register under `rank` is known.
fn set_promoted(bytes: &mut Vec<u8>, index: usize, rank: u8) -> Result<bool, Corrupt> {
    to_dense(bytes)?;
    Ok(set_dense(bytes, index, rank))
}

/// Joins runs of the same value where they meet, looking at five items from `at` on.
fn join_values(bytes: &mut Vec<u8>, mut at: usize) {
    for _ in 0..5 {
        if at >= bytes.len() {
            return;
        }
        let run = Run::first(&bytes[at..]);
        if let Kind::Value(value) = run.kind
            && at + 1 < bytes.len()
            && let next = Run::first(&bytes[at + 1..])
            && next.kind == run.kind
            && run.len + next.len <= VALUE_RUN_MAX
        {
            // The joined run is looked at again with what follows it.
            bytes[at + 1] = value_item(value, run.len + next.len);
            bytes.remove(at);
        } else {
            at += run.size;
        }
    }
}
