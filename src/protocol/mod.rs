//! The wire: requests in, replies out, and the text of every error. Knows bytes, not commands.
pub mod apart;
pub mod args;
pub mod error;
pub mod inline;
pub mod message;
pub mod parser;
pub mod reply;

pub use args::{Args, OwnedArgs};
pub use error::{CmdError, CmdResult};
pub use reply::Reply;
