//! When our own invariants break: a report in the log, in the frame that tools look for, and the end.
//!
//! The hook writes what panicked and where from; once the stack is unwound, the server itself is at hand and tells its
//! state. The arguments of the command that was running are told by [`Running`], which the unwinding passes through.
//!
//! A signal such as SIGSEGV leaves nothing to be unwound: its report says what and where. So it is with an allocation
//! that fails, which aborts: there is nothing that a server without memory could still do right.

use crate::config::version::OXIDIS_VERSION;
use crate::log_warning;
use crate::protocol::Args;
use crate::protocol::inline::quote;
use crate::server::Server;
use crate::sys::alloc;
use crate::sys::fault::{self, Fault};
use crate::util::log;
use std::fmt::Write;

/// Arguments shown, and bytes of each.
const ARGS_SHOWN: usize = 32;
const BYTES_SHOWN: usize = 128;

const BEGIN: &str = "\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n";
const END: &str =
    "\n=== REDIS BUG REPORT END. Please report the crash with everything between the markers. ===\n";

/// Has panics and fatal signals reported to the log; with crash-log-enabled off panics in one line, and signals not.
pub fn install(in_full: bool) {
    fault::report_by(report_fault);
    fault::report(in_full);
    std::panic::set_hook(Box::new(move |panic| {
        if !in_full {
            return log_warning!("Oxidis {OXIDIS_VERSION} panicked: {panic}");
        }
        let mut report = String::from(BEGIN);
        let _ = writeln!(report, "Oxidis {OXIDIS_VERSION} panicked: {panic}");
        tell_stack(&mut report);
        log::append_raw(report.as_bytes());
    }));
}

fn tell_stack(report: &mut String) {
    let _ = writeln!(report, "\n------ STACK TRACE ------\n{}", std::backtrace::Backtrace::force_capture());
}

/// The report of a fatal signal. The parts are written one by one: making the next may fail.
fn report_fault(fault: &Fault) {
    let Fault { signal, code, .. } = fault;
    if fault.is_own_abort()
        && let Some(bytes) = alloc::last_refused()
    {
        // What a stack trace needs is memory.
        return log_warning!("Out Of Memory allocating {bytes} bytes!");
    }
    log::append_raw(BEGIN.as_bytes());
    log_warning!("Oxidis {OXIDIS_VERSION} crashed by signal: {signal}, si_code: {code}");
    if let Some(address) = fault.address {
        log_warning!("Accessing address: {address:#x}");
    }
    if let Some((pid, uid)) = fault.sender {
        log_warning!("Killed by PID: {pid}, UID: {uid}");
    }
    let mut stack = String::new();
    tell_stack(&mut stack);
    stack.push_str(END);
    log::append_raw(stack.as_bytes());
}

/// The command that is running: told in the report when a panic unwinds past it.
///
/// The second field: the report is to be in full.
pub struct Running<'a>(pub Args<'a>, pub bool);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() && self.1 {
            let mut report = b"\n------ CURRENT COMMAND ------\n".to_vec();
            let shown = if may_hold_password(self.0) { 1 } else { ARGS_SHOWN };
            for arg in self.0.iter().take(shown) {
                quote(&mut report, &arg[..arg.len().min(BYTES_SHOWN)]);
                report.push(b'\n');
            }
            log::append_raw(&report);
        }
    }
}

/// Whether an argument may be a password. Which one it is, only the command itself could say.
fn may_hold_password(args: Args<'_>) -> bool {
    ["auth", "hello", "acl", "config", "migrate"].iter().any(|name| args.is(0, name))
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
        for client in server.clients.iter() {
            let _ = writeln!(text, "{}", server.describe(client));
        }
        if let Some(client) = server.running.and_then(|id| server.clients.get(id)) {
            let _ = writeln!(text, "\n------ CURRENT CLIENT INFO ------\n{}", server.describe(client));
        }
        text
    }));
    report.push_str(told.as_deref().unwrap_or("(not to be had)\n"));
    report.push_str(END);
    log::append_raw(report.as_bytes());
    leave(server);
}

fn leave(server: &Server) -> ! {
    if server.config.use_exit_on_panic {
        std::process::exit(1);
    }
    // It has been told why.
    fault::report(false);
    std::process::abort();
}
