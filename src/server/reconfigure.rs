//! What options mean beyond their values: done once at start and again when CONFIG SET changes one.

use super::Server;
use super::listeners::{Listeners, Transport};
use crate::config::{Changes, OomScoreAdj};
use crate::keyspace::discard::LazyPolicy;
use crate::keyspace::freq::FreqPolicy;
use crate::sys::errno::strerror;
use crate::util::log;
use crate::value::{self, Limits};
use crate::{log_warning, sys};
use std::io;

/// Descriptors that are not clients': files, listeners, pipes, the poll.
pub const RESERVED_FILES: u64 = 32;

/// An option whose new value could not be put into effect.
#[derive(Debug)]
pub struct CannotApply {
    /// The option.
    pub option: &'static str,
    /// Why, if the client is to be told.
    pub reason: String,
}

impl Server {
    /// Puts changed options into effect. When one cannot be, the options are as they were before and what was done
    /// for the others is undone.
    ///
    /// # Errors
    /// The first option that could not be put into effect.
    pub fn apply_changes(&mut self, changes: Changes) -> Result<(), CannotApply> {
        let names: Vec<&'static str> = changes.iter().map(|row| row.name).collect();
        let mut done: Vec<&'static str> = Vec::new();
        // Options that share their work, such as bind and port, are one step.
        for name in &names {
            let step = step_of(name);
            if done.contains(&step) {
                continue;
            }
            if let Err(reason) = self.apply_step(step) {
                let option = *name;
                let reason =
                    if option == "bind" { "Failed to bind to specified addresses.".into() } else { reason };
                self.config = changes.into_old();
                for step in done.into_iter().rev() {
                    if let Err(e) = self.apply_step(step) {
                        log_warning!("Failed to restore the option '{step}': {e}");
                    }
                }
                return Err(CannotApply { option, reason });
            }
            done.push(step);
        }
        self.replication_options_changed();
        // No option, and not to be forgotten for one.
        let packed_threshold = self.keyspace.limits.list.packed_threshold;
        self.keyspace.limits = value_limits(&self.config);
        self.keyspace.limits.list.packed_threshold = packed_threshold;
        self.choose_events();
        Ok(())
    }

