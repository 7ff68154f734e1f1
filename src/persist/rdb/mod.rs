//! The RDB format: whole snapshots, and the payloads of DUMP and RESTORE.
//!
//! ```text
//! "REDIS" version(4 digits)
//! AUX name value ...
//! for each database that has keys:
//!   SELECTDB number  RESIZEDB keys expires
//!   for each key: [EXPIRETIME_MS 8 bytes] [IDLE seconds | FREQ byte] type key value
//! EOF  crc64(8 bytes, little endian, over all before it; 0 for none)
//! ```
//!
//! The primitives (lengths, strings, opcodes) are `c_compat::rdb`'s. Here is what is done with them: `save` writes a
//! keyspace, `load` reads records from bytes as they come, `file` makes a save visible all at once, `payload` is DUMP
//! and RESTORE, `check` is the program redis-check-rdb.

pub mod check;
pub mod file;
pub mod header;
pub mod load;
pub mod load_value;
pub mod payload;
pub mod save;
pub mod save_value;
pub mod skip_value;
pub mod types;
pub mod writer;

#[cfg(test)]
mod tests;

/// The version written, as long as it can hold the data: what Redis 7.0 reads and writes.
pub const VERSION: u16 = c_compat::rdb::opcode::VERSION_7_0;

/// The version written for hashes whose fields expire.
pub const VERSION_FIELD_TIMES: u16 = 12;

/// The newest version of Redis's read. 11 and 12 brought types of values and opcodes that are refused or skipped one by
/// one; what an older reader knows stands in them unchanged. [`header`] knows what else is read.
pub const VERSION_MAX: u16 = 12;
