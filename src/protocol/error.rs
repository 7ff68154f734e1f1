//! The errors that commands answer, each text once. Clients match on these texts, so they are Redis's to the letter.

use super::args::c_str;
use std::borrow::Cow;

/// An error reply: the line without its leading `-` and without CRLF, such as `ERR syntax error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CmdError(Cow<'static, [u8]>);

/// What a command handler gives back: on an error, nothing else has been replied.
pub type CmdResult<T = ()> = Result<T, CmdError>;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl CmdError { $( $(#[$doc])* #[allow(missing_docs)] pub const $name: CmdError = CmdError(Cow::Borrowed($text.as_bytes())); )* }
    };
}

texts! {
    SYNTAX = "ERR syntax error";
    WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
    NOT_INTEGER = "ERR value is not an integer or out of range";
    NOT_FLOAT = "ERR value is not a valid float";
    NOT_POSITIVE = "ERR value is out of range, must be positive";
    NO_SUCH_KEY = "ERR no such key";
    SAME_OBJECT = "ERR source and destination objects are the same";
    INDEX_OUT_OF_RANGE = "ERR index out of range";
    DB_OUT_OF_RANGE = "ERR DB index is out of range";
    INVALID_DB = "ERR invalid DB index";
    OVERFLOW = "ERR increment or decrement would overflow";
    NAN_OR_INFINITY = "ERR increment would produce NaN or Infinity";
    STRING_TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    OFFSET_OUT_OF_RANGE = "ERR offset is out of range";
    BUSY_KEY = "BUSYKEY Target key name already exists.";
    BAD_PAYLOAD = "ERR DUMP payload version or checksum are wrong";
    BAD_DATA_FORMAT = "ERR Bad data format";
    INVALID_CURSOR = "ERR invalid cursor";
    TIMEOUT_NOT_INTEGER = "ERR timeout is not an integer or out of range";
    TIMEOUT_NEGATIVE = "ERR timeout is negative";
    NO_AUTH = "NOAUTH Authentication required.";
    WRONG_PASS = "WRONGPASS invalid username-password pair or user is disabled.";
    NO_PERM_KEY = "NOPERM this user has no permissions to access one of the keys used as arguments";
    NO_PERM_CHANNEL = "NOPERM this user has no permissions to access one of the channels used as arguments";
    NO_PROTO = "NOPROTO unsupported protocol version";
    LOADING = "LOADING Redis is loading the dataset in memory";
    MASTER_DOWN = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
    READ_ONLY = "READONLY You can't write against a read only replica.";
    NO_REPLICAS = "NOREPLICAS Not enough good replicas to write.";
    BGSAVE_ERROR = "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.";
    OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
    EXEC_ABORT = "EXECABORT Transaction discarded because of previous errors.";
    UNBLOCKED = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
    MAX_CLIENTS = "ERR max number of clients reached";
    REPLICA_KEYSPACE = "ERR Replica can't interact with the keyspace";
}

impl CmdError {
    /// An error of this text. CR and LF, which would break the reply's framing, become spaces.
    #[must_use]
    pub fn new(text: impl Into<Vec<u8>>) -> Self {
        let mut text = text.into();
        for byte in &mut text {
            if matches!(byte, b'\r' | b'\n') {
                *byte = b' ';
            }
        }
        CmdError(Cow::Owned(text))
    }

    /// The generic `ERR` followed by a text.
    #[must_use]
    pub fn err(text: impl AsRef<[u8]>) -> Self {
        Self::new([b"ERR ", text.as_ref()].concat())
    }

    /// Wrong number of arguments for a command, given by its full lower-case name (`config|set`).
    #[must_use]
    pub fn wrong_arity(full_name: &str) -> Self {
        Self::err(format!("wrong number of arguments for '{full_name}' command"))
    }

    /// A container command was given a subcommand, or an arity, that it does not have.
    #[must_use]
    pub fn unknown_subcommand(subcommand: &[u8], command: &str) -> Self {
        let shown = c_str(subcommand);
        let shown = &shown[..shown.len().min(128)];
        Self::err(
            [
                b"unknown subcommand '".as_slice(),
                shown,
                b"'. Try ",
                command.to_ascii_uppercase().as_bytes(),
                b" HELP.",
            ]
            .concat(),
        )
    }

    /// An expiry that is not positive or overflows, named after the command.
    #[must_use]
    pub fn invalid_expire(command: &str) -> Self {
        Self::err(format!("invalid expire time in '{command}' command"))
    }

    /// The line, without `-` and CRLF.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.0
    }

    /// The first word: what INFO errorstats counts under.
    #[must_use]
    pub fn code(&self) -> &[u8] {
        self.0.split(|b| *b == b' ').next().unwrap_or(b"ERR")
    }
}

impl std::fmt::Display for CmdError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl std::error::Error for CmdError {}
