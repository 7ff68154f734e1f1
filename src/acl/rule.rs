//! One rule of ACL SETUSER, of a `user` line or of the ACL file, and what it does to a user or a selector.
//!
//! Words end where C's strings do, at a zero byte; passwords do not.

use super::category;
use super::commands::{CommandSet, Commands};
use super::password::Hash;
use super::pattern::{Access, Pattern};
use super::selector::{KeyPattern, Selector};
use super::user::User;
use crate::log_warning;
use crate::protocol::args::c_str;
use crate::protocol::inline::split_words;

/// Why a rule is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleError {
    /// There is no such command or category.
    Unknown,
    /// It is no rule.
    Syntax,
    /// A key pattern after all keys were allowed.
    AllKeys,
    /// A channel pattern after all channels were allowed.
    AllChannels,
    /// The password that is to go is not there.
    NoSuchPassword,
    /// It is no hash.
    BadHash,
    /// `+container|sub|argument`.
    FirstArgOfSubcommand,
}

impl RuleError {
    /// What the client, or the log, is told.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            RuleError::Unknown => "Unknown command or category name in ACL",
            RuleError::Syntax => "Syntax error",
            RuleError::AllKeys => {
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any \
                 effect. Try 'resetkeys' to start with an empty list of patterns"
            }
            RuleError::AllChannels => {
                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any \
                 effect. Try 'resetchannels' to start with an empty list of channels"
            }
            RuleError::NoSuchPassword => "The password you are trying to remove from the user does not exist",
            RuleError::BadHash => {
                "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
            }
            RuleError::FirstArgOfSubcommand => "Allowing first-arg of a subcommand is not supported",
        }
    }
}

/// What rules need to know besides the user.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What they can name.
    pub commands: &'a Commands,
    /// acl-pubsub-default: a new user, and a new selector, may use all channels.
    pub all_channels: bool,
}

/// Whether a text has bytes that cannot stand in a file of rules.
#[must_use]
pub fn has_spaces(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, 0 | b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r'))
}

/// Applies a rule to a user.
///
/// # Errors
/// It is none, or does not fit what the user is.
pub fn apply(user: &mut User, rule: &[u8], context: Context<'_>) -> Result<(), RuleError> {
    let word = c_str(rule);
    let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    match rule {
        [] => {}
        _ if is("on") => user.enabled = true,
        _ if is("off") => user.enabled = false,
        _ if is("skip-sanitize-payload") => user.sanitize_payload = Some(false),
        _ if is("sanitize-payload") => user.sanitize_payload = Some(true),
        _ if is("nopass") => {
            user.nopass = true;
            user.passwords.clear();
        }
        _ if is("resetpass") => user.reset_passwords(),
        [b'>', password @ ..] => user.add_password(Hash::of(password)),
        [b'#', hash @ ..] => user.add_password(Hash::parse(hash).ok_or(RuleError::BadHash)?),
        [b'<', password @ ..] => remove_password(user, Hash::of(password))?,
        [b'!', hash @ ..] => remove_password(user, Hash::parse(hash).ok_or(RuleError::BadHash)?)?,
        [b'(', rules @ .., b')'] => {
            let mut selector = Selector::new(context.all_channels);
            // Quotes that do not balance leave no rules, as in Redis.
            if let Some(rules) = split_words(rules) {
                for rule in rules.as_args().iter() {
                    apply_to_selector(&mut selector, rule, context.commands)?;
                }
            }
            user.selectors.push(selector);
        }
        _ if is("clearselectors") => user.selectors.truncate(1),
        _ if is("reset") => {
            user.reset_passwords();
            user.enabled = false;
            user.sanitize_payload = Some(true);
            user.selectors.truncate(1);
            *user.root_mut() = Selector::new(context.all_channels);
        }
        _ => apply_to_selector(user.root_mut(), rule, context.commands)?,
    }
    Ok(())
}

fn remove_password(user: &mut User, hash: Hash) -> Result<(), RuleError> {
    let at = user.passwords.iter().position(|known| *known == hash).ok_or(RuleError::NoSuchPassword)?;
    user.passwords.remove(at);
    Ok(())
}

