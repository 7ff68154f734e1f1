//! LZF, the compression of RDB strings and DUMP payloads, writing the very bytes that Redis's liblzf writes.
//!
//! A compressed block is a row of two kinds of items:
//!
//! ```text
//! 000LLLLL                      then L+1 literal bytes              (1 to 32)
//! LLLooooo oooooooo             copy L+2 bytes from o+1 bytes back  (L = 1 to 6, so 3 to 8 bytes)
//! 111ooooo LLLLLLLL oooooooo    copy L+9 bytes from o+1 bytes back  (9 to 264 bytes)
//! ```
//!
//! Any compressor may choose its own items, so equal bytes need the same choices. Redis builds liblzf with a table of 2^16
//! slots (HLOG 16) and VERY_FAST on, which means: the slot of a position is a hash of its three bytes, a slot remembers
//! only the newest position, the first candidate that fits is taken, and after a match only the last two positions inside
//! it enter the table. A candidate at position 0 is never taken, and it may be at most 8192 bytes back.
//!
//! liblzf leaves its table uninitialised and lives with what is in it. We behave as if it were zeroed at each call, which
//! is what a slot that points outside the input amounts to. Zeroing 256 KiB for a string of 30 bytes would cost far more
//! than compressing it, so a [`Compressor`] is kept and used again: positions are stored with a base that grows from call
//! to call, and whatever lies under the base is stale.

/// The input a compressed byte can stand for, at most: three bytes give 264.
const RATIO_MAX: usize = 88;

const TABLE_BITS: u32 = 16;
const LITERAL_MAX: usize = 32;
const OFFSET_MAX: usize = 1 << 13;
const MATCH_MAX: usize = (1 << 8) + (1 << 3);

/// Longer inputs are not compressed, so that a position always fits in a slot of the table.
const INPUT_MAX: usize = 1 << 31;

/// The compressor's table. One is enough for any number of strings; its state never shows in the output.
pub struct Compressor {
    /// For each hash of three bytes, `base` plus the newest position that had it.
    slots: Box<[u32; 1 << TABLE_BITS]>,
    /// Slots at or under this value belong to earlier inputs (or to position 0, which is never a candidate).
    base: u32,
}

impl Default for Compressor {
    fn default() -> Self {
        Self::new()
    }
}

impl Compressor {
    pub fn new() -> Self {
        let slots = vec![0; 1 << TABLE_BITS].into_boxed_slice();
        Self { slots: slots.try_into().expect("the vector has the table's length"), base: 0 }
    }

    /// Compresses `input` into the front of `out` and returns the length written, or `None` when it does not fit. As in
    /// liblzf the test for room is careful: a result that would fill `out` to the last bytes may be refused.
    pub fn compress(&mut self, input: &[u8], out: &mut [u8]) -> Option<usize> {
        if input.is_empty() || out.is_empty() || input.len() > INPUT_MAX {
            return None;
        }
        if u32::MAX - self.base < input.len() as u32 {
            self.slots.fill(0);
            self.base = 0;
        }
        let written = self.run(input, out);
        self.base += input.len() as u32;
        written
    }

    fn run(&mut self, input: &[u8], out: &mut [u8]) -> Option<usize> {
        let (slots, base) = (&mut *self.slots, self.base);
        let mut run = Run { start: 0, len: 0, head: 0 };
        let mut at = 0;
        let mut three = if input.len() > 2 { three_at(input, 0) >> 8 } else { 0 };

        while at + 2 < input.len() {
            three = (three << 8 | u32::from(input[at + 2])) & 0xff_ffff;
            let newest = base + at as u32;
            let before = std::mem::replace(&mut slots[slot_of(three)], newest);
            // What is stale or position 0 lies under all of `input[1..at]`; one comparison refuses it with what is too far.
            let offset = newest.wrapping_sub(before).wrapping_sub(1) as usize;
            let reach = OFFSET_MAX.min(at.saturating_sub(1));
            if offset >= reach || three_at(input, at - offset - 1) != three {
                if run.next_literal() >= out.len() {
                    return None;
                }
                run.push(input, out);
                at += 1;
                continue;
            }

            // liblzf looks for room while the head of an empty run, which is not kept, is still there.
            let room_from = if run.len == 0 { run.head } else { run.next_literal() };
            if room_from + 4 >= out.len() {
                return None;
            }
            run.flush(input, out);
            let length = match_length(input, at - offset - 1, at);
            let code = length - 2;
            let mut to = run.head;
            if code < 7 {
                out[to] = (offset >> 8) as u8 | (code << 5) as u8;
            } else {
                out[to] = (offset >> 8) as u8 | (7 << 5);
                to += 1;
                out[to] = (code - 7) as u8;
            }
            out[to + 1] = offset as u8;
            at += length;
            run = Run { start: at, len: 0, head: to + 2 };

            if at + 2 < input.len() {
                for inside in [at - 2, at - 1] {
                    three = three_at(input, inside);
                    slots[slot_of(three)] = base + inside as u32;
                }
            }
        }

        // At most two bytes are left, and the head of one more run may come between them.
        if run.next_literal() + 3 > out.len() {
            return None;
        }
        for _ in at..input.len() {
            run.push(input, out);
        }
        run.flush(input, out);
        Some(run.head)
    }
}

/// Literals that have been seen but not written: `input[start..start + len]`, whose item starts at `out[head]`.
struct Run {
    start: usize,
    len: usize,
    head: usize,
}

