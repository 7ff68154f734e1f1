//! Strings: keys, string values, fields of AUX, and the blobs that hold compact encodings.
//!
//! ```text
//! length bytes                                          as they are
//! 11000000 and 1 byte, 11000001 and 2, 11000010 and 4   the text of a signed integer, little endian
//! 11000011 length(compressed) length(original) bytes    LZF
//! ```
//!
//! The writer takes the integer form for a text of up to 11 bytes that is exactly the text of a number of 32 bits, and
//! LZF, when it is asked for, from 21 bytes on if that makes the bytes at least 4 fewer.

use super::len::{FORM_ENCODED, Len, write_len};
use super::window::{Fault, Stop, Window};
use crate::lzf;
use crate::number::int;
use std::borrow::Cow;

const ENCODING_INT8: u8 = 0;
const ENCODING_INT16: u8 = 1;
const ENCODING_INT32: u8 = 2;
const ENCODING_LZF: u8 = 3;

/// Longer texts are not those of a 32 bit integer ("-2147483648").
const INT_TEXT_MAX: usize = 11;
/// LZF cannot make so short a string shorter.
const LZF_INPUT_MIN: usize = 21;
/// What LZF must save to be kept.
const LZF_SAVING_MIN: usize = 4;

/// Appends a string. With a compressor, as under `rdbcompression yes`, long strings are compressed where that pays.
pub fn write_string(out: &mut Vec<u8>, string: &[u8], compressor: Option<&mut lzf::Compressor>) {
    if string.len() <= INT_TEXT_MAX
        && let Some(value) = int::parse(string)
        && write_small_int(out, value)
    {
        return;
    }
    if string.len() >= LZF_INPUT_MIN
        && let Some(compressor) = compressor
        && write_compressed(out, string, compressor)
    {
        return;
    }
    write_len(out, string.len() as u64);
    out.extend_from_slice(string);
}

/// Appends the text of an integer, as [`write_string`] would, for a value that is held as one.
pub fn write_int(out: &mut Vec<u8>, value: i64) {
    if !write_small_int(out, value) {
        write_len(out, int::text_len(value) as u64);
        int::append(out, value);
    }
}

/// Writes a number of up to 32 bits in the integer form; gives whether it was one.
fn write_small_int(out: &mut Vec<u8>, value: i64) -> bool {
    if let Ok(value) = i8::try_from(value) {
        out.extend_from_slice(&[FORM_ENCODED | ENCODING_INT8, value as u8]);
    } else if let Ok(value) = i16::try_from(value) {
        out.push(FORM_ENCODED | ENCODING_INT16);
        out.extend_from_slice(&value.to_le_bytes());
    } else if let Ok(value) = i32::try_from(value) {
        out.push(FORM_ENCODED | ENCODING_INT32);
        out.extend_from_slice(&value.to_le_bytes());
    } else {
        return false;
    }
    true
}

fn write_compressed(out: &mut Vec<u8>, string: &[u8], compressor: &mut lzf::Compressor) -> bool {
    // The compressed length, which comes first, is not known yet: the bytes are made behind the longest head there can be
    // and then moved up to the head that they got.
    const HEAD_MAX: usize = 1 + 9 + 9;
    let start = out.len();
    out.resize(start + HEAD_MAX + string.len() - LZF_SAVING_MIN, 0);
    let Some(length) = compressor.compress(string, &mut out[start + HEAD_MAX..]) else {
        out.truncate(start);
        return false;
    };
    let mut head = Vec::with_capacity(HEAD_MAX);
    head.push(FORM_ENCODED | ENCODING_LZF);
    write_len(&mut head, length as u64);
    write_len(&mut head, string.len() as u64);
    out[start..start + head.len()].copy_from_slice(&head);
    let body = start + HEAD_MAX;
    out.copy_within(body..body + length, start + head.len());
    out.truncate(start + head.len() + length);
    true
}

/// What stands before the bytes of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringHead {
    /// So many bytes follow.
    Raw { len: usize },
    /// The text of this number; nothing follows.
    Int(i32),
    /// `compressed_len` bytes follow that decompress to `len` bytes. It has been checked that they can.
    Lzf { compressed_len: usize, len: usize },
}

impl StringHead {
    /// How many bytes follow in the stream.
    pub fn follows(&self) -> usize {
        match *self {
            StringHead::Raw { len } => len,
            StringHead::Int(_) => 0,
            StringHead::Lzf { compressed_len, .. } => compressed_len,
        }
    }
}

/// A string as it stands in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RdbString<'w> {
    Raw(&'w [u8]),
    Int(i32),
    Lzf { compressed: &'w [u8], len: usize },
}

impl<'w> RdbString<'w> {
    /// The string's bytes, in the window itself where they are as they are.
    pub fn bytes(self) -> Result<Cow<'w, [u8]>, lzf::Invalid> {
        Ok(match self {
            RdbString::Raw(bytes) => Cow::Borrowed(bytes),
            RdbString::Int(value) => {
                let mut text = Vec::with_capacity(INT_TEXT_MAX);
                int::append(&mut text, i64::from(value));
                Cow::Owned(text)
            }
            RdbString::Lzf { compressed, len } => Cow::Owned(lzf::decompress(compressed, len)?),
        })
    }
}

impl<'w> Window<'w> {
    /// The head of a string, for one whose bytes are to be moved on as they come.
    #[inline]
    pub fn string_head(&mut self) -> Result<StringHead, Stop> {
        let at = self.pos();
        match self.len_or_encoding()? {
            Len::Plain(len) => Ok(StringHead::Raw { len: Self::as_byte_len(at, len)? }),
            Len::Encoded(ENCODING_INT8) => Ok(StringHead::Int(i8::from_le_bytes(self.array()?).into())),
            Len::Encoded(ENCODING_INT16) => Ok(StringHead::Int(i16::from_le_bytes(self.array()?).into())),
            Len::Encoded(ENCODING_INT32) => Ok(StringHead::Int(i32::from_le_bytes(self.array()?))),
            Len::Encoded(ENCODING_LZF) => {
                let compressed_len = self.byte_len()?;
                let len = self.byte_len()?;
                if !lzf::plausible(compressed_len, len) {
                    return Err(Self::corrupt(at, Fault::Lzf));
                }
                Ok(StringHead::Lzf { compressed_len, len })
            }
            Len::Encoded(encoding) => Err(Self::corrupt(at, Fault::StringEncoding(encoding))),
        }
    }

    /// A string that is in the window as a whole. Compressed bytes are not looked at yet.
    #[inline]
    pub fn string(&mut self) -> Result<RdbString<'w>, Stop> {
        Ok(match self.string_head()? {
            StringHead::Raw { len } => RdbString::Raw(self.take(len)?),
            StringHead::Int(value) => RdbString::Int(value),
            StringHead::Lzf { compressed_len, len } => {
                RdbString::Lzf { compressed: self.take(compressed_len)?, len }
            }
        })
    }

    /// The bytes of a string that is in the window as a whole.
    pub fn string_bytes(&mut self) -> Result<Cow<'w, [u8]>, Stop> {
        let at = self.pos();
        self.string()?.bytes().map_err(|_| Self::corrupt(at, Fault::Lzf))
    }
}
