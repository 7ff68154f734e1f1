//! All users, by name and by number.
//!
//! A number is a place in a list and stays a user's as long as it lives. Whoever holds one of a user that is deleted must be
//! given another: the server moves its clients to the default user, whose number is 0 and who always lives.

use super::describe;
use super::rule::{self, Context, RuleError, has_spaces};
use super::user::User;
use crate::protocol::args::c_str;
use std::collections::BTreeMap;

/// A user's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserId(u32);

impl UserId {
    /// The user that a connection has before it logs in.
    pub const DEFAULT: UserId = UserId(0);
}

/// Name of the user that a connection has before it logs in.
pub const DEFAULT_NAME: &[u8] = b"default";

/// A rule that is refused, as it was written, and why.
#[derive(Debug)]
pub struct Refused {
    rule: Vec<u8>,
    /// None: a parenthesis in it is not closed.
    error: Option<RuleError>,
}

impl Refused {
    /// What the client of ACL SETUSER is told.
    #[must_use]
    pub fn to_client(&self) -> Vec<u8> {
        let rule = c_str(&self.rule);
        match self.error {
            Some(error) => {
                [b"Error in ACL SETUSER modifier '", rule, b"': ", error.text().as_bytes()].concat()
            }
            None => [b"Unmatched parenthesis in acl selector starting at '", rule, b"'."].concat(),
        }
    }

    /// What the log is told when the rule stands in redis.conf.
    #[must_use]
    pub fn to_log(&self, user: &str) -> String {
        let rule = String::from_utf8_lossy(c_str(&self.rule));
        let why = self.error.unwrap_or(RuleError::Syntax).text();
        format!("Error loading ACL rule '{rule}' for the user named '{user}': {why}")
    }
}

/// All users.
#[derive(Debug, Clone)]
pub struct Users {
    places: Vec<Option<User>>,
    by_name: BTreeMap<Box<[u8]>, UserId>,
}

impl Default for Users {
    /// The default user alone, who may do everything without a password.
    fn default() -> Self {
        let mut users = Users { places: Vec::new(), by_name: BTreeMap::new() };
        users.insert(default_user());
        users
    }
}

fn default_user() -> User {
    let mut user = User::new(DEFAULT_NAME, true);
    user.enabled = true;
    user.nopass = true;
    let root = user.root_mut();
    root.all_keys = true;
    root.all_commands = true;
    root.commands = super::commands::CommandSet::ALL;
    user
}

impl std::ops::Index<UserId> for Users {
    type Output = User;

    #[inline]
    fn index(&self, id: UserId) -> &User {
        self.places[id.0 as usize].as_ref().expect("nobody holds the number of a user that is gone")
    }
}

impl Users {
    fn insert(&mut self, user: User) -> UserId {
        let free = self.places.iter().position(Option::is_none);
        let place = free.unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() - 1
        });
        let id = UserId(place as u32);
        self.by_name.insert(user.name.clone(), id);
        self.places[place] = Some(user);
        id
    }

    /// The user of this name.
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<UserId> {
        self.by_name.get(name).copied()
    }

    /// The default user.
    #[must_use]
    pub fn default_user(&self) -> &User {
        &self[UserId::DEFAULT]
    }

    /// The default user.
    pub fn default_user_mut(&mut self) -> &mut User {
        self.places[0].as_mut().expect("the default user always lives")
    }

    /// All users by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &User> {
        self.by_name.values().map(|id| &self[*id])
    }

    /// Takes a user out; the default user cannot be.
    pub fn remove(&mut self, name: &[u8]) -> Option<UserId> {
        if name == DEFAULT_NAME {
            return None;
        }
        let id = self.by_name.remove(name)?;
        self.places[id.0 as usize] = None;
        Some(id)
    }

    /// What a user would be after these rules; one that does not exist begins as one who may do nothing.
    ///
    /// # Errors
    /// The rule that is none.
    pub fn changed(&self, name: &[u8], rules: &[&[u8]], context: Context<'_>) -> Result<User, Refused> {
        let rules = merged(rules).map_err(|at| Refused { rule: rules[at].to_vec(), error: None })?;
        let mut user =
            self.find(name).map_or_else(|| User::new(name, context.all_channels), |id| self[id].clone());
        for rule in rules {
            if let Err(error) = rule::apply(&mut user, &rule, context) {
                return Err(Refused { rule, error: Some(error) });
            }
        }
        Ok(user)
    }

    /// Puts a user in, or in the place of the one of the same name.
    pub fn put(&mut self, user: User) -> UserId {
        match self.find(&user.name) {
            Some(id) => {
                self.places[id.0 as usize] = Some(user);
                id
            }
            None => self.insert(user),
        }
    }

    /// The user that this name and password are of.
    #[must_use]
    pub fn authenticate(&self, name: &[u8], password: &[u8]) -> Option<UserId> {
        let id = self.find(name)?;
        self[id].accepts(password).then_some(id)
    }

    /// Each user as a line of an ACL file, without `user ` and without an end.
    #[must_use]
    pub fn lines(&self, context: Context<'_>) -> Vec<Vec<u8>> {
        self.iter()
            .map(|user| [&*user.name, b" ", &describe::user(user, context.commands)].concat())
            .collect()
    }

    /// Reads an ACL file. `name` is what it is called in errors.
    ///
    /// # Errors
    /// All that is wrong with it, in one line.
    pub fn parse(text: &[u8], name: &str, context: Context<'_>) -> Result<Users, Vec<u8>> {
        let mut file = File { users: BTreeMap::new(), errors: Vec::new(), name, context };
        // To Redis a zero byte ends what it has read of a line, and with it the line's end.
        let text: Vec<u8> = text.split_inclusive(|byte| *byte == b'\n').flat_map(c_str).copied().collect();
        for (i, line) in text.split(|byte| *byte == b'\n').enumerate() {
            file.line(i + 1, line);
        }
        let File { mut users, mut errors, .. } = file;
        if !errors.is_empty() {
            errors.extend_from_slice(
                b"WARNING: ACL errors detected, no change to the previously active ACL rules was performed",
            );
            return Err(errors);
        }
        let mut all = Users::default();
        if let Some(user) = users.remove(DEFAULT_NAME) {
            all.put(user);
        }
        for (_, user) in users {
            all.insert(user);
        }
        Ok(all)
    }
}

