//! When our own invariants break: a report in the log, in the frame that tools look for, and the end.
//!
//! The hook writes what panicked and where from; once the stack is unwound, the server itself is at hand and tells its
//! state. The arguments of the command that was running are told by [`Running`], which the unwinding passes through.

use crate::config::version::OXIDIS_VERSION;
use crate::protocol::Args;
use crate::protocol::inline::quote;
use crate::server::Server;
use crate::server::clients::describe;
use crate::util::log;
use std::fmt::Write;

/// Arguments shown, and bytes of each.
const ARGS_SHOWN: usize = 32;
const BYTES_SHOWN: usize = 128;

/// Has panics reported to the log: in full, or in one line with crash-log-enabled off.
pub fn install(in_full: bool) {
    std::panic::set_hook(Box::new(move |panic| {
        if !in_full {
            return crate::log_warning!("Oxidis {OXIDIS_VERSION} panicked: {panic}");
        }
        let mut report = String::from("\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n");
        let _ = writeln!(report, "Oxidis {} panicked: {panic}", OXIDIS_VERSION);
        let _ =
            writeln!(report, "\n------ STACK TRACE ------\n{}", std::backtrace::Backtrace::force_capture());
        log::append_raw(report.as_bytes());
    }));
}

/// The command that is running: told in the report when a panic unwinds past it.
///
/// The second field: the report is to be in full.
pub struct Running<'a>(pub Args<'a>, pub bool);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() && self.1 {
            let mut report = b"\n------ CURRENT COMMAND ------\n".to_vec();
            for arg in self.0.iter().take(ARGS_SHOWN) {
                quote(&mut report, &arg[..arg.len().min(BYTES_SHOWN)]);
                report.push(b'\n');
            }
            log::append_raw(&report);
        }
    }
}

/// Finishes the report and ends the process.
pub fn end(server: &Server) -> ! {
    if !server.config.crash_log_enabled {
        leave(server);
    }
    let mut report = String::from("\n------ INFO OUTPUT ------\n");
    // The state is broken somewhere: telling of it may panic again, and must not hide what was told already.
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut text = crate::info::everything(server);
        text.push_str("\n------ CLIENT LIST OUTPUT ------\n");
        let now = server.clock.monotonic_ms();
        for client in server.clients.iter() {
            let _ = writeln!(text, "{}", describe(client, &server.registry, now));
        }
        if let Some(client) = server.running.and_then(|id| server.clients.get(id)) {
            let _ = writeln!(
                text,
                "\n------ CURRENT CLIENT INFO ------\n{}",
                describe(client, &server.registry, now)
            );
        }
        text
    }));
    report.push_str(told.as_deref().unwrap_or("(not to be had)\n"));
    report.push_str(
        "\n=== REDIS BUG REPORT END. Please report the crash with everything between the markers. ===\n",
    );
    log::append_raw(report.as_bytes());
    leave(server);
}

fn leave(server: &Server) -> ! {
    if server.config.use_exit_on_panic {
        std::process::exit(1);
    }
    std::process::abort();
}
