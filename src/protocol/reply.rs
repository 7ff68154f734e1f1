//! Replies, written in the client's protocol straight into its output buffer.
//!
//! The buffer is a row of chunks: small replies gather in the last one, and once that is full it is sealed and a new
//! one begun, so that a reply of a gigabyte never moves what was written before it.
//!
//! ```text
//! RESP2  +simple -error :int $bulk *array             null is $-1 or *-1
//! RESP3  the same and _null #bool ,double (big =verbatim %map ~set >push
//! ```
//!
//! A long string that is a key's value is not copied: the buffer shares it with the key, as a chunk of its own. So it does
//! with the payload of a long message to many clients. A long member of a collection, in the reply to a command that
//! changes nothing, is written to the socket from where it lies while nothing waits to be sent before it, and only what the
//! socket did not take gets into the buffer.

use super::error::CmdError;
use super::message::Message;
use crate::ds::long::{LongRef, Shared};
use crate::sys::pipe::write_vectored;
use c_compat::number::double;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::os::fd::RawFd;

/// Size at which a chunk is sealed, bytes.
const CHUNK: usize = 16 * 1024;
/// Strings from this length on are shared, or written at once, where they may be: less is copied in less time than it takes
/// to keep a chunk for it, or than a system call does.
const LONG_MIN: usize = 16 * 1024;

/// A client's protocol version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resp {
    /// RESP2, what every connection starts with.
    #[default]
    V2,
    /// RESP3, asked for by HELLO 3.
    V3,
}

/// A piece of the output that grows no more.
#[derive(Debug)]
enum Chunk {
    Own(Vec<u8>),
    Shared(Shared),
}

impl Chunk {
    fn bytes(&self) -> &[u8] {
        match self {
            Chunk::Own(bytes) => bytes,
            Chunk::Shared(bytes) => bytes,
        }
    }

    /// What it takes; shared bytes are counted by each who shares them, since any of them may be the last to.
    fn memory(&self) -> usize {
        let bytes = match self {
            Chunk::Own(bytes) => bytes.capacity(),
            Chunk::Shared(bytes) => bytes.len(),
        };
        bytes + size_of::<Chunk>()
    }
}

/// A client's output buffer and the protocol it is written in.
#[derive(Debug, Default)]
pub struct Reply {
    sealed: VecDeque<Chunk>,
    sealed_bytes: usize,
    tail: Vec<u8>,
    /// Bytes of the first chunk that the socket has taken.
    sent: usize,
    resp: Resp,
    muted: bool,
    /// Whether the last reply is written: everything else is thrown away, whatever else is said about it.
    ended: bool,
    /// Whether something was thrown away behind the last reply that would have gone out though replies are muted.
    called_back: bool,
    /// Whether long values may be shared.
    sharing: bool,
    /// Where long strings may be written at once.
    socket: Option<RawFd>,
    written_at_once: usize,
    /// Beyond so many sealed bytes nothing is kept.
    limit: Option<usize>,
    overflowed: bool,
    errors: u64,
    last_error: Option<CmdError>,
}

/// An array that is being written: where its header stands, and the length that this says.
#[derive(Debug)]
pub struct OpenArray {
    /// Index among the chunks.
    chunk: usize,
    start: usize,
    end: usize,
    guess: usize,
}

impl Reply {
    /// An empty buffer for RESP2.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The protocol that replies are written in.
    #[must_use]
    pub fn resp(&self) -> Resp {
        self.resp
    }

    /// Whether replies are written in RESP3.
    #[must_use]
    pub fn resp3(&self) -> bool {
        self.resp == Resp::V3
    }

    /// Changes the protocol for the replies to come.
    pub fn set_resp(&mut self, resp: Resp) {
        self.resp = resp;
    }

    /// While muted, nothing is written: CLIENT REPLY OFF, the primary's own commands.
    pub fn set_muted(&mut self, muted: bool) {
        self.muted = muted || self.ended;
    }

    /// What has been written is the last that the client gets.
    pub fn end(&mut self) {
        self.ended = true;
        self.muted = true;
    }

    /// Whether replies are thrown away.
    #[must_use]
    pub fn muted(&self) -> bool {
        self.muted
    }

