//! The table of options: one row each, in files named as the sections of redis.conf are.
//!
//! A row says all there is to know about an option: its names, who may change it and when, the type of its value with
//! default and bounds, and how to reach its field in `Config`. Parsing, CONFIG GET, SET and REWRITE are written once
//! for each kind of value (here, in `number.rs` and, for those with a syntax of their own, in `special.rs`) and know
//! no option by name.

use super::rewrite::Rewriter;
use super::settings::Config;
use super::values::{SHUTDOWN_NAMES, ShutdownFlags, Text};
use bitflags::bitflags;
use number::Unit;
use std::borrow::Cow;

mod check;
mod number;
mod special;

bitflags! {
    /// Who may change an option, and when; and how its value is written.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Flags: u16 {
        /// Set at start only.
        const IMMUTABLE = 1 << 0;
        /// The value is a secret: the command that sets it is kept out of logs.
        const SENSITIVE = 1 << 1;
        /// Worth showing in a crash report.
        const DEBUG = 1 << 2;
        /// The value is a list of words.
        const MULTI_ARG = 1 << 3;
        /// CONFIG GET shows it only to those who name it.
        const HIDDEN = 1 << 4;
        /// Settable at run time only as enable-protected-configs says.
        const PROTECTED = 1 << 5;
        /// Not settable while data is loaded.
        const DENY_LOADING = 1 << 6;
        /// The value names something that can change by itself: setting it to what it was counts as a change.
        const VOLATILE = 1 << 7;
    }
}

/// Why a value is refused: Redis's words, without the name of the option.
pub type Refusal = Cow<'static, str>;

/// One option.
pub struct Row {
    /// The name it is written and rewritten by; also the option's id.
    pub name: &'static str,
    /// The older name that works too.
    pub alias: Option<&'static str>,
    /// Its properties.
    pub flags: Flags,
    kind: Kind,
}

