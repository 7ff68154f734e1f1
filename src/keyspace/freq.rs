//! The 24 bits each entry keeps about its use: an LRU clock in seconds, or an LFU counter.
//!
//! ```text
//! LRU  | seconds since the epoch, modulo 2^24                  |
//! LFU  | minutes since the epoch, modulo 2^16 | counter, 8 bits |
//! ```
//!
//! Which of the two it is follows maxmemory-policy. The LFU counter is logarithmic: it grows with a
//! probability that falls as it grows, and is lowered by one for each `decay_minutes` without access.

use crate::util::rng::Rng;

const LRU_BITS: u32 = 24;
const LRU_MASK: u64 = (1 << LRU_BITS) - 1;
/// What a new key's counter starts with, so that it is not evicted at once.
const LFU_INIT: u8 = 5;

/// How entries count their use (maxmemory-policy, lfu-log-factor, lfu-decay-time).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreqPolicy {
    pub lfu: bool,
    pub log_factor: u32,
    pub decay_minutes: u32,
}

impl Default for FreqPolicy {
    fn default() -> Self {
        FreqPolicy { lfu: false, log_factor: 10, decay_minutes: 1 }
    }
}

impl FreqPolicy {
    /// The bits of a key made now.
    pub fn fresh(self, now_ms: i64) -> u32 {
        if self.lfu { lfu_bits(now_ms, LFU_INIT) } else { lru_clock(now_ms) }
    }

    /// The LFU bits after an access.
    #[cold]
    pub fn lfu_touched(self, bits: u32, now_ms: i64, rng: &mut Rng) -> u32 {
        let counter = self.decayed(bits, now_ms);
        let over = f64::from(counter.saturating_sub(LFU_INIT));
        let odds = 1.0 / (over * f64::from(self.log_factor) + 1.0);
        let draw = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        lfu_bits(now_ms, if draw < odds { counter.saturating_add(1) } else { counter })
    }

    /// The LFU counter as of now (OBJECT FREQ).
    pub fn decayed(self, bits: u32, now_ms: i64) -> u8 {
        let elapsed = lfu_minutes(now_ms).wrapping_sub((bits >> 8) as u16);
        let periods = u32::from(elapsed).checked_div(self.decay_minutes).unwrap_or(0);
        (bits as u8).saturating_sub(periods.min(255) as u8)
    }
}

/// Seconds modulo 2^24.
pub fn lru_clock(now_ms: i64) -> u32 {
    ((now_ms / 1000) as u64 & LRU_MASK) as u32
}

/// Milliseconds since the access that `bits` tells of, in steps of a second (OBJECT IDLETIME).
pub fn lru_idle_ms(bits: u32, now_ms: i64) -> u64 {
    let elapsed = u64::from(lru_clock(now_ms)).wrapping_sub(u64::from(bits)) & LRU_MASK;
    elapsed * 1000
}

/// The bits of a key idle for `seconds`.
pub fn lru_idle_bits(seconds: u64, now_ms: i64) -> u32 {
    (u64::from(lru_clock(now_ms)).wrapping_sub(seconds.min(LRU_MASK)) & LRU_MASK) as u32
}

/// The bits of a key with this LFU counter.
pub fn lfu_bits(now_ms: i64, counter: u8) -> u32 {
    u32::from(lfu_minutes(now_ms)) << 8 | u32::from(counter)
}

fn lfu_minutes(now_ms: i64) -> u16 {
    (now_ms / 60_000) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_survives_the_clock_wrapping_around() {
        let wrap_ms = (LRU_MASK as i64 + 1) * 1000;
        let bits = lru_clock(wrap_ms - 3000);
        assert_eq!(lru_idle_ms(bits, wrap_ms + 2000), 5000);
        assert_eq!(lru_idle_ms(lru_idle_bits(7, wrap_ms), wrap_ms), 7000);
    }

    #[test]
    fn an_lfu_counter_grows_slower_the_higher_it_is_and_decays_by_the_minute() {
        let policy = FreqPolicy { lfu: true, ..FreqPolicy::default() };
        let mut bits = policy.fresh(0);
        assert_eq!(policy.decayed(bits, 0), 5);
        let mut rng = Rng::seeded(1);
        let mut grown = [0; 2];
        for accesses in 1..=1000 {
            bits = policy.lfu_touched(bits, 0, &mut rng);
            grown[accesses / 501] = policy.decayed(bits, 0);
        }
        assert!(grown[0] > 10 && grown[1] - grown[0] < grown[0] - LFU_INIT, "{grown:?}");
        assert_eq!(policy.decayed(lfu_bits(0, 6), 2 * 60_000), 4);
        assert_eq!(policy.decayed(lfu_bits(0, 6), 60 * 60_000), 0);
        let frozen = FreqPolicy { decay_minutes: 0, ..policy };
        assert_eq!(frozen.decayed(lfu_bits(0, 6), 60 * 60_000), 6);
    }
}
