//! The types of option values: what a reader of `Config` gets.

use bitflags::bitflags;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::ops::Deref;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

pub use crate::util::log::Level as LogLevel;

/// A string option: any bytes, since paths and passwords need not be UTF-8. Where Redis tells "not set" from empty,
/// empty means not set.
#[derive(Clone, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub struct Text(Box<[u8]>);

impl Text {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as a path.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// The text, with what is not UTF-8 replaced: for logs and messages.
    #[must_use]
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// None when nothing is set.
    #[must_use]
    pub fn non_empty(&self) -> Option<&Text> {
        (!self.0.is_empty()).then_some(self)
    }
}

impl Deref for Text {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Text(bytes.into())
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        Text(bytes.into())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text(text.as_bytes().into())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_str_lossy())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_str_lossy())
    }
}

/// An enum whose variants have names in redis.conf.
pub trait Choice: Copy + PartialEq + 'static {
    /// Names and what they mean, in the order error texts list them. Of two names of a variant the first is shown.
    const NAMES: &'static [(&'static str, Self)];

    /// The name that CONFIG GET shows.
    #[must_use]
    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, value)| *value == self).expect("every variant has a name").0
    }
}

/// Declares an enum with its names; the first variant is what `Default` gives and means nothing more.
macro_rules! choices {
    ($($(#[$meta:meta])* $type:ident { $first:ident = $first_name:literal,
        $($variant:ident = $name:literal $(or $other:literal)?,)* })*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
            pub enum $type {
                #[doc = concat!("`", $first_name, "`")]
                #[default]
                $first,
                $(#[doc = concat!("`", $name, "`")] $variant,)*
            }

            impl Choice for $type {
                const NAMES: &'static [(&'static str, Self)] = &[
                    ($first_name, $type::$first),
                    $(($name, $type::$variant), $(($other, $type::$variant),)?)*
                ];
            }
        )*
    };
}

choices! {
    /// Which init system is told that the server is ready.
    Supervised { Upstart = "upstart", Systemd = "systemd", Auto = "auto", No = "no", }
    /// The facility of syslog lines.
    SyslogFacility {
        User = "user", Local0 = "local0", Local1 = "local1", Local2 = "local2", Local3 = "local3", Local4 = "local4",
        Local5 = "local5", Local6 = "local6", Local7 = "local7",
    }
    /// Who may do what is guarded: nobody, everybody, or clients on the same machine.
    Protected { No = "no", Yes = "yes", Local = "local", }
    /// Which payloads are checked in depth when loaded.
    SanitizePayload { No = "no", Yes = "yes", Clients = "clients", }
    /// How a replica takes in a full sync that comes over the socket.
    DisklessLoad { Disabled = "disabled", OnEmptyDb = "on-empty-db", SwapDb = "swapdb", }
    /// What to do when a command of the replication stream or the AOF fails.
    PropagationError { Ignore = "ignore", Panic = "panic", PanicOnReplicas = "panic-on-replicas", }
    /// The channels a new user may use.
    PubsubDefault { Allchannels = "allchannels", Resetchannels = "resetchannels", }
    /// Which keys are evicted when memory is full.
    MaxmemoryPolicy {
        VolatileLru = "volatile-lru", VolatileLfu = "volatile-lfu", VolatileRandom = "volatile-random",
        VolatileTtl = "volatile-ttl", AllkeysLru = "allkeys-lru", AllkeysLfu = "allkeys-lfu",
        AllkeysRandom = "allkeys-random", NoEviction = "noeviction",
    }
    /// How oom-score-adj-values are used: not at all, added to the score at the start, or as they are.
    OomScoreAdj { No = "no", Relative = "yes" or "relative", Absolute = "absolute", }
    /// When the append only file is synced.
    AppendFsync { Everysec = "everysec", Always = "always", No = "no", }
    /// What CLUSTER SLOTS and redirects name.
    EndpointType { Ip = "ip", Hostname = "hostname", UnknownEndpoint = "unknown-endpoint", }
    /// Whether TLS clients must show a certificate.
    TlsAuthClients { No = "no", Yes = "yes", Optional = "optional", }
}

