//! The bytes that must equal C Redis's: pure functions and structures, with no I/O, no clock and no globals.
#![deny(unsafe_code)]

#[allow(unsafe_code, reason = "the one place that owns memory by hand")]
pub mod block;
pub mod crc64;
pub mod digest;
pub mod geohash;
pub mod glob;
pub mod hyperloglog;
pub mod intset;
pub mod listpack;
pub mod lzf;
pub mod number;
pub mod rdb;
pub mod ziplist;
pub mod zipmap;