    fn apply_step(&mut self, step: &str) -> Result<(), String> {
        match step {
            "bind" => {
                self.rebind(Transport::Tcp)?;
                self.rebind(Transport::Tls)?;
            }
            "port" => self.rebind(Transport::Tcp)?,
            "tls-port" => {
                self.tls_wanted()?;
                self.rebind(Transport::Tls)?;
            }
            "tls" => self.tls_changed()?,
            "crash-log-enabled" => sys::fault::report(self.config.crash_log_enabled),
            "loglevel" => log::set_level(self.config.loglevel),
            "proc-title-template" => self.set_process_title(),
            "maxclients" => {
                let wanted = u64::from(self.config.maxclients) + RESERVED_FILES;
                let got = sys::process::raise_open_files(wanted);
                if got < wanted {
                    return Err(format!(
                        "The operating system is not able to handle the specified number of clients, try with {}",
                        got.saturating_sub(RESERVED_FILES)
                    ));
                }
            }
            "dir" => std::env::set_current_dir(self.config.dir.as_path())
                .map_err(|e| format!("Changing directory: {}", strerror(&e)))?,
            "oom-score-adj" => self.write_oom_score().map_err(|e| {
                log_warning!("Unable to write oom_score_adj: {}", strerror(&e));
                "Failed to apply new oom_score_adj configuration, check server logs.".to_owned()
            })?,
            "watchdog-period" => self.watchdog_period_changed(),
            "jemalloc-bg-thread" => self.set_allocator_thread(),
            "requirepass" => self.requirepass_changed(),
            "maxmemory" => {
                self.maxmemory_changed();
                self.client_memory_limit_changed();
            }
            "maxmemory-clients" => self.client_memory_limit_changed(),
            "maxmemory-policy" => self.keyspace.freq = freq_policy(&self.config),
            "lazyfree-lazy-expire" => self.keyspace.lazy = lazy_policy(&self.config),
            "slowlog-max-len" => self.slowlog.trim(self.config.slowlog_max_len),
            "repl-backlog-size" => {
                self.backlog_size_changed().map_err(|e| format!("Changing the backlog: {}", strerror(&e)))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Lets the watchdog loose, or chains it up. A period shorter than two beats of the heart becomes those two.
    pub fn watchdog_period_changed(&mut self) {
        if self.config.watchdog_period == 0 {
            return sys::watchdog::stop();
        }
        let least = 2 * (1000 / self.config.hz.max(1));
        self.config.watchdog_period = self.config.watchdog_period.max(least);
        sys::watchdog::start(self.config.watchdog_period);
    }

    fn rebind(&mut self, transport: Transport) -> Result<(), String> {
        let result = self.listeners.rebind(&self.config, &self.poll, transport);
        result.map_err(|_| "Unable to listen on this port. Check server logs.".to_owned())?;
        self.set_process_title();
        Ok(())
    }

    /// Starts or stops the threads that look after the heap, as jemalloc-bg-thread says.
    pub fn set_allocator_thread(&mut self) {
        let on = self.config.jemalloc_bg_thread;
        if let Err(e) = sys::memory::purge_in_background(on) {
            log_warning!("The allocator's background thread cannot be set: {e}");
        }
        if let Err(e) = self.huge_pages.set(on) {
            log_warning!("The thread for huge pages cannot be started: {}", strerror(&e));
        }
        self.huge_pages.pause(self.child_alive);
    }

    /// Shows proc-title-template in process listings.
    pub fn set_process_title(&self) {
        if self.config.set_proc_title
            && let Some(title) = crate::config::proc_title::expand(
                &self.config.proc_title_template,
                &self.program,
                &self.config,
            )
        {
            sys::process::set_title(&title);
        }
    }

    /// Writes the process's OOM score as the options and our role say. With the option off, the score of the start
    /// comes back.
    ///
    /// # Errors
    /// The system refuses the score.
    pub fn write_oom_score(&mut self) -> io::Result<()> {
        let value = self.config.oom_score_adj_values[usize::from(self.is_replica())];
        if !self.oom_score_written {
            // Somebody else may have given us another score by now.
            self.oom_score_base = sys::process::oom_score_adj();
        }
        let score = match self.config.oom_score_adj {
            OomScoreAdj::No if !self.oom_score_written => return Ok(()),
            OomScoreAdj::No => self.oom_score_base,
            OomScoreAdj::Relative => self.oom_score_base + value,
            OomScoreAdj::Absolute => value,
        };
        sys::process::set_oom_score_adj(score.clamp(-1000, 1000))?;
        self.oom_score_written = self.config.oom_score_adj != OomScoreAdj::No;
        Ok(())
    }

    /// The OOM score of a snapshot's child, if the options ask for one.
    #[must_use]
    pub fn child_oom_score(&self) -> Option<i32> {
        let value = self.config.oom_score_adj_values[2];
        match self.config.oom_score_adj {
            OomScoreAdj::No => None,
            OomScoreAdj::Relative => Some((self.oom_score_base + value).clamp(-1000, 1000)),
            OomScoreAdj::Absolute => Some(value.clamp(-1000, 1000)),
        }
    }

    /// Opens the listening sockets.
    ///
    /// # Errors
    /// One cannot be opened: the text for the log.
    pub fn listen(&mut self) -> Result<(), String> {
        self.listeners = Listeners::open(&self.config, &self.poll)?;
        if self.listeners.is_empty() {
            return Err("Configured to not listen anywhere, exiting.".into());
        }
        Ok(())
    }
}

/// How entries count their use, as the options say.
#[must_use]
pub fn freq_policy(config: &crate::config::Config) -> FreqPolicy {
    FreqPolicy {
        lfu: config.maxmemory_policy.is_lfu(),
        log_factor: config.lfu_log_factor,
        decay_minutes: config.lfu_decay_time,
    }
}

/// Which entries are freed in the background, as the options say.
#[must_use]
pub fn lazy_policy(config: &crate::config::Config) -> LazyPolicy {
    LazyPolicy {
        expire: config.lazyfree_lazy_expire,
        server_del: config.lazyfree_lazy_server_del,
        user_del: config.lazyfree_lazy_user_del,
    }
}

/// The option that stands for all those whose changes are put into effect together.
fn step_of(option: &'static str) -> &'static str {
    match option {
        "tls-port" => "tls-port",
        tls if tls.starts_with("tls-") => "tls",
        "oom-score-adj" | "oom-score-adj-values" => "oom-score-adj",
        "maxmemory-policy" | "lfu-log-factor" | "lfu-decay-time" => "maxmemory-policy",
        "lazyfree-lazy-expire" | "lazyfree-lazy-server-del" | "lazyfree-lazy-user-del" => {
            "lazyfree-lazy-expire"
        }
        other => other,
    }
}

/// At which sizes collections change their encoding.
#[must_use]
pub fn value_limits(config: &crate::config::Config) -> Limits {
    Limits {
        list: value::list::Limits {
            max_listpack_size: config.list_max_listpack_size,
            compress_depth: config.list_compress_depth,
            packed_threshold: value::list::PACKED_THRESHOLD,
        },
        set: value::set::Limits {
            max_intset_entries: config.set_max_intset_entries,
            max_listpack_entries: config.set_max_listpack_entries,
            max_listpack_value: config.set_max_listpack_value,
        },
        sorted_set: value::sorted_set::Limits {
            max_listpack_entries: config.zset_max_listpack_entries,
            max_listpack_value: config.zset_max_listpack_value,
        },
        hash: value::hash::Limits {
            max_listpack_entries: config.hash_max_listpack_entries,
            max_listpack_value: config.hash_max_listpack_value,
        },
        stream: value::stream::Limits {
            node_max_bytes: config.stream_node_max_bytes,
            node_max_entries: config.stream_node_max_entries,
        },
    }
}
