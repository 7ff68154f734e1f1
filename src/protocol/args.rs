//! One command's arguments: slices of the buffer that the request was read into, and big ones that were read apart
//! from it (`apart.rs`). Nothing is copied.

use super::apart::Apart;
use crate::ds::long::Shared;
use std::ops::Index;

/// An argument as C sees it: it ends at its first zero byte.
#[must_use]
pub fn c_str(arg: &[u8]) -> &[u8] {
    arg.split(|b| *b == 0).next().unwrap_or_default()
}

/// Where an argument lies in its buffer; or which it is of those that lie apart, and how long, beyond the end of any
/// buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

/// Where the spans of what lies apart begin.
const APART: usize = 1 << 62;

impl Span {
    /// The span of the string of this number and length among those that lie apart.
    #[must_use]
    pub fn apart(number: usize, len: usize) -> Span {
        Span { start: APART + number, end: APART + number + len }
    }

    /// The number among those that lie apart, if it is one of them.
    #[must_use]
    pub fn number_apart(self) -> Option<usize> {
        self.start.checked_sub(APART)
    }
}

/// A command's arguments, its name first.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    buffer: &'a [u8],
    spans: &'a [Span],
    /// The request's bytes, but for those that lie apart; empty if they are not to be had.
    raw: Span,
    apart: Option<&'a Apart>,
}

const NOT_RAW: Span = Span { start: 0, end: 0 };

impl<'a> Args<'a> {
    /// Arguments that lie in `buffer` at `spans`. `raw` is the whole request when it came as a multibulk, which can
    /// then be passed on to replicas as it is.
    #[must_use]
    pub fn new(buffer: &'a [u8], spans: &'a [Span], raw: Option<Span>) -> Self {
        Args { buffer, spans, raw: raw.unwrap_or(NOT_RAW), apart: None }
    }

    /// The same of which some may lie apart.
    #[inline]
    #[must_use]
    pub fn with_apart(self, apart: Option<&'a Apart>) -> Self {
        Args { apart, ..self }
    }

