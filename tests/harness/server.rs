//! A server process of one test: started in a folder of its own on a free port, killed when the test is done.
//!
//! Options are lines of redis.conf. The folder holds the config file, the log and whatever the server saves; it
//! outlives the server (so that a test can look into it, or start another server there) and is removed with
//! the last [`Server`] of it, unless the test fails.

use super::{Client, PATIENCE, Value, wait_for};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use std::cell::RefCell;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Program {
    Oxidis,
    Redis,
    /// Redis 8.0, where `OXIDIS_TEST_REDIS8` says.
    Redis8,
    /// Valkey 9, where `OXIDIS_TEST_VALKEY9` says.
    Valkey9,
}

impl Program {
    pub fn path(self) -> PathBuf {
        match self {
            Program::Oxidis => std::env::var_os("OXIDIS_TEST_SERVER")
                .map(PathBuf::from)
                .unwrap_or_else(|| env!("CARGO_BIN_EXE_oxidis-server").into()),
            Program::Redis => "redis-server".into(),
            Program::Redis8 => std::env::var_os("OXIDIS_TEST_REDIS8").unwrap_or_default().into(),
            Program::Valkey9 => std::env::var_os("OXIDIS_TEST_VALKEY9").unwrap_or_default().into(),
        }
    }

    /// Whether this machine has it: only Oxidis and redis-server are asked for.
    pub fn is_here(self) -> bool {
        !self.path().as_os_str().is_empty()
    }

    /// Whether it knows of hash fields that expire.
    pub fn has_field_times(self) -> bool {
        self != Program::Redis
    }
}

/// The folder of a server; removed when dropped.
pub struct Dir(pub PathBuf);

