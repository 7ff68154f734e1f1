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
//! **Reading.** The caller's buffer takes the encrypted bytes first, with one call of the system; they go to the session
//! piece by piece, and what it makes of them is written over what it has consumed, which is never shorter. So no
//! connection has a buffer of its own to read into, and what holds for a plain socket holds here: a read that was short
//! has emptied the socket and the session, and one that filled the buffer may have left something. What the session keeps
//! is one record that is not complete yet, 16 KB, and as much that was decrypted and did not fit.
//!
//! **Writing.** At most 64 KB are encrypted at a time, and they count as written only when the socket has taken all of
//! them: until then the caller keeps them, and offers them again (with more behind them, if there is). So the output that
//! limits are held against is what the other side has not been sent, and what is encrypted and waits is bounded.

pub mod ciphers;
pub mod context;
pub mod sessions;
pub mod verify;

use super::conn::Moved;
use mio::net::TcpStream;
use rustls::{ClientConnection, Connection, Error, InvalidMessage, ServerConnection};
use std::io::{self, ErrorKind, IoSlice, Read};
use std::net::Shutdown;
use std::sync::Arc;

/// What is encrypted at a time, bytes.
const WRITE_MAX: usize = 64 * 1024;
/// Encrypted bytes that may come in a row without anything being in them: more than any handshake takes.
const EMPTY_MAX: usize = 256 * 1024;
/// What a session takes beside what waits to be sent, bytes: its state, keys, and room for a part of a record.
const SESSION_BYTES: usize = 12 * 1024;

/// A session and its stream.
pub struct TlsConn {
    stream: TcpStream,
    session: Connection,
    state: State,
    /// Bytes that a caller has had encrypted and that have not all been sent.
    unsent: usize,
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
        let session = ServerConnection::new(config).map_err(io::Error::other)?;
        Ok(TlsConn::new(stream, session.into()))
    }

    /// The client's side of a connection that is being made.
    ///
    /// # Errors
    /// The session cannot be made.
    pub fn connect(stream: TcpStream, config: Arc<rustls::ClientConfig>) -> io::Result<TlsConn> {
        let session = ClientConnection::new(config, verify::any_name()).map_err(io::Error::other)?;
        Ok(TlsConn::new(stream, session.into()))
    }

    fn new(stream: TcpStream, mut session: Connection) -> TlsConn {
        session.set_buffer_limit(Some(WRITE_MAX));
        TlsConn { stream, session, state: State::Handshaking, unsent: 0 }
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
        size_of::<TlsConn>() + SESSION_BYTES + self.unsent
    }

    /// Goes on with the handshake as far as the socket lets it. `true`: it is done.
    ///
    /// # Errors
    /// It failed, or the other side went away.
    pub fn handshake(&mut self) -> io::Result<bool> {
        if !matches!(self.state, State::Handshaking) {
            return Ok(true);
        }
        let mut taken = 0;
        loop {
            self.flush()?;
            if !self.session.is_handshaking() {
                self.state = State::Open;
                return Ok(true);
            }
            match self.session.read_tls(&mut self.stream) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(n) => taken += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(e) => return Err(e),
            }
            if taken > EMPTY_MAX {
                return Err(io::Error::other("the handshake does not come to an end"));
            }
            self.process()?;
        }
    }

    /// Reads what there is, up to the length of `buffer`.
    pub fn read(&mut self, buffer: &mut [u8]) -> Moved {
        if matches!(self.state, State::Handshaking) {
            return Moved::WouldBlock;
        }
        let mut given = match self.take(buffer) {
            Ok(given) => given,
            Err(error) => return Moved::Failed(error),
        };
        let mut empty = 0;
        while given < buffer.len() {
            match &mut self.state {
                State::Ended if given == 0 => return Moved::Closed,
                State::Failed(error) if given == 0 => {
                    return error.take().map_or(Moved::Closed, Moved::Failed);
                }
                State::Ended | State::Failed(_) => break,
                State::Handshaking | State::Open => {}
            }
            let room = buffer.len() - given;
            match self.stream.read(&mut buffer[given..]) {
                Ok(0) => self.end(State::Ended),
                Ok(n) => {
                    let before = given;
                    if let Err(error) = self.decrypt(buffer, &mut given, n) {
                        self.end(State::Failed(Some(error)));
                    }
                    empty = if given == before { empty + n } else { 0 };
                    if empty > EMPTY_MAX {
                        let error = io::Error::other("records without data come without end");
                        self.end(State::Failed(Some(error)));
                    }
                    if n < room && given > 0 {
                        break;
                    }
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock && given == 0 => return Moved::WouldBlock,
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) => self.end(State::Failed(Some(e))),
            }
        }
        Moved::Bytes(given)
    }

    /// No more comes. Whoever has been given the last bytes learns of it from the next read, which an event must call
    /// for: the stream's own end is one.
    fn end(&mut self, state: State) {
        self.state = state;
        let _ = self.stream.shutdown(Shutdown::Read);
    }

    /// Gives the session the `n` encrypted bytes that lie in `buffer` behind the `given` plain ones, and moves what it
    /// makes of them to where they were.
    fn decrypt(&mut self, buffer: &mut [u8], given: &mut usize, n: usize) -> io::Result<()> {
        let (begin, end) = (*given, *given + n);
        let mut consumed = begin;
        while consumed < end {
            let mut piece = &buffer[consumed..end];
            consumed += match self.session.read_tls(&mut piece)? {
                0 => break,
                n => n,
            };
            let processed = self.process();
            let room = if consumed == end { buffer.len() } else { consumed };
            *given += self.take(&mut buffer[*given..room])?;
            processed?;
        }
        Ok(())
    }

    /// Takes what has been decrypted.
    fn take(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let mut taken = 0;
        while taken < room.len() {
            match self.session.reader().read(&mut room[taken..]) {
                Ok(0) => {
                    if matches!(self.state, State::Open) {
                        self.end(State::Ended);
                    }
                    break;
                }
                Ok(n) => taken += n,
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) => return Err(e),
            }
        }
        Ok(taken)
    }

    /// Has the session make what it can of the bytes that have come.
    fn process(&mut self) -> io::Result<()> {
        let processed = self.session.process_new_packets();
        if let Err(Error::InvalidMessage(InvalidMessage::InvalidContentType)) = processed
            && matches!(self.state, State::Handshaking)
        {
            // An alert would be garbage to whoever this is.
            return Err(io::Error::new(ErrorKind::InvalidData, "what came is not TLS"));
        }
        // An alert says why we hang up; what the session has to say besides can wait for the next write.
        let _ = self.flush();
        processed.map(|_| ()).map_err(|e| io::Error::new(ErrorKind::InvalidData, e))
    }

    /// Sends what is encrypted. `false`: the socket does not take all of it now.
    fn flush(&mut self) -> io::Result<bool> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut self.stream) {
                Ok(0) => return Ok(false),
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(e) => return Err(e),
            }
        }
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
        use std::io::Write;
        if self.unsent == 0 {
            self.unsent = self.session.writer().write_vectored(slices)?;
            return self.flush();
        }
        debug_assert!(slices.iter().map(|s| s.len()).sum::<usize>() >= self.unsent);
        Ok(true)
    }

    /// Says goodbye, if the socket takes it now.
    pub fn close(&mut self) {
        if matches!(self.state, State::Open | State::Ended) {
            self.session.send_close_notify();
            let _ = self.flush();
        }
    }
}
