//! The connection group: what a client says about itself and its own connection.

pub mod auth;
pub mod client;
pub mod hello;
pub mod ping;
pub mod quit;
pub mod select;
