//! The sockets that the server listens on: opened at start, moved by CONFIG SET bind, port and tls-port.

use crate::config::Config;
use crate::log_warning;
use crate::net::listener::Listener;
use crate::sys::errno::strerror;
use mio::{Registry, Token};

/// Tokens below this are listeners'.
pub const FIRST_CLIENT_TOKEN: usize = 64;

/// All listening sockets.
#[derive(Default)]
pub struct Listeners {
    tcp: Vec<Listener>,
    tls: Vec<Listener>,
    unix: Option<Listener>,
}

const UNIX_TOKEN: usize = FIRST_CLIENT_TOKEN - 1;

/// What is spoken on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Redis's protocol, as it is.
    Tcp,
    /// The same within TLS.
    Tls,
}

impl Transport {
    fn port(self, config: &Config) -> u16 {
        match self {
            Transport::Tcp => config.port,
            Transport::Tls => config.tls_port,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
        }
    }

    /// The token of its first socket; the others follow, one for each address of `bind`, of which there are 16 at most.
    fn first_token(self) -> usize {
        match self {
            Transport::Tcp => 0,
            Transport::Tls => 16,
        }
    }
}

impl Listeners {
    /// Opens all sockets that the options name.
    ///
    /// # Errors
    /// An address cannot be listened on: the text for the log.
    pub fn open(config: &Config, registry: &Registry) -> Result<Self, String> {
        let mut listeners = Listeners {
            tcp: open_port(config, registry, Transport::Tcp)?,
            tls: open_port(config, registry, Transport::Tls)?,
            unix: None,
        };
        if let Some(path) = config.unixsocket.non_empty() {
            let backlog = config.tcp_backlog as i32;
            let mut unix = Listener::unix(path.as_path(), config.unixsocketperm, backlog)
                .map_err(|e| format!("Failed opening Unix socket: bind: {}", strerror(&e)))?;
            unix.register(registry, Token(UNIX_TOKEN))
                .map_err(|e| format!("Failed opening Unix socket: {}", strerror(&e)))?;
            listeners.unix = Some(unix);
        }
        Ok(listeners)
    }

    /// Moves a port to the number and addresses that the options now name. On an error, all is as it was.
    ///
    /// # Errors
    /// The new addresses cannot be listened on.
    pub fn rebind(
        &mut self,
        config: &Config,
        registry: &Registry,
        transport: Transport,
    ) -> Result<(), String> {
        let sockets = match transport {
            Transport::Tcp => &mut self.tcp,
            Transport::Tls => &mut self.tls,
        };
        // The old sockets must go first, since the new set may share addresses with them.
        let old = std::mem::take(sockets);
        let addresses: Vec<_> = old.iter().filter_map(local_addr).collect();
        for listener in old {
            listener.close(registry);
        }
        match open_port(config, registry, transport) {
            Ok(opened) => {
                *sockets = opened;
                Ok(())
            }
            Err(error) => {
                log_warning!("Failed to bind");
                for (i, addr) in addresses.into_iter().enumerate() {
                    let again =
                        Listener::tcp(addr.ip(), addr.port(), config.tcp_backlog as i32).and_then(|mut l| {
                            l.register(registry, Token(transport.first_token() + i))?;
                            Ok(l)
                        });
                    match again {
                        Ok(listener) => sockets.push(listener),
                        Err(e) => log_warning!("Failed listening on {addr} again: {}", strerror(&e)),
                    }
                }
                Err(error)
            }
        }
    }

    /// The socket of a token, and what is spoken on it: nothing but the protocol itself on a Unix socket.
    #[must_use]
    pub fn get(&self, token: Token) -> Option<(&Listener, Transport)> {
        let first = Transport::Tls.first_token();
        match token.0 {
            UNIX_TOKEN => self.unix.as_ref().map(|l| (l, Transport::Tcp)),
            at if at >= first => self.tls.get(at - first).map(|l| (l, Transport::Tls)),
            at => self.tcp.get(at).map(|l| (l, Transport::Tcp)),
        }
    }

    /// Stops listening.
    pub fn close(&mut self, registry: &Registry) {
        for listener in self.tcp.drain(..).chain(self.tls.drain(..)).chain(self.unix.take()) {
            listener.close(registry);
        }
    }

    /// How many sockets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tcp.len() + self.tls.len() + usize::from(self.unix.is_some())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn local_addr(listener: &Listener) -> Option<std::net::SocketAddr> {
    match listener {
        Listener::Tcp(l) => l.local_addr().ok(),
        Listener::Unix(..) => None,
    }
}

fn open_port(config: &Config, registry: &Registry, transport: Transport) -> Result<Vec<Listener>, String> {
    let mut sockets = Vec::new();
    let port = transport.port(config);
    if port == 0 {
        return Ok(sockets);
    }
    for word in &config.bind {
        let address = crate::config::BindAddress::new(word);
        let name = String::from_utf8_lossy(address.host).into_owned();
        let result = Listener::parse_ip(&name)
            .ok_or_else(|| std::io::Error::other("Name or service not known"))
            .and_then(|ip| Listener::tcp(ip, port, config.tcp_backlog as i32))
            .and_then(|mut l| {
                l.register(registry, Token(transport.first_token() + sockets.len()))?;
                Ok(l)
            });
        match result {
            Ok(listener) => sockets.push(listener),
            Err(e) if address.optional && may_be_missing(&e) => {}
            Err(e) => {
                let reason = strerror(&e);
                log_warning!(
                    "Warning: Could not create server TCP listening socket {name}:{port}: bind: {reason}"
                );
                for socket in sockets {
                    socket.close(registry);
                }
                return Err(format!("Failed listening on port {port} ({}), aborting.", transport.name()));
            }
        }
    }
    Ok(sockets)
}

/// An address marked `-` may be one that this machine, or its kernel, does not have; a taken port is still an error.
fn may_be_missing(e: &std::io::Error) -> bool {
    matches!(
        e.raw_os_error(),
        Some(libc::EADDRNOTAVAIL | libc::ENOPROTOOPT | libc::EPROTONOSUPPORT | libc::ESOCKTNOSUPPORT)
            | Some(libc::EPFNOSUPPORT | libc::EAFNOSUPPORT)
    )
}
