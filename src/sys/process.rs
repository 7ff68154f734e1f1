//! The process itself: going into the background, its title, its open-file limit, its OOM score, supervisors.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::ffi::{CStr, c_char, c_int};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

static ARGV_START: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
static ARGV_LEN: AtomicUsize = AtomicUsize::new(0);

/// Remembers where the kernel put the arguments: the memory that `ps` shows. glibc hands them to initialisers.
extern "C" fn remember_argv(argc: c_int, argv: *const *const c_char, _env: *const *const c_char) {
    if argc <= 0 || argv.is_null() {
        return;
    }
    // SAFETY: argv has argc valid C strings, which the kernel lays one behind the other.
    unsafe {
        let first = *argv;
        let last = *argv.add(argc as usize - 1);
        let end = last.add(CStr::from_ptr(last).to_bytes_with_nul().len());
        ARGV_START.store(first.cast_mut().cast(), Relaxed);
        ARGV_LEN.store((end as usize).saturating_sub(first as usize), Relaxed);
    }
}

// SAFETY: the section holds pointers to functions of this signature, which the C runtime calls before main.
#[used]
#[unsafe(link_section = ".init_array")]
static REMEMBER_ARGV: extern "C" fn(c_int, *const *const c_char, *const *const c_char) = remember_argv;

/// Shows `title` in process listings. It is cut to the room that the arguments and the environment had.
pub fn set_title(title: &[u8]) {
    let start = ARGV_START.load(Relaxed);
    let room = ARGV_LEN.load(Relaxed) + title_room_behind();
    if start.is_null() || room < 2 {
        return;
    }
    let len = title.len().min(room - 1);
    // SAFETY: `room` bytes from `start` on are the process's own argument and (moved away) environment strings,
    // which nothing reads any more: the standard library copied the arguments, and `move_environment` the rest.
    unsafe {
        std::ptr::copy_nonoverlapping(title.as_ptr(), start, len);
        std::ptr::write_bytes(start.add(len), 0, room - len);
    }
}

static ENV_ROOM: AtomicUsize = AtomicUsize::new(0);

fn title_room_behind() -> usize {
    ENV_ROOM.load(Relaxed)
}

/// Copies the environment away from behind the arguments, so that a title may be longer than they were. To be called
/// once, before there are threads.
pub fn move_environment() {
    let start = ARGV_START.load(Relaxed);
    if start.is_null() {
        return;
    }
    let argv_end = start as usize + ARGV_LEN.load(Relaxed);
    let variables: Vec<_> = std::env::vars_os().collect();
    let mut end = argv_end;
    // SAFETY: single-threaded, so nobody changes `environ` while it is walked; its strings are valid C strings.
    unsafe {
        let mut entry = environ.cast_const();
        while !entry.is_null() && !(*entry).is_null() {
            let at = *entry;
            if at as usize == end {
                end = at as usize + CStr::from_ptr(at).to_bytes_with_nul().len();
            }
            entry = entry.add(1);
        }
        if libc::clearenv() != 0 {
            return;
        }
    }
    for (name, value) in variables {
        if !name.is_empty() && !name.as_bytes().contains(&b'=') {
            // SAFETY: still single-threaded.
            unsafe { std::env::set_var(name, value) };
        }
    }
    ENV_ROOM.store(end - argv_end, Relaxed);
}

unsafe extern "C" {
    static environ: *mut *const c_char;
}

/// Goes on as a child of init, without a terminal.
///
/// # Errors
/// The system has no process to give.
pub fn daemonize() -> io::Result<()> {
    // SAFETY: called at start, before there are threads; the parent leaves without running anything.
    match unsafe { libc::fork() } {
        -1 => return Err(io::Error::last_os_error()),
        0 => {}
        // SAFETY: the parent is done.
        _ => unsafe { libc::_exit(0) },
    }
    // SAFETY: plain system calls on our own descriptors.
    unsafe {
        libc::setsid();
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        if null >= 0 {
            libc::dup2(null, libc::STDIN_FILENO);
            libc::dup2(null, libc::STDOUT_FILENO);
            libc::dup2(null, libc::STDERR_FILENO);
            if null > libc::STDERR_FILENO {
                libc::close(null);
            }
        }
    }
    Ok(())
}

