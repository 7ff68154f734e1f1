//! A connected stream: TCP, TLS over it, or Unix; non-blocking, registered edge-triggered.
//!
//! Both interests are registered once, when the connection is made: with edge triggering the writable one costs no
//! wake-up until a full socket buffer has drained.

use super::tls::TlsConn;
use super::tls::context::Context;
use crate::sys::pipe::read_behind;
use crate::sys::socket::{receive, send};
use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token};
use std::io::{self, IoSlice, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

/// A stream.
#[derive(Debug)]
pub enum Conn {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a Unix socket, whose path stands for both addresses.
    Unix(UnixStream),
    /// TLS over TCP.
    Tls(Box<TlsConn>),
}

/// What a read or write came to.
#[derive(Debug)]
pub enum Moved {
    /// So many bytes; never 0.
    Bytes(usize),
    /// The socket has, or takes, nothing now.
    WouldBlock,
    /// The other side closed.
    Closed,
    /// The connection is broken.
    Failed(io::Error),
}

impl Conn {
    /// Reads what there is, up to the length of `buffer`.
    pub fn read(&mut self, buffer: &mut [u8]) -> Moved {
        loop {
            let result = match self {
                Conn::Tcp(s) => receive(s.as_fd(), buffer),
                Conn::Unix(s) => receive(s.as_fd(), buffer),
                Conn::Tls(s) => return s.read(buffer),
            };
            match result {
                Ok(0) => return Moved::Closed,
                Ok(n) => return Moved::Bytes(n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Moved::WouldBlock,
                Err(e) => return Moved::Failed(e),
            }
        }
    }

    /// Reads what there is into the room that a vector has behind what it holds, at most so many bytes.
    pub fn read_behind(&mut self, bytes: &mut Vec<u8>, max: usize) -> Moved {
        if let Conn::Tls(tls) = self {
            return tls.read_behind(bytes, max);
        }
        loop {
            return match read_behind(self.as_fd(), bytes, max) {
                Ok(0) => Moved::Closed,
                Ok(n) => Moved::Bytes(n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => Moved::WouldBlock,
                Err(e) => Moved::Failed(e),
            };
        }
    }

    /// Writes what the socket takes. What is left must be offered again as it is, with more behind it or not: a TLS
    /// session may have encrypted it already.
    pub fn write(&mut self, bytes: &[u8]) -> Moved {
        match self {
            Conn::Tcp(s) => moved(|| send(s.as_fd(), bytes)),
            Conn::Unix(s) => moved(|| send(s.as_fd(), bytes)),
            Conn::Tls(s) => s.write(&[IoSlice::new(bytes)]),
        }
    }

    /// Writes what the socket takes of several slices, as [`Conn::write`].
    pub fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Moved {
        match self {
            Conn::Tcp(s) => moved(|| s.write_vectored(slices)),
            Conn::Unix(s) => moved(|| s.write_vectored(slices)),
            Conn::Tls(s) => s.write(slices),
        }
    }

    /// Begins a TLS session, as the server, on a connection that was just accepted.
    ///
    /// # Errors
    /// The session cannot be made.
    pub fn accept_tls(self, context: &Context) -> io::Result<Conn> {
        match self {
            Conn::Tcp(stream) => {
                Ok(Conn::Tls(Box::new(TlsConn::accept(stream, Arc::clone(&context.server))?)))
            }
            other => Ok(other),
        }
    }

    /// Begins a TLS session, as the client, on a connection that is being made.
    ///
    /// # Errors
    /// The session cannot be made.
    pub fn connect_tls(self, context: &Context) -> io::Result<Conn> {
        match self {
            Conn::Tcp(stream) => {
                Ok(Conn::Tls(Box::new(TlsConn::connect(stream, Arc::clone(&context.client))?)))
            }
            other => Ok(other),
        }
    }

    /// Goes on with a TLS handshake, if one is under way, as far as the socket lets it. `true`: the connection can be
    /// used.
    ///
    /// # Errors
    /// The handshake failed.
    pub fn handshake(&mut self) -> io::Result<bool> {
        match self {
            Conn::Tls(tls) => tls.handshake(),
            Conn::Tcp(_) | Conn::Unix(_) => Ok(true),
        }
    }

    /// Whether it is TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self, Conn::Tls(_))
    }

    /// What it takes beside its socket, bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        match self {
            Conn::Tls(tls) => tls.memory(),
            Conn::Tcp(_) | Conn::Unix(_) => 0,
        }
    }

    /// Starts to connect to an address, from a given local one if wanted. The socket becomes writable when it is
    /// decided; then [`Conn::connect_result`] tells.
    ///
    /// # Errors
    /// No socket can be had, or the local address cannot be bound.
    pub fn connect(to: SocketAddr, from: Option<std::net::IpAddr>) -> io::Result<Conn> {
        let Some(from) = from else { return Ok(Conn::Tcp(TcpStream::connect(to)?)) };
        let socket = socket2::Socket::new(socket2::Domain::for_address(to), socket2::Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&SocketAddr::new(from, 0).into())?;
        match socket.connect(&to.into()) {
            Err(e) if e.raw_os_error() != Some(libc::EINPROGRESS) => return Err(e),
            _ => {}
        }
        Ok(Conn::Tcp(TcpStream::from_std(socket.into())))
    }

    /// After a connect: `Ok(true)` connected, and shaken hands where it is TLS, `Ok(false)` not decided yet.
    ///
    /// # Errors
    /// The connection was refused or timed out, or the handshake failed.
    pub fn connect_result(&mut self) -> io::Result<bool> {
        Ok(self.is_connected()? && self.handshake()?)
    }

    fn is_connected(&self) -> io::Result<bool> {
        let Some(stream) = self.tcp() else { return Ok(true) };
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::NotConnected => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Registers the stream for reading and writing.
    ///
    /// # Errors
    /// The system refuses.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        match self {
            Conn::Tcp(s) => registry.register(s, token, both),
            Conn::Unix(s) => registry.register(s, token, both),
            Conn::Tls(s) => registry.register(s.stream_mut(), token, both),
        }
    }

    /// Moves a registered stream to another token. What was ready before is announced again.
    ///
    /// # Errors
    /// The system refuses.
    pub fn reregister(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        match self {
            Conn::Tcp(s) => registry.reregister(s, token, both),
            Conn::Unix(s) => registry.reregister(s, token, both),
            Conn::Tls(s) => registry.reregister(s.stream_mut(), token, both),
        }
    }

    /// Takes the stream out of the poll; it is to be dropped.
    pub fn deregister(&mut self, registry: &Registry) {
        // A stream that is not registered any more is what was wanted.
        let _ = match self {
            Conn::Tcp(s) => registry.deregister(s),
            Conn::Unix(s) => registry.deregister(s),
            Conn::Tls(s) => {
                s.close();
                registry.deregister(s.stream_mut())
            }
        };
    }

    /// Sends small writes at once.
    pub fn set_nodelay(&self, on: bool) {
        if let Some(stream) = self.tcp() {
            let _ = stream.set_nodelay(on);
        }
    }

    /// Lets the kernel probe a silent peer: first after `interval`, then each third of it, three times.
    pub fn set_keepalive(&self, interval: Duration) {
        if let Some(stream) = self.tcp() {
            let probe = (interval / 3).max(Duration::from_secs(1));
            let keepalive =
                socket2::TcpKeepalive::new().with_time(interval).with_interval(probe).with_retries(3);
            let _ = socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive);
        }
    }

    fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Conn::Tcp(s) => Some(s),
            Conn::Tls(s) => Some(s.stream()),
            Conn::Unix(_) => None,
        }
    }

    /// `ip:port` of the other side, `path:0` of a Unix socket, `?:0` when it cannot be told.
    #[must_use]
    pub fn peer_text(&self) -> String {
        self.address_text(TcpStream::peer_addr)
    }

    /// The same of our own side.
    #[must_use]
    pub fn local_text(&self) -> String {
        self.address_text(TcpStream::local_addr)
    }

    fn address_text(&self, of: impl FnOnce(&TcpStream) -> io::Result<SocketAddr>) -> String {
        match (self, self.tcp()) {
            (_, Some(s)) => of(s).map_or_else(|_| "?:0".into(), |a| addr_text(&a)),
            (Conn::Unix(s), None) => unix_text(s.local_addr().ok().as_ref()),
            (Conn::Tcp(_) | Conn::Tls(_), None) => unreachable!("they are TCP"),
        }
    }

    /// The other side's IP address, without brackets; `None` for a Unix socket.
    #[must_use]
    pub fn peer_ip(&self) -> Option<std::net::IpAddr> {
        self.tcp()?.peer_addr().ok().map(|a| a.ip())
    }

    /// Whether the client runs on this machine: over a Unix socket or loopback.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let Some(stream) = self.tcp() else { return true };
        stream.peer_addr().is_ok_and(|a| match a.ip() {
            std::net::IpAddr::V4(ip) => ip.is_loopback(),
            std::net::IpAddr::V6(ip) => {
                ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
            }
        })
    }

    /// The descriptor, if what is written to it reaches the other side as it is.
    #[must_use]
    #[inline]
    pub fn plain_fd(&self) -> Option<RawFd> {
        match self {
            Conn::Tcp(s) => Some(s.as_raw_fd()),
            Conn::Unix(s) => Some(s.as_raw_fd()),
            Conn::Tls(_) => None,
        }
    }

    /// The file descriptor's number, for CLIENT LIST.
    #[must_use]
    pub fn fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl AsFd for Conn {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Conn::Tcp(s) => s.as_fd(),
            Conn::Unix(s) => s.as_fd(),
            Conn::Tls(s) => s.stream().as_fd(),
        }
    }
}

fn moved(mut write: impl FnMut() -> io::Result<usize>) -> Moved {
    loop {
        match write() {
            Ok(0) => return Moved::WouldBlock,
            Ok(n) => return Moved::Bytes(n),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Moved::WouldBlock,
            Err(e) => return Moved::Failed(e),
        }
    }
}

/// `1.2.3.4:5` or `[::1]:5`.
fn addr_text(addr: &SocketAddr) -> String {
    addr.to_string()
}

fn unix_text(addr: Option<&std::os::unix::net::SocketAddr>) -> String {
    match addr.and_then(|a| a.as_pathname().map(|p| p.display().to_string())) {
        Some(path) => format!("{path}:0"),
        None => "/unixsocket:0".into(),
    }
}
