//! What a server's work costs.

/// The time that a process's threads have run so far, from the scheduler, to the nanosecond. taskset replaces itself with
/// the server, so its pid is the server's; where a command wraps the server in another process (chroot does not), that one
/// would be measured.
pub fn cpu_seconds(pid: u32) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the server lives");
    let nanoseconds: u64 = threads
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok())
        .filter_map(|stat| stat.split(' ').next()?.parse::<u64>().ok())
        .sum();
    nanoseconds as f64 / 1e9
}