    #[inline]
    fn bytes(&self, span: Span) -> &'a [u8] {
        bytes_at(self.buffer, self.apart, span)
    }

    /// Argument `i` as the string that it was read into, if it lies apart: who keeps that makes no copy.
    #[inline]
    #[must_use]
    pub fn apart(&self, i: usize) -> Option<&'a Shared> {
        let apart = self.apart?;
        apart.parts().get(self.spans.get(i)?.number_apart()?)
    }

    /// Whether any of the arguments lies apart.
    #[inline]
    #[must_use]
    pub fn any_apart(&self) -> bool {
        self.apart.is_some() && self.spans.iter().any(|span| span.number_apart().is_some())
    }

    /// How many arguments there are, the name included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is not even a name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Argument `i`, if there are that many.
    #[must_use]
    pub fn get(&self, i: usize) -> Option<&'a [u8]> {
        self.spans.get(i).map(|span| self.bytes(*span))
    }

    /// Argument `i` with the buffer's own lifetime (indexing gives the shorter one of `self`).
    ///
    /// # Panics
    /// When there are not that many: arity was checked before.
    #[must_use]
    pub fn at(&self, i: usize) -> &'a [u8] {
        self.bytes(self.spans[i])
    }

    /// All arguments in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + DoubleEndedIterator + Clone + use<'a> {
        let (buffer, apart) = (self.buffer, self.apart);
        self.spans.iter().map(move |span| bytes_at(buffer, apart, *span))
    }

    /// The arguments from `from` on; empty when there are fewer.
    #[must_use]
    pub fn rest(&self, from: usize) -> Args<'a> {
        Args { spans: self.spans.get(from..).unwrap_or(&[]), raw: NOT_RAW, ..*self }
    }

    /// The arguments from index `from` up to, not including, `to`, which is no more than there are.
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> Args<'a> {
        Args { spans: &self.spans[from..to], raw: NOT_RAW, ..*self }
    }

    /// `len` arguments from `from` on.
    ///
    /// # Panics
    /// When there are not that many.
    #[must_use]
    pub fn part(&self, from: usize, len: usize) -> Args<'a> {
        Args { spans: &self.spans[from..from + len], raw: NOT_RAW, ..*self }
    }

    /// The request's exact bytes when it came as a RESP multibulk and none of it lies apart.
    #[must_use]
    pub fn raw(&self) -> Option<&'a [u8]> {
        (self.raw.end > 0 && !self.any_apart()).then(|| &self.buffer[self.raw.start..self.raw.end])
    }

    /// Adds a copy of the bytes, the whole request where it came as one, and where the arguments lie in it; returns where
    /// the request does. What lies apart is not copied but shared.
    pub fn copy_into(&self, bytes: &mut Vec<u8>, spans: &mut Vec<Span>, apart: &mut Apart) -> Option<Span> {
        let start = bytes.len();
        let raw = self.raw;
        if self.raw().is_none() {
            for (i, arg) in self.iter().enumerate() {
                if let Some(shared) = self.apart(i) {
                    spans.push(apart.add(shared.clone()));
                } else {
                    let start = bytes.len();
                    bytes.extend_from_slice(arg);
                    spans.push(Span { start, end: bytes.len() });
                }
            }
            return None;
        }
        bytes.extend_from_slice(&self.buffer[raw.start..raw.end]);
        let moved = |at: usize| at - raw.start + start;
        spans.extend(self.spans.iter().map(|span| Span { start: moved(span.start), end: moved(span.end) }));
        Some(Span { start, end: bytes.len() })
    }

    /// Bytes of all arguments together, without framing.
    #[must_use]
    pub fn payload_len(&self) -> usize {
        self.spans.iter().map(|s| s.end - s.start).sum()
    }

    /// The same of those that lie apart.
    #[must_use]
    pub fn payload_apart(&self) -> usize {
        (0..self.len()).filter_map(|i| self.apart(i)).map(|part| part.len()).sum()
    }

    /// The form in which the command travels, in pieces one behind the other: what lies apart is one as it is, all else is
    /// written into `frame`.
    #[must_use]
    pub fn pieces<'b>(&self, frame: &'b mut Vec<u8>) -> Vec<&'b [u8]>
    where
        'a: 'b,
    {
        let mut apart = Vec::new();
        begin_line(frame, b'*', self.len());
        for (i, arg) in self.iter().enumerate() {
            begin_line(frame, b'$', arg.len());
            if self.apart(i).is_some() {
                apart.push((frame.len(), arg));
            } else {
                frame.extend_from_slice(arg);
            }
            frame.extend_from_slice(b"\r\n");
        }
        let (mut pieces, mut begin) = (Vec::with_capacity(2 * apart.len() + 1), 0);
        for (end, arg) in apart {
            pieces.extend([&frame[begin..end], arg]);
            begin = end;
        }
        pieces.push(&frame[begin..]);
        pieces
    }

    /// Whether argument `i` is `word`, in any case.
    #[must_use]
    pub fn is(&self, i: usize, word: &str) -> bool {
        self.get(i).is_some_and(|a| a.eq_ignore_ascii_case(word.as_bytes()))
    }
}

#[inline]
fn bytes_at<'a>(buffer: &'a [u8], apart: Option<&'a Apart>, span: Span) -> &'a [u8] {
    // Nearly all lie in the buffer, and that is to be looked at in any case.
    buffer.get(span.start..span.end).unwrap_or_else(|| bytes_apart(apart, span))
}

#[cold]
fn bytes_apart(apart: Option<&Apart>, span: Span) -> &[u8] {
    let number = span.number_apart().expect("an argument lies in its buffer or apart");
    &apart.expect("what lies apart is kept with its spans").parts()[number]
}

impl Index<usize> for Args<'_> {
    type Output = [u8];

    fn index(&self, i: usize) -> &[u8] {
        self.at(i)
    }
}

impl std::fmt::Debug for Args<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(|a| a.escape_ascii().to_string())).finish()
    }
}

/// Arguments that own their bytes: inline requests, rewritten commands, commands kept for later.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnedArgs {
    buffer: Vec<u8>,
    spans: Vec<Span>,
}

