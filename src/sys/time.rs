//! Local time for log lines.

use std::io::Write;

/// Writes `22 Nov 2026 14:05:09.123`, local time.
pub fn write_log_stamp(out: &mut Vec<u8>) {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let us = crate::util::clock::wall_us();
    let seconds: libc::time_t = us / 1_000_000;
    // SAFETY: `tm` is plain data for which all zeros is a value.
    let mut tm: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live values of the right types; localtime_r keeps neither.
    unsafe { libc::localtime_r(&seconds, &mut tm) };
    let month = MONTHS.get(tm.tm_mon as usize).copied().unwrap_or("Jan");
    let _ = write!(
        out,
        "{:02} {} {} {:02}:{:02}:{:02}.{:03}",
        tm.tm_mday,
        month,
        tm.tm_year + 1900,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec,
        us / 1000 % 1000
    );
}
