//! Leaving in order: replicas are given time to catch up, the data is saved, files are removed.
//!
//! ```text
//! Running --request, replicas lag--> Waiting --they caught up, or time is over--> done, or failed -> Running
//!         \-------------------------------------request, none lags-------------/
//! Waiting --abort--> Running
//! ```
//!
//! While waiting, writes are paused, so that the replicas can catch up at all.

use super::Server;
use super::pause::{Holds, Purpose};
use crate::client::{Blocked, ClientId};
use crate::config::ShutdownFlags;
use crate::protocol::CmdError;
use crate::{log_notice, log_warning, sys};

/// Whether the server is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shutdown {
    /// It is not.
    #[default]
    Running,
    /// It waits for replicas until `deadline_ms` (monotonic).
    Waiting {
        /// What was asked for.
        flags: ShutdownFlags,
        /// When it stops waiting.
        deadline_ms: u64,
    },
}

impl Server {
    /// SHUTDOWN by a client, which waits for the end or for an error.
    ///
    /// # Errors
    /// The data could not be saved.
    pub fn shutdown_by_client(&mut self, id: ClientId, flags: ShutdownFlags) -> Result<(), CmdError> {
        if let Shutdown::Waiting { .. } = self.shutdown {
            self.block(id, Blocked::Shutdown);
            return Ok(());
        }
        if self.begin_shutdown(flags).is_err() {
            return Err(shutdown_error());
        }
        if self.exit.is_none() {
            self.block(id, Blocked::Shutdown);
        }
        Ok(())
    }

    /// SHUTDOWN ABORT.
    ///
    /// # Errors
    /// There is no shutdown to abort.
    pub fn abort_shutdown(&mut self) -> Result<(), CmdError> {
        let asked_by_signal = sys::signal::shutdown_asked().is_some();
        if self.shutdown == Shutdown::Running && !asked_by_signal {
            return Err(CmdError::err("No shutdown in progress."));
        }
        log_notice!("Shutdown manually aborted.");
        self.cancel_shutdown();
        Ok(())
    }

    /// Looks whether a signal asked to shut down, and goes on with a shutdown that waits.
    pub fn shutdown_cron(&mut self) {
        match self.shutdown {
            Shutdown::Waiting { flags, deadline_ms } => {
                let (in_sync, replicas) = self.replicas_in_sync();
                if in_sync == replicas || self.clock.monotonic_ms() >= deadline_ms {
                    self.shutdown = Shutdown::Running;
                    // The clients that asked learn of a failure by their error; a signal's sender from the log.
                    let _ = self.finish_shutdown(flags);
                }
            }
            Shutdown::Running => {
                let Some(signal) = sys::signal::shutdown_asked() else { return };
                let (name, flags) = if signal == libc::SIGINT {
                    ("SIGINT", self.config.shutdown_on_sigint)
                } else {
                    ("SIGTERM", self.config.shutdown_on_sigterm)
                };
                log_warning!("Received {name} scheduling shutdown...");
                if self.begin_shutdown(flags).is_err() {
                    // The next signal is a request of its own.
                    sys::signal::clear_shutdown();
                }
            }
        }
    }

    fn begin_shutdown(&mut self, mut flags: ShutdownFlags) -> Result<(), ()> {
        if self.loading {
            // Half a dataset must not take the place of the whole one on disk.
            flags.remove(ShutdownFlags::SAVE);
            flags.insert(ShutdownFlags::NOSAVE);
        }
        log_warning!("User requested shutdown...");
        sys::process::notify_systemd("STOPPING=1\n");
        let (in_sync, replicas) = self.replicas_in_sync();
        let patience_ms = u64::from(self.config.shutdown_timeout) * 1000;
        if flags.contains(ShutdownFlags::NOW) || patience_ms == 0 || in_sync == replicas {
            return self.finish_shutdown(flags);
        }
        log_notice!("Waiting for replicas before shutting down.");
        if !self.pause.holds_writes() {
            self.ask_replicas_for_acks();
        }
        self.pause.start(Purpose::Shutdown, Holds::Writes, u64::MAX);
        let deadline_ms = self.clock.monotonic_ms() + patience_ms;
        self.shutdown = Shutdown::Waiting { flags, deadline_ms };
        Ok(())
    }

    fn finish_shutdown(&mut self, flags: ShutdownFlags) -> Result<(), ()> {
        self.log_lagging_replicas();
        let force = flags.contains(ShutdownFlags::FORCE);
        if self.stop_snapshot_child().is_some() {
            log_warning!("There is a child saving an .rdb. Killing it!");
        }
        let wants_save = flags.contains(ShutdownFlags::SAVE)
            || (!self.config.save.is_empty() && !flags.contains(ShutdownFlags::NOSAVE));
        if wants_save {
            log_notice!("Saving the final RDB snapshot before exiting.");
            if self.final_save().is_err() {
                if force {
                    log_warning!("Error trying to save the DB. Exit anyway.");
                } else {
                    log_warning!("Error trying to save the DB, can't exit.");
                    log_warning!(
                        "Errors trying to shut down the server. Check the logs for more information."
                    );
                    self.cancel_shutdown();
                    return Err(());
                }
            }
        }
        if (self.config.daemonize || !self.config.pidfile.is_empty())
            && let Some(path) = self.config.pidfile.non_empty()
        {
            log_notice!("Removing the pid file.");
            let _ = std::fs::remove_file(path.as_path());
        }
        self.flush_replicas();
        if self.config.unixsocket.non_empty().is_some() {
            log_notice!("Removing the unix socket file.");
        }
        self.listeners.close(&self.poll);
        log_warning!("Redis is now ready to exit, bye bye...");
        self.exit = Some(0);
        Ok(())
    }

    fn cancel_shutdown(&mut self) {
        self.shutdown = Shutdown::Running;
        sys::signal::clear_shutdown();
        self.pause.stop(Purpose::Shutdown);
        self.wake_paused();
        for id in self.blocked.clone() {
            if self.clients.get(id).is_some_and(|c| c.blocked == Some(Blocked::Shutdown)) {
                self.reply(id).error(&shutdown_error());
                self.reply(id).take_last_error();
                self.queue_write(id);
                self.unblock(id);
            }
        }
    }
}

fn shutdown_error() -> CmdError {
    CmdError::err("Errors trying to SHUTDOWN. Check logs.")
}
