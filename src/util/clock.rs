//! The server's idea of now, read once and passed around.
//!
//! Commands must all see one moment for as long as they run (two lookups of an expiring key agree), so the time is
//! read by the loop and cached here. `monotonic_us` measures, `now_ms` and `now_us` answer and expire.
//!
//! The end of each command is measured, for which the processor's ticks are counted from the last time that the system's
//! clocks were read, a millisecond ago at most while the loop is busy. What a tick takes is measured on the way, again
//! and again, so that no error grows. Without such ticks the system's clock is read.

use crate::sys::ticks;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Ticks are trusted for so long after the system's clocks were read.
const SYNC_EVERY_US: u64 = 1000;
/// What a tick takes is measured over a first while, and later over longer ones.
const FIRST_PACE_NS: u64 = 20_000_000;
const PACE_NS: u64 = 1_000_000_000;
/// The system's clock was not read at one moment if it took more ticks than this.
const READING_TICKS_MAX: u64 = 10_000;
/// More ticks than this did not go by since: they are others than before.
const TICKS_MAX: u64 = 1 << 40;
/// Nanoseconds of a tick are counted in parts of this many bits.
const SCALE_BITS: u32 = 32;

/// Cached wall and monotonic time.
#[derive(Debug, Clone)]
pub struct Clock {
    now_us: i64,
    monotonic_us: u64,
    origin: Instant,
    origin_wall_us: i64,
    pace: Option<Pace>,
}

/// How ticks become time.
#[derive(Debug, Clone)]
struct Pace {
    /// Nanoseconds of a tick; 0 as long as that is not known.
    scale: u64,
    /// Where ticks are counted from,
    base: Moment,
    /// and since when the next pace is being measured.
    measured_from: Moment,
}

/// One moment in ticks, and in nanoseconds since the clock was made.
#[derive(Debug, Clone, Copy)]
struct Moment {
    ticks: u64,
    ns: u64,
}

impl Moment {
    /// The present; none if this was interrupted.
    fn read(origin: Instant) -> Option<Moment> {
        let ticks = ticks::now();
        let ns = origin.elapsed().as_nanos() as u64;
        (ticks::now().wrapping_sub(ticks) < READING_TICKS_MAX).then_some(Moment { ticks, ns })
    }
}

impl Pace {
    fn new(origin: Instant) -> Option<Pace> {
        let base = ticks::are_even().then(|| Moment::read(origin)).flatten()?;
        Some(Pace { scale: 0, base, measured_from: base })
    }

    /// Nanoseconds since the clock was made, if ticks can tell.
    #[inline]
    fn now_ns(&self) -> Option<u64> {
        let gone = ticks::now().wrapping_sub(self.base.ticks);
        let known = self.scale != 0 && gone < TICKS_MAX;
        known.then(|| self.base.ns + ((u128::from(gone) * u128::from(self.scale)) >> SCALE_BITS) as u64)
    }

    /// The system's clock was read.
    fn sync(&mut self, now: Moment) {
        self.base = now;
        let gone = now.ticks.wrapping_sub(self.measured_from.ticks);
        let ns = now.ns - self.measured_from.ns;
        if gone == 0 || gone >= TICKS_MAX {
            // After a long sleep of the machine, say.
            (self.scale, self.measured_from) = (0, now);
        } else if ns >= if self.scale == 0 { FIRST_PACE_NS } else { PACE_NS } {
            self.scale = ((u128::from(ns) << SCALE_BITS) / u128::from(gone)) as u64;
            self.measured_from = now;
        }
    }
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
        let (wall, origin) = (wall_us(), Instant::now());
        Clock { now_us: wall, monotonic_us: 0, origin, origin_wall_us: wall, pace: Pace::new(origin) }
    }

    /// Shows the present. The wall clock may have been set back: everything follows it, as in Redis.
    pub fn refresh(&mut self) {
        if let Some(pace) = &self.pace
            && let Some(now_ns) = pace.now_ns()
            && now_ns / 1000 < pace.base.ns / 1000 + SYNC_EVERY_US
        {
            return self.advance_to(now_ns / 1000);
        }
        let read = Moment::read(self.origin);
        if let (Some(pace), Some(now)) = (&mut self.pace, read) {
            pace.sync(now);
        }
        let now_us = read.map_or_else(|| self.origin.elapsed().as_micros() as u64, |now| now.ns / 1000);
        self.monotonic_us = self.monotonic_us.max(now_us);
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
    #[inline]
    #[must_use]
    pub fn measure_us(&self) -> u64 {
        match self.pace.as_ref().and_then(Pace::now_ns) {
            Some(ns) => ns / 1000,
            None => self.origin.elapsed().as_micros() as u64,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_by_ticks_is_the_systems_time() {
        let mut clock = Clock::new();
        let knows_ticks = |clock: &Clock| clock.pace.as_ref().is_none_or(|pace| pace.scale != 0);
        while !knows_ticks(&clock) {
            clock.refresh();
        }
        let slack = |us: u64| us / 1000 + 20;
        let mut before_us = 0;
        for _ in 0..100_000 {
            let begun = clock.origin.elapsed().as_micros() as u64;
            let measured = clock.measure_us();
            let ended = clock.origin.elapsed().as_micros() as u64;
            assert!((begun.saturating_sub(slack(begun))..=ended + slack(ended)).contains(&measured));
            clock.refresh();
            assert!(clock.monotonic_us() >= before_us, "it goes forward only");
            before_us = clock.monotonic_us();
        }
    }

    #[test]
    fn other_ticks_than_before_are_not_taken_for_time() {
        let origin = Instant::now();
        let moment = |ticks, ns| Moment { ticks, ns };
        let base = moment(ticks::now(), 0);
        let mut pace = Pace { scale: 0, base, measured_from: base };
        pace.sync(moment(base.ticks.wrapping_add(3 * FIRST_PACE_NS), FIRST_PACE_NS));
        assert_eq!(pace.scale, (1 << SCALE_BITS) / 3);
        pace.sync(moment(base.ticks.wrapping_sub(1000), 2 * FIRST_PACE_NS));
        assert_eq!((pace.scale, pace.now_ns()), (0, None));
        assert!(Moment::read(origin).is_none_or(|now| now.ns < u64::MAX / 2));
    }
}
