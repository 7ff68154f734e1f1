//! Oxidis: a drop-in replacement for `redis-server`.
//!
//! A layer uses those above it in this table, never those below (`tests/tidy.rs` holds it):
//!
//! ```text
//! 0 c-compat            5 client              ids, buffers; knows no command
//! 1 sys, util           6 persist, repl       take the pieces they need, never &mut Server
//! 2 ds, net, protocol   7 server              owns all state; acts on effects; names no command
//! 3 value, config, acl  8 exec                runs a &Command; knows the type, not TABLE
//! 4 keyspace            9 commands, info
//!                      10 run, main           the loop; builds the Registry from TABLE
//! ```
#![deny(unsafe_code)]

pub mod acl;
pub mod client;
pub mod commands;
pub mod config;
pub mod ds;
pub mod exec;
pub mod info;
pub mod keyspace;
pub mod net;
pub mod persist;
pub mod protocol;
pub mod repl;
pub mod run;
pub mod server;
pub mod sys;
pub mod util;
pub mod value;

/// The allocator whose own figures INFO memory reports.
#[cfg(not(system_allocator))]
#[global_allocator]
static ALLOCATOR: sys::alloc::Jemalloc = sys::alloc::Jemalloc;
