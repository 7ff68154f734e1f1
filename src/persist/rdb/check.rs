//! The program redis-check-rdb: reads a snapshot from front to back, says what is in it, and where it is broken.
//!
//! Its output is the real program's, which scripts read. Values are looked at as if they were loaded; it steps over those
//! that the server cannot load yet.

use super::header::{self, BadHeader, Family};
use super::load_value::{Support, load_value, support};
use super::skip_value::{SkipFault, is_known_type, skip_module, skip_value};
use crate::sys::errno::strerror;
use crate::sys::file::FileMap;
use crate::util::clock::wall_us;
use crate::value::Limits;
use c_compat::crc64::crc64;
use c_compat::rdb::{Stop, Window, opcode};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Runs the program with its arguments (the first is its name) and returns its exit code.
///
/// # Errors
/// The output cannot be written.
pub fn run(args: &[String], version: &str, out: &mut dyn Write) -> io::Result<i32> {
    let [program, file] = args else {
        let program = args.first().map_or("redis-check-rdb", String::as_str);
        eprintln!("Usage: {program} <rdb-file-name>");
        return Ok(1);
    };
    if file == "-v" || file == "--version" {
        writeln!(out, "redis-check-rdb {version}")?;
        return Ok(0);
    }
    writeln!(out, "[offset 0] Checking RDB file {file}")?;
    let map = match File::open(Path::new(file)).and_then(|file| FileMap::new(&file)) {
        Ok(map) => map,
        Err(error) => {
            eprintln!("{program}: {file}: {}", strerror(&error));
            return Ok(1);
        }
    };
    check(&map, wall_us() / 1000, out).map(|sane| i32::from(!sane))
}

/// Checks `bytes`, writing to `out` what the program prints after its first line. True if all is well.
///
/// # Errors
/// The output cannot be written.
pub fn check(bytes: &[u8], now_ms: i64, out: &mut dyn Write) -> io::Result<bool> {
    let mut checker = Checker { state: State::default(), now_ms, out };
    let mut window = Window::new(bytes);
    match checker.go_through(&mut window, bytes) {
        Ok(()) => {
            writeln!(checker.out, "[offset {}] \\o/ RDB looks OK! \\o/", window.pos())?;
            checker.show_counts()?;
            Ok(true)
        }
        Err(Broken::Output(error)) => Err(error),
        Err(Broken::Data(reason)) => {
            checker.show_error(window.pos(), &reason)?;
            Ok(false)
        }
    }
}

enum Broken {
    Data(String),
    Output(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Broken::Output(error)
    }
}

impl From<Stop> for Broken {
    fn from(stop: Stop) -> Self {
        Broken::Data(match stop {
            Stop::NeedMore(_) => "Unexpected EOF reading RDB file".to_owned(),
            Stop::Corrupt(corrupt) => corrupt.fault.to_string(),
        })
    }
}

impl From<SkipFault> for Broken {
    fn from(fault: SkipFault) -> Self {
        match fault {
            SkipFault::Stop(stop) => stop.into(),
            SkipFault::OldModule => Broken::Data(
                "Value of a module in the format of before 4.0: only the module can read it".to_owned(),
            ),
            SkipFault::ModuleOpcode(opcode) => Broken::Data(format!("Unknown module opcode {opcode}")),
        }
    }
}

/// What was being done when an error was met.
#[derive(Debug, Clone, Copy, Default)]
enum Doing {
    #[default]
    Start,
    ReadType,
    ReadExpire,
    ReadKey,
    ReadValue,
    CheckSum,
    ReadLen,
    ReadAux,
    ReadModuleAux,
    ReadFunctions,
}

impl Doing {
    fn text(self) -> &'static str {
        match self {
            Doing::Start => "start",
            Doing::ReadType => "read-type",
            Doing::ReadExpire => "read-expire",
            Doing::ReadKey => "read-key",
            Doing::ReadValue => "read-object-value",
            Doing::CheckSum => "check-sum",
            Doing::ReadLen => "read-len",
            Doing::ReadAux => "read-aux",
            Doing::ReadModuleAux => "read-module-aux",
            Doing::ReadFunctions => "read-functions",
        }
    }
}

