//! What a command is: one typed `static` row above its handler, and the registry that finds it by name.
//!
//! A row holds only what is declared. What is counted at run time lives in [`crate::server::stats`], by [`CommandId`].

pub use crate::acl::Categories as Acl;
use crate::client::{ClientId, News};
use crate::config::{Config, NotifyFlags};
use crate::keyspace::Keyspace;
use crate::net::kept::Kept;
use crate::protocol::{Args, CmdError, CmdResult, Reply};
use crate::server::Server;
use crate::server::names::Names;
use crate::util::clock::Clock;
use crate::util::rng::Rng;
use crate::value::Type;
use crate::value::stream::StreamId;
use bitflags::bitflags;
use std::ops::Range;

bitflags! {
    /// How a command behaves, by the names COMMAND INFO gives.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Flags: u32 {
        /// May change the keyspace.
        const WRITE = 1 << 0;
        /// Only reads keys.
        const READONLY = 1 << 1;
        /// Refused when memory is full.
        const DENYOOM = 1 << 2;
        /// For operators.
        const ADMIN = 1 << 3;
        /// Allowed in RESP2's subscribed mode.
        const PUBSUB = 1 << 4;
        /// Not from scripts.
        const NOSCRIPT = 1 << 5;
        /// May block the client.
        const BLOCKING = 1 << 6;
        /// Served while loading.
        const LOADING = 1 << 7;
        /// Served by a replica with stale data.
        const STALE = 1 << 8;
        /// Not shown to MONITOR.
        const SKIP_MONITOR = 1 << 9;
        /// Not kept in the slow log.
        const SKIP_SLOWLOG = 1 << 10;
        /// Implies ASKING in a cluster.
        const ASKING = 1 << 11;
        /// Constant or logarithmic time.
        const FAST = 1 << 12;
        /// Needs no login.
        const NO_AUTH = 1 << 13;
        /// Replicated though it changes no key.
        const MAY_REPLICATE = 1 << 14;
        /// Not in a cluster with keys of several slots.
        const NO_MANDATORY_KEYS = 1 << 15;
        /// Served while a script runs too long.
        const ALLOW_BUSY = 1 << 16;
        /// Refused inside a transaction.
        const NO_MULTI = 1 << 17;
        /// Keys stand at places only the command knows.
        const MOVABLEKEYS = 1 << 18;
        /// Not served during an asynchronous load.
        const NO_ASYNC_LOADING = 1 << 19;
        /// May find expired keys that have nothing to do with each other: their deletions travel each for itself, not
        /// as a transaction. Not shown by COMMAND.
        const TOUCHES_ARBITRARY_KEYS = 1 << 20;
        /// Runs between MULTI and EXEC too, where others are queued. Not shown by COMMAND.
        const NOT_QUEUED = 1 << 21;
    }
}

bitflags! {
    /// What a command does with the keys of one key spec.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct KeyFlags: u16 {
        /// Read-only.
        const RO = 1 << 0;
        /// Read and written.
        const RW = 1 << 1;
        /// Overwritten.
        const OW = 1 << 2;
        /// Removed.
        const RM = 1 << 3;
        /// The value's data may be returned or copied.
        const ACCESS = 1 << 4;
        /// The value's data is changed.
        const UPDATE = 1 << 5;
        /// Data is added.
        const INSERT = 1 << 6;
        /// Data is removed.
        const DELETE = 1 << 7;
        /// Looks like a key and is none.
        const NOT_KEY = 1 << 8;
        /// Other keys may be touched too.
        const INCOMPLETE = 1 << 9;
        /// The flags depend on the arguments.
        const VARIABLE_FLAGS = 1 << 10;
    }
}

/// Where the keys of a spec begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeginSearch {
    /// At this argument.
    Index(i32),
    /// Behind this word, looked for from this argument on (from the end when negative).
    Keyword(&'static str, i32),
    /// Only the command knows.
    Unknown,
}

/// Which arguments from there on are keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindKeys {
    /// Up to `last` (relative to the first; negative counts from the end), each `step`-th; of the rest only one part
    /// in `limit` when `last` is -1.
    Range {
        /// Last key, relative to the first or, negative, to the end.
        last: i32,
        /// Distance between keys.
        step: i32,
        /// Divisor of the rest; 0 and 1 take all.
        limit: i32,
    },
    /// A count stands at `at`, the first key at `first` (both relative to the beginning).
    KeyNum {
        /// Where the count stands.
        at: i32,
        /// Where the first key stands.
        first: i32,
        /// Distance between keys.
        step: i32,
    },
    /// Only the command knows.
    Unknown,
}

