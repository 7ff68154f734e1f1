//! What must be done before the loop waits for events. The order is part of the promise to clients.

use crate::client::ClientFlags;
use crate::exec::blocked::serve_ready_keys;
use crate::server::Server;

/// Does it.
pub fn before_sleep(server: &mut Server) {
    server.end_pauses();
    // A key that is due goes before clients are answered by what is left; in slices, so that they do not wait.
    server.expire_slice();
    server.free_discarded();
    // Data that a load has put in place may be what somebody waits for.
    serve_ready_keys(server);
    server.answer_timeouts();
    server.broadcast_invalidations();
    server.before_sleep_replication();
    // Whoever was killed hears of it no later than who asked for it.
    close_clients(server);
    // Replies last: what a reply promises (a WAIT counted, a write in the backlog) has been done above.
    write_replies(server);
    server.eviction.in_this_turn = false;
    server.evict_clients_at_last();
    close_clients(server);
}

fn close_clients(server: &mut Server) {
    server.close_scheduled();
    server.clients.free_dead();
}

fn write_replies(server: &mut Server) {
    let mut queue = std::mem::take(&mut server.pending_writes);
    for id in queue.drain(..) {
        if let Some(client) = server.clients.get_mut(id) {
            client.flags.remove(ClientFlags::QUEUED_WRITE);
            if !client.flags.contains(ClientFlags::CLOSE_ASAP) {
                server.write_client(id);
            }
        }
    }
    // Writing may have put clients back in line: those come with the next turn, which must not sleep.
    queue.append(&mut server.pending_writes);
    server.pending_writes = queue;
}
