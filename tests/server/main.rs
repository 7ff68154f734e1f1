//! The daemon: how it starts and ends, what it does to clients that are too many, too slow, too fast or gone, and
//! what it does by the clock.

mod big_arguments;
mod clients;
mod keys;
mod lazyfree;
mod maxmemory;
mod process;
mod secrets;
mod start;
mod tls;
mod tls_session;

#[path = "../harness/mod.rs"]
mod harness;
