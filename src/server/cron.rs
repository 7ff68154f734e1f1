//! The server's heartbeat, `hz` times a second: everything that no client's request brings about.

use super::Server;
use crate::client::{ClientClass, ClientFlags};
use crate::log_verbose;
use crate::sys;
use std::time::Duration;

/// The least number of clients looked at by a cron run, and the most of all clients: a full round takes a second.
const CLIENTS_MIN: usize = 5;
/// Time for growing and shrinking tables in an otherwise idle cron run.
const REHASH_BUDGET: Duration = Duration::from_millis(1);
/// With this many clients dynamic-hz makes the heart beat faster.
const CLIENTS_PER_BEAT: usize = 200;
const HZ_MAX: u32 = 500;
/// Whoever has not finished a TLS handshake by then is closed, whatever `timeout` says: nobody can be served by it.
const HANDSHAKE_MAX_MS: u64 = 60_000;

impl Server {
    /// How often the cron runs now, per second: `hz`, and more with many clients if dynamic-hz says so.
    #[must_use]
    pub fn current_hz(&self) -> u32 {
        let mut hz = self.config.hz;
        if self.config.dynamic_hz {
            while self.clients.len() / hz as usize > CLIENTS_PER_BEAT && hz < HZ_MAX {
                hz *= 2;
            }
        }
        hz.clamp(1, HZ_MAX)
    }

    /// Runs the cron once.
    pub fn cron(&mut self) {
        if self.cron_paused {
            return;
        }
        if self.config.watchdog_period > 0 {
            sys::watchdog::wind_up(self.config.watchdog_period);
        }
        let hz = self.current_hz();
        self.cron_loops += 1;
        let every = |ms: u32| self.cron_loops.is_multiple_of(u64::from((ms * hz / 1000).max(1)));
        let (tenth, second, five) = (every(100), every(1000), every(5000));
        if tenth {
            self.sample_rates();
            self.note_peak_memory();
        }
        self.shutdown_cron();
        if five {
            self.log_figures();
        }
        self.clients_cron(hz);
        self.limit_tracked_keys();
        self.keyspace_cron();
        self.persistence_cron();
        if second {
            self.migrate_links.close_old();
            self.replication_cron();
        } else if tenth {
            self.hasten_failover();
        }
    }

    /// The exact sum takes the allocator's locks, for which the lazyfree thread would have us wait.
    fn note_peak_memory(&mut self) {
        let freeing = self.lazyfree.pending() > 0;
        let allocated = if freeing { sys::memory::allocated_now() } else { sys::memory::allocated() };
        self.stats.peak_memory = self.stats.peak_memory.max(allocated + self.backlog_memory());
    }

    fn sample_rates(&mut self) {
        let now = self.clock.monotonic_us();
        let s = &mut self.stats;
        s.ops.sample(s.commands_processed, now);
        s.input.sample(s.net_input_bytes + s.net_repl_input_bytes, now);
        s.output.sample(s.net_output_bytes + s.net_repl_output_bytes, now);
        s.repl_input.sample(s.net_repl_input_bytes, now);
        s.repl_output.sample(s.net_repl_output_bytes, now);
    }

    fn log_figures(&self) {
        if !crate::util::log::shows(crate::util::log::Level::Debug) {
            return;
        }
        for db in 0..self.keyspace.db_count() {
            let (keys, volatile) = (self.keyspace.len(db), self.keyspace.expires_len(db));
            if keys > 0 {
                crate::log_debug!("DB {db}: {keys} keys ({volatile} volatile)");
            }
        }
        let replicas = self.clients.iter().filter(|c| c.class() == ClientClass::Replica).count();
        crate::log_debug!(
            "{} clients connected ({replicas} replicas), {} bytes in use",
            self.clients.len() - replicas,
            sys::memory::allocated()
        );
    }

    /// Looks after keys that expire here alone, and moves growing tables on.
    fn keyspace_cron(&mut self) {
        self.count_expiry_behind();
        if self.is_replica() {
            self.own_expires.expire(&mut self.keyspace, self.clock.now_ms());
            self.publish_events(None);
            self.keys_touched(true, None);
        } else {
            self.own_expires.clear();
        }
        if self.config.activerehashing && !self.child_alive {
            self.keyspace.rehash_for(REHASH_BUDGET);
        }
    }

    /// Looks at some of the clients: the idle ones lose their connection or their buffers.
    fn clients_cron(&mut self, hz: u32) {
        let slots = self.clients.slots();
        if slots == 0 {
            return;
        }
        let now = self.clock.monotonic_ms();
        let timeout_ms = u64::from(self.config.timeout) * 1000;
        let count = (slots / hz as usize).max(CLIENTS_MIN).min(slots);
        let (mut input, mut output) = (0, 0);
        for _ in 0..count {
            self.clients_cron_slot = (self.clients_cron_slot + 1) % slots;
            let Some(client) = self.clients.at_slot(self.clients_cron_slot) else { continue };
            let id = client.id;
            let idle_ms = now.saturating_sub(client.active_ms);
            let (tail, sealed) = client.reply.memory();
            input = client.query_peak.max(input);
            output = (tail + sealed).max(output);
            let exempt = client.flags.intersects(ClientFlags::MONITOR | ClientFlags::PUBSUB)
                || client.class() == ClientClass::Replica
                || client.must_obey()
                || client.blocked.is_some();
            if client.flags.contains(ClientFlags::HANDSHAKE) && idle_ms > HANDSHAKE_MAX_MS {
                log_verbose!("Closing client that does not finish its TLS handshake");
                self.close_later(id);
                continue;
            }
            if timeout_ms > 0 && !exempt && idle_ms > timeout_ms {
                log_verbose!("Closing idle client");
                self.close_later(id);
                continue;
            }
            // Time alone can take a client over its soft limit.
            self.check_output_limits(id);
            if let Some(client) = self.clients.get_mut(id)
                && idle_ms > 2000
                && !self.keeps_idle_buffers
            {
                client.reply.release_idle();
                if client.query.is_empty() {
                    client.query = Vec::new();
                }
                client.parser.release_idle();
                client.query_peak = client.query.len() + client.parser.bytes_apart();
            }
            self.count_client_memory(id);
        }
        // The figures fade, so that they tell of the last seconds and not of all time.
        let (old_in, old_out) = self.recent_buffers;
        self.recent_buffers = (input.max(old_in - old_in / 8), output.max(old_out - old_out / 8));
    }

    /// Ends the pauses whose time is over.
    #[inline]
    pub fn end_pauses(&mut self) {
        if self.pause.holds_writes() && self.pause.expire(self.clock.monotonic_ms()) {
            self.wake_paused();
        }
    }

    /// How long the loop may sleep for the sake of those who are paused.
    #[must_use]
    pub fn pause_patience(&self) -> Duration {
        let until_ms = self.pause.until_ms();
        until_ms
            .map_or(Duration::MAX, |at| Duration::from_millis(at.saturating_sub(self.clock.monotonic_ms())))
    }

    /// Lets clients that the pause held try again.
    pub fn wake_paused(&mut self) {
        let paused: Vec<_> = self
            .blocked
            .iter()
            .copied()
            .filter(|id| {
                let blocked = self.clients.get(*id).and_then(|client| client.blocked.as_ref());
                matches!(blocked, Some(crate::client::Blocked::Paused { .. }))
            })
            .collect();
        for id in paused {
            self.unblock(id);
        }
    }
}
