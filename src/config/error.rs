//! Why a start or a CONFIG command is refused, in Redis's words.

use super::values::Text;
use super::version::REDIS_VERSION;
use crate::protocol::args::c_str;
use std::fmt;
use std::io;

/// Why the server does not start with this configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// A file cannot be read. Redis logs this one (as a warning).
    Unreadable {
        /// The file.
        file: Text,
        /// The operating system's reason.
        reason: String,
    },
    /// A line is refused. Goes to standard error, as the next one does.
    Line {
        /// The file, unless it is a line of standard input or of the command line.
        file: Option<Text>,
        /// Its number: of the file, or of all lines if the lines of the command line are put below those of the file.
        number: usize,
        /// The line without blanks around it.
        line: Text,
        /// What is wrong.
        reason: String,
    },
    /// Every line is right, but not with the others or for this machine.
    Whole(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let LoadError::Unreadable { file, reason } = self {
            return write!(f, "Fatal error, can't open config file '{file}': {reason}");
        }
        writeln!(f, "\n*** FATAL CONFIG FILE ERROR (Redis {REDIS_VERSION}) ***")?;
        match self {
            LoadError::Line { file, number, line, reason } => {
                write!(f, "Reading the configuration file, at line {number}")?;
                if let Some(file) = file {
                    write!(f, " of '{file}'")?;
                }
                write!(f, "\n>>> '{line}'\n{reason}")
            }
            LoadError::Whole(reason) => f.write_str(reason),
            LoadError::Unreadable { .. } => unreachable!("written above"),
        }
    }
}

impl std::error::Error for LoadError {}

/// Why a CONFIG SET is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetError {
    /// No option of that name.
    Unknown(Vec<u8>),
    /// Not while data is loaded: the client gets the LOADING error.
    Loading,
    /// The value, or setting it now, was refused.
    Failed {
        /// The option.
        name: Vec<u8>,
        /// Redis's reason.
        reason: String,
    },
}

impl SetError {
    /// A refusal of one option, by the check of its value or by whoever applies it.
    #[must_use]
    pub fn failed(name: impl AsRef<[u8]>, reason: &str) -> Self {
        SetError::Failed { name: name.as_ref().to_vec(), reason: reason.to_string() }
    }

    /// The error line behind `ERR `. For `Loading` there is none: the LOADING error is answered as it always is.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        match self {
            SetError::Unknown(name) => {
                [b"Unknown option or number of arguments for CONFIG SET - '", c_str(name), b"'"].concat()
            }
            SetError::Loading => Vec::new(),
            SetError::Failed { name, reason } => {
                [b"CONFIG SET failed (possibly related to argument '", &name[..], b"') - ", reason.as_bytes()]
                    .concat()
            }
        }
    }
}

/// What the operating system says of an error, as C's strerror words it.
pub(super) fn os_reason(error: &io::Error) -> String {
    let text = error.to_string();
    match error.raw_os_error() {
        Some(code) => text.strip_suffix(&format!(" (os error {code})")).unwrap_or(&text).to_string(),
        None => text,
    }
}
