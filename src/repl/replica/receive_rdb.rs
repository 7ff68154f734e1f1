//! The framing of a snapshot on the wire: where it begins and where it ends.
//!
//! ```text
//!   \n \n ...                          newlines, while the primary makes the snapshot
//!   $<length>\r\n <length bytes>       from a file; the stream follows at once
//!   $EOF:<40 chars>\r\n <bytes> <the same 40 chars>       streamed; the stream follows our first ACK
//! ```
//!
//! The mark may be split over any number of reads, and the bytes of the snapshot may begin like it: what could still turn
//! out to be the mark is held back, and given out when it does not.

use crate::repl::id::REPL_ID_LEN;
use memchr::memmem;

/// The longest line that may stand before the snapshot.
const LINE_MAX: usize = 1024;

/// Lengths above this are refused: no file has it.
const LENGTH_MAX: u64 = 1 << 60;

#[derive(Debug)]
pub enum ReceiveRdb {
    /// The `$` line has not come yet.
    Preamble {
        line: Vec<u8>,
    },
    /// A snapshot of known length.
    Counted {
        size: u64,
        left: u64,
    },
    /// A snapshot that ends with a mark, of which `matched` bytes may have come.
    Marked {
        mark: [u8; REPL_ID_LEN],
        matched: usize,
    },
    Complete,
}

/// What a piece of input turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Framed {
    /// Nothing to do; more input is needed.
    More,
    /// A newline: the primary lives.
    Keepalive,
    /// The snapshot begins; None = it ends with a mark.
    Begins { size: Option<u64> },
    /// The bytes taken are the snapshot's.
    Data,
    /// Bytes that were held back are the snapshot's: as many of the mark's first.
    Held(usize),
    /// The snapshot is complete; what follows in the input is not a part of it.
    Complete,
    /// The primary says that it cannot go on.
    Aborted(Vec<u8>),
    /// This is no snapshot.
    BadLine(Vec<u8>),
}

impl ReceiveRdb {
    pub fn new() -> ReceiveRdb {
        ReceiveRdb::Preamble { line: Vec::new() }
    }

    /// Takes a part of the input: how many bytes, and what they are. To be called until it takes nothing.
    pub fn feed(&mut self, input: &[u8]) -> (usize, Framed) {
        // An empty snapshot, or one whose last byte came before, is complete without further input.
        if let ReceiveRdb::Counted { left: 0, .. } = self {
            *self = ReceiveRdb::Complete;
            return (0, Framed::Complete);
        }
        if input.is_empty() {
            return (0, Framed::More);
        }
        match self {
            ReceiveRdb::Preamble { line } => {
                let Some(end) = memchr::memchr(b'\n', input) else {
                    if line.len() + input.len() > LINE_MAX {
                        return (input.len(), Framed::BadLine(std::mem::take(line)));
                    }
                    line.extend_from_slice(input);
                    return (input.len(), Framed::More);
                };
                let mut line = std::mem::take(line);
                line.extend_from_slice(&input[..end]);
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                (end + 1, self.preamble(line))
            }
            ReceiveRdb::Counted { left, .. } => {
                let n = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                *left -= n as u64;
                (n, Framed::Data)
            }
            ReceiveRdb::Marked { .. } => self.feed_marked(input),
            ReceiveRdb::Complete => (0, Framed::More),
        }
    }

    fn preamble(&mut self, line: Vec<u8>) -> Framed {
        match line.first() {
            None => return Framed::Keepalive,
            Some(b'-') => return Framed::Aborted(line[1..].to_vec()),
            Some(b'$') => {}
            Some(_) => return Framed::BadLine(line),
        }
        if let Some(mark) = line.strip_prefix(b"$EOF:") {
            let Some(mark) = mark.first_chunk::<REPL_ID_LEN>() else { return Framed::BadLine(line) };
            *self = ReceiveRdb::Marked { mark: *mark, matched: 0 };
            return Framed::Begins { size: None };
        }
        let size = std::str::from_utf8(&line[1..]).ok().and_then(|digits| digits.parse::<u64>().ok());
        match size {
            Some(size) if size <= LENGTH_MAX => {
                *self = ReceiveRdb::Counted { size, left: size };
                Framed::Begins { size: Some(size) }
            }
            _ => Framed::BadLine(line),
        }
    }

    fn feed_marked(&mut self, input: &[u8]) -> (usize, Framed) {
        let ReceiveRdb::Marked { mark, matched } = self else { unreachable!("only called in Marked") };
        if *matched == 0 {
            // All before the mark, or before what may be its beginning, is data.
            let data = memmem::find(input, &mark[..]).unwrap_or(input.len() - begun(mark, input));
            if data > 0 {
                return (data, Framed::Data);
            }
        }
        let rest = &mark[*matched..];
        let n = rest.len().min(input.len());
        if input[..n] == rest[..n] {
            *matched += n;
            if *matched == REPL_ID_LEN {
                *self = ReceiveRdb::Complete;
                return (n, Framed::Complete);
            }
            return (n, Framed::More);
        }
        // What was held back is not the mark's beginning after all, but its tail may be.
        let held = *matched;
        let still = begun(mark, &mark[1..held]);
        *matched = still;
        (0, Framed::Held(held - still))
    }

