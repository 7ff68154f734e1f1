//! Writing a keyspace as RDB.

use super::header::{self, Family, VALKEY_VERSION};
use super::save_value::{save_value, type_id};
use super::writer::Writer;
use crate::keyspace::{EntryRef, Keyspace};
use crate::persist::child::Reporter;
use crate::persist::delay::KeyDelay;
use c_compat::rdb::opcode;
use std::io::{self, Write};

/// What is written about the use of each key, for a server that evicts by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Usage {
    /// Nothing.
    #[default]
    None,
    /// Seconds since the last access: maxmemory-policy is an LRU one.
    Idle,
    /// The access counter: maxmemory-policy is an LFU one.
    Freq,
}

/// Where the replication stream stands at the moment of the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplPosition {
    /// The database that the stream has selected.
    pub stream_db: i64,
    /// The replication id.
    pub id: [u8; 40],
    /// The offset of the last byte that the snapshot includes.
    pub offset: i64,
}

/// How to save.
#[derive(Debug, Clone)]
pub struct SaveOptions<'a> {
    /// The RDB version: what the reader can read. From 9 on they differ only in whether hashes keep their fields' times, and
    /// in which form.
    pub version: u16,
    /// AUX redis-ver.
    pub server_version: &'a str,
    /// AUX ctime is in these seconds, idle times count to them.
    pub now_ms: i64,
    /// AUX used-mem.
    pub used_memory: u64,
    /// AUX repl-*, if there is a replication history worth keeping.
    pub repl: Option<ReplPosition>,
    /// AUX aof-base: whether the file is to be the base of an AOF.
    pub aof_base: bool,
    /// `rdbcompression`
    pub compression: bool,
    /// `rdbchecksum`
    pub checksum: bool,
    /// What to write of the keys' use.
    pub usage: Usage,
    /// `rdb-key-save-delay`
    pub key_save_delay: i32,
    /// False for a replica that asked for no data (`REPLCONF rdb-filter-only`).
    pub data: bool,
}

/// Writes `keyspace` to `out` and returns how many bytes that took. In a child, `reporter` is told of each key.
///
/// # Errors
/// What the sink says; the parent is gone.
pub fn save<W: Write>(
    keyspace: &Keyspace,
    out: W,
    options: &SaveOptions<'_>,
    mut reporter: Option<&mut Reporter>,
) -> io::Result<u64> {
    let mut out = Writer::new(out, options.checksum, options.compression);
    out.raw(&header::of(options.version))?;
    save_aux_fields(&mut out, options)?;
    if options.data {
        let mut delay = KeyDelay::new(options.key_save_delay);
        for db in (0..keyspace.db_count()).filter(|&db| keyspace.len(db) > 0) {
            out.byte(opcode::SELECTDB)?;
            out.len(db as u64)?;
            out.byte(opcode::RESIZEDB)?;
            out.len(keyspace.len(db) as u64)?;
            out.len(keyspace.expires_len(db) as u64)?;
            for entry in keyspace.iter(db) {
                save_key(&mut out, keyspace, entry, options)?;
                delay.after_key();
                if let Some(reporter) = &mut reporter {
                    reporter.key_written()?;
                    entry.give_back(reporter.pages());
                }
            }
        }
    }
    out.byte(opcode::EOF)?;
    out.finish()
}

fn save_aux_fields<W: Write>(out: &mut Writer<W>, options: &SaveOptions<'_>) -> io::Result<()> {
    match header::family_of(options.version) {
        Some(Family::Valkey) => save_aux(out, "valkey-ver", VALKEY_VERSION.as_bytes())?,
        _ => save_aux(out, "redis-ver", options.server_version.as_bytes())?,
    }
    save_aux_int(out, "redis-bits", i64::from(usize::BITS))?;
    save_aux_int(out, "ctime", options.now_ms / 1000)?;
    save_aux_int(out, "used-mem", options.used_memory as i64)?;
    if let Some(repl) = &options.repl {
        save_aux_int(out, "repl-stream-db", repl.stream_db)?;
        save_aux(out, "repl-id", &repl.id)?;
        save_aux_int(out, "repl-offset", repl.offset)?;
    }
    // Renamed with the multi-part AOF of 7.0.
    let base = if options.version >= opcode::VERSION_7_0 { "aof-base" } else { "aof-preamble" };
    save_aux_int(out, base, i64::from(options.aof_base))
}

fn save_aux<W: Write>(out: &mut Writer<W>, name: &str, value: &[u8]) -> io::Result<()> {
    out.byte(opcode::AUX)?;
    out.string(name.as_bytes())?;
    out.string(value)
}

fn save_aux_int<W: Write>(out: &mut Writer<W>, name: &str, value: i64) -> io::Result<()> {
    out.byte(opcode::AUX)?;
    out.string(name.as_bytes())?;
    out.int(value)
}

fn save_key<W: Write>(
    out: &mut Writer<W>,
    keyspace: &Keyspace,
    entry: EntryRef<'_>,
    options: &SaveOptions<'_>,
) -> io::Result<()> {
    if let Some(ms) = entry.expire() {
        out.byte(opcode::EXPIRETIME_MS)?;
        out.raw(&ms.to_le_bytes())?;
    }
    match options.usage {
        Usage::None => {}
        Usage::Idle => {
            out.byte(opcode::IDLE)?;
            out.len(entry.idle_ms(options.now_ms) / 1000)?;
        }
        Usage::Freq => {
            out.raw(&[opcode::FREQ, entry.lfu_counter(keyspace.freq, options.now_ms)])?;
        }
    }
    let type_id = type_id(entry.value(), options.version);
    out.byte(type_id)?;
    out.string(entry.key())?;
    save_value(out, entry.value(), type_id)
}
