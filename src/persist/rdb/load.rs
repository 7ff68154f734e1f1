//! Reading RDB from bytes as they come: one loader for a mapped file, a socket and a test's slice.
//!
//! [`Loader::feed`] is given a window on the bytes at hand and puts as many records as it can into a keyspace. It says
//! how many bytes it is done with, and what it wants: more bytes, another turn (its time is up), or nothing (the file is
//! complete, checksum and all). A record that is cut off at the window's end is read again from its start when more
//! bytes are there; a length in it costs nothing until then.
//!
//! ```text
//!   Header ──▶ Records ──EOF──▶ Checksum ──▶ Done          (a version under 5 has no checksum)
//! ```

use super::header::{self, BadHeader, Family};
use super::load_value::{LoadedValue, Support, begin_value, support, type_name};
use super::types::{Begun, Parts};
use crate::keyspace::{Access, ExpiryMode, KeyHash, Keyspace};
use crate::persist::delay::KeyDelay;
use crate::value::Limits;
use crate::{log_debug, log_notice, log_warning};
use c_compat::crc64::crc64;
use c_compat::rdb::{Stop, Window, opcode};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt;
use std::time::Instant;

const CHECKSUM_LEN: usize = 8;

/// How many members of a collection count as one record.
const PARTS_PER_STEP: u32 = 16;

/// The clock is asked once in this many records.
const RECORDS_PER_CLOCK_CHECK: u32 = 32;

/// Keys in a group.
const GROUP: usize = 16;

/// A longer record ends its group, so that a group of values that were decompressed holds no more than this each,
/// times what compression can save.
const GROUP_RECORD_MAX: usize = 1024;

/// A record that sets a key takes at least this many bytes, so that a count of keys can be held against the bytes.
const KEY_RECORD_MIN: u64 = 3;

/// Room made in advance, in keys of a database, for data that is still to come.
const PRESIZE_UNBACKED_MAX: u64 = 1 << 20;

/// What to do with a key that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// The snapshot is corrupt.
    Refuse,
    /// The snapshot's value wins (DEBUG RELOAD NOFLUSH).
    Replace,
}

/// How to load.
#[derive(Debug, Clone, Copy)]
pub struct LoadOptions {
    /// Whether to hold the checksum against the bytes (`rdbchecksum`).
    pub checksum: bool,
    /// Whether keys whose time has passed are left out: a primary leaves them out, a replica waits for its primary.
    pub drop_expired: bool,
    /// Unix time in ms that expiry is measured against.
    pub now_ms: i64,
    /// What to do with keys that are there already.
    pub duplicates: Duplicates,
}

/// What loaded data says of the replication stream it was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReplFields {
    /// AUX repl-stream-db
    pub stream_db: Option<i64>,
    /// AUX repl-id
    pub id: Option<[u8; 40]>,
    /// AUX repl-offset
    pub offset: Option<i64>,
}

impl ReplFields {
    /// The three of them, if all are there and mean something.
    #[must_use]
    pub fn complete(&self) -> Option<(i64, [u8; 40], i64)> {
        match (self.stream_db, self.id, self.offset) {
            // Old servers wrote a stream db of -1 where they had none.
            (Some(db), Some(id), Some(offset)) if db >= 0 && offset >= 0 => Some((db, id, offset)),
            _ => None,
        }
    }
}

/// What was found out and done while loading.
#[derive(Debug, Clone, Copy, Default)]
pub struct Loaded {
    /// AUX repl-*.
    pub repl: ReplFields,
    /// Keys put into the keyspace.
    pub keys_loaded: u64,
    /// Keys left out because their time had passed.
    pub keys_expired: u64,
    /// Collections without members, which were left out.
    pub keys_empty: u64,
    /// AUX used-mem: what the data took in the server that wrote it.
    pub used_memory: u64,
}