/// The type of an option's value, and the way to its field.
enum Kind {
    Flag {
        default: bool,
        get: fn(&Config) -> bool,
        set: fn(&mut Config, bool),
        check: fn(bool) -> Result<(), Refusal>,
    },
    /// Numbers travel as i128, which holds every integer type of a field.
    Number {
        default: i128,
        min: i128,
        max: i128,
        unit: Unit,
        get: fn(&Config) -> i128,
        set: fn(&mut Config, i128),
    },
    Text {
        default: &'static str,
        /// Empty means not set, and CONFIG REWRITE drops the line.
        optional: bool,
        /// A NUL is part of the value; otherwise it ends there.
        binary: bool,
        get: fn(&Config) -> &Text,
        set: fn(&mut Config, Text),
        check: fn(&Config, &[u8]) -> Result<(), Refusal>,
    },
    /// A choice travels as its index in `names`.
    Choice {
        default: fn(&mut Config),
        names: fn() -> Vec<&'static str>,
        get: fn(&Config) -> &'static str,
        set: fn(&mut Config, usize),
        is_default: fn(&Config) -> bool,
    },
    Shutdown {
        get: fn(&Config) -> ShutdownFlags,
        set: fn(&mut Config, ShutdownFlags),
    },
    Special(&'static Special),
}

/// What an option with a syntax of its own does.
pub(super) struct Special {
    reset: fn(&mut Config),
    set: fn(&mut Config, &[&[u8]]) -> Result<(), Refusal>,
    get: fn(&Config) -> Vec<u8>,
    rewrite: fn(&Config, &str, &mut Rewriter),
}

const INT_MAX: i128 = i32::MAX as i128;
const INT_MIN: i128 = i32::MIN as i128;
const UINT_MAX: i128 = u32::MAX as i128;
/// hz is kept within these, whatever is asked for.
const HZ_MIN: u32 = 1;
const HZ_MAX: u32 = 500;

macro_rules! flag {
    ($field:ident, $default:expr) => {
        flag!($field, $default, crate::config::options::check::any_flag)
    };
    ($field:ident, $default:expr, $check:path) => {
        crate::config::options::Kind::Flag {
            default: $default,
            get: |config| config.$field,
            set: |config, value| config.$field = value,
            check: $check,
        }
    };
}

macro_rules! number {
    ($unit:ident, $field:ident, $default:expr, $min:expr, $max:expr, $value:ident => $store:expr) => {
        crate::config::options::Kind::Number {
            default: $default,
            min: $min as i128,
            max: $max as i128,
            unit: crate::config::options::number::Unit::$unit,
            get: |config| config.$field as i128,
            set: |config, $value| config.$field = $store,
        }
    };
}

macro_rules! int {
    ($field:ident, $default:expr, $min:expr, $max:expr) => {
        number!(Plain, $field, $default, $min, $max, value => value as _)
    };
    ($field:ident, $default:expr, $min:expr, $max:expr, clamp $low:expr, $high:expr) => {
        number!(Plain, $field, $default, $min, $max, value => (value as u32).clamp($low, $high))
    };
}

macro_rules! memory {
    ($field:ident, $default:expr, $min:expr, $max:expr) => {
        number!(Memory, $field, $default, $min, $max, value => value as _)
    };
}

macro_rules! octal {
    ($field:ident, $default:expr, $min:expr, $max:expr) => {
        number!(Octal, $field, $default, $min, $max, value => value as _)
    };
}

macro_rules! memory_or_percent {
    ($field:ident, $default:expr, $min:expr, $max:expr) => {
        crate::config::options::Kind::Number {
            default: $default.to_number(),
            min: $min as i128,
            max: $max as i128,
            unit: crate::config::options::number::Unit::MemoryOrPercent,
            get: |config| config.$field.to_number(),
            set: |config, value| config.$field = SizeOrPercent::from_number(value),
        }
    };
}

macro_rules! text_kind {
    ($field:ident, $default:expr, $optional:expr, $binary:expr, $check:path) => {
        crate::config::options::Kind::Text {
            default: $default,
            optional: $optional,
            binary: $binary,
            get: |config| &config.$field,
            set: |config, value| config.$field = value,
            check: $check,
        }
    };
}

/// `text!(field)` has no value at first; `text!(field, default)` always has one.
macro_rules! text {
    ($field:ident) => {
        text_kind!($field, "", true, false, crate::config::options::check::any_text)
    };
    ($field:ident, check::$check:ident) => {
        text_kind!($field, "", true, false, crate::config::options::check::$check)
    };
    ($field:ident, $default:expr) => {
        text_kind!($field, $default, false, false, crate::config::options::check::any_text)
    };
    ($field:ident, $default:expr, $check:path) => {
        text_kind!($field, $default, false, false, $check)
    };
}

macro_rules! binary {
    ($field:ident) => {
        text_kind!($field, "", true, true, crate::config::options::check::any_text)
    };
}

macro_rules! choice {
    ($field:ident, $type:ident::$default:ident) => {
        crate::config::options::Kind::Choice {
            default: |config| config.$field = $type::$default,
            names: || <$type as crate::config::values::Choice>::NAMES.iter().map(|(name, _)| *name).collect(),
            get: |config| crate::config::values::Choice::name(config.$field),
            set: |config, index| config.$field = <$type as crate::config::values::Choice>::NAMES[index].1,
            is_default: |config| config.$field == $type::$default,
        }
    };
}

macro_rules! shutdown_flags {
    ($field:ident) => {
        crate::config::options::Kind::Shutdown {
            get: |config| config.$field,
            set: |config, value| config.$field = value,
        }
    };
}

macro_rules! special {
    ($special:path) => {
        crate::config::options::Kind::Special(&$special)
    };
}

mod append_only;
mod clients;
mod cluster;
mod cron;
mod encodings;
mod general;
mod latency;
mod lazyfree;
mod memory;
mod network;
mod notify;
mod replication;
mod security;
mod slowlog;
mod snapshotting;
mod threads;
mod tls;

static SECTIONS: &[&[Row]] = &[
    network::ROWS,
    tls::ROWS,
    general::ROWS,
    snapshotting::ROWS,
    replication::ROWS,
    security::ROWS,
    clients::ROWS,
    memory::ROWS,
    lazyfree::ROWS,
    threads::ROWS,
    append_only::ROWS,
    cluster::ROWS,
    slowlog::ROWS,
    latency::ROWS,
    notify::ROWS,
    encodings::ROWS,
    cron::ROWS,
];

/// All options, section by section.
pub fn all() -> impl Iterator<Item = &'static Row> {
    SECTIONS.iter().flat_map(|rows| rows.iter())
}

/// The option of that name or alias, in any case, and the name by which it was found.
#[must_use]
pub fn lookup(name: &[u8]) -> Option<(&'static Row, &'static str)> {
    all().find_map(|row| {
        row.names().find(|known| known.as_bytes().eq_ignore_ascii_case(name)).map(|known| (row, known))
    })
}

