//! What outlives the process: snapshots by fork and their loading. It takes the pieces it needs (a keyspace, a path,
//! options), never the server.
pub mod child;
pub mod delay;
