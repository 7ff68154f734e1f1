//! What replicas have confirmed: ACK, min-replicas-to-write, and what WAIT counts.

use super::Primary;
use super::state::State;
use crate::client::ClientId;
use crate::repl::Millis;

impl Primary {
    /// REPLCONF ACK from a replica. From anybody else it means nothing.
    pub fn ack(&mut self, id: ClientId, offset: i64, now: Millis) {
        let Some(replica) = self.replica_mut(id) else { return };
        replica.ack_offset = replica.ack_offset.max(offset);
        replica.ack_at = now;
        let was_in_doubt = std::mem::take(&mut replica.field_times_in_doubt);
        match &mut replica.state {
            State::Online { awaiting_ack, .. } => *awaiting_ack = false,
            // It has loaded the snapshot before we knew that the child has ended.
            State::Streaming { acked, .. } => *acked = true,
            _ => {}
        }
        if was_in_doubt && let Some(name) = replica.known_as() {
            self.forget_losses(&name);
        }
    }

    /// A bare newline from a replica, which it sends while it loads: it lives.
    pub fn heard_from(&mut self, id: ClientId, now: Millis) {
        if let Some(replica) = self.replica_mut(id) {
            replica.ack_at = now;
        }
    }

    /// How many replicas have confirmed the stream up to `offset`.
    pub fn count_acks(&self, offset: i64) -> usize {
        self.replicas.iter().filter(|r| r.state.is_online() && r.ack_offset >= offset).count()
    }

    /// How many replicas are online and confirm often enough.
    pub fn good_replicas(&self, now: Millis) -> usize {
        let lag_max = self.config.min_replicas_max_lag_s;
        self.replicas.iter().filter(|r| r.state.is_online() && r.lag_s(now) <= lag_max).count()
    }

    /// Whether min-replicas-to-write is in force.
    pub fn counts_good_replicas(&self) -> bool {
        self.config.min_replicas_to_write > 0 && self.config.min_replicas_max_lag_s > 0
    }

    /// Whether writes may be taken, as far as min-replicas-to-write goes.
    pub fn enough_good_replicas(&self, now: Millis) -> bool {
        !self.counts_good_replicas() || self.good_replicas(now) >= self.config.min_replicas_to_write
    }
}