/// Data that cannot be loaded: where and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// How many bytes into the data.
    pub offset: u64,
    /// What is wrong there.
    pub reason: Reason,
}

/// What is wrong with data that cannot be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It does not start with REDIS.
    Signature,
    /// A version that is not known.
    Version(String),
    /// It ends too early.
    Truncated,
    /// Bytes that no server writes.
    Corrupt(String),
    /// A database number beyond `databases`.
    Database {
        /// The number.
        number: u64,
        /// How many databases there are.
        have: usize,
    },
    /// Something that this server does not have.
    Unsupported(String),
    /// A key that is there already.
    DuplicateKey {
        /// The key.
        key: String,
        /// Its database.
        db: usize,
    },
    /// The checksum is wrong.
    Checksum {
        /// Of the bytes.
        computed: u64,
        /// In the file.
        stored: u64,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Signature => f.write_str("Wrong signature trying to load DB from file"),
            Reason::Version(digits) => write!(f, "Can't handle RDB format version {digits}"),
            Reason::Truncated => f.write_str("Unexpected EOF reading RDB file"),
            Reason::Corrupt(what) | Reason::Unsupported(what) => f.write_str(what),
            Reason::Database { number, have } => write!(
                f,
                "Data file was created with a Redis server configured to handle more than {have} databases \
                 (database {number})"
            ),
            Reason::DuplicateKey { key, db } => write!(f, "RDB has duplicated key '{key}' in DB {db}"),
            Reason::Checksum { computed, stored } => {
                write!(f, "RDB CRC error, expected ({computed:x}) but got ({stored:x})")
            }
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "offset {}: {}", self.offset, self.reason)
    }
}

impl std::error::Error for LoadError {}

/// Where loaded keys go.
pub struct Target<'a> {
    /// The databases.
    pub keyspace: &'a mut Keyspace,
    /// Told of each key that was left out because its time had passed: replicas that continue from this snapshot's
    /// offset have it and need its DEL.
    pub on_expired: &'a mut dyn FnMut(usize, &[u8]),
}

/// What a loader wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// A window of at least so many bytes, counted after those it is done with. The number is what the data claims: let
    /// the window grow as bytes come.
    Bytes(usize),
    /// Another turn: its time is up.
    Turn,
    /// Nothing: all is loaded, and what follows in the window is not RDB.
    Nothing,
}

/// How far [`Loader::feed`] got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fed {
    /// Bytes at the front of the window that are done with.
    pub used: usize,
    /// What it wants next.
    pub wants: Wants,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Header,
    Records,
    Checksum,
    Done,
}

/// What is written before a key's record about that key.
#[derive(Debug, Clone, Copy, Default)]
struct KeyFields {
    expire_ms: Option<i64>,
    idle_s: Option<u64>,
    freq: Option<u8>,
}

/// Loads one RDB into a keyspace.
#[derive(Debug)]
pub struct Loader {
    options: LoadOptions,
    stage: Stage,
    version: u16,
    family: Family,
    /// Bytes done with.
    offset: u64,
    /// How long the data is, if that is known.
    total: Option<u64>,
    /// All of it is there, and not only announced.
    all_there: bool,
    crc: u64,
    db: usize,
    fields: KeyFields,
    /// The key of a collection whose members are being read.
    partial: Option<(Vec<u8>, Parts)>,
    delay: KeyDelay,
    loaded: Loaded,
}

/// One step through the data.
enum Record<'w> {
    Key { key: Cow<'w, [u8]>, value: Begun<'w> },
    Fields(KeyFields),
    Database(u64),
    Size { keys: u64, expires: u64 },
    Aux { name: Cow<'w, [u8]>, value: Cow<'w, [u8]> },
    Nothing,
    End,
}

/// A key that was read and is yet to be added.
struct Waiting<'w> {
    /// Where its record begins in the data.
    offset: u64,
    db: usize,
    hash: KeyHash,
    key: Cow<'w, [u8]>,
    value: LoadedValue<'w>,
    fields: KeyFields,
}

