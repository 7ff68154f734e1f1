//! From the command line to a server that accepts connections, in the order in which redis-server does it: what fails
//! early is told on the terminal, what fails later in the log.

use super::{crash, turn};
use crate::acl::users::check_rules;
use crate::acl::{Commands, Context};
use crate::config::version::OXIDIS_VERSION;
use crate::config::{Choice, Config, LoadError, Supervised, cli};
use crate::keyspace::Keyspace;
use crate::net::event_loop::EventLoop;
use crate::server::command::Registry;
use crate::server::reconfigure::RESERVED_FILES;
use crate::server::{self, Server};
use crate::sys::errno::strerror;
use crate::util::log::{self, Role};
use crate::{commands, log_notice, log_warning, sys};

/// Where a daemon leaves its pid when not told.
const DEFAULT_PIDFILE: &str = "/var/run/redis.pid";

/// Starts the program that `program` names; returns its exit code.
pub fn start(program: &[u8], args: &[Vec<u8>]) -> u8 {
    let name = program.rsplit(|b| *b == b'/').next().unwrap_or(program);
    match name {
        b"redis-check-rdb" => return check_rdb(program, args),
        b"redis-check-aof" | b"redis-sentinel" => {
            eprintln!("{}: Oxidis does not have this program yet.", String::from_utf8_lossy(name));
            return 1;
        }
        _ => {}
    }
    if args.iter().any(|a| a == b"--sentinel") {
        eprintln!("Oxidis does not have sentinel mode yet.");
        return 1;
    }
    if let Some(answer) = cli::answer(args) {
        print!("{}", answer.out);
        eprint!("{}", answer.err);
        return answer.code as u8;
    }
    sys::locale::use_collation_of_environment();
    sys::process::move_environment();
    let mut registry = Registry::new(commands::TABLE);
    let commands = server::acl::commands(&registry);
    let mut directives = Directives { registry: &mut registry, commands };
    let config = match Config::load(args, &mut std::io::stdin(), &mut directives) {
        Ok(config) => config,
        Err(error) => {
            match error {
                LoadError::Unreadable { .. } => log_warning!("{error}"),
                _ => eprintln!("{error}"),
            }
            return 1;
        }
    };
    match serve(program, config, !args.is_empty(), registry) {
        Ok(code) => code as u8,
        Err(text) => {
            log_warning!("{text}");
            1
        }
    }
}

/// What lines that are no options mean: rename-command is applied to the table of commands as the file is read; users are
/// made once all is known, but what can be wrong with them is told with the line.
struct Directives<'a> {
    registry: &'a mut Registry,
    commands: Commands,
}

impl crate::config::Directives for Directives<'_> {
    fn rename_command(&mut self, old: &[u8], new: &[u8]) -> Result<(), String> {
        self.registry.rename(old, new).map_err(str::to_owned)
    }

    fn user(&mut self, words: &[&[u8]]) -> Result<(), (usize, String)> {
        let context = Context { commands: &self.commands, all_channels: false };
        check_rules(&words[1..], context).map_err(|(at, error)| (at, error.text().to_owned()))
    }
}

fn check_rdb(program: &[u8], args: &[Vec<u8>]) -> u8 {
    let words: Vec<String> = std::iter::once(program)
        .chain(args.iter().map(Vec::as_slice))
        .map(|a| String::from_utf8_lossy(a).into_owned())
        .collect();
    let code = crate::persist::rdb::check::run(&words, OXIDIS_VERSION, &mut std::io::stdout());
    code.unwrap_or(1) as u8
}

fn serve(program: &[u8], config: Config, configured: bool, registry: Registry) -> Result<i32, String> {
    crash::install(config.crash_log_enabled);
    // Before the first file is opened: names in the configuration are as seen from dir.
    std::env::set_current_dir(config.dir.as_path())
        .map_err(|e| format!("Can't chdir to '{}': {}", config.dir, strerror(&e)))?;
    log::set_level(config.loglevel);
    log::set_file(&config.logfile.to_str_lossy());
    if config.syslog_enabled {
        sys::syslog::open(&config.syslog_ident.to_str_lossy(), config.syslog_facility.name());
        log::enable_syslog();
    }
    let supervised = supervise(&config);
    let background = config.daemonize && !supervised;
    if background {
        sys::process::daemonize().map_err(|e| format!("Can't daemonize: {}", strerror(&e)))?;
    }
    announce(program, &config, configured);
    sys::signal::install(&config.logfile.to_str_lossy());
    log::set_role(if config.replicaof.is_some() { Role::Replica } else { Role::Primary });
    log_notice!("monotonic clock: POSIX clock_gettime");
    let config = fit_open_files(config);
    let no_loop =
        |e: std::io::Error| format!("Failed creating the event loop. Error message: '{}'", strerror(&e));
    let event_loop = EventLoop::new().map_err(no_loop)?;
    let poll = event_loop.registry().map_err(no_loop)?;
    let mut server = Server::new(config, registry, poll);
    server.under_systemd = supervised && std::env::var_os("NOTIFY_SOCKET").is_some();
    server.program = program.to_vec();
    server.start_tls()?;
    if server.config.disable_thp && !sys::process::disable_transparent_huge_pages() {
        log_warning!("Unable to disable THP for the process: {}", std::io::Error::last_os_error());
    }
    server.set_allocator_thread();
    sys::socket::own_descriptors();
    server.listen()?;
    if background || !server.config.pidfile.is_empty() {
        write_pidfile(&server.config);
    }
    server.set_process_title();
    if let Err(e) = server.write_oom_score() {
        log_warning!("Unable to write oom_score_adj: {}", strerror(&e));
    }
    show_logo(&server.config);
    log_warning!("Server initialized");
    warn_about_system();
    server.load_users()?;
    if server.config.watchdog_period > 0 {
        server.watchdog_period_changed();
    }
    server.startup_memory = sys::memory::allocated();
    server.start_loading();
    run(server, event_loop)
}

