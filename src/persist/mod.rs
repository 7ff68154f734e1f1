//! What outlives the process: snapshots by fork and their loading. It takes the pieces it needs (a keyspace, a path,
//! options), never the server.
//!
//! | file     | what                                                                   |
//! |----------|------------------------------------------------------------------------|
//! | child    | the one fork, and what a child reports                                 |
//! | snapshot | the parent's side of saving: SAVE, BGSAVE, saves into a pipe, save points |
//! | load     | a load under way, in slices of time                                    |
//! | rdb      | the format: writing, reading, checking, DUMP payloads                  |
//! | delay    | working slowly on purpose, for tests                                   |

pub mod child;
pub mod delay;
pub mod load;
pub mod rdb;
pub mod snapshot;