/// At most [`GROUP`] keys.
type Group<'w> = SmallVec<[Waiting<'w>; GROUP]>;

/// Why a step was not made.
enum NoRecord {
    NeedMore(usize),
    /// At so many bytes into the window.
    Bad(usize, Reason),
}

impl From<Stop> for NoRecord {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::NeedMore(len) => NoRecord::NeedMore(len),
            Stop::Corrupt(corrupt) => NoRecord::Bad(corrupt.at, Reason::Corrupt(corrupt.fault.to_string())),
        }
    }
}

impl Loader {
    /// A loader at the start of its data, of which there are `total` bytes if that is known.
    #[must_use]
    pub fn new(options: LoadOptions, total: Option<u64>) -> Self {
        Loader {
            options,
            stage: Stage::Header,
            version: 0,
            family: Family::Redis,
            offset: 0,
            total,
            all_there: true,
            crc: 0,
            db: 0,
            fields: KeyFields::default(),
            partial: None,
            delay: KeyDelay::default(),
            loaded: Loaded::default(),
        }
    }

    /// The data comes from somebody who may have lied about its length: it gets no room in advance.
    #[must_use]
    pub fn announced(mut self) -> Self {
        self.all_there = false;
        self
    }

    /// Bytes done with.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What was found and done so far.
    #[must_use]
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// The version in the header, once that has been read and found loadable.
    #[must_use]
    pub fn version(&self) -> Option<u16> {
        (self.stage != Stage::Header).then_some(self.version)
    }

    /// `key-load-delay`, which may change in the middle of a load.
    pub fn set_key_delay(&mut self, usec: i32) {
        self.delay.set(usec);
    }

    /// Loads from the front of `window` until that is used up or `deadline` has passed.
    ///
    /// # Errors
    /// The data cannot be loaded. What was loaded before stays in the keyspace.
    pub fn feed(
        &mut self,
        window: &[u8],
        target: &mut Target<'_>,
        deadline: Option<Instant>,
    ) -> Result<Fed, LoadError> {
        // Commands that ran since the last turn have set their own context.
        target.keyspace.begin(self.options.now_ms, ExpiryMode::Ignore, false);
        let before = self.offset;
        let was_done = self.stage == Stage::Done;
        let mut used = 0;
        let mut records = 0;
        let mut group = Group::new();
        let stopped = loop {
            match self.step(&window[used..], target, &mut group) {
                Ok(len) => {
                    used += len;
                    self.offset = before + used as u64;
                    if group.len() == GROUP || len > GROUP_RECORD_MAX || self.delay.is_on() {
                        self.add_group(&mut group, target)?;
                    }
                }
                Err(NoRecord::NeedMore(len)) => break Ok(Wants::Bytes(len)),
                Err(NoRecord::Bad(at, reason)) => {
                    break Err(LoadError { offset: self.offset + at as u64, reason });
                }
            }
            if matches!(self.stage, Stage::Done | Stage::Checksum) {
                break Ok(Wants::Nothing);
            }
            records += 1;
            if (records % RECORDS_PER_CLOCK_CHECK == 0 || self.delay.is_on())
                && deadline.is_some_and(|deadline| Instant::now() >= deadline)
            {
                break Ok(Wants::Turn);
            }
        };
        // What was read before an error is loaded, and may have an error of its own, which comes first.
        self.add_group(&mut group, target)?;
        let wants = stopped?;
        if self.stage != Stage::Done && self.options.checksum {
            // In one go over all that was used, the checksum itself not included.
            self.crc = crc64(self.crc, &window[..used]);
        }
        let fed = match self.stage {
            Stage::Checksum => self.check_checksum(window, used)?,
            _ => Fed { used, wants },
        };
        if fed.wants == Wants::Nothing && !was_done {
            target.keyspace.loaded();
            let Loaded { keys_loaded, keys_expired, keys_empty, .. } = self.loaded;
            let empty =
                if keys_empty > 0 { format!(", empty keys skipped: {keys_empty}") } else { String::new() };
            log_notice!("Done loading RDB, keys loaded: {keys_loaded}, keys expired: {keys_expired}{empty}.");
        }
        Ok(fed)
    }

