//! What COMMAND DOCS tells of each command beyond its row: a summary, when it came and how it changed, and the tree of
//! its arguments, from which redis-cli makes its hints. One file a group; each is a table sorted by full name.
//!
//! Trees are written with the constructors of [`Arg`], outermost first:
//!
//! ```text
//! SET key value [NX | XX]
//!   Arg::key("key", 0), Arg::string("value"),
//!   Arg::oneof("condition", &[Arg::token("nx", "NX"), Arg::token("xx", "XX")]).optional()
//! ```

pub mod bitmap;
pub mod connection;
pub mod generic;
pub mod geo;
pub mod hash;
pub mod hyperloglog;
pub mod list;
pub mod pubsub;
pub mod server;
pub mod set;
pub mod sorted_set;
pub mod stream;
pub mod string;
pub mod transactions;

/// The tables of all groups.
const GROUPS: &[&[Docs]] = &[
    bitmap::DOCS,
    connection::DOCS,
    generic::DOCS,
    geo::DOCS,
    hash::DOCS,
    hyperloglog::DOCS,
    list::DOCS,
    pubsub::DOCS,
    server::DOCS,
    set::DOCS,
    sorted_set::DOCS,
    stream::DOCS,
    string::DOCS,
    transactions::DOCS,
];

/// What is told of one command.
#[derive(Debug)]
pub struct Docs {
    /// Full name, lower case: `config|set`.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// The version of Redis that brought it.
    pub since: &'static str,
    /// How its cost grows; empty when nobody said.
    pub complexity: &'static str,
    /// Not for people: other servers send it.
    pub syscmd: bool,
    /// Since when another command is to be used, and which.
    pub deprecated: Option<(&'static str, &'static str)>,
    /// Version and change, in order.
    pub history: &'static [(&'static str, &'static str)],
    /// Arguments in order.
    pub arguments: &'static [Arg],
}

impl Docs {
    /// A command without arguments, and nothing more to tell.
    #[must_use]
    pub const fn new(
        name: &'static str,
        since: &'static str,
        summary: &'static str,
        complexity: &'static str,
    ) -> Self {
        Docs {
            name,
            summary,
            since,
            complexity,
            syscmd: false,
            deprecated: None,
            history: &[],
            arguments: &[],
        }
    }

    /// With these arguments.
    #[must_use]
    pub const fn args(mut self, arguments: &'static [Arg]) -> Self {
        self.arguments = arguments;
        self
    }

    /// With these changes, each a version and what it brought.
    #[must_use]
    pub const fn history(mut self, history: &'static [(&'static str, &'static str)]) -> Self {
        self.history = history;
        self
    }

    /// Replaced since a version by another command.
    #[must_use]
    pub const fn deprecated(mut self, since: &'static str, by: &'static str) -> Self {
        self.deprecated = Some((since, by));
        self
    }

    /// Sent by servers, not by people.
    #[must_use]
    pub const fn syscmd(mut self) -> Self {
        self.syscmd = true;
        self
    }
}

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgType {
    /// Any bytes.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Double,
    /// The name of a key.
    Key,
    /// A glob.
    Pattern,
    /// A moment, since the epoch.
    UnixTime,
    /// A word that stands for itself.
    PureToken,
    /// One of the arguments below it.
    OneOf,
    /// All of the arguments below it.
    Block,
}

impl ArgType {
    /// The name that COMMAND DOCS gives it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ArgType::String => "string",
            ArgType::Integer => "integer",
            ArgType::Double => "double",
            ArgType::Key => "key",
            ArgType::Pattern => "pattern",
            ArgType::UnixTime => "unix-time",
            ArgType::PureToken => "pure-token",
            ArgType::OneOf => "oneof",
            ArgType::Block => "block",
        }
    }
}

/// One argument, with those below it.
#[derive(Debug)]
pub struct Arg {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: ArgType,
    /// Of a key, the number of its key spec.
    pub key_spec: Option<u8>,
    /// The word that stands before it, or that it is.
    pub token: Option<&'static str>,
    /// The version that brought it, when it is younger than its command.
    pub since: Option<&'static str>,
    /// The version since which it is not to be used.
    pub deprecated_since: Option<&'static str>,
    /// May be left out.
    pub optional: bool,
    /// May be repeated.
    pub multiple: bool,
    /// Repeated with its token, not behind one.
    pub multiple_token: bool,
    /// Arguments of a block or choice.
    pub arguments: &'static [Arg],
}

