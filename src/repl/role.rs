//! Both sides together: which role we have, and what a change of it, or of our history, does to the other side.
//!
//! | event | our data | our replicas | backlog | id | cached primary |
//! |---|---|---|---|---|---|
//! | REPLICAOF host port, from primary | kept | kept | kept | kept | made of ourselves |
//! | REPLICAOF other host, from replica | kept | kept | kept | kept | the one we had |
//! | REPLICAOF NO ONE | kept | disconnected, may continue | kept | shifted | discarded |
//! | link cut | kept | kept | kept | kept | where we were |
//! | +CONTINUE, same id | kept | kept | kept | kept | used up |
//! | +CONTINUE, new id | kept | disconnected, may continue | kept | shifted | used up |
//! | snapshot about to replace our data | dropped | disconnected | dropped | a new one | discarded |
//! | snapshot loaded | the primary's | | begins anew | the primary's | |
//! | FAILOVER to a replica | kept | kept | kept | kept | made of ourselves |
//! | FAILOVER aborted on the way | kept | disconnected, may continue | kept | shifted | discarded |
//!
//! A replica that is disconnected asks again, and learns the new id in the answer.

use super::failover::Failover;
use super::id::ReplId;
use super::primary::{Config as PrimaryConfig, Primary};
use super::replica::{Action as LinkAction, CachedPrimary, Config as ReplicaConfig, Follower, Link};
use super::{LogLine, Millis, NewId};
use std::io;

/// All of a server's replication.
pub struct Replication {
    pub primary: Primary,
    following: Option<Follower>,
    pub(super) failover: Failover,
    /// Of a link that was given up with its Follower.
    left_over: Vec<LinkAction>,
}

/// What REPLICAOF found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replicaof {
    /// We follow that primary already.
    Already,
    Changed,
}

impl Replication {
    pub fn new(config: PrimaryConfig, new_id: NewId, now: Millis) -> Replication {
        Replication {
            primary: Primary::new(config, new_id, now),
            following: None,
            failover: Failover::None,
            left_over: Vec::new(),
        }
    }

    pub fn is_primary(&self) -> bool {
        self.following.is_none()
    }

    pub fn following(&self) -> Option<&Follower> {
        self.following.as_ref()
    }

    pub fn following_mut(&mut self) -> Option<&mut Follower> {
        self.following.as_mut()
    }

    /// We are a replica, and cannot vouch for our data: PSYNC is refused, and reads may be (replica-serve-stale-data).
    pub fn link_is_down(&self) -> bool {
        self.following.as_ref().is_some_and(|f| !f.is_connected())
    }

    /// Everything there is to say, in the order in which it happened.
    pub fn take_log(&mut self) -> Vec<LogLine> {
        self.merge_log();
        self.primary.log.take()
    }

    pub(super) fn merge_log(&mut self) {
        if let Some(follower) = &mut self.following {
            self.primary.log.append(&mut follower.log);
        }
    }

    /// What is to be done about the link's connection, in order.
    pub fn take_link_actions(&mut self) -> Vec<LinkAction> {
        let mut actions = std::mem::take(&mut self.left_over);
        if let Some(follower) = &mut self.following {
            actions.extend(follower.take_actions());
        }
        actions
    }

    /// REPLICAOF host port.
    pub fn replicaof(&mut self, host: &str, port: u16, config: ReplicaConfig, now: Millis) -> Replicaof {
        let same = |f: &Follower| f.host.eq_ignore_ascii_case(host) && f.port == port;
        if self.following.as_ref().is_some_and(same) {
            self.primary.log.notice(
                "REPLICAOF would result into synchronization with the master we are already connected with. No operation performed.",
            );
            return Replicaof::Already;
        }
        let cached = if self.is_primary() { Some(self.cache_ourselves(0)) } else { self.give_up_link(now) };
        self.follow(host, port, config, cached);
        self.following_mut().expect("just set").connect();
        Replicaof::Changed
    }

    /// A server that is configured as a replica starts: it connects at the first tick.
    pub fn start_as_replica(&mut self, host: &str, port: u16, config: ReplicaConfig) {
        self.follow(host, port, config, None);
    }

    fn follow(&mut self, host: &str, port: u16, config: ReplicaConfig, cached: Option<CachedPrimary>) {
        self.following = Some(Follower::new(host, port, config, cached));
        self.primary.set_relays(true);
    }

    /// As if we had followed ourselves until now: who was promoted in our place may go on from here.
    fn cache_ourselves(&mut self, db: u32) -> CachedPrimary {
        self.primary.log.notice(
            "Before turning into a replica, using my own master parameters to synthesize a cached master: I may be able to synchronize with the new master with just a partial transfer.",
        );
        CachedPrimary { replid: self.primary.history.replid, offset: self.primary.history.offset, db }
    }

    /// Ends the link, whatever its state: gives what could be gone on from.
    fn give_up_link(&mut self, now: Millis) -> Option<CachedPrimary> {
        let follower = self.following.as_mut()?;
        follower.give_up(now);
        self.merge_log();
        let mut follower = self.following.take()?;
        self.left_over.extend(follower.take_actions());
        follower.take_cached()
    }

