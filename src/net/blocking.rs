//! A connection that blocks, plain or TLS: for what the server does while everybody waits.

use super::tls::context::Context;
use super::tls::{BlockingTls, blocking_tls};
use std::io::{self, Read, Write};
use std::net::TcpStream;

/// A stream.
pub enum BlockingStream {
    /// Over TCP.
    Plain(TcpStream),
    /// TLS over TCP.
    Tls(Box<BlockingTls>),
}

impl BlockingStream {
    /// Shakes hands over a connection, within its timeouts.
    ///
    /// # Errors
    /// The handshake failed.
    pub fn tls(stream: TcpStream, context: &Context) -> io::Result<BlockingStream> {
        Ok(BlockingStream::Tls(Box::new(blocking_tls(stream, context)?)))
    }

    /// What carries it, and has its timeouts.
    #[must_use]
    pub fn tcp(&self) -> &TcpStream {
        match self {
            BlockingStream::Plain(stream) => stream,
            BlockingStream::Tls(tls) => tls.get_ref(),
        }
    }
}

impl std::fmt::Debug for BlockingStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("BlockingStream").field(self.tcp()).finish()
    }
}

impl Read for BlockingStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            BlockingStream::Plain(stream) => stream.read(buffer),
            BlockingStream::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for BlockingStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            BlockingStream::Plain(stream) => stream.write(bytes),
            BlockingStream::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            BlockingStream::Plain(stream) => stream.flush(),
            BlockingStream::Tls(tls) => tls.flush(),
        }
    }
}