#[derive(Debug, Default)]
struct State {
    doing: Doing,
    key: Option<Vec<u8>>,
    key_type: Option<u8>,
    keys: u64,
    expires: u64,
    already_expired: u64,
}

struct Checker<'a> {
    state: State,
    now_ms: i64,
    out: &'a mut dyn Write,
}

impl Checker<'_> {
    fn go_through(&mut self, window: &mut Window<'_>, bytes: &[u8]) -> Result<(), Broken> {
        let (family, version) = read_version(window)?;
        let mut expire_ms = None;
        loop {
            self.state.doing = Doing::ReadType;
            match window.u8()? {
                opcode::EOF => break,
                opcode::EXPIRETIME => {
                    self.state.doing = Doing::ReadExpire;
                    expire_ms = Some(i64::from(window.seconds()?) * 1000);
                }
                opcode::EXPIRETIME_MS => {
                    self.state.doing = Doing::ReadExpire;
                    expire_ms = Some(window.milliseconds()?);
                }
                type_id if is_known_type(type_id, family) => {
                    self.key(window, type_id, family)?;
                    if let Some(ms) = expire_ms.take() {
                        self.state.expires += 1;
                        self.state.already_expired += u64::from(ms < self.now_ms);
                    }
                }
                other => self.opcode(window, other)?,
            }
        }
        if version >= 5 {
            let computed = crc64(0, &bytes[..window.pos()]);
            self.state.doing = Doing::CheckSum;
            match u64::from_le_bytes(window.array()?) {
                0 => self.info(
                    window,
                    "RDB file was saved with checksum disabled: no check performed.".as_bytes(),
                )?,
                stored if stored == computed => self.info(window, b"Checksum OK")?,
                _ => return Err(Broken::Data("RDB CRC error".to_owned())),
            }
        }
        Ok(())
    }

    fn opcode(&mut self, window: &mut Window<'_>, opcode: u8) -> Result<(), Broken> {
        match opcode {
            opcode::FREQ => {
                window.u8()?;
            }
            opcode::IDLE => {
                window.len()?;
            }
            opcode::SELECTDB => {
                self.state.doing = Doing::ReadLen;
                let db = window.len()?;
                self.info(window, format!("Selecting DB ID {db}").as_bytes())?;
            }
            opcode::RESIZEDB => {
                self.state.doing = Doing::ReadLen;
                window.len()?;
                window.len()?;
            }
            opcode::SLOT_INFO => {
                self.state.doing = Doing::ReadLen;
                for _ in 0..3 {
                    window.len()?;
                }
            }
            opcode::AUX => {
                self.state.doing = Doing::ReadAux;
                let (name, value) = (window.string_bytes()?, window.string_bytes()?);
                self.info(window, &[b"AUX FIELD ", &name[..], b" = '", &value[..], b"'"].concat())?;
            }
            opcode::MODULE_AUX => {
                self.state.doing = Doing::ReadModuleAux;
                let id = window.len()?;
                // An unsigned integer follows that says when the module wrote this.
                if window.len()? != 2 {
                    return Err(Broken::Data("bad when_opcode".to_owned()));
                }
                window.len()?;
                self.info(window, format!("MODULE AUX for: {}", module_name(id)).as_bytes())?;
                skip_module(window)?;
            }
            opcode::FUNCTION2 => {
                self.state.doing = Doing::ReadFunctions;
                window.string_bytes()?;
            }
            opcode::FUNCTION_PRE_GA => {
                self.state.doing = Doing::ReadFunctions;
                window.string_bytes()?;
                window.string_bytes()?;
                if window.len()? != 0 {
                    window.string_bytes()?;
                }
                window.string_bytes()?;
            }
            other => return Err(Broken::Data(format!("Invalid object type: {other}"))),
        }
        Ok(())
    }

    fn key(&mut self, window: &mut Window<'_>, type_id: u8, family: Family) -> Result<(), Broken> {
        self.state.key_type = Some(type_id);
        self.state.doing = Doing::ReadKey;
        self.state.key = Some(window.string_bytes()?.into_owned());
        self.state.keys += 1;
        self.state.doing = Doing::ReadValue;
        match support(type_id, family) {
            // As little as possible is made of it.
            Support::Yes => drop(load_value(window, type_id, &Limits::default())?),
            Support::NotYet | Support::NoType => skip_value(window, type_id)?,
        }
        self.state.key = None;
        self.state.key_type = None;
        Ok(())
    }

    fn info(&mut self, window: &Window<'_>, text: &[u8]) -> io::Result<()> {
        write!(self.out, "[offset {}] ", window.pos())?;
        self.out.write_all(text)?;
        self.out.write_all(b"\n")
    }

    fn show_error(&mut self, offset: usize, reason: &str) -> io::Result<()> {
        writeln!(self.out, "--- RDB ERROR DETECTED ---")?;
        writeln!(self.out, "[offset {offset}] {reason}")?;
        writeln!(self.out, "[additional info] While doing: {}", self.state.doing.text())?;
        if let Some(key) = &self.state.key {
            self.out.write_all(&[b"[additional info] Reading key '", &key[..], b"'\n"].concat())?;
        }
        if let Some(type_id) = self.state.key_type {
            let name = encoding_name(type_id);
            writeln!(self.out, "[additional info] Reading type {type_id} ({name})")?;
        }
        self.show_counts()
    }

    fn show_counts(&mut self) -> io::Result<()> {
        writeln!(self.out, "[info] {} keys read", self.state.keys)?;
        writeln!(self.out, "[info] {} expires", self.state.expires)?;
        writeln!(self.out, "[info] {} already expired", self.state.already_expired)
    }
}