impl Choice for LogLevel {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("debug", LogLevel::Debug),
        ("verbose", LogLevel::Verbose),
        ("notice", LogLevel::Notice),
        ("warning", LogLevel::Warning),
    ];
}

impl MaxmemoryPolicy {
    /// Whether the policy looks at the LFU counter.
    #[must_use]
    pub fn is_lfu(self) -> bool {
        matches!(self, Self::VolatileLfu | Self::AllkeysLfu)
    }

    /// Whether the policy looks at the time of last access.
    #[must_use]
    pub fn is_lru(self) -> bool {
        matches!(self, Self::VolatileLru | Self::AllkeysLru)
    }
}

bitflags! {
    /// What SHUTDOWN was told, and what shutdown-on-sigint and -sigterm say.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct ShutdownFlags: u8 {
        /// Save even without save points.
        const SAVE = 1;
        /// Do not save.
        const NOSAVE = 2;
        /// Do not wait for replicas that lag.
        const NOW = 4;
        /// Leave even if saving fails.
        const FORCE = 8;
    }

    /// notify-keyspace-events: which classes of events are published, and where. Bits as in Redis's module API.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct NotifyFlags: u16 {
        /// `K`: on `__keyspace@<db>__:<key>`.
        const KEYSPACE = 1 << 0;
        /// `E`: on `__keyevent@<db>__:<event>`.
        const KEYEVENT = 1 << 1;
        /// `g`: DEL, EXPIRE, RENAME...
        const GENERIC = 1 << 2;
        /// `$`
        const STRING = 1 << 3;
        /// `l`
        const LIST = 1 << 4;
        /// `s`
        const SET = 1 << 5;
        /// `h`
        const HASH = 1 << 6;
        /// `z`
        const ZSET = 1 << 7;
        /// `x`: a key expired.
        const EXPIRED = 1 << 8;
        /// `e`: a key was evicted.
        const EVICTED = 1 << 9;
        /// `t`
        const STREAM = 1 << 10;
        /// `m`: a key that does not exist was read.
        const KEY_MISS = 1 << 11;
        /// `d`: events of modules.
        const MODULE = 1 << 13;
        /// `n`: a key was created.
        const NEW = 1 << 14;
        /// `A`: all classes but key misses and new keys.
        const ALL = Self::GENERIC.bits() | Self::STRING.bits() | Self::LIST.bits() | Self::SET.bits()
            | Self::HASH.bits() | Self::ZSET.bits() | Self::EXPIRED.bits() | Self::EVICTED.bits()
            | Self::STREAM.bits() | Self::MODULE.bits();
    }
}

impl NotifyFlags {
    /// The letters of the single classes in the order CONFIG GET shows them; `n` only shows beside an incomplete set.
    const CLASSES: &'static [(u8, NotifyFlags)] = &[
        (b'g', Self::GENERIC),
        (b'$', Self::STRING),
        (b'l', Self::LIST),
        (b's', Self::SET),
        (b'h', Self::HASH),
        (b'z', Self::ZSET),
        (b'x', Self::EXPIRED),
        (b'e', Self::EVICTED),
        (b't', Self::STREAM),
        (b'd', Self::MODULE),
        (b'n', Self::NEW),
    ];
    const CHANNELS: &'static [(u8, NotifyFlags)] =
        &[(b'K', Self::KEYSPACE), (b'E', Self::KEYEVENT), (b'm', Self::KEY_MISS)];

    /// Reads letters such as `KEA`; None if one is unknown.
    #[must_use]
    pub fn from_letters(letters: &[u8]) -> Option<Self> {
        letters.iter().try_fold(Self::empty(), |flags, letter| {
            let all = (b'A', Self::ALL);
            let mut known = Self::CLASSES.iter().chain(Self::CHANNELS).chain([&all]);
            known.find(|(known, _)| known == letter).map(|(_, flag)| flags | *flag)
        })
    }

    /// The letters, as CONFIG GET shows them.
    #[must_use]
    pub fn to_letters(self) -> Vec<u8> {
        let shown = |list: &[(u8, NotifyFlags)]| -> Vec<u8> {
            list.iter().filter(|(_, flag)| self.contains(*flag)).map(|(letter, _)| *letter).collect()
        };
        let mut letters = if self.contains(Self::ALL) { vec![b'A'] } else { shown(Self::CLASSES) };
        letters.extend(shown(Self::CHANNELS));
        letters
    }
}

