//! A histogram of latencies with two significant digits, in the buckets of HDR Histogram, so that percentiles come
//! out as the numbers that Redis reports.
//!
//! ```text
//! value (ns)   0..255 one a bucket | 256..511 steps of 2 | 512..1023 steps of 4 | ... up to 1 s
//! ```

/// Buckets of one power of two.
const HALF: usize = 128;
/// Powers of two up to a second, and one more for the first.
const POWERS: usize = 24;
/// Longer than this counts as this, nanoseconds.
const VALUE_MAX: u64 = 1_000_000_000;

/// Counts of values by bucket.
#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Box<[u32]>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: vec![0; POWERS * HALF].into_boxed_slice(), total: 0 }
    }
}

impl Histogram {
    /// Counts a value, nanoseconds.
    pub fn record(&mut self, ns: u64) {
        let count = &mut self.counts[index_of(ns.clamp(1, VALUE_MAX))];
        *count = count.saturating_add(1);
        self.total += 1;
    }

    /// Values counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many values there are up to each power of two (beginning at 1024 ns), where that number grows: the largest
    /// value of the bucket that the power stands in, in microseconds, and the number.
    #[must_use]
    pub fn cumulative(&self) -> Vec<(u64, u64)> {
        let mut steps = Vec::new();
        let (mut level, mut seen, mut told) = (1024, 0, 0);
        let last = self.counts.len() - 1;
        for (i, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            let reached = if i < 2 * HALF { i as u64 } else { highest_of(i - 1) + 1 } >= level;
            if reached || i == last {
                if seen > told {
                    steps.push((highest_of(i) / 1000, seen));
                    told = seen;
                }
                level *= 2;
            }
        }
        steps
    }

    /// The largest value of the bucket that `percentile` (0 to 100) falls in, nanoseconds; 0 when empty.
    #[must_use]
    pub fn percentile(&self, percentile: f64) -> u64 {
        let wanted = ((percentile.min(100.0) / 100.0 * self.total as f64) + 0.5) as u64;
        let wanted = wanted.max(1);
        let mut seen = 0;
        for (i, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted && *count > 0 {
                return highest_of(i);
            }
        }
        0
    }
}

fn index_of(value: u64) -> usize {
    let power = 64 - (value | 255).leading_zeros() as usize - 8;
    (power << 7) + (value >> power) as usize
}

fn highest_of(index: usize) -> u64 {
    if index < 2 * HALF {
        return index as u64;
    }
    let power = (index >> 7) - 1;
    let within = (index & 127) + HALF;
    ((within as u64 + 1) << power) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_the_values_that_it_says() {
        for value in (1..2000).chain([10_000, 123_456, 999_999_999, VALUE_MAX]) {
            let highest = highest_of(index_of(value));
            assert!(highest >= value, "{value} -> {highest}");
            assert!(highest as f64 <= value as f64 * 1.01 + 1.0, "{value} -> {highest}");
        }
    }

    #[test]
    fn percentiles_of_even_values() {
        let mut h = Histogram::default();
        (1..=1000).for_each(|i| h.record(i * 1000));
        assert_eq!(h.percentile(50.0), highest_of(index_of(500_000)));
        assert_eq!(h.percentile(100.0), highest_of(index_of(1_000_000)));
        assert_eq!(h.total(), 1000);
    }

    #[test]
    fn counts_up_to_powers_of_two() {
        let mut h = Histogram::default();
        assert!(h.cumulative().is_empty());
        for us in [1, 2, 2, 3, 33, 300, 5_000_000] {
            h.record(us * 1000);
        }
        let expected = [(1, 1), (2, 3), (4, 4), (33, 5), (528, 6), (1_073_741, 7)];
        assert_eq!(h.cumulative(), expected);
    }

    #[test]
    fn one_microsecond_reads_as_redis_prints_it() {
        let mut h = Histogram::default();
        h.record(1000);
        assert_eq!(h.percentile(50.0), 1003);
    }
}
