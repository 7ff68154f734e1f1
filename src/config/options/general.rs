//! How the process runs and what it says about itself.

use super::{Flags, INT_MAX, Row, check};
use crate::config::values::{LogLevel, Protected, Supervised, SyslogFacility};

pub(super) static ROWS: &[Row] = &[
    Row::new("daemonize", flag!(daemonize, false)).flags(Flags::IMMUTABLE),
    Row::new("supervised", choice!(supervised, Supervised::No)).flags(Flags::IMMUTABLE),
    Row::new("pidfile", text!(pidfile)).flags(Flags::IMMUTABLE),
    Row::new("loglevel", choice!(loglevel, LogLevel::Notice)),
    Row::new("logfile", text!(logfile, "")).flags(Flags::IMMUTABLE),
    Row::new("syslog-enabled", flag!(syslog_enabled, false)).flags(Flags::IMMUTABLE),
    Row::new("syslog-ident", text!(syslog_ident, "redis")).flags(Flags::IMMUTABLE),
    Row::new("syslog-facility", choice!(syslog_facility, SyslogFacility::Local0)).flags(Flags::IMMUTABLE),
    Row::new("databases", int!(databases, 16, 1, INT_MAX)).flags(Flags::IMMUTABLE),
    Row::new("always-show-logo", flag!(always_show_logo, false)).flags(Flags::IMMUTABLE),
    Row::new("set-proc-title", flag!(set_proc_title, true)).flags(Flags::IMMUTABLE),
    Row::new(
        "proc-title-template",
        text!(proc_title_template, "{title} {listen-addr} {server-mode}", check::proc_title),
    ),
    Row::new("ignore-warnings", text!(ignore_warnings, "")),
    Row::new("crash-log-enabled", flag!(crash_log_enabled, true)),
    Row::new("crash-memcheck-enabled", flag!(crash_memcheck_enabled, true)),
    Row::new("use-exit-on-panic", flag!(use_exit_on_panic, false)).flags(Flags::HIDDEN),
    Row::new("watchdog-period", int!(watchdog_period, 0, 0, INT_MAX)).flags(Flags::HIDDEN),
    Row::new("enable-protected-configs", choice!(enable_protected_configs, Protected::No))
        .flags(Flags::IMMUTABLE),
    Row::new("enable-debug-command", choice!(enable_debug_command, Protected::No)).flags(Flags::IMMUTABLE),
    Row::new("enable-module-command", choice!(enable_module_command, Protected::No)).flags(Flags::IMMUTABLE),
    Row::new("shutdown-timeout", int!(shutdown_timeout, 10, 0, INT_MAX)),
    Row::new("shutdown-on-sigint", shutdown_flags!(shutdown_on_sigint)).flags(Flags::MULTI_ARG),
    Row::new("shutdown-on-sigterm", shutdown_flags!(shutdown_on_sigterm)).flags(Flags::MULTI_ARG),
];