fn run(mut server: Server, mut event_loop: EventLoop) -> Result<i32, String> {
    let outcome =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| turn::run(&mut server, &mut event_loop)));
    match outcome {
        Ok(result) => {
            // Its memory goes with the process; to free each entry would take seconds.
            std::mem::forget(std::mem::replace(&mut server.keyspace, Keyspace::new(1)));
            result.map_err(|e| format!("The event loop failed: {e}"))
        }
        Err(_) => crash::end(&server),
    }
}

/// The first lines of the log.
fn announce(program: &[u8], config: &Config, configured: bool) {
    log_warning!("oO0OoO0OoO0Oo Oxidis is starting oO0OoO0OoO0Oo");
    log_warning!(
        "Oxidis version={}, bits={}, commit=00000000, modified=0, pid={}, just started",
        OXIDIS_VERSION,
        usize::BITS,
        std::process::id()
    );
    if !configured {
        log_warning!(
            "Warning: no config file specified, using the default config. In order to specify a config file use {} \
             /path/to/redis.conf",
            String::from_utf8_lossy(program)
        );
    } else {
        log_warning!("Configuration loaded");
    }
    for row in config.unhonoured_in_use() {
        log_warning!("The option '{}' is set but has no effect in this version", row.name);
    }
}

/// Tells the supervisor that started us; `true` if there is one.
fn supervise(config: &Config) -> bool {
    let (upstart, systemd) = match config.supervised {
        Supervised::No => (false, false),
        Supervised::Upstart => (true, false),
        Supervised::Systemd => (false, true),
        Supervised::Auto => {
            let var = |name| std::env::var_os(name).is_some();
            (var("UPSTART_JOB"), !var("UPSTART_JOB") && var("NOTIFY_SOCKET"))
        }
    };
    if upstart {
        if sys::process::notify_upstart() {
            log_notice!("supervised by upstart, will stop to signal readiness");
        } else {
            log_warning!("upstart supervision requested, but UPSTART_JOB not found!");
        }
    } else if systemd {
        if sys::process::notify_systemd("STATUS=Oxidis is loading...\n") {
            log_notice!(
                "supervised by systemd. Please make sure you set appropriate values for TimeoutStartSec and \
                         TimeoutStopSec in your service unit."
            );
        } else {
            log_warning!("systemd supervision error: NOTIFY_SOCKET not found!");
        }
    }
    upstart || systemd
}

/// Raises the limit of open files to what maxclients needs, or lowers maxclients to what the system lets.
fn fit_open_files(mut config: Config) -> Config {
    let wanted = u64::from(config.maxclients) + RESERVED_FILES;
    let got = sys::process::raise_open_files(wanted);
    if got >= wanted {
        return config;
    }
    if got <= RESERVED_FILES {
        log_warning!(
            "Your current 'ulimit -n' of {got} is not enough for the server to start. Please increase your open file \
             limit to at least {wanted}. Exiting."
        );
        std::process::exit(1);
    }
    let asked = config.maxclients;
    config.maxclients = (got - RESERVED_FILES) as u32;
    log_warning!("You requested maxclients of {asked} requiring at least {wanted} max file descriptors.");
    log_warning!(
        "Server can't set maximum open files to {wanted} because of OS error: Operation not permitted."
    );
    log_warning!(
        "Current maximum open files is {got}. maxclients has been reduced to {} to compensate for low ulimit. If you \
         need higher maxclients increase 'ulimit -n'.",
        config.maxclients
    );
    config
}

fn write_pidfile(config: &Config) {
    let path = config.pidfile.non_empty().map_or(std::path::Path::new(DEFAULT_PIDFILE), |p| p.as_path());
    if let Err(e) = std::fs::write(path, format!("{}\n", std::process::id())) {
        log_warning!("Failed to write PID file: {}", strerror(&e));
    }
}

fn show_logo(config: &Config) {
    use std::io::IsTerminal;
    let mode = if config.cluster_enabled { "cluster" } else { "standalone" };
    let terminal = log::to_stdout() && std::io::stdout().is_terminal() && !config.syslog_enabled;
    if !config.always_show_logo && !terminal {
        log_notice!("Running mode={mode}, port={}.", config.any_port());
        return;
    }
    let logo = format!(
        "
        .-------------.
       /   .-------.   \\        Oxidis {} ({} bit)
      |   /  .---.  \\   |
      |  |  | O x |  |  |       Running in {mode} mode
      |   \\  '---'  /   |       Port: {}
       \\   '-------'   /        PID: {}
        '-------------'

",
        OXIDIS_VERSION,
        usize::BITS,
        config.any_port(),
        std::process::id()
    );
    log::append_raw(logo.as_bytes());
}

fn warn_about_system() {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    if read("/proc/sys/vm/overcommit_memory").trim() == "0" {
        log_warning!(
            "WARNING Memory overcommit must be enabled! Without it, a background save or replication may fail under \
             low memory condition. To fix this issue add 'vm.overcommit_memory = 1' to /etc/sysctl.conf and then \
             reboot or run the command 'sysctl vm.overcommit_memory=1' for this to take effect."
        );
    }
}
