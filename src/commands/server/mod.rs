//! The server group: the server's figures, options and data set as a whole.

pub mod acl;
pub mod command;
pub mod config;
pub mod debug;
pub mod failover;
pub mod flush;
pub mod info;
pub mod latency;
pub mod lolwut;
pub mod memory;
pub mod monitor;
pub mod psync;
pub mod replicaof;
pub mod save;
pub mod shutdown;
pub mod slowlog;
pub mod time;
