//! The latency monitor: what took as long as latency-monitor-threshold says, by the kind of thing it was.
//!
//! Each event has a ring of 160 samples, at most one a second: the longest of that second. The events are few and fixed
//! names of the program, so all of it is bounded.
//!
//! ```text
//! command, fast-command     a command ran
//! command-unblocking        one that had waited was answered
//! fork                      a child was made
//! rdb-unlink-temp-file      what a killed child had written was deleted
//! expire-cycle              a slice of active expiry
//! eviction-cycle, eviction-del, eviction-lazyfree    making room, one key of it, waiting for what is freed aside
//! ```

pub mod graph;
pub mod report;

use super::Server;
use std::collections::VecDeque;

/// Samples kept of an event.
const SAMPLES_MAX: usize = 160;

/// How long something took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When, seconds since 1970.
    pub time_s: i64,
    /// How long, milliseconds.
    pub ms: u32,
}

/// The samples of one event.
#[derive(Debug)]
pub struct Series {
    /// Its name.
    pub event: &'static str,
    /// The samples, oldest first.
    pub samples: VecDeque<Sample>,
    /// The longest ever, milliseconds.
    pub max_ms: u32,
}

/// All events that have samples.
#[derive(Debug, Default)]
pub struct Latency {
    series: Vec<Series>,
}

impl Latency {
    /// Adds a sample of an event.
    pub fn add(&mut self, event: &'static str, sample: Sample) {
        let at = self.series.iter().position(|series| series.event == event).unwrap_or_else(|| {
            self.series.push(Series { event, samples: VecDeque::new(), max_ms: 0 });
            self.series.len() - 1
        });
        let series = &mut self.series[at];
        series.max_ms = series.max_ms.max(sample.ms);
        match series.samples.back_mut() {
            Some(last) if last.time_s == sample.time_s => last.ms = last.ms.max(sample.ms),
            _ => {
                if series.samples.len() == SAMPLES_MAX {
                    series.samples.pop_front();
                }
                series.samples.push_back(sample);
            }
        }
    }

    /// The events that have samples.
    #[must_use]
    pub fn all(&self) -> &[Series] {
        &self.series
    }

    /// The samples of an event.
    #[must_use]
    pub fn get(&self, event: &[u8]) -> Option<&Series> {
        self.series.iter().find(|series| series.event.as_bytes() == event)
    }

    /// Forgets an event, in any case of letters; whether it had samples.
    pub fn forget(&mut self, event: &[u8]) -> bool {
        let before = self.series.len();
        self.series.retain(|series| !series.event.as_bytes().eq_ignore_ascii_case(event));
        self.series.len() < before
    }

    /// Forgets everything; how many events had samples.
    pub fn forget_all(&mut self) -> usize {
        std::mem::take(&mut self.series).len()
    }
}

impl Server {
    /// Something took so many microseconds: a sample, if that is long.
    #[inline]
    pub fn sample_latency(&mut self, event: &'static str, took_us: u64) {
        let threshold_ms = self.config.latency_monitor_threshold;
        if threshold_ms > 0 && took_us / 1000 >= threshold_ms as u64 {
            let ms = u32::try_from(took_us / 1000).unwrap_or(u32::MAX);
            self.latency.add(event, Sample { time_s: self.clock.now_s(), ms });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_one_sample_its_longest_and_old_samples_go() {
        let mut latency = Latency::default();
        for (time_s, ms) in [(10, 5), (10, 9), (10, 7), (11, 3)] {
            latency.add("fork", Sample { time_s, ms });
        }
        let fork = latency.get(b"fork").expect("it has samples");
        assert_eq!(fork.samples, [Sample { time_s: 10, ms: 9 }, Sample { time_s: 11, ms: 3 }]);
        assert_eq!(fork.max_ms, 9);
        for time_s in 12..12 + SAMPLES_MAX as i64 {
            latency.add("fork", Sample { time_s, ms: 1 });
        }
        let fork = latency.get(b"fork").expect("it has samples");
        assert_eq!((fork.samples.len(), fork.samples[0].time_s, fork.max_ms), (SAMPLES_MAX, 12, 9));
    }

    #[test]
    fn events_are_found_as_they_are_written_and_forgotten_in_any_case() {
        let mut latency = Latency::default();
        for event in ["fork", "command"] {
            latency.add(event, Sample { time_s: 1, ms: 1 });
        }
        assert!(latency.get(b"FORK").is_none());
        assert!(latency.forget(b"FORK") && !latency.forget(b"fork"));
        assert_eq!((latency.forget_all(), latency.forget_all()), (1, 0));
    }
}
