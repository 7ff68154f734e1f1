//! ACL LOG: what was refused to whom, the newest first. What repeats within a minute is told once, with its number.

use std::collections::VecDeque;

/// Refusals further apart than this are told apart.
const GROUPED_MS: i64 = 60_000;
/// So many of the newest entries are looked through for one like it.
const LOOKED_THROUGH: usize = 10;
/// Bytes of a name that are kept: whoever is refused chooses it.
const NAME_MAX: usize = 4096;

/// What was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Reason {
    Command,
    Key,
    Channel,
    Auth,
}

impl Reason {
    /// As ACL LOG calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Reason::Command => "command",
            Reason::Key => "key",
            Reason::Channel => "channel",
            Reason::Auth => "auth",
        }
    }
}

/// Where the refused command came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A client.
    TopLevel,
    /// A client in a transaction.
    Multi,
    /// A script.
    Lua,
}

impl Origin {
    /// As ACL LOG calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Origin::TopLevel => "toplevel",
            Origin::Multi => "multi",
            Origin::Lua => "lua",
        }
    }
}

/// A refusal, or several alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// How many.
    pub count: u64,
    /// What was refused.
    pub reason: Reason,
    /// Where it came from.
    pub origin: Origin,
    /// The command, key or channel.
    pub object: Box<[u8]>,
    /// The user.
    pub user: Box<[u8]>,
    /// When it last happened, ms since 1970.
    pub at_ms: i64,
    /// The client it last happened to, as CLIENT LIST shows it.
    pub client: Box<[u8]>,
}

impl Entry {
    /// A refusal.
    #[must_use]
    pub fn new(
        reason: Reason,
        origin: Origin,
        object: &[u8],
        user: &[u8],
        at_ms: i64,
        client: &[u8],
    ) -> Self {
        let short = |name: &[u8]| name[..name.len().min(NAME_MAX)].into();
        Entry {
            count: 1,
            reason,
            origin,
            object: short(object),
            user: short(user),
            at_ms,
            client: client.into(),
        }
    }

    fn is_like(&self, other: &Entry) -> bool {
        self.reason == other.reason
            && self.origin == other.origin
            && (self.at_ms - other.at_ms).abs() <= GROUPED_MS
            && self.object == other.object
            && self.user == other.user
    }
}

/// The log.
#[derive(Debug, Default)]
pub struct AccessLog(VecDeque<Entry>);

impl AccessLog {
    /// Adds a refusal, and forgets the oldest beyond `max`.
    pub fn add(&mut self, mut entry: Entry, max: u64) {
        let like = self.0.iter().take(LOOKED_THROUGH).position(|known| known.is_like(&entry));
        if let Some(known) = like.and_then(|at| self.0.remove(at)) {
            entry.count = known.count + 1;
            self.0.push_front(entry);
            return;
        }
        self.0.push_front(entry);
        self.0.truncate(usize::try_from(max).unwrap_or(usize::MAX));
    }

    /// The entries, the newest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.0.iter()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, at_ms: i64) -> Entry {
        Entry::new(Reason::Key, Origin::TopLevel, name.as_bytes(), b"bob", at_ms, b"id=1")
    }

    fn names(log: &AccessLog) -> Vec<(String, u64)> {
        log.iter().map(|e| (String::from_utf8_lossy(&e.object).into_owned(), e.count)).collect()
    }

    #[test]
    fn what_repeats_within_a_minute_is_counted_and_comes_first() {
        let mut log = AccessLog::default();
        log.add(key("a", 0), 128);
        log.add(key("b", 1), 128);
        log.add(key("a", 60_000), 128);
        assert_eq!(names(&log), [("a".into(), 2), ("b".into(), 1)]);
        log.add(key("a", 120_001), 128);
        assert_eq!(names(&log), [("a".into(), 1), ("a".into(), 2), ("b".into(), 1)]);
        let other = Entry { origin: Origin::Multi, ..key("a", 120_001) };
        log.add(other, 128);
        assert_eq!(log.iter().len(), 4);
    }

    #[test]
    fn the_oldest_go_and_only_the_newest_are_compared() {
        let mut log = AccessLog::default();
        for i in 0..12 {
            log.add(key(&i.to_string(), 0), 11);
        }
        assert_eq!(log.iter().len(), 11);
        log.add(key("1", 0), 11);
        assert_eq!(names(&log)[0], ("1".into(), 1));
        log.add(key("5", 0), 0);
        assert_eq!(names(&log)[0], ("5".into(), 2));
        log.add(key("new", 0), 0);
        assert_eq!(log.iter().len(), 0);
    }
}
