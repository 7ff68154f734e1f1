//! Users as text: the rules that make them, as ACL LIST, ACL SAVE and CONFIG REWRITE write them.
//!
//! The commands of a selector are told as few rules: `+@all` or `-@all`, then the categories that come closest, then single
//! commands. Categories are taken one by one: always the one with the fewest commands that would have to be put right
//! again, and among such the one that settles the most, as long as it settles more than it upsets.

use super::category::NAMES;
use super::commands::{CommandSet, Commands};
use super::pattern::Access;
use super::selector::Selector;
use super::user::User;

/// All rules of a user, with blanks between them.
#[must_use]
pub fn user(user: &User, commands: &Commands) -> Vec<u8> {
    let mut words: Vec<Vec<u8>> = flags(user).map(|flag| flag.as_bytes().to_vec()).collect();
    words.extend(user.passwords.iter().map(|hash| [b"#", hash.text().as_slice()].concat()));
    for (i, each) in user.selectors.iter().enumerate() {
        let text = selector(each, commands);
        words.push(if i == 0 { text } else { [b"(", &*text, b")"].concat() });
    }
    words.join(&b' ')
}

/// The rules that are words about the user itself.
pub fn flags(user: &User) -> impl Iterator<Item = &'static str> {
    let enabled = if user.enabled { "on" } else { "off" };
    let sanitize = match user.sanitize_payload {
        Some(true) => Some("sanitize-payload"),
        Some(false) => Some("skip-sanitize-payload"),
        None => None,
    };
    [Some(enabled), user.nopass.then_some("nopass"), sanitize].into_iter().flatten()
}

fn selector(selector: &Selector, commands: &Commands) -> Vec<u8> {
    let mut words = Vec::new();
    words.extend(Some(key_rules(selector)).filter(|rules| !rules.is_empty()));
    if !selector.all_channels {
        words.push(b"resetchannels".to_vec());
    }
    words.extend(Some(channel_rules(selector)).filter(|rules| !rules.is_empty()));
    words.push(command_rules(selector, commands));
    words.join(&b' ')
}

/// The rules about keys.
#[must_use]
pub fn key_rules(selector: &Selector) -> Vec<u8> {
    if selector.all_keys {
        return b"~*".to_vec();
    }
    let rules = selector.keys.iter().map(|known| {
        let sign: &[u8] = if known.access == Access::READ {
            b"%R~"
        } else if known.access == Access::WRITE {
            b"%W~"
        } else {
            b"~"
        };
        [sign, known.pattern.text()].concat()
    });
    rules.collect::<Vec<_>>().join(&b' ')
}

/// The rules about channels.
#[must_use]
pub fn channel_rules(selector: &Selector) -> Vec<u8> {
    if selector.all_channels {
        return b"&*".to_vec();
    }
    let rules = selector.channels.iter().map(|pattern| [b"&", pattern.text()].concat());
    rules.collect::<Vec<_>>().join(&b' ')
}

/// The rules about commands.
#[must_use]
pub fn command_rules(selector: &Selector, commands: &Commands) -> Vec<u8> {
    let additive = !selector.commands.has_future();
    let sign = if additive { "+" } else { "-" };
    let mut rules = vec![if additive { b"-@all".to_vec() } else { b"+@all".to_vec() }];
    let mut told = if additive { CommandSet::NONE } else { CommandSet::ALL };
    for category in closest_categories(&selector.commands, additive, commands) {
        told.set_all(commands.reach(category), additive);
        rules.push(format!("{sign}@{}", NAMES[category]).into_bytes());
    }
    for number in commands.top_level() {
        let subs = &commands[number].subcommands;
        for one in std::iter::once(&number).chain(subs) {
            let allowed = selector.commands.has(*one);
            if allowed != told.has(*one) {
                let sign = if allowed { "+" } else { "-" };
                rules.push(format!("{sign}{}", commands[*one].full_name).into_bytes());
                told.set(*one, allowed);
                for sub in &commands[*one].subcommands {
                    told.set(*sub, allowed);
                }
            }
        }
        if !selector.commands.has(number) {
            let name = commands[number].full_name.as_bytes();
            let known = selector.first_args.iter().filter(|(command, _)| *command == number);
            let arguments = known.flat_map(|(_, arguments)| arguments);
            rules.extend(arguments.map(|argument| [b"+", name, b"|", argument].concat()));
        }
    }
    rules.join(&b' ')
}

/// The categories to be told, in order.
fn closest_categories(wanted: &CommandSet, additive: bool, commands: &Commands) -> Vec<usize> {
    let mut left = *wanted;
    let mut taken = Vec::new();
    loop {
        let mut best: Option<(usize, u32, u32)> = None;
        for category in (0..NAMES.len()).filter(|category| !taken.contains(category)) {
            let members = commands.members(category);
            let on = left.count_of(members);
            let off = members.len() - on;
            let (same, differ) = if additive { (on, off) } else { (off, on) };
            let better =
                best.is_none_or(|(_, differs, sames)| differ < differs || differ == differs && same > sames);
            if same > differ && better {
                best = Some((category, differ, same));
            }
        }
        let Some((category, ..)) = best else { return taken };
        left.set_all(commands.reach(category), !additive);
        taken.push(category);
    }
}
