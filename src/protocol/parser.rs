//! Requests out of bytes, resumable at any byte.
//!
//! A client's bytes are parsed where they were read. The parser remembers how far it came, so that a command that
//! arrives in a thousand pieces is scanned once. Two forms, told apart by the first byte:
//!
//! ```text
//! *<count>\r\n ( $<length>\r\n <bytes>\r\n ){count}      multibulk: what clients send
//! word word "quoted word"\n                              inline: what people type
//! ```
//!
//! States: between commands (`bulks_left == 0`) -> in a multibulk, waiting for a `$` line (`bulk_len == None`) or for
//! the bytes of an argument (`bulk_len == Some`) -> back between commands once a command was handed out.
//!
//! Whoever reads may have the rest of a big argument come apart from the buffer ([`Parser::keep_apart`], `apart.rs`).

use super::apart::{APART_MIN, Apart, Arriving};
use super::args::{Args, OwnedArgs, Span};
use super::inline::split_words;

/// The longest line (inline request, count or length) that is waited for, bytes.
const LINE_MAX: usize = 64 * 1024;
/// Room for arguments that is kept for the next requests.
const SPANS_KEPT: usize = 1024;
/// What a client that has not logged in yet may send: arguments, and bytes in one of them.
const UNAUTHENTICATED_ARGS_MAX: i64 = 10;
const UNAUTHENTICATED_BULK_MAX: i64 = 16384;

/// What bounds a request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// proto-max-bulk-len; none for the stream from our primary.
    pub bulk_max: Option<u64>,
    /// The client must log in first and is held to small requests.
    pub unauthenticated: bool,
}

/// One step of parsing.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// A multibulk command stands in the buffer: [`Parser::args`].
    Command,
    /// An inline command.
    Inline(OwnedArgs),
    /// A line with nothing in it, or a multibulk of no arguments: go on.
    Empty {
        /// It was a bare newline, by which replicas say that they are alive.
        newline: bool,
    },
    /// Bytes are missing.
    NeedMore,
}

/// The request breaks the protocol: the text goes to the client behind `ERR Protocol error: `, which is then closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtocolError(pub std::borrow::Cow<'static, [u8]>);

impl ProtocolError {
    const fn new(text: &'static str) -> Self {
        ProtocolError(std::borrow::Cow::Borrowed(text.as_bytes()))
    }
}

impl std::fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// A command handed out and kept, so that several can be looked at before the first runs.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// Its bytes in the buffer.
    pub raw: Span,
    /// Its arguments among the parser's spans.
    first: usize,
    last: usize,
}

/// Where in its bytes a client's request stands.
#[derive(Debug, Default)]
pub struct Parser {
    /// Next unread byte.
    pos: usize,
    /// First byte of the current multibulk.
    start: usize,
    bulks_left: usize,
    bulk_len: Option<usize>,
    /// Arguments of the requests handed out and not forgotten, then those of the current one.
    spans: Vec<Span>,
    /// Where in `spans` the current request begins.
    first: usize,
    /// The big arguments of these requests that are not in the buffer.
    apart: Option<Box<Apart>>,
}

impl Parser {
    /// Goes on from where the last step stopped. After [`Step::Command`], [`Parser::args`] and [`Parser::request`] give
    /// the command; arguments are kept until [`Parser::forget`].
    ///
    /// # Errors
    /// The bytes are not the protocol's; the parser must not be used again.
    pub fn step(&mut self, buffer: &[u8], limits: Limits) -> Result<Step, ProtocolError> {
        if self.bulks_left == 0 {
            match buffer.get(self.pos) {
                None => return Ok(Step::NeedMore),
                Some(b'*') => {
                    if let Some(step) = self.multibulk_count(buffer, limits)? {
                        return Ok(step);
                    }
                }
                Some(_) => return self.inline(buffer),
            }
        }
        self.short_arguments(buffer);
        while self.bulks_left > 0 {
            let len = match self.bulk_len {
                Some(len) => len,
                None => match self.bulk_header(buffer, limits)? {
                    Some(len) => len,
                    None => return Ok(Step::NeedMore),
                },
            };
            let apart = self.apart.as_deref().filter(|_| len >= APART_MIN);
            if let Some(span) = apart.and_then(|apart| apart.span_at(self.pos, len)) {
                self.spans.push(span);
            } else if buffer.len() - self.pos < len + 2 {
                return Ok(Step::NeedMore);
            } else {
                self.spans.push(Span { start: self.pos, end: self.pos + len });
                self.pos += len + 2;
            }
            self.bulk_len = None;
            self.bulks_left -= 1;
        }
        Ok(Step::Command)
    }

