//! Replication between Oxidis and redis-server 7.0, each on either side, under write load.
//!
//! Every scenario is a function of the two programs; [`mixes`] makes a test of it for Oxidis feeding Redis, Redis
//! feeding Oxidis and Oxidis feeding itself. Data is compared by DEBUG DIGEST at equal offsets, and how a link
//! came back is read from the primary's own counters: `sync_full`, `sync_partial_ok`, `sync_partial_err`.

mod big;
mod chain;
mod chaos;
mod cut;
mod failover;
mod full_sync;
mod peers;
mod promotion;
mod restart;
mod rules;
mod tls;

#[path = "../harness/mod.rs"]
mod harness;

use harness::{PATIENCE, Program, Server, wait_for};

/// One test for each pair of programs and each scenario `fn(primary, replica)`.
macro_rules! mixes {
    ($($scenario:ident),* $(,)?) => {
        mod oxidis_to_redis {
            use crate::harness::Program::{Oxidis, Redis};
            $(#[test] fn $scenario() { super::$scenario(Oxidis, Redis) })*
        }
        mod redis_to_oxidis {
            use crate::harness::Program::{Oxidis, Redis};
            $(#[test] fn $scenario() { super::$scenario(Redis, Oxidis) })*
        }
        mod oxidis_to_oxidis {
            use crate::harness::Program::Oxidis;
            $(#[test] fn $scenario() { super::$scenario(Oxidis, Oxidis) })*
        }
    };
}
pub(crate) use mixes;

/// How often a primary has synced its replicas.
#[derive(Debug, PartialEq, Clone, Copy)]
pub struct Syncs {
    pub full: i64,
    pub partial: i64,
}

pub fn syncs(primary: &Server) -> Syncs {
    Syncs { full: primary.info_int("sync_full"), partial: primary.info_int("sync_partial_ok") }
}

/// Waits until the primary has answered one more PSYNC, and says how.
#[track_caller]
pub fn wait_resync(primary: &Server, before: Syncs) -> Syncs {
    wait_for("a resync", PATIENCE, || syncs(primary) != before);
    let now = syncs(primary);
    Syncs { full: now.full - before.full, partial: now.partial - before.partial }
}

pub const ONE_PARTIAL: Syncs = Syncs { full: 0, partial: 1 };
pub const ONE_FULL: Syncs = Syncs { full: 1, partial: 0 };

#[track_caller]
pub fn wait_link_up(replica: &Server) {
    wait_for("the link to be up", PATIENCE, || replica.info("master_link_status") == "up");
}

/// A primary and its replica, in sync.
#[track_caller]
pub fn linked(primary: Program, replica: Program, config: &[&str]) -> (Server, Server) {
    let primary = Server::start(primary, config);
    let replica = Server::start(replica, config);
    replica.replicate(&primary);
    wait_link_up(&replica);
    (primary, replica)
}
