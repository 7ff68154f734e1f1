//! New connections: let in, or told why not.

use crate::client::{ClientFlags, ClientId};
use crate::log_verbose;
use crate::log_warning;
use crate::net::conn::Conn;
use crate::server::Server;
use crate::server::listeners::Transport;
use crate::sys::errno::strerror;
use mio::Token;

/// Connections accepted from one socket in one turn.
const ACCEPT_MAX: usize = 1000;

const DENIED: &[u8] = b"-DENIED Redis is running in protected mode because protected mode is enabled and no password \
    is set for the default user. In this mode connections are only accepted from the loopback interface. If you want \
    to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable \
    protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to \
    Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet \
    if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the \
    protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then \
    restarting the server. 3) If you started the server manually just for testing, restart it with the \
    '--protected-mode no' option. 4) Setup a an authentication password for the default user. NOTE: You only need to \
    do one of the above things in order for the server to start accepting connections from the outside.\r\n";

/// Takes in what waits at a listening socket. `true`: more may wait.
pub fn accept_all(server: &mut Server, token: Token) -> bool {
    for _ in 0..ACCEPT_MAX {
        let Some((listener, transport)) = server.listeners.get(token) else { return false };
        match listener.accept() {
            Ok(Some(conn)) => accept_one(server, conn, transport),
            Ok(None) => return false,
            Err(e) if e.raw_os_error() == Some(libc::ECONNABORTED) => {}
            Err(e) => {
                log_warning!("Accepting client connection: {}", strerror(&e));
                // Out of descriptors: the connection stays in the queue, and no new edge will tell of it.
                return matches!(e.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS));
            }
        }
    }
    true
}

fn accept_one(server: &mut Server, mut conn: Conn, transport: Transport) {
    if server.clients.len() >= server.config.maxclients as usize {
        // One write into an empty socket buffer: it fits, and if not, the client learns from the close. In TLS nothing
        // could be said before a handshake.
        if transport == Transport::Tcp {
            conn.write(b"-ERR max number of clients reached\r\n");
        }
        server.stats.rejected_connections += 1;
        return;
    }
    if transport == Transport::Tcp && is_denied(server, &conn) {
        conn.write(DENIED);
        server.stats.rejected_connections += 1;
        return;
    }
    let peer = conn.peer_text();
    let secured = match (transport, &server.tls) {
        (Transport::Tcp, _) => Ok(conn),
        (Transport::Tls, Some(context)) => conn.accept_tls(context),
        (Transport::Tls, None) => unreachable!("the port is opened once TLS is set up"),
    };
    match secured.and_then(|conn| server.add_client(conn)) {
        Ok(id) => {
            log_verbose!("Accepted {peer}");
            if let Some(client) = server.clients.get_mut(id)
                && transport == Transport::Tls
            {
                // It counts once it has shaken hands.
                client.flags.insert(ClientFlags::HANDSHAKE);
            } else {
                server.stats.connections_received += 1;
            }
        }
        Err(e) => log_warning!("Error registering fd event for the new client: {e} (addr={peer})"),
    }
}

/// Whether the server is open to all, protected from that, and the client from elsewhere.
fn is_denied(server: &Server, conn: &Conn) -> bool {
    server.config.protected_mode && server.acl.users.default_user().nopass && !conn.is_local()
}

/// Goes on with a client's TLS handshake. `true`: it is done, and what came along with its end is to be read.
pub fn shake_hands(server: &mut Server, id: ClientId) -> bool {
    let Some(client) = server.clients.get_mut(id) else { return false };
    if client.flags.contains(ClientFlags::CLOSE_ASAP) {
        return false;
    }
    match client.conn.handshake() {
        Ok(false) => return false,
        Ok(true) => client.flags.remove(ClientFlags::HANDSHAKE),
        Err(error) => {
            let (fd, peer) = (client.conn.fd(), client.conn.peer_text());
            log_warning!(
                "Error accepting a client connection: {} (conn: fd={fd} addr={peer})",
                strerror(&error)
            );
            server.close_later(id);
            return false;
        }
    }
    if server.clients.get(id).is_some_and(|client| is_denied(server, &client.conn)) {
        server.client_mut(id).conn.write(DENIED);
        server.stats.rejected_connections += 1;
        server.close_later(id);
        return false;
    }
    server.stats.connections_received += 1;
    true
}
