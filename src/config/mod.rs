//! The configuration: what redis.conf, the command line and CONFIG SET say, as typed values.
//!
//! [`Config`] is a plain struct that any part may read. Only this module writes it from text, by the table of
//! [`options`], where each option is one row. What an option means is the business of its reader.

mod error;
pub mod options;
pub mod proc_title;
mod rewrite;
mod settings;
pub mod values;

pub use options::Row;
pub use settings::Config;
pub use values::*;
