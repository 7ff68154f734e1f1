//! What replicas have confirmed, and who waits for it: ACK, min-replicas-to-write, WAIT.

use super::Primary;
use super::state::State;
use crate::repl::{ConnId, Millis};

impl Primary {
    /// REPLCONF ACK from a replica. From anybody else it means nothing.
    pub fn ack(&mut self, id: ConnId, offset: i64, now: Millis) {
        let Some(replica) = self.replica_mut(id) else { return };
        replica.ack_offset = replica.ack_offset.max(offset);
        replica.ack_at = now;
        match &mut replica.state {
            State::Online { awaiting_ack, .. } => *awaiting_ack = false,
            // It has loaded the snapshot before we knew that the child has ended.
            State::Streaming { acked, .. } => *acked = true,
            _ => {}
        }
    }

    /// A bare newline from a replica, which it sends while it loads: it lives.
    pub fn heard_from(&mut self, id: ConnId, now: Millis) {
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

/// A client blocked in WAIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Waiter {
    client: ConnId,
    offset: i64,
    replicas: i64,
    /// None waits for ever.
    deadline: Option<Millis>,
}

/// The clients blocked in WAIT. A client is at most once in it, since it is blocked.
#[derive(Debug, Default)]
pub struct Waiters {
    list: Vec<Waiter>,
    /// Somebody has come since the replicas were last asked.
    ask: bool,
}

impl Waiters {
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Blocks a client until `replicas` have confirmed `offset`.
    pub fn add(&mut self, client: ConnId, offset: i64, replicas: i64, deadline: Option<Millis>) {
        self.list.push(Waiter { client, offset, replicas, deadline });
        self.ask = true;
    }

    /// The client has gone, or was unblocked otherwise.
    pub fn remove(&mut self, client: ConnId) {
        self.list.retain(|w| w.client != client);
    }

    /// Whether the replicas are to be asked (GETACK), once for all who came in this turn.
    pub fn take_ask(&mut self) -> bool {
        std::mem::take(&mut self.ask)
    }

    /// The next moment at which somebody's time is up.
    pub fn next_deadline(&self) -> Option<Millis> {
        self.list.iter().filter_map(|w| w.deadline).min()
    }

    /// Lets go who has enough confirmations, or whose time is up: each with the number to answer.
    pub fn take_ready(&mut self, primary: &Primary, now: Millis) -> Vec<(ConnId, usize)> {
        let mut ready = Vec::new();
        self.list.retain(|w| {
            let acks = primary.count_acks(w.offset);
            let done = acks as i64 >= w.replicas || w.deadline.is_some_and(|at| now >= at);
            if done {
                ready.push((w.client, acks));
            }
            !done
        });
        ready
    }
}
