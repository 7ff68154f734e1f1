//! The program as a daemon: how it starts, tells its supervisor, takes signals, ends; and what it does to clients
//! that ask for too much or read too little.

mod clients;
mod signals;
mod start;

#[path = "../harness/mod.rs"]
mod harness;