    /// REPLICAOF NO ONE, or another way of being promoted. False when we are a primary already.
    pub fn promote(&mut self, now: Millis) -> bool {
        if self.is_primary() {
            return false;
        }
        if self.give_up_link(now).is_some() {
            self.primary.log.notice("Discarding previously cached master state.");
        }
        self.primary.set_relays(false);
        self.primary.promote(now);
        true
    }

    /// `PSYNC id offset FAILOVER`: our primary asks us to take over, if it is our history that it means.
    pub fn promote_for(&mut self, replid: &[u8], now: Millis) -> Result<(), &'static str> {
        self.primary
            .log
            .warning(format!("Failover request received for replid {}.", String::from_utf8_lossy(replid)));
        if self.is_primary() {
            return Err("PSYNC FAILOVER can't be sent to a master.");
        }
        if self.is_failing_over() {
            return Err("FAILOVER already in progress.");
        }
        if !self.primary.history.replid.is(replid) {
            return Err("PSYNC FAILOVER replid must match my replid.");
        }
        self.promote(now);
        Ok(())
    }

    /// The link goes on where it was (`Event::Continued`).
    pub fn continued(&mut self, new_replid: Option<ReplId>) -> io::Result<()> {
        self.merge_log();
        if let Some(id) = new_replid {
            self.primary.history.shift(id);
            self.primary.disconnect_all();
        }
        let stream = self.following.as_ref().and_then(Follower::stream).expect("the link goes on");
        assert_eq!(stream.applied, self.primary.history.offset, "what is gone on from is what we have");
        // After a restart from a snapshot there is none yet.
        self.primary.ensure_backlog()
    }

    /// Our data are about to be replaced by a snapshot: nobody can go on from them, and we cannot go back.
    pub fn attach_to_new_primary(&mut self) {
        if let Some(follower) = &mut self.following {
            follower.discard_cached();
        }
        self.merge_log();
        self.primary.disconnect_all();
        self.primary.drop_backlog();
        self.primary.change_replid();
    }

    /// The snapshot has been loaded; `db` is its repl-stream-db.
    pub fn loaded(&mut self, db: u32, now: Millis) -> io::Result<()> {
        let follower = self.following.as_mut().expect("a snapshot comes over the link");
        match follower.loaded(db, now) {
            Some((replid, offset)) => self.primary.history.adopt(replid, offset),
            // A primary that numbers nothing: our own history begins with its snapshot.
            None => {
                self.primary.change_replid();
                self.primary.history.offset = 0;
            }
        }
        self.merge_log();
        self.primary.ensure_backlog()
    }

    /// A command of our primary's stream, these bytes of it, has been executed, or queued in a transaction.
    pub fn command_done(&mut self, request: &[u8], in_multi: bool, db: u32) {
        let Some(follower) = &mut self.following else { return };
        let primary = &mut self.primary;
        follower.command_done(request, in_multi, db, |bytes| primary.feed_stream(bytes));
        debug_assert!(follower.stream().is_none_or(|s| s.applied == primary.history.offset));
    }

    /// Once a second.
    pub fn cron(&mut self, now: Millis) {
        if let Some(follower) = &mut self.following {
            follower.tick(now);
        }
        self.merge_log();
        let quiet = self.end_is_awaited();
        self.primary.cron(now, quiet);
    }

    /// Ten times a second: while we fail over nobody can write, so that the link is not left waiting for its tick.
    pub fn hasten(&mut self, now: Millis) {
        if self.is_failing_over()
            && let Some(follower) = &mut self.following
        {
            follower.tick(now);
        }
    }

    /// What a snapshot of our data says of the stream (repl-stream-db), beside our id and offset; None when we are no part
    /// of any replication, and the snapshot says nothing.
    pub fn snapshot_stream_db(&self) -> Option<u32> {
        match &self.following {
            // No command since the last full sync: the next is preceded by SELECT, so that any database will do.
            None => self.primary.feeds().then(|| self.primary.selected_db().unwrap_or(0)),
            Some(follower) => match (follower.stream(), follower.cached()) {
                (Some(stream), _) => Some(stream.db),
                (None, cached) => cached.map(|c| c.db),
            },
        }
    }

    /// Before the data of a restarted primary are loaded: what expires meanwhile is written to a stream that will be found
    /// to begin where the snapshot ends.
    pub fn begin_restore(&mut self) -> io::Result<()> {
        self.primary.ensure_backlog()
    }

    /// The data have been loaded from our own snapshot, which says (or not) which moment of which history it is.
    pub fn restored(&mut self, moment: Option<(ReplId, i64, u32)>) {
        match (moment, &mut self.following) {
            (Some((replid, offset, db)), Some(_)) => {
                self.primary.history.replid = replid;
                self.primary.history.offset = offset;
                let cached = self.cache_ourselves(db);
                self.following_mut().expect("just seen").set_cached(cached);
            }
            (Some((replid, offset, _)), None) => self.primary.restore_history(replid, offset),
            (None, _) => self.primary.drop_backlog(),
        }
    }

    /// The state of our link, for ROLE.
    pub fn link_state(&self) -> &'static str {
        match self.following.as_ref().map(Follower::link) {
            None => "none",
            Some(Link::Connect) => "connect",
            Some(Link::Connecting { .. }) => "connecting",
            Some(Link::Handshake(_)) => "handshake",
            Some(Link::Transfer(_) | Link::Loading(_)) => "sync",
            Some(Link::Connected(_)) => "connected",
        }
    }
}
