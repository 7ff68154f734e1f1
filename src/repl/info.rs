//! What INFO replication says.

use super::Millis;
use super::replica::Link;
use super::role::Replication;
use std::fmt::Write as _;

/// What the section shows of redis.conf.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// replica-priority
    pub priority: u32,
    /// replica-read-only
    pub read_only: bool,
    /// replica-announced
    pub announced: bool,
}

/// The lines of the section, each with its CRLF, without the heading.
#[must_use]
pub fn section(repl: &Replication, settings: Settings, now: Millis) -> String {
    let mut out = String::with_capacity(1024);
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        write!(out, "{name}:{value}\r\n").expect("a String takes all");
    };
    line("role", &if repl.is_primary() { "master" } else { "slave" });
    link_lines(repl, settings, now, &mut line);
    let primary = &repl.primary;
    line("connected_slaves", &primary.replicas().len());
    if primary.counts_good_replicas() {
        line("min_slaves_good_slaves", &primary.good_replicas(now));
    }
    let mut number = 0;
    for replica in primary.replicas() {
        let (Some(ip), Some(state)) = (replica.shown_ip(), replica.state.name()) else { continue };
        let (port, offset, lag) = (replica.conf.listening_port, replica.ack_offset, replica.lag_s(now));
        let text = format!("ip={ip},port={port},state={state},offset={offset},lag={lag}");
        line(&format!("slave{number}"), &text);
        number += 1;
    }
    let history = &primary.history;
    line("master_failover_state", &repl.failover_state());
    line("master_replid", &history.replid);
    line("master_replid2", &history.replid2);
    line("master_repl_offset", &history.offset);
    line("second_repl_offset", &history.second_repl_offset);
    let window = primary.shown_window();
    line("repl_backlog_active", &u8::from(window.is_some()));
    line("repl_backlog_size", &primary.config.backlog_size);
    line("repl_backlog_first_byte_offset", &window.map_or(0, |w| w.first));
    line("repl_backlog_histlen", &window.map_or(0, |w| w.len()));
    out
}

fn link_lines(
    repl: &Replication,
    settings: Settings,
    now: Millis,
    line: &mut impl FnMut(&str, &dyn std::fmt::Display),
) {
    let Some(follower) = repl.following() else { return };
    let seconds_since = |then: Millis| now.saturating_sub(then) / 1000;
    let stream = follower.stream();
    line("master_host", &follower.host);
    line("master_port", &follower.port);
    line("master_link_status", &if stream.is_some() { "up" } else { "down" });
    match stream {
        Some(stream) => line("master_last_io_seconds_ago", &seconds_since(stream.last_io)),
        None => line("master_last_io_seconds_ago", &-1),
    }
    line("master_sync_in_progress", &u8::from(follower.is_syncing()));
    // Without a stream, and none to go on from, Redis shows 1.
    let (read, applied) = match (stream, follower.cached()) {
        (Some(stream), _) => (stream.read, stream.applied),
        (None, Some(cached)) => (cached.offset, cached.offset),
        (None, None) => (1, 1),
    };
    line("slave_read_repl_offset", &read);
    line("slave_repl_offset", &applied);
    let syncing = match follower.link() {
        // -1 until the primary has said how long it is, 0 when it will not say.
        Link::Transfer(t) => {
            Some((t.size.map_or(-1, |size| size.unwrap_or(0) as i64), t.read, seconds_since(t.last_io)))
        }
        Link::Loading(l) => Some((l.size.unwrap_or(0) as i64, l.read, 0)),
        _ => None,
    };
    if let Some((total, read, last_io_s)) = syncing {
        let percent = if total == 0 { 0.0 } else { read as f64 / total as f64 * 100.0 };
        line("master_sync_total_bytes", &total);
        line("master_sync_read_bytes", &read);
        line("master_sync_left_bytes", &(total - read as i64));
        line("master_sync_perc", &format!("{percent:.2}"));
        line("master_sync_last_io_seconds_ago", &last_io_s);
    }
    if stream.is_none() {
        match follower.down_since() {
            Some(since) => line("master_link_down_since_seconds", &seconds_since(since)),
            None => line("master_link_down_since_seconds", &-1),
        }
    }
    line("slave_priority", &settings.priority);
    line("slave_read_only", &u8::from(settings.read_only));
    line("replica_announced", &u8::from(settings.announced));
}
