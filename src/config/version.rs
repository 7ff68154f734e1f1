//! Who we are: to people, and to clients that ask for Redis.

/// The version of Oxidis.
pub const OXIDIS_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version of Redis that clients are told, which some gate features on.
pub const REDIS_VERSION: &str = "7.2.4";
