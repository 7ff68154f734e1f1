//! The sockets that the server listens on: opened at start, moved by CONFIG SET bind and port.

use crate::config::Config;
use crate::log_warning;
use crate::net::listener::Listener;
use crate::sys::errno::strerror;
use mio::{Registry, Token};

/// Tokens below this are listeners'.
pub const FIRST_CLIENT_TOKEN: usize = 64;

/// All listening sockets; a socket's token is its index.
#[derive(Default)]
pub struct Listeners {
    tcp: Vec<Listener>,
    unix: Option<Listener>,
}

const UNIX_TOKEN: usize = FIRST_CLIENT_TOKEN - 1;

impl Listeners {
    /// Opens all sockets that the options name.
    ///
    /// # Errors
    /// An address cannot be listened on: the text for the log.
    pub fn open(config: &Config, registry: &Registry) -> Result<Self, String> {
        let mut listeners = Listeners { tcp: open_tcp(config, registry, 0)?, ..Listeners::default() };
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

    /// Moves TCP to the addresses and port that the options now name. On an error, all is as it was.
    ///
    /// # Errors
    /// The new addresses cannot be listened on.
    pub fn rebind(&mut self, config: &Config, registry: &Registry) -> Result<(), String> {
        // The old sockets must go first, since the new set may share addresses with them.
        let old = std::mem::take(&mut self.tcp);
        let addresses: Vec<_> = old.iter().filter_map(local_addr).collect();
        for listener in old {
            listener.close(registry);
        }
        match open_tcp(config, registry, 0) {
            Ok(tcp) => {
                self.tcp = tcp;
                Ok(())
            }
            Err(error) => {
                log_warning!("Failed to bind");
                for (i, addr) in addresses.into_iter().enumerate() {
                    let again =
                        Listener::tcp(addr.ip(), addr.port(), config.tcp_backlog as i32).and_then(|mut l| {
                            l.register(registry, Token(i))?;
                            Ok(l)
                        });
                    match again {
                        Ok(listener) => self.tcp.push(listener),
                        Err(e) => log_warning!("Failed listening on {addr} again: {}", strerror(&e)),
                    }
                }
                Err(error)
            }
        }
    }

    /// The socket of a token.
    #[must_use]
    pub fn get(&self, token: Token) -> Option<&Listener> {
        if token.0 == UNIX_TOKEN { self.unix.as_ref() } else { self.tcp.get(token.0) }
    }

    /// Stops listening.
    pub fn close(&mut self, registry: &Registry) {
        for listener in self.tcp.drain(..).chain(self.unix.take()) {
            listener.close(registry);
        }
    }

    /// How many sockets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tcp.len() + usize::from(self.unix.is_some())
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

fn open_tcp(config: &Config, registry: &Registry, first: usize) -> Result<Vec<Listener>, String> {
    let mut sockets = Vec::new();
    if config.port == 0 {
        return Ok(sockets);
    }
    for word in &config.bind {
        let address = crate::config::BindAddress::new(word);
        let name = String::from_utf8_lossy(address.host).into_owned();
        let result = Listener::parse_ip(&name)
            .ok_or_else(|| std::io::Error::other("Name or service not known"))
            .and_then(|ip| Listener::tcp(ip, config.port, config.tcp_backlog as i32))
            .and_then(|mut l| {
                l.register(registry, Token(first + sockets.len()))?;
                Ok(l)
            });
        match result {
            Ok(listener) => sockets.push(listener),
            Err(e) if address.optional && may_be_missing(&e) => {}
            Err(e) => {
                let reason = strerror(&e);
                log_warning!(
                    "Warning: Could not create server TCP listening socket {name}:{}: bind: {reason}",
                    config.port
                );
                for socket in sockets {
                    socket.close(registry);
                }
                return Err(format!("Failed listening on port {} (TCP), aborting.", config.port));
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