    /// The first `n` bytes of the mark: what `Held` speaks of.
    pub fn mark(&self, n: usize) -> &[u8] {
        match self {
            ReceiveRdb::Marked { mark, .. } => &mark[..n],
            _ => &[],
        }
    }
}

impl Default for ReceiveRdb {
    fn default() -> Self {
        ReceiveRdb::new()
    }
}

/// How many bytes at the end of `bytes` are a beginning of `mark`, but not all of it.
fn begun(mark: &[u8; REPL_ID_LEN], bytes: &[u8]) -> usize {
    let most = bytes.len().min(REPL_ID_LEN - 1);
    (1..=most).rev().find(|&n| bytes.ends_with(&mark[..n])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::rng::Rng;

    /// Feeds `wire` in the given pieces: the snapshot's bytes, and how much of the wire is left behind it.
    fn receive(wire: &[u8], mut piece: impl FnMut() -> usize) -> Option<(Vec<u8>, usize)> {
        let mut machine = ReceiveRdb::new();
        let mut data = Vec::new();
        let mut at = 0;
        let mut end = 0;
        while at < wire.len() {
            end = end.max(at + piece()).min(wire.len());
            loop {
                let (used, framed) = machine.feed(&wire[at..end]);
                let more = framed == Framed::More;
                match framed {
                    Framed::Data => data.extend_from_slice(&wire[at..at + used]),
                    Framed::Held(n) => data.extend_from_slice(machine.mark(n)),
                    Framed::Complete => return Some((data, wire.len() - at - used)),
                    Framed::Aborted(_) | Framed::BadLine(_) => return None,
                    Framed::More | Framed::Keepalive | Framed::Begins { .. } => {}
                }
                at += used;
                if more {
                    break;
                }
            }
        }
        None
    }

    #[test]
    fn a_counted_snapshot_ends_to_the_byte_whatever_the_reads() {
        for piece in 1..20 {
            let got = receive(b"\n\n$11\r\nhello world*1\r\n", || piece);
            assert_eq!(got, Some((b"hello world".to_vec(), 4)));
        }
        assert_eq!(receive(b"$0\r\nx", || 3), Some((vec![], 1)));
        let mut empty = ReceiveRdb::new();
        assert_eq!(empty.feed(b"$0\r\n"), (4, Framed::Begins { size: Some(0) }));
        assert_eq!(empty.feed(b""), (0, Framed::Complete), "no further byte is waited for");
    }

    #[test]
    fn a_mark_is_found_however_it_is_split_and_whatever_looks_like_it() {
        for seed in 0..3000 {
            let mut rng = Rng::seeded(seed);
            // Marks of few letters repeat themselves, and data of the same letters begins like them all the time.
            let letters = 1 + rng.below(3) as u8;
            let mark: Vec<u8> = (0..40).map(|_| b'a' + rng.below(u64::from(letters)) as u8).collect();
            let mut data: Vec<u8> = Vec::new();
            for _ in 0..rng.below(6) {
                match rng.below(3) {
                    0 => data.extend_from_slice(&mark[..rng.below(40) as usize]),
                    1 => data.extend((0..rng.below(50)).map(|_| b'a' + rng.below(4) as u8)),
                    _ => data.push(b'z'),
                }
            }
            let mut wire = b"$EOF:".to_vec();
            wire.extend_from_slice(&mark);
            wire.extend_from_slice(b"\r\n");
            let body = wire.len();
            wire.extend_from_slice(&data);
            wire.extend_from_slice(&mark);
            wire.extend_from_slice(b"tail");
            // The first place where the mark stands is the end, by definition.
            let expected = memmem::find(&wire[body..], &mark).unwrap();
            let largest = 1 + rng.below(60);
            let got = receive(&wire, || 1 + rng.below(largest) as usize);
            let (bytes, left) = got.unwrap_or_else(|| panic!("seed {seed}: no end found"));
            assert_eq!(bytes, &wire[body..body + expected], "seed {seed}");
            assert_eq!(left, wire.len() - body - expected - 40, "seed {seed}");
        }
    }

    #[test]
    fn what_is_no_snapshot_is_refused() {
        let bad = |wire: &[u8]| matches!(ReceiveRdb::new().feed(wire), (_, Framed::BadLine(_)));
        assert!(bad(b"+OK\r\n"));
        assert!(bad(b"$EOF:short\r\n"));
        assert!(bad(b"$-1\r\n"));
        assert!(bad(b"$99999999999999999999999\r\n"));
        assert!(bad(b"$9999999999999999999\r\n"));
        assert!(bad(&[b'x'; 5000]));
        let aborted = Framed::Aborted(b"ERR no memory".to_vec());
        assert_eq!(ReceiveRdb::new().feed(b"-ERR no memory\r\n"), (16, aborted));
    }
}
