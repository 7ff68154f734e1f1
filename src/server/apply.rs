//! What a command did, made known: the one place that turns effects into counters and into the stream for replicas.
//!
//! Order matters: keys that expired under the command are deleted on the replicas before the command runs there; if
//! more than one command comes of it, they travel as a transaction, so that no replica shows half of them.

use super::Server;
use super::command::{Command, Flags};
use crate::client::ClientId;
use crate::keyspace::effects::Propagate;
use crate::protocol::Args;
use crate::protocol::args::{OwnedArgs, encode_command};

impl Server {
    /// Acts on the effects of the command that just ran in database `db`, and clears them.
    pub fn apply_effects(&mut self, id: ClientId, command: &Command, db: usize, args: Args<'_>) {
        self.publish_events(Some(id));
        if self.keyspace.notes_touched() && self.keyspace.effects.anything_touched() {
            let effects = &self.keyspace.effects;
            self.keys_touched(effects.dirty > 0 || effects.propagate != Propagate::AsSent, Some(id));
        }
        let effects = &mut self.keyspace.effects;
        let nothing_expired = effects.expired.is_empty() && effects.gone_fields.is_empty();
        if effects.dirty == 0 && nothing_expired && effects.propagate == Propagate::AsSent {
            return;
        }
        self.dirty += effects.dirty;
        if self.config.replicaof.is_none() && !self.repl.machine.primary.feeds() {
            // Nobody hears of it.
            return effects.reset();
        }
        let wrote = effects.dirty > 0;
        let propagate = std::mem::take(&mut effects.propagate);
        let expired = std::mem::take(&mut effects.expired);
        let gone_fields = std::mem::take(&mut effects.gone_fields);
        let obeys = self.clients.get(id).is_some_and(|c| c.must_obey());
        // A replica passes its primary's bytes on as they came: what the commands did there is in them already.
        if wrote && !obeys && self.is_replica() {
            self.own_expires.note(command, args, db, &self.keyspace);
        }
        if self.stream_wanted() && !obeys {
            let always = propagate == Propagate::Always;
            let as_sent = wrote && propagate == Propagate::AsSent || always;
            let instead: &[OwnedArgs] = match &propagate {
                Propagate::Instead(commands) => commands,
                Propagate::AsSent | Propagate::Always | Propagate::Never => &[],
            };
            let count = expired.len() + gone_fields.len() + usize::from(as_sent) + instead.len();
            // Within a client's transaction they are part of that.
            let transaction = count > 1 && !command.has(Flags::TOUCHES_ARBITRARY_KEYS) && !self.in_exec();
            if transaction {
                // Both stand in a command's database, so that none is selected for them alone.
                let first = expired.first().map(|(db, _)| *db).or(gone_fields.first().map(|gone| gone.db));
                self.feed_stream(first.unwrap_or(db), b"*1\r\n$5\r\nMULTI\r\n");
            }
            for (db, key) in &expired {
                self.feed_deletion(*db, key);
            }
            for gone in &gone_fields {
                self.feed_command(gone.db, [b"HDEL", &*gone.key, &*gone.field].into_iter());
            }
            if as_sent {
                self.feed_args(db, args);
            }
            for command in instead {
                self.feed_command(db, command.as_args().iter());
            }
            if transaction {
                let last = gone_fields.last().map(|gone| gone.db).or(expired.last().map(|(db, _)| *db));
                let last = last.filter(|_| !as_sent && instead.is_empty());
                self.feed_stream(last.unwrap_or(db), b"*1\r\n$4\r\nEXEC\r\n");
            }
            if (wrote || always)
                && let Some(offset) = self.stream_end()
                && let Some(client) = self.clients.get_mut(id)
            {
                client.written_offset = offset;
            }
        }
        self.keyspace.effects.reset();
        // The list goes back for the next command: lazily expired keys must not cost an allocation each time.
        self.keyspace.effects.expired = expired;
        self.keyspace.effects.expired.clear();
    }

    /// Lets those who watch keys or have cached them know which were touched, by this client if by any, and clears the
    /// notes. `wrote`: what was found to write to has been changed.
    #[cold]
    pub fn keys_touched(&mut self, wrote: bool, by: Option<ClientId>) {
        let mut touched = std::mem::take(&mut self.keyspace.effects.touched);
        if self.keyspace.is_watched() {
            self.mark_watchers(&touched, wrote);
        }
        if self.tracking.is_active() {
            self.invalidate_touched(&touched, wrote, by);
        }
        touched.clear();
        self.keyspace.effects.touched = touched;
    }

    /// Tells the replicas that a key expired.
    pub fn feed_deletion(&mut self, db: usize, key: &[u8]) {
        self.feed_command(db, [self.deletion_verb(), key].into_iter());
    }

    /// The command by which replicas learn that a key expired.
    pub fn deletion_verb(&self) -> &'static [u8] {
        if self.config.lazyfree_lazy_expire { b"UNLINK" } else { b"DEL" }
    }

    /// Puts a command into the stream as its client sent it, byte for byte where that is possible.
    fn feed_args(&mut self, db: usize, args: Args<'_>) {
        match args.raw() {
            Some(raw) => self.feed_stream(db, raw),
            None if args.any_apart() => self.feed_pieces(db, &args.pieces(&mut Vec::new())),
            None => self.feed_command(db, args.iter()),
        }
    }

    /// Puts a command into the stream.
    pub fn feed_command<'a>(&mut self, db: usize, parts: impl ExactSizeIterator<Item = &'a [u8]>) {
        let mut bytes = Vec::with_capacity(64);
        encode_command(&mut bytes, parts);
        self.feed_stream(db, &bytes);
    }
}