    /// Writes something that answers no request, and so goes out though replies are thrown away.
    pub fn unmuted(&mut self, write: impl FnOnce(&mut Self)) {
        self.called_back |= self.ended;
        let muted = std::mem::replace(&mut self.muted, self.ended);
        write(self);
        self.muted = muted;
    }

    /// Whether the client should have been sent something behind its last reply.
    #[must_use]
    pub fn called_back(&self) -> bool {
        self.called_back
    }

    /// Has long strings written to a socket at once, or no more. Not for replies that promise what is yet to be done
    /// when the command has run: that its write has been passed on, or is on disk.
    #[inline]
    pub fn set_socket(&mut self, socket: Option<RawFd>) {
        self.socket = socket;
    }

    /// Whether long values are shared from now on. A share is counted beside the value, and so dirties a page.
    #[inline]
    pub fn set_sharing(&mut self, sharing: bool) {
        self.sharing = sharing;
    }

    /// Bytes written at once since the last call.
    pub fn take_written_at_once(&mut self) -> usize {
        std::mem::take(&mut self.written_at_once)
    }

    /// Bounds what is kept: a reply beyond the limit is thrown away while it is written, and whoever owns the buffer is to
    /// close the connection.
    #[inline]
    pub fn set_limit(&mut self, bytes: Option<usize>) {
        self.limit = bytes;
    }

    /// Whether something was thrown away: what the buffer holds is no use to the client.
    #[must_use]
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// Error replies written so far, muted ones too.
    #[must_use]
    pub fn error_count(&self) -> u64 {
        self.errors
    }

    /// Whether [`Reply::take_last_error`] has one to give.
    #[inline]
    #[must_use]
    pub fn has_error(&self) -> bool {
        self.last_error.is_some()
    }

    /// The last error written since the last call, muted or not.
    pub fn take_last_error(&mut self) -> Option<CmdError> {
        self.last_error.take()
    }

    // ---- values ----

    /// `+OK`
    pub fn ok(&mut self) {
        self.raw(b"+OK\r\n");
    }

    /// A simple string; must not hold CR or LF.
    pub fn simple(&mut self, text: &str) {
        self.line(b'+', text.as_bytes());
    }

    /// An error.
    pub fn error(&mut self, error: &CmdError) {
        self.errors += 1;
        self.line(b'-', error.text());
        self.last_error = Some(error.clone());
    }

    /// An integer.
    pub fn int(&mut self, n: i64) {
        self.header(b':', n);
    }

    /// A string of bytes.
    pub fn bulk(&mut self, bytes: &[u8]) {
        if self.muted {
            return;
        }
        if bytes.len() >= LONG_MIN
            && let Some(socket) = self.socket
            && self.is_empty()
            && !self.overflowed
        {
            return self.write_at_once(socket, bytes);
        }
        self.make_room();
        self.tail.reserve(bytes.len() + HEADER_MAX + 2);
        put_header(&mut self.tail, b'$', bytes.len() as i64);
        self.tail.extend_from_slice(bytes);
        self.tail.extend_from_slice(b"\r\n");
    }

    /// A key's value: as [`Reply::bulk`].
    pub fn bulk_long(&mut self, value: LongRef<'_>) {
        let bytes = value.bytes();
        if !self.sharing || self.muted || bytes.len() < LONG_MIN {
            return self.bulk(bytes);
        }
        self.header(b'$', bytes.len() as i64);
        self.share(value.share());
        self.raw(b"\r\n");
    }

    #[cold]
    fn write_at_once(&mut self, socket: RawFd, bytes: &[u8]) {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(bytes.len()).as_bytes();
        let parts = [b"$", digits, b"\r\n", bytes, b"\r\n"];
        // Why it takes nothing is found out by whoever writes the buffer.
        let mut taken = write_vectored(socket, &parts.map(IoSlice::new)).unwrap_or(0);
        self.written_at_once += taken;
        self.tail.reserve(parts.iter().map(|part| part.len()).sum::<usize>() - taken);
        for part in parts {
            let skipped = taken.min(part.len());
            self.tail.extend_from_slice(&part[skipped..]);
            taken -= skipped;
        }
    }

    /// An integer as a string of bytes.
    pub fn bulk_int(&mut self, n: i64) {
        let mut digits = itoa::Buffer::new();
        self.bulk(digits.format(n).as_bytes());
    }

