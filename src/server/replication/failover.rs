//! FAILOVER, as far as it is not a decision: holding writes back, changing roles, waking who waited.

use super::link_config;
use crate::config::{Primary, Text};
use crate::repl::failover::Request;
use crate::server::Server;
use crate::server::pause::{Holds, Purpose};

impl Server {
    /// FAILOVER: writes are held back until it has ended, one way or another.
    ///
    /// # Errors
    /// It cannot be begun, in the words for the client.
    pub fn failover(&mut self, request: &Request) -> Result<(), &'static str> {
        self.repl.machine.failover(request, self.clock.monotonic_ms())?;
        self.pause.start(Purpose::Failover, Holds::Writes, u64::MAX);
        self.log_replication();
        Ok(())
    }

    /// FAILOVER ABORT. False: there is none.
    pub fn abort_failover(&mut self) -> bool {
        let aborted =
            self.repl.machine.abort_failover("Failover manually aborted", self.clock.monotonic_ms());
        self.settle_replication();
        aborted
    }

    /// Becomes a replica of the target, if it is time for it.
    pub(super) fn advance_failover(&mut self) {
        let now = self.clock.monotonic_ms();
        let config = &self.config;
        if !self.repl.machine.advance_failover(|| link_config(config), now) {
            return;
        }
        let target = self.repl.machine.following().map(|f| (Text::from(f.host.as_str()), f.port));
        self.config.replicaof = target.map(|(host, port)| Primary { host, port });
        self.unblock_for_role_change();
        self.role_changed();
    }

    /// When the failover has ended: the pause does too, and we may be a primary again.
    pub(super) fn conclude_failover(&mut self) {
        self.repl.machine.conclude_failover(self.clock.monotonic_ms());
        if self.repl.machine.is_failing_over() || !self.pause.is_for(Purpose::Failover) {
            return;
        }
        self.pause.stop(Purpose::Failover);
        self.wake_paused();
        if self.repl.machine.is_primary() && self.is_replica() {
            self.config.replicaof = None;
            self.role_changed();
        }
    }

    /// Ten times a second.
    pub fn hasten_failover(&mut self) {
        if self.repl.machine.is_failing_over() {
            self.repl.machine.hasten(self.clock.monotonic_ms());
            self.settle_replication();
        }
    }
}
