//! Listening sockets: TCP on each bound address, and a Unix socket.

use super::conn::Conn;
use mio::net::{TcpListener, UnixListener};
use mio::{Interest, Registry, Token};
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A listening socket.
#[derive(Debug)]
pub enum Listener {
    /// On an address.
    Tcp(TcpListener),
    /// On a path, which is removed when the listener goes.
    Unix(UnixListener, PathBuf),
}

impl Listener {
    /// Listens on one address.
    ///
    /// # Errors
    /// The address is taken, not ours, or of a family the system does not have.
    pub fn tcp(ip: IpAddr, port: u16, backlog: i32) -> io::Result<Listener> {
        let addr = SocketAddr::new(ip, port);
        let socket = socket2::Socket::new(socket2::Domain::for_address(addr), socket2::Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        if ip.is_ipv6() {
            // `::` beside `0.0.0.0` must not claim the IPv4 port too.
            socket.set_only_v6(true)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&addr.into())?;
        socket.listen(backlog)?;
        Ok(Listener::Tcp(TcpListener::from_std(socket.into())))
    }

    /// Listens on a path; what is left there of an earlier run is removed. `mode` 0 keeps the umask's choice.
    ///
    /// # Errors
    /// The path cannot be bound.
    pub fn unix(path: &Path, mode: u32, backlog: i32) -> io::Result<Listener> {
        let _ = std::fs::remove_file(path);
        let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.bind(&socket2::SockAddr::unix(path)?)?;
        socket.listen(backlog)?;
        if mode != 0 {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        }
        let listener: std::os::unix::net::UnixListener = socket.into();
        Ok(Listener::Unix(UnixListener::from_std(listener), path.to_owned()))
    }

    /// The address that a word of `bind` names: `*` and `::*` are all of IPv4 and of IPv6.
    #[must_use]
    pub fn parse_ip(word: &str) -> Option<IpAddr> {
        match word {
            "*" => Some(IpAddr::from([0, 0, 0, 0])),
            "::*" => Some(IpAddr::from(Ipv6Addr::UNSPECIFIED)),
            "localhost" => Some(IpAddr::from([127, 0, 0, 1])),
            word => word.parse().ok().or_else(|| {
                use std::net::ToSocketAddrs;
                (word, 0).to_socket_addrs().ok()?.next().map(|a| a.ip())
            }),
        }
    }

    /// Accepts one connection; `None` when none waits.
    ///
    /// # Errors
    /// The system refuses: too many open files, a connection that was gone before it was accepted.
    pub fn accept(&self) -> io::Result<Option<Conn>> {
        let result = match self {
            Listener::Tcp(l) => l.accept().map(|(s, _)| Conn::Tcp(s)),
            Listener::Unix(l, _) => l.accept().map(|(s, _)| Conn::Unix(s)),
        };
        match result {
            Ok(conn) => Ok(Some(conn)),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Registers for incoming connections.
    ///
    /// # Errors
    /// The system refuses.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match self {
            Listener::Tcp(l) => registry.register(l, token, Interest::READABLE),
            Listener::Unix(l, _) => registry.register(l, token, Interest::READABLE),
        }
    }

    /// Stops listening.
    pub fn close(mut self, registry: &Registry) {
        let _ = match &mut self {
            Listener::Tcp(l) => registry.deregister(l),
            Listener::Unix(l, _) => registry.deregister(l),
        };
        if let Listener::Unix(_, path) = &self {
            let _ = std::fs::remove_file(path);
        }
    }
}