    /// The command just handed out.
    #[must_use]
    pub fn request(&self) -> Request {
        let raw = Span { start: self.start, end: self.pos };
        Request { raw, first: self.first, last: self.spans.len() }
    }

    /// The arguments of a command handed out since [`Parser::forget`].
    #[must_use]
    pub fn args_of<'a>(&'a self, buffer: &'a [u8], request: &Request) -> Args<'a> {
        let args = Args::new(buffer, &self.spans[request.first..request.last], Some(request.raw));
        args.with_apart(self.apart.as_deref())
    }

    /// Argument `i` of a command handed out, if there is one and it lies in the buffer.
    #[inline]
    #[must_use]
    pub fn buffered_argument<'a>(&self, buffer: &'a [u8], request: &Request, i: usize) -> Option<&'a [u8]> {
        let span = self.spans[request.first..request.last].get(i)?;
        buffer.get(span.start..span.end)
    }

    /// The arguments of the command just handed out.
    #[must_use]
    pub fn args<'a>(&'a self, buffer: &'a [u8]) -> Args<'a> {
        self.args_of(buffer, &self.request())
    }

    /// Lets go of the arguments of all commands handed out.
    pub fn forget(&mut self) {
        if self.bulks_left > 0 {
            self.spans.drain(..self.first);
        } else {
            self.spans.clear();
        }
        self.first = 0;
    }

    /// Goes back to the beginning of a request, which the next step then gives again.
    pub fn rewind(&mut self, start: usize) {
        assert!(start <= self.pos, "a parser rewinds to what it has read");
        self.pos = start;
        self.bulks_left = 0;
        self.bulk_len = None;
        self.spans.clear();
        self.first = 0;
    }

    /// Where the inline request just handed out begins.
    #[must_use]
    pub fn start(&self) -> usize {
        self.start
    }

    /// How many bytes of the buffer belong to commands already handed out: they can go.
    #[must_use]
    pub fn consumed(&self) -> usize {
        if self.bulks_left == 0 { self.pos } else { self.start }
    }

    /// How many bytes of the buffer have been understood: whole commands, and what is whole of the one under way.
    #[must_use]
    pub fn understood(&self) -> usize {
        self.pos
    }

    /// Tells the parser that the first `n` bytes were taken off the buffer; at most [`Parser::consumed`].
    pub fn shift(&mut self, n: usize) {
        assert!(n <= self.consumed(), "only whole commands are taken off the query buffer");
        self.forget();
        if n == 0 {
            // Nothing moves: a request of thousands of big arguments gets here with each of them.
            return;
        }
        self.pos -= n;
        self.start = self.start.saturating_sub(n);
        let gone = self.apart.as_mut().map_or(0, |apart| apart.shift(n));
        for span in &mut self.spans {
            let n = if span.number_apart().is_some() { gone } else { n };
            span.start -= n;
            span.end -= n;
        }
        if self.apart.as_ref().is_some_and(|apart| apart.is_empty()) {
            self.apart = None;
        }
        if self.spans.capacity() > SPANS_KEPT && self.spans.len() <= SPANS_KEPT {
            self.spans.shrink_to(SPANS_KEPT);
        }
    }

    /// What the parser itself takes, bytes: the places of arguments, of which a request may have many in few bytes, and
    /// those that lie apart.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.span_memory() + self.apart.as_ref().map_or(0, |apart| apart.memory())
    }

    /// The same without the room that is there for what is missing of a big argument.
    #[must_use]
    pub fn holds(&self) -> usize {
        self.span_memory() + self.bytes_apart()
    }

    fn span_memory(&self) -> usize {
        self.spans.capacity() * size_of::<Span>()
    }

    /// Bytes of big arguments that have come and are not in the buffer.
    #[must_use]
    pub fn bytes_apart(&self) -> usize {
        self.apart.as_ref().map_or(0, |apart| apart.len())
    }

    /// Has the rest of the argument under way come apart, if that is a big one: its bytes are taken off the end of the
    /// buffer.
    pub fn keep_apart(&mut self, buffer: &mut Vec<u8>) {
        if self.wants_apart() {
            self.begin_apart(&buffer[self.pos..]);
            buffer.truncate(self.pos);
        }
    }

    /// Whether the argument under way can come apart.
    #[inline]
    #[must_use]
    pub fn wants_apart(&self) -> bool {
        self.bulk_len.is_some_and(|len| len >= APART_MIN)
            && self.apart.as_ref().is_none_or(|apart| !apart.knows(self.pos))
    }

    /// Has the argument under way come apart, of which the first bytes are these: all behind [`Parser::understood`], which
    /// the buffer is to end with.
    pub fn begin_apart(&mut self, first: &[u8]) {
        let len = self.bulk_len.expect("there is an argument under way");
        self.apart.get_or_insert_default().begin(len, first);
    }

    /// The argument that is coming apart.
    #[inline]
    #[must_use]
    pub fn arriving(&self) -> Option<&Arriving> {
        self.apart.as_ref()?.arriving()
    }

    /// The same, to be added to.
    #[inline]
    pub fn arriving_mut(&mut self) -> Option<&mut Arriving> {
        self.apart.as_mut()?.arriving_mut()
    }

    /// If that has come whole it is an argument like others from now on; returns what came behind it.
    pub fn arrived(&mut self) -> Vec<u8> {
        self.apart.as_mut().map_or_else(Vec::new, |apart| apart.arrived(self.pos))
    }

    /// Its client has sent nothing for a while: room that waits for bytes is given back.
    pub fn release_idle(&mut self) {
        if let Some(arriving) = self.arriving_mut() {
            arriving.shrink();
        }
    }

    /// Bytes that the argument under way still needs, to size a read; 0 between arguments.
    #[must_use]
    pub fn missing(&self, buffered: usize) -> usize {
        self.bulk_len.map_or(0, |len| (self.pos + len + 2).saturating_sub(buffered))
    }

    /// Bytes of the arguments of an unfinished multibulk.
    #[must_use]
    pub fn argument_bytes(&self) -> usize {
        self.spans[self.first..].iter().map(|s| s.end - s.start).sum()
    }

    /// The same of those that lie in the buffer.
    #[must_use]
    pub fn buffered_argument_bytes(&self) -> usize {
        let buffered = self.spans[self.first..].iter().filter(|s| s.number_apart().is_none());
        buffered.map(|s| s.end - s.start).sum()
    }

    /// Whether a request has begun and not ended.
    #[must_use]
    pub fn in_request(&self) -> bool {
        self.bulks_left > 0
    }

    fn inline(&mut self, buffer: &[u8]) -> Result<Step, ProtocolError> {
        let unread = &buffer[self.pos..];
        let Some(end) = memchr::memchr(b'\n', unread) else {
            return if unread.len() > LINE_MAX {
                Err(ProtocolError::new("too big inline request"))
            } else {
                Ok(Step::NeedMore)
            };
        };
        let mut line = &unread[..end];
        if let [rest @ .., b'\r'] = line {
            line = rest;
        }
        let words = split_words(line).ok_or(ProtocolError::new("unbalanced quotes in request"))?;
        self.start = self.pos;
        self.pos += end + 1;
        if words.is_empty() {
            return Ok(Step::Empty { newline: line.is_empty() });
        }
        Ok(Step::Inline(words))
    }

    /// Takes the arguments of less than a hundred bytes that come next and are all there: nearly all are such, and no
    /// limit is as low.
    #[inline]
    fn short_arguments(&mut self, buffer: &[u8]) {
        if self.bulk_len.is_some() {
            return;
        }
        let (mut pos, mut left) = (self.pos, self.bulks_left);
        self.spans.reserve(left.min(SPANS_KEPT));
        while left > 0
            && let Some((len, head)) = short_number(buffer, pos, b'$')
            && pos + head + len + 2 <= buffer.len()
        {
            let start = pos + head;
            self.spans.push(Span { start, end: start + len });
            pos = start + len + 2;
            left -= 1;
        }
        (self.pos, self.bulks_left) = (pos, left);
    }

    /// Reads `*<count>\r\n`. `None`: there are arguments to read.
    fn multibulk_count(&mut self, buffer: &[u8], limits: Limits) -> Result<Option<Step>, ProtocolError> {
        if let Some((count @ 1..=9, head)) = short_number(buffer, self.pos, b'*') {
            self.start = self.pos;
            self.pos += head;
            self.first = self.spans.len();
            self.bulks_left = count;
            self.bulk_len = None;
            return Ok(None);
        }
        let Some((line, next)) = line_at(buffer, self.pos, "too big mbulk count string")? else {
            return Ok(Some(Step::NeedMore));
        };
        let count = parse_number(&line[1..])
            .filter(|n| *n <= i64::from(i32::MAX))
            .ok_or(ProtocolError::new("invalid multibulk length"))?;
        if limits.unauthenticated && count > UNAUTHENTICATED_ARGS_MAX {
            return Err(ProtocolError::new("unauthenticated multibulk length"));
        }
        self.start = self.pos;
        self.pos = next;
        self.first = self.spans.len();
        if count <= 0 {
            return Ok(Some(Step::Empty { newline: false }));
        }
        self.bulks_left = count as usize;
        self.bulk_len = None;
        Ok(None)
    }

    /// Reads `$<length>\r\n`; `None` when it is not all there.
    fn bulk_header(&mut self, buffer: &[u8], limits: Limits) -> Result<Option<usize>, ProtocolError> {
        let Some((line, next)) = line_at(buffer, self.pos, "too big bulk count string")? else {
            return Ok(None);
        };
        if line.first() != Some(&b'$') {
            // The byte as it came, whatever it is.
            let text = [b"expected '$', got '".as_slice(), &buffer[self.pos..=self.pos], b"'"].concat();
            return Err(ProtocolError(text.into()));
        }
        let len = parse_number(&line[1..])
            .filter(|n| *n >= 0 && limits.bulk_max.is_none_or(|max| *n as u64 <= max))
            .ok_or(ProtocolError::new("invalid bulk length"))?;
        if limits.unauthenticated && len > UNAUTHENTICATED_BULK_MAX {
            return Err(ProtocolError::new("unauthenticated bulk length"));
        }
        self.pos = next;
        self.bulk_len = Some(len as usize);
        Ok(Some(len as usize))
    }
}

