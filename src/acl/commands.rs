//! The commands that rules can name, each with a number: a bit in the set of what a user may run.
//!
//! A command of this server has the number that it has in the registry. Behind those come the commands of Redis 7.0.15 that
//! this server does not have: a rule about one of them is understood and written back, so that files made for Redis load.
//! Names are those of the table, whatever rename-command does.

use super::category::{self, Categories, NAMES};
use std::collections::HashMap;

/// Commands of Redis 7.0.15 and their categories, a line each.
pub(super) const REDIS_COMMANDS: &str = include_str!("redis_commands.txt");

const WORDS: usize = 16;
/// More commands than this cannot be told apart. The last bit stands for commands that do not exist yet.
const COMMANDS_MAX: usize = WORDS * 64 - 1;

/// A set of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandSet([u64; WORDS]);

impl CommandSet {
    /// No command.
    pub const NONE: CommandSet = CommandSet([0; WORDS]);
    /// Every command, those that do not exist yet too.
    pub const ALL: CommandSet = CommandSet([u64::MAX; WORDS]);

    /// Whether a command is in it.
    #[inline]
    #[must_use]
    pub fn has(&self, command: u16) -> bool {
        let at = usize::from(command);
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 != 0)
    }

    /// Whether commands that do not exist yet are in it.
    #[must_use]
    pub fn has_future(&self) -> bool {
        self.has(COMMANDS_MAX as u16)
    }

    /// Puts a command in or takes it out.
    pub fn set(&mut self, command: u16, present: bool) {
        let at = usize::from(command);
        let bit = 1 << (at % 64);
        if present {
            self.0[at / 64] |= bit;
        } else {
            self.0[at / 64] &= !bit;
        }
    }

    /// Puts all of `others` in or takes them out.
    pub fn set_all(&mut self, others: &CommandSet, present: bool) {
        for (word, others) in self.0.iter_mut().zip(others.0) {
            if present {
                *word |= others;
            } else {
                *word &= !others;
            }
        }
    }

    /// How many of these commands are in it too.
    #[must_use]
    pub fn count_of(&self, others: &CommandSet) -> u32 {
        self.0.iter().zip(others.0).map(|(a, b)| (a & b).count_ones()).sum()
    }

    /// How many commands there are in it.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.count_of(&CommandSet::ALL)
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == CommandSet::NONE
    }
}

/// A command as rules know it.
#[derive(Debug)]
pub struct Known {
    /// `get`, or `config|set`.
    pub full_name: String,
    /// Of a subcommand, its container.
    pub parent: Option<u16>,
    /// Of a container, its subcommands.
    pub subcommands: Vec<u16>,
}

/// All commands that rules can name.
#[derive(Debug)]
pub struct Commands {
    all: Vec<Known>,
    by_name: HashMap<Box<[u8]>, u16>,
    categories: [Category; NAMES.len()],
}

#[derive(Debug, Clone, Copy)]
struct Category {
    members: CommandSet,
    /// The members, and the subcommands of those that are containers: what a rule about the category sets.
    reach: CommandSet,
}

impl Commands {
    /// The commands of this server, in the order of their numbers: the full name of each, and its categories. A container
    /// comes before its subcommands.
    #[must_use]
    pub fn new<'a>(ours: impl Iterator<Item = (&'a str, Categories)>) -> Commands {
        let mut commands = Commands::of(ours);
        for (name, categories) in redis_commands() {
            if !commands.by_name.contains_key(name.as_bytes()) {
                commands.add(name, categories);
            }
        }
        commands
    }

    /// These commands and no others.
    pub(super) fn of<'a>(all: impl Iterator<Item = (&'a str, Categories)>) -> Commands {
        let none = Category { members: CommandSet::NONE, reach: CommandSet::NONE };
        let mut commands =
            Commands { all: Vec::new(), by_name: HashMap::new(), categories: [none; NAMES.len()] };
        for (name, categories) in all {
            commands.add(name, categories);
        }
        commands
    }

    fn add(&mut self, full_name: &str, categories: Categories) {
        assert!(self.all.len() < COMMANDS_MAX, "more commands than a set can hold");
        let number = self.all.len() as u16;
        let container = full_name.split_once('|').map(|(container, _)| container);
        let parent = container.and_then(|name| self.by_name.get(name.as_bytes()).copied());
        if let Some(parent) = parent {
            self.all[usize::from(parent)].subcommands.push(number);
        }
        for (i, category) in self.categories.iter_mut().enumerate() {
            let member = categories.has(i);
            if member {
                category.members.set(number, true);
            }
            if member || parent.is_some_and(|parent| category.members.has(parent)) {
                category.reach.set(number, true);
            }
        }
        self.by_name.insert(full_name.as_bytes().into(), number);
        self.all.push(Known { full_name: full_name.to_owned(), parent, subcommands: Vec::new() });
    }

    /// The command of this full name, in any case.
    #[must_use]
    pub fn find(&self, full_name: &[u8]) -> Option<u16> {
        self.by_name.get(full_name.to_ascii_lowercase().as_slice()).copied()
    }

    /// Every command that is no subcommand.
    pub fn top_level(&self) -> impl Iterator<Item = u16> + '_ {
        (0..self.all.len() as u16).filter(|number| self[*number].parent.is_none())
    }

    /// The commands of a category.
    #[must_use]
    pub fn members(&self, category: usize) -> &CommandSet {
        &self.categories[category].members
    }

    /// The commands that a rule about a category sets.
    #[must_use]
    pub fn reach(&self, category: usize) -> &CommandSet {
        &self.categories[category].reach
    }
}

impl std::ops::Index<u16> for Commands {
    type Output = Known;

    fn index(&self, number: u16) -> &Known {
        &self.all[usize::from(number)]
    }
}

/// The commands of Redis 7.0.15.
pub(super) fn redis_commands() -> impl Iterator<Item = (&'static str, Categories)> {
    REDIS_COMMANDS.lines().map(|line| {
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let bits =
            words.filter_map(|word| category::index_of(word.as_bytes())).fold(0, |bits, i| bits | 1 << i);
        (name, Categories::from_bits_retain(bits))
    })
}
