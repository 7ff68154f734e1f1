//! One command's arguments: slices of the buffer that the request was read into. Nothing is copied.

use std::ops::Index;

/// An argument as C sees it: it ends at its first zero byte.
#[must_use]
pub fn c_str(arg: &[u8]) -> &[u8] {
    arg.split(|b| *b == 0).next().unwrap_or_default()
}

/// Where an argument lies in its buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

/// A command's arguments, its name first.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    buffer: &'a [u8],
    spans: &'a [Span],
    raw: Option<Span>,
}

impl<'a> Args<'a> {
    /// Arguments that lie in `buffer` at `spans`. `raw` is the whole request when it came as a multibulk, which can
    /// then be passed on to replicas as it is.
    #[must_use]
    pub fn new(buffer: &'a [u8], spans: &'a [Span], raw: Option<Span>) -> Self {
        Args { buffer, spans, raw }
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
        self.spans.get(i).map(|s| &self.buffer[s.start..s.end])
    }

    /// Argument `i` with the buffer's own lifetime (indexing gives the shorter one of `self`).
    ///
    /// # Panics
    /// When there are not that many: arity was checked before.
    #[must_use]
    pub fn at(&self, i: usize) -> &'a [u8] {
        let s = self.spans[i];
        &self.buffer[s.start..s.end]
    }

    /// All arguments in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + DoubleEndedIterator + Clone + use<'a> {
        let buffer = self.buffer;
        self.spans.iter().map(move |s| &buffer[s.start..s.end])
    }

    /// The arguments from `from` on; empty when there are fewer.
    #[must_use]
    pub fn rest(&self, from: usize) -> Args<'a> {
        Args { buffer: self.buffer, spans: self.spans.get(from..).unwrap_or(&[]), raw: None }
    }

    /// The arguments from index `from` up to, not including, `to`, which is no more than there are.
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> Args<'a> {
        Args { buffer: self.buffer, spans: &self.spans[from..to], raw: None }
    }

    /// `len` arguments from `from` on.
    ///
    /// # Panics
    /// When there are not that many.
    #[must_use]
    pub fn part(&self, from: usize, len: usize) -> Args<'a> {
        Args { buffer: self.buffer, spans: &self.spans[from..from + len], raw: None }
    }

    /// The request's exact bytes when it came as a RESP multibulk.
    #[must_use]
    pub fn raw(&self) -> Option<&'a [u8]> {
        self.raw.map(|s| &self.buffer[s.start..s.end])
    }

    /// Adds a copy of the bytes, the whole request where it came as one, and where the arguments lie in it; returns where
    /// the request does.
    pub fn copy_into(&self, bytes: &mut Vec<u8>, spans: &mut Vec<Span>) -> Option<Span> {
        let start = bytes.len();
        let Some(raw) = self.raw else {
            for arg in self.iter() {
                let start = bytes.len();
                bytes.extend_from_slice(arg);
                spans.push(Span { start, end: bytes.len() });
            }
            return None;
        };
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

    /// Whether argument `i` is `word`, in any case.
    #[must_use]
    pub fn is(&self, i: usize, word: &str) -> bool {
        self.get(i).is_some_and(|a| a.eq_ignore_ascii_case(word.as_bytes()))
    }
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
        Args { buffer: &self.buffer, spans: &self.spans, raw: None }
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
    let mut digits = itoa::Buffer::new();
    out.push(b'*');
    out.extend_from_slice(digits.format(parts.len()).as_bytes());
    out.extend_from_slice(b"\r\n");
    for part in parts {
        out.push(b'$');
        out.extend_from_slice(digits.format(part.len()).as_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n");
    }
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
}
