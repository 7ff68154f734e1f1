//! Data structures that the keyspace is made of: its hash table, the order in which keys expire, large sorted sets, the
//! allocator's blocks, long strings.
#![allow(unsafe_code)]

pub mod field;
pub mod hashing;
pub mod long;
pub mod member;
pub mod prefixed;
pub mod ranked;
pub mod size;
pub mod table;
pub mod tagged;
pub mod timeline;