/// The number of one or two digits on the line at `pos` that begins with `kind`, and the length of the line.
#[inline(always)]
fn short_number(buffer: &[u8], pos: usize, kind: u8) -> Option<(usize, usize)> {
    let [first, a, b, c, more @ ..] = buffer.get(pos..)? else { return None };
    let (a, b) = (a.wrapping_sub(b'0'), *b);
    if *first != kind || a > 9 {
        return None;
    }
    if b == b'\r' {
        return Some((usize::from(a), 4));
    }
    let second = b.wrapping_sub(b'0');
    (a > 0 && second <= 9 && *c == b'\r' && !more.is_empty())
        .then_some((usize::from(a) * 10 + usize::from(second), 5))
}

/// The line at `pos` up to its CR, and the position behind its CRLF; `None` when it is not all there.
fn line_at<'a>(
    buffer: &'a [u8],
    pos: usize,
    too_big: &'static str,
) -> Result<Option<(&'a [u8], usize)>, ProtocolError> {
    let unread = &buffer[pos..];
    // Nearly every line is `$3` or `*2`: a plain loop over the first bytes beats setting up a vector search.
    let near = unread.iter().take(8).position(|b| *b == b'\r');
    match near.or_else(|| memchr::memchr(b'\r', unread)) {
        Some(end) if end + 1 < unread.len() => Ok(Some((&unread[..end], pos + end + 2))),
        Some(_) => Ok(None),
        None if unread.len() > LINE_MAX => Err(ProtocolError::new(too_big)),
        None => Ok(None),
    }
}

