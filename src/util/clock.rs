//! The server's idea of now, read once and passed around.
//!
//! Commands must all see one moment for as long as they run (two lookups of an expiring key agree), so the time is
//! read by the loop and cached here. `monotonic_us` measures, `now_ms` and `now_us` answer and expire.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Cached wall and monotonic time.
#[derive(Debug, Clone)]
pub struct Clock {
    now_us: i64,
    monotonic_us: u64,
    origin: Instant,
    origin_wall_us: i64,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// A clock that shows the present.
    #[must_use]
    pub fn new() -> Self {
        let wall = wall_us();
        Clock { now_us: wall, monotonic_us: 0, origin: Instant::now(), origin_wall_us: wall }
    }

    /// Reads both clocks. The wall clock may have been set back: everything follows it, as in Redis.
    pub fn refresh(&mut self) {
        self.monotonic_us = self.measure_us();
        self.now_us = wall_us();
    }

    /// Moves on by a measured time without asking the wall clock: what a batch of commands uses between refreshes.
    pub fn advance_to(&mut self, monotonic_us: u64) {
        if monotonic_us > self.monotonic_us {
            self.now_us += (monotonic_us - self.monotonic_us) as i64;
            self.monotonic_us = monotonic_us;
        }
    }

    /// Microseconds since the clock was made, read now and not cached.
    #[must_use]
    pub fn measure_us(&self) -> u64 {
        self.origin.elapsed().as_micros() as u64
    }

    /// Cached wall time, milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.now_us / 1000
    }

    /// Cached wall time, microseconds since 1970.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        self.now_us
    }

    /// Cached wall time, seconds since 1970.
    #[must_use]
    pub fn now_s(&self) -> i64 {
        self.now_us / 1_000_000
    }

    /// Cached monotonic time, microseconds since the clock was made.
    #[must_use]
    pub fn monotonic_us(&self) -> u64 {
        self.monotonic_us
    }

    /// Cached monotonic time, milliseconds since the clock was made.
    #[must_use]
    pub fn monotonic_ms(&self) -> u64 {
        self.monotonic_us / 1000
    }

    /// Wall time at which the clock was made, microseconds since 1970.
    #[must_use]
    pub fn started_us(&self) -> i64 {
        self.origin_wall_us
    }

    /// Cached monotonic time as a duration since the clock was made.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        Duration::from_micros(self.monotonic_us)
    }
}

/// Wall time now, microseconds since 1970; 0 before that.
#[must_use]
pub fn wall_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as i64)
}
