//! Access control lists: who the users are, what each may do, and how that is written. Knows no server: commands are
//! numbers and names, a request is its arguments with the positions of its keys and channels.
//!
//! ```text
//! Users -> User: password hashes, on or off
//!           +- Selector (the root): commands, key patterns, channel patterns
//!           +- Selector ( ... )
//! ```
//!
//! A request is allowed if one selector allows all of it. A user whose selector allows everything needs no check at all,
//! which is what the server looks at first.

pub mod category;
pub mod commands;
pub mod describe;
pub mod log;
pub mod password;
pub mod pattern;
pub mod rule;
pub mod selector;
#[cfg(test)]
mod tests;
pub mod user;
pub mod users;

pub use category::Categories;
pub use commands::Commands;
pub use pattern::Access;
pub use rule::Context;
pub use selector::{Denied, Request};
pub use user::User;
pub use users::{UserId, Users};

/// Who may do what, and what was refused.
#[derive(Debug)]
pub struct Acl {
    /// What rules can name.
    pub commands: Commands,
    /// All users.
    pub users: Users,
    /// ACL LOG.
    pub log: log::AccessLog,
}

impl Acl {
    /// The default user alone.
    #[must_use]
    pub fn new(commands: Commands) -> Self {
        Acl { commands, users: Users::default(), log: log::AccessLog::default() }
    }
}