    /// No value, where a string would stand.
    pub fn null(&mut self) {
        self.raw(if self.resp3() { b"_\r\n" } else { b"$-1\r\n" });
    }

    /// No value, where an array would stand.
    pub fn null_array(&mut self) {
        self.raw(if self.resp3() { b"_\r\n" } else { b"*-1\r\n" });
    }

    /// Begins an array of `n` values.
    pub fn array(&mut self, n: usize) {
        self.header(b'*', n as i64);
    }

    /// Begins an array whose length will be known when it is written. It is best guessed right: else what has been written
    /// of it in the chunk where it begins is moved.
    #[must_use]
    pub fn begin_array(&mut self, guess: usize) -> OpenArray {
        self.make_room();
        let (chunk, start) = (self.sealed.len(), self.tail.len());
        self.array(guess);
        OpenArray { chunk, start, end: self.tail.len(), guess }
    }

    /// Says how long an array has become.
    pub fn end_array(&mut self, OpenArray { chunk, start, end, guess }: OpenArray, len: usize) {
        if len == guess || self.muted {
            return;
        }
        let header = format!("*{len}\r\n");
        let bytes = match self.sealed.get_mut(chunk) {
            None => &mut self.tail,
            Some(Chunk::Own(bytes)) => {
                self.sealed_bytes = self.sealed_bytes + header.len() - (end - start);
                bytes
            }
            Some(Chunk::Shared(_)) => unreachable!("a header is written into a chunk of our own"),
        };
        bytes.splice(start..end, header.into_bytes());
    }

    /// Begins a map of `pairs` pairs; in RESP2 an array of twice as many.
    pub fn map(&mut self, pairs: usize) {
        if self.resp3() { self.header(b'%', pairs as i64) } else { self.header(b'*', 2 * pairs as i64) }
    }

    /// Begins a set of `n` values; in RESP2 an array.
    pub fn set(&mut self, n: usize) {
        self.header(if self.resp3() { b'~' } else { b'*' }, n as i64);
    }

    /// Begins an out-of-band message of `n` values; in RESP2 an array.
    pub fn push(&mut self, n: usize) {
        self.header(if self.resp3() { b'>' } else { b'*' }, n as i64);
    }

    /// Begins attributes of the next value: RESP3 only.
    pub fn attribute(&mut self, pairs: usize) {
        assert!(self.resp3(), "RESP2 has no attributes");
        self.header(b'|', pairs as i64);
    }

    /// True or false; 1 or 0 in RESP2.
    pub fn bool(&mut self, value: bool) {
        self.raw(match (self.resp, value) {
            (Resp::V2, true) => b":1\r\n",
            (Resp::V2, false) => b":0\r\n",
            (Resp::V3, true) => b"#t\r\n",
            (Resp::V3, false) => b"#f\r\n",
        });
    }

    /// A double, already in its decimal form; a bulk in RESP2.
    pub fn double_text(&mut self, text: &str) {
        if self.resp3() { self.line(b',', text.as_bytes()) } else { self.bulk(text.as_bytes()) }
    }

    /// A double, as C's `%.17g` prints it; a bulk in RESP2.
    pub fn double(&mut self, value: f64) {
        if self.muted {
            return;
        }
        self.make_room();
        if self.resp3() {
            self.tail.push(b',');
            double::append(&mut self.tail, value);
        } else {
            // Most have fewer than ten digits, so that the text lies right behind its length.
            let start = self.tail.len();
            self.tail.extend_from_slice(b"$0\r\n");
            double::append(&mut self.tail, value);
            let len = self.tail.len() - start - 4;
            if len < 10 {
                self.tail[start + 1] = b'0' + len as u8;
            } else {
                self.tail[start + 1] = b'0' + (len / 10) as u8;
                self.tail.insert(start + 2, b'0' + (len % 10) as u8);
            }
        }
        self.tail.extend_from_slice(b"\r\n");
    }

    /// A number too big for an integer, in decimal; a bulk in RESP2.
    pub fn big_number(&mut self, digits: &str) {
        if self.resp3() { self.line(b'(', digits.as_bytes()) } else { self.bulk(digits.as_bytes()) }
    }

