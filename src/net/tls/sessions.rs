//! Sessions that clients may come back to: a bounded number of them, for a bounded time.

use rustls::server::StoresServerSessions;
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What "no limit" is limited to.
const SIZE_MAX: usize = 1 << 20;

/// The sessions, by the keys that clients name them with; the oldest go first.
pub struct SessionCache {
    size: usize,
    timeout: Duration,
    // The library asks for a cache that threads could share; there is one.
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    sessions: HashMap<Vec<u8>, (Vec<u8>, Instant)>,
    /// Their keys in the order in which they came; some may be gone already.
    order: VecDeque<(Vec<u8>, Instant)>,
}

impl std::fmt::Debug for SessionCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionCache").field("size", &self.size).field("timeout", &self.timeout).finish()
    }
}

impl SessionCache {
    /// A cache of that many sessions, 0: as many as come, each for that long.
    #[must_use]
    pub fn new(size: usize, timeout: Duration) -> Self {
        let size = if size == 0 { SIZE_MAX } else { size.min(SIZE_MAX) };
        SessionCache { size, timeout, kept: Mutex::default() }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(&mut self.kept.lock().expect("nobody panics while holding it"))
    }
}

impl StoresServerSessions for SessionCache {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        let now = Instant::now();
        self.with(|kept| {
            kept.sessions.insert(key.clone(), (value, now));
            kept.order.push_back((key, now));
            while kept.order.len() > self.size
                || kept.order.front().is_some_and(|(_, at)| now.duration_since(*at) > self.timeout)
            {
                let Some((key, at)) = kept.order.pop_front() else { break };
                if kept.sessions.get(&key).is_some_and(|(_, since)| *since == at) {
                    kept.sessions.remove(&key);
                }
            }
        });
        true
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.with(|kept| {
            let (value, at) = kept.sessions.get(key)?;
            (at.elapsed() <= self.timeout).then(|| value.clone())
        })
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.with(|kept| {
            let (value, at) = kept.sessions.remove(key)?;
            (at.elapsed() <= self.timeout).then_some(value)
        })
    }

    fn can_cache(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> Vec<u8> {
        vec![n]
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let cache = SessionCache::new(2, Duration::from_secs(60));
        for n in 0..3 {
            cache.put(key(n), vec![n]);
        }
        assert_eq!(
            (cache.get(&key(0)), cache.get(&key(1)), cache.take(&key(2))),
            (None, Some(vec![1]), Some(vec![2]))
        );
        assert_eq!(cache.get(&key(2)), None);
    }

    #[test]
    fn a_session_put_again_is_the_new_one() {
        let cache = SessionCache::new(2, Duration::from_secs(60));
        cache.put(key(1), vec![1]);
        cache.put(key(2), vec![2]);
        cache.put(key(1), vec![3]);
        assert_eq!(cache.get(&key(1)), Some(vec![3]));
    }

    #[test]
    fn time_ends_a_session() {
        let cache = SessionCache::new(0, Duration::ZERO);
        cache.put(key(1), vec![1]);
        while Instant::now().elapsed() == Duration::ZERO {}
        assert_eq!(cache.get(&key(1)), None);
    }
}
