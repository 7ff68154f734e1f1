//! The nine bytes that open a file: who wrote it, and in which version of the format.
//!
//! ```text
//! R E D I S v v v v       1 to 12: Redis, and Valkey up to version 8
//! V A L K E Y v v v       80: Valkey 9, which shares all but a few ids with version 11 of Redis
//! ```

use super::VERSION_MAX;
use super::load::printable;
use c_compat::rdb::opcode;

/// The length of a header.
pub const LEN: usize = 9;

/// The version of Valkey 9, in a file or in a payload.
pub const VERSION_VALKEY_9: u16 = 80;

/// The first Valkey that writes and reads it.
pub const VALKEY_VERSION: &str = "9.0.0";

const MAGIC_VALKEY: &[u8; 6] = b"VALKEY";

/// Whose ids those of the newer types are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Redis,
    Valkey,
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadHeader {
    Signature,
    /// A version that is not known.
    Version(String),
}

/// The header of a file of this version.
#[must_use]
pub fn of(version: u16) -> [u8; LEN] {
    let text = match family_of(version) {
        Some(Family::Valkey) => format!("VALKEY{version:03}"),
        _ => format!("REDIS{version:04}"),
    };
    text.into_bytes().try_into().expect("a version has as many digits as there is room for")
}

/// The family and the version of a file that begins with these bytes.
///
/// # Errors
/// It is no RDB file, or of a version that is not known.
pub fn parse(header: &[u8; LEN]) -> Result<(Family, u16), BadHeader> {
    let (family, digits) = if let Some(digits) = header.strip_prefix(opcode::MAGIC) {
        (Family::Redis, digits)
    } else if let Some(digits) = header.strip_prefix(MAGIC_VALKEY) {
        (Family::Valkey, digits)
    } else {
        return Err(BadHeader::Signature);
    };
    let version: Option<u16> = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    match version {
        Some(version) if family_of(version) == Some(family) => Ok((family, version)),
        Some(version) => Err(BadHeader::Version(version.to_string())),
        None => Err(BadHeader::Version(printable(digits))),
    }
}

/// The family that has this version, if it can be read.
#[must_use]
pub fn family_of(version: u16) -> Option<Family> {
    match version {
        1..=VERSION_MAX => Some(Family::Redis),
        VERSION_VALKEY_9 => Some(Family::Valkey),
        _ => None,
    }
}
