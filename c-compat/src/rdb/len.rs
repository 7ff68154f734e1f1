//! Lengths, the integers of the format.
//!
//! ```text
//! 00LLLLLL                                 a length under 64
//! 01LLLLLL LLLLLLLL                        a length under 2^14, high byte first
//! 10000000 and 4 bytes, big endian         a length under 2^32
//! 10000001 and 8 bytes, big endian         any other
//! 11EEEEEE                                 no length: a string in the special encoding E follows
//! ```

use super::window::{Fault, Stop, Window};

const FORM_14_BITS: u8 = 0b01 << 6;
const FORM_32_BITS: u8 = 0x80;
const FORM_64_BITS: u8 = 0x81;
/// The two bits that announce a special encoding; see [`super::string`] for the encodings.
pub(super) const FORM_ENCODED: u8 = 0b11 << 6;
const FORM_MASK: u8 = 0b11 << 6;

/// What a length may turn out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Len {
    Plain(u64),
    /// A string in this special encoding follows.
    Encoded(u8),
}

/// Appends a length in its shortest form.
pub fn write_len(out: &mut Vec<u8>, len: u64) {
    if len < 1 << 6 {
        out.push(len as u8);
    } else if len < 1 << 14 {
        out.extend_from_slice(&[FORM_14_BITS | (len >> 8) as u8, len as u8]);
    } else if let Ok(len) = u32::try_from(len) {
        out.push(FORM_32_BITS);
        out.extend_from_slice(&len.to_be_bytes());
    } else {
        out.push(FORM_64_BITS);
        out.extend_from_slice(&len.to_be_bytes());
    }
}

impl Window<'_> {
    /// A length, or the encoding of the string that follows.
    #[inline]
    pub fn len_or_encoding(&mut self) -> Result<Len, Stop> {
        let at = self.pos();
        let first = self.u8()?;
        let low = first & !FORM_MASK;
        Ok(match first {
            FORM_32_BITS => Len::Plain(u64::from(u32::from_be_bytes(self.array()?))),
            FORM_64_BITS => Len::Plain(u64::from_be_bytes(self.array()?)),
            _ => match first & FORM_MASK {
                0 => Len::Plain(u64::from(low)),
                FORM_14_BITS => Len::Plain(u64::from(low) << 8 | u64::from(self.u8()?)),
                FORM_ENCODED => Len::Encoded(low),
                _ => return Err(Self::corrupt(at, Fault::LengthEncoding(first))),
            },
        })
    }

    /// A length where no encoding may stand: a count, a database number.
    pub fn len(&mut self) -> Result<u64, Stop> {
        let at = self.pos();
        match self.len_or_encoding()? {
            Len::Plain(len) => Ok(len),
            Len::Encoded(encoding) => Err(Self::corrupt(at, Fault::EncodedLength(encoding))),
        }
    }

    /// A length of bytes that are to follow.
    pub(super) fn byte_len(&mut self) -> Result<usize, Stop> {
        let at = self.pos();
        let len = self.len()?;
        Self::as_byte_len(at, len)
    }

    pub(super) fn as_byte_len(at: usize, len: u64) -> Result<usize, Stop> {
        match isize::try_from(len) {
            Ok(len) => Ok(len.unsigned_abs()),
            Err(_) => Err(Self::corrupt(at, Fault::TooLong(len))),
        }
    }
}
