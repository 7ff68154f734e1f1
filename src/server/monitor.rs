//! MONITOR: every command, as it is about to run, to each client that asked.

use super::Server;
use crate::client::{ClientFlags, ClientId};
use crate::protocol::Args;
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
            if let Some(client) = self.clients.get_mut(monitor) {
                client.reply.raw(&line);
                self.queue_write(monitor);
            }
        }
    }
}

/// Appends bytes in double quotes, with escapes for what cannot be printed.
pub fn quote(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    for &byte in bytes {
        match byte {
            b'\\' | b'"' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            7 => out.extend_from_slice(b"\\a"),
            8 => out.extend_from_slice(b"\\b"),
            0x20..=0x7e => out.push(byte),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push(b'"');
}
