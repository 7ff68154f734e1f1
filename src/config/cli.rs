//! What the command line asks for besides a server: `--version`, `--help` and the like, which count as first argument.

use super::version::OXIDIS_VERSION;
use c_compat::crc64::crc64;

/// Text to print and leave with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// For standard output.
    pub out: String,
    /// For standard error.
    pub err: String,
    /// The exit code.
    pub code: i32,
}

/// What to answer, unless a server is asked for. `args` are the arguments without the program's name.
#[must_use]
pub fn answer(args: &[Vec<u8>]) -> Option<Answer> {
    let fail = |err: String| Some(Answer { out: String::new(), err, code: 1 });
    match &args.first()?[..] {
        b"-v" | b"--version" => Some(Answer { out: version(), err: String::new(), code: 0 }),
        b"-h" | b"--help" => fail(usage()),
        b"--test-memory" if args.len() != 2 => fail(
            "Please specify the amount of memory to test in megabytes.\n\
             Example: ./oxidis-server --test-memory 4096\n\n"
                .into(),
        ),
        b"--test-memory" | b"--check-system" => fail(
            "Oxidis does not test the machine. For its memory use one of these tools:\n\
             1) memtest86: http://www.memtest86.com/\n\
             2) memtester: http://pyropus.ca/software/memtester/\n"
                .into(),
        ),
        _ => None,
    }
}

/// The line of `--version`, with the fields of Redis's.
#[must_use]
pub fn version() -> String {
    format!(
        "Oxidis server v={OXIDIS_VERSION} sha=00000000:0 malloc={} bits={} build={:x}\n",
        allocator(),
        usize::BITS,
        build_id(),
    )
}

/// The allocator and its version, as INFO shows it too.
#[must_use]
pub fn allocator() -> String {
    let version = tikv_jemalloc_ctl::version::read().unwrap_or_default();
    format!("jemalloc-{}", version.split('-').next().unwrap_or_default())
}

/// A number that tells builds of different versions and targets apart.
#[must_use]
pub fn build_id() -> u64 {
    let build = [OXIDIS_VERSION, std::env::consts::ARCH, std::env::consts::OS].join(" ");
    crc64(0, build.as_bytes())
}

/// The text of `--help`.
#[must_use]
pub fn usage() -> String {
    "\
Usage: ./oxidis-server [/path/to/redis.conf] [options] [-]
       ./oxidis-server - (read config from stdin)
       ./oxidis-server -v or --version
       ./oxidis-server -h or --help
       ./oxidis-server --test-memory <megabytes>
       ./oxidis-server --check-system

Examples:
       ./oxidis-server (run the server with default conf)
       echo 'maxmemory 128mb' | ./oxidis-server -
       ./oxidis-server /etc/redis/6379.conf
       ./oxidis-server --port 7777
       ./oxidis-server --port 7777 --replicaof 127.0.0.1 8888
       ./oxidis-server /etc/myredis.conf --loglevel verbose -
       ./oxidis-server /etc/myredis.conf --loglevel verbose

Sentinel mode:
       ./oxidis-server /etc/sentinel.conf --sentinel
"
    .into()
}
