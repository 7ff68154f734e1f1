//! The bytes at hand of an RDB stream, read from the front.
//!
//! A parser makes a [`Window`] over what has arrived, starts reading an item, and gets one of three answers: the item, and
//! it then drops [`Window::pos`] bytes from the front of its buffer; [`Stop::NeedMore`], and it starts the item again when
//! more has come; or [`Stop::Corrupt`]. Nothing here allocates, so a length in the bytes costs nothing until the bytes it
//! speaks of are there. For the same reason a parser should not reserve what `NeedMore` asks for when it is large: that is
//! the sender's claim. It should let its buffer grow as bytes come, or read a [`super::StringHead`] and move the string's
//! bytes on as they come.

use std::fmt;

/// Why a read did not give its item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The item is not complete until the window has at least this many bytes, counted from its front.
    NeedMore(usize),
    Corrupt(Corrupt),
}

/// Bytes that no writer of the format writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt {
    /// Where in the window the bad item starts.
    pub at: usize,
    pub fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The first byte of a length, none of the forms that exist.
    LengthEncoding(u8),
    /// A special encoding (its six bits) where a plain length belongs.
    EncodedLength(u8),
    /// A special encoding of a string (its six bits) that does not exist.
    StringEncoding(u8),
    /// A length that no memory holds.
    TooLong(u64),
    /// Compressed bytes that do not decompress to the length given for them.
    Lzf,
    /// A value's own bytes make no sense, for this reason.
    Value(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::LengthEncoding(byte) => write!(f, "Unknown length encoding {byte:#04x}"),
            Fault::EncodedLength(bits) => write!(f, "Encoding {bits} found where a length was expected"),
            Fault::StringEncoding(bits) => write!(f, "Unknown RDB string encoding type {bits}"),
            Fault::TooLong(len) => write!(f, "Impossible length {len}"),
            Fault::Lzf => f.write_str("Invalid LZF compressed string"),
            Fault::Value(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.fault, self.at)
    }
}

impl std::error::Error for Corrupt {}

/// A read position in the bytes at hand.
#[derive(Clone, Debug)]
pub struct Window<'w> {
    bytes: &'w [u8],
    pos: usize,
}

impl<'w> Window<'w> {
    pub fn new(bytes: &'w [u8]) -> Self {
        Self { bytes, pos: 0 }
    }

    /// How many bytes have been read.
    pub fn pos(&self) -> usize {
        self.pos
    }

    /// Goes on at another position, one that [`Window::pos`] gave.
    pub fn go_to(&mut self, pos: usize) {
        assert!(pos <= self.bytes.len(), "a position in the window");
        self.pos = pos;
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'w [u8] {
        &self.bytes[self.pos..]
    }

    pub fn is_empty(&self) -> bool {
        self.pos == self.bytes.len()
    }

    /// The next `n` bytes. On `NeedMore` the position stays where it is.
    #[inline]
    pub fn take(&mut self, n: usize) -> Result<&'w [u8], Stop> {
        match self.rest().get(..n) {
            Some(bytes) => {
                self.pos += n;
                Ok(bytes)
            }
            None => Err(Stop::NeedMore(self.pos.saturating_add(n))),
        }
    }

    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let bytes = self.take(N)?;
        Ok(bytes.try_into().expect("take gives what was asked for"))
    }

    #[inline]
    pub fn u8(&mut self) -> Result<u8, Stop> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A time in seconds, after [`super::opcode::EXPIRETIME`].
    pub fn seconds(&mut self) -> Result<i32, Stop> {
        self.array().map(i32::from_le_bytes)
    }

    /// A time in milliseconds, after [`super::opcode::EXPIRETIME_MS`].
    pub fn milliseconds(&mut self) -> Result<i64, Stop> {
        self.array().map(i64::from_le_bytes)
    }

    /// An error about the item that started at `at`.
    pub(super) fn corrupt(at: usize, fault: Fault) -> Stop {
        Stop::Corrupt(Corrupt { at, fault })
    }
}