/// The first argument behind the name of the multibulk that begins here: a guess at the key, made before the request is
/// parsed. `None` if it is not to be seen so easily.
#[must_use]
pub fn peek_key(buffer: &[u8]) -> Option<&[u8]> {
    let rest = buffer.strip_prefix(b"*")?;
    let (_, mut at) = line_at(rest, 0, "").ok()??;
    let mut argument = || {
        let (line, begin) = line_at(rest.get(at..)?, 0, "").ok()??;
        let begin = at + begin;
        let end = begin.checked_add(usize::try_from(parse_number(line.strip_prefix(b"$")?)?).ok()?)?;
        at = end.checked_add(2)?;
        rest.get(begin..end)
    };
    argument()?;
    argument()
}

/// A decimal number with Redis's strictness: an optional minus, no leading zeros, no plus, no spaces.
fn parse_number(digits: &[u8]) -> Option<i64> {
    match digits {
        [d @ b'0'..=b'9'] => Some(i64::from(d - b'0')),
        [a @ b'1'..=b'9', b @ b'0'..=b'9'] => Some(i64::from(a - b'0') * 10 + i64::from(b - b'0')),
        [b'-', rest @ ..] => unsigned(rest).and_then(|n| 0i64.checked_sub_unsigned(n)),
        _ => unsigned(digits).and_then(|n| i64::try_from(n).ok()),
    }
}

