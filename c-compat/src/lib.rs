//! The bytes that must equal C Redis's: pure functions over buffers, with no I/O, no clock and no globals.
#![forbid(unsafe_code)]

pub mod crc64;
pub mod digest;
pub mod glob;
pub mod lzf;
pub mod number;
pub mod rdb;
