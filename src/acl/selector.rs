//! A selector: commands with the keys and channels that they may be about. A user has one of its own, the root, and any
//! number in parentheses; what one of them allows is allowed.

use super::commands::{CommandSet, Commands};
use super::pattern::{Access, Pattern, Subject};
use crate::protocol::Args;
use crate::protocol::args::c_str;

/// A selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// It was given `+@all` and lost no command since.
    pub all_commands: bool,
    /// Every key.
    pub all_keys: bool,
    /// Every channel.
    pub all_channels: bool,
    /// The commands.
    pub commands: CommandSet,
    /// First arguments with which a command that is not allowed is allowed all the same.
    pub first_args: Vec<(u16, Vec<Box<[u8]>>)>,
    /// Key patterns.
    pub keys: Vec<KeyPattern>,
    /// Channel patterns.
    pub channels: Vec<Pattern>,
}

/// Keys, and what may be done with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPattern {
    /// Their names.
    pub pattern: Pattern,
    /// What may be done with them.
    pub access: Access,
}

/// A request, as far as it matters who may make it.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The command's number.
    pub command: u16,
    /// It needs no login: whoever may speak to us may say it.
    pub open: bool,
    /// Its arguments.
    pub args: Args<'a>,
    /// Positions of its keys, and what it does with each.
    pub keys: &'a [(usize, Access)],
    /// Positions of the channels that it publishes to or subscribes to; true: of patterns of channels.
    pub channels: &'a [(usize, bool)],
}

/// Why a request is refused. A selector that comes further, in this order, has more to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// The command.
    Command,
    /// The key at this position.
    Key(usize),
    /// The channel at this position.
    Channel(usize),
}

impl Selector {
    /// A selector that allows nothing, but perhaps all channels.
    #[must_use]
    pub fn new(all_channels: bool) -> Self {
        Selector {
            all_commands: false,
            all_keys: false,
            all_channels,
            commands: CommandSet::NONE,
            first_args: Vec::new(),
            keys: Vec::new(),
            channels: Vec::new(),
        }
    }

    /// Whether it allows everything.
    #[must_use]
    pub fn allows_all(&self) -> bool {
        self.all_commands && self.all_keys && self.all_channels
    }

    /// Allows a command and its subcommands, or forbids them.
    pub fn set_command(&mut self, commands: &Commands, command: u16, allowed: bool) {
        self.set_bit(command, allowed);
        self.first_args.retain(|(known, _)| *known != command);
        for sub in &commands[command].subcommands {
            self.set_bit(*sub, allowed);
        }
    }

    fn set_bit(&mut self, command: u16, allowed: bool) {
        self.commands.set(command, allowed);
        self.all_commands &= allowed;
    }

    /// Allows the commands of a category, or forbids them.
    pub fn set_category(&mut self, commands: &Commands, category: usize, allowed: bool) {
        let reach = commands.reach(category);
        self.commands.set_all(reach, allowed);
        self.all_commands &= allowed || reach.is_empty();
        self.first_args.retain(|(known, _)| !commands.members(category).has(*known));
    }

    /// Allows a command with this first argument.
    pub fn allow_first_arg(&mut self, command: u16, argument: &[u8]) {
        let at = match self.first_args.iter().position(|(known, _)| *known == command) {
            Some(at) => at,
            None => {
                self.first_args.push((command, Vec::new()));
                self.first_args.len() - 1
            }
        };
        let known = &mut self.first_args[at].1;
        if !known.iter().any(|known| known.eq_ignore_ascii_case(argument)) {
            known.push(argument.into());
        }
    }

    /// Whether it allows a request.
    ///
    /// # Errors
    /// What it does not allow of it.
    #[inline]
    pub fn check(&self, request: Request<'_>) -> Result<(), Denied> {
        if !request.open && !self.commands.has(request.command) && !self.allows_first_arg(request) {
            return Err(Denied::Command);
        }
        if !self.all_keys {
            for (at, access) in request.keys {
                if !self.allows_key(request.args.at(*at), *access) {
                    return Err(Denied::Key(*at));
                }
            }
        }
        if !self.all_channels {
            for (at, is_pattern) in request.channels {
                if !self.allows_channel(request.args.at(*at), *is_pattern) {
                    return Err(Denied::Channel(*at));
                }
            }
        }
        Ok(())
    }

    #[cold]
    fn allows_first_arg(&self, request: Request<'_>) -> bool {
        let Some(given) = request.args.get(1).map(c_str) else { return false };
        let known = self.first_args.iter().find(|(command, _)| *command == request.command);
        known.is_some_and(|(_, known)| known.iter().any(|known| known.eq_ignore_ascii_case(given)))
    }

    #[inline]
    fn allows_key(&self, key: &[u8], access: Access) -> bool {
        let key = Subject::new(key);
        self.keys.iter().any(|known| known.pattern.matches(key) && known.access.contains(access))
    }

    /// Whether it allows a channel; a pattern of channels must be one of its own, to the letter.
    #[must_use]
    pub fn allows_channel(&self, channel: &[u8], is_pattern: bool) -> bool {
        if self.all_channels {
            return true;
        }
        if is_pattern {
            let channel = c_str(channel);
            return self.channels.iter().any(|known| known.text() == channel);
        }
        let channel = Subject::new(channel);
        self.channels.iter().any(|known| known.matches(channel))
    }

    /// Whether it allows this access to every key.
    #[must_use]
    pub fn allows_every_key(&self, access: Access) -> bool {
        let every = |known: &KeyPattern| known.pattern.text() == b"*" && known.access.contains(access);
        self.all_keys || self.keys.iter().any(every)
    }
}
