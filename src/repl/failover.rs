//! FAILOVER: a primary hands its role to one of its replicas, and no write is lost on the way.
//!
//! ```text
//!            request              a replica has everything,
//!            (writes are held)    or FORCE and time is over      target answers +CONTINUE, +FULLRESYNC
//!   None ------------> WaitForSync -----------------> InProgress ----------------> None, a replica of the target
//!    ^                     |                              |
//!    |  ABORT, time over   |    ABORT, target refuses     |
//!    '---------------------'------------------------------'
//!      still the primary          the primary again, under a new id
//! ```
//!
//! | transition | function |
//! |---|---|
//! | None -> WaitForSync | `Replication::failover` |
//! | WaitForSync -> InProgress, None | `Replication::advance_failover` |
//! | InProgress -> None | `Replication::conclude_failover` |
//! | any -> None by ABORT | `Replication::abort_failover` |
//!
//! What holds in each state:
//! - **WaitForSync**: we are the primary and the owner holds writes back, so that the stream stands still and a replica can
//!   reach its end. What we add of our own accord (PINGs, GETACKs) is left out where it would keep moving that end.
//!   Nobody is given a snapshot or a stream that did not have it.
//! - **InProgress**: we follow the target, and ask it by `PSYNC id offset FAILOVER` to become the primary. As long as it
//!   does not answer we try again, for however long that takes: writes stay held, and there is no primary.
//!
//! A target that does not take over leaves us with a history that it may have heard the end of: hence the new id.

use super::Millis;
use super::primary::state::Replica;
use super::replica::{Config as ReplicaConfig, TakeOver};
use super::role::Replication;
use std::fmt;

/// Where a failover stands.
#[derive(Debug, Default)]
pub enum Failover {
    #[default]
    None,
    WaitForSync {
        /// None: whoever is first.
        target: Option<Target>,
        /// When waiting ends.
        deadline: Option<Millis>,
        /// At the deadline the target takes over all the same.
        force: bool,
    },
    InProgress {
        target: Target,
    },
}

/// A replica by its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub host: String,
    pub port: u16,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// What FAILOVER asks for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub to: Option<(String, i64)>,
    pub timeout_ms: Option<u64>,
    pub force: bool,
}

impl Replication {
    /// The state's name in INFO.
    pub fn failover_state(&self) -> &'static str {
        match self.failover {
            Failover::None => "no-failover",
            Failover::WaitForSync { .. } => "waiting-for-sync",
            Failover::InProgress { .. } => "failover-in-progress",
        }
    }

    pub fn is_failing_over(&self) -> bool {
        !matches!(self.failover, Failover::None)
    }

    /// The stream must not move on its own: a replica has limited time to reach its end.
    pub(super) fn end_is_awaited(&self) -> bool {
        matches!(self.failover, Failover::WaitForSync { deadline: Some(_), .. })
    }

    /// FAILOVER: from here on writes are to be held back.
    ///
    /// # Errors
    /// The text for the client.
    pub fn failover(&mut self, request: &Request, now: Millis) -> Result<(), &'static str> {
        if self.is_failing_over() {
            return Err("FAILOVER already in progress.");
        }
        if !self.is_primary() {
            return Err("FAILOVER is not valid when server is a replica.");
        }
        if self.primary.replicas().is_empty() {
            return Err("FAILOVER requires connected replicas.");
        }
        if request.force && (request.timeout_ms.is_none() || request.to.is_none()) {
            return Err("FAILOVER with force option requires both a timeout and target HOST and IP.");
        }
        let mut target = None;
        if let Some((host, port)) = &request.to {
            const UNKNOWN: &str = "FAILOVER target HOST and PORT is not a replica.";
            let wanted = Target { host: host.clone(), port: u16::try_from(*port).map_err(|_| UNKNOWN)? };
            let replica = self.find(&wanted).ok_or(UNKNOWN)?;
            if !replica.state.is_online() {
                return Err("FAILOVER target replica is not online.");
            }
            target = Some(wanted);
        }
        self.primary.log.notice(match &target {
            Some(target) => format!("FAILOVER requested to {target}."),
            None => "FAILOVER requested to any replica.".to_owned(),
        });
        let deadline = request.timeout_ms.map(|ms| now.saturating_add(ms));
        self.failover = Failover::WaitForSync { target, deadline, force: request.force };
        Ok(())
    }

    /// Goes on if a replica has everything, or if time is over. True: we follow the target from now on.
    pub fn advance_failover(&mut self, config: impl FnOnce() -> ReplicaConfig, now: Millis) -> bool {
        let Failover::WaitForSync { target, deadline, force } = &self.failover else { return false };
        let time_is_over = deadline.is_some_and(|at| at <= now);
        if time_is_over && !force {
            self.abort_failover("Replica never caught up before timeout", now);
            return false;
        }
        let (target, what) = match target {
            Some(target) if time_is_over => (target.clone(), "time out exceeded, failing over."),
            Some(target) if self.find(target).is_some_and(|r| self.has_everything(r)) => {
                (target.clone(), "is synced, failing over.")
            }
            None => match self.anybody_in_sync() {
                Some(target) => (target, "is synced, failing over."),
                None => return false,
            },
            Some(_) => return false,
        };
        let prefix = if time_is_over { "FAILOVER to" } else { "Failover target" };
        self.primary.log.notice(format!("{prefix} {target} {what}"));
        self.replicaof(&target.host, target.port, config(), now);
        self.following_mut().expect("just set").take_over = TakeOver::Asked;
        self.failover = Failover::InProgress { target };
        true
    }

    /// Ends a failover whose target has answered.
    pub fn conclude_failover(&mut self, now: Millis) {
        let answered = self.following().map(|follower| follower.take_over);
        if !self.is_failing_over() {
            return;
        }
        match answered {
            Some(TakeOver::Accepted) => {
                self.failover = Failover::None;
                self.following_mut().expect("it has just answered").take_over = TakeOver::NotAsked;
            }
            Some(TakeOver::Refused) => {
                self.abort_failover("Failover target rejected psync request", now);
            }
            _ => {}
        }
    }

    /// Ends the failover that is under way, for this reason: we are the primary, if need be again. False: there is none.
    pub fn abort_failover(&mut self, why: &str, now: Millis) -> bool {
        self.merge_log();
        let line = match &self.failover {
            Failover::None => return false,
            Failover::WaitForSync { target: None, .. } => format!("FAILOVER to any replica aborted: {why}"),
            Failover::WaitForSync { target: Some(target), .. } | Failover::InProgress { target } => {
                format!("FAILOVER to {target} aborted: {why}")
            }
        };
        self.primary.log.notice(line);
        if matches!(std::mem::take(&mut self.failover), Failover::InProgress { .. }) {
            self.promote(now);
        }
        true
    }

    fn find(&self, target: &Target) -> Option<&Replica> {
        self.primary.replicas().iter().find(|replica| {
            replica.conf.listening_port == i64::from(target.port)
                && replica.shown_ip().is_some_and(|ip| ip.eq_ignore_ascii_case(&target.host))
        })
    }

    fn has_everything(&self, replica: &Replica) -> bool {
        replica.ack_offset == self.primary.history.offset
    }

    fn anybody_in_sync(&self) -> Option<Target> {
        let replicas = self.primary.replicas().iter();
        replicas.filter(|replica| replica.state.is_online() && self.has_everything(replica)).find_map(
            |replica| {
                // Who has not said where it listens cannot be followed.
                let port = u16::try_from(replica.conf.listening_port).ok().filter(|port| *port != 0)?;
                Some(Target { host: replica.shown_ip()?, port })
            },
        )
    }
}
