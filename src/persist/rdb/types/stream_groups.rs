//! The consumer groups of a stream, which stand behind its entries.
//!
//! ```text
//! groups    | n | group ...
//! group     | name | last id ms | seq | entries read | n | pending ... | n | consumer ...
//! pending   | id, 16 bytes | delivered, 8 | deliveries |
//! consumer  | name | seen, 8 bytes | active, 8 | n | id, 16 bytes ...
//! ```
//!
//! Type 15 does not know `entries read`, and only type 21 has `active`. What is pending comes before the consumers, and is
//! then given to them by their ids. They are read a piece at a time, as all that may be long.

use super::corrupt;
use crate::persist::rdb::writer::Writer;
use crate::value::stream::group::{Corrupt, Loading};
use crate::value::stream::{Groups, StreamId};
use c_compat::rdb::{Stop, Window};
use std::io::{self, Write};

/// What of it a type of stream has.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    pub entries_read: bool,
    pub active_time: bool,
}

/// Writes all groups.
pub fn save<W: Write>(out: &mut Writer<W>, groups: &Groups, form: Form) -> io::Result<()> {
    out.len(groups.len() as u64)?;
    for group in groups.iter() {
        out.string(group.name())?;
        out.len(group.last_id.ms)?;
        out.len(group.last_id.seq)?;
        if form.entries_read {
            out.len(group.entries_read.unwrap_or(-1) as u64)?;
        }
        out.len(group.pending().len() as u64)?;
        for pending in group.pending().range(StreamId::MIN) {
            out.raw(&pending.id.to_bytes())?;
            out.raw(&pending.delivered_ms.to_le_bytes())?;
            out.len(pending.deliveries)?;
        }
        out.len(group.consumers().len() as u64)?;
        for consumer in group.consumers().iter() {
            out.string(consumer.name())?;
            out.raw(&consumer.seen_ms.to_le_bytes())?;
            if form.active_time {
                out.raw(&consumer.active_ms.to_le_bytes())?;
            }
            out.len(consumer.pending().len() as u64)?;
            for id in consumer.pending().range(StreamId::MIN) {
                out.raw(&id.to_bytes())?;
            }
        }
    }
    Ok(())
}

/// Groups that are being read.
#[derive(Debug)]
pub struct Reading {
    form: Form,
    groups: Groups,
    /// Groups that are still to come.
    left: u64,
    at: At,
}

/// What is read next.
#[derive(Debug)]
enum At {
    /// How many groups there are.
    Count,
    /// A group, if one is left.
    Group,
    Pending {
        group: Box<Loading>,
        left: u64,
    },
    Consumers {
        group: Box<Loading>,
    },
    Consumer {
        group: Box<Loading>,
        left: u64,
    },
    /// What the consumer of this number has.
    Owned {
        group: Box<Loading>,
        consumers: u64,
        number: u32,
        left: u64,
    },
}

impl Reading {
    pub fn new(form: Form) -> Self {
        Reading { form, groups: Groups::default(), left: 0, at: At::Count }
    }

    pub fn is_complete(&self) -> bool {
        matches!(self.at, At::Group) && self.left == 0
    }

    pub fn finish(self) -> Groups {
        self.groups
    }

    /// Reads the next piece; `entries_up_to` tells how many entries there ever were up to an id.
    ///
    /// # Errors
    /// It is not all in the window, and nothing has changed; or it makes no sense.
    pub fn step(
        &mut self,
        window: &mut Window<'_>,
        entries_up_to: impl FnOnce(StreamId) -> Option<i64>,
    ) -> Result<(), Stop> {
        let begin = window.pos();
        let bad = |fault: Corrupt| corrupt(begin, fault_text(fault));
        let next = match &mut self.at {
            At::Count => {
                self.left = window.len()?;
                Some(At::Group)
            }
            At::Group => {
                let name = window.string_bytes()?;
                let last_id = StreamId { ms: window.len()?, seq: window.len()? };
                let entries_read = if self.form.entries_read {
                    Some(window.len()? as i64).filter(|read| *read != -1)
                } else {
                    entries_up_to(last_id)
                };
                let left = window.len()?;
                let group = Box::new(Loading::new(&name, last_id, entries_read));
                self.left -= 1;
                self.at = At::Pending { group, left };
                return self.pass_ends().map_err(bad);
            }
            At::Pending { group, left } => {
                let id = StreamId::from_bytes(window.array()?);
                let delivered_ms = window.milliseconds()?;
                group.pending(id, delivered_ms, window.len()?).map_err(bad)?;
                *left -= 1;
                None
            }
            At::Consumers { .. } => {
                let left = window.len()?;
                let At::Consumers { group } = std::mem::replace(&mut self.at, At::Group) else {
                    unreachable!("it was just seen")
                };
                Some(At::Consumer { group, left })
            }
            At::Consumer { group, left } => {
                let name = window.string_bytes()?;
                let seen_ms = window.milliseconds()?;
                let active_ms = if self.form.active_time { window.milliseconds()? } else { seen_ms };
                let owned = window.len()?;
                let number = group.consumer(&name, seen_ms, active_ms).map_err(bad)?;
                let consumers = *left - 1;
                let At::Consumer { group, .. } = std::mem::replace(&mut self.at, At::Group) else {
                    unreachable!("it was just seen")
                };
                Some(At::Owned { group, consumers, number, left: owned })
            }
            At::Owned { group, number, left, .. } => {
                group.own(*number, StreamId::from_bytes(window.array()?)).map_err(bad)?;
                *left -= 1;
                None
            }
        };
        if let Some(next) = next {
            self.at = next;
        }
        self.pass_ends().map_err(bad)
    }

    /// Goes on from what has nothing left.
    fn pass_ends(&mut self) -> Result<(), Corrupt> {
        loop {
            self.at = match std::mem::replace(&mut self.at, At::Group) {
                At::Pending { group, left: 0 } => At::Consumers { group },
                At::Owned { group, consumers, left: 0, .. } => At::Consumer { group, left: consumers },
                At::Consumer { group, left: 0 } => {
                    group.finish(&mut self.groups)?;
                    At::Group
                }
                at => {
                    self.at = at;
                    return Ok(());
                }
            };
        }
    }
}

fn fault_text(fault: Corrupt) -> &'static str {
    match fault {
        Corrupt::Group => "Duplicated consumer group name",
        Corrupt::Pending => "Duplicated global PEL entry loading stream consumer group",
        Corrupt::Consumer => "Duplicate stream consumer detected.",
        Corrupt::Owner => "Consumer entry not found in group global PEL",
        Corrupt::NoOwner => "Stream CG PEL entry without consumer",
    }
}