impl Run {
    /// Where liblzf, which leaves a byte for the head first, writes the next literal.
    #[inline(always)]
    fn next_literal(&self) -> usize {
        self.head + 1 + self.len
    }

    #[inline(always)]
    fn push(&mut self, input: &[u8], out: &mut [u8]) {
        self.len += 1;
        if self.len == LITERAL_MAX {
            self.flush(input, out);
        }
    }

    #[inline(always)]
    fn flush(&mut self, input: &[u8], out: &mut [u8]) {
        if self.len > 0 {
            out[self.head] = (self.len - 1) as u8;
            let literals = &input[self.start..self.start + self.len];
            out[self.head + 1..self.head + 1 + self.len].copy_from_slice(literals);
            *self = Run { start: self.start + self.len, len: 0, head: self.head + 1 + self.len };
        }
    }
}

/// Compresses one string with a table of its own. The result is shorter than the input by at least `saving` bytes.
pub fn compress(input: &[u8], saving: usize) -> Option<Vec<u8>> {
    let mut out = vec![0; input.len().checked_sub(saving)?];
    let length = Compressor::new().compress(input, &mut out)?;
    out.truncate(length);
    Some(out)
}

/// The three bytes at `at` as a number, the first one highest.
#[inline(always)]
fn three_at(input: &[u8], at: usize) -> u32 {
    let [a, b, c] = input[at..at + 3].try_into().expect("three bytes");
    u32::from_be_bytes([0, a, b, c])
}

#[inline(always)]
fn slot_of(three: u32) -> usize {
    ((three >> (24 - TABLE_BITS)).wrapping_sub(three.wrapping_mul(5)) & ((1 << TABLE_BITS) - 1)) as usize
}

/// How many bytes at `at` repeat those at `from`, three being known to. liblzf aims to stop two bytes before the end of
/// the input but compares the first 19 without looking, and one more than its limit when the limit is under three.
fn match_length(input: &[u8], from: usize, at: usize) -> usize {
    let limit = (input.len() - at - 2).min(MATCH_MAX);
    let limit = if limit > 16 { limit.max(19) } else { limit.max(3) };
    let (old, new) = (&input[from..from + limit], &input[at..at + limit]);
    let mut length = 3;
    while length + 8 <= limit {
        let differ = word(old, length) ^ word(new, length);
        if differ != 0 {
            return length + (differ.trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    while length < limit && old[length] == new[length] {
        length += 1;
    }
    length
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

/// Compressed bytes that no compressor wrote, or that do not decompress to the length promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Invalid LZF compressed string")
    }
}

impl std::error::Error for Invalid {}

/// Whether `compressed_len` bytes could decompress to `len`: what to ask before making room for a length that came from
/// outside.
pub fn plausible(compressed_len: usize, len: usize) -> bool {
    len <= compressed_len.saturating_mul(RATIO_MAX)
}

/// Decompresses `input`, which must give exactly `len` bytes. Nothing is allocated for a `len` that it cannot give.
pub fn decompress(input: &[u8], len: usize) -> Result<Vec<u8>, Invalid> {
    if !plausible(input.len(), len) {
        return Err(Invalid);
    }
    let mut out = vec![0; len];
    decompress_into(input, &mut out)?;
    Ok(out)
}

/// Decompresses `input` so that it fills `out` exactly.
pub fn decompress_into(input: &[u8], out: &mut [u8]) -> Result<(), Invalid> {
    let mut at = 0;
    let mut to = 0;
    while at < input.len() {
        let control = input[at] as usize;
        at += 1;
        if control < LITERAL_MAX {
            let length = control + 1;
            if let (Some(from), Some(into)) =
                (input.get(at..at + LITERAL_MAX), out.get_mut(to..to + LITERAL_MAX))
            {
                // A copy of a fixed size is quicker; what it writes too much is written over or makes the length wrong.
                into.copy_from_slice(from);
            } else {
                let from = input.get(at..at + length).ok_or(Invalid)?;
                out.get_mut(to..to + length).ok_or(Invalid)?.copy_from_slice(from);
            }
            at += length;
            to += length;
        } else {
            let mut length = (control >> 5) + 2;
            if length == 9 {
                length += *input.get(at).ok_or(Invalid)? as usize;
                at += 1;
            }
            let offset = ((control & 0x1f) << 8 | *input.get(at).ok_or(Invalid)? as usize) + 1;
            at += 1;
            if offset > to || length > out.len() - to {
                return Err(Invalid);
            }
            copy_match(out, to, offset, length);
            to += length;
        }
    }
    if to == out.len() { Ok(()) } else { Err(Invalid) }
}

/// Writes at `to` the `length` bytes that stand `offset` before it. Those that overlap repeat what was just written.
#[inline(always)]
fn copy_match(out: &mut [u8], to: usize, offset: usize, length: usize) {
    const CHUNK: usize = 16;
    let from = to - offset;
    if offset >= CHUNK && out.len() - to >= length + CHUNK {
        for done in (0..length).step_by(CHUNK) {
            let chunk: [u8; CHUNK] = out[from + done..from + done + CHUNK].try_into().expect("a chunk");
            out[to + done..to + done + CHUNK].copy_from_slice(&chunk);
        }
    } else if offset >= length {
        out.copy_within(from..from + length, to);
    } else if offset == 1 {
        let byte = out[from];
        out[to..to + length].fill(byte);
    } else {
        for i in 0..length {
            out[to + i] = out[from + i];
        }
    }
}
