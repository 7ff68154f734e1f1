//! The handshake: a line out, a line back, until the primary has answered PSYNC.
//!
//! ```text
//!   us                                        primary
//!   PING                                 ->
//!                                        <-   +PONG (or: authenticate first)
//!   AUTH [user] password                 ->
//!   REPLCONF listening-port <port>       ->
//!   REPLCONF ip-address <ip>             ->        (AUTH and ip-address only if configured)
//!   REPLCONF capa eof capa psync2 capa hash-field-ttl ->
//!   REPLCONF version 9.0.0               ->
//!                                        <-   one line each; only AUTH must succeed
//!   PSYNC <replid> <next byte> | ? -1    ->
//!                                        <-   newlines, then the verdict
//! ```

use super::{Config, Step};
use crate::protocol::args::encode_command;
use crate::repl::id::{OFFSET_MAX, ReplId};
use crate::repl::primary::psync::CAPA_FIELD_TIMES;

/// The first Valkey that writes when fields of hashes expire.
const VALKEY_VERSION: &[u8] = b"9.0.0";

/// The longest reply line that is read.
pub(super) const LINE_MAX: usize = 1024;

/// What the primary says to PSYNC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PsyncReply {
    FullResync {
        replid: ReplId,
        offset: i64,
    },
    /// It means a full resync, but does not say of what.
    BadFullResync,
    /// `Some` when it names the id under which the history goes on.
    Continue {
        replid: Option<ReplId>,
    },
    /// It cannot now, but will.
    TryLater,
    /// It does not know PSYNC, or is in trouble: SYNC is tried.
    NotSupported {
        is_error: bool,
    },
}

pub(super) fn parse_psync_reply(line: &[u8]) -> PsyncReply {
    if let Some(rest) = line.strip_prefix(b"+FULLRESYNC") {
        return parse_full_resync(rest).unwrap_or(PsyncReply::BadFullResync);
    }
    if let Some(rest) = line.strip_prefix(b"+CONTINUE") {
        return PsyncReply::Continue { replid: rest.get(1..).and_then(ReplId::parse) };
    }
    if line.starts_with(b"-NOMASTERLINK") || line.starts_with(b"-LOADING") {
        return PsyncReply::TryLater;
    }
    PsyncReply::NotSupported { is_error: line.starts_with(b"-ERR") }
}

fn parse_full_resync(rest: &[u8]) -> Option<PsyncReply> {
    let mut words = rest.strip_prefix(b" ")?.splitn(2, |&b| b == b' ');
    let replid = ReplId::parse(words.next()?)?;
    let offset: i64 = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    (0..=OFFSET_MAX).contains(&offset).then_some(PsyncReply::FullResync { replid, offset })
}

/// Whether the answer to PING lets the handshake go on: AUTH, which may be what is missing, comes next.
pub(super) fn ping_is_answered(line: &[u8]) -> bool {
    line.starts_with(b"+")
        || line.starts_with(b"-NOAUTH")
        || line.starts_with(b"-NOPERM")
        // Redis before 2.8
        || line.starts_with(b"-ERR operation not permitted")
}

/// All that is said between PING and PSYNC.
pub(super) fn write_introduction(out: &mut Vec<u8>, config: &Config) {
    if let Some(password) = &config.auth {
        match &config.user {
            Some(user) => command(out, &[b"AUTH", user, password]),
            None => command(out, &[b"AUTH", password]),
        }
    }
    let mut digits = itoa::Buffer::new();
    command(out, &[b"REPLCONF", b"listening-port", digits.format(config.listening_port).as_bytes()]);
    if let Some(ip) = &config.announce_ip {
        command(out, &[b"REPLCONF", b"ip-address", ip]);
    }
    command(out, &[b"REPLCONF", b"capa", b"eof", b"capa", b"psync2", b"capa", CAPA_FIELD_TIMES]);
    // Valkey tells when fields of hashes expire only to who says that it is Valkey 9; to others it cannot send such data.
    command(out, &[b"REPLCONF", b"version", VALKEY_VERSION]);
}

/// The replies to expect to `write_introduction`, in order, and then PSYNC's.
pub(super) fn steps_after_ping(config: &Config) -> Vec<Step> {
    let mut steps = Vec::with_capacity(6);
    if config.auth.is_some() {
        steps.push(Step::Auth);
    }
    steps.push(Step::Port);
    if config.announce_ip.is_some() {
        steps.push(Step::Ip);
    }
    steps.extend([Step::Capa, Step::Version, Step::Psync]);
    steps
}

pub(super) fn command(out: &mut Vec<u8>, parts: &[&[u8]]) {
    encode_command(out, parts.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn the_verdicts_of_a_primary() {
        let id = ReplId::parse(ID.as_bytes()).unwrap();
        let parse = |line: &str| parse_psync_reply(line.replace("ID", ID).as_bytes());
        assert_eq!(parse("+FULLRESYNC ID 12"), PsyncReply::FullResync { replid: id, offset: 12 });
        assert_eq!(parse("+CONTINUE ID"), PsyncReply::Continue { replid: Some(id) });
        assert_eq!(parse("+CONTINUE"), PsyncReply::Continue { replid: None });
        for bad in ["+FULLRESYNC", "+FULLRESYNC ", "+FULLRESYNC ID", "+FULLRESYNC abc 1", "+FULLRESYNC ID -5"]
        {
            assert_eq!(parse(bad), PsyncReply::BadFullResync, "{bad}");
        }
        assert_eq!(parse("+FULLRESYNC ID 9223372036854775807"), PsyncReply::BadFullResync);
        assert_eq!(parse("-NOMASTERLINK x"), PsyncReply::TryLater);
        assert_eq!(parse("-LOADING x"), PsyncReply::TryLater);
        assert_eq!(parse("-ERR unknown command"), PsyncReply::NotSupported { is_error: true });
        assert_eq!(parse("?"), PsyncReply::NotSupported { is_error: false });
    }
}
