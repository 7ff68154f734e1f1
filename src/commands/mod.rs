//! The commands, a folder a group: each one a static row above its handler.

pub mod docs;