/// One group of a command's keys.
#[derive(Debug, Clone, Copy)]
pub struct KeySpec {
    /// What is done with them.
    pub flags: KeyFlags,
    /// Where they begin.
    pub begin: BeginSearch,
    /// Which they are.
    pub find: FindKeys,
    /// A remark that COMMAND INFO repeats.
    pub notes: &'static str,
}

/// The group a command belongs to, as COMMAND DOCS names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Group {
    Generic,
    String,
    List,
    Set,
    SortedSet,
    Hash,
    Bitmap,
    Hyperloglog,
    Geo,
    Stream,
    Transactions,
    Pubsub,
    Connection,
    Server,
}

/// How a command runs.
#[derive(Clone, Copy)]
pub enum Run {
    /// Over the keyspace alone: everything others must learn of it goes through effects.
    Data(fn(&mut Exec<'_>) -> CmdResult),
    /// Over the whole server.
    Server(fn(&mut Server, ClientId, Args<'_>) -> CmdResult),
    /// Not itself: one of its subcommands does.
    Container,
}

/// A command, declared.
pub struct Command {
    /// Lower-case name; of a subcommand its own word only.
    pub name: &'static str,
    /// Number of arguments, the name included (a subcommand counts the container's too); at least -n when negative.
    pub arity: i32,
    /// How it behaves.
    pub flags: Flags,
    /// ACL categories.
    pub acl: Acl,
    /// Where its keys are.
    pub keys: &'static [KeySpec],
    /// Its group.
    pub group: Group,
    /// Hints for clients and proxies.
    pub tips: &'static [&'static str],
    /// How it runs.
    pub run: Run,
    /// Subcommands, sorted by name.
    pub subcommands: &'static [Command],
}

/// What a data command sees: disjoint pieces of the server, borrowed for one call.
pub struct Exec<'a> {
    /// The arguments, the name first.
    pub args: Args<'a>,
    /// The command, whose name some errors repeat.
    pub command: &'static Command,
    /// Index of the client's database.
    pub db: usize,
    /// All databases, and the effects of this command.
    pub ks: &'a mut Keyspace,
    /// The client's output.
    pub reply: &'a mut Reply,
    /// Options.
    pub config: &'a Config,
    /// The moment of this command.
    pub clock: &'a Clock,
    /// Random choices.
    pub rng: &'a mut Rng,
    /// Positions of arguments that SLOWLOG and MONITOR must not show: passwords.
    pub redacted: &'a mut Vec<usize>,
    /// The command comes from our primary, or from a file: it was valid there, so no size limit applies.
    pub must_obey: bool,
    /// The client may read every key, those too that its arguments do not name. Looked at for commands that have such.
    pub reads_every_key: bool,
    /// DEBUG SET-SKIP-CHECKSUM-VALIDATION.
    pub skip_checksum: bool,
    /// Connections of earlier MIGRATEs.
    pub links: &'a mut Kept,
    /// Whether it may wait for a key, and whether it has done so.
    pub blocking: Blocking<'a>,
}

/// What a command that can wait for keys knows and asks for.
///
/// Such a command looks at its keys; if none has what it wants it asks to wait, replying nothing. Once one of the keys has
/// come to hold such a value the command is run again, for that key alone. If there is nothing in it for this client (it
/// may have been served to another) it asks to wait again and keeps its place in the line.
#[derive(Debug, Default)]
pub struct Blocking<'a> {
    /// Not for a transaction, a script or our primary: they answer at once as if their time were over.
    pub allowed: bool,
    /// It has waited, and this key is the one that is ready.
    pub woken_by: Option<&'a [u8]>,
    /// Of that key, a stream, it wants the entries behind this one.
    pub after: Option<StreamId>,
    /// It is to wait for this.
    pub wait: Option<Wait>,
}

/// What a command waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// A value of this type,
    pub kind: Type,
    /// at one of the keys among these arguments,
    pub keys: Range<usize>,
    /// for so many milliseconds; for ever if none.
    pub timeout_ms: Option<u64>,
    /// What of streams it waits for; ids are as many as keys among the arguments.
    pub news: Option<News>,
}

impl Blocking<'_> {
    /// Whether this key is to be looked at.
    #[must_use]
    pub fn concerns(&self, key: &[u8]) -> bool {
        self.woken_by.is_none_or(|woken_by| woken_by == key)
    }
}

