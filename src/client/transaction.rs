//! The commands that a client has queued since MULTI, copied once into one block of bytes, but for big arguments that were
//! read apart:
//!
//! ```text
//! bytes     *3..$3 SET $1 k $1 v ..|*2..$4 INCR $1 n ..|
//! spans       [SET] [k] [v]           [INCR] [n]
//! commands  (which, spans 0..3)     (which, spans 3..5)
//! ```
//!
//! They are bounded as what has been read and not run: client-query-buffer-limit holds for both together. And the keys that
//! it watches, with what they take.

use crate::protocol::Args;
use crate::protocol::apart::Apart;
use crate::protocol::args::Span;

/// Room of a queue that is kept for the next transaction, bytes.
const KEPT_MAX: usize = 64 * 1024;
/// A command of so many bytes gets no more room than it needs.
const BIG: usize = 32 * 1024;
/// What Redis counts for an argument besides its bytes: a pointer.
const ARGUMENT_COST: usize = 8;

/// What a client has queued.
#[derive(Default)]
pub struct Queue {
    commands: Commands,
    len: usize,
    payload: usize,
    any_flags: u32,
    lacking_flags: u32,
}

/// The commands themselves.
#[derive(Default)]
pub struct Commands {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    all: Vec<Queued>,
    /// Arguments that lie apart.
    apart: Option<Box<Apart>>,
}

struct Queued {
    /// The command's number in the registry.
    command: u16,
    /// Where its arguments begin in the list of all.
    first: usize,
    /// The request as it came, if it came as a multibulk.
    raw: Option<Span>,
}

/// The keys that a client watches, each with its database.
#[derive(Default)]
pub struct Watched {
    keys: Vec<(usize, Box<[u8]>)>,
    bytes: usize,
}

impl Watched {
    /// Adds a key, which takes so many bytes here and where it is looked for.
    pub fn push(&mut self, db: usize, key: &[u8], bytes: usize) {
        self.keys.push((db, key.into()));
        self.bytes += bytes;
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys.
    pub fn iter(&self) -> impl Iterator<Item = &(usize, Box<[u8]>)> {
        self.keys.iter()
    }

    /// Takes all of them out.
    pub fn drain(&mut self) -> impl Iterator<Item = (usize, Box<[u8]>)> {
        self.bytes = 0;
        self.keys.drain(..)
    }

    /// Gives back the room of more keys than one: few clients watch again and again, and many may be idle.
    pub fn give_back(&mut self) {
        self.keys.shrink_to(1);
    }

    /// What they take, bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.bytes
    }
}

impl Queue {
    /// Adds a command with these flags.
    pub fn push(&mut self, command: u16, flags: u32, args: Args<'_>) {
        let Commands { bytes, spans, all, apart } = &mut self.commands;
        let first = spans.len();
        let len = args.raw().map_or_else(|| args.payload_len() - args.payload_apart(), <[u8]>::len);
        if len >= BIG {
            // Room that is doubled for it would count as its client's.
            bytes.reserve_exact(len);
        }
        let raw = if args.any_apart() {
            args.copy_into(bytes, spans, apart.get_or_insert_default())
        } else {
            args.copy_into(bytes, spans, &mut Apart::default())
        };
        all.push(Queued { command, first, raw });
        self.len += 1;
        self.payload += args.payload_len() + args.len() * ARGUMENT_COST;
        self.any_flags |= flags;
        self.lacking_flags |= !flags;
    }

    /// How many commands have been queued, those that run already included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What Redis would count for their arguments: multi-mem of CLIENT LIST.
    #[must_use]
    pub fn payload(&self) -> usize {
        self.payload
    }

    /// The flags that any of the commands has.
    #[must_use]
    pub fn any_flags(&self) -> u32 {
        self.any_flags
    }

    /// The flags that any of the commands lacks.
    #[must_use]
    pub fn lacking_flags(&self) -> u32 {
        self.lacking_flags
    }

    /// Takes the commands out to run them; how many there are stays known.
    pub fn take(&mut self) -> Commands {
        std::mem::take(&mut self.commands)
    }

    /// An empty queue in the room of commands that are done with, as far as it is not too much to keep.
    #[must_use]
    pub fn reusing(mut commands: Commands) -> Self {
        if commands.memory() > KEPT_MAX {
            return Queue::default();
        }
        commands.bytes.clear();
        commands.spans.clear();
        commands.all.clear();
        commands.apart = None;
        Queue { commands, ..Queue::default() }
    }

    /// What it takes, bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.commands.memory()
    }
}

impl Commands {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Command `i`: its number, and its arguments.
    #[must_use]
    pub fn get(&self, i: usize) -> (u16, Args<'_>) {
        let Queued { command, first, raw } = self.all[i];
        let end = self.all.get(i + 1).map_or(self.spans.len(), |next| next.first);
        let args = Args::new(&self.bytes, &self.spans[first..end], raw);
        (command, args.with_apart(self.apart.as_deref()))
    }

    fn memory(&self) -> usize {
        self.bytes.capacity()
            + self.spans.capacity() * size_of::<Span>()
            + self.all.capacity() * size_of::<Queued>()
            + self.apart.as_ref().map_or(0, |apart| apart.memory())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::OwnedArgs;
    use crate::protocol::parser::{Limits, Parser};

    #[test]
    fn queued_commands_come_back_with_their_arguments_and_raw_bytes() {
        let buffer = b"*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$0\r\n\r\n";
        let mut parser = Parser::default();
        let mut queue = Queue::default();
        let limits = Limits { bulk_max: None, unauthenticated: false };
        for number in [7, 8] {
            parser.step(buffer, limits).expect("a command");
            queue.push(number, 1 << number, parser.args(buffer));
        }
        queue.push(9, 0, OwnedArgs::from_parts(&[b"inline", b"x"]).as_args());
        assert_eq!((queue.len(), queue.any_flags(), queue.lacking_flags()), (3, 0x180, u32::MAX));
        let commands = queue.take();
        assert_eq!(queue.len(), 3);
        let (number, args) = commands.get(1);
        assert_eq!(
            (number, args.at(0), args.at(1), args.raw()),
            (8, &b"GET"[..], &b""[..], Some(&buffer[14..]))
        );
        let (_, args) = commands.get(2);
        assert_eq!((args.len(), args.at(1), args.raw()), (2, &b"x"[..], None));
        let again = Queue::reusing(commands);
        assert!(again.is_empty() && again.memory() > 0);
    }
}