/// Decimal digits of which the first is not 0.
fn unsigned(digits: &[u8]) -> Option<u64> {
    if !matches!(digits.first(), Some(b'1'..=b'9')) {
        return None;
    }
    digits.iter().try_fold(0u64, |n, d| {
        let d = d.is_ascii_digit().then(|| u64::from(d - b'0'))?;
        n.checked_mul(10)?.checked_add(d)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Limits = Limits { bulk_max: Some(512 << 20), unauthenticated: false };

    fn all(input: &[u8], limits: Limits) -> Result<Vec<Vec<Vec<u8>>>, ProtocolError> {
        let mut parser = Parser::default();
        let mut commands = Vec::new();
        loop {
            match parser.step(input, limits)? {
                Step::Command => commands.push(parser.args(input).iter().map(<[u8]>::to_vec).collect()),
                Step::Inline(words) => commands.push(words.as_args().iter().map(<[u8]>::to_vec).collect()),
                Step::Empty { .. } => {}
                Step::NeedMore => return Ok(commands),
            }
        }
    }

    #[test]
    fn a_pipeline_cut_at_any_byte_gives_the_same_commands() {
        let input = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\nPING\r\n*0\r\n*3\r\n$3\r\nSET\r\n$2\r\n\r\n\r\n$0\r\n\r\n\n*1\r\n$4\r\nPING\r\n";
        let whole = all(input, OPEN).unwrap();
        assert_eq!(whole.len(), 4);
        for cut in 0..input.len() {
            let mut parser = Parser::default();
            let mut buffer = Vec::new();
            let mut commands: Vec<Vec<Vec<u8>>> = Vec::new();
            for part in [&input[..cut], &input[cut..]] {
                buffer.extend_from_slice(part);
                loop {
                    match parser.step(&buffer, OPEN).unwrap() {
                        Step::Command => {
                            commands.push(parser.args(&buffer).iter().map(<[u8]>::to_vec).collect());
                        }
                        Step::Inline(w) => {
                            commands.push(w.as_args().iter().map(<[u8]>::to_vec).collect());
                        }
                        Step::Empty { .. } => {}
                        Step::NeedMore => break,
                    }
                }
                let n = parser.consumed();
                buffer.drain(..n);
                parser.shift(n);
            }
            assert_eq!(commands, whole, "cut at {cut}");
        }
    }

    #[test]
    fn the_key_is_guessed_where_a_request_has_one() {
        assert_eq!(peek_key(b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n"), Some(b"key".as_slice()));
        assert_eq!(peek_key(b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$1\r\n"), Some(b"".as_slice()));
        let none: [&[u8]; 9] = [
            b"",
            b"*",
            b"*1\r\n$4\r\nPING\r\n",
            b"GET key\r\n",
            b"*2\r\n$3\r\nGET\r\n$3\r\nke",
            b"*2\r\n$3\r\nGET\r\n:3\r\nkey\r\n",
            b"*2\r\n$-1\r\n$3\r\nkey\r\n",
            b"*2\r\n$9223372036854775807\r\n$3\r\nkey\r\n",
            b"*2\r\n$3\r\nGET\r\n$18446744073709551615\r\nkey\r\n",
        ];
        for request in none {
            assert_eq!(peek_key(request), None, "{}", request.escape_ascii());
        }
    }

    #[test]
    fn raw_is_the_request_and_nothing_else() {
        let input = b"*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nECHO\r\n";
        let mut parser = Parser::default();
        assert_eq!(parser.step(input, OPEN), Ok(Step::Command));
        assert_eq!(parser.step(input, OPEN), Ok(Step::Command));
        assert_eq!(parser.args(input).raw().unwrap(), b"*1\r\n$4\r\nECHO\r\n");
    }

    #[test]
    fn the_room_of_many_arguments_is_counted_and_given_back() {
        let count = 100_000;
        let input = [format!("*{count}\r\n").into_bytes(), b"$0\r\n\r\n".repeat(count)].concat();
        let mut parser = Parser::default();
        assert_eq!(parser.step(&input[..input.len() - 1], OPEN), Ok(Step::NeedMore));
        assert!(parser.memory() >= (count - 1) * size_of::<Span>());
        assert_eq!(parser.step(&input, OPEN), Ok(Step::Command));
        parser.shift(input.len());
        assert!(parser.memory() <= SPANS_KEPT * size_of::<Span>());
    }

    #[test]
    fn breaks_of_the_protocol_are_named() {
        let auth = Limits { unauthenticated: true, ..OPEN };
        let long = vec![b'1'; LINE_MAX + 10];
        let cases: Vec<(Vec<u8>, Limits, &str)> = vec![
            (b"*abc\r\n".to_vec(), OPEN, "invalid multibulk length"),
            (b"*2147483648\r\n".to_vec(), OPEN, "invalid multibulk length"),
            (b"*1\r\nfoo\r\n".to_vec(), OPEN, "expected '$', got 'f'"),
            (b"*1\r\n$-1\r\n".to_vec(), OPEN, "invalid bulk length"),
            (b"*1\r\n$01\r\n".to_vec(), OPEN, "invalid bulk length"),
            (b"*1\r\n$2000000000\r\n".to_vec(), OPEN, "invalid bulk length"),
            (b"*11\r\n".to_vec(), auth, "unauthenticated multibulk length"),
            (b"*1\r\n$16385\r\n".to_vec(), auth, "unauthenticated bulk length"),
            (b"set \"a\r\n".to_vec(), OPEN, "unbalanced quotes in request"),
            ([b"*".as_slice(), &long].concat(), OPEN, "too big mbulk count string"),
            ([b"*1\r\n$".as_slice(), &long].concat(), OPEN, "too big bulk count string"),
            (long.clone(), OPEN, "too big inline request"),
        ];
        for (input, limits, text) in cases {
            let error = all(&input, limits).unwrap_err();
            assert_eq!(error.to_string(), text);
        }
        assert_eq!(all(b"*1\r\n\xff\r\n", OPEN).unwrap_err().0, b"expected '$', got '\xff'".as_slice());
    }
}
