//! `rdb-key-save-delay` and `key-load-delay`: working slowly on purpose, so that tests can see what happens meanwhile.

use std::time::Duration;

/// Sleeps after each key. A positive delay is in microseconds; a negative one, `-n`, is a sleep of the shortest kind
/// after every n keys, for delays below what one sleep costs.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyDelay {
    usec: i32,
    keys: u32,
}

impl KeyDelay {
    /// A delay of `usec` for each key; 0 is none.
    #[must_use]
    pub fn new(usec: i32) -> Self {
        KeyDelay { usec, keys: 0 }
    }

    /// Changes the delay, which a client may do in the middle of a load.
    pub fn set(&mut self, usec: i32) {
        self.usec = usec;
    }

    /// Whether there is a delay at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.usec != 0
    }

    /// To be called after each key.
    #[inline]
    pub fn after_key(&mut self) {
        if self.usec != 0 {
            self.sleep();
        }
    }

    #[cold]
    fn sleep(&mut self) {
        if self.usec > 0 {
            std::thread::sleep(Duration::from_micros(u64::from(self.usec.unsigned_abs())));
            return;
        }
        self.keys += 1;
        if self.keys >= self.usec.unsigned_abs() {
            self.keys = 0;
            std::thread::sleep(Duration::from_micros(1));
        }
    }
}