    /// What the end of the data means at this point.
    #[must_use]
    pub fn truncated(&self) -> LoadError {
        LoadError { offset: self.total.unwrap_or(self.offset), reason: Reason::Truncated }
    }

    fn check_checksum(&mut self, window: &[u8], used: usize) -> Result<Fed, LoadError> {
        let Some(stored) = window[used..].first_chunk::<CHECKSUM_LEN>() else {
            return Ok(Fed { used, wants: Wants::Bytes(CHECKSUM_LEN) });
        };
        let (computed, stored) = (self.crc, u64::from_le_bytes(*stored));
        self.stage = Stage::Done;
        self.offset += CHECKSUM_LEN as u64;
        if self.options.checksum && stored == 0 {
            log_warning!("RDB file was saved with checksum disabled: no check performed.");
        } else if self.options.checksum && stored != computed {
            log_warning!("Wrong RDB checksum expected: ({computed:x}) but got ({stored:x}). Aborting now.");
            return Err(LoadError { offset: self.offset, reason: Reason::Checksum { computed, stored } });
        }
        Ok(Fed { used: used + CHECKSUM_LEN, wants: Wants::Nothing })
    }

    fn step<'w>(
        &mut self,
        bytes: &'w [u8],
        target: &mut Target<'_>,
        group: &mut Group<'w>,
    ) -> Result<usize, NoRecord> {
        let mut window = Window::new(bytes);
        match self.stage {
            Stage::Header => {
                (self.family, self.version) = read_header(&mut window)?;
                self.stage = Stage::Records;
            }
            Stage::Records if self.partial.is_some() => self.load_parts(&mut window, target, group)?,
            Stage::Records => {
                let limits = &target.keyspace.limits;
                let record = read_record(&mut window, self.family, self.fields, limits, |key, reason| {
                    Reason::Unsupported(format!("key '{}' in db {}: {reason}", printable(key), self.db))
                })?;
                self.apply(record, target, bytes.len(), group).map_err(|reason| NoRecord::Bad(0, reason))?;
            }
            Stage::Checksum | Stage::Done => {}
        }
        Ok(window.pos())
    }

    fn apply<'w>(
        &mut self,
        record: Record<'w>,
        target: &mut Target<'_>,
        at_hand: usize,
        group: &mut Group<'w>,
    ) -> Result<(), Reason> {
        match record {
            Record::Key { key, value: Begun::Whole(value) } => self.take_key(key, value, target, group),
            Record::Key { key, value: Begun::Parts(parts) } => self.partial = Some((key.into_owned(), parts)),
            Record::Fields(fields) => self.fields = fields,
            Record::Database(number) => {
                let have = target.keyspace.db_count();
                self.db = usize::try_from(number)
                    .ok()
                    .filter(|&db| db < have)
                    .ok_or(Reason::Database { number, have })?;
            }
            Record::Size { keys, expires } => {
                let total = self.total.filter(|_| self.all_there);
                let bytes = total.map_or(at_hand as u64, |total| total.saturating_sub(self.offset));
                let backed = bytes / KEY_RECORD_MIN;
                let most = if total.is_some() { backed } else { backed.max(PRESIZE_UNBACKED_MAX) };
                let (keys, expires) = (keys.min(most), expires.min(most));
                target.keyspace.presize(self.db, keys as usize, expires as usize);
            }
            Record::Aux { name, value } => self.take_aux(&name, &value),
            Record::Nothing => {}
            Record::End => self.stage = if self.version >= 5 { Stage::Checksum } else { Stage::Done },
        }
        Ok(())
    }

    /// Reads some of the members of the collection that is being read.
    fn load_parts<'w>(
        &mut self,
        window: &mut Window<'w>,
        target: &mut Target<'_>,
        group: &mut Group<'w>,
    ) -> Result<(), NoRecord> {
        let (_, parts) = self.partial.as_mut().expect("the caller saw it");
        for n in 0..PARTS_PER_STEP {
            let before = window.pos();
            match parts.step(window, &target.keyspace.limits) {
                Ok(()) if parts.is_complete() => break,
                Ok(()) => {}
                // What was read so far counts; the window is left before the member that is not all there.
                Err(Stop::NeedMore(_)) if n > 0 => {
                    window.go_to(before);
                    return Ok(());
                }
                Err(stop) => return Err(stop.into()),
            }
        }
        if parts.is_complete() {
            let (key, parts) = self.partial.take().expect("it was there above");
            let value = parts.finish(&target.keyspace.limits);
            self.take_key(Cow::Owned(key), value, target, group);
        }
        Ok(())
    }

    /// Adds a key that was read to the group, unless its time has passed.
    #[inline]
    fn take_key<'w>(
        &mut self,
        key: Cow<'w, [u8]>,
        value: LoadedValue<'w>,
        target: &mut Target<'_>,
        group: &mut Group<'w>,
    ) {
        let fields = std::mem::take(&mut self.fields);
        if self.options.drop_expired && fields.expire_ms.is_some_and(|ms| ms < self.options.now_ms) {
            (target.on_expired)(self.db, &key);
            self.loaded.keys_expired += 1;
        } else {
            let hash = target.keyspace.hash_to_insert(self.db, &key);
            group.push(Waiting { offset: self.offset, db: self.db, hash, key, value, fields });
        }
        self.delay.after_key();
    }

    /// Puts the group's keys into the keyspace, and leaves it empty.
    fn add_group(&mut self, group: &mut Group<'_>, target: &mut Target<'_>) -> Result<(), LoadError> {
        let keyspace = &mut *target.keyspace;
        for Waiting { offset, db, hash, key, mut value, fields } in group.drain(..) {
            let Some(value) = value.as_new() else {
                self.skip_empty(&key);
                continue;
            };
            let access = match (fields.idle_s, fields.freq) {
                (_, Some(counter)) => Access::Freq(counter),
                (Some(seconds), None) => Access::Idle(seconds),
                (None, None) => Access::Fresh,
            };
            let expire_ms = fields.expire_ms;
            if self.options.duplicates == Duplicates::Replace {
                keyspace.delete(db, &key);
            }
            if !keyspace.insert_one_of_many(db, hash, &key, value, expire_ms, access) {
                let reason = Reason::DuplicateKey { key: printable(&key), db };
                return Err(LoadError { offset, reason });
            }
            self.loaded.keys_loaded += 1;
        }
        Ok(())
    }

    /// A collection without members is no key; old servers have been seen to write some.
    fn skip_empty(&mut self, key: &[u8]) {
        const LOGGED_MAX: u64 = 10;
        if self.loaded.keys_empty < LOGGED_MAX {
            log_notice!("rdbLoadObject skipping empty key: {}", printable(key));
        }
        self.loaded.keys_empty += 1;
    }

    fn take_aux(&mut self, name: &[u8], value: &[u8]) {
        let text = String::from_utf8_lossy(value);
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if name.first() == Some(&b'%') {
            log_notice!("RDB '{}': {text}", printable(name));
        } else if is("repl-stream-db") {
            self.loaded.repl.stream_db = text.parse().ok();
        } else if is("repl-id") {
            self.loaded.repl.id = value.try_into().ok();
        } else if is("repl-offset") {
            self.loaded.repl.offset = text.parse().ok();
        } else if is("redis-ver") || is("valkey-ver") {
            log_notice!("Loading RDB produced by version {text}");
        } else if is("ctime") {
            let age = (self.options.now_ms / 1000).saturating_sub(text.parse().unwrap_or(0));
            log_notice!("RDB age {} seconds", age.max(0));
        } else if is("used-mem") {
            self.loaded.used_memory = text.parse().unwrap_or(0);
            let mb = self.loaded.used_memory as f64 / (1024.0 * 1024.0);
            log_notice!("RDB memory usage when created {mb:.2} Mb");
        } else if is("aof-preamble") || is("aof-base") {
            if text.parse() == Ok(1i64) {
                log_notice!("RDB is base AOF");
            }
        } else if is("redis-bits") || is("lua") {
            // Scripts are not loaded from snapshots since 7.0; the width of a word matters to nothing here.
        } else {
            log_debug!("Unrecognized RDB AUX field: '{}'", printable(name));
        }
    }
}

