//! Users and the server: who a client is, what becomes of it when its user changes, and where users come from.
//!
//! A client whose user may do everything carries no [`ClientFlags::RESTRICTED`], and its commands are not checked. So the
//! flag is set anew whenever a client gets another user ([`Server::log_in`]) or a user other rights.

use super::Server;
use super::command::Registry;
use crate::acl::log::{Entry, Origin, Reason};
use crate::acl::password::Hash;
use crate::acl::rule::has_spaces;
use crate::acl::users::DEFAULT_NAME;
use crate::acl::{Acl, Commands, Context, User, UserId, Users};
use crate::client::subscribed::Listens;
use crate::client::{Client, ClientClass, ClientFlags, ClientId};
use crate::config::{Config, NotReplaced, PubsubDefault, Replacing, replace_file};
use crate::sys::errno::strerror;
use crate::{log_notice, log_warning};
use std::path::Path;

/// What rules can name when these are the commands.
#[must_use]
pub fn commands(registry: &Registry) -> Commands {
    // Those that rename-command hid too: the numbers are the registry's.
    Commands::new(registry.all().map(|entry| (entry.full_name.as_str(), entry.command.acl)))
}

/// The default user alone, with the password that the options give it.
#[must_use]
pub fn starting(config: &Config, registry: &Registry) -> Acl {
    let mut acl = Acl::new(commands(registry));
    set_password(acl.users.default_user_mut(), &config.requirepass);
    acl
}

/// What requirepass means to the default user.
fn set_password(user: &mut User, password: &[u8]) {
    user.reset_passwords();
    if password.is_empty() {
        user.nopass = true;
    } else {
        user.add_password(Hash::of(password));
    }
}

// Clients.
impl Server {
    /// Whether a client has to log in before it may do anything else.
    #[inline]
    #[must_use]
    pub fn must_log_in(&self, client: &Client) -> bool {
        !client.authenticated && !self.acl.users.default_user().is_open()
    }

    /// Logs a client in; false if there is no such user, or the password is another, which the log gets to know.
    pub fn log_in(&mut self, id: ClientId, name: &[u8], password: &[u8], command: &[u8]) -> bool {
        match self.acl.users.authenticate(name, password) {
            Some(user) => {
                self.become_user(id, user, true);
                true
            }
            None => {
                let origin = self.origin(id);
                self.log_denied(id, Reason::Auth, origin, command, name);
                false
            }
        }
    }

    /// Makes a client what it was when it connected.
    pub fn log_out(&mut self, id: ClientId) {
        let open = self.acl.users.default_user().is_open();
        self.become_user(id, UserId::DEFAULT, open);
    }

    fn become_user(&mut self, id: ClientId, user: UserId, authenticated: bool) {
        if let Some(client) = self.clients.get_mut(id) {
            client.user = Some(user);
            client.authenticated = authenticated;
            client.flags.set(ClientFlags::RESTRICTED, !self.acl.users[user].allows_all());
        }
    }

    /// Sees what the users of all clients may do now.
    fn rights_changed(&mut self) {
        for client in self.clients.iter_mut() {
            let restricted = client.user.is_some_and(|user| !self.acl.users[user].allows_all());
            client.flags.set(ClientFlags::RESTRICTED, restricted);
        }
    }

    /// Cuts off the clients whose user goes. The one whose command does that gets its reply first, and
    /// [`Server::replied_last`] then sees to it that it gets nothing else.
    fn cut_off(&mut self, current: ClientId, goes: impl Fn(UserId) -> bool) {
        let concerned: Vec<ClientId> =
            self.clients.iter().filter(|client| client.user.is_some_and(&goes)).map(|c| c.id).collect();
        for id in concerned {
            self.become_user(id, UserId::DEFAULT, false);
            if id == current {
                self.client_mut(id).flags.insert(ClientFlags::CLOSE_AFTER_REPLY);
            } else {
                self.close_later(id);
            }
        }
    }

    /// The client whose command may have cut off itself has been answered.
    pub fn replied_last(&mut self, current: ClientId) {
        if self.client_mut(current).flags.contains(ClientFlags::CLOSE_AFTER_REPLY) {
            self.close_after_reply(current);
        }
    }

    /// Cuts off the clients of a user who listen to what it may not listen to any more.
    fn cut_off_listeners(&mut self, user: UserId) {
        let rights = &self.acl.users[user];
        let listens = |client: ClientId, how: Listens| {
            let is_pattern = how == Listens::ToPattern;
            let names = self.pubsub.of_client(how, client);
            names.iter().any(|name| !rights.allows_channel(name, is_pattern))
        };
        let of_user =
            self.clients.iter().filter(|c| c.user == Some(user) && c.class() == ClientClass::Pubsub);
        let concerned: Vec<ClientId> = of_user
            .map(|client| client.id)
            .filter(|client| Listens::ALL.iter().any(|how| listens(*client, *how)))
            .collect();
        for id in concerned {
            self.close_later(id);
        }
    }

    /// Whether a client's commands come as a transaction.
    #[must_use]
    pub fn origin(&self, id: ClientId) -> Origin {
        let multi = self.clients.get(id).is_some_and(|client| client.flags.contains(ClientFlags::MULTI));
        if multi { Origin::Multi } else { Origin::TopLevel }
    }

    /// Notes a refusal in ACL LOG.
    pub fn log_denied(&mut self, id: ClientId, reason: Reason, origin: Origin, object: &[u8], user: &[u8]) {
        let Some(client) = self.clients.get(id) else { return };
        let text = self.describe(client);
        let entry = Entry::new(reason, origin, object, user, self.clock.now_ms(), text.as_bytes());
        self.acl.log.add(entry, self.config.acllog_max_len);
    }
}

