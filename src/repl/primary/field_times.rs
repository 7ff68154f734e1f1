//! In which form a replica learns when fields of hashes expire. There are two forms and readers of neither, and all that
//! a replica may say of itself is its capabilities and, if it is Valkey, its version:
//!
//! | it says | it is | it gets |
//! |---|---|---|
//! | `capa hash-field-ttl` | Oxidis | version 12 |
//! | `capa rdb-channel-repl` | Redis 8.0 or later | version 12 |
//! | `version` 9 or more | Valkey 9 | version 80 |
//! | `version` below 9 | Valkey 8 | the fields, without their times |
//! | nothing | Redis: 7.4, or older | version 12, until it has turned it down twice; then the fields without their times |
//!
//! An older Redis loads nothing of a snapshot of version 12 and hangs up. So does one that dies while it loads, hence
//! twice; and since a server may be updated, it is tried again after an hour. As long as no fields expire all of this is
//! one and the same: version 10, which everybody reads.

use super::Primary;
use super::state::{Filter, PeerConf, Replica};
use crate::repl::Millis;
use hashbrown::HashMap;

/// The version of Valkey that came with such times.
const VALKEY_VERSION_MIN: u32 = 9;

/// So many snapshots lost in a row are taken for a refusal.
const LOSSES_MAX: u32 = 2;

/// A refusal counts for so long.
const REFUSAL_LASTS_MS: Millis = 3_600_000;

/// Replicas whose losses are remembered.
const KNOWN_MAX: usize = 1024;

/// How a replica is told when fields expire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FieldTimes {
    /// In RDB version 12.
    #[default]
    Redis,
    /// In RDB version 80.
    Valkey,
    /// Not at all.
    Omitted,
}

/// Snapshots of version 12 that a replica has lost, by its address.
#[derive(Debug, Default)]
pub(super) struct Losses(HashMap<String, Lost>);

#[derive(Debug)]
struct Lost {
    in_a_row: u32,
    last: Millis,
}

impl Losses {
    fn note(&mut self, name: String, now: Millis) -> u32 {
        if self.0.len() == KNOWN_MAX && !self.0.contains_key(&name) {
            self.0.clear();
        }
        let lost = self.0.entry(name).or_insert(Lost { in_a_row: 0, last: now });
        lost.in_a_row += 1;
        lost.last = now;
        lost.in_a_row
    }

    fn are_a_refusal(&self, name: &str, now: Millis) -> bool {
        self.0.get(name).is_some_and(|lost| {
            lost.in_a_row >= LOSSES_MAX && now.saturating_sub(lost.last) < REFUSAL_LASTS_MS
        })
    }
}

impl Primary {
    /// The form for a replica that has said this of itself.
    pub(super) fn field_times_for(&self, conf: &PeerConf, known_as: Option<&str>, now: Millis) -> FieldTimes {
        if conf.field_times || !conf.capa.eof {
            // Without `eof` it takes only what the dump file holds.
            return FieldTimes::Redis;
        }
        let refused = known_as.is_some_and(|name| self.losses.are_a_refusal(name, now));
        match conf.valkey_version {
            Some(VALKEY_VERSION_MIN..) => FieldTimes::Valkey,
            Some(_) => FieldTimes::Omitted,
            None if refused => FieldTimes::Omitted,
            None => FieldTimes::Redis,
        }
    }

    /// What a replica's filter comes to with the data as they are.
    pub(super) fn effective(&self, filter: Filter) -> Filter {
        let field_times = if self.fields_expire { filter.field_times } else { FieldTimes::default() };
        Filter { field_times, ..filter }
    }

    /// Whether we can but try if it reads such a snapshot.
    pub(super) fn is_in_doubt(&self, conf: &PeerConf) -> bool {
        let given = conf.filter.field_times == FieldTimes::Redis && self.fields_expire;
        given && conf.capa.eof && !conf.field_times
    }

    /// A replica is gone, and may never have said that it took its snapshot.
    pub(super) fn note_loss(&mut self, replica: &Replica, now: Millis) {
        if !replica.field_times_in_doubt {
            return;
        }
        let Some(name) = replica.known_as() else { return };
        let mut line = format!(
            "Replica {name} left without having loaded a snapshot with hash fields that expire (RDB version 12)."
        );
        if self.losses.note(name, now) >= LOSSES_MAX {
            line.push_str(
                " For an hour those it gets are in version 10: the fields are there, but on the replica they have no TTL of their own",
            );
        }
        self.log.warning(line);
    }

    /// A replica has confirmed that it took what it was sent.
    pub(super) fn forget_losses(&mut self, known_as: &str) {
        self.losses.0.remove(known_as);
    }
}