fn read_header(window: &mut Window<'_>) -> Result<(Family, u16), NoRecord> {
    header::parse(&window.array()?).map_err(|bad| {
        NoRecord::Bad(
            0,
            match bad {
                BadHeader::Signature => Reason::Signature,
                BadHeader::Version(version) => Reason::Version(version),
            },
        )
    })
}

fn read_record<'w>(
    window: &mut Window<'w>,
    family: Family,
    fields: KeyFields,
    limits: &Limits,
    unsupported: impl FnOnce(&[u8], &str) -> Reason,
) -> Result<Record<'w>, NoRecord> {
    Ok(match window.u8()? {
        opcode::EXPIRETIME => {
            let ms = i64::from(window.seconds()?) * 1000;
            Record::Fields(KeyFields { expire_ms: Some(ms), ..fields })
        }
        opcode::EXPIRETIME_MS => {
            Record::Fields(KeyFields { expire_ms: Some(window.milliseconds()?), ..fields })
        }
        opcode::IDLE => Record::Fields(KeyFields { idle_s: Some(window.len()?), ..fields }),
        opcode::FREQ => Record::Fields(KeyFields { freq: Some(window.u8()?), ..fields }),
        opcode::SELECTDB => Record::Database(window.len()?),
        opcode::RESIZEDB => Record::Size { keys: window.len()?, expires: window.len()? },
        opcode::AUX => Record::Aux { name: window.string_bytes()?, value: window.string_bytes()? },
        opcode::SLOT_INFO => {
            // A hint for servers in cluster mode.
            for _ in 0..3 {
                window.len()?;
            }
            Record::Nothing
        }
        opcode::EOF => Record::End,
        opcode::FUNCTION2 | opcode::FUNCTION_PRE_GA => {
            return Err(NoRecord::Bad(
                0,
                Reason::Unsupported(
                    "the data has function libraries, which are not supported yet".to_owned(),
                ),
            ));
        }
        opcode::MODULE_AUX => {
            return Err(NoRecord::Bad(
                0,
                Reason::Unsupported(
                    "the data has fields of a module, and modules are not supported".to_owned(),
                ),
            ));
        }
        type_id => match support(type_id, family) {
            Support::Yes => {
                Record::Key { key: window.string_bytes()?, value: begin_value(window, type_id, limits)? }
            }
            Support::NotYet => {
                let key = window.string_bytes()?;
                let what = format!("type {type_id} ({}) is not supported yet", type_name(type_id));
                return Err(NoRecord::Bad(0, unsupported(&key, &what)));
            }
            Support::NoType => {
                return Err(NoRecord::Bad(0, Reason::Corrupt(format!("Invalid object type: {type_id}"))));
            }
        },
    })
}

/// Bytes for a log line: as text, what is not text escaped, long ones cut.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    const SHOWN_MAX: usize = 128;
    let mut text = bytes[..bytes.len().min(SHOWN_MAX)].escape_ascii().to_string();
    if bytes.len() > SHOWN_MAX {
        text.push_str("...");
    }
    text
}
