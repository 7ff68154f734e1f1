//! INFO clients.

use super::Info;
use crate::client::{Blocked, ClientClass, ClientFlags};
use crate::server::Server;

pub(super) fn write(info: &mut Info, server: &Server) {
    let alive = || server.clients.iter().filter(|c| !c.flags.contains(ClientFlags::CLOSE_ASAP));
    let blocked = || alive().filter_map(|c| c.blocked.as_ref());
    let timed = blocked().filter(|b| match b {
        Blocked::Wait { deadline_ms, .. } => deadline_ms.is_some(),
        Blocked::Keys(wait) => wait.deadline_us.is_some(),
        Blocked::Paused { .. } | Blocked::Shutdown => false,
    });
    let (input, output) = server.recent_buffers;
    info.heading("Clients");
    info.field("connected_clients", alive().filter(|c| c.class() != ClientClass::Replica).count());
    info.field("cluster_connections", 0);
    info.field("maxclients", server.config.maxclients);
    info.field("client_recent_max_input_buffer", input);
    info.field("client_recent_max_output_buffer", output);
    info.field("blocked_clients", blocked().count());
    info.field("tracking_clients", server.tracking.clients());
    info.field("clients_in_timeout_table", timed.count());
}