impl Dir {
    pub fn new() -> Dir {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("oxidis-test-{}-{n}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder in the temp dir");
        Dir(path)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// A port that was free a moment ago, below the range the kernel gives to outgoing connections.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 12000 + ((std::process::id().wrapping_mul(7919) + n) % 18000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

pub struct Server {
    pub program: Program,
    pub port: u16,
    pub dir: Rc<Dir>,
    config: Vec<String>,
    password: Option<String>,
    shell_setup: String,
    config_is_final: bool,
    child: Option<Child>,
    admin: RefCell<Option<Client>>,
}

struct Started {
    program: Program,
    port: u16,
    password: Option<String>,
    log: PathBuf,
}

thread_local! {
    // What describe_all shows: the servers this test has started and still holds.
    static STARTED: RefCell<Vec<Started>> = const { RefCell::new(Vec::new()) };
}

/// INFO replication and the log tail of each server of the test.
pub fn describe_all() -> String {
    STARTED.with_borrow(|all| {
        all.iter()
            .map(|Started { program, port, password, log }| {
                let info = Client::try_connect(*port)
                    .and_then(|mut client| {
                        client.set_timeout(Duration::from_millis(500));
                        if let Some(password) = password {
                            client.try_call(&["AUTH", password])?;
                        }
                        client.try_cmd("INFO replication")
                    })
                    .map_or_else(|e| e.to_string(), |v| v.text());
                format!("---- {program:?} on port {port}\n{info}\n{}\n", tail(log, 40))
            })
            .collect()
    })
}

fn tail(path: &Path, lines: usize) -> String {
    let text = String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

impl Server {
    /// Starts a server with these redis.conf lines and waits until it answers.
    #[track_caller]
    pub fn start(program: Program, config: &[&str]) -> Server {
        Server::start_in(program, Rc::new(Dir::new()), config)
    }

    /// As `start`, in a folder that already holds what an earlier server left.
    #[track_caller]
    pub fn start_in(program: Program, dir: Rc<Dir>, config: &[&str]) -> Server {
        let mut server = Server::prepare(program, dir, config);
        server.launch();
        server
    }

    /// A server that is not started yet.
    pub fn prepare(program: Program, dir: Rc<Dir>, config: &[&str]) -> Server {
        let config: Vec<String> = config.iter().map(|line| line.to_string()).collect();
        let password =
            config.iter().rev().find_map(|line| line.strip_prefix("requirepass ").map(str::to_string));
        Server {
            program,
            port: free_port(),
            dir,
            config,
            password,
            shell_setup: String::new(),
            config_is_final: false,
            child: None,
            admin: RefCell::new(None),
        }
    }

    /// Shell commands that prepare the process before the server takes it over (`ulimit`, `trap`).
    pub fn shell_setup(&mut self, commands: &str) {
        self.shell_setup = commands.to_string();
    }

    /// The password its clients log in with, when it does not stand plainly in the configuration.
    pub fn set_password(&mut self, password: &str) {
        self.password = Some(password.to_string());
    }

    /// Starts it again with the config file as it has become.
    #[track_caller]
    pub fn restart_as_is(&mut self) {
        self.kill();
        let conf = std::mem::replace(&mut self.config_is_final, true);
        self.launch();
        self.config_is_final = conf;
    }

    pub fn add_config(&mut self, line: &str) {
        self.config.push(line.to_string());
    }

    pub fn log_path(&self) -> PathBuf {
        self.dir.0.join(format!("{}.log", self.port))
    }

    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.dir.0.join(file)
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.as_ref().expect("started").id() as i32)
    }

    /// Starts the process without waiting for it to answer.
    #[track_caller]
    pub fn spawn(&mut self) {
        let mut conf = format!(
            "port {}\nbind 127.0.0.1\ndir {}\nsave \"\"\nenable-debug-command yes\n\
             enable-protected-configs yes\nrepl-diskless-sync-delay 0\n",
            self.port,
            self.dir.0.display()
        );
        for line in &self.config {
            conf.push_str(line);
            conf.push('\n');
        }
        let conf_path = self.path(&format!("{}.conf", self.port));
        if !self.config_is_final {
            fs::write(&conf_path, conf).expect("write the config");
        }
        let log = File::options().create(true).append(true).open(self.log_path()).expect("open the log");
        let program = self.program.path();
        let mut command = if self.shell_setup.is_empty() {
            Command::new(&program)
        } else {
            let mut shell = Command::new("/bin/sh");
            shell.arg("-c").arg(format!("{}; exec \"$0\" \"$@\"", self.shell_setup)).arg(&program);
            shell
        };
        let child = command
            .arg(&conf_path)
            .stdin(Stdio::null())
            .stderr(log.try_clone().expect("a second handle of the log"))
            .stdout(log)
            // A group of its own, so that its fork children can be killed with it.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|e| {
                panic!("cannot start {}: {e} (is redis-server installed?)", program.display())
            });
        self.child = Some(child);
        self.admin.replace(None);
        let (program, port) = (self.program, self.port);
        let started = Started { program, port, password: self.password.clone(), log: self.log_path() };
        STARTED.with_borrow_mut(|all| {
            all.retain(|s| s.port != port);
            all.push(started);
        });
    }

    #[track_caller]
    pub fn launch(&mut self) {
        let own_port = !self.log_path().exists();
        for _ in 0..5 {
            self.spawn();
            let start = Instant::now();
            loop {
                if self.answers() {
                    return;
                }
                if let Some(status) = self.exited() {
                    if own_port && self.log().contains("ddress already in use") {
                        self.port = free_port();
                        break;
                    }
                    panic!("{:?} exited with {status} instead of starting:\n{}", self.program, self.log());
                }
                if start.elapsed() > PATIENCE {
                    panic!("{:?} does not answer:\n{}", self.program, self.log());
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        panic!("found no free port");
    }

    fn answers(&self) -> bool {
        let Ok(mut client) = Client::try_connect(self.port) else { return false };
        client.set_timeout(Duration::from_secs(2));
        match client.try_cmd("PING") {
            Ok(Value::Error(e)) => !e.starts_with(b"LOADING"),
            Ok(_) => true,
            Err(_) => false,
        }
    }

    /// The exit status, once the process is gone.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().expect("started").try_wait().expect("our own child")
    }

    #[track_caller]
    pub fn wait_exit(&mut self) -> ExitStatus {
        let mut status = None;
        wait_for("the server to exit", PATIENCE, || {
            status = self.exited();
            status.is_some()
        });
        self.child = None;
        status.expect("waited for")
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("signal our own child");
    }

    /// SIGKILL, to the server and to its snapshot child.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
            let _ = child.kill();
            let _ = child.wait();
        }
        self.admin.replace(None);
    }

    /// SHUTDOWN with these words, and the exit status it led to.
    #[track_caller]
    pub fn shutdown(&mut self, how: &str) -> ExitStatus {
        let mut client = self.client();
        let reply = client.try_cmd(&format!("SHUTDOWN {how}"));
        assert!(reply.is_err(), "SHUTDOWN {how} answered {reply:?}\n{}", self.log());
        self.wait_exit()
    }

    /// Kills the process if it runs and starts it again: same folder, port and config.
    #[track_caller]
    pub fn restart(&mut self) {
        self.kill();
        self.launch();
    }

    /// The pids of the server's own children (a snapshot in progress).
    pub fn children(&self) -> Vec<Pid> {
        let pid = self.pid();
        let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        text.split_whitespace().map(|p| Pid::from_raw(p.parse().expect("a pid"))).collect()
    }

    #[track_caller]
    pub fn client(&self) -> Client {
        let mut client = Client::connect(self.port);
        if let Some(password) = &self.password {
            assert!(client.call(&["AUTH", password]).is_ok());
        }
        client
    }

    /// A command on a connection kept for such, opened again when it was cut.
    #[track_caller]
    pub fn cmd(&self, line: &str) -> Value {
        if let Some(client) = self.admin.borrow_mut().as_mut()
            && let Ok(value) = client.try_cmd(line)
        {
            return value;
        }
        let mut client = self.client();
        let value = client.cmd(line);
        self.admin.replace(Some(client));
        value
    }

    #[track_caller]
    pub fn ok(&self, line: &str) {
        let reply = self.cmd(line);
        assert!(reply.is_ok(), "{line}: {reply:?}");
    }

    /// One field of INFO, empty when there is none.
    #[track_caller]
    pub fn info(&self, field: &str) -> String {
        let text = self.cmd("INFO everything").text();
        let find = |line: &str| line.strip_prefix(field)?.strip_prefix(':').map(str::to_string);
        text.lines().find_map(find).unwrap_or_default()
    }

    #[track_caller]
    pub fn info_int(&self, field: &str) -> i64 {
        let text = self.info(field);
        text.parse().unwrap_or_else(|_| panic!("INFO {field} is {text:?}"))
    }

    /// The keys of all databases.
    pub fn info_all_keys(&self) -> i64 {
        let text = self.cmd("INFO keyspace").text();
        let keys = |line: &str| line.split_once(":keys=")?.1.split(',').next()?.parse::<i64>().ok();
        text.lines().filter_map(keys).sum()
    }

    #[track_caller]
    pub fn digest(&self) -> String {
        self.cmd("DEBUG DIGEST").text()
    }

    pub fn replicate(&self, primary: &Server) {
        self.replicate_port(primary.port);
    }

    pub fn replicate_port(&self, port: u16) {
        self.ok(&format!("REPLICAOF 127.0.0.1 {port}"));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- log of {:?} on port {} ({})", self.program, self.port, self.dir.0.display());
            eprintln!("{}", tail(&self.log_path(), 40));
        }
        self.kill();
        STARTED.with_borrow_mut(|all| all.retain(|s| s.port != self.port));
    }
}
