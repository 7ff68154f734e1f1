//! What a command did to the data, for `server::apply` to act on after the handler.

use super::fields::GoneField;
use super::touched::Touched;
use crate::config::NotifyFlags;
use crate::protocol::args::OwnedArgs;
use crate::value::Type;
use smallvec::SmallVec;

/// What of the running command goes to the replicas and the AOF.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Propagate {
    /// The request as the client sent it, if the command made the keyspace dirty.
    #[default]
    AsSent,
    /// The request as the client sent it, though the keyspace did not become dirty: PUBLISH.
    Always,
    /// Nothing, though the command made the keyspace dirty.
    Never,
    /// These commands in place of the request.
    Instead(SmallVec<[OwnedArgs; 1]>),
}

/// Something that happened to a key, of which keyspace notifications tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub class: NotifyFlags,
    /// `hset`
    pub name: &'static str,
    pub db: usize,
    pub key: Box<[u8]>,
    /// How far the command's reply had come.
    pub reply_at: usize,
}

/// Everything about a command that others than its client must learn.
#[derive(Debug, Default)]
pub struct Effects {
    /// How many changes the command made, as Redis counts `dirty`.
    pub dirty: u64,
    pub propagate: Propagate,
    /// Keys that lazy expiry deleted, in order. Their DEL (or UNLINK) goes out before the command itself.
    pub expired: Vec<(usize, Box<[u8]>)>,
    /// Fields of hashes that lazy expiry deleted, in order. Their HDEL goes out before the command itself.
    pub gone_fields: Vec<GoneField>,
    /// The classes of events that are to be told of: notify-keyspace-events.
    pub notify: NotifyFlags,
    /// How far the command's reply had come when the last of its events was noted, or when it began: unknown while no
    /// events are noted.
    pub reply_at: usize,
    /// What happened, in order, as far as it is of those classes.
    pub events: Vec<Event>,
    /// Keys that the command touched, of those that others are to learn of: the watched ones, or all.
    pub touched: Touched,
    /// Databases that were exchanged while keys were watched.
    pub swapped: Vec<(usize, usize)>,
    /// Nobody hears of what is propagated, so that no command need be made for it.
    pub unheard: bool,
    /// Clients wait for keys, so those that come to hold what can be waited for are noted.
    pub awaited: bool,
    /// These keys, in order. They stay noted when the rest is reset, until somebody has looked at them.
    pub ready: Vec<(usize, Box<[u8]>)>,
    /// Whole databases were put in place: any key may be ready.
    pub all_ready: bool,
}

impl Effects {
    /// Makes ready for the next command; buffers stay allocated.
    pub fn reset(&mut self) {
        self.dirty = 0;
        self.expired.clear();
        self.gone_fields.clear();
        self.events.clear();
        if self.propagate != Propagate::AsSent {
            self.propagate = Propagate::AsSent;
        }
    }

    /// Whether there is anything to be learned.
    #[inline]
    pub fn any(&self) -> bool {
        self.dirty > 0
            || self.propagate != Propagate::AsSent
            || self.anything_touched()
            || !self.events.is_empty()
    }

    /// Whether there is a key that was touched, or may have been.
    #[inline]
    pub fn anything_touched(&self) -> bool {
        !(self.touched.is_empty()
            && self.expired.is_empty()
            && self.gone_fields.is_empty()
            && self.swapped.is_empty())
    }

    /// Whether keys are ready that nobody has looked at.
    #[inline]
    pub fn any_ready(&self) -> bool {
        !self.ready.is_empty() || self.all_ready
    }

    /// Notes that a key has come to hold a value of this type, or a stream more entries, if anybody may wait for it.
    #[inline]
    pub fn note_ready(&mut self, db: usize, key: &[u8], kind: Type) {
        if self.awaited && matches!(kind, Type::List | Type::SortedSet | Type::Stream) {
            self.push_ready(db, key);
        }
    }

    /// Notes that a key does not hold a value of this type any more: of a stream's groups somebody may wait.
    #[inline]
    pub fn note_gone(&mut self, db: usize, key: &[u8], kind: Type) {
        if self.awaited && kind == Type::Stream {
            self.push_ready(db, key);
        }
    }

    #[cold]
    fn push_ready(&mut self, db: usize, key: &[u8]) {
        // A pipeline or transaction adds to one stream again and again.
        if self.ready.last().is_none_or(|(last_db, last)| (*last_db, &**last) != (db, key)) {
            self.ready.push((db, key.into()));
        }
    }

    /// Notes an event, if events of its class are asked for.
    #[inline]
    pub fn notify(&mut self, class: NotifyFlags, name: &'static str, db: usize, key: &[u8]) {
        if self.notify.contains(class) {
            self.note_event(class, name, db, key);
        }
    }

    #[cold]
    fn note_event(&mut self, class: NotifyFlags, name: &'static str, db: usize, key: &[u8]) {
        self.events.push(Event { class, name, db, key: key.into(), reply_at: self.reply_at });
    }

    /// Propagates `argv` in place of the request. Called again, adds another command.
    pub fn propagate_instead<A, I>(&mut self, argv: I)
    where
        A: AsRef<[u8]>,
        I: IntoIterator<Item = A>,
        I::IntoIter: Clone,
    {
        let command = OwnedArgs::collect(argv.into_iter());
        match &mut self.propagate {
            Propagate::Instead(commands) => commands.push(command),
            other => *other = Propagate::Instead(SmallVec::from_buf([command])),
        }
    }
}