    /// Text for people, of a three-letter format such as `txt`; a bulk in RESP2.
    pub fn verbatim(&mut self, format: &str, text: &[u8]) {
        if !self.resp3() {
            return self.bulk(text);
        }
        assert!(format.len() == 3, "a verbatim format has three letters");
        self.header(b'=', text.len() as i64 + 4);
        self.raw(format.as_bytes());
        self.raw(b":");
        self.raw(text);
        self.raw(b"\r\n");
    }

    /// An array of strings.
    pub fn bulks<'a>(&mut self, items: impl ExactSizeIterator<Item = &'a [u8]>) {
        self.array(items.len());
        for item in items {
            self.bulk(item);
        }
    }

    /// Bytes that are in protocol already.
    pub fn raw(&mut self, bytes: &[u8]) {
        if !self.muted {
            self.make_room();
            self.tail.extend_from_slice(bytes);
        }
    }

    /// Bytes that go out whether replies are muted or not: what a replica is sent, and messages.
    pub fn raw_unmuted(&mut self, bytes: &[u8]) {
        self.make_room();
        self.tail.extend_from_slice(bytes);
    }

    /// A message, muted or not.
    #[inline]
    pub fn message(&mut self, message: &Message) {
        let (head, body) = message.parts();
        self.make_room();
        let at = self.tail.len();
        self.tail.extend_from_slice(head);
        if self.resp3() {
            self.tail[at] = b'>';
        }
        if let Some(body) = body {
            self.share(body.clone());
        }
    }

    #[cold]
    fn share(&mut self, bytes: Shared) {
        if !self.keeps(self.tail.len() + bytes.len()) {
            return;
        }
        self.sealed_bytes += self.tail.len() + bytes.len();
        // What stands before it is mostly short, and the room of the last chunk then of more use for what follows.
        let before = if self.tail.len() < self.tail.capacity() / 4 {
            let copy = self.tail.as_slice().to_vec();
            self.tail.clear();
            copy
        } else {
            std::mem::take(&mut self.tail)
        };
        self.sealed.push_back(Chunk::Own(before));
        self.sealed.push_back(Chunk::Shared(bytes));
    }

    fn header(&mut self, kind: u8, n: i64) {
        if self.muted {
            return;
        }
        self.make_room();
        put_header(&mut self.tail, kind, n);
    }

    fn line(&mut self, kind: u8, text: &[u8]) {
        if self.muted {
            return;
        }
        self.make_room();
        self.tail.reserve(text.len() + 3);
        self.tail.push(kind);
        self.tail.extend_from_slice(text);
        self.tail.extend_from_slice(b"\r\n");
    }

    /// Whether so many bytes more are within the limit.
    fn keeps(&mut self, more: usize) -> bool {
        self.overflowed |= self.limit.is_some_and(|limit| self.sealed_bytes + more > limit);
        !self.overflowed
    }

    fn make_room(&mut self) {
        if self.tail.len() >= CHUNK {
            self.seal();
        }
    }

    fn seal(&mut self) {
        if !self.keeps(self.tail.len()) {
            self.tail.clear();
            return;
        }
        self.sealed_bytes += self.tail.len();
        self.sealed.push_back(Chunk::Own(std::mem::take(&mut self.tail)));
    }

    // ---- what waits to be sent ----

    /// Bytes not yet taken by the socket.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.sealed_bytes + self.tail.len() - self.sent
    }

    /// Whether everything was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending() == 0
    }

    /// How far what was written reaches, what was sent of the first chunk included: the same point as long as nothing is
    /// sent.
    #[must_use]
    pub fn position(&self) -> usize {
        self.sealed_bytes + self.tail.len()
    }

    /// Takes back what was written from this position on.
    pub fn split_off(&mut self, position: usize) -> Vec<u8> {
        let mut pieces = Vec::new();
        while self.sealed_bytes > position {
            pieces.push(std::mem::take(&mut self.tail));
            let Some(chunk) = self.sealed.pop_back() else { break };
            self.sealed_bytes -= chunk.bytes().len();
            self.tail = match chunk {
                Chunk::Own(bytes) => bytes,
                Chunk::Shared(bytes) => bytes.to_vec(),
            };
        }
        let mut taken = self.tail.split_off(position - self.sealed_bytes);
        pieces.iter().rev().for_each(|piece| taken.extend_from_slice(piece));
        taken
    }

    /// Bytes in the last, unsealed chunk: what CLIENT LIST calls obl.
    #[must_use]
    pub fn tail_len(&self) -> usize {
        if self.sealed.is_empty() { self.tail.len() - self.sent } else { self.tail.len() }
    }

    /// Sealed chunks: what CLIENT LIST calls oll.
    #[must_use]
    pub fn sealed_chunks(&self) -> usize {
        self.sealed.len()
    }

    /// Memory of the buffer: (last chunk's capacity, sealed chunks' capacity), bytes.
    #[must_use]
    pub fn memory(&self) -> (usize, usize) {
        (self.tail.capacity(), self.sealed.iter().map(Chunk::memory).sum())
    }

    fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        self.sealed.iter().map(Chunk::bytes).chain(std::iter::once(self.tail.as_slice()))
    }

    /// The unsent bytes as slices for `writev`; at most as many as `slices` takes.
    pub fn gather<'a>(&'a self, slices: &mut smallvec::SmallVec<[IoSlice<'a>; 16]>) {
        let mut skip = self.sent;
        for chunk in self.chunks() {
            if slices.len() == 16 {
                break;
            }
            if chunk.len() > skip {
                slices.push(IoSlice::new(&chunk[skip..]));
            }
            skip = 0;
        }
    }

    /// The first unsent bytes, when they are all in one chunk.
    #[must_use]
    pub fn single(&self) -> Option<&[u8]> {
        self.sealed.is_empty().then(|| &self.tail[self.sent..])
    }

    /// All chunks of its own, what was sent of the first included.
    pub fn chunks_mut(&mut self) -> impl Iterator<Item = &mut Vec<u8>> {
        let own = self.sealed.iter_mut().filter_map(|chunk| match chunk {
            Chunk::Own(bytes) => Some(bytes),
            Chunk::Shared(_) => None,
        });
        own.chain(std::iter::once(&mut self.tail))
    }

    /// The socket took `n` bytes.
    pub fn advance(&mut self, mut n: usize) {
        assert!(n <= self.pending(), "a socket cannot take more than it was given");
        while let Some(first) = self.sealed.front() {
            let len = first.bytes().len();
            let left = len - self.sent;
            if n < left {
                self.sent += n;
                return;
            }
            n -= left;
            self.sealed_bytes -= len;
            self.sealed.pop_front();
            self.sent = 0;
        }
        self.sent += n;
        if self.sent == self.tail.len() {
            self.sent = 0;
            self.tail.clear();
            // One big reply must not hold its memory for the rest of the connection.
            if self.tail.capacity() > 4 * CHUNK {
                self.tail = Vec::new();
            }
        }
    }

    /// Throws away what was not sent.
    pub fn clear(&mut self) {
        self.sealed.clear();
        self.sealed_bytes = 0;
        self.tail.clear();
        self.sent = 0;
    }

    /// Gives back the memory of an idle client's empty buffer.
    pub fn release_idle(&mut self) {
        if self.is_empty() {
            self.tail = Vec::new();
            self.sealed = VecDeque::new();
            self.sent = 0;
        }
    }

    /// Gives back the memory of an empty buffer if it is more than so many bytes.
    pub fn keep_at_most(&mut self, bytes: usize) {
        if self.tail.capacity() > bytes {
            self.release_idle();
        }
    }

    /// All unsent bytes in one piece: for tests and for replies captured in memory.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.pending() + self.sent);
        for chunk in self.chunks() {
            all.extend_from_slice(chunk);
        }
        all.drain(..self.sent);
        all
    }
}

/// Bytes of the longest line that is a number.
const HEADER_MAX: usize = 1 + 20 + 2;

/// Writes a line that is a kind and a number; most are small.
#[inline]
fn put_header(out: &mut Vec<u8>, kind: u8, n: i64) {
    match n {
        0..10 => out.extend_from_slice(&[kind, b'0' + n as u8, b'\r', b'\n']),
        10..100 => out.extend_from_slice(&[kind, b'0' + (n / 10) as u8, b'0' + (n % 10) as u8, b'\r', b'\n']),
        _ => {
            let mut digits = itoa::Buffer::new();
            out.push(kind);
            out.extend_from_slice(digits.format(n).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests;
