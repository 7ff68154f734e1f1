//! A TLS session over a TCP stream, which reads and writes like the stream itself.
//!
//! ```text
//!              TCP connected               Finished both ways
//!   (connect) ---------------> Handshaking -------------------> Open --+--> Ended   close_notify or the stream's end
//!   accept -------------------^      |                                 |
//!                                    +---------------------------------+--> Failed  garbage, a certificate refused, ...
//! ```
//!
//! Handshaking: [`TlsConn::handshake`] is called for each event until it is done; reads and writes say that nothing can be
//! moved. Open: as below. Ended and Failed: what was decrypted before is still read, then the end or the error is told.
//!
//! **Reading.** All sessions read into one buffer: what is encrypted is decrypted there and then copied to where the
//! caller wants it. What holds for a plain socket holds here: a read that was short has emptied the socket and the
//! session, and one that filled its room may have left something. A connection keeps the beginning of one record that is
//! not complete, 16 KB, and as much that was decrypted and did not fit ([`session`]).
//!
//! **Writing.** At most 64 KB are encrypted at a time, again in one buffer for all, and they count as written only when
//! the socket has taken all of them: until then the caller keeps them, and offers them again (with more behind them, if
//! there is). So the output that limits are held against is what the other side has not been sent, and what is encrypted
//! and waits is bounded.

pub mod ciphers;
pub mod context;
pub mod session;
pub mod sessions;
pub mod verify;

use super::conn::Moved;
use mio::net::TcpStream;
use rustls::{ClientConnection, Error, InvalidMessage};
use session::{Received, Room, Sealed, Session};
use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

/// What is encrypted at a time, bytes.
const WRITE_MAX: usize = 64 * 1024;
/// What is read at a time, bytes.
const READ_MAX: usize = 64 * 1024;
/// What is read at least, so that there is a whole record in it, bytes.
const READ_MIN: usize = 17 * 1024;
/// Encrypted bytes that may come in a row without anything being in them: more than any handshake takes.
const EMPTY_MAX: usize = 256 * 1024;
/// What a session takes beside what waits to be sent or fetched, bytes: its state and its keys.
const SESSION_BYTES: usize = 10 * 1024;

thread_local! {
    /// What all connections read into and encrypt into.
    static BUFFERS: RefCell<Buffers> =
        RefCell::new(Buffers { received: vec![0; READ_MAX].into_boxed_slice(), sealed: Sealed::default() });
}

struct Buffers {
    received: Box<[u8]>,
    sealed: Sealed,
}

/// A session and its stream.
pub struct TlsConn {
    stream: TcpStream,
    session: Session,
    state: State,
    /// Bytes that a caller has had encrypted and that have not all been sent.
    unsent: usize,
    /// What is encrypted and has not been sent.
    waiting: Vec<u8>,
}

/// A session over a stream that blocks.
pub type BlockingTls = rustls::StreamOwned<ClientConnection, std::net::TcpStream>;

/// The client's side of a connection that blocks, once hands are shaken.
///
/// # Errors
/// The handshake failed, or took longer than the stream's timeouts.
pub fn blocking_tls(stream: std::net::TcpStream, context: &context::Context) -> io::Result<BlockingTls> {
    let config = Arc::clone(&context.client);
    let session = ClientConnection::new(config, verify::any_name()).map_err(io::Error::other)?;
    let mut tls = BlockingTls::new(session, stream);
    while tls.conn.is_handshaking() {
        tls.conn.complete_io(&mut tls.sock)?;
    }
    Ok(tls)
}

#[derive(Debug)]
enum State {
    Handshaking,
    Open,
    Ended,
    /// The error, until it is told.
    Failed(Option<io::Error>),
}

impl std::fmt::Debug for TlsConn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsConn").field("stream", &self.stream).field("state", &self.state).finish()
    }
}

impl TlsConn {
    /// The server's side of a connection that was accepted.
    ///
    /// # Errors
    /// The session cannot be made.
    pub fn accept(stream: TcpStream, config: Arc<rustls::ServerConfig>) -> io::Result<TlsConn> {
        Ok(TlsConn::new(stream, Session::server(config)?))
    }

    /// The client's side of a connection that is being made.
    ///
    /// # Errors
    /// The session cannot be made.
    pub fn connect(stream: TcpStream, config: Arc<rustls::ClientConfig>) -> io::Result<TlsConn> {
        Ok(TlsConn::new(stream, Session::client(config)?))
    }

