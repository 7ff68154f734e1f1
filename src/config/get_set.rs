//! CONFIG GET and CONFIG SET.
//!
//! SET is all or nothing: every value is checked and stored in a copy, which replaces the config only when all were
//! taken. What a change means outside of the config (another port to listen on, another log level) is done by the
//! caller, who gets the list of options that changed and can put the old config back when that fails.

use super::error::SetError;
use super::options::{self, Flags, Row};
use super::settings::Config;
use c_compat::glob;

/// What decides, besides the value, whether an option may be set now.
#[derive(Clone, Copy, Debug)]
pub struct SetRights {
    /// Data is being loaded.
    pub loading: bool,
    /// The client may set protected options: see enable-protected-configs.
    pub protected: bool,
}

/// What a CONFIG SET changed.
#[derive(Debug)]
pub struct Changes {
    rows: Vec<&'static Row>,
    old: Box<Config>,
}

impl Changes {
    /// The options with a new value, and those whose value may mean something new though it reads as before, in the
    /// order they were given.
    pub fn iter(&self) -> impl Iterator<Item = &'static Row> + '_ {
        self.rows.iter().copied()
    }

    /// Whether the option of this (newer) name changed.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        debug_assert!(options::all().any(|row| row.name == name), "no option {name}");
        self.rows.iter().any(|row| row.name == name)
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The config as it was.
    #[must_use]
    pub fn old(&self) -> &Config {
        &self.old
    }

    /// The config as it was, to be put back when a change could not be applied.
    #[must_use]
    pub fn into_old(self) -> Config {
        *self.old
    }
}

impl Config {
    /// CONFIG GET: the options that match one of the patterns, each once, by the name that matched. Hidden options
    /// must be named in full.
    #[must_use]
    pub fn get(&self, patterns: &[&[u8]]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for pattern in patterns {
            if !pattern.iter().any(|byte| b"[*?".contains(byte)) {
                if let Some((row, _)) = options::lookup(pattern) {
                    self.add_found(&mut found, pattern, row);
                }
                continue;
            }
            for row in options::all().filter(|row| !row.flags.contains(Flags::HIDDEN)) {
                for name in row.names().filter(|name| glob::matches(pattern, name.as_bytes(), true)) {
                    self.add_found(&mut found, name.as_bytes(), row);
                }
            }
        }
        found
    }

    fn add_found(&self, found: &mut Vec<(Vec<u8>, Vec<u8>)>, name: &[u8], row: &Row) {
        if !found.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            found.push((name.to_vec(), row.get(self)));
        }
    }

    /// CONFIG SET: takes all the values, or none.
    pub fn set(&mut self, pairs: &[(&[u8], &[u8])], rights: SetRights) -> Result<Changes, SetError> {
        let rows = find_rows(pairs, rights)?;
        let mut new = Box::new(self.clone());
        for ((row, name), (_, value)) in rows.iter().zip(pairs) {
            new.set_option(row, value).map_err(|reason| SetError::failed(name.as_bytes(), &reason))?;
        }
        std::mem::swap(self, &mut new);
        let old = new;
        let changed = |row: &&Row| row.flags.contains(Flags::VOLATILE) || row.get(self) != row.get(&old);
        let rows = rows.into_iter().map(|(row, _)| row).filter(changed).collect();
        Ok(Changes { rows, old })
    }

    fn set_option(&mut self, row: &Row, value: &[u8]) -> Result<(), options::Refusal> {
        if !row.flags.contains(Flags::MULTI_ARG) {
            return row.set(self, &[value]);
        }
        // At run time a list replaces the old one.
        if row.name == "save" {
            self.save.clear();
        }
        let words: Vec<&[u8]> = value.split(|byte| *byte == b' ').collect();
        row.set(self, if value.is_empty() { &[] } else { &words })
    }
}

/// The options that the pairs name, with the name used. The first fault counts.
fn find_rows(
    pairs: &[(&[u8], &[u8])],
    rights: SetRights,
) -> Result<Vec<(&'static Row, &'static str)>, SetError> {
    let mut rows: Vec<(&'static Row, &'static str)> = Vec::with_capacity(pairs.len());
    for (given, _) in pairs {
        let (row, name) = options::lookup(given).ok_or_else(|| SetError::Unknown(given.to_vec()))?;
        if row.flags.contains(Flags::IMMUTABLE) {
            return Err(SetError::failed(given, "can't set immutable config"));
        }
        if row.flags.contains(Flags::PROTECTED) && !rights.protected {
            return Err(SetError::failed(given, "can't set protected config"));
        }
        if row.flags.contains(Flags::DENY_LOADING) && rights.loading {
            return Err(SetError::Loading);
        }
        // An option and its alias in one command are not seen as duplicates.
        if rows.iter().any(|(_, known)| *known == name) {
            return Err(SetError::failed(given, "duplicate parameter"));
        }
        rows.push((row, name));
    }
    Ok(rows)
}

/// Whether the value of the option of that name is a secret, to be kept out of the slow log and MONITOR.
#[must_use]
pub fn is_sensitive(name: &[u8]) -> bool {
    options::lookup(name).is_some_and(|(row, _)| row.flags.contains(Flags::SENSITIVE))
}