// Users.
impl Server {
    /// Makes or changes a user: all of these rules, or none.
    ///
    /// # Errors
    /// A rule is none: what the client is told.
    pub fn set_user(&mut self, name: &[u8], rules: &[&[u8]]) -> Result<(), Vec<u8>> {
        let context = context(&self.config, &self.acl.commands);
        let user = self.acl.users.changed(name, rules, context).map_err(|refused| refused.to_client())?;
        let before = self.acl.users.find(name).filter(|id| !user.keeps_channels_of(&self.acl.users[*id]));
        let id = self.acl.users.put(user);
        self.rights_changed();
        if before.is_some() {
            self.cut_off_listeners(id);
        }
        Ok(())
    }

    /// Deletes a user and cuts off its clients; false if there was none.
    pub fn delete_user(&mut self, name: &[u8], current: ClientId) -> bool {
        let Some(user) = self.acl.users.find(name).filter(|user| *user != UserId::DEFAULT) else {
            return false;
        };
        self.cut_off(current, |other| other == user);
        self.acl.users.remove(name);
        true
    }

    /// requirepass was changed: it is the default user's password.
    pub(super) fn requirepass_changed(&mut self) {
        set_password(self.acl.users.default_user_mut(), &self.config.requirepass);
    }

    /// Every user as a line of redis.conf, behind the word `user`.
    #[must_use]
    pub fn user_lines(&self) -> Vec<Vec<u8>> {
        self.acl.users.lines(context(&self.config, &self.acl.commands))
    }

    /// The users that redis.conf or the ACL file has, before the first client comes.
    ///
    /// # Errors
    /// They cannot be had: the last words of the log.
    pub fn load_users(&mut self) -> Result<(), String> {
        let file = !self.config.aclfile.is_empty();
        if file && !self.config.users.is_empty() {
            return Err("Configuring Redis with users defined in redis.conf and at the same setting an ACL file path \
                        is invalid. This setup is very likely to lead to configuration errors and security holes, \
                        please define either an ACL file or declare users directly in your redis.conf, but not both."
                .into());
        }
        for words in std::mem::take(&mut self.config.users) {
            let words: Vec<&[u8]> = words.iter().map(|word| &**word).collect();
            if let Err(error) = self.configured_user(&words) {
                log_warning!("{error}");
                return Err("Critical error while loading ACLs. Exiting.".into());
            }
        }
        if file {
            self.acl.users = self.read_acl_file().map_err(|errors| {
                format!("Aborting Redis startup because of ACL errors: {}", String::from_utf8_lossy(&errors))
            })?;
        }
        Ok(())
    }

    /// A `user` line of redis.conf.
    fn configured_user(&mut self, words: &[&[u8]]) -> Result<(), String> {
        let (name, rules) = words.split_first().ok_or("A user without a name")?;
        if has_spaces(name) {
            return Err("Spaces not allowed in ACL usernames".into());
        }
        let shown = String::from_utf8_lossy(name);
        let context = context(&self.config, &self.acl.commands);
        let reset: &[&[u8]] = if *name == DEFAULT_NAME { &[b"reset"] } else { &[] };
        let user = self
            .acl
            .users
            .changed(name, &[reset, rules].concat(), context)
            .map_err(|refused| refused.to_log(&shown))?;
        if !user.enabled {
            log_notice!(
                "The user '{shown}' is disabled (there is no 'on' modifier in the user description). Make sure this is \
                 not a configuration error."
            );
        }
        self.acl.users.put(user);
        Ok(())
    }

    fn read_acl_file(&self) -> Result<Users, Vec<u8>> {
        let file = &self.config.aclfile;
        let text = std::fs::read(file.as_path()).map_err(|error| {
            format!("Error loading ACLs, opening file '{file}': {}", strerror(&error)).into_bytes()
        })?;
        Users::parse(&text, &file.to_string(), context(&self.config, &self.acl.commands))
    }

    /// ACL LOAD: the users of the file take the place of those there are. The clients of all but the default user go.
    ///
    /// # Errors
    /// The file is wrong, and nothing is changed: what the client is told.
    pub fn reload_acl_file(&mut self, current: ClientId) -> Result<(), Vec<u8>> {
        let users = self.read_acl_file()?;
        self.cut_off(current, |user| user != UserId::DEFAULT);
        self.acl.users = users;
        self.rights_changed();
        Ok(())
    }

    /// ACL SAVE.
    ///
    /// # Errors
    /// The file cannot be written, which the log explains.
    pub fn save_acl_file(&self) -> std::io::Result<()> {
        let mut text = Vec::new();
        for line in self.user_lines() {
            text.extend_from_slice(b"user ");
            text.extend_from_slice(&line);
            text.push(b'\n');
        }
        let path: &Path = self.config.aclfile.as_path();
        replace_file(path, &text).map_err(|NotReplaced { step, error }| {
            let what = match step {
                Replacing::Opening => "Opening temp",
                Replacing::Writing => "Writing",
                Replacing::Syncing => "Syncing",
                Replacing::Renaming => "Renaming",
                Replacing::SyncingFolder => "Syncing the folder of the",
            };
            log_warning!("{what} ACL file for ACL SAVE: {}", strerror(&error));
            error
        })
    }
}

fn context<'a>(config: &Config, commands: &'a Commands) -> Context<'a> {
    Context { commands, all_channels: config.acl_pubsub_default == PubsubDefault::Allchannels }
}