/// The limit of open files, raised to `wanted` or as near to it as the system lets.
#[must_use]
pub fn raise_open_files(wanted: u64) -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 1024 };
    if soft >= wanted {
        return soft;
    }
    if setrlimit(Resource::RLIMIT_NOFILE, wanted, hard.max(wanted)).is_ok() {
        return wanted;
    }
    if setrlimit(Resource::RLIMIT_NOFILE, wanted.min(hard), hard).is_ok() {
        return wanted.min(hard);
    }
    soft
}

/// Writes our, or a child's, OOM score adjustment.
///
/// # Errors
/// The value is refused: lowering it takes rights.
pub fn set_oom_score_adj(value: i32) -> io::Result<()> {
    std::fs::write("/proc/self/oom_score_adj", value.to_string())
}

/// Our OOM score adjustment.
#[must_use]
pub fn oom_score_adj() -> i32 {
    std::fs::read_to_string("/proc/self/oom_score_adj").ok().and_then(|s| s.trim().parse().ok()).unwrap_or(0)
}

/// Tells systemd how the start goes on; `false` when it did not start us.
pub fn notify_systemd(state: &str) -> bool {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else { return false };
    let Ok(socket) = std::os::unix::net::UnixDatagram::unbound() else { return false };
    let bytes = path.as_bytes();
    if let Some(name) = bytes.strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt;
        let Ok(addr) = std::os::unix::net::SocketAddr::from_abstract_name(name) else { return false };
        return socket.send_to_addr(state.as_bytes(), &addr).is_ok();
    }
    socket.send_to(state.as_bytes(), path).is_ok()
}

/// Stops ourselves until upstart, which waits for that, lets us go on.
pub fn notify_upstart() -> bool {
    if std::env::var_os("UPSTART_JOB").is_none() {
        return false;
    }
    nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP).is_ok()
}

/// Keeps out the huge pages that a system gives unasked: they make more of memory resident than is used. Elsewhere
/// nothing changes. Those that are asked for (`sys::huge_pages`) stay where the kernel knows the difference.
pub fn disable_transparent_huge_pages() -> bool {
    /// Of linux/prctl.h, since 6.18.
    const PR_THP_DISABLE_EXCEPT_ADVISED: libc::c_ulong = 1 << 1;
    let enabled = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").unwrap_or_default();
    // SAFETY: plain flags of this process.
    let disable =
        |flags: libc::c_ulong| unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, 1, flags, 0, 0) == 0 };
    !enabled.contains("[always]") || disable(PR_THP_DISABLE_EXCEPT_ADVISED) || disable(0)
}

/// The machine's kernel, as `uname` tells: (system, release, machine).
#[must_use]
pub fn uname() -> (String, String, String) {
    match nix::sys::utsname::uname() {
        Ok(name) => (
            name.sysname().to_string_lossy().into_owned(),
            name.release().to_string_lossy().into_owned(),
            name.machine().to_string_lossy().into_owned(),
        ),
        Err(_) => ("Linux".into(), "unknown".into(), std::env::consts::ARCH.into()),
    }
}

/// CPU time in seconds: (system, user) of this process, and of its children that have ended.
#[must_use]
pub fn cpu_seconds() -> ((f64, f64), (f64, f64)) {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let of = |who| {
        getrusage(who).map_or((0.0, 0.0), |u| {
            let seconds = |t: nix::sys::time::TimeVal| t.num_microseconds() as f64 / 1e6;
            (seconds(u.system_time()), seconds(u.user_time()))
        })
    };
    (of(UsageWho::RUSAGE_SELF), of(UsageWho::RUSAGE_CHILDREN))
}