/// Names of the flags, in the order Redis lists them.
pub(super) const SHUTDOWN_NAMES: &[(&str, ShutdownFlags)] = &[
    ("default", ShutdownFlags::empty()),
    ("save", ShutdownFlags::SAVE),
    ("nosave", ShutdownFlags::NOSAVE),
    ("now", ShutdownFlags::NOW),
    ("force", ShutdownFlags::FORCE),
];

/// A save point: a snapshot starts once `seconds` have passed since the last one with at least `changes` since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavePoint {
    /// At least 1.
    pub seconds: i64,
    /// 0 or more.
    pub changes: i32,
}

/// The primary to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Primary {
    /// Name or address, as written.
    pub host: Text,
    /// Port.
    pub port: u16,
}

/// A size in bytes, or a share of maxmemory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeOrPercent {
    /// Bytes.
    Size(u64),
    /// Percent of maxmemory.
    Percent(u32),
}

impl Default for SizeOrPercent {
    fn default() -> Self {
        SizeOrPercent::Size(0)
    }
}

impl SizeOrPercent {
    /// As one number, percents below zero.
    pub(super) const fn to_number(self) -> i128 {
        match self {
            SizeOrPercent::Size(bytes) => bytes as i128,
            SizeOrPercent::Percent(percent) => -(percent as i128),
        }
    }

    pub(super) fn from_number(number: i128) -> Self {
        match number {
            0.. => SizeOrPercent::Size(number as u64),
            _ => SizeOrPercent::Percent(-number as u32),
        }
    }

    /// The bytes it comes to under a maxmemory of so many.
    #[must_use]
    pub fn bytes(self, maxmemory: u64) -> u64 {
        match self {
            SizeOrPercent::Size(bytes) => bytes,
            SizeOrPercent::Percent(percent) => (u128::from(maxmemory) * u128::from(percent) / 100) as u64,
        }
    }
}

/// How much unread output a client may have: above `hard` it is closed at once, above `soft` after `soft_seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct OutputBufferLimit {
    /// Bytes; 0: no limit.
    pub hard: u64,
    /// Bytes; 0: no limit.
    pub soft: u64,
    /// Seconds above `soft`.
    pub soft_seconds: u32,
}

impl OutputBufferLimit {
    /// Fewer bytes than this are within both limits.
    #[must_use]
    pub fn lowest(&self) -> u64 {
        let bound = |limit: u64| if limit == 0 { u64::MAX } else { limit };
        bound(self.hard).min(bound(self.soft))
    }
}

/// client-output-buffer-limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct OutputBufferLimits {
    /// Clients that are none of the others.
    pub normal: OutputBufferLimit,
    /// Replicas.
    pub replica: OutputBufferLimit,
    /// Subscribers.
    pub pubsub: OutputBufferLimit,
}

/// One address of `bind`, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BindAddress<'a> {
    /// `*` all of IPv4, `::*` all of IPv6, or a name or address.
    pub host: &'a [u8],
    /// Written with `-` in front: no error if the machine has no such address.
    pub optional: bool,
}

impl<'a> BindAddress<'a> {
    /// Reads one word of `bind`.
    #[must_use]
    pub fn new(word: &'a Text) -> Self {
        match word.strip_prefix(b"-") {
            Some(host) => BindAddress { host, optional: true },
            None => BindAddress { host: word, optional: false },
        }
    }
}
