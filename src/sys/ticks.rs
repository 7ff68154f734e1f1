//! The processor's own count of time, which takes half as long to read as the system's clock.
//!
//! It is of use only where it goes on evenly and is the same on all cores. The system has looked at that if its own clock
//! is made of it.

use std::fs;

/// The system says here what its clock is made of.
const CLOCK_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/// Whether ticks can stand for time.
#[must_use]
pub fn are_even() -> bool {
    cfg!(target_arch = "x86_64") && fs::read(CLOCK_SOURCE).is_ok_and(|source| source.trim_ascii() == b"tsc")
}

/// Ticks so far.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[must_use]
pub fn now() -> u64 {
    // SAFETY: every x86-64 processor has the instruction, and Linux lets programs use it.
    unsafe { std::arch::x86_64::_rdtsc() }
}

/// Ticks so far: none are counted here.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
#[must_use]
pub fn now() -> u64 {
    0
}
