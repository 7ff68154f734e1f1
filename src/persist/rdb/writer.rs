//! The way out for RDB bytes: a buffer, the running checksum, and what is behind them.
//!
//! Bytes are gathered until there are [`SPILL_AT`] of them; then the checksum runs over the whole buffer at once and one
//! `write` takes it. A string too long to be worth gathering goes to the sink directly.

use c_compat::crc64::crc64;
use c_compat::lzf::Compressor;
use c_compat::rdb::{write_int, write_len, write_string};
use std::io::{self, Sink, Write};

/// From this many bytes on the buffer is written out.
const SPILL_AT: usize = 128 * 1024;

/// From this length on a string that is not compressed is not copied into the buffer.
const DIRECT_MIN: usize = 32 * 1024;

/// The buffer may grow beyond [`SPILL_AT`] for one long string; more room than this is given back.
const KEEP_MAX: usize = 1 << 20;

/// What a compressed string begins with.
const COMPRESSED_STRING: u8 = 0xc3;

/// Shorter strings are never compressed, and need no compressor's table.
const COMPRESS_MIN: usize = 21;

/// Writes RDB items to a sink, or gathers them in memory.
pub struct Writer<W> {
    /// None when all bytes stay in the buffer.
    out: Option<W>,
    buffer: Vec<u8>,
    crc: Option<u64>,
    compression: bool,
    compressor: Option<Compressor>,
    written: u64,
}

impl Writer<Sink> {
    /// A writer that keeps everything, without checksum.
    pub fn in_memory(compression: bool) -> Self {
        Writer { out: None, buffer: Vec::new(), crc: None, compression, compressor: None, written: 0 }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.buffer
    }
}

impl<W: Write> Writer<W> {
    /// A writer with or without checksum (`rdbchecksum`) and compression (`rdbcompression`).
    pub fn new(out: W, checksum: bool, compression: bool) -> Self {
        Writer {
            out: Some(out),
            buffer: Vec::with_capacity(SPILL_AT + 4096),
            crc: checksum.then_some(0),
            compression,
            compressor: None,
            written: 0,
        }
    }

    /// Writes bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        self.spill_if_full()
    }

    /// Writes an opcode or a type id.
    pub fn byte(&mut self, byte: u8) -> io::Result<()> {
        self.buffer.push(byte);
        self.spill_if_full()
    }

    /// Writes a length.
    pub fn len(&mut self, len: u64) -> io::Result<()> {
        write_len(&mut self.buffer, len);
        self.spill_if_full()
    }

    /// Writes a string, in whichever form is the shortest.
    pub fn string(&mut self, string: &[u8]) -> io::Result<()> {
        if string.len() >= DIRECT_MIN && !self.compression && self.out.is_some() {
            write_len(&mut self.buffer, string.len() as u64);
            self.spill()?;
            return self.emit(string);
        }
        if self.compression && self.compressor.is_none() && string.len() >= COMPRESS_MIN {
            self.compressor = Some(Compressor::new());
        }
        write_string(&mut self.buffer, string, self.compressor.as_mut());
        self.spill_if_full()
    }

    /// Writes a string that is compressed already, `len` bytes when it is not.
    pub fn compressed(&mut self, lzf: &[u8], len: usize) -> io::Result<()> {
        self.byte(COMPRESSED_STRING)?;
        self.len(lzf.len() as u64)?;
        self.len(len as u64)?;
        self.raw(lzf)
    }

    /// Writes a string that is held as an integer.
    pub fn int(&mut self, value: i64) -> io::Result<()> {
        write_int(&mut self.buffer, value);
        self.spill_if_full()
    }

    /// Writes the checksum of everything so far, or 0 without checksums, hands over all bytes, and returns how many
    /// there were.
    pub fn finish(mut self) -> io::Result<u64> {
        self.spill()?;
        let crc = self.crc.unwrap_or(0);
        self.buffer.extend_from_slice(&crc.to_le_bytes());
        self.spill()?;
        if let Some(out) = &mut self.out {
            out.flush()?;
        }
        Ok(self.written)
    }

    fn spill_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= SPILL_AT && self.out.is_some() { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let emitted = self.emit(&buffer);
        buffer.clear();
        if buffer.capacity() > KEEP_MAX {
            buffer.shrink_to(SPILL_AT);
        }
        self.buffer = buffer;
        emitted
    }

    fn emit(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc = self.crc.map(|crc| crc64(crc, bytes));
        if let Some(out) = &mut self.out {
            out.write_all(bytes)?;
        }
        self.written += bytes.len() as u64;
        Ok(())
    }
}