/// Puts the rules of a selector that are spread over several words together: `(+get` and `~a)`.
///
/// # Errors
/// A parenthesis is not closed: which word it is in.
fn merged(rules: &[&[u8]]) -> Result<Vec<Vec<u8>>, usize> {
    let mut all = Vec::with_capacity(rules.len());
    let mut open: Option<(usize, Vec<u8>)> = None;
    for (i, rule) in rules.iter().enumerate() {
        if let Some((_, selector)) = &mut open
            && (!rule.starts_with(b"(") || rule.ends_with(b")"))
        {
            selector.push(b' ');
            selector.extend_from_slice(c_str(rule));
            if rule.ends_with(b")") {
                all.extend(open.take().map(|(_, selector)| selector));
            }
        } else if rule.starts_with(b"(") && !rule.ends_with(b")") {
            // One within another takes its place, as in Redis.
            open = Some((i, rule.to_vec()));
        } else {
            all.push(rule.to_vec());
        }
    }
    match open {
        Some((at, _)) => Err(at),
        None => Ok(all),
    }
}

/// Whether the words of a `user` line are rules. Commands and categories are looked at later.
///
/// # Errors
/// The word that is none, by its number, and why not.
pub fn check_rules(rules: &[&[u8]], context: Context<'_>) -> Result<(), (usize, RuleError)> {
    let merged = merged(rules).map_err(|at| (at, RuleError::Syntax))?;
    let mut user = User::new(b"", context.all_channels);
    for (i, rule) in merged.iter().enumerate() {
        match rule::apply(&mut user, rule, context) {
            Ok(()) | Err(RuleError::Unknown) => {}
            Err(error) => return Err((i, error)),
        }
    }
    Ok(())
}

/// An ACL file that is being read.
struct File<'a> {
    users: BTreeMap<Box<[u8]>, User>,
    errors: Vec<u8>,
    name: &'a str,
    context: Context<'a>,
}

impl File<'_> {
    fn line(&mut self, number: usize, line: &[u8]) {
        let line = trim(line, b" \t\r\n");
        if line.is_empty() {
            return;
        }
        let place = format!("{}:{number}", self.name);
        let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        let (Some(name), b"user") = (words.get(1).copied(), words[0]) else {
            let what = "should start with user keyword followed by the username. ";
            return self.errors.extend_from_slice(format!("{place} {what}").as_bytes());
        };
        if has_spaces(name) {
            let parts = [b"'", place.as_bytes(), b": username '", name, b"' contains invalid characters. "];
            return self.errors.extend_from_slice(&parts.concat());
        }
        if self.users.contains_key(name) {
            let on_line = format!("' found on line {number}. ");
            let parts = [b"WARNING: Duplicate user '", name, on_line.as_bytes()];
            return self.errors.extend_from_slice(&parts.concat());
        }
        let mut user = User::new(name, self.context.all_channels);
        self.rules(&mut user, &words[2..], &place);
        self.users.insert(name.into(), user);
    }

    fn rules(&mut self, user: &mut User, words: &[&[u8]], place: &str) {
        let Ok(rules) = merged(words) else {
            let what = ": Unmatched parenthesis in selector definition.";
            return self.errors.extend_from_slice(format!("{place}{what}").as_bytes());
        };
        let mut told = false;
        for rule in &rules {
            let rule = trim(rule, b"\t\r\n");
            match rule::apply(user, rule, self.context) {
                Ok(()) => {}
                // Which command it is can be told: it is no secret.
                Err(error @ RuleError::Unknown) => {
                    let text = format!("': {}. ", error.text());
                    let parts = [place.as_bytes(), b": Error in applying operation '", rule, text.as_bytes()];
                    self.errors.extend_from_slice(&parts.concat());
                }
                // One is enough: it may be why others are wrong too.
                Err(error) if !told => {
                    told = true;
                    self.errors.extend_from_slice(format!("{place}: {}. ", error.text()).as_bytes());
                }
                Err(_) => {}
            }
        }
    }
}

fn trim<'a>(text: &'a [u8], blanks: &[u8]) -> &'a [u8] {
    let start = text.iter().position(|byte| !blanks.contains(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !blanks.contains(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}