impl Exec<'_> {
    /// Notes that something happened to a key, for keyspace notifications.
    #[inline]
    pub fn notify(&mut self, class: NotifyFlags, event: &'static str, key: &[u8]) {
        self.notify_in(self.db, class, event, key);
    }

    /// The same of a key of another database.
    #[inline]
    pub fn notify_in(&mut self, db: usize, class: NotifyFlags, event: &'static str, key: &[u8]) {
        if self.ks.effects.notify.contains(class) {
            self.ks.effects.reply_at = self.reply.position();
            self.ks.effects.notify(class, event, db, key);
        }
    }

    /// Has what the keyspace notes from here on stand behind what has been replied.
    #[inline]
    pub fn replied(&mut self) {
        if !self.ks.effects.notify.is_empty() {
            self.ks.effects.reply_at = self.reply.position();
        }
    }

    /// Asks to wait for elements; false where nobody may, as if the time were over at once.
    pub fn wait(&mut self, kind: Type, keys: Range<usize>, timeout_ms: Option<u64>) -> bool {
        if self.blocking.allowed {
            self.blocking.wait = Some(Wait { kind, keys, timeout_ms, news: None });
        }
        self.blocking.allowed
    }
}

/// A command's number in the registry: an index into the figures kept for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommandId(pub u16);

/// A command or subcommand as the registry knows it.
pub struct Entry {
    /// The declaration.
    pub command: &'static Command,
    /// `get`, or `config|set`.
    pub full_name: String,
    /// The name by which it is called: another one after rename-command, none when that hid it. Of a subcommand the
    /// full name, which no request can match.
    pub called: String,
    /// Of a subcommand, its container.
    pub parent: Option<CommandId>,
    /// Subcommands by name, lower case.
    pub subcommands: Vec<CommandId>,
    /// The configuration says who may use it, or its container: DEBUG, MODULE.
    pub guarded: bool,
}

/// All commands, by name and by number.
pub struct Registry {
    entries: Vec<Entry>,
    names: Names,
}

impl Registry {
    /// Numbers the commands of a table.
    #[must_use]
    pub fn new(table: &[&'static Command]) -> Self {
        let mut registry = Registry { entries: Vec::new(), names: Names::default() };
        for command in table {
            let id = registry.add(command, command.name.to_owned(), None);
            for sub in command.subcommands {
                let sub_id = registry.add(sub, format!("{}|{}", command.name, sub.name), Some(id));
                registry.entries[usize::from(id.0)].subcommands.push(sub_id);
            }
            registry.names.insert(command.name.as_bytes(), id);
        }
        registry
    }

    fn add(&mut self, command: &'static Command, full_name: String, parent: Option<CommandId>) -> CommandId {
        let id = CommandId(u16::try_from(self.entries.len()).expect("there are a few hundred commands"));
        let called = full_name.clone();
        let top = parent.map_or(command, |parent| self[parent].command);
        let guarded = matches!(top.name, "debug" | "module");
        self.entries.push(Entry { command, full_name, called, parent, subcommands: Vec::new(), guarded });
        id
    }

    /// The command or container of this name, in any case.
    #[must_use]
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<CommandId> {
        self.names.get(name)
    }

    /// The subcommand of a container, in any case.
    #[must_use]
    pub fn find_sub(&self, container: CommandId, name: &[u8]) -> Option<CommandId> {
        let subs = &self[container].subcommands;
        subs.iter().copied().find(|id| self[*id].command.name.as_bytes().eq_ignore_ascii_case(name))
    }

    /// The command that these arguments name, a subcommand where there is one; an unknown subcommand gives its
    /// container.
    #[must_use]
    pub fn resolve(&self, args: Args<'_>) -> Option<CommandId> {
        let id = self.find(args.get(0)?)?;
        if self[id].subcommands.is_empty() || args.len() < 2 {
            return Some(id);
        }
        Some(self.find_sub(id, args.at(1)).unwrap_or(id))
    }

    /// A command by its name with subcommands behind `|`: `config|get`.
    #[must_use]
    pub fn find_full(&self, name: &[u8]) -> Option<CommandId> {
        match name.iter().position(|b| *b == b'|') {
            Some(at) => self.find_sub(self.find(&name[..at])?, &name[at + 1..]),
            None => self.find(name),
        }
    }

    /// Gives a command another name; an empty one hides it. rename-command of redis.conf.
    ///
    /// # Errors
    /// There is no such command, or the new name is taken.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), &'static str> {
        let id = self.find(from).ok_or("No such command in rename-command")?;
        if !to.is_empty() && self.find(to).is_some() {
            return Err("Target command name already exists");
        }
        self.names.remove(from);
        self.entries[usize::from(id.0)].called = String::from_utf8_lossy(to).to_ascii_lowercase();
        if !to.is_empty() {
            self.names.insert(to, id);
        }
        Ok(())
    }

