//! Data structures that need raw memory: the keyspace's hash table and its entries.
#![allow(unsafe_code)]

pub mod entry;
pub mod table;
