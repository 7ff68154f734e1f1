//! Keys with an expiry that clients wrote to a replica (replica-read-only no). Their primary does not know them and will
//! never send their DEL, so the replica itself removes them when their time has come.

use super::command::Command;
use crate::config::NotifyFlags;
use crate::keyspace::{ExpiryMode, Keyspace};
use crate::protocol::Args;
use std::collections::HashSet;

/// The keys, by database.
#[derive(Debug, Default)]
pub struct OwnExpires {
    keys: HashSet<(usize, Box<[u8]>)>,
}

impl OwnExpires {
    /// A client's command wrote here: remembers those of its keys that now expire.
    pub fn note(&mut self, command: &Command, args: Args<'_>, db: usize, keyspace: &Keyspace) {
        for (at, _) in command.keys_of(args).unwrap_or_default() {
            let key = args.at(at);
            if keyspace.get_expire(db, key).is_some() {
                self.keys.insert((db, key.into()));
            }
        }
    }

    /// Removes the keys whose time has come, and forgets those that expire no more.
    pub fn expire(&mut self, keyspace: &mut Keyspace, now_ms: i64) {
        if self.keys.is_empty() {
            return;
        }
        keyspace.begin(now_ms, ExpiryMode::Ignore, false);
        self.keys.retain(|(db, key)| match keyspace.get_expire(*db, key) {
            None => false,
            Some(at_ms) if at_ms > now_ms => true,
            Some(_) => {
                keyspace.delete(*db, key);
                keyspace.stats.expired_keys += 1;
                keyspace.effects.notify(NotifyFlags::EXPIRED, "expired", *db, key);
                false
            }
        });
    }

    /// Forgets all: the data is another one, or a primary's, which expires its keys anyway.
    pub fn clear(&mut self) {
        self.keys.clear();
    }

    /// How many keys are watched.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}