    /// Every command that can be called by its name (not subcommands), in table order.
    pub fn top_level(&self) -> impl Iterator<Item = CommandId> + '_ {
        self.ids().filter(|id| self[*id].parent.is_none())
    }

    /// Every command and subcommand that can be called: not those that rename-command hid.
    pub fn ids(&self) -> impl Iterator<Item = CommandId> + '_ {
        (0..self.entries.len() as u16).map(CommandId).filter(|id| {
            let top = self[*id].parent.unwrap_or(*id);
            !self[top].called.is_empty()
        })
    }

    /// Every command and subcommand, hidden ones too, in the order of their numbers.
    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// How many commands and subcommands there are, hidden ones too.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl std::ops::Index<CommandId> for Registry {
    type Output = Entry;

    fn index(&self, id: CommandId) -> &Entry {
        &self.entries[usize::from(id.0)]
    }
}

impl Command {
    /// Whether so many arguments (the name included) are right.
    #[must_use]
    pub fn accepts(&self, args: usize) -> bool {
        let args = args as i64;
        if self.arity >= 0 { args == i64::from(self.arity) } else { args >= -i64::from(self.arity) }
    }

    /// Whether it declares all of `flags`.
    #[must_use]
    pub fn has(&self, flags: Flags) -> bool {
        self.flags.contains(flags)
    }

    /// Gives the position of every key among these arguments that this row can find, one behind the other.
    pub fn for_each_key(&self, args: Args<'_>, mut each: impl FnMut(usize)) {
        for spec in self.keys.iter().filter(|s| !s.flags.contains(KeyFlags::NOT_KEY)) {
            if let Some(places) = spec.places(args) {
                places.for_each(&mut each);
            }
        }
    }

    /// The positions of the keys among these arguments.
    ///
    /// # Errors
    /// The command has no keys that its row can find, or the arguments do not fit the row.
    pub fn keys_of(&self, args: Args<'_>) -> CmdResult<Vec<(usize, KeyFlags)>> {
        let mut found = Vec::new();
        for spec in self.keys.iter().filter(|s| !s.flags.contains(KeyFlags::NOT_KEY)) {
            spec.find_in(args, &mut found)
                .ok_or_else(|| CmdError::err("Invalid arguments specified for command"))?;
        }
        Ok(found)
    }
}

impl KeySpec {
    /// Adds the positions of this spec's keys; `None` when the arguments do not fit.
    fn find_in(&self, args: Args<'_>, found: &mut Vec<(usize, KeyFlags)>) -> Option<()> {
        found.extend(self.places(args)?.map(|at| (at, self.flags)));
        Some(())
    }

    /// The positions of this spec's keys; `None` when the arguments do not fit.
    fn places(&self, args: Args<'_>) -> Option<impl Iterator<Item = usize> + use<>> {
        let argc = args.len() as i64;
        let first = match self.begin {
            BeginSearch::Index(i) => i64::from(i),
            // The word is an option that was not given.
            BeginSearch::Keyword(word, from) => match keyword_position(args, word, from) {
                Some(at) => at,
                None => return Some((0..0).step_by(1)),
            },
            BeginSearch::Unknown => return None,
        };
        let (first, last, step) = match self.find {
            FindKeys::Range { last, step, limit } => {
                let last = i64::from(last);
                let last = if last >= 0 {
                    first + last
                } else if limit <= 1 {
                    argc + last
                } else {
                    first + (argc - first) / i64::from(limit) + last
                };
                (first, last, i64::from(step))
            }
            FindKeys::KeyNum { at, first: key, step } => {
                let count =
                    std::str::from_utf8(args.get(usize::try_from(first + i64::from(at)).ok()?)?).ok()?;
                let count: i64 = count.parse().ok().filter(|n| *n >= 0)?;
                let key = first + i64::from(key);
                (key, count.checked_sub(1)?.checked_mul(i64::from(step))?.checked_add(key)?, i64::from(step))
            }
            FindKeys::Unknown => return None,
        };
        if last < first || first < 1 || last >= argc {
            return None;
        }
        Some((first as usize..last as usize + 1).step_by(step as usize))
    }
}

fn keyword_position(args: Args<'_>, word: &str, from: i32) -> Option<i64> {
    let len = args.len();
    let is_word = |i: &usize| args.at(*i).eq_ignore_ascii_case(word.as_bytes());
    let at = if from > 0 {
        // The last argument has no key behind it.
        (from as usize..len.saturating_sub(1)).find(is_word)
    } else {
        (1..=len.checked_sub(from.unsigned_abs() as usize)?).rev().find(is_word)
    };
    at.map(|i| i as i64 + 1)
}
