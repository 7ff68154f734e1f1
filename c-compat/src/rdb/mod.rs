//! The primitives of the RDB format: type ids and opcodes, lengths, strings, and the footer of a DUMP payload.
//!
//! ```text
//! file    = "REDIS" version(4 digits) item* EOF crc64(8, little endian)
//! item    = opcode operands | type(1) key(string) value
//! payload = type(1) value version(2, little endian) crc64(8, little endian)      what DUMP answers
//! ```
//!
//! Writers append to a `Vec<u8>`. Readers take bytes from a [`window::Window`], which either has all that an item needs or
//! says how much is missing, so that one parser serves files, sockets and payloads alike.

pub mod footer;
pub mod len;
pub mod opcode;
pub mod string;
pub mod window;

pub use footer::{FOOTER_LEN, append_footer, check_footer};
pub use len::{Len, write_len};
pub use string::{RdbString, StringHead, write_int, write_string};
pub use window::{Corrupt, Fault, Stop, Window};