impl Arg {
    const fn new(name: &'static str, kind: ArgType) -> Self {
        Arg {
            name,
            kind,
            key_spec: None,
            token: None,
            since: None,
            deprecated_since: None,
            optional: false,
            multiple: false,
            multiple_token: false,
            arguments: &[],
        }
    }

    /// Any bytes.
    #[must_use]
    pub const fn string(name: &'static str) -> Self {
        Self::new(name, ArgType::String)
    }

    /// A whole number.
    #[must_use]
    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, ArgType::Integer)
    }

    /// A number.
    #[must_use]
    pub const fn double(name: &'static str) -> Self {
        Self::new(name, ArgType::Double)
    }

    /// A glob.
    #[must_use]
    pub const fn pattern(name: &'static str) -> Self {
        Self::new(name, ArgType::Pattern)
    }

    /// A moment, since the epoch.
    #[must_use]
    pub const fn unix_time(name: &'static str) -> Self {
        Self::new(name, ArgType::UnixTime)
    }

    /// A key, found by this key spec of the command's row.
    #[must_use]
    pub const fn key(name: &'static str, key_spec: u8) -> Self {
        let mut arg = Self::new(name, ArgType::Key);
        arg.key_spec = Some(key_spec);
        arg
    }

    /// Made of keys that this key spec of the command's row speaks of.
    #[must_use]
    pub const fn of_spec(mut self, key_spec: u8) -> Self {
        self.key_spec = Some(key_spec);
        self
    }

    /// A word that stands for itself.
    #[must_use]
    pub const fn token(name: &'static str, token: &'static str) -> Self {
        Self::new(name, ArgType::PureToken).behind(token)
    }

    /// One of these.
    #[must_use]
    pub const fn oneof(name: &'static str, arguments: &'static [Arg]) -> Self {
        let mut arg = Self::new(name, ArgType::OneOf);
        arg.arguments = arguments;
        arg
    }

    /// All of these.
    #[must_use]
    pub const fn block(name: &'static str, arguments: &'static [Arg]) -> Self {
        let mut arg = Self::new(name, ArgType::Block);
        arg.arguments = arguments;
        arg
    }

    /// Behind this word.
    #[must_use]
    pub const fn behind(mut self, token: &'static str) -> Self {
        self.token = Some(token);
        self
    }

    /// Younger than its command.
    #[must_use]
    pub const fn since(mut self, version: &'static str) -> Self {
        self.since = Some(version);
        self
    }

    /// Not to be used since this version.
    #[must_use]
    pub const fn deprecated(mut self, version: &'static str) -> Self {
        self.deprecated_since = Some(version);
        self
    }

    /// May be left out.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// May be repeated.
    #[must_use]
    pub const fn multiple(mut self) -> Self {
        self.multiple = true;
        self
    }

    /// May be repeated, each time with its token.
    #[must_use]
    pub const fn multiple_token(mut self) -> Self {
        self.multiple_token = true;
        self
    }
}

/// What is told of the command of this full name.
#[must_use]
pub fn find(full_name: &str) -> Option<&'static Docs> {
    GROUPS.iter().find_map(|group| {
        let at = group.binary_search_by(|docs| docs.name.cmp(full_name)).ok()?;
        Some(&group[at])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_sorted_so_that_find_finds_every_entry() {
        for group in GROUPS {
            assert!(group.is_sorted_by(|a, b| a.name < b.name));
            for docs in *group {
                assert_eq!(find(docs.name).map(|d| d.name), Some(docs.name));
            }
        }
        assert!(find("no|such").is_none());
    }

    #[test]
    fn blocks_and_choices_alone_have_arguments_below_them() {
        fn check(args: &[Arg]) {
            for arg in args {
                let holds_more = matches!(arg.kind, ArgType::OneOf | ArgType::Block);
                assert_eq!(holds_more, !arg.arguments.is_empty(), "{arg:?}");
                assert!(arg.kind != ArgType::Key || arg.key_spec.is_some(), "{arg:?}");
                check(arg.arguments);
            }
        }
        GROUPS.iter().flat_map(|g| g.iter()).for_each(|docs| check(docs.arguments));
    }
}
