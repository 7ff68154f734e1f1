//! The loop, and one turn of it.

use super::accept::{accept_all, shake_hands};
use super::batch::Batch;
use super::before_sleep::before_sleep;
use super::process::{read_client, resume_client};
use crate::client::{Client, ClientFlags};
use crate::net::event_loop::{EventLoop, Ready};
use crate::server::Server;
use crate::server::listeners::FIRST_CLIENT_TOKEN;
use mio::Token;
use std::time::Duration;

/// Runs the server until it is to end; returns the exit code.
///
/// # Errors
/// The poll is broken.
pub fn run(server: &mut Server, event_loop: &mut EventLoop) -> std::io::Result<i32> {
    let mut ready = Vec::new();
    let mut accepting = Vec::new();
    let mut batch = Batch::default();
    let mut cron_due_us = 0;
    loop {
        before_sleep(server);
        if let Some(code) = server.exit {
            return Ok(code);
        }
        let busy =
            !server.pending_reads.is_empty() || !server.pending_writes.is_empty() || !accepting.is_empty();
        let until_cron = Duration::from_micros(cron_due_us).saturating_sub(server.clock.uptime());
        let timeout = if busy
            || server.has_urgent_work()
            || server.eviction.running
            || server.expiry_is_busy()
            || server.replication_is_busy()
        {
            Duration::ZERO
        } else {
            let patience = server.replication_patience().min(server.waiting_patience());
            until_cron.min(patience).min(server.pause_patience())
        };
        event_loop.wait(timeout, &mut ready)?;
        server.clock.refresh();
        for token in std::mem::take(&mut accepting) {
            accept(server, token, &mut accepting);
        }
        for event in &ready {
            dispatch(server, *event, &mut batch, &mut accepting);
        }
        batch.run(server);
        for id in std::mem::take(&mut server.pending_reads) {
            resume_client(server, id);
        }
        if server.clock.measure_us() >= cron_due_us {
            server.clock.refresh();
            server.cron();
            cron_due_us = server.clock.measure_us() + 1_000_000 / u64::from(server.current_hz());
        }
        server.evict_slice();
        server.loading_slice();
        server.sync_slice();
    }
}

fn accept(server: &mut Server, token: Token, again: &mut Vec<Token>) {
    if accept_all(server, token) && !again.contains(&token) {
        again.push(token);
    }
}

fn dispatch(server: &mut Server, event: Ready, batch: &mut Batch, accepting: &mut Vec<Token>) {
    let Some(slot) = event.token.0.checked_sub(FIRST_CLIENT_TOKEN) else {
        batch.run(server);
        if server.listeners.get(event.token).is_some() {
            accept(server, event.token, accepting);
        } else {
            server.internal_event(event);
        }
        return;
    };
    let Some(client) = server.clients.at_slot(slot) else { return };
    let id = client.id;
    let flags = client.flags;
    let wants_write = flags.contains(ClientFlags::WAITS_WRITABLE);
    if event.ended
        && let Some(client) = server.clients.get_mut(id)
    {
        client.flags.insert(ClientFlags::ENDED);
    }
    let plain = !flags.intersects(ClientFlags::WAITS_WRITABLE | ClientFlags::HANDSHAKE);
    if event.readable && plain && batch.read(server, id) {
        return;
    }
    batch.run(server);
    if flags.contains(ClientFlags::HANDSHAKE) {
        if shake_hands(server, id) {
            read_client(server, id);
        }
        return;
    }
    if event.readable {
        read_client(server, id);
        if event.ended && server.clients.get(id).is_some_and(Client::must_obey) {
            // The end stands behind what it said last: nobody is told in this turn that the link is up.
            read_client(server, id);
        }
    }
    if event.writable {
        server.client_writable(id, wants_write);
    }
}