    fn new(stream: TcpStream, session: Session) -> TlsConn {
        TlsConn { stream, session, state: State::Handshaking, unsent: 0, waiting: Vec::new() }
    }

    /// The stream.
    #[must_use]
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// The stream, to be registered.
    pub fn stream_mut(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// What it takes, bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<TlsConn>() + SESSION_BYTES + self.session.kept() + self.waiting.capacity()
    }

    /// Goes on with the handshake as far as the socket lets it. `true`: it is done.
    ///
    /// # Errors
    /// It failed, or the other side went away.
    pub fn handshake(&mut self) -> io::Result<bool> {
        if !matches!(self.state, State::Handshaking) {
            return Ok(true);
        }
        BUFFERS.with_borrow_mut(|buffers| self.shake_hands(buffers))
    }

    fn shake_hands(&mut self, Buffers { received, sealed }: &mut Buffers) -> io::Result<bool> {
        let mut outcome = self.session.start(sealed).map(|()| Received::Open);
        let mut taken = 0;
        loop {
            let handshaking = self.session.is_handshaking();
            match outcome {
                Ok(Received::Open) => {}
                Ok(Received::Ended) if handshaking => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(Received::Ended) => self.end(State::Ended),
                Err(Error::InvalidMessage(InvalidMessage::InvalidContentType)) if handshaking => {
                    // An alert would be garbage to whoever this is.
                    sealed.clear();
                    return Err(io::Error::new(ErrorKind::InvalidData, "what came is not TLS"));
                }
                Err(error) => {
                    let _ = self.send(sealed);
                    return Err(failed(&error));
                }
            }
            self.send(sealed)?;
            if !handshaking {
                if matches!(self.state, State::Handshaking) {
                    self.state = State::Open;
                }
                return Ok(true);
            }
            let n = match self.stream.read(&mut received[..READ_MIN]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(n) => n,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(e) if e.kind() == ErrorKind::Interrupted => 0,
                Err(e) => return Err(e),
            };
            taken += n;
            if taken > EMPTY_MAX {
                return Err(io::Error::other("the handshake does not come to an end"));
            }
            outcome = self.session.receive(&mut received[..n], &mut session::Nowhere, sealed);
        }
    }

    /// Reads what there is, up to the length of `buffer`.
    pub fn read(&mut self, buffer: &mut [u8]) -> Moved {
        self.read_to(Slice { buffer, filled: 0 })
    }

    /// Reads what there is into the room that a vector has behind what it holds, at most so many bytes.
    pub fn read_behind(&mut self, bytes: &mut Vec<u8>, max: usize) -> Moved {
        let left = max.min(bytes.capacity() - bytes.len());
        self.read_to(Behind { bytes, left })
    }

    fn read_to(&mut self, mut room: impl Room) -> Moved {
        if matches!(self.state, State::Handshaking) {
            return Moved::WouldBlock;
        }
        let all = room.left();
        self.session.fetch(&mut room);
        BUFFERS.with_borrow_mut(|buffers| self.fill(&mut room, all, buffers))
    }

