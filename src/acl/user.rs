//! A user: how it logs in, and what it may do.

use super::password::Hash;
use super::pattern::{Access, Pattern};
use super::selector::{Denied, Request, Selector};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its name.
    pub name: Box<[u8]>,
    /// Whether one can log in as it.
    pub enabled: bool,
    /// Whether any password will do.
    pub nopass: bool,
    /// Whether what it restores is looked at more closely; if that was said.
    pub sanitize_payload: Option<bool>,
    /// Hashes of its passwords.
    pub passwords: Vec<Hash>,
    /// What it may do: the root, then those in parentheses.
    pub selectors: Vec<Selector>,
}

impl User {
    /// A user who may do nothing, but perhaps use all channels.
    #[must_use]
    pub fn new(name: &[u8], all_channels: bool) -> Self {
        User {
            name: name.into(),
            enabled: false,
            nopass: false,
            sanitize_payload: None,
            passwords: Vec::new(),
            selectors: vec![Selector::new(all_channels)],
        }
    }

    /// The selector without parentheses.
    #[must_use]
    pub fn root(&self) -> &Selector {
        &self.selectors[0]
    }

    /// The selector without parentheses.
    pub fn root_mut(&mut self) -> &mut Selector {
        &mut self.selectors[0]
    }

    /// Adds a password, which is now asked for.
    pub fn add_password(&mut self, hash: Hash) {
        if !self.passwords.contains(&hash) {
            self.passwords.push(hash);
        }
        self.nopass = false;
    }

    /// Forgets its passwords: it cannot log in.
    pub fn reset_passwords(&mut self) {
        self.nopass = false;
        self.passwords.clear();
    }

    /// Whether a connection is this user without logging in, if this is the default user.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.nopass && self.enabled
    }

    /// Whether it may do everything: nothing needs to be checked.
    #[must_use]
    pub fn allows_all(&self) -> bool {
        self.selectors.iter().any(Selector::allows_all)
    }

    /// Whether it may use every channel.
    #[must_use]
    pub fn allows_every_channel(&self) -> bool {
        self.selectors.iter().any(|selector| selector.all_channels)
    }

    /// The channel patterns of all its selectors.
    pub fn channels(&self) -> impl Iterator<Item = &Pattern> {
        self.selectors.iter().flat_map(|selector| &selector.channels)
    }

    /// Whether it may use every channel that it might use as it was before: no pattern of them is gone.
    #[must_use]
    pub fn keeps_channels_of(&self, before: &User) -> bool {
        self.allows_every_channel()
            || !before.allows_every_channel()
                && before.channels().all(|known| self.channels().any(|p| p == known))
    }

    /// Whether one of its selectors allows a channel; a pattern of channels must be one of its own, to the letter.
    #[must_use]
    pub fn allows_channel(&self, channel: &[u8], is_pattern: bool) -> bool {
        self.selectors.iter().any(|selector| selector.allows_channel(channel, is_pattern))
    }

    /// Whether it may log in with this password.
    #[must_use]
    pub fn accepts(&self, password: &[u8]) -> bool {
        self.enabled && (self.nopass || Hash::of(password).is_among(&self.passwords))
    }

    /// Whether it may make a request.
    ///
    /// # Errors
    /// What the selector that comes furthest does not allow of it.
    #[inline]
    pub fn check(&self, request: Request<'_>) -> Result<(), Denied> {
        let mut denied = Denied::Command;
        for selector in &self.selectors {
            match selector.check(request) {
                Ok(()) => return Ok(()),
                Err(reason) => denied = denied.max(reason),
            }
        }
        Err(denied)
    }

    /// Whether one selector allows a request and besides this access to every key.
    #[must_use]
    pub fn allows_with_every_key(&self, request: Request<'_>, access: Access) -> bool {
        self.selectors
            .iter()
            .any(|selector| selector.check(request).is_ok() && selector.allows_every_key(access))
    }
}
