//! The ten bytes that end a DUMP payload: the RDB version and a CRC-64 of all that stands before the CRC itself, both
//! little endian. They let RESTORE refuse a payload of a newer server, or one that was damaged on its way.

use crate::crc64::crc64;

const VERSION_LEN: usize = 2;
const CRC_LEN: usize = 8;
pub const FOOTER_LEN: usize = VERSION_LEN + CRC_LEN;

/// Ends the payload that starts at `start` in `out`.
pub fn append_footer(out: &mut Vec<u8>, start: usize, version: u16) {
    out.extend_from_slice(&version.to_le_bytes());
    let crc = crc64(0, &out[start..]);
    out.extend_from_slice(&crc.to_le_bytes());
}

/// The payload without its footer, if the version is not over `version_max` and the checksum is right.
pub fn check_footer(payload: &[u8], version_max: u16) -> Option<&[u8]> {
    let (body, footer) = payload.split_last_chunk::<FOOTER_LEN>()?;
    let (version, crc) = footer.split_first_chunk::<VERSION_LEN>()?;
    if u16::from_le_bytes(*version) > version_max {
        return None;
    }
    let expected = crc64(0, &payload[..payload.len() - CRC_LEN]);
    (crc == expected.to_le_bytes()).then_some(body)
}