    /// Fills what is left of the room for `all`.
    fn fill(&mut self, room: &mut impl Room, all: usize, buffers: &mut Buffers) -> Moved {
        let Buffers { received, sealed } = buffers;
        let mut empty = 0;
        while room.left() > 0 {
            let before = room.left();
            let nothing_yet = before == all;
            match &mut self.state {
                State::Ended if nothing_yet => return Moved::Closed,
                State::Failed(error) if nothing_yet => {
                    return error.take().map_or(Moved::Closed, Moved::Failed);
                }
                State::Ended | State::Failed(_) => break,
                State::Handshaking | State::Open => {}
            }
            let want = before.clamp(READ_MIN, READ_MAX);
            let n = match self.stream.read(&mut received[..want]) {
                Ok(0) => {
                    self.end(State::Ended);
                    continue;
                }
                Ok(n) => n,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == ErrorKind::WouldBlock && nothing_yet => return Moved::WouldBlock,
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) => {
                    self.end(State::Failed(Some(e)));
                    continue;
                }
            };
            match self.session.receive(&mut received[..n], room, sealed) {
                Ok(Received::Open) => {}
                Ok(Received::Ended) => self.end(State::Ended),
                Err(error) => self.end(State::Failed(Some(failed(&error)))),
            }
            // An alert says why we hang up; what the session has to say besides can wait for the next write.
            let _ = self.send(sealed);
            empty = if room.left() == before { empty + n } else { 0 };
            if empty > EMPTY_MAX {
                let error = io::Error::other("records without data come without end");
                self.end(State::Failed(Some(error)));
            }
            if n < want && room.left() < all {
                break;
            }
        }
        Moved::Bytes(all - room.left())
    }

    /// No more comes. Whoever has been given the last bytes learns of it from the next read, which an event must call
    /// for: the stream's own end is one.
    fn end(&mut self, state: State) {
        self.state = state;
        let _ = self.stream.shutdown(Shutdown::Read);
    }

    /// Sends what was just encrypted, after what waits. What the socket does not take now waits, too: `false`.
    fn send(&mut self, sealed: &mut Sealed) -> io::Result<bool> {
        let bytes = sealed.bytes();
        if bytes.is_empty() {
            return self.flush();
        }
        let sent = if self.waiting.is_empty() { write_all(&mut self.stream, bytes) } else { Ok(0) };
        if let Ok(sent) = sent {
            self.waiting.extend_from_slice(&bytes[sent..]);
        }
        sealed.clear();
        sent?;
        self.flush()
    }

    /// Sends what waits. `false`: the socket does not take all of it now.
    fn flush(&mut self) -> io::Result<bool> {
        if self.waiting.is_empty() {
            return Ok(true);
        }
        let sent = write_all(&mut self.stream, &self.waiting)?;
        if sent < self.waiting.len() {
            self.waiting.drain(..sent);
            return Ok(false);
        }
        self.waiting = Vec::new();
        Ok(true)
    }

    /// Writes the first bytes of several slices, 64 KB at most. What it did not say to have moved must come again, as it
    /// was, at the next call.
    pub fn write(&mut self, slices: &[IoSlice<'_>]) -> Moved {
        if matches!(self.state, State::Handshaking) {
            return Moved::WouldBlock;
        }
        match self.flush().and_then(|sent| if sent { self.encrypt(slices) } else { Ok(false) }) {
            Ok(true) => match std::mem::take(&mut self.unsent) {
                0 => Moved::WouldBlock,
                n => Moved::Bytes(n),
            },
            Ok(false) => Moved::WouldBlock,
            Err(e) => Moved::Failed(e),
        }
    }

    fn encrypt(&mut self, slices: &[IoSlice<'_>]) -> io::Result<bool> {
        if self.unsent > 0 {
            debug_assert!(slices.iter().map(|s| s.len()).sum::<usize>() >= self.unsent);
            return Ok(true);
        }
        if matches!(self.state, State::Failed(_)) {
            return Err(io::Error::other("the session has failed"));
        }
        BUFFERS.with_borrow_mut(|Buffers { sealed, .. }| match self.session.seal(slices, WRITE_MAX, sealed) {
            Ok(n) => {
                self.unsent = n;
                self.send(sealed)
            }
            Err(error) => {
                let _ = self.send(sealed);
                Err(io::Error::other(error))
            }
        })
    }

    /// Says goodbye, if the socket takes it now.
    pub fn close(&mut self) {
        if matches!(self.state, State::Open | State::Ended) {
            BUFFERS.with_borrow_mut(|Buffers { sealed, .. }| {
                self.session.close(sealed);
                let _ = self.send(sealed);
            });
        }
    }
}

fn failed(error: &Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, verify::described(error))
}

/// Writes what the stream takes; how much that is.
fn write_all(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    let mut sent = 0;
    while sent < bytes.len() {
        match stream.write(&bytes[sent..]) {
            Ok(0) => break,
            Ok(n) => sent += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => break,
            Err(e) => return Err(e),
        }
    }
    Ok(sent)
}

/// A buffer, filled from its beginning.
struct Slice<'a> {
    buffer: &'a mut [u8],
    filled: usize,
}

impl Room for Slice<'_> {
    fn left(&self) -> usize {
        self.buffer.len() - self.filled
    }

    fn put(&mut self, bytes: &[u8]) {
        self.buffer[self.filled..][..bytes.len()].copy_from_slice(bytes);
        self.filled += bytes.len();
    }
}

/// A vector, filled behind what it holds.
struct Behind<'a> {
    bytes: &'a mut Vec<u8>,
    left: usize,
}

impl Room for Behind<'_> {
    fn left(&self) -> usize {
        self.left
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.left -= bytes.len();
    }
}