impl Default for Config {
    fn default() -> Self {
        let mut config = Config::blank();
        for row in all() {
            row.reset(&mut config);
        }
        config
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Row {
    const fn new(name: &'static str, kind: Kind) -> Row {
        Row { name, alias: None, flags: Flags::empty(), kind }
    }

    const fn alias(self, alias: &'static str) -> Row {
        Row { name: self.name, alias: Some(alias), flags: self.flags, kind: self.kind }
    }

    const fn flags(self, flags: Flags) -> Row {
        Row { name: self.name, alias: self.alias, flags, kind: self.kind }
    }

    /// The name, then the alias if there is one.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.alias)
    }

    /// Puts the default in.
    pub(super) fn reset(&self, config: &mut Config) {
        match &self.kind {
            Kind::Flag { default, set, .. } => set(config, *default),
            Kind::Number { default, set, .. } => set(config, *default),
            Kind::Text { default, set, .. } => set(config, Text::from(*default)),
            Kind::Choice { default, .. } => default(config),
            Kind::Shutdown { set, .. } => set(config, ShutdownFlags::empty()),
            Kind::Special(special) => (special.reset)(config),
        }
    }

    /// Checks the words of a value and puts it in. The config is unspecified after a refusal.
    pub(super) fn set(&self, config: &mut Config, words: &[&[u8]]) -> Result<(), Refusal> {
        if let Kind::Special(special) = &self.kind {
            return (special.set)(config, words);
        }
        if let Kind::Shutdown { set, .. } = &self.kind {
            set(config, parse_shutdown(words)?);
            return Ok(());
        }
        let [word] = words else { return Err(WRONG_WORD_COUNT.into()) };
        match &self.kind {
            Kind::Flag { set, check, .. } => {
                let value = parse_flag(word)?;
                check(value)?;
                set(config, value);
            }
            Kind::Number { min, max, unit, set, .. } => set(config, unit.parse_within(word, *min, *max)?),
            Kind::Text { binary, set, check, .. } => {
                let value = if *binary { *word } else { until_nul(word) };
                check(config, value)?;
                set(config, Text::from(value));
            }
            Kind::Choice { names, set, .. } => {
                let names = names();
                let index = names.iter().position(|name| is_word(word, name));
                set(config, index.ok_or_else(|| must_be_one_of(&names))?);
            }
            Kind::Shutdown { .. } | Kind::Special(_) => unreachable!("handled above"),
        }
        Ok(())
    }

    /// The value as CONFIG GET shows it.
    #[must_use]
    pub fn get(&self, config: &Config) -> Vec<u8> {
        match &self.kind {
            Kind::Flag { get, .. } => yes_no(get(config)).into(),
            Kind::Number { unit, get, .. } => unit.format(get(config)).into_bytes(),
            Kind::Text { get, .. } => get(config).as_bytes().to_vec(),
            Kind::Choice { get, .. } => get(config).into(),
            Kind::Shutdown { get, .. } => format_shutdown(get(config)).into_bytes(),
            Kind::Special(special) => (special.get)(config),
        }
    }

    /// Gives the rewriter the line, or lines, that say the present value.
    pub(super) fn rewrite(&self, config: &Config, rewriter: &mut Rewriter) {
        let name = self.name;
        let (value, changed) = match &self.kind {
            Kind::Flag { default, get, .. } => (yes_no(get(config)).into(), get(config) != *default),
            Kind::Number { default, unit, get, .. } => {
                (unit.format_for_file(get(config)).into_bytes(), get(config) != *default)
            }
            Kind::Text { default, optional, get, .. } => {
                let value = get(config);
                if *optional && value.is_empty() {
                    return rewriter.drop_lines(name);
                }
                (super::rewrite::quote(value), *optional || *value != **default)
            }
            Kind::Choice { get, is_default, .. } => (get(config).into(), !is_default(config)),
            Kind::Shutdown { get, .. } => {
                (format_shutdown(get(config)).into_bytes(), !get(config).is_empty())
            }
            Kind::Special(special) => return (special.rewrite)(config, name, rewriter),
        };
        rewriter.line(name, &value, changed);
    }
}

const WRONG_WORD_COUNT: &str = "wrong number of arguments";

fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

fn parse_flag(word: &[u8]) -> Result<bool, Refusal> {
    match word {
        _ if is_word(word, "yes") => Ok(true),
        _ if is_word(word, "no") => Ok(false),
        _ => Err("argument must be 'yes' or 'no'".into()),
    }
}

fn is_word(word: &[u8], expected: &str) -> bool {
    until_nul(word).eq_ignore_ascii_case(expected.as_bytes())
}

fn until_nul(word: &[u8]) -> &[u8] {
    word.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Redis cuts this text where its buffer ends, and no list of names here is that long.
fn must_be_one_of(names: &[&str]) -> Refusal {
    format!("argument(s) must be one of the following: {}", names.join(", ")).into()
}

fn parse_shutdown(words: &[&[u8]]) -> Result<ShutdownFlags, Refusal> {
    let names = || SHUTDOWN_NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    if words.is_empty() {
        return Err(must_be_one_of(&names()));
    }
    let mut flags = ShutdownFlags::empty();
    for word in words {
        let known = SHUTDOWN_NAMES.iter().find(|(name, _)| is_word(word, name));
        flags |= known.ok_or_else(|| must_be_one_of(&names()))?.1;
    }
    if flags.contains(ShutdownFlags::SAVE | ShutdownFlags::NOSAVE) {
        return Err("shutdown options SAVE and NOSAVE can't be used simultaneously".into());
    }
    Ok(flags)
}

fn format_shutdown(flags: ShutdownFlags) -> String {
    if flags.is_empty() {
        return SHUTDOWN_NAMES[0].0.into();
    }
    let set = SHUTDOWN_NAMES.iter().filter(|(_, flag)| !flag.is_empty() && flags.contains(*flag));
    set.map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
}