impl OwnedArgs {
    /// No arguments yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy of `parts`, in two allocations.
    #[must_use]
    pub fn collect<A: AsRef<[u8]>>(parts: impl Iterator<Item = A> + Clone) -> Self {
        let (count, bytes) = parts.clone().fold((0, 0), |(n, len), part| (n + 1, len + part.as_ref().len()));
        let mut args = OwnedArgs { buffer: Vec::with_capacity(bytes), spans: Vec::with_capacity(count) };
        for part in parts {
            args.push(part.as_ref());
        }
        args
    }

    /// A copy of `parts`.
    #[must_use]
    pub fn from_parts(parts: &[&[u8]]) -> Self {
        let mut args = Self::new();
        for part in parts {
            args.push(part);
        }
        args
    }

    /// A copy of borrowed arguments.
    #[must_use]
    pub fn copy_of(args: Args<'_>) -> Self {
        let mut owned = Self::new();
        for part in args.iter() {
            owned.push(part);
        }
        owned
    }

    /// Adds an argument.
    pub fn push(&mut self, part: &[u8]) {
        let start = self.buffer.len();
        self.buffer.extend_from_slice(part);
        self.spans.push(Span { start, end: self.buffer.len() });
    }

    /// The arguments, borrowed.
    #[must_use]
    pub fn as_args(&self) -> Args<'_> {
        Args::new(&self.buffer, &self.spans, None)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
}

/// Appends a command in the form in which it travels: a RESP multibulk.
pub fn encode_command<'a, I>(out: &mut Vec<u8>, parts: I)
where
    I: ExactSizeIterator<Item = &'a [u8]>,
{
    begin_line(out, b'*', parts.len());
    for part in parts {
        begin_line(out, b'$', part.len());
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n");
    }
}

fn begin_line(out: &mut Vec<u8>, kind: u8, number: usize) {
    out.push(kind);
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_frames_every_part_with_its_length() {
        let mut out = Vec::new();
        encode_command(&mut out, [b"SET".as_slice(), b"", b"a\r\n"].into_iter());
        assert_eq!(out, b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$3\r\na\r\n\r\n");
    }

    #[test]
    fn rest_of_too_few_is_empty() {
        let owned = OwnedArgs::from_parts(&[b"a", b"b"]);
        assert!(owned.as_args().rest(5).is_empty());
        assert_eq!(owned.as_args().rest(1).at(0), b"b");
    }

    #[test]
    fn arguments_that_lie_apart_are_read_and_travel_as_others() {
        let mut apart = Apart::default();
        for part in [b"other".as_slice(), b"big\r\n"] {
            apart.add(Shared::of(&[part]));
        }
        let big = apart.parts()[1].as_ptr();
        let buffer = b"SETkx";
        let spans = [(0, 3), (3, 4)].map(|(start, end)| Span { start, end });
        let spans = [spans[0], spans[1], Span::apart(1, 5), Span { start: 4, end: 5 }];
        let args = Args::new(buffer, &spans, Some(Span { start: 0, end: 5 })).with_apart(Some(&apart));
        let all = [b"SET".as_slice(), b"k", b"big\r\n", b"x"];
        assert!(args.iter().eq(all) && (0..4).all(|i| args.at(i) == all[i] && args.get(i) == Some(all[i])));
        assert_eq!((args.raw(), args.payload_len(), args.rest(2).at(0)), (None, 10, all[2]));
        assert!(args.apart(2).is_some_and(|s| s.as_ptr() == big) && args.apart(1).is_none());
        let (mut frame, mut encoded) = (Vec::new(), Vec::new());
        encode_command(&mut encoded, all.into_iter());
        let pieces = args.pieces(&mut frame);
        assert!(pieces.concat() == encoded && pieces[1].as_ptr() == big);
        let (mut bytes, mut copied, mut shared) = (b"before".to_vec(), Vec::new(), Apart::default());
        shared.add(Shared::of(&[b"first"]));
        assert_eq!(args.copy_into(&mut bytes, &mut copied, &mut shared), None);
        assert!(Args::new(&bytes, &copied, None).with_apart(Some(&shared)).iter().eq(all));
        assert!(shared.parts()[1].as_ptr() == big && bytes == b"beforeSETkx");
        let first = Args::new(buffer, &spans[..2], Some(Span { start: 0, end: 4 })).with_apart(Some(&apart));
        assert!(first.raw() == Some(b"SETk") && !first.any_apart());
    }
}
