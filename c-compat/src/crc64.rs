//! The CRC-64 that ends an RDB file and a DUMP payload.
//!
//! Jones polynomial 0xad93d23594c935a9, bits reflected, initial value 0, no final xor. Because nothing is xored at either
//! end, the checksum of a file is the checksum of its pieces taken one after the other: `crc64(crc64(0, a), b)` equals
//! `crc64(0, a ++ b)`. The check value, of the nine bytes "123456789", is e9c6d914c4b8d9ca.
//!
//! Long inputs go through carry-less multiplication (the `crc-fast` crate), which has a fixed cost of about 35 ns a call;
//! short ones, where that cost is most of the time, go through eight tables that advance eight bytes a step.

use crc_fast::{CrcAlgorithm, Digest};

/// The polynomial with its bits reversed, as a right-shifting register uses it.
const POLY_REFLECTED: u64 = 0xad93d23594c935a9_u64.reverse_bits();

/// From this length on the call into `crc-fast` is the faster one.
const LONG: usize = 64;

/// `TABLES[n][b]`: what byte `b` adds to the register once `n` further bytes have passed through it.
static TABLES: [[u64; 256]; 8] = {
    let mut tables = [[0u64; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLY_REFLECTED } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut n = 1;
    while n < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[n - 1][byte];
            tables[n][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        n += 1;
    }
    tables
};

/// Continues the running checksum `crc` (0 at the start) over `data`.
pub fn crc64(crc: u64, data: &[u8]) -> u64 {
    if data.len() < LONG {
        return by_tables(crc, data);
    }
    let mut digest = Digest::new_with_init_state(CrcAlgorithm::Crc64Redis, crc);
    digest.update(data);
    digest.finalize()
}

fn by_tables(mut crc: u64, data: &[u8]) -> u64 {
    let (words, tail) = data.as_chunks::<8>();
    for word in words {
        let x = (crc ^ u64::from_le_bytes(*word)).to_le_bytes();
        crc = TABLES[7][x[0] as usize]
            ^ TABLES[6][x[1] as usize]
            ^ TABLES[5][x[2] as usize]
            ^ TABLES[4][x[3] as usize]
            ^ TABLES[3][x[4] as usize]
            ^ TABLES[2][x[5] as usize]
            ^ TABLES[1][x[6] as usize]
            ^ TABLES[0][x[7] as usize];
    }
    for &byte in tail {
        crc = (crc >> 8) ^ TABLES[0][(crc as u8 ^ byte) as usize];
    }
    crc
}
