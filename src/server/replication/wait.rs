//! WAIT: a client is answered when enough replicas have confirmed what it wrote.

use crate::client::{Blocked, ClientId};
use crate::server::Server;

impl Server {
    /// WAIT: answers at once if enough replicas have confirmed, else blocks the client.
    pub fn wait_for_replicas(&mut self, id: ClientId, replicas: i64, timeout_ms: i64) {
        let offset = self.client_mut(id).written_offset;
        let acks = self.repl.machine.primary.count_acks(offset as i64);
        if acks as i64 >= replicas || self.in_exec() {
            self.reply(id).int(acks as i64);
            return;
        }
        let deadline_ms = (timeout_ms > 0).then(|| self.clock.monotonic_ms() + timeout_ms as u64);
        self.block(id, Blocked::Wait { offset, replicas: replicas.max(0) as usize, deadline_ms });
        self.repl.ask_for_acks = true;
    }

    /// Answers the clients that have waited long enough, for confirmations or in time.
    pub(super) fn answer_waits(&mut self) {
        if self.blocked.is_empty() {
            return;
        }
        let now = self.clock.monotonic_ms();
        let primary = &self.repl.machine.primary;
        let ready: Vec<(ClientId, usize)> = self
            .blocked
            .iter()
            .filter_map(|&id| match self.clients.get(id)?.blocked {
                Some(Blocked::Wait { offset, replicas, deadline_ms }) => {
                    let acks = primary.count_acks(offset as i64);
                    let done = acks >= replicas || deadline_ms.is_some_and(|at| now >= at);
                    done.then_some((id, acks))
                }
                _ => None,
            })
            .collect();
        for (id, acks) in ready {
            self.reply(id).int(acks as i64);
            self.queue_write(id);
            self.unblock(id);
        }
    }
}
