//! MONITOR: every command, once it has run, to each client that asked.

use super::Server;
use crate::client::{ClientFlags, ClientId};
use crate::protocol::Args;
use crate::protocol::inline::quote;
use std::io::Write;

impl Server {
    /// Shows a client's command to the monitors: `+1700000000.123456 [0 127.0.0.1:6379] "get" "k"`.
    pub fn feed_monitors(&mut self, from: ClientId, args: Args<'_>) {
        if self.monitors.is_empty() {
            return;
        }
        let Some(client) = self.clients.get(from) else { return };
        let us = self.clock.now_us();
        let mut line = Vec::with_capacity(64 + args.payload_len());
        let peer = if client.flags.contains(ClientFlags::UNIX_SOCKET) {
            format!("unix:{}", self.config.unixsocket.to_str_lossy())
        } else {
            client.conn.peer_text()
        };
        let _ = write!(line, "+{}.{:06} [{} {peer}]", us / 1_000_000, us % 1_000_000, client.db);
        for arg in args.iter() {
            line.push(b' ');
            quote(&mut line, arg);
        }
        line.extend_from_slice(b"\r\n");
        for monitor in self.monitors.clone() {
            if let Some(client) = self.clients.get_mut(monitor).filter(|client| client.takes_messages()) {
                client.reply.raw(&line);
                self.queue_write(monitor);
            }
        }
    }
}