fn read_version(window: &mut Window<'_>) -> Result<(Family, u16), Broken> {
    header::parse(&window.array()?).map_err(|bad| {
        Broken::Data(match bad {
            BadHeader::Signature => "Wrong signature trying to load DB from file".to_owned(),
            BadHeader::Version(version) => format!("Can't handle RDB format version {version}"),
        })
    })
}

/// The nine letters that a module's id is made of, six bits each above the ten of its encoding version.
fn module_name(id: u64) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..9).rev().map(|n| LETTERS[(id >> (10 + 6 * n) & 63) as usize] as char).collect()
}

fn encoding_name(type_id: u8) -> &'static str {
    match type_id {
        opcode::TYPE_STRING => "string",
        opcode::TYPE_LIST => "list-linked",
        opcode::TYPE_SET => "set-hashtable",
        opcode::TYPE_ZSET => "zset-v1",
        opcode::TYPE_HASH => "hash-hashtable",
        opcode::TYPE_ZSET_2 => "zset-v2",
        opcode::TYPE_MODULE_PRE_GA => "module-value",
        opcode::TYPE_HASH_ZIPMAP => "hash-zipmap",
        opcode::TYPE_LIST_ZIPLIST => "list-ziplist",
        opcode::TYPE_SET_INTSET => "set-intset",
        opcode::TYPE_ZSET_ZIPLIST => "zset-ziplist",
        opcode::TYPE_HASH_ZIPLIST => "hash-ziplist",
        opcode::TYPE_LIST_QUICKLIST => "quicklist",
        opcode::TYPE_STREAM_LISTPACKS => "stream",
        opcode::TYPE_HASH_LISTPACK => "hash-listpack",
        opcode::TYPE_ZSET_LISTPACK => "zset-listpack",
        opcode::TYPE_LIST_QUICKLIST_2 => "quicklist-v2",
        opcode::TYPE_SET_LISTPACK => "set-listpack",
        opcode::TYPE_HASH_METADATA | opcode::TYPE_HASH_2 => "hash-hashtable-md",
        opcode::TYPE_HASH_LISTPACK_EX => "hash-listpack-md",
        _ => "unknown",
    }
}
