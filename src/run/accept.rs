//! New connections: let in, or told why not.

use crate::log_verbose;
use crate::log_warning;
use crate::net::conn::Conn;
use crate::server::Server;
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
        let Some(listener) = server.listeners.get(token) else { return false };
        match listener.accept() {
            Ok(Some(conn)) => accept_one(server, conn),
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

fn accept_one(server: &mut Server, mut conn: Conn) {
    if server.clients.len() >= server.config.maxclients as usize {
        // One write into an empty socket buffer: it fits, and if not, the client learns from the close.
        conn.write(b"-ERR max number of clients reached\r\n");
        server.stats.rejected_connections += 1;
        return;
    }
    let open_to_all = server.config.protected_mode && server.acl.users.default_user().nopass;
    if open_to_all && !conn.is_local() {
        conn.write(DENIED);
        server.stats.rejected_connections += 1;
        return;
    }
    let peer = conn.peer_text();
    match server.add_client(conn) {
        Ok(_) => {
            server.stats.connections_received += 1;
            log_verbose!("Accepted {peer}");
        }
        Err(e) => log_warning!("Error registering fd event for the new client: {e} (addr={peer})"),
    }
}