/// Applies a rule about commands, keys or channels.
///
/// # Errors
/// It is none, or does not fit what the selector is.
pub fn apply_to_selector(selector: &mut Selector, rule: &[u8], commands: &Commands) -> Result<(), RuleError> {
    let word = c_str(rule);
    let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    match word {
        _ if is("allkeys") || is("~*") => {
            selector.all_keys = true;
            selector.keys.clear();
        }
        _ if is("resetkeys") => {
            selector.all_keys = false;
            selector.keys.clear();
        }
        _ if is("allchannels") || is("&*") => {
            selector.all_channels = true;
            selector.channels.clear();
        }
        _ if is("resetchannels") => {
            selector.all_channels = false;
            selector.channels.clear();
        }
        _ if is("allcommands") || is("+@all") => set_every_command(selector, true),
        _ if is("nocommands") || is("-@all") => set_every_command(selector, false),
        [b'~' | b'%', ..] => add_key_pattern(selector, rule)?,
        [b'&', ..] => {
            let text = &rule[1..];
            if selector.all_channels {
                return Err(RuleError::AllChannels);
            }
            if has_spaces(text) {
                return Err(RuleError::Syntax);
            }
            if !selector.channels.iter().any(|known| known.text() == text) {
                selector.channels.push(Pattern::new(text));
            }
        }
        [sign @ (b'+' | b'-'), b'@', name @ ..] => {
            let category = category::index_of(name).ok_or(RuleError::Unknown)?;
            selector.set_category(commands, category, *sign == b'+');
        }
        [b'+', name @ ..] => allow(selector, name, commands)?,
        [b'-', name @ ..] => {
            let command = commands.find(name).ok_or(RuleError::Unknown)?;
            selector.set_command(commands, command, false);
        }
        _ => return Err(RuleError::Syntax),
    }
    Ok(())
}

fn set_every_command(selector: &mut Selector, allowed: bool) {
    selector.commands = if allowed { CommandSet::ALL } else { CommandSet::NONE };
    selector.all_commands = allowed;
    selector.first_args.clear();
}

/// `~pattern`, or `%R~pattern` with `W` and `RW` likewise.
fn add_key_pattern(selector: &mut Selector, rule: &[u8]) -> Result<(), RuleError> {
    if selector.all_keys {
        return Err(RuleError::AllKeys);
    }
    let mut access = Access::empty();
    let text = if rule[0] == b'~' {
        access = Access::all();
        &rule[1..]
    } else {
        let mut at = 1;
        loop {
            let named = match rule.get(at) {
                Some(b'R' | b'r') => Access::READ,
                Some(b'W' | b'w') => Access::WRITE,
                Some(b'~') if !access.is_empty() => break &rule[at + 1..],
                // `%RW` alone is the empty pattern, as in Redis.
                None if !access.is_empty() => break &[],
                _ => return Err(RuleError::Syntax),
            };
            if access.contains(named) {
                return Err(RuleError::Syntax);
            }
            access |= named;
            at += 1;
        }
    };
    if has_spaces(text) {
        return Err(RuleError::Syntax);
    }
    match selector.keys.iter_mut().find(|known| known.pattern.text() == text) {
        Some(known) => known.access |= access,
        None => selector.keys.push(KeyPattern { pattern: Pattern::new(text), access }),
    }
    Ok(())
}

/// `+name`, `+container|subcommand` or `+command|argument`.
fn allow(selector: &mut Selector, name: &[u8], commands: &Commands) -> Result<(), RuleError> {
    let Some(bar) = name.iter().rposition(|byte| *byte == b'|') else {
        let command = commands.find(name).ok_or(RuleError::Unknown)?;
        selector.set_command(commands, command, true);
        return Ok(());
    };
    let argument = &name[bar + 1..];
    let command = commands.find(&name[..bar]).ok_or(RuleError::Unknown)?;
    if commands[command].parent.is_some() {
        return Err(RuleError::FirstArgOfSubcommand);
    }
    if argument.is_empty() {
        return Err(RuleError::Syntax);
    }
    if commands[command].subcommands.is_empty() {
        log_warning!(
            "Deprecation warning: Allowing a first arg of an otherwise blocked command is a misuse of ACL and may get \
             disabled in the future (offender: +{})",
            String::from_utf8_lossy(name)
        );
        selector.allow_first_arg(command, argument);
    } else {
        let command = commands.find(name).ok_or(RuleError::Unknown)?;
        selector.set_command(commands, command, true);
    }
    Ok(())
}
