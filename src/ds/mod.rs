//! Data structures that the keyspace is made of: its hash table, its entries, the order in which they expire.
#![allow(unsafe_code)]

pub mod entry;
mod size;
pub mod table;
pub mod timeline;
