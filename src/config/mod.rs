//! The configuration: what redis.conf, the command line and CONFIG SET say, as typed values.
//!
//! [`Config`] is a plain struct that any part may read. Only this module writes it from text, by the table of
//! [`options`], where each option is one row. What an option means is the business of its reader.

pub mod cli;
mod error;
mod get_set;
mod load;
pub mod options;
pub mod proc_title;
mod rewrite;
mod settings;
mod unhonoured;
pub mod values;
pub mod version;

pub use error::{LoadError, SetError};
pub use get_set::{Changes, SetRights, is_sensitive};
pub use load::Directives;
pub use options::Row;
pub use rewrite::{NotReplaced, Replacing, replace_file};
pub use settings::Config;
pub use unhonoured::UNHONOURED;
pub use values::*;

#[cfg(test)]
mod tests;
