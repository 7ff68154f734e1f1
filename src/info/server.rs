//! INFO server: the program and the process.

use super::Info;
use crate::config::cli::build_id;
use crate::config::version::{OXIDIS_VERSION, REDIS_VERSION};
use crate::config::{Choice, Supervised};
use crate::keyspace::freq::lru_clock;
use crate::server::Server;
use crate::server::shutdown::Shutdown;
use nix::sys::utsname::uname;
use std::sync::OnceLock;

pub(super) fn write(info: &mut Info, server: &Server) {
    let config = &server.config;
    let uptime_s = server.clock.uptime().as_secs();
    info.heading("Server");
    info.field("redis_version", REDIS_VERSION);
    info.field("redis_git_sha1", "00000000");
    info.field("redis_git_dirty", 0);
    info.field("redis_build_id", format_args!("{:x}", build_id()));
    info.field("redis_mode", "standalone");
    info.field("os", os());
    info.field("arch_bits", usize::BITS);
    info.field("monotonic_clock", "POSIX clock_gettime");
    info.field("multiplexing_api", "epoll");
    info.field("atomicvar_api", "c11-builtin");
    info.field("gcc_version", "0.0.0");
    info.field("process_id", std::process::id());
    info.field(
        "process_supervised",
        match config.supervised {
            Supervised::Upstart | Supervised::Systemd => config.supervised.name(),
            Supervised::Auto | Supervised::No => "no",
        },
    );
    info.field("run_id", &server.run_id);
    info.field("tcp_port", config.any_port());
    info.field("server_time_usec", server.clock.now_us());
    info.field("uptime_in_seconds", uptime_s);
    info.field("uptime_in_days", uptime_s / 86_400);
    info.field("hz", server.current_hz());
    info.field("configured_hz", config.hz);
    info.field("lru_clock", lru_clock(server.clock.now_ms()));
    info.field("executable", &server.executable);
    info.field("config_file", config.config_file.as_deref().map_or("".into(), String::from_utf8_lossy));
    info.field("io_threads_active", 0);
    if let Shutdown::Waiting { deadline_ms, .. } = server.shutdown {
        info.field("shutdown_in_milliseconds", deadline_ms as i64 - server.clock.monotonic_ms() as i64);
    }
    info.field("server_name", "oxidis");
    info.field("oxidis_version", OXIDIS_VERSION);
}

fn os() -> &'static str {
    static OS: OnceLock<String> = OnceLock::new();
    OS.get_or_init(|| {
        uname().map_or_else(
            |_| std::env::consts::OS.to_owned(),
            |u| [u.sysname(), u.release(), u.machine()].map(|part| part.to_string_lossy()).join(" "),
        )
    })
}
